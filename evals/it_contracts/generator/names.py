"""Names that belong to nobody: organisations, people, places, put together from parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from . import words
from .regions import Region

_SMALL = {"of", "and", "the", "for", "de", "&", "in", "du"}


@dataclass(frozen=True)
class Organisation:
    """A buyer, a supplier, or somebody who only passes by."""

    full: str
    short: str
    """What it is called in a headline."""
    abbreviation: str | None
    generics: tuple[str, ...]
    """"council", "supplier": what stands for it when only one in the article is of that kind."""
    described: str
    """What may stand in front of its name, once: "the Leeds-based reseller"; or nothing."""
    users: tuple[str, ...] = ("staff", "employees")
    public: tuple[str, ...] = ("customers",)


class Namer:
    """Makes names for one article: none twice."""

    def __init__(self, random: Random, region: Region) -> None:
        self.random = random
        self.region = region
        self.used: set[str] = set()

    def place(self) -> str:
        """A place of the region that does not exist."""
        heads, tails = self.region.heads.split(), self.region.tails
        joined = self.region.key == "singapore"
        while True:
            head, tail = (
                self.random.choice(heads),
                self.random.choice(tails.split("|")[1:] if joined else tails.split()),
            )
            if not joined and head[-1] == tail[0] and tail[0] in "aeiouyl":
                tail = tail[1:]
            name = head + tail
            if name not in self.used:
                self.used.add(name)
                return name

    def city(self) -> str:
        """A real city, for datelines."""
        return self.random.choice(self.region.cities.split())

    def last_name(self) -> str:
        """A surname that nobody has yet; when all are taken, any."""
        names = _names(self.region.last)
        name = self.random.choice([name for name in names if name not in self.used] or names)
        self.used.add(name)
        return name

    def person(self) -> str:
        """First and last name."""
        while True:
            name = f"{self.random.choice(_names(self.region.first))} {self.last_name()}"
            if name not in self.used:
                self.used.add(name)
                return name

    def buyer(self, kind_name: str | None = None) -> Organisation:
        """A buyer of some kind."""
        kinds = list(words.KINDS)
        if kind_name is None:
            kind_name = self.random.choices(kinds, [words.KINDS[key].weight for key in kinds])[0]
        kind = words.KINDS[kind_name]
        patterns = kind.names.get(self.region.key, "")
        if "*" in kind.names and (not patterns or self.random.random() < 0.3):
            patterns = kind.names["*"]
        while True:
            place = self.place()
            full = self._filled(self.random.choice(patterns.split("|")), place)
            if full not in self.used:
                break
        self.used.add(full)
        short = full
        if place in full and full != place and self.random.random() < 0.8 and len(full) > len(place) + 3:
            short = place
        elif full.count(" ") >= 3 and self.random.random() < 0.5:
            short = " ".join(full.split()[:2]) if full.split()[1] not in _SMALL else full
        generics = kind.generic.split("|")
        return Organisation(
            full=full,
            short=short,
            abbreviation=_initials(full) if self.random.random() < 0.5 else None,
            generics=tuple(self.random.sample(generics, self.random.randint(1, len(generics)))),
            described="",
            users=tuple(kind.users.split("|")),
            public=tuple(kind.public.split("|")),
        )

    def _filled(self, pattern: str, place: str) -> str:
        parts = re.split(r"\b([PQL])\b(?!')|\b(L)(?=')", pattern)
        made = ""
        for part in parts:
            made += {"P": place, "L": self.last_name() if part == "L" else ""}.get(part or "", part or "")
            if part == "Q":
                made = made[:-1] + self.place()
        return made

    def brand(self) -> str:
        """The distinctive part of a supplier's name; no supplier that exists."""
        while True:
            roll = self.random.random()
            if roll < 0.45:
                brand = (
                    self.random.choice(words.BRAND_HEADS)
                    + self.random.choice(words.BRAND_MIDDLES)
                    + self.random.choice(words.BRAND_TAILS)
                )
            elif roll < 0.62:
                brand = f"{self.random.choice(words.BRAND_COLOURS)} {self.random.choice(words.BRAND_THINGS)}"
            elif roll < 0.74:
                brand = f"{self.last_name()} {self.random.choice(('& ', '', 'and ', '& '))}{self.last_name()}"
            elif roll < 0.84:
                brand = self.last_name()
            elif roll < 0.92:
                brand = "".join(self.random.choice("BDFGKLMNPQRTVWXZ") for _ in range(self.random.choice((3, 3, 4))))
            else:
                brand = self.place().replace(" ", "")
            halves = re.split(r" (?:& |and )?", brand)
            if brand not in self.used and brand.casefold() not in words.TAKEN and len(set(halves)) == len(halves):
                self.used.add(brand)
                return brand

    def supplier(self) -> Organisation:
        """A supplier with its trade and legal form."""
        brand = self.brand()
        trade = self.random.choice(words.TRADES)
        if len(brand.split()) > 2 and self.random.random() < 0.6:
            trade = ""
        middle = f"{brand} {trade}".strip()
        form = self.random.choice(self.region.forms.split("|"))
        full = middle if middle.split()[-1] in form else middle + form
        if full == brand and brand.isupper():
            full = f"{brand} {self.random.choice(('Systems', 'Group', 'Digital', 'Consulting'))}"
        word = self.random.choice(words.SUPPLIER_WORDS)
        described = ""
        roll = self.random.random()
        if roll < 0.12:
            described = f"{self.city()}-based {word}"
        elif roll < 0.26:
            described = word
        elif roll < 0.3:
            described = f"{self.place()} {word}"
        return Organisation(
            full=full,
            short=self.random.choice((brand, middle)),
            abbreviation=_initials(full) if self.random.random() < 0.25 else None,
            generics=tuple(self.random.sample(words.SUPPLIER_GENERIC, 3)),
            described=described,
        )

    def outlet(self) -> str:
        """A newspaper or site."""
        return re.sub(r"\bP\b", lambda _: self.place(), self.random.choice(words.OUTLETS))


def _names(listed: str) -> list[str]:
    """Names of a list; those of several words begin with Van, Bin, Al, Wei or Jun."""
    return re.findall(r"(?:Van den |Bin |Al |Wei |Jun )?\S+", listed)


def _initials(full: str) -> str | None:
    """ "National Tree Registry" → "NTR"; None where that gives fewer than three letters."""
    kept = [word for word in re.split(r"[\s-]+", re.sub(r"[(),.]", "", full)) if word.casefold() not in _SMALL]
    letters = "".join(
        word[0] for word in kept if word[0].isupper() and word not in ("NHS", "LLC", "Inc", "Ltd", "GmbH")
    )
    return letters if 3 <= len(letters) <= 5 and len(kept) == len(letters) else None
