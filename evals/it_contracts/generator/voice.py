"""Sentences of one article: slots of templates are filled with facts, and what was said is noted."""

# ruff: noqa: SIM905 - lists of words read best as one string
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from . import fillers, words
from .facts import Deal, Money
from .markup import capital, mark, plain
from .names import Namer, Organisation
from .notations import (
    Calendar,
    Said,
    Sum,
    bare_sum,
    cardinal,
    count_words,
    option_words,
    say_date,
    some_amount,
    some_count,
    sum_words,
    term_adjective,
    term_words,
)  # fmt: skip
from .services import KIT, PROVIDE, PROVIDE_KIT, RUN, RUNNING, SERVICES

_SLOT = re.compile(r"\{(\w+)\}")
_SHOWN = re.compile(r"<(\w+)\|([^>]*)>")
_GERUNDS = {
    "run": "running", "manage": "managing", "look after": "looking after", "support": "supporting",
    "maintain": "maintaining", "operate": "operating", "take charge of": "taking charge of", "provide": "providing",
    "supply": "supplying", "deliver": "delivering", "furnish": "furnishing",
}  # fmt: skip

_SERVICES = "to_work to_work_of for_work for_work_of work work_of works do do_of doing doing_of for_provided".split()
NEEDS = {
    "sum": "value", "sum_adj": "value", "sum_est": "value", "sum_exact": "value", "sum_short": "value",
    "term": "duration_months", "term_adj": "duration_months", "options": "extension_months", "signed": "signed",
    "start": "start", "start_on": "start", "start_from": "start", "end": "end", "end_on": "end", "end_until": "end",
    "end_bare": "end", "signed_bare": "signed", "signed_end": "end", "framework": "framework", "programme": "programme",
    "users": "users", "sites": "sites", "incumbent": "incumbents", "partner": "partners",
    **dict.fromkeys(_SERVICES, "services"),
}  # fmt: skip
"""Slot → the fact that it states."""
_PREFIX = re.compile(
    r"(?:City|County|Town|Port|University|London Borough|Vale|Bank|Shire|Municipality|House|Regional Municipality"
    r"|Ministry|Department|National|Office|Bureau|Agency|Institute|Directorate) "
)


def needs(template: str) -> set[str]:
    """The facts that a template states."""
    return {NEEDS[slot.casefold()] for slot in _SLOT.findall(template) if slot.casefold() in NEEDS}


@dataclass
class Voice:
    """Everything that the sentences of one article share."""

    random: Random
    namer: Namer
    money: Money
    calendar: Calendar
    today: date
    contracts: int = 1
    """How many there are: "the contract" alone may not say which."""
    mentioned: set[str] = field(default_factory=set)
    abbreviated: set[str] = field(default_factory=set)
    parties: list[Organisation] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    people: list[str] = field(default_factory=list)
    strangers: list[Organisation] = field(default_factory=list)

    # -- names ------------------------------------------------------------------------------------------

    def refer(self, organisation: Organisation, *, headline: bool = False, full: bool = False) -> str:
        """What an organisation is called here: in full first, then as newspapers do."""
        if headline:
            return organisation.short
        article = "the " if _PREFIX.match(organisation.full) or organisation.full in _agencies() else ""
        if full:
            return organisation.full
        if organisation.full not in self.mentioned:
            self.mentioned.add(organisation.full)
            described = f"{organisation.described} " if organisation.described else ""
            if described:
                described = self.random.choice((f"the {described}", described)) if self.random.random() < 0.8 else ""
            after = ""
            if organisation.abbreviation and self.random.random() < 0.7:
                self.abbreviated.add(organisation.full)
                after = f" ({organisation.abbreviation})"
            return described + ("" if described else article) + organisation.full + after
        ways = [organisation.short, organisation.short, article + organisation.full]
        if organisation.short == organisation.full:
            ways = [article + organisation.full] * 2
        if organisation.full in self.abbreviated:
            ways += [str(organisation.abbreviation)] * 2
        others = [party for party in self.parties if party.full != organisation.full]
        own = [one for one in organisation.generics if not any(one in party.generics for party in others)]
        if not self._is_buyer(organisation) and not all(self._is_buyer(party) for party in others):
            own = []  # "the supplier" could be any of them
        if own:
            ways += [f"the {self.random.choice(own)}"] * 3
        return self.random.choice(ways)

    def all_of(self, organisations: Sequence[Organisation], headline: bool = False, full: bool = False) -> str:
        """Several organisations at once."""
        if len(organisations) > 1 and not headline and all(one.full in self.mentioned for one in organisations):
            if self.random.random() < 0.7:
                return f"the {cardinal(len(organisations))} {'bodies' if self._is_buyer(organisations[0]) else 'firms'}"
        return listed([self.refer(one, headline=headline, full=full) for one in organisations])

    def _is_buyer(self, organisation: Organisation) -> bool:
        return organisation.users != ("staff", "employees")

    def person(self) -> str:
        """Somebody who is quoted: in full the first time, then by surname."""
        if len(self.people) < 3 and (not self.people or self.random.random() < 0.5):
            self.people.append(self.namer.person())
            return self.people[-1]
        return self.random.choice(self.people).split()[-1]

    def stranger(self, at: int) -> Organisation:
        """A company that has no part in any contract here."""
        while len(self.strangers) <= at:
            self.strangers.append(self.namer.supplier())
        return self.strangers[at]

    # -- sentences --------------------------------------------------------------------------------------

    def tell(
        self, deal: Deal, templates: Iterable[str], *, headline: bool = False, must: Callable[[str], bool] | None = None
    ) -> str | None:
        """One of the templates that the facts still to be told allow; None if there is none."""
        fitting = [
            template
            for template in templates
            if needs(template) <= set(deal.facts)
            and (headline or template not in self.used)
            and _sum_fits(template, deal)
            and agrees(template, deal)
            and (must is None or must(template))
            and ("{described_S}" not in template or deal.suppliers[0].full not in self.mentioned)
        ]
        if not fitting:
            return None
        # What says more is chosen a little more often, lest facts be told one at a time.
        template = self.random.choices(fitting, [1 + 0.6 * len(needs(one)) for one in fitting])[0]
        self.used.add(template)
        return self.fill(template, deal, headline=headline)

    def fill(self, template: str, deal: Deal, *, headline: bool = False) -> str:
        """A template with its slots filled, its words marked, beginning with a capital."""
        if template.startswith("~"):
            deal.facts.pop("signed", None)
        slots = Slots(self, deal, headline, bool(needs(template) & {"services"}), frozenset(needs(template)))

        def show(found: re.Match[str]) -> str:
            return mark(f"{deal.key}.{found[1]}", _SLOT.sub(slots.fill, found[2]))

        # Left to right, so that whoever is named first is named in full.
        pieces, last = [], 0
        text = template.removeprefix("~")
        for found in _SHOWN.finditer(text):
            pieces += [_SLOT.sub(slots.fill, text[last : found.start()]), show(found)]
            last = found.end()
        pieces.append(_SLOT.sub(slots.fill, text[last:]))
        slots.close()
        return capital("".join(pieces))

    def beside(self, template: str, deal: Deal | None) -> str:
        """A sentence that states nothing of a contract."""
        filled = Slots(self, deal, False, True, frozenset())
        return capital(_SLOT.sub(filled.fill, template))


class Slots:
    """The slots of one sentence."""

    def __init__(self, voice: Voice, deal: Deal | None, headline: bool, services: bool, taken: frozenset[str]) -> None:
        self.voice, self.deal, self.headline = voice, deal, headline
        self.random = voice.random
        self.own_services = services
        self.taken = taken
        self.spent: set[str] = set()
        self.dates: dict[str, Said] = {}

    def fill(self, found: re.Match[str]) -> str:
        """The words for a slot."""
        name = found[1]
        if name[0].isupper() and name.casefold() in (*NEEDS, "it", "deal", "old_deal"):
            return capital(self._words(name.casefold()))
        return self._words(name)

    def close(self) -> None:
        """What was told is not told again, but for what a headline says, which the text mostly repeats."""
        for fact in self.spent:
            if self.deal is not None and not (self.headline and self.random.random() < 0.75):
                self.deal.facts.pop(fact, None)

    # -- which words ------------------------------------------------------------------------------------

    def _words(self, name: str) -> str:
        general = self._general(name)
        if general is not None or self.deal is None:
            return general if general is not None else f"{{{name}}}"
        party = self._party(name)
        if party is not None:
            return party
        if name in NEEDS:
            return self._fact(name, NEEDS[name])
        makers: dict[str, Callable[[], str]] = {
            "it": self._it, "deal": self._deal, "old_deal": self._old_deal, "have": lambda: "have",
            "described_S": lambda: f"a {self.random.choice(words.SUPPLIER_WORDS)}",
        }  # fmt: skip
        return makers[name]()

    def _party(self, name: str) -> str | None:
        deal = self.deal
        assert deal is not None  # noqa: S101 - for the type checker
        verbs = {"has": "have", "is": "are", "was": "were", "does": "do"}
        if name in ("B", "S"):
            return self.voice.all_of(deal.buyers if name == "B" else deal.suppliers, self.headline)
        if name == "replaces":
            return "replaces" if len(deal.suppliers) < 2 else "replace"
        if name[0] in "BSI" and name[1:] in verbs:
            many = {"B": deal.buyers, "S": deal.suppliers, "I": deal.facts.get("incumbents", ())}[name[0]]
            if name[0] == "I":
                many = deal.label.get("incumbents", many)
            return verbs[name[1:]] if len(many) > 1 else name[1:]
        partners = deal.facts.get("partners") or deal.label.get("partners") or ()
        if name == "sub":
            return self.random.choice(("a subcontractor", "subcontractor")) if len(partners) < 2 else "subcontractors"
        if name == "partner_word":
            return "partner" if len(partners) < 2 else "partners"
        return None

    def _fact(self, name: str, fact: str) -> str:
        deal = self.deal
        assert deal is not None  # noqa: S101
        self.spent.add(fact)
        path = f"{deal.key}.{fact}"
        value = deal.facts[fact]
        if fact == "services":
            return self._services(name)
        if fact == "value":
            deal.label[fact] = value.label()
            if name in ("sum_adj", "sum_short", "sum_exact", "sum_est"):
                said = bare_sum(self.random, value, before_noun=name != "sum_est")
                return said if name == "sum_est" else mark(path, said)
            return mark(path, sum_words(self.random, value))
        if fact == "duration_months":
            deal.label[fact] = value
            if name == "term_adj":
                return mark(path, term_adjective(self.random, value))
            said = term_words(self.random, value)
            return mark(path, said.replace("a decade", "ten years") if deal.role == "extension" else said)
        if fact == "extension_months":
            deal.label[fact] = value[0] * value[1]
            return mark(path, option_words(self.random, *value))
        if fact in ("signed", "start", "end"):
            return self._date(name, fact, value)
        if fact in ("framework", "programme"):
            deal.label[fact] = value
            article = "the " if re.search(r"(?:programme|Programme|Panel|Agreement|Vehicle|DPS)$", value) else ""
            return f"{article}{value}"
        if fact == "users":
            deal.label[fact] = value[0]
            return mark(path, count_words(self.random, *value))
        if fact == "sites":
            deal.label[fact] = value
            return listed(value)
        deal.label[fact] = [one.full for one in value]
        return self.voice.all_of(value)

    def _date(self, name: str, fact: str, day: date) -> str:
        deal = self.deal
        assert deal is not None  # noqa: S101
        relative = deal.main or self.random.random() < 0.2
        # The words around a date of the past or the future decide which year "in May" means.
        said = say_date(self.random, day, self.voice.calendar, relative)
        deal.label[fact] = said.value
        path = f"{deal.key}.{fact}" + ("@" if said.anchored else "")
        before, inner = "", said.on
        if name in ("start", "end", "end_bare", "signed_bare"):
            inner = said.words
        elif name == "start_from":
            inner = f"from {said.words}"
        elif name == "end_until":
            inner = f"until {said.words}"
        return before + mark(path, inner)

    # -- what is bought ---------------------------------------------------------------------------------

    def _its(self, of: bool) -> str:
        deal = self.deal
        assert deal is not None  # noqa: S101
        if self.headline:
            return ""
        if not of:
            return "its" if len(deal.buyers) < 2 else "their"
        name = self.voice.all_of(deal.buyers)
        return name + "'s" if not plain(name).endswith(")") else re.sub(r" \([^()]*\)$", "", name) + "'s"

    def _services(self, name: str) -> str:
        deal = self.deal
        assert deal is not None  # noqa: S101
        waiting: list[str] = deal.facts["services"]
        count = len(waiting) if self.random.random() < 0.6 else 1
        if name in ("doing", "doing_of"):
            count = 1
        told, rest = waiting[:count], waiting[count:]
        if rest:
            self.spent.discard("services")
            deal.facts["services"] = rest
        of, base = name.endswith("_of"), name.removesuffix("_of")
        makers = {
            "to_work": self._infinitive, "do": self._infinitive, "doing": self._gerund, "works": self._provided,
            "for_provided": self._provided,
        }  # fmt: skip
        maker = makers.get(base, self._noun)
        if self.headline:
            maker = self._headline_infinitive
        said = []
        for category in told:
            if category not in deal.label.setdefault("services", []):
                deal.label["services"].append(category)
            phrase = re.sub(r"\{its\} ?", lambda _: f"{self._its(of)} ".lstrip(), maker(category))
            said.append(mark(f"{deal.key}.services.{category}", phrase))
        before = {"to_work": "to ", "for_work": "for ", "for_provided": "for "}.get(base, "")
        return before + listed(said)

    def _infinitive(self, category: str) -> str:
        wordings = SERVICES[category]
        roll = self.random.random()
        if roll < 0.3:
            return self.random.choice(wordings.done)
        if roll < 0.62 and wordings.run != ("",):
            return f"{self.random.choice(RUN)} {self.random.choice(wordings.run)}"
        return f"{self._provide(category)} {self.random.choice(wordings.provided)}"

    def _headline_infinitive(self, category: str) -> str:
        return f"{self._provide(category)} {self.random.choice(SERVICES[category].provided)}"

    def _provide(self, category: str) -> str:
        return self.random.choice(PROVIDE_KIT if category in ("hardware", "software_licences") else PROVIDE)

    def _gerund(self, category: str) -> str:
        wordings = SERVICES[category]
        if wordings.run != ("",) and self.random.random() < 0.6:
            verb = self.random.choice([verb for verb in RUN if verb in _GERUNDS])
            return f"{_GERUNDS[verb]} {self.random.choice(wordings.run)}"
        return f"{_GERUNDS[self._provide(category)]} {self.random.choice(wordings.provided)}"

    def _provided(self, category: str) -> str:
        return self.random.choice(SERVICES[category].provided)

    def _noun(self, category: str) -> str:
        wordings = SERVICES[category]
        if wordings.run != ("",) and self.random.random() < 0.4:
            return f"{self.random.choice(RUNNING)} {self.random.choice(wordings.run)}"
        before = self.random.choice(KIT) if category in ("hardware", "software_licences") else ""
        return f"{before} {self._provided(category)}".strip()

    # -- the contract itself ----------------------------------------------------------------------------

    def _it(self) -> str:
        deal = self.deal
        assert deal is not None  # noqa: S101
        noun = self.random.choice(("contract", "deal", "agreement", "contract", "arrangement"))
        noun = "contract" if deal.stage == "tender" else noun
        if self.voice.contracts < 2 or not deal.main:
            return f"the {noun}" if deal.main else f"that {noun}"
        if deal.suppliers and self.random.random() < 0.6:
            return f"the {noun} with {self.voice.all_of(deal.suppliers)}"
        return f"the new {noun}" if deal.stage != "ended" else f"the old {noun}"

    def _deal(self) -> str:
        """A contract as a noun, with as many of its facts as happen to fit: "a £3m, five-year contract"."""
        deal = self.deal
        assert deal is not None  # noqa: S101
        noun = self.random.choice(("contract", "contract", "deal", "agreement", "contract", "order", "IT contract"))
        before, after = [], []
        money = self._free("value", 0.55)
        if money is not None and money.qualifier == "exact" and not money.per_year and self.random.random() < 0.5:
            before.append(self._fact("sum_adj", "value"))
        elif money is not None:
            verb = "estimated at" if deal.stage == "tender" and money.qualifier == "exact" else "worth"
            verb = self.random.choice((verb, verb, "valued at"))
            after.append(f"{verb} {self._fact('sum', 'value')}")
        if self._free("duration_months", 0.5) is not None:
            if self.random.random() < 0.65:
                before.append(self._fact("term_adj", "duration_months"))
            elif after:
                after.append(f"over {self._fact('term', 'duration_months')}")
            else:
                noun += f" of {self._fact('term', 'duration_months')}"
        if not self.own_services and self._free("services", 0.5) is not None:
            after.insert(0, self._services("for_provided"))
            self.spent.add("services")
            if deal.facts.get("services") and deal.facts["services"][0] not in deal.label["services"]:
                self.spent.discard("services")
        if self._free("framework", 0.25) is not None:
            after.append(f"under {self._fact('framework', 'framework')}")
        if not before and self.random.random() < 0.15:
            before.append(self.random.choice(("new", "long-awaited", "major", "further")))
        self.random.shuffle(before)
        return " ".join(("a", self.random.choice((", ", " ")).join(before), noun, *after)).replace("  ", " ")

    def _old_deal(self) -> str:
        """A contract that everybody knows: "the £3m, five-year contract"."""
        before = []
        deal = self.deal
        assert deal is not None  # noqa: S101
        money = self._free("value", 0.6)
        if money is not None and money.qualifier == "exact" and not money.per_year:
            before.append(self._fact("sum_adj", "value"))
        if self._free("duration_months", 0.5) is not None:
            before.append(self._fact("term_adj", "duration_months"))
        noun = self.random.choice(("contract", "deal", "agreement"))
        if not self.own_services and self._free("services", 0.4) is not None:
            noun += " " + self._services("for_provided")
            if deal.facts.get("services") and deal.facts["services"][0] not in deal.label["services"]:
                self.spent.discard("services")
        return " ".join(("the", ", ".join(before), noun)).replace("  ", " ")

    def _free(self, fact: str, chance: float) -> Any:
        """A fact that the sentence does not state yet, if the dice allow it."""
        deal = self.deal
        assert deal is not None  # noqa: S101
        if fact in self.taken or fact in self.spent or fact not in deal.facts or self.random.random() > chance:
            return None
        return deal.facts[fact]

    # -- what is no fact --------------------------------------------------------------------------------

    def _general(self, name: str) -> str | None:
        """Slots that no contract has."""
        voice, random = self.voice, self.random
        if name in ("other", "other2"):
            return voice.stranger(0 if name == "other" else 1).short
        if name.startswith("other_sum"):
            currency, notation = voice.money.currency, voice.money.notation
            qualifier = random.choices(("exact", "about", "up_to", "at_least"), (6, 2, 1, 1))[0]
            money = Sum(some_amount(random, currency, notation, 5.2, 8.9), currency, notation, qualifier)
            if name == "other_sum_small":
                money = money._replace(amount=max(5, money.amount // 10_000_000) * 500, qualifier="exact")
                money = money._replace(notation="code" if notation in ("crore", "lakh") else notation)
            return sum_words(random, money)
        makers: dict[str, Callable[[], str]] = {
            "person": voice.person,
            "role": lambda: random.choice(words.ROLES),
            "role_plain": lambda: random.choice(("head of IT", "chief information officer", "director of technology")),
            "percent": lambda: random.choice((f"{random.randint(2, 60)}%", f"{random.randint(2, 60)} per cent")),
            "hours": lambda: str(random.randint(3, 48)),
            "count": lambda: cardinal(voice.contracts),
            "citizens_number": lambda: f"{some_count(random, 2, 5):,}",
            "citizens": lambda: f"{some_count(random, 3, 6):,} {random.choice(self._public())}",
            "citizens_capital": lambda: random.choice(self._public()),
            "city": voice.namer.city,
            "digits": lambda: f"{random.randint(100, 999)} {random.randint(1000, 9999)}",
            "deadline": self._deadline,
            "founded": lambda: str(random.randint(1962, 2008)),
            "elsewhere": lambda: voice.namer.buyer().short,
            "product": lambda: random.choice(fillers.PRODUCTS),
        }  # fmt: skip
        return makers[name]() if name in makers else None

    def _deadline(self) -> str:
        day = self.voice.today + timedelta(days=self.random.randint(5, 90))
        return self.voice.calendar.day(day, year=self.random.random() < 0.7)

    def _public(self) -> tuple[str, ...]:
        return self.deal.buyers[0].public if self.deal is not None and self.deal.buyers else ("customers",)


def listed(parts: Sequence[str]) -> str:
    """ "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _sum_fits(template: str, deal: Deal) -> bool:
    """A sum before a noun, or after "estimated", has neither a qualifier nor a period."""
    money = deal.facts.get("value")
    if money is None or not re.search(r"\{sum_(?:adj|short|exact|est)\}", template):
        return True
    if "{sum_est}" in template:
        return bool(money.qualifier == "about" and not money.per_year)
    return bool(money.qualifier == "exact" and not money.per_year)


def _agencies() -> frozenset[str]:
    return frozenset(words.KINDS["agency"].names["*"].split("|"))


_SINGULAR = re.compile(r"\{(B|S|partner|incumbent)\}(?: <\w+\|| )(?:is|was|has|[a-z]+s)\b")


def agrees(template: str, deal: Deal) -> bool:
    """Whether its verbs fit: "{B} expects" does not if several buy together."""
    many = {
        "B": deal.buyers, "S": deal.suppliers,
        "partner": deal.facts.get("partners", ()), "incumbent": deal.facts.get("incumbents", ()),
    }  # fmt: skip
    return not any(len(many[name]) > 1 for name in _SINGULAR.findall(template))
