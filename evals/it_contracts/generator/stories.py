"""Stories: which contracts an article has, and the sentences that tell them, in paragraphs."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from . import fillers, sentences
from .facts import Deal, some_deal
from .labels import Unsaid
from .markup import capital
from .voice import Voice, agrees, needs


@dataclass
class Told:
    """One contract in sentences: the first says who and what, the others add facts."""

    deal: Deal
    lead: str
    follows: list[tuple[str, frozenset[str]]]
    """Each with the facts that it states."""


@dataclass
class Story:
    """What an article has to say, before it is laid out."""

    kind: str
    """`single`, `background`, `lots`, `digest` or `none`."""
    deals: list[Deal]
    told: list[Told] = field(default_factory=list)
    """The main contracts."""
    background: list[str] = field(default_factory=list)
    """A paragraph for each contract further down."""
    opener: str | None = None
    intro: str | None = None
    """A sentence about the lots as a whole."""
    asides: list[str] = field(default_factory=list)
    """What states nothing of any contract."""
    beside: list[Deal] = field(default_factory=list)
    """Of each aside, the contract whose parties it speaks of."""
    nothing: str | None = None
    """The subject of an article without contracts."""


ROLES = {"award": 52, "tender": 17, "extension": 14, "ended": 13, "called_off": 4}


def _role(random: Random) -> str:
    return random.choices(list(ROLES), list(ROLES.values()))[0]


def some_story(random: Random, voice: Voice, kind: str, *, one_buyer: bool) -> Story:
    """A story of a kind with its contracts, told later; those of a digest have one buyer or one each."""
    namer = voice.namer
    if kind == "none":
        voice.parties = [namer.buyer(), namer.supplier()]
        subject = random.choice(list(fillers.NOTHING))
        about = Deal("x", "award", False, [voice.parties[0]], [voice.parties[1]])
        return Story(kind, [about], nothing=subject)
    if kind == "digest":
        deals = [_deal(random, voice, str(at), _role(random), rich=0.7) for at in range(random.randint(2, 5))]
        if one_buyer:
            for deal in deals:
                deal.buyers = deals[0].buyers
    elif kind == "lots":
        buyers = [namer.buyer()]
        deals = []
        for at in range(random.choice((2, 2, 3, 3, 4))):
            role = "award" if at == 0 or random.random() < 0.85 else "tender"
            suppliers = [namer.supplier()] if role == "award" else []
            deals.append(
                some_deal(
                    random, namer, voice.money, str(at), role, voice.today, buyers, suppliers, main=True, rich=0.9
                )
            )
            deals[-1].facts.pop("signed", None)
            deals[-1].facts.pop("incumbents", None)
    else:
        deals = [_deal(random, voice, "0", _role(random), rich=random.choice((1.25, 1, 0.6)))]
        if kind == "background":
            for at in range(random.choice((1, 1, 2))):
                deals.append(_background(random, voice, str(at + 1), deals))
    voice.contracts = len(deals)
    everybody = [one for deal in deals for one in (*deal.buyers, *deal.suppliers)]
    everybody += [one for deal in deals for role in ("incumbents", "partners") for one in deal.facts.get(role, ())]
    voice.parties = list({one.full: one for one in everybody}.values())
    return Story(kind, deals)


def _deal(random: Random, voice: Voice, key: str, role: str, rich: float) -> Deal:
    namer = voice.namer
    together = 1 if random.random() < 0.93 else random.choice((2, 2, 3))
    first = namer.buyer()
    buyers = (
        [first, *(namer.buyer("council") for _ in range(together - 1))]
        if first.generics[0] in ("council", "authority")
        else [first]
    )
    winners = 0 if role in ("tender", "called_off") else 1 if random.random() < 0.93 else 2
    suppliers = [namer.supplier() for _ in range(winners)]
    return some_deal(random, namer, voice.money, key, role, voice.today, buyers, suppliers, main=True, rich=rich)


def _background(random: Random, voice: Voice, key: str, deals: list[Deal]) -> Deal:
    """A contract further down that has something to do with the main one."""
    first, namer = deals[0], voice.namer
    roles = ["award", "award", "award", "ended", "tender", "extension"]
    if len(deals) == 1:
        if first.role == "extension":
            roles += ["original"] * 6
        elif first.role == "award":
            roles += ["outgoing"] * 3
        elif first.role == "tender":
            roles += ["standing"] * 6
    role = random.choice(roles)
    buyers, suppliers = list(first.buyers), [namer.supplier()]
    if role == "original":
        suppliers = list(first.suppliers)
    elif role in ("outgoing", "standing"):
        first.facts.pop("incumbents", None)
        first.label["incumbents"] = [suppliers[0].full]
    elif first.suppliers and random.random() < 0.45:
        buyers, suppliers = [namer.buyer()], list(first.suppliers)
    elif random.random() < 0.3 or len(buyers) > 1 or role == "tender":
        buyers = [namer.buyer()]
    if role == "tender":
        suppliers = []
    deal = some_deal(random, namer, voice.money, key, role, voice.today, buyers, suppliers, main=False, rich=1.1)
    if role in ("original", "outgoing", "standing"):
        deal.facts["services"] = list(first.facts.get("services", ()))[:1]  # it is the same work
        deal.facts = {name: value for name, value in deal.facts.items() if value}
    return deal


# -- telling -------------------------------------------------------------------------------------------


def tell_all(random: Random, voice: Voice, story: Story) -> None:
    """Fill a story's sentences, main contracts first."""
    if story.nothing is not None:
        story.asides = _nothing(random, voice, story)
        return
    if story.kind == "lots":
        story.intro = voice.beside(random.choice(sentences.PACKAGE), story.deals[0])
        for number, deal in enumerate(story.deals, 1):
            story.told.append(_lot(random, voice, deal, number))
    else:
        if random.random() < 0.3 and story.kind != "digest":
            opener = random.choice([one for one in fillers.OPENERS if agrees(one, story.deals[0])])
            voice.used.add(opener)
            story.opener = voice.beside(opener, story.deals[0])
        for deal in story.deals:
            if deal.main:
                story.told.append(tell(random, voice, deal))
    for deal in story.deals:
        if not deal.main:
            story.background.append(_paragraph(random, voice, deal))
    count = random.choice((0, 2, 4, 6, 8, 9, 10, 11, 12, 14, 16))
    pool = list(fillers.AROUND)
    if any(deal.suppliers for deal in story.deals):
        pool += fillers.ABOUT_SUPPLIER
    if story.deals[0].role == "tender":
        pool += list(fillers.TENDER_ONLY) * 2
    about = [deal for deal in story.deals if deal.main]
    for template in random.sample(pool, count):
        able = [deal for deal in about if (deal.suppliers or "{S" not in template) and agrees(template, deal)]
        if _after_award(template):
            able = [deal for deal in able if deal.role == "award"]
        if able and template not in voice.used:
            voice.used.add(template)
            story.beside.append(random.choice(able))
            story.asides.append(voice.beside(template, story.beside[-1]))


def _after_award(template: str) -> bool:
    """Whether it is about a competition that is over."""
    signs = (
        "also bid",
        "had bid",
        "came second",
        "favourite",
        "owest offer",
        "evaluation",
        "marks",
        "score",
        "protest",
    )
    return any(sign in template for sign in signs)


def tell(random: Random, voice: Voice, deal: Deal, limit: int = 9) -> Told:
    """A contract from its lead on, until its facts or the dice run out."""

    def says_who(template: str) -> bool:
        return "{B}" in template or all(buyer.full in voice.mentioned for buyer in deal.buyers)

    lead = voice.tell(deal, sentences.LEADS[deal.role], must=says_who)
    if lead is None:
        raise Unsaid(deal.role)
    told = Told(deal, lead, [])
    for _ in range(limit):
        if not deal.facts or random.random() < 0.02:
            break
        before = set(deal.facts)
        said = voice.tell(deal, sentences.FOLLOWS[deal.role], must=lambda one: bool(needs(one)))
        if said is None:
            break
        told.follows.append((said, frozenset(before - set(deal.facts))))
    return told


def _paragraph(random: Random, voice: Voice, deal: Deal) -> str:
    """A contract further down, in one paragraph."""
    lead = voice.tell(deal, sentences.BACKGROUND[deal.role])
    if lead is None:
        lead = voice.tell(deal, sentences.LEADS[deal.stage], must=lambda one: "{B}" in one)
    if lead is None:
        raise Unsaid(deal.role)
    said = [lead]
    follows = sentences.FOLLOWS["past" if deal.stage in ("award", "extension") else deal.stage]
    for _ in range(random.choice((0, 1, 1, 2, 2, 3, 4))):
        added = voice.tell(deal, follows, must=_is_about_it)
        if added is not None:
            said.append(added)
    return " ".join(said)


def _is_about_it(template: str) -> bool:
    """Whether a sentence says of which contract it speaks: by name, or as "that contract"."""
    return bool(needs(template)) and ("{It}" in template or "{it}" in template)


def _lot(random: Random, voice: Voice, deal: Deal, number: int) -> Told:
    form = random.choice(("Lot #", "Lot #", "lot #", "the @ lot"))
    ordinal = ("first", "second", "third", "fourth", "fifth")[number - 1]
    name = form.replace("#", str(number)).replace("@", ordinal)
    pool = sentences.LOTS if deal.role == "award" else sentences.LOTS_OPEN
    pool = tuple(one.replace("{lot}", name) for one in pool)
    deal.facts.setdefault("services", ["applications"])
    lead = voice.tell(deal, pool)
    if lead is None:
        # The tender's estimate does not fit any of them.
        lead = voice.fill(pool[-1], deal)
    told = Told(deal, lead, [])
    for _ in range(random.choice((0, 0, 1, 1, 2))):
        added = voice.tell(deal, sentences.FOLLOWS[deal.role], must=_is_about_it)
        if added is not None:
            told.follows.append((added, frozenset()))
    return told


def _nothing(random: Random, voice: Voice, story: Story) -> list[str]:
    assert story.nothing is not None  # noqa: S101
    first, *rest = fillers.NOTHING[story.nothing]
    picked = [
        first,
        *random.sample(rest, min(len(rest), random.randint(5, 9))),
        *random.sample(fillers.NOTHING_GENERAL, random.randint(2, 8)),
    ]
    return [voice.beside(template, story.deals[0]) for template in picked]


# -- headlines -----------------------------------------------------------------------------------------


def headline(random: Random, voice: Voice, story: Story) -> str:
    """A headline that names no more than the main contract."""
    first = story.deals[0]
    if story.nothing is not None:
        return voice.beside(random.choice(fillers.NOTHING_HEADLINES[story.nothing].split("|")), first)
    if story.kind == "digest":
        return random.choice(
            (
                "Contracts in brief", "Who won what this week", "Deals round-up", "In brief: contracts",
                "Signed, sealed, extended", "The week in contracts", "Comings and goings", "Contract watch",
                "Deals digest", "News in brief: IT contracts",
            )
        )  # fmt: skip
    if story.kind == "lots":
        return voice.fill(
            random.choice(
                ("{B} splits its IT", "{B} shares out contracts", "Lots of news at {B}", "{B} picks suppliers")
            ),
            first,
            headline=True,
        )
    options = [one for line in sentences.HEADLINES[first.role] for one in line.split("|")]
    if len(first.buyers) > 1:
        options = [one for one in options if not any(verb in one for verb in ("{B} picks", "{B} seeks"))]
    said = voice.tell(first, options, headline=True)
    return said or capital(first.buyers[0].short)


def paragraphs(random: Random, story: Story) -> list[str]:
    """A running text: leads, facts, asides and background in some order, one to three sentences a paragraph."""
    if story.nothing is not None:
        first, *rest = story.asides
        random.shuffle(rest)
        return _grouped(random, [first, *rest])
    if len(story.told) > 1:
        return _of_several(random, story)
    told = story.told[0]
    facts = [said for said, _ in told.follows]
    random.shuffle(facts)
    asides = list(story.asides)
    # Some asides stand before the first fact, most of them anywhere between.
    for aside in asides:
        facts.insert(random.randint(0, len(facts)), aside)
    body = _grouped(random, [told.lead, *facts])
    if story.opener:
        body.insert(0, story.opener)
    for paragraph in story.background:
        body.insert(random.randint(2 if len(body) > 1 else 1, len(body)), paragraph)
    return body


def _of_several(random: Random, story: Story) -> list[str]:
    items = []
    for told in story.told:
        follows = [said for said, _ in told.follows]
        random.shuffle(follows)
        items.append(" ".join([told.lead, *follows]))
    deals = [told.deal for told in story.told]
    for aside, deal in zip(story.asides, story.beside, strict=True):
        items[deals.index(deal)] += f" {aside}"
    return [story.intro, *items] if story.intro else items


def _grouped(random: Random, said: list[str]) -> list[str]:
    grouped: list[str] = []
    at = 0
    while at < len(said):
        size = random.choice((1, 1, 2, 2, 3))
        grouped.append(" ".join(said[at : at + size]))
        at += size
    return grouped
