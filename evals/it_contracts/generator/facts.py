"""What a contract is before it is told: more facts than any article will state."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from llm_extract.fields.partial_dates import add_months

from . import words
from .names import Namer, Organisation
from .notations import OPTIONS, TERMS, Sum, clean_day, later, some_count, some_sum
from .services import WEIGHTS

STAGES = {"called_off": "ended", "original": "award", "outgoing": "ended", "standing": "award"}
"""Role → stage, where they differ."""


@dataclass
class Deal:
    """One contract: `facts` are those still to be told, `label` what was told of it."""

    key: str
    role: str
    """`award`, `tender`, `extension`, `ended`, `called_off`; of a background deal also `original` and so on."""
    main: bool
    buyers: list[Organisation]
    suppliers: list[Organisation]
    facts: dict[str, Any] = field(default_factory=dict)
    label: dict[str, Any] = field(default_factory=dict)
    """By field; `services` in the order in which they were told."""

    @property
    def stage(self) -> str:
        """As the record has it."""
        return STAGES.get(self.role, self.role)


@dataclass
class Money:
    """The money of an article: sums of one article look alike."""

    random: Random
    currency: str
    notation: str

    def contract_sum(self, role: str) -> Sum:
        """A contract's price; of a tender an estimate."""
        kinds = ("about", "up_to") if role in ("tender", "called_off") else ("exact", "about", "up_to", "at_least")
        weights = (3, 1) if len(kinds) == 2 else (60, 14, 15, 11)
        qualifier = self.random.choices(kinds, weights)[0]
        return some_sum(self.random, self.currency, self.notation, qualifier, self.random.random() < 0.08)


def some_services(random: Random) -> list[str]:
    """One to three categories; hardly ever none."""
    count = random.choices((0, 1, 2, 3), (3, 55, 30, 12))[0]
    names = list(WEIGHTS)
    found: list[str] = []
    while len(found) < count:
        name = random.choices(names, list(WEIGHTS.values()))[0]
        if name == "full_outsourcing":
            return [name]  # it takes in all the others
        if name not in found:
            found.append(name)
    return found


CHANCES = {
    "value": 0.74, "duration_months": 0.66, "extension_months": 0.32, "signed": 0.6, "start": 0.5, "end": 0.32,
    "framework": 0.16, "programme": 0.13, "users": 0.27, "sites": 0.24, "incumbents": 0.28, "partners": 0.16,
}  # fmt: skip
"""How likely each fact is to be known."""


def some_deal(
    random: Random, namer: Namer, money: Money, key: str, role: str, today: date,
    buyers: list[Organisation], suppliers: list[Organisation], *, main: bool, rich: float = 1.0,
) -> Deal:  # fmt: skip
    """A contract with its facts.

    Args:
        random: the article's dice.
        namer: makes the names of those who are not given.
        money: makes its sum.
        key: its name in marks.
        role: see `Deal`.
        today: when the article appeared: what it tells happened about then, or long before if it is background.
        buyers: who buys.
        suppliers: who was chosen; none for a tender.
        main: whether the article is about it.
        rich: 1 for the usual number of facts, less for fewer.
    """
    deal = Deal(key, role, main, buyers, suppliers)
    facts: dict[str, Any] = {"services": some_services(random)}
    facts["value"] = money.contract_sum(role)
    months = facts["duration_months"] = random.choice(TERMS)
    facts["extension_months"] = random.choice(OPTIONS)
    facts |= _dates(
        random,
        role,
        today
        if main or role in ("original", "outgoing", "standing", "tender")
        else today - timedelta(days=random.randint(200, 2400)),
        months,
    )
    facts["framework"] = random.choice(words.FRAMEWORKS)
    facts["programme"] = random.choice(words.PROGRAMMES)
    facts["users"] = (some_count(random), random.choice(buyers[0].users))
    facts["sites"] = [namer.place() for _ in range(random.choice((1, 1, 2, 2, 3)))]
    if role in ("award", "tender", "called_off"):
        facts["incumbents"] = [namer.supplier() for _ in range(1 if random.random() < 0.9 else 2)]
    facts["partners"] = [namer.supplier() for _ in range(1 if random.random() < 0.8 else 2)]
    chances = CHANCES | ({"signed": 0.9, "end": 0.7} if role in ("original", "outgoing", "standing") else {})
    if role == "extension":
        chances |= {"end": 0.55, "duration_months": 0.7, "start": 0.25}
    for name, chance in chances.items():
        if random.random() > chance * rich:
            facts.pop(name, None)
    deal.facts = {name: value for name, value in facts.items() if value}
    return deal


def _dates(random: Random, role: str, today: date, months: int) -> dict[str, date]:
    """`signed`, `start` and `end`, as far as the role has them: consistent with each other and with the term."""

    def days(low: int, high: int) -> timedelta:
        return timedelta(days=random.randint(low, high))

    if role == "tender":
        start = clean_day(random, today + days(90, 500))
        return {"start": start, "end": later(start, months)}
    if role == "called_off":
        return {}
    if role == "extension":
        start = clean_day(random, today + days(-20, 300))
        return {"signed": today - days(0, 60), "start": start, "end": later(start, months)}
    if role == "original":
        return {"signed": today - days(700, 3000)}
    if role in ("ended", "outgoing", "standing"):
        end = today + (days(-200, 260) if role == "ended" else days(30, 420))
        end = end.replace(day=1) - timedelta(days=1)
        # What is terminated ends before its time.
        early = random.randint(1, months // 2) if role == "ended" and random.random() < 0.6 else 0
        first = add_months((end + timedelta(days=1)).isoformat(), early - months)
        start = date.fromisoformat(str(first))
        found = {"signed": start - days(20, 150), "start": start, "end": end}
        # What never began has no end; nobody says that it began tomorrow.
        return found if start < today - timedelta(days=40) else {}
    signed = today - days(0, 90)
    start = clean_day(random, today + days(32, 260))
    return {"signed": signed, "start": start, "end": later(start, months)}
