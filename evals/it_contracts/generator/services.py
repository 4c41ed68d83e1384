"""Data: what is bought, by category. None of the words states another category.

Each category has three lists: services (what a supplier provides), things of the buyer's that somebody runs, and
what is done, as an infinitive. {its} is the buyer's.
"""

# ruff: noqa: E501, SIM905 - data: long lines and lists in strings read best
from __future__ import annotations

from typing import NamedTuple


class Wordings(NamedTuple):
    """How one category is said."""

    provided: tuple[str, ...]
    run: tuple[str, ...]
    done: tuple[str, ...]


def _of(provided: str, run: str, done: str) -> Wordings:
    lists = (tuple(part.strip() for part in text.replace("\n", " ").split("|")) for text in (provided, run, done))
    return Wordings(*lists)


SERVICES = {
    "end_user_computing": _of(
        "a managed desktop service|desktop support|device management|a modern workplace service|workplace services|"
        "virtual desktops|end-user computing|deskside support|managed laptops|a leased desktop estate|end user services|"
        "managed PCs|virtual desktop sessions|desktop and laptop support",
        "{its} desktop estate|{its} PCs|{its} laptops and PCs|{its} workplace computing|{its} desktops|{its} end-user devices|"
        "the computers on {its} desks|{its} ageing desktop estate",
        "move staff to a new desktop|keep {its} laptops patched|manage every desktop and laptop|roll out a managed desktop",
    ),
    "service_desk": _of(
        "a round-the-clock service desk|a help desk|an IT helpdesk|first-line support|a 24-hour service desk|user support|"
        "a bilingual service desk|telephone support for IT faults|a first- and second-line service desk|an IT support desk",
        "{its} service desk|{its} IT help desk|{its} helpdesk|{its} IT service desk|{its} user support",
        "answer {its} IT helpdesk calls|staff {its} service desk|take over the help desk|field IT support calls",
    ),
    "applications": _of(
        "a new finance system|a case management system|a housing management system|an electronic patient record system|"
        "a student records system|a customer relationship management system|a billing system|a planning application system|"
        "application support|application development|a new ERP system|a parking permit app|a booking system|"
        "a library management system|an HR system|a scheduling application|software development|a licensing application|"
        "a claims handling system|a ticketing system|a rostering system|a core banking system|"
        "a warehouse management system|a revenue collection system|a mobile app for inspectors|application maintenance",
        "{its} finance system|{its} case management system|{its} line-of-business applications|{its} HR and payroll software|"
        "{its} ERP system|{its} billing software|{its} core applications|{its} booking system|{its} records system",
        "replace {its} ageing finance system|build a system for case files|develop a claims app|"
        "rewrite {its} billing software|support {its} business applications|install an ERP system",
    ),
    "hosting_and_cloud": _of(
        "cloud hosting|private cloud services|managed hosting|a hybrid cloud|public cloud services|web hosting|"
        "infrastructure-as-a-service|a sovereign cloud|hosting services|cloud storage|a managed cloud environment",
        "{its} cloud environment|the hosting of {its} website|{its} hosting|{its} cloud estate|{its} private cloud",
        "move {its} systems to the cloud|host {its} website|migrate 40 workloads to a public cloud|shift {its} email to the cloud|"
        "host the booking pages",
    ),
    "data_centre": _of(
        "data centre services|co-location space|mainframe services|a back-up data centre|data centre capacity|"
        "server management|rack space in two data centres|mainframe operation|a disaster recovery data centre",
        "{its} data centres|{its} two data centres|{its} mainframe|{its} servers|{its} server estate|{its} data centre",
        "house {its} servers|run the mainframe|consolidate three data centres into one|close {its} server rooms",
    ),
    "network_and_telecoms": _of(
        "a wide area network|broadband for schools|fixed-line telephony|a new telephone system|wi-fi|mobile phone services|"
        "fibre links|a managed LAN|data and voice connectivity|an SD-WAN|a private 5G network|internet connectivity|"
        "a radio network|a full-fibre network|voice services|network management|SIM cards and mobile airtime|IP telephony",
        "{its} wide area network|{its} telephone network|{its} wi-fi|{its} phones and lines|{its} corporate network|"
        "{its} voice network|{its} local area networks|{its} telecoms",
        "connect {its} offices by fibre|upgrade the phone network|rewire the campus network|link {its} depots to a new network|"
        "install wi-fi",
    ),
    "service_integration": _of(
        "service integration|a service integration and management function|SIAM services|an ITSM tool|systems integration|"
        "tower management|a service management toolset|multi-supplier integration",
        "{its} service integration layer|{its} IT service management toolset|{its} SIAM function|{its} supplier towers",
        "act as service integrator|co-ordinate {its} IT suppliers as service integrator|knit the towers together|"
        "bring in an IT service management tool",
    ),
    "security": _of(
        "a security operations centre|penetration testing|managed firewalls|cyber security monitoring|identity management|"
        "a managed detection and response service|information security services|cyber defence|network security monitoring|"
        "round-the-clock threat monitoring|endpoint protection",
        "{its} cyber defences|{its} firewalls|{its} security operations centre|{its} IT security",
        "watch for cyber attacks|monitor {its} systems for intruders|test {its} defences against hackers|"
        "tighten {its} cyber security",
    ),
    "hardware": _of(
        "2,400 laptops|rugged tablets|printers|point-of-sale terminals|laptops for classrooms|body-worn cameras|"
        "thin client terminals|handheld scanners|barcode scanners and printers|ticket machines|storage arrays|tablets|"
        "multifunction printers|interactive whiteboards|handsets|ruggedised notebooks|electronic voting machines",
        "",
        "supply tablets|deliver 900 laptops|supply handheld terminals|ship 15,000 tablet computers|replace {its} tills|"
        "supply and fit body-worn cameras",
    ),
    "software_licences": _of(
        "software licences|an enterprise licence agreement|office software subscriptions|database licences|"
        "productivity software licences|a site licence|anti-virus licences|licence renewals|licences for design software",
        "",
        "supply office software licences|renew {its} database licences|provide {its} productivity licences",
    ),
    "consulting": _of(
        "IT consultancy|advisory services|consultancy on {its} IT strategy|strategic advice|technical consultancy|"
        "professional services|advice on procurement|architecture consultancy|an independent review of {its} IT",
        "",
        "advise on {its} IT strategy|act as {its} technical adviser|review {its} technology plans|draw up an IT strategy",
    ),
    "business_process": _of(
        "payroll services|a contact centre|back-office processing|a shared service centre|claims processing|"
        "revenues and benefits administration|finance and accounting services|business process services|"
        "pensions administration|customer contact services|invoice processing|recruitment administration|a call centre",
        "{its} payroll|{its} contact centre|{its} back office|{its} revenues and benefits service|{its} call centres|"
        "{its} pensions administration|{its} HR back office",
        "process {its} invoices|take on {its} back-office work|handle claims processing|pay {its} staff and pensioners",
    ),
    "digital_transformation": _of(
        "a digital transformation programme|digital transformation services|the digitisation of paper records|"
        "a digital transformation partnership|IT modernisation|transformation services|the digitalisation of permits",
        "{its} digital transformation|{its} digital overhaul|{its} digitisation drive",
        "digitise {its} paper forms|modernise {its} IT|put {its} services online|lead {its} digital transformation|"
        "redesign {its} services for the web",
    ),
    "data_and_analytics": _of(
        "a data platform|a data warehouse|analytics services|business intelligence tools|a data lake|predictive analytics|"
        "data migration and analysis|AI models|a machine learning platform|a fraud analytics tool|data management services",
        "{its} data warehouse|{its} data platform|{its} management information",
        "pool {its} data in a warehouse|analyse traffic data|build a data lake|use artificial intelligence to spot fraud",
    ),
    "full_outsourcing": _of(
        "a full IT outsourcing service|end-to-end ICT services|a fully outsourced IT service|the complete outsourcing of IT",
        "all {its} IT|{its} entire IT function|the whole of {its} ICT|{its} IT department|all of {its} information technology|"
        "{its} entire IT operation",
        "take over {its} entire IT department|run all {its} ICT|assume responsibility for all of {its} IT",
    ),
}

WEIGHTS = {
    "applications": 24, "network_and_telecoms": 15, "hosting_and_cloud": 12, "end_user_computing": 11, "hardware": 9,
    "service_desk": 8, "data_centre": 8, "security": 8, "business_process": 8, "digital_transformation": 6,
    "full_outsourcing": 5, "software_licences": 6, "consulting": 6, "data_and_analytics": 7, "service_integration": 4,
}  # fmt: skip

RUN = "run|manage|look after|support|maintain|operate|take charge of|be responsible for".split("|")
PROVIDE = "provide|supply|deliver|furnish".split("|")
PROVIDE_KIT = "supply|deliver|provide".split("|")
RUNNING = "the running of|the management of|the upkeep of|support of|the operation of".split("|")
KIT = "the supply of|delivery of|".split("|")
