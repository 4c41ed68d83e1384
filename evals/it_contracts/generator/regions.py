"""Data: the countries of the articles, their money, places, people and company forms.

Places and people are put together from parts and belong to nobody; the cities of datelines are real.
"""

# ruff: noqa: E501 - data: long lines read best
from __future__ import annotations

from typing import NamedTuple


class Region(NamedTuple):
    """A country as its newspapers write it."""

    key: str
    weight: int
    currencies: tuple[tuple[str, str], ...]
    """ISO 4217 code and notation, the likelier ones in front; see `notations.SUMS`."""
    cities: str
    heads: str
    tails: str
    first: str
    last: str
    forms: str
    month_first: bool = False
    bare_dollar: bool = False
    """A bare "$" is the country's own, and only the dateline says so."""


BRITISH_FIRST = (
    "Maud Gwen Terence Iqbal Hettie Rufus Sunita Clive Bronagh Dougal Ines Winston Philippa Gareth Nadia Osman"
)
BRITISH_LAST = (
    "Thackwray Ollerton Pudsey Mottershead Banfield Craggs Dunstable Ewbank Fothergill Grimley Hebblewhite Inskip "
    "Jellicoe Kitching Lumb Mudge Nettlefold Oddie Pobjoy Quaife Rimmer Sowerby Tranter Uttley Whipp Yarwood"
)

REGIONS = (
    Region(
        "uk", 30, (("GBP", "sign"), ("GBP", "words"), ("GBP", "code")),
        "London Leeds Cardiff Glasgow Bristol Norwich Newcastle Belfast",
        "Skelder Wendle Thrapple Brinder Corsel Pendra Quarl Wraxle Loxen Stavel Hather Dunmar Fennis Garrow Kelver "
        "Lanner Marsen Pikes Rusker Selmer Tollar Ulver Varn Withen Yarrow Osmer Glaze Crindle Hobber Mossel",
        "combe thwaite mere wick holme stow hurst ley by minster worth den gate haven",
        BRITISH_FIRST, BRITISH_LAST, "| Ltd| plc| Ltd| Group plc| LLP| (UK) Ltd| Limited",
    ),
    Region(
        "ireland", 5, (("EUR", "sign"), ("EUR", "words")),
        "Dublin Cork Limerick Galway",
        "Bally Kil Clon Drum Inish Rath Knock Tober Carrig Lis Derry Mulla",
        "vannon muckra terrin garvet dooley shannagh brassil corrin lavey feale",
        "Aoife Diarmuid Niamh Colm Grainne Fintan Orla Tadhg", "Hanratty Mulqueen Tierney Geoghegan Culhane Deasy Looby",
        "| Ltd| DAC| plc| Limited",
    ),
    Region(
        "us", 14, (("USD", "sign"), ("USD", "sign"), ("USD", "words"), ("USD", "us")),
        "Chicago Sacramento Austin Boston Denver Atlanta Columbus",
        "Cotter Maple Prairie Wapa Oska Tally Buffalo Juniper Cedar Timber Nokomi Harlan Pinckney Sutter Elk Talla",
        "ville dale wood field burg ton port bluff creek",
        "Dwayne Marisol Carla Thaddeus LaTonya Brett Priya Hector Joanne Wendell",
        "Kowalczyk Abernathy Delacroix Ruiz Stackpole Underhill Vandermeer Oyelaran Pickett Lindqvist Crabtree",
        "|, Inc.| Inc.| LLC| Corp.| Corporation| Holdings", month_first=True,
    ),
    Region(
        "canada", 5, (("CAD", "C"), ("CAD", "bare"), ("CAD", "code"), ("CAD", "CA")),
        "Toronto Winnipeg Halifax Regina Vancouver",
        "Kenno Saskwa Moose Birch Trillium Chinook Okota Beaver Spruce Portage",
        "gan brook ridge landing vale bury haven mills",
        "Odette Gordon Shauna Laurent Mei Russell Anik Bruce", "Tremblett Chartrand MacAskill Petrenko Sandhu Wiebe Goulet",
        "| Inc.| Ltd.| Corp.| Group", month_first=True, bare_dollar=True,
    ),
    Region(
        "australia", 7, (("AUD", "A"), ("AUD", "bare"), ("AUD", "AU"), ("AUD", "code")),
        "Sydney Brisbane Perth Adelaide Hobart Canberra",
        "Wonga Mulla Boona Curra Tarra Yarra Gunna Billa Merri Narra Coola Wirra",
        "bong bilby dilla gully malla wood nook pilla",
        "Kylie Trent Deepa Warwick Bronte Angus Thuy Leanne", "Cavanough Pappas Nguyen-Hart Treloar Ballantyne Zammit Ruddock",
        "| Pty Ltd| Limited| Group| Ltd", bare_dollar=True,
    ),
    Region(
        "newzealand", 3, (("NZD", "NZ"), ("NZD", "bare"), ("NZD", "code")),
        "Wellington Auckland Dunedin",
        "Wai Manga Roto Puke Awa Ora Tau Kai", "hinau poro whero tiri manu rangapu kohai",
        "Hemi Marama Stu Aroha Fiona", "Tamehana Parata Gillespie Rangihuna McQuarrie",
        "| Limited| NZ Ltd| Ltd", bare_dollar=True,
    ),
    Region(
        "india", 9, (("INR", "crore"), ("INR", "crore"), ("INR", "lakh"), ("INR", "rupee"), ("USD", "us")),
        "Mumbai Bengaluru Pune Hyderabad Kolkata Chennai",
        "Ratna Chandra Kesari Vijaya Devan Shiva Madhu Nila Surya Palla Hari Amba",
        "pet garh wadi palle kota nagar pura kere gaon",
        "Ashwin Lakshmi Farhan Meenal Rohit Sudha Balwinder Ila", "Deshpremi Kulkarnee Basurai Chettypalam Wadhera Iyermani",
        "| Pvt Ltd| Ltd| Limited| Infotech| Infosystems Ltd",
    ),
    Region(
        "southafrica", 4, (("ZAR", "R"), ("ZAR", "code"), ("ZAR", "rand")),
        "Johannesburg Durban Pretoria",
        "Vaal Klip Doorn Mooi Umzi Leeu Wit Nkosi Blou", "drift bosch berg fontein kop vale mvela",
        "Thandeka Pieter Sipho Annelise Lerato Kobus", "Mokwena Terblanche Ndabezitha Oosthuysen Sithebe Adams",
        "| (Pty) Ltd| Ltd| Holdings| Group",
    ),
    Region(
        "kenya", 3, (("KES", "sh"), ("KES", "code"), ("USD", "us")),
        "Nairobi Mombasa Kisumu",
        "Kari Mwea Lamu Nyan Tharu Busi Olma Gethi", "mbani dera koro thiri wangi bora",
        "Wambui Otieno Halima Kiprotich Grace", "Muriithia Odhiambor Cherutich Abdillahi Wekesah",
        "| Ltd| Limited| Africa Ltd",
    ),
    Region(
        "nigeria", 2, (("NGN", "naira"), ("NGN", "N")),
        "Lagos Abuja Kano", "Oke Ife Aba Oshu Kadu Eru", "gbola nnaya tundo kwari bede",
        "Chidi Folake Yusuf Ngozi Tunde", "Adebambo Okonjor Bellowa Eziaku Danjumai", "| Ltd| Plc| Nigeria Ltd",
    ),
    Region(
        "singapore", 4, (("SGD", "S"), ("SGD", "code"), ("USD", "us")),
        "Singapore", "Telok Pasir Bukit Tanjong Kampong Sungei", " Merapi| Selatan| Rimba| Angsana| Meranti| Kenari",
        "Wei Ling Siti Raymond Kavitha Jun Hao", "Tan-Abdullah Quek Seetoh Ponnusamy Chia Loh", "| Pte Ltd| Ltd| Group",
    ),
    Region(
        "germany", 6, (("EUR", "sign"), ("EUR", "code"), ("EUR", "words")),
        "Berlin Hamburg Munich Hanover Vienna",
        "Wester Ober Rauten Lichten Hasel Eber Kirch Grau Sonders Nieder Birken", "rode walde stedt brunn hagen felden tal",
        "Anneliese Jochen Ulrike Cem Wiebke Torsten", "Brandstetter Kuhlmey Ofenloch Schadewald Tiedtke Yilmazer",
        "| GmbH| AG| SE| GmbH & Co. KG| IT-Dienste GmbH",
    ),
    Region(
        "france", 4, (("EUR", "code"), ("EUR", "sign"), ("EUR", "words")),
        "Paris Lyon Nantes Lille Brussels",
        "Vieux Mont Saint-Ger Belle Clair Fon Haute Roche Aigue", "lieu brac tenay vigne villers mortin say",
        "Solène Thibault Maryse Karim Édouard", "Lecornet Bazinet Dufresnoy Marchadier Quillévéré", "| SA| SAS| SARL| Groupe",
    ),
    Region(
        "netherlands", 3, (("EUR", "sign"), ("EUR", "words")),
        "Amsterdam Utrecht Rotterdam", "Ooster Wijken Hoge Zwane Linder Veld", "woude meer dijk horst beke kerke",
        "Maaike Joris Saskia Wouter", "Terpstra Hoekendijk Brouwerink Van den Akkerhof", "| BV| NV| Groep",
    ),
    Region(
        "sweden", 3, (("SEK", "SEK"), ("SEK", "kronor"), ("EUR", "sign")),
        "Stockholm Gothenburg Malmo", "Björk Hult Löv Ekes Stor Vinter", "vattna sjöberga torpa näset hamra",
        "Gunilla Örjan Linnea Mattias", "Sandelius Hjortzén Bergmark Ståhlgren", "| AB| Group AB| IT AB",
    ),
    Region(
        "denmark", 2, (("DKK", "DKK"), ("DKK", "kroner"), ("EUR", "sign")),
        "Copenhagen Aarhus", "Nør Vester Halle Skov Lille", "strupby lundeby holtrup vejle-by borgsted",
        "Birthe Torben Sofie Jeppe", "Kragelund Mortholm Bistrup Skaaning", "| A/S| ApS",
    ),
    Region(
        "spain", 3, (("EUR", "words"), ("EUR", "sign")),
        "Madrid Valencia Seville", "Villa Torre Peña Fuente Campo Monte", "lobera ruela salceda negral tiedra garza",
        "Maite Ignacio Rocío Álvaro", "Urdaneta Bermejillo Saavedro Castrillón", "| SL| SA| SLU",
    ),
    Region(
        "gulf", 2, (("AED", "code"), ("AED", "Dh"), ("USD", "us")),
        "Dubai Sharjah Doha", "Al Ra Al Jum Al Sid Wadi Ha Umm Sa", "shidan rafya mesh lamiya dirra",
        "Khalid Mariam Rashed Noura", "Al Falasim Al Qubeisha Haddadin Bin Lootahi", "| LLC| FZ-LLC| Holding",
    ),
)  # fmt: skip
