"""One article after the other: the dice of each depend on the seed and its number alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from .facts import Money
from .labels import Unsaid, labelled
from .layouts import LAYOUTS, Page, laid_out, wrapped
from .markup import mark
from .names import Namer
from .notations import DAYS, Calendar
from .regions import REGIONS, Region
from .stories import some_story
from .voice import Voice

KINDS = {"single": 44, "background": 24, "lots": 8, "digest": 9, "none": 17}
_TRIES = 60


class Article(NamedTuple):
    """A synthetic article."""

    name: str
    layout: str
    text: str
    gold: dict[str, Any]
    """The gold file."""


def articles(count: int, seed: int) -> Iterator[Article]:
    """Articles of a seed: the same ones whenever it is asked for."""
    for number in range(count):
        yield article(number, seed)


def article(number: int, seed: int) -> Article:
    """One article."""
    for attempt in range(_TRIES):
        try:
            dice = Random(f"{seed}/{number}/{attempt}")  # noqa: S311 - nothing secret
            return _made(dice, f"s{seed}-{number:05d}")
        except Unsaid:
            continue  # the sentences that the dice chose left somebody out
    raise AssertionError(f"no article {number} of seed {seed} names everybody")


def write(directory: Path, count: int, seed: int) -> None:
    """Articles and gold files into a folder."""
    for folder in ("articles", "gold"):
        (directory / folder).mkdir(parents=True, exist_ok=True)
    for made in articles(count, seed):
        (directory / "articles" / f"{made.name}.txt").write_text(made.text, "utf-8")
        (directory / "gold" / f"{made.name}.json").write_text(
            json.dumps(made.gold, ensure_ascii=False, indent=1) + "\n", "utf-8"
        )


def _made(random: Random, name: str) -> Article:
    region = random.choices(REGIONS, [one.weight for one in REGIONS])[0]
    kind = random.choices(list(KINDS), list(KINDS.values()))[0]
    names = [layout for layout, (_, _, kinds) in LAYOUTS.items() if kind in kinds]
    layout = random.choices(names, [LAYOUTS[one][0] for one in names])[0]

    today = date(1998, 3, 1) + timedelta(days=random.randint(0, 10_100))
    style = random.choice(("mdy", "mdy", "m.dy") if region.month_first else ("dmy", "dmy", "dmy", "ordinal", "short"))
    dated = random.random() < 0.85
    calendar = Calendar(today if dated else None, style)
    namer = Namer(random, region)
    voice = Voice(random, namer, _money(random, region, layout), calendar, today)
    page, published = _page(random, namer, calendar, layout, today)
    story = some_story(random, voice, kind, one_buyer=layout == "council-minutes")
    blocks = laid_out(random, voice, story, layout, page)

    text = random.choice(("\n\n", "\n\n", "\n\n", "\n")).join(block for block in blocks if block)
    if random.random() < 0.05:
        text = wrapped(text, random.choice((66, 72, 78)))
    deals = [] if story.nothing else story.deals
    if voice.money.notation != "bare":
        text = text.replace("article.home", "article.nowhere")
    made = labelled(text + "\n", deals, {"published": published}, random.random() < 0.35)
    tags = [layout, kind, region.key, *sorted({deal.role for deal in deals})]
    gold = {
        "article": f"articles/{name}.txt",
        "story": name,
        "tags": tags,
        "record": made.record,
        "evidence": made.evidence,
    }
    return Article(name, layout, made.text, gold)


def _money(random: Random, region: Region, layout: str) -> Money:
    currency, notation = random.choice(region.currencies)
    if notation == "bare" and layout != "wire":
        currency, notation = region.currencies[0]  # nothing would say whose dollar it is
    return Money(random, currency, notation)


def _page(random: Random, namer: Namer, calendar: Calendar, layout: str, today: date) -> tuple[Page, str | None]:
    """What the page says of itself; and its date as the record has it."""
    words, published = None, None
    if calendar.published is not None:
        shown = random.choice(
            (calendar.day(today), calendar.day(today), f"{DAYS[today.weekday()]} {calendar.day(today)}")
        )
        if layout == "tender-notice" and random.random() < 0.3:
            shown = today.isoformat()
        words, published = mark("article.published", shown), today.isoformat()
    return Page(
        headline="" if random.random() < (0.6 if layout in ("tender-notice", "council-minutes") else 0.9) else None,
        author=mark("article.author", namer.person()) if random.random() < 0.38 else None,
        published=words,
        publisher=mark("article.publisher", namer.outlet()) if random.random() < 0.45 else None,
        city=namer.city(),
    ), published
