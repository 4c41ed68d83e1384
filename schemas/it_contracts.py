"""The record of one article of IT-contract news: who bought what from whom.

The words are those of the Open Contracting Data Standard (OCDS) wherever it has one. Nothing is
guessed: what an article does not say is null or an empty list.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from llm_extract.fields import (
    Category,
    CountField,
    ExtensionMonths,
    FlagField,
    Money,
    Months,
    Name,
    OrganisationName,
    PartialDate,
    Text,
)
from llm_extract.schema import FromPage, Identifies, Term

Stage = Annotated[
    Literal["tender", "award", "extension", "ended"],
    Category(
        {
            "tender": (
                r"tender(?:s|ed|ing)?", r"invit(?:es?|ed|ing|ation) (?:bids|tenders|suppliers|to tender)",
                r"seek(?:s|ing)?", r"looking for", r"shortlist(?:s|ed)?", r"bidd(?:ers?|ing)",
                r"procurement (?:notice|exercise|process)", r"prior information notice",
                r"plans? to (?:buy|procure|award)", r"out to (?:market|tender)", r"competition",
                r"request for (?:proposals|quotations|information)", r"withdr\w+ .{0,20}award",
                r"award .{0,20}withdrawn", r"award .{0,20}(?:annulled|void|quashed|set aside)",
                r"(?:annul|quash|set aside|str[ui]ck down|overturn)\w* .{0,20}award", r"invit(?:e|es|ed) quotes",
                r"up for renewal",
            ),
            "award": (
                r"award(?:s|ed|ing)?", r"w[io]ns?", r"winning", r"won", r"sign(?:s|ed|ing)", r"pick(?:s|ed)",
                r"select(?:s|ed)", r"chosen", r"choos(?:es|ing)", r"appoint(?:s|ed)", r"hand(?:s|ed)",
                r"secur(?:es|ed)", r"land(?:s|ed)", r"clinch(?:es|ed)", r"preferred (?:bidder|supplier)",
                r"contracted", r"entered into", r"struck", r"agree(?:s|d)", r"inks?|inked", r"scoop(?:s|ed)",
                r"taps?|tapped", r"(?:given|gets|gave) the (?:job|work|contract)", r"standstill",
                r"accept(?:s|ed)? the (?:tender|bid|offer)", r"winner of", r"resolved to accept",
            ),
            "extension": (
                r"exten(?:ds?|ded|ding|sion)", r"renew(?:s|ed|al|ing)?", r"prolong(?:s|ed)",
                r"renegotiat(?:es?|ed|ion)", r"enlarg(?:es?|ed)", r"expand(?:s|ed)", r"top(?:s|ped)? up",
                r"roll(?:s|ed) over", r"prolong", r"re-?sign(?:s|ed)", r"amend(?:s|ed|ing|ments?)",
                r"addend(?:um|a)", r"supplement(?:al|ary) (?:agreement|contract|deed)", r"rider",
                r"(?:new|revised|rewritten) (?:terms|contract|agreement)",
                r"agreed .{0,20}to (?:keep|go on|carry on)",
                r"(?:another|further|more|additional) (?:\w+ )?(?:years?|months?)",
            ),
            "ended": (
                r"cancel(?:s|led|ed|lation)", r"terminat(?:es?|ed|ion)", r"expired",
                r"not (?:be |to )?(?:renew|extend)\w*", r"scrap(?:s|ped)", r"axe[sd]?", r"ditch(?:es|ed)",
                r"end(?:s|ed) (?:the|its|their) (?:contract|deal|agreement)", r"abandon(?:s|ed)",
                r"los(?:es?|t|ing) (?:the|its|a) (?:contract|deal|work)", r"walk(?:s|ed) away",
                r"bring(?:s|ing)? .{0,40}in-house", r"to (?:cancel|terminate|end)",
                r"call(?:s|ed)? off (?:the|its|their|a) (?:tender|contract|deal|award|project)",
                r"no contract (?:is|was|will be) awarded", r"tore up", r"bring to an end",
                r"out of the hands of", r"withdr\w+ .{0,20}award",
            ),
        }
    ),
]  # fmt: skip

Service = Annotated[
    Literal[
        "end_user_computing",
        "service_desk",
        "applications",
        "hosting_and_cloud",
        "data_centre",
        "network_and_telecoms",
        "service_integration",
        "security",
        "hardware",
        "software_licences",
        "consulting",
        "business_process",
        "digital_transformation",
        "data_and_analytics",
        "full_outsourcing",
    ],
    Category(
        {
            "end_user_computing": (
                r"desktops?", r"end[- ]user (?:computing|devices?|services?)", r"workplace", r"laptops?",
                r"device management", r"mobile working", r"virtual desktops?",
                r"(?:desktop|personal|staff) computers?", r"pcs?", r"tablets?", r"printers?",
            ),
            "service_desk": (r"service desks?", r"help ?desks?", r"user support", r"it support desk"),
            "applications": (
                r"applications?", r"software", r"apps?",
                r"(?:hr|finance|payroll|billing|booking|payments?|records?|management) systems?",
                r"software (?:development|support|system|platform)", r"saas",
                r"software[- ]as[- ]a[- ]service", r"erp", r"crm", r"case management system",
                r"application (?:management|support|development)",
                r"(?:patient|student|customer|electronic) records? system", r"devops",
                r"(?:\w+ing|\w+ment|\w+tion|\w+ance|fares?|tax) (?:systems?|platforms?|suite|back office)",
                r"(?:systems?|packages?) (?:for|which|that|to) \w+", r"learning platforms?", r"web ?sites?",
                r"build the .{0,40}(?:back office|program)",
            ),
            "hosting_and_cloud": (
                r"cloud", r"hosting", r"hosted", r"hosts?", r"iaas", r"paas", r"infrastructure[- ]as[- ]a[- ]service",
                r"servers?",
            ),
            "data_centre": (r"data ?-?cent(?:re|er)s?", r"servers?", r"mainframe", r"co-?location"),
            "network_and_telecoms": (
                r"networks?", r"networking", r"telecoms?", r"telephony", r"broadband", r"wan", r"lan",
                r"wi-?fi", r"fibre", r"connectivity", r"voice services?", r"5g", r"mobile (?:phones?|network)",
                r"(?:tele)?phone (?:systems?|exchanges?|networks?|services?|lines?)", r"switchboards?",
                r"telephones", r"phones", r"data communications?",
            ),
            "service_integration": (
                r"siam", r"service integration", r"systems? integrator", r"itsm", r"service management",
                r"multi-?supplier", r"tower management",
            ),
            "security": (
                r"(?:cyber|information|network|it) ?-?security", r"cyber", r"soc", r"firewalls?",
                r"penetration testing", r"anti-?virus", r"phishing", r"intrusions?",
                r"(?:monitor|watch|guard)\w* .{0,30}networks?", r"network perimeter",
            ),
            "hardware": (
                r"hardware", r"laptops?", r"supply of (?:laptops|tablets|devices|kit|servers|equipment)",
                r"tablets?", r"printers?", r"terminals?", r"handsets?", r"body-?worn", r"servers?", r"switches",
                r"(?:desktop|personal) computers?", r"pcs?", r"firewalls?", r"network (?:gear|kit)",
                r"(?:supply|supplied|order|ordered|deliver|delivery|delivered) .{0,30}(?:phones|computers|machines)",
            ),
            "software_licences": (r"licen[cs]es?", r"licensing", r"enterprise agreement", r"subscriptions?"),
            "consulting": (
                r"consult(?:ing|ancy|ants?)", r"advisory", r"strategic advice", r"professional services",
            ),
            "business_process": (
                r"business process(?:es)?", r"bpo", r"back[- ]office", r"payroll", r"contact cent(?:re|er)",
                r"call cent(?:re|er)", r"shared services?", r"revenues and benefits", r"claims processing",
            ),
            "digital_transformation": (
                r"digital transformation", r"transformation", r"digitali[sz]ation",
                r"moderni[sz](?:e|ation|ing)", r"digital services?",
            ),
            "data_and_analytics": (
                r"analytics", r"data (?:platform|warehouse|lake|science|sharing|analysis|management)",
                r"business intelligence", r"machine learning", r"artificial intelligence", r"ai",
            ),
            "full_outsourcing": (
                r"all (?:of )?(?:its|their|the (?:council|company|bank|department)'s) (?:it|ict)",
                r"entire (?:it|ict)", r"full(?:y)? outsourc(?:e|ed|ing)", r"whole (?:it|ict)",
                r"(?:it|ict) outsourcing",
                r"(?:all|whole|whole of) (?:its|their|the) .{0,30}information (?:systems|technology)",
            ),
        }
    ),
]  # fmt: skip

Users = Annotated[
    int,
    Field(ge=0),
    CountField(
        of=(
            # whoever works with the system
            "user", "desktop user", "staff", "member of staff", "personnel", "workforce", "employee", "worker",
            "caseworker", "colleague", "people", "person", "seat", "log-in", "login",
            # public service
            "officer", "official", "civil servant", "inspector", "councillor", "clerk", "caretaker", "warden",
            "constable", "deputy", "jailer", "firefighter", "paramedic", "dispatcher", "call-taker", "call taker",
            "call handler", "adjudicator", "assessor", "auditor", "magistrate", "judge", "prosecutor", "librarian",
            "collector", "ranger", "soldier", "case manager", "social worker",
            # health and education
            "clinician", "nurse", "midwife", "doctor", "physician", "surgeon", "pharmacist",
            "therapist", "carer", "teacher", "lecturer", "academic", "tutor", "researcher", "scientist",
            # offices
            "agent", "adviser", "advisor", "analyst", "planner", "administrator", "manager", "accountant",
            "actuary", "underwriter", "lawyer", "solicitor", "secretary", "journalist",
            "teller", "cashier", "designer", "editor",
            # works, shops and the road
            "operator", "technician", "engineer", "mechanic", "fitter", "electrician", "surveyor", "meter reader",
            "driver", "guard", "conductor", "postman", "courier", "picker", "packer", "cleaner", "porter",
            "shop assistant", "salesman", "waiter", "chef", "crew",
        )
    ),
]  # fmt: skip


class Model(BaseModel):
    """What all parts of the record share: no key besides those named."""

    model_config = ConfigDict(extra="forbid")


class Article(Model):
    """What the article says of itself."""

    headline: Annotated[Text | None, FromPage("headline")] = Field(default=None, description="its headline")
    publisher: Annotated[OrganisationName | None, FromPage("publisher")] = Field(
        default=None, description="the newspaper, site or agency that published it, where the text says so"
    )
    author: Annotated[Name | None, FromPage("author")] = Field(default=None, description="who wrote it")
    published: Annotated[PartialDate | None, FromPage("published")] = Field(
        default=None, description="the date on which it appeared, as it states it; not the date of a contract"
    )


class Contract(Model):
    """A public- or private-sector IT contract, tender, call-off, extension or termination."""

    relations: ClassVar = (Term(start="start", months="duration_months", end="end", near=("signed",)),)

    main: Annotated[bool, FlagField(quoted=False)] = Field(
        description="true for what the article is about (its headline or lead), false for background"
    )
    stage: Stage = Field(
        description="tender: supplier not chosen yet, planned or running; also when an award was withdrawn and the "
        "competition goes on. award: supplier chosen, preferred bidder named, or signed; also a live contract "
        "that is to be retendered. extension: an existing contract prolonged, enlarged or renegotiated. "
        "ended: cancelled, terminated, expired, or the holder has lost or will lose the work."
    )
    buyers: Annotated[list[OrganisationName], Identifies(3)] = Field(
        description="who buys, in the fullest form that the article uses; the end customer before a body that buys "
        "on its behalf; the same body's longer name, never a unit or parent of it"
    )
    suppliers: Annotated[list[OrganisationName], Identifies(3)] = Field(
        description="who is chosen; the members of a winning consortium each; empty for a tender; "
        "bidders who have not won are not suppliers"
    )
    partners: list[OrganisationName] = Field(
        default=[], description="subcontractors and delivery partners named with the supplier"
    )
    incumbents: list[OrganisationName] = Field(
        default=[], description="suppliers that this contract replaces, or that hold the work while it is tendered"
    )
    value: Annotated[Money | None, Identifies(2)] = Field(
        default=None,
        description="the sum for the whole term, with its qualifier ('up to', 'around', 'more than', 'a year'); not "
        "savings, revenues, spend to date, a programme's cost, a supplier's share or another deal's sum; "
        "without VAT when both are given; of an extension the sum added",
    )
    duration_months: Months | None = Field(
        default=None, description="the initial term, without optional extensions: 'four-year deal'"
    )
    extension_months: ExtensionMonths | None = Field(
        default=None, description="optional extensions: 'with the option of two one-year extensions'"
    )
    signed: PartialDate | None = Field(
        default=None,
        description="the day of signature, else of the award or the formal decision; never of the announcement",
    )
    start: PartialDate | None = Field(default=None, description="when service or the term starts")
    end: PartialDate | None = Field(
        default=None, description="the last day of the term; the real end of one cut short; null if it never began"
    )
    framework: Annotated[Name | None, Identifies(2)] = Field(
        default=None,
        description="the framework agreement, dynamic purchasing system or shared contract that it is let under",
    )
    programme: Annotated[Name | None, Identifies(2)] = Field(
        default=None, description="the buyer's named programme or project"
    )
    services: list[Service] = Field(
        default=[],
        description="what is bought, each with the words that state it. end_user_computing: desktops, devices, "
        "workplace. applications: build, run or support of software, SaaS, ERP. service_integration: SIAM, ITSM "
        "tooling, tower management. hardware: supply of kit. business_process: outsourced back-office work. "
        "full_outsourcing: the whole ICT service",
    )
    users: Users | None = Field(
        default=None, description="people, staff or seats served: '34,000 users'; not citizens, customers or devices"
    )
    sites: list[Name] = Field(default=[], description="places where the service is delivered, when named")


class ArticleRecord(Model):
    """One article: itself and its contracts, in the order of first mention."""

    article: Article
    contracts: list[Contract] = Field(
        description="every IT contract, tender, framework call-off, extension or termination that the article states "
        "as a fact; background deals too; one a lot where lots have their own sum, supplier or result; not those of "
        "page furniture; losing bidders, resold makers' kit and a tender's deadlines are recorded nowhere"
    )
