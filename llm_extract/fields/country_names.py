"""Names that speak for a country: places, peoples, forms of companies, institutions and plain currencies.

Town names that several countries share (Newcastle, Hamilton, Georgetown) are left out, and so are most
names of languages and people ("French", "Darwin", "Regina").
"""

from __future__ import annotations

# Each country (ISO 3166-1), then its names of one word or more, parted by "|", as they are written.
COUNTRY_NAMES = """
AU Australia|Australian|Australians|Sydney|Melbourne|Brisbane|Perth|Adelaide|Canberra|Hobart|Geelong|Ballarat|Bendigo|
   Cairns|Townsville|Wollongong|Parramatta|NSW|New South Wales|Queensland|Tasmania|Tasmanian|Western Australia|
   South Australia|Northern Territory|Victorian|Gold Coast|Aussie|Pty|AusTender|A$|AU$|AUD|Shire Council|
   Senate Estimates|Qld|Queenslander|Vic.|Tas.|Toowoomba|Rockhampton|Bundaberg|Launceston|Wodonga|Albury|Wagga Wagga|
   Dubbo|Mildura|Shepparton|Warrnambool|Bunbury|Kalgoorlie|Geraldton|Fremantle|Mount Gambier|Whyalla|Port Augusta|
   Port Lincoln|Mount Isa|Coffs Harbour|Alice Springs|Sunshine Coast|Riverina|Gippsland|Pilbara|Tasmanians|TAFE|
   Centrelink|Senate Standing Committee|taken on notice|forward estimates|Services Australia|
   ASX|VicRoads|Medibank|Local Health District|Moreton Bay|
   Port Macquarie|Hervey Bay|Burnie|Broken Hill|Armidale|Nowra|Karratha|Port Hedland|Traralgon|Wangaratta|Echuca|
   Sunraysia|Merimbula|Katoomba|Blacktown|Bankstown|Cessnock
CA Canada|Canadian|Canadians|Toronto|Ontario|Quebec|Québec|Montreal|Montréal|Vancouver|British Columbia|B.C.|Alberta|
   Calgary|Edmonton|Manitoba|Winnipeg|Saskatchewan|Saskatoon|Ottawa|Nova Scotia|Halifax|New Brunswick|Fredericton|
   Moncton|Newfoundland|Labrador|Prince Edward Island|Yukon|Nunavut|Northwest Territories|Gatineau|Mississauga|
   Burnaby|Nanaimo|Kelowna|Kamloops|Thunder Bay|Sudbury|Ont.|Sask.|Alta.|HST|C$|CA$|Cdn|CAD|Man.|Que.|Nfld.|N.L.|N.S.|
   N.B.|P.E.I.|N.W.T.|Y.T.|Rural Municipality|First Nation|Métis|Newfoundlander|Manitoban|Albertan|
   Albertans|Ontarian|Ontarians|Quebecer|Quebecers|Moose Jaw|Prince Albert|Yorkton|Weyburn|Swift Current|Red Deer|
   Lethbridge|Medicine Hat|Fort McMurray|Grande Prairie|Prince George|Abbotsford|Coquitlam|Kitchener|Guelph|Oshawa|
   Brampton|Timmins|Sault Ste. Marie|North Bay|Lévis|Rimouski|Sherbrooke|Trois-Rivières|Saguenay|Longueuil|
   Drummondville|Saint John|Miramichi|Cape Breton|Antigonish|Corner Brook|Goose Bay|
   Charlottetown|Summerside|Whitehorse|Yellowknife|Iqaluit|SEAO|MERX|Flin Flon|Steinbach|Portage la Prairie|
   Queen's Park|Queen’s Park|loonie|
   TSX|Crown corporation|RCMP|Ltée|SaskPower|SaskTel|BC Hydro|BC Ferries|Hydro One|ICBC|Metrolinx|Mounties
NZ New Zealand|New Zealander|New Zealanders|NZ|Auckland|Wellington|Christchurch|Dunedin|Waikato|Otago|
   Canterbury Regional|Tauranga|Rotorua|Napier|Whanganui|Invercargill|Palmerston North|Taranaki|Southland|Northland|
   Manawatu|Māori|Maori|Aotearoa|Te Whatu Ora|iwi|NZ$|NZD|North Island|South Island|District Health Board|DHB|DHBs|
   Whangārei|Whangarei|Hawke's Bay|Hawke’s Bay|Bay of Plenty|New Plymouth|Timaru|Oamaru|Queenstown Lakes|Wanaka|
   Wānaka|Hokitika|Greymouth|Kaikoura|Kaikōura|Masterton|Porirua|Lower Hutt|Upper Hutt|Hutt Valley|Taupo|Taupō|
   Whakatane|Whakatāne|Tokoroa|Te Awamutu|Hawera|Hāwera|Feilding|Waitaki|Waimakariri|Kapiti|Kāpiti|Wairarapa|
   Horowhenua|Manukau|Waitakere|Manawatū|Rangitikei|Rangitīkei|Ruapehu|Tararua|Kiwibank|kaumātua|whānau|Kia ora|
   Tēnā koutou|Ngā mihi|resource consent|warrant of fitness|
   NZX|Waka Kotahi|Kāinga Ora|Oranga Tamariki|Te Papa|Te Pūkenga|Crown entity|hapū|marae|
   Thames-Coromandel|Coromandel|Gisborne|Wairoa|Carterton|Ōpōtiki|Opotiki|Kawerau|Kerikeri|Kaitaia|Kaipara|Balclutha|
   Clutha|Ōamaru|Temuka|Akaroa|Rangiora|Kaiapoi|Pukekohe|Papakura|Te Puke|Taumarunui|Ōtaki|Paraparaumu|Waitomo|Buller
SG Singapore|Singaporean|Singaporeans|Pte|S$|SGD|Tampines|Jurong|Changi|GeBIZ|Ang Mo Kio|Bukit Merah|Toa Payoh|Sentosa
HK Hong Kong|Kowloon|HK$|HKD|HKSAR|LCQ|Tsuen Wan|Sha Tin|Wan Chai|Tuen Mun|New Territories|Lantau|Mong Kok|Yuen Long|
   Kwun Tong|Tai Po|Lamma|Hongkong
TW Taiwan|Taiwanese|Taipei|Kaohsiung|NT$|TWD
JM Jamaica|Jamaican|Kingston, Jamaica|J$|JMD|Montego Bay
TT Trinidad|Tobago|Port of Spain|TT$|TTD|Chaguanas|Trinidadian
BB Barbados|Barbadian|Bridgetown|BDS$|Bds$|BBD
GY Guyana|Guyanese|Georgetown, Guyana
FJ Fiji|Fijian|Suva|FJ$|Lautoka|Nadi
NA Namibia|Namibian|Windhoek|N$|Walvis Bay|Swakopmund|Oshakati
US United States|U.S.|US|USA|American|Americans|America|Washington|New York|Texas|Texan|California|Florida|Ohio|
   Pennsylvania|Illinois|Michigan|Virginia|Georgia|Massachusetts|Arizona|Colorado|Minnesota|Wisconsin|Missouri|
   Tennessee|Kentucky|Louisiana|Alabama|Oregon|Oklahoma|Nebraska|Kansas|Iowa|Utah|Nevada|Idaho|Montana|Wyoming|Maine|
   Vermont|New Hampshire|Connecticut|Rhode Island|New Jersey|Delaware|Maryland|North Carolina|South Carolina|
   West Virginia|Mississippi|Arkansas|Indiana|Hawaii|Alaska|North Dakota|South Dakota|New Mexico|Calif.|Tex.|Fla.|Pa.|
   Ill.|Mich.|Va.|Ga.|Mass.|Ariz.|Colo.|Minn.|Wis.|Mo.|Tenn.|Ky.|La.|Ala.|Ore.|Okla.|Neb.|Kan.|Conn.|N.J.|N.Y.|Md.|
   N.C.|S.C.|W.Va.|Miss.|Ark.|Ind.|Chicago|Los Angeles|San Francisco|Boston|Houston|Dallas|Atlanta|Seattle|Denver|
   Phoenix|Detroit|Philadelphia|Pentagon|LLC|NYSE|Nasdaq|
   Cleveland|Cincinnati|Pittsburgh|Minneapolis|Milwaukee|St. Louis|Nashville|Memphis|San Diego|San Jose|Sacramento|
   Baltimore|Orlando|Miami|Las Vegas|Salt Lake City|Albuquerque|New Orleans|Indianapolis|Louisville|Tulsa|Omaha|
   Medicaid|FedRAMP|NASPO|Capitol Hill|county commissioners|selectmen|Board of Supervisors
GB Britain|British|UK|U.K.|England|Scotland|Scottish|Wales|Welsh|Northern Ireland|London|Manchester|Birmingham|Leeds|
   Glasgow|Edinburgh|Cardiff|Belfast|Whitehall|NHS|MoD|HMRC|£|GBP
IE Ireland|Irish|Dublin|Cork|Galway
IN India|Indian|Delhi|Mumbai|Bombay|Bengaluru|Bangalore|Chennai|Hyderabad|Kolkata|Pune|Gujarat|Maharashtra|Karnataka|
   Kerala|Tamil Nadu|Punjab|Rajasthan|Uttar Pradesh|Madhya Pradesh|Bihar|Odisha|Assam|crore|lakh|₹|INR|Jaipur|Lucknow|
   Bhopal|Indore|Nagpur|Surat|Ahmedabad|Patna|Guwahati|Bhubaneswar|Chandigarh|Kochi|Goa|Haryana|Jharkhand|Telangana|
   Andhra Pradesh|West Bengal|Mysuru|Mysore|Noida|Gurgaon|Gurugram
PK Pakistan|Pakistani|Karachi|Lahore|Islamabad|Rawalpindi|Peshawar|Quetta|Multan|Faisalabad|Sindh|Balochistan|Khyber|
   PKR|Sialkot|Gwadar|Gilgit|Gujranwala|
   Sukkur|Bahawalpur|Sargodha|Abbottabad|Mardan|Muzaffarabad|NADRA|Federal Board of Revenue
NP Nepal|Nepali|Nepalese|Kathmandu|Pokhara|Lalitpur|Biratnagar|NPR
LK Sri Lanka|Sri Lankan|Colombo|Kandy|Jaffna|LKR|Ceylon|Galle|Ratnapura|Kurunegala|Anuradhapura|Trincomalee|
   Batticaloa|Negombo|Matara|Badulla|Gampaha|Sabaragamuwa|Uva Province|Sinhala
MU Mauritius|Mauritian|Port Louis|MUR
BD Bangladesh|Bangladeshi|Dhaka|Chittagong|BDT|Tk
SE Sweden|Swedish|Stockholm|Gothenburg|Göteborg|Malmö|Uppsala|SEK|kronor|Västerås|Örebro|Linköping|Norrköping|Umeå|
   Skåne
DK Denmark|Danish|Copenhagen|Aarhus|Odense|Aalborg|Jutland|DKK|Esbjerg|Randers|Roskilde|Funen
NO Norway|Norwegian|Oslo|Bergen|Trondheim|Stavanger|Tromsø|NOK|Drammen|Kristiansand|Bodø|Hammerfest|Ålesund|
   Lillehammer|Fredrikstad
IS Iceland|Icelandic|Reykjavik|Reykjavík|ISK
CZ Czech|Prague|Brno|Ostrava|CZK|Czechs|Plzeň|Pilsen|Olomouc|Liberec|Bohemia|Moravia|Moravian|Bohemian|Pardubice|
   Hradec Králové|Zlín
KE Kenya|Kenyan|Kenyans|Nairobi|Mombasa|Kisumu|Nakuru|KES|KSh|Ksh|Machakos|Eldoret|Thika|Kiambu|Kakamega|Nyeri|
   Kericho|Garissa|Malindi|Kajiado|Harambee|M-Pesa|Madaraka
UG Uganda|Ugandan|Ugandans|Kampala|Entebbe|UGX|USh|Gulu|Mbarara|Mbale|Masaka|Hoima
TZ Tanzania|Tanzanian|Dar es Salaam|Dodoma|Arusha|Zanzibar|TZS|TSh|Mwanza|Mbeya|Morogoro|Tanzanians|Kigoma
RW Rwanda|Rwandan|Kigali|RWF
ET Ethiopia|Ethiopian|Addis Ababa|ETB
GH Ghana|Ghanaian|Accra|Kumasi|GHS|GH¢
NG Nigeria|Nigerian|Lagos|Abuja|Kano|Ibadan|NGN|₦|naira
ZA South Africa|South African|Johannesburg|Cape Town|Durban|Pretoria|KwaZulu|Gauteng|ZAR
ZM Zambia|Zambian|Lusaka|ZMW|Ndola|Kitwe|Kabwe|Chipata|Zambians|Copperbelt
MW Malawi|Malawian|Lilongwe|Blantyre|MWK|Mzuzu|Zomba
BW Botswana|Gaborone|Francistown|BWP|Okavango|Batswana|Motswana
SN Senegal|Senegalese|Dakar
CI Ivorian|Abidjan|Ivory Coast|Côte d'Ivoire|Côte d’Ivoire|Yamoussoukro
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
PH Philippines|Philippine|Filipino|Manila|Cebu|Davao|Quezon|Mindanao|Luzon|PHP|₱|Bicol|Visayas|Surigao|Iloilo|
   Zamboanga|Cagayan|Baguio|Batangas|Pampanga|Bulacan|Cavite|Leyte|Palawan|Batanes|Albay|Camarines|Ilocos|Bohol|
   barangay|PhilGEPS|Landbank|Filipinos
MX Mexico|Mexican|Monterrey|Guadalajara|Tijuana|Puebla|Querétaro|Jalisco|Oaxaca|Veracruz|Yucatán
CL Chile|Chilean|Santiago|Valparaíso|Valparaiso|Antofagasta|Temuco|Puerto Montt|Puerto Varas|Punta Arenas|Osorno|
   Iquique|Rancagua
CO Colombia|Colombian|Bogotá|Bogota|Medellín|Barranquilla|Bucaramanga
AR Argentina|Argentine|Buenos Aires|Tucumán|Neuquén|Bariloche|Mar del Plata|Ushuaia|Corrientes|Patagonia|
   Argentinian
MY Malaysia|Malaysian|Kuala Lumpur|Penang|Johor|Sdn Bhd|RM
TH Thailand|Thai|Bangkok|baht
ID Indonesia|Indonesian|Jakarta
JP Japan|Japanese|Tokyo|Osaka|yen
KR Korea|Korean|Seoul|Busan
CN China|Chinese|Beijing|Shanghai|Shenzhen
DE Germany|German|Berlin|Munich|Hamburg|Frankfurt|Cologne|Stuttgart|Düsseldorf|Bavaria|Bavarian|Saxony|Hesse|Hanover|
   Leipzig|Dresden|GmbH
CH Switzerland|Swiss|Zurich|Zürich|Geneva|CHF|Basel|Bern|Lausanne|Lucerne|Winterthur|Lugano|Swisscom
BZ Belize|Belizean|Belmopan
BN Brunei|Bandar Seri Begawan
SO Somalia|Somali|Mogadishu|Hargeisa
SZ Swaziland|Swazi|Eswatini|Mbabane|Manzini
PG Papua New Guinea|Port Moresby
SC Seychelles|Seychellois
SD Sudan|Sudanese|Khartoum
SY Syria|Syrian|Damascus|Aleppo
SK Slovakia|Slovak|Slovaks|Bratislava|Košice|Žilina
EE Estonia|Estonian|Tallinn|Tartu
UY Uruguay|Uruguayan|Montevideo
DO Dominican Republic|Santo Domingo
CU Cuba|Cuban|Havana
BE Belgium|Belgian|Belgians|Flemish|Flanders|Walloon|Wallonia|Antwerp|Ghent|Liège|Bruges|Charleroi|Namur|Leuven
LU Luxembourg
FR France|Paris|Lyon|Marseille|Toulouse|Bordeaux|Lille|Nantes|Strasbourg|Normandy
FI Finland|Finnish|Helsinki|Tampere|Turku|Espoo|Oulu
BA Bosnia|Bosnian|Sarajevo|Banja Luka|Republika Srpska|Mostar
BY Belarus|Belarusian|Minsk
RU Russia|Russian|Moscow|St Petersburg|St. Petersburg
MD Moldova|Moldovan|Chisinau|Chişinău
RO Romania|Romanian|Bucharest|Cluj|Timişoara|Timișoara
AZ Azerbaijan|Azerbaijani|Baku
TM Turkmenistan|Turkmen|Ashgabat
YE Yemen|Yemeni|Sanaa
IR Iran|Iranian|Tehran
BJ Benin|Cotonou
BF Burkina Faso|Ouagadougou
ML Mali|Malian|Bamako
NE Niger|Niamey
TG Togo|Lomé
CM Cameroon|Cameroonian|Yaoundé|Douala
GA Gabon|Gabonese|Libreville
TD N'Djamena
CG Congo-Brazzaville|Brazzaville
CD Congo|Congolese|Kinshasa
BI Burundi|Bujumbura
DJ Djibouti
GN Conakry
BT Bhutan|Bhutanese|Thimphu
HU Hungary|Hungarian|Budapest|Debrecen|Szeged|Pécs|Miskolc|HUF
"""
