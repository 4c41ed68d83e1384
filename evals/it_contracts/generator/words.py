"""Data: what names of organisations, products, programmes and papers are made of."""

# ruff: noqa: E501, SIM905 - data: long lines and lists in strings read best
from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of buyer."""

    weight: int
    names: dict[str, str]
    """Patterns by region, `*` for all: P a place, Q another one, L a surname."""
    generic: str
    """What it is called when it has been named; the first one is the plainest."""
    users: str
    public: str
    """Whom it serves: never its users."""


KINDS = {
    "council": Kind(
        16,
        {
            "uk": "P City Council|P Borough Council|P District Council|P County Council|P and Q Council|London Borough of P|"
            "P Metropolitan Borough Council|Vale of P Council|East P District Council|P & Q Borough Council",
            "ireland": "P County Council|P City and County Council|South P County Council",
            "us": "City of P|P County|Town of P|County of P|P Parish|P Township",
            "canada": "City of P|Regional Municipality of P|Town of P|P Regional District|Municipality of North P",
            "australia": "City of P|P Shire Council|Shire of P|P Regional Council|P-Q Shire",
            "newzealand": "P District Council|P City Council|P-Q District Council",
            "india": "P Municipal Corporation|Greater P Municipal Corporation|P Smart City Limited|P Development Authority",
            "southafrica": "P Local Municipality|City of P|P District Municipality",
            "kenya": "P County Government|County Government of P", "nigeria": "P State Government|P Metropolitan Council",
            "singapore": "P Town Council|P-Q Town Council", "germany": "Stadt P|Landkreis P|City of P|Bezirk P|Gemeinde P",
            "france": "Ville de P|Métropole de P|Département de P|P Agglomération", "netherlands": "Gemeente P|Municipality of P",
            "sweden": "P kommun|P Municipality|Region P", "denmark": "P Kommune|Municipality of P",
            "spain": "Ayuntamiento de P|Diputación de P", "gulf": "P Municipality|Municipality of P",
        },
        "council|authority", "staff|officers|employees|council staff|desk-based staff", "residents|households|council tax payers",
    ),
    "health": Kind(
        10,
        {
            "*": "P General Hospital|P Health Board|St Barnabas Hospital P|P Regional Hospital|Queen Adelaide Hospital, P",
            "uk": "P NHS Foundation Trust|P and Q NHS Trust|P Integrated Care Board|P Ambulance Trust|NHS P|P Health Board",
            "us": "P Medical Center|P Health|St. Brendan's Health System|P County Hospital District|Mercy P Hospitals",
            "india": "P Institute of Medical Sciences|P District Hospitals Society", "germany": "Klinikum P|Kliniken P-Q",
            "france": "CHU de P|Hôpitaux de P", "netherlands": "P Ziekenhuis", "sweden": "Region P", "denmark": "P Hospital",
        },
        "trust|hospital group|health body", "clinicians|nurses and doctors|staff|hospital staff|employees",
        "patients|outpatients",
    ),
    "police": Kind(
        7,
        {
            "*": "P Police Service|P Fire and Rescue Service|P Police", "uk": "P Constabulary|P Police|P and Q Fire Authority",
            "us": "P County Sheriff's Office|P Police Department|P Fire Protection District|P Department of Corrections",
            "germany": "Polizeidirektion P|Feuerwehr P", "canada": "P Regional Police Service|P Fire and Emergency",
        },
        "force|service", "officers|police officers|personnel|officers and civilian staff|dispatchers", "callers|residents|households",
    ),
    "university": Kind(
        8,
        {
            "*": "University of P|P University|P Institute of Technology|P Polytechnic", "us": "P State University|P Community College|P Unified School District|University of P",
            "uk": "University of P|P College Group|P Metropolitan University|P Academies Trust",
            "germany": "Hochschule P|Universität P", "france": "Université de P", "india": "P University|Indian Institute of Design P",
            "sweden": "P University College", "spain": "Universidad de P",
        },
        "university|institution", "staff|academics|researchers|lecturers|employees", "students|undergraduates|pupils",
    ),
    "agency": Kind(
        16,
        {
            "*": "National Fisheries Authority|Land and Deeds Registry|Office of Rail Safety|Ministry of Inland Waterways|"
            "Pensions Payment Agency|Bureau of Weights and Grain|Department of Rural Works|Forest Rangers Service|"
            "Food Standards Laboratory|State Lottery Office|Seed and Plant Agency|Probation and Parole Service|"
            "National Tree Registry|Agency for Public Records|Customs Appeals Board|Ministry of Harbours|"
            "Institute of Hydrology|Vehicle Inspection Bureau|Student Grants Authority|Meat Hygiene Directorate|"
            "Electoral Roll Commission|Department of Coastal Affairs|Office for Veterans' Housing|Patents and Marks Office|"
            "Radio Spectrum Board|National Blood Register|Court Records Service|Canal Estates Board|Small Claims Directorate|"
            "Border Livestock Agency|Dairy Subsidy Office|Museums Council|Directorate of Bridges|Prison Industries Board",
        },
        "agency|body|department", "staff|civil servants|officials|inspectors|caseworkers|employees",
        "applicants|claimants|licence holders|taxpayers",
    ),
    "bank": Kind(
        9,
        {
            "*": "Bank of P|P Building Society|L Mutual|P Assurance|L & L Insurance|P Savings Bank|First P Bank|L Life|"
            "P Provident|P Credit Union",
            "spain": "Banco P|Caja P", "germany": "Sparkasse P|P Versicherung AG|Volksbank P", "netherlands": "P Verzekeringen", "india": "P Gramin Bank|P Urban Co-operative Bank",
            "france": "Caisse de P|Mutuelle P",
        },
        "bank|lender|insurer", "employees|staff|underwriters|branch staff|agents", "customers|policyholders|account holders",
    ),
    "retail": Kind(
        7,
        {"*": "L's Stores|L & Sons|House of L|P Bakeries|L Pharmacy Group|P Outfitters|L Brothers Supermarkets|P Garden Centres|L Hotels|P Inns"},
        "retailer|chain|group", "employees|shop staff|store managers|staff", "shoppers|loyalty card holders",
    ),
    "utility": Kind(
        9,
        {
            "*": "P Water|P Energy|P Power Grid|P Gas Networks|P Electricity Board|L Waste", "germany": "Stadtwerke P|P Netz GmbH",
            "us": "P Municipal Utility District|P Power & Light|P Rural Electric Cooperative", "india": "P Vidyut Vitran Nigam",
            "uk": "P Water|P and Q Water|P Power Networks|P Energy Networks", "sweden": "P Energi AB",
        },
        "utility|company|network operator", "engineers|employees|field staff|technicians|staff", "customers|homes|households",
    ),
    "transport": Kind(
        8,
        {
            "*": "P Airport|Port of P|P Transit|P Railways|Air P|P Tramways|P Ferries|P Bus Company|P Port Authority|L Logistics|P Roads Authority",
            "us": "P Transit Authority|P International Airport|Port of P|P Turnpike Commission", "germany": "P Verkehrsbetriebe|Flughafen P",
        },
        "operator|carrier|transport body", "drivers|crew|staff|employees|operators", "passengers|commuters",
    ),
    "housing": Kind(
        5,
        {"*": "P Homes|P Housing Association|L Trust|P Care|The L Foundation|P Hospice|P Housing Group|National Trust for P Lighthouses"},
        "landlord|charity|association", "staff|carers|employees|care workers|caretakers", "tenants|donors|residents",
    ),
    "industry": Kind(
        8,
        {
            "*": "L Steel|P Cement|L Brewery|L Foods|P Ceramics|L Aerospace|P Paper Mills|L Pharma|P Shipyards|L Automotive|L Chemicals|P Dairies",
            "germany": "L Maschinenbau GmbH|L Werke AG|P Stahl AG", "sweden": "P Bruk AB|L Verkstad AB", "india": "L Tyres Ltd|P Sugar Mills Ltd",
        },
        "manufacturer|company|producer", "employees|engineers|workers|staff|planners", "customers|dealers",
    ),
}  # fmt: skip

BRAND_HEADS = (
    "Bran Cal Dor Elt Fen Gal Hel Ist Jor Kes Lum Mar Nor Ost Pel Quen Ros Sel Tal Ulm Ver Wil Xan Yel Zor Ard Brin "
    "Cre Dra Eth Fal Grim Hov Ing Jas Kol Lod Mav Nim Pax Ruk Sten Tiv Urs Vob Wex"
).split()
BRAND_MIDDLES = "a o i en ar ol ist and umb e al or un".split()
BRAND_TAILS = (
    "vex dane tris mont quist lode phor cant bix wick zell rune tan mara lith dyne gant pex mark brook via dor stra ven"
).split()
BRAND_COLOURS = "Blue Red North Paper Silver Copper Quiet Seventh Tall Iron Green Velvet Salt Brass Open Long".split()
BRAND_THINGS = (
    "Heron Anvil Lantern Kite Harbour Thistle Signal Orchard Badger Compass Ladder Falcon Quarry Beacon Otter "
    "Meridian Pylon Wharf Kestrel Button Furrow Turnstile"
).split()
TRADES = (
    "|||Systems|Technologies|Digital|Networks|Services|Solutions|Computing|Software|Data|Group|Cloud|Consulting|Telecom|"
    "Informatics|Technology Partners|Labs|Business Services|IT|Micro|Global Services|Communications|Software House"
).split("|")
SUPPLIER_WORDS = (
    "IT services group|software house|outsourcer|integrator|reseller|IT firm|technology company|family-owned supplier|"
    "services company|listed IT group|employee-owned consultancy|IT provider|tech firm|systems house|start-up"
).split("|")
SUPPLIER_GENERIC = "supplier company firm contractor provider vendor".split()

TAKEN = frozenset(
    """
    accenture atos capita capgemini civica cgi cisco cognizant computacenter csc dell dxc eds eviden experian fujitsu google
    hcl hitachi hp hpe huawei ibm infosys insight intel kpmg kyndryl liberata logica mastek microsoft mitie mphasis nec
    netcompany nokia ntt northgate opentext oracle pwc qa rackspace redhat salesforce sap sas scc serco servicenow siemens
    softcat sopra steria tata tcs telefonica telent thales tieto unisys verizon virgin vodafone wipro workday xerox xchanging
    zensar bt att ncr gci kcom talktalk telstra datacom leidos saic peraton maximus conduent tyler bytes trustmarque
    kpn tnt gtt nxp kbr ntl dpd bmw vtb rtx gds phoenix agilisys arvato bechtle cancom dustin atea crayon centric ordina orange colt equinix kainos version1 ericsson
    marval selma norvia galvia calora marvia corant elastic
    """.split()
)
"""Brands that exist: nothing that is put together here may be one of them."""

FRAMEWORKS = (
    "G-Cloud 9|G-Cloud 12|Technology Services 3|Network Services 2|Digital Outcomes 5|Public Sector IT Panel|"
    "Managed Services Panel A|Northern Buying Consortium Agreement|ICT Catalogue 4|Framework RM7781|Joint Purchasing Vehicle|"
    "Cloud Compute Lot 2|Whole-of-Government Panel|Digital Marketplace 3|Education Technology DPS|Health Systems Framework|"
    "NASPO ValuePoint|State Term Schedule 17|SITA Panel 9|Shared ICT Vehicle|Software Resale Framework|Telecoms Hub Agreement|"
    "Regional IT Framework|Cyber Services 4|Standing Offer 2210|All-of-Government Panel|Data Centre DPS|Vendor Panel 61"
).split("|")
PROGRAMMES = (
    "Project Lighthouse|Programme Kingfisher|One Desk programme|Smarter Together programme|Project Tern|Horizon Renewal programme|"
    "Project Basalt|Digital Spine programme|Fit for 2030 programme|Modern Desk programme|Project Willow|Operation Clean Slate|"
    "Open Doors programme|Project Copperfield|Next Mile programme|Core Renewal programme|Paper Zero|Project Archer|"
    "Connected Clinics programme|Bridge Programme|Project Ptarmigan|Single View programme|Blue Line programme|Project Halyard|"
    "Future Works programme|SwitchOver 2|Project Juniper|Common Ground programme"
).split("|")
OUTLETS = (
    "The P Courier|P Evening Post|The P Gazette|P Business Daily|ICT Ledger|Public Buyer|The Tender Weekly|Ctrl-Shift News|P Herald|"
    "Deal Notebook|Councils & Kit|The P Examiner|Server Room Diary|Bytes & Bids|P Telegraph and Argus|The Contract Post|"
    "Procurement Lens|P Times|Tech Purchasing Review|Cable & Cabinet|The Daily Rack|Sourcing Bulletin|P Morning Star|IT Buyer"
).split("|")
ROLES = (
    "chief information officer|head of ICT|chief executive|director of resources|cabinet member for finance|IT director|"
    "head of procurement|managing director|deputy leader|chief technology officer|programme director|finance director|"
    "public sector director|chair of the board|head of digital|chief digital officer|commercial director"
).split("|")
