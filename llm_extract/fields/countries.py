"""The country where an article is at home, which says whose "$", "Rs" or "kr" it means.

What decides it are the places, nationalities, forms of companies and plain currencies that an
article names: each speaks for one country, the first lines speak louder, and the country with the
most is the article's own.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import NamedTuple

from llm_extract.fields.currencies import depends_on_country

# Each country: its code, then names of one word or more, parted by "|", as they are written.
_NAMES = """
AU Australia|Australian|Australians|Sydney|Melbourne|Brisbane|Perth|Adelaide|Canberra|Hobart|Geelong|Ballarat|
   Bendigo|Cairns|Townsville|Wollongong|Parramatta|NSW|New South Wales|Queensland|Tasmania|Tasmanian|
   Western Australia|South Australia|Northern Territory|Victorian|Gold Coast|Aussie|Pty|AusTender|A$|AU$|AUD
CA Canada|Canadian|Canadians|Toronto|Ontario|Quebec|Québec|Montreal|Montréal|Vancouver|British Columbia|B.C.|
   Alberta|Calgary|Edmonton|Manitoba|Winnipeg|Saskatchewan|Saskatoon|Ottawa|Nova Scotia|Halifax|New Brunswick|
   Fredericton|Moncton|Newfoundland|Labrador|Prince Edward Island|Yukon|Nunavut|Northwest Territories|Gatineau|
   Mississauga|Burnaby|Nanaimo|Kelowna|Kamloops|Thunder Bay|Sudbury|Ont.|Sask.|Alta.|HST|C$|CA$|Cdn|CAD
NZ New Zealand|New Zealander|New Zealanders|NZ|Auckland|Wellington|Christchurch|Dunedin|Waikato|Otago|
   Canterbury Regional|Tauranga|Rotorua|Napier|Whanganui|Invercargill|Palmerston North|Taranaki|Southland|
   Northland|Manawatu|Māori|Maori|Aotearoa|Te Whatu Ora|iwi|NZ$|NZD
SG Singapore|Singaporean|Singaporeans|Pte|S$|SGD
HK Hong Kong|Kowloon|HK$|HKD
TW Taiwan|Taiwanese|Taipei|Kaohsiung|NT$|TWD
JM Jamaica|Jamaican|Kingston, Jamaica|J$|JMD
TT Trinidad|Tobago|Port of Spain|TT$|TTD
BB Barbados|Barbadian|Bridgetown|BDS$|Bds$|BBD
GY Guyana|Guyanese|Georgetown, Guyana
FJ Fiji|Fijian|Suva|FJ$
NA Namibia|Namibian|Windhoek|N$
US United States|U.S.|US|USA|American|Americans|America|Washington|New York|Texas|Texan|California|Florida|Ohio|
   Pennsylvania|Illinois|Michigan|Virginia|Georgia|Massachusetts|Arizona|Colorado|Minnesota|Wisconsin|Missouri|
   Tennessee|Kentucky|Louisiana|Alabama|Oregon|Oklahoma|Nebraska|Kansas|Iowa|Utah|Nevada|Idaho|Montana|Wyoming|
   Maine|Vermont|New Hampshire|Connecticut|Rhode Island|New Jersey|Delaware|Maryland|North Carolina|
   South Carolina|West Virginia|Mississippi|Arkansas|Indiana|Hawaii|Alaska|North Dakota|South Dakota|New Mexico|
   Calif.|Tex.|Fla.|Pa.|Ill.|Mich.|Va.|Ga.|Mass.|Ariz.|Colo.|Minn.|Wis.|Mo.|Tenn.|Ky.|La.|Ala.|Ore.|Okla.|Neb.|
   Kan.|Conn.|N.J.|N.Y.|Md.|N.C.|S.C.|W.Va.|Miss.|Ark.|Ind.|Chicago|Los Angeles|San Francisco|Boston|Houston|
   Dallas|Atlanta|Seattle|Denver|Phoenix|Detroit|Philadelphia|Pentagon|LLC|NYSE|Nasdaq
GB Britain|British|UK|U.K.|England|Scotland|Scottish|Wales|Welsh|Northern Ireland|London|Manchester|Birmingham|
   Leeds|Glasgow|Edinburgh|Cardiff|Belfast|Whitehall|NHS|MoD|HMRC|£|GBP
IE Ireland|Irish|Dublin|Cork|Galway
IN India|Indian|Delhi|Mumbai|Bombay|Bengaluru|Bangalore|Chennai|Hyderabad|Kolkata|Pune|Gujarat|Maharashtra|
   Karnataka|Kerala|Tamil Nadu|Punjab|Rajasthan|Uttar Pradesh|Madhya Pradesh|Bihar|Odisha|Assam|crore|lakh|₹|INR
PK Pakistan|Pakistani|Karachi|Lahore|Islamabad|Rawalpindi|Peshawar|Quetta|Multan|Faisalabad|Sindh|Balochistan|
   Khyber|PKR
NP Nepal|Nepali|Nepalese|Kathmandu|Pokhara|Lalitpur|Biratnagar|NPR
LK Sri Lanka|Sri Lankan|Colombo|Kandy|Jaffna|LKR
MU Mauritius|Mauritian|Port Louis|MUR
BD Bangladesh|Bangladeshi|Dhaka|Chittagong|BDT|Tk
SE Sweden|Swedish|Stockholm|Gothenburg|Göteborg|Malmö|Uppsala|SEK|kronor
DK Denmark|Danish|Copenhagen|Aarhus|Odense|Aalborg|Jutland|DKK
NO Norway|Norwegian|Oslo|Bergen|Trondheim|Stavanger|Tromsø|NOK
IS Iceland|Icelandic|Reykjavik|Reykjavík|ISK
CZ Czech|Prague|Brno|Ostrava|CZK
KE Kenya|Kenyan|Kenyans|Nairobi|Mombasa|Kisumu|Nakuru|KES|KSh|Ksh
UG Uganda|Ugandan|Ugandans|Kampala|Entebbe|UGX|USh
TZ Tanzania|Tanzanian|Dar es Salaam|Dodoma|Arusha|Zanzibar|TZS|TSh
RW Rwanda|Rwandan|Kigali|RWF
ET Ethiopia|Ethiopian|Addis Ababa|ETB
GH Ghana|Ghanaian|Accra|Kumasi|GHS|GH¢
NG Nigeria|Nigerian|Lagos|Abuja|Kano|Ibadan|NGN|₦|naira
ZA South Africa|South African|Johannesburg|Cape Town|Durban|Pretoria|KwaZulu|Gauteng|ZAR
ZM Zambia|Zambian|Lusaka|ZMW
MW Malawi|Malawian|Lilongwe|Blantyre|MWK
BW Botswana|Gaborone|Francistown|BWP
SN Senegal|Senegalese|Dakar
CI Ivorian|Abidjan
EG Egypt|Egyptian|Cairo|Alexandria|EGP
LB Lebanon|Lebanese|Beirut|LBP
MA Morocco|Moroccan|Casablanca|Rabat
TN Tunisia|Tunisian|Tunis
DZ Algeria|Algerian|Algiers
LY Libya|Libyan|Tripoli
KW Kuwait|Kuwaiti|KD|KWD
BH Bahrain|Bahraini|Manama|BHD
JO Jordanian|Amman|JOD
IQ Iraq|Iraqi|Baghdad|Basra
QA Qatar|Qatari|Doha|QAR
OM Oman|Omani|Muscat|OMR
SA Saudi|Riyadh|Jeddah|Dammam|SAR
AE UAE|Emirati|Emirates|Dubai|Abu Dhabi|Sharjah|AED
RS Serbia|Serbian|Belgrade
PH Philippines|Philippine|Filipino|Manila|Cebu|Davao|Quezon|Mindanao|Luzon|PHP|₱
MX Mexico|Mexican|Monterrey|Guadalajara
CL Chile|Chilean|Santiago
CO Colombia|Colombian|Bogotá|Bogota|Medellín
AR Argentina|Argentine|Buenos Aires
MY Malaysia|Malaysian|Kuala Lumpur|Penang|Johor|Sdn Bhd|RM
TH Thailand|Thai|Bangkok|baht
ID Indonesia|Indonesian|Jakarta
JP Japan|Japanese|Tokyo|Osaka|yen
KR Korea|Korean|Seoul|Busan
CN China|Chinese|Beijing|Shanghai|Shenzhen
DE Germany|German|Berlin|Munich|GmbH
CH Switzerland|Swiss|Zurich|Zürich|Geneva|CHF
"""
_HEAD = 300  # characters: headline and dateline
_MOST = 3  # an article that says one name often has no more evidence for it


class Home(NamedTuple):
    """Where an article is at home, and the first words that say so: ``text[start:end]``."""

    country: str
    """ISO 3166-1 alpha-2."""
    start: int
    end: int


@cache
def _countries() -> dict[str, str]:
    result = {}
    for line in _NAMES.replace("|\n   ", "|").strip().splitlines():
        country, names = line.split(" ", 1)
        for name in names.split("|"):
            result[name] = country
            if len(name) > 4:
                result[name.upper()] = country  # as in a dateline
    return result


@cache
def _regex() -> re.Pattern[str]:
    by_first: dict[str, list[str]] = {}
    for name in sorted(_countries(), key=len, reverse=True):
        by_first.setdefault(name[0], []).append(re.escape(name[1:]))
    listed = "|".join(f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in by_first.items())
    return re.compile(rf"(?<![^\W_])(?:{listed})(?![^\W\d_])(?<!US(?=\$))")


def find_home(text: str) -> Home | None:
    """The country that most of an article's names speak for; None if in doubt."""
    countries, seen, votes = _countries(), Counter[str](), Counter[str]()
    first: dict[str, tuple[int, int]] = {}
    for match in _regex().finditer(text.replace("\n", " ")):
        name = match.group()
        first.setdefault(countries[name], match.span())
        if seen[name] < _MOST:
            votes[countries[name]] += 2 if match.start() < _HEAD else 1
        seen[name] += 1
    ranked = votes.most_common(2)
    if not ranked or (len(ranked) == 2 and ranked[0][1] == ranked[1][1]):
        return None
    country = ranked[0][0]
    return Home(country, *first[country])


def home_of_sums(text: str) -> Home | None:
    """Where an article is at home, if it has a sum whose currency depends on that; None if not, or if in doubt."""
    return find_home(text) if depends_on_country(text) else None
