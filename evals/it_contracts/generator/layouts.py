"""What the page looks like: a story laid out as a wire item, a notice, minutes, a blog and so on."""

# ruff: noqa: SIM905 - lists of words read best as one string
from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from . import fillers, sentences
from .facts import Deal
from .markup import capital, mark, plain
from .stories import Story, headline, paragraphs, tell_all
from .voice import Voice, agrees, needs


@dataclass
class Page:
    """What an article says of itself; None for what it leaves out."""

    headline: str | None
    author: str | None
    published: str | None
    publisher: str | None
    city: str | None

    def dated(self, pattern: str = "*") -> list[str]:
        """The line with the date, if there is one."""
        return [pattern.replace("*", self.published)] if self.published else []

    def top(self) -> list[str]:
        """The headline, if there is one."""
        return [self.headline] if self.headline else []


Layout = Callable[[Random, Voice, Story, Page], list[str]]
"""Blocks of an article; an empty line goes between them."""


def news(random: Random, voice: Voice, story: Story, page: Page) -> list[str]:
    """A newspaper or a site: headline, byline, text, furniture."""
    body = paragraphs(random, story)
    head: list[str] = []
    if page.publisher and random.random() < 0.6:
        head.append(page.publisher)
        page.publisher = None
    head += page.top()
    if random.random() < 0.2 and not story.nothing:
        standfirst = [one for one in fillers.OPENERS if one not in voice.used and agrees(one, story.deals[0])]
        head.append(voice.beside(random.choice(standfirst), story.deals[0]))
    line = []
    if page.author:
        line.append(
            random.choice(("By *", "by *", "*", "Words: *", "* reports", "Report: *")).replace("*", page.author)
        )
    if page.published:
        line.append(
            random.choice(("*", "*", "Published *", "Posted on *", "*, 09:14", "Updated: *")).replace(
                "*", page.published
            )
        )
    if page.publisher:
        line.append(page.publisher)
    where = random.random()
    if where < 0.75:
        head += [random.choice((" | ", "\n", " · ", ", ")).join(line)] if line else []
        line = []
    if line:
        body.append(" / ".join(line))
    return [*head, *_with_furniture(random, voice, body)]


def wire(random: Random, voice: Voice, story: Story, page: Page) -> list[str]:
    """An agency's item: place, date and agency open the first paragraph."""
    body = paragraphs(random, story)
    city = page.city or ""
    line = city.upper() if random.random() < 0.5 else city
    city_marked = mark("article.home", line)
    parts = [city_marked, *([page.published] if page.published else [])]
    agency = f" ({page.publisher})" if page.publisher else ""
    body[0] = ", ".join(parts) + agency + random.choice((" - ", " — ", ": ", " -- ")) + body[0]
    blocks = [*page.top(), *body]
    if page.author:
        blocks.append(f"({random.choice(('Reporting by', 'Writing by'))} {page.author})")
    return blocks


def blog(random: Random, voice: Voice, story: Story, page: Page) -> list[str]:
    """A blog: chatty, with asides in front, links behind."""
    body = paragraphs(random, story)
    blocks = [
        *([page.publisher] if page.publisher else []),
        *page.top(),
        *page.dated(random.choice(("Posted *", "*", "* · 4 comments"))),
    ]
    blocks += body
    blocks.append(
        random.choice(
            ("Comments are open, as ever.", "More when I know more.", "That's all for today.", "Corrections welcome.")
        )
    )
    if page.author:
        blocks.append(random.choice(("— *", "Posted by *", "Written by *")).replace("*", page.author))
    return blocks + [random.choice(("[Older posts] [About]", "Tags: IT, procurement", "Share this post"))] * (
        random.random() < 0.6
    )


def release(random: Random, voice: Voice, story: Story, page: Page) -> list[str]:
    """A press release with its boilerplate."""
    body = paragraphs(random, story)
    blocks = [random.choice(("PRESS RELEASE", "For immediate release", "News release", "MEDIA RELEASE"))] * (
        random.random() < 0.7
    )
    blocks += page.top()
    if page.published and page.city and random.random() < 0.6:
        body[0] = f"{mark('article.home', page.city)}, {page.published} – {body[0]}"
    else:
        blocks += page.dated(random.choice(("*", "Date: *", "Issued *")))
    blocks += body
    deals = [deal for deal in story.deals if deal.suppliers] or story.deals
    able = [one for one in fillers.BOILERPLATE if "{S}" not in one or all(len(deal.suppliers) == 1 for deal in deals)]
    able = [one for one in able if all(agrees(one, deal) for deal in deals)] or ["{B} was founded in {founded}."]
    for _ in range(random.choice((1, 1, 2))):
        about = voice.beside(random.choice(able), random.choice(deals))
        blocks.append(
            random.choice(("Notes to editors", "About the company", "ENDS\n\nNotes", "Background", "###"))
            + "\n"
            + about
        )
    return [*blocks, voice.beside(random.choice(fillers.CONTACTS), None)]


def exchange(random: Random, voice: Voice, story: Story, page: Page) -> list[str]:
    """A stock exchange announcement."""
    body = paragraphs(random, story)
    if page.headline and random.random() < 0.5:
        page.headline = _upper(page.headline)
    blocks = [
        random.choice(
            ("Regulatory announcement", "STOCK EXCHANGE RELEASE", "Company announcement no. 14", "Market announcement")
        )
    ]
    blocks += page.dated() + page.top()
    numbered = random.random() < 0.4
    blocks += [f"{number}. {text}" for number, text in enumerate(body, 1)] if numbered else body
    closing = "The announcement contains forward-looking statements. Results may differ."
    return [*blocks, closing, voice.beside(random.choice(fillers.CONTACTS), None)]


def plain_text(random: Random, voice: Voice, story: Story, page: Page) -> list[str]:
    """Hardly any layout: a brief, or a cutting."""
    body = paragraphs(random, story)
    blocks = [*page.top(), *body]
    if page.published or page.publisher:
        blocks.append(", ".join(part for part in (page.publisher, page.published) if part))
    return blocks


def digest(random: Random, voice: Voice, story: Story, page: Page) -> list[str]:
    """A newsletter or round-up: an item each."""
    items = paragraphs(random, story)
    bullet = random.choice(("", "* ", "- ", "# ", "• ", "subheads"))
    if bullet == "#":
        items = [f"{number}. {item}" for number, item in enumerate(items, 1)]
    elif bullet == "subheads":
        items = [
            f"{random.choice(('HEALTH', 'MONEY', 'TOWN HALL', 'ELSEWHERE', 'IN OTHER NEWS', 'ALSO'))}\n{item}"
            for item in items
        ]
    else:
        items = [bullet + item for item in items]
    head = [
        *([page.publisher] if page.publisher else []),
        *page.top(),
        *page.dated(random.choice(("*", "Issue 41, *", "Week ending *"))),
    ]
    if page.author:
        head.append(f"Compiled by {page.author}")
    return head + _with_furniture(random, voice, items)


def bullets(random: Random, voice: Voice, story: Story, page: Page) -> list[str]:
    """Text with its facts in a list."""
    if len(story.told) != 1 or story.background:
        return news(random, voice, story, page)
    told = story.told[0]
    facts = [said for said, _ in told.follows]
    random.shuffle(facts)
    sign = random.choice(("- ", "* ", "• ", "– "))
    listed = "\n".join(
        sign + (one[:-1] if random.random() < 0.2 and one.endswith(".") else one) for one in facts + story.asides[:1]
    )
    heading = random.choice(("Key points:", "At a glance", "The facts:", "In short:", "What we know"))
    blocks = [*page.top(), *page.dated()]
    if page.author:
        blocks.append(f"By {page.author}")
    parts = [told.lead, *([f"{heading}\n{listed}"] if listed else []), *story.asides[1:]]
    if random.random() < 0.35 and listed:
        parts = [parts[1], parts[0], *parts[2:]]
    return [*blocks, *([story.opener] if story.opener else []), *parts, *([page.publisher] if page.publisher else [])]


def questions(random: Random, voice: Voice, story: Story, page: Page) -> list[str]:
    """Questions and answers."""
    if len(story.told) != 1:
        return news(random, voice, story, page)
    told = story.told[0]
    blocks = [*([page.publisher] if page.publisher else []), *page.top(), *page.dated()]
    if page.author:
        blocks.append(f"By {page.author}")
    blocks += [story.opener] if story.opener else []
    blocks.append(told.lead)
    answers = list(told.follows) + [(aside, frozenset()) for aside in story.asides]
    random.shuffle(answers)
    sign = random.choice(("", "Q: ", "**"))
    for said, facts in answers:
        asked = next(
            (sentences.QUESTIONS[fact] for fact in sorted(facts) if fact in sentences.QUESTIONS),
            sentences.QUESTIONS[""],
        )
        question = random.choice(asked.split("|"))
        end = "**" if sign == "**" else ""
        blocks.append(f"{sign}{question}{end}\n{'A: ' if sign == 'Q: ' else ''}{said}")
    return blocks + story.background


def minutes(random: Random, voice: Voice, story: Story, page: Page) -> list[str]:
    """Minutes of a meeting of the first buyer, with other business."""
    body = paragraphs(random, story)
    owner = story.deals[0].buyers[0]
    voice.mentioned.add(owner.full)
    head = mark("article.publisher", owner.full)
    meeting = random.choice(
        ("Finance Committee", "Board meeting", "Executive", "Procurement Sub-Committee", "Full meeting")
    )
    blocks = [head, f"{meeting}: decisions" + (f"\n{page.published}" if page.published else "")]
    items = [voice.beside(one, None) for one in random.sample(fillers.MINUTES_LINES, random.randint(1, 4))]
    at = random.randint(0, len(items))
    resolved = random.choice(("", "", "RESOLVED: ", "It was noted as follows. "))
    items[at:at] = [resolved + body[0], *body[1:]]
    first = random.randint(1, 40)
    style = random.choice(("#. ", "# ", "Item #: ", "(#) "))
    return blocks + [style.replace("#", str(number)) + item for number, item in enumerate(items, first)]


def notice(random: Random, voice: Voice, story: Story, page: Page) -> list[str]:
    """A notice of labelled lines, one for each contract."""
    blocks = [
        *page.top(),
        *page.dated(random.choice(("Published: *", "Date of publication: *", "Date of dispatch: *", "*"))),
    ]
    if page.publisher:
        blocks.insert(0, page.publisher)
    separator = random.choice((": ", ": ", " - ", ":\n", " | "))
    return blocks + ["\n".join(_lines(random, voice, deal, separator)) for deal in story.deals]


def _lines(random: Random, voice: Voice, deal: Deal, separator: str) -> list[str]:
    heading = mark(f"{deal.key}.stage", random.choice(sentences.STAGE_LABELS[deal.role].split("|")))

    def line(slot: str, words: str) -> str:
        return random.choice(sentences.LABELS[slot.removesuffix("_bare")].split("|")) + separator + capital(words)

    lines = [line("B", "; ".join(one.full for one in deal.buyers))]
    if deal.suppliers:
        lines.append(line("S", " and ".join(one.full for one in deal.suppliers)))
    voice.mentioned |= {one.full for one in (*deal.buyers, *deal.suppliers)}
    slots = [
        "work",
        "sum",
        "term",
        "options",
        "signed_bare",
        "start",
        "end",
        "framework",
        "programme",
        "users",
        "sites",
        "incumbent",
        "partner",
    ]
    for slot in slots:
        template = "{works}" if slot == "work" else f"{{{slot}}}"
        while needs(template) <= set(deal.facts) and random.random() < 0.93:
            if (
                slot == "sum"
                and deal.stage == "tender"
                and deal.facts["value"].qualifier == "about"
                and not deal.facts["value"].per_year
            ):
                label = random.choice(sentences.LABELS["sum_est"].split("|"))
                lines.append(voice.fill(f"<value|{label}{separator}{{sum_est}}>", deal))
            else:
                lines.append(line(slot, voice.fill(template, deal)))
            if slot != "work":
                break
    if deal.role == "ended":
        # "Date of award" of a contract that ended needs no more than its own label.
        lines = [one.replace("Decision", "Contract signed") for one in lines]
    lines += [voice.beside(one, deal) for one in random.sample(fillers.NOTICE_LINES, random.randint(0, 3))]
    first, rest = lines[:1], lines[1:]
    if random.random() < 0.6:
        random.shuffle(rest)
    return [heading, *first, *rest] if random.random() < 0.8 else [*first, heading, *rest]


LAYOUTS: dict[str, tuple[int, Layout, frozenset[str]]] = {
    "news": (30, news, frozenset("single background lots none digest".split())),
    "wire": (14, wire, frozenset("single background lots none".split())),
    "blog": (9, blog, frozenset("single background lots none".split())),
    "press-release": (10, release, frozenset("single background lots none".split())),
    "stock-exchange": (4, exchange, frozenset("single background none".split())),
    "brief": (10, plain_text, frozenset("single background lots none digest".split())),
    "newsletter": (6, digest, frozenset(("digest", "lots"))),
    "bullets": (6, bullets, frozenset(("single",))),
    "questions": (5, questions, frozenset(("single", "background"))),
    "council-minutes": (5, minutes, frozenset(("single", "digest", "lots"))),
    "tender-notice": (7, notice, frozenset(("single", "digest"))),
}
"""By name: weight, function, and the kinds of story that it can hold."""


def laid_out(random: Random, voice: Voice, story: Story, name: str, page: Page) -> list[str]:
    """The blocks of an article, the story told on the way."""
    if name != "tender-notice":
        tell_all(random, voice, story)
    if page.headline is not None:
        # A headline is written last: it may repeat what the text states, or state what the text has left.
        said = headline(random, voice, story)
        if random.random() < 0.07:
            said = _upper(said)
        page.headline = mark("article.headline", said)
    return LAYOUTS[name][1](random, voice, story, page)


def _with_furniture(random: Random, voice: Voice, body: Sequence[str]) -> list[str]:
    """The text with what else is on the page."""
    blocks = list(body)
    if random.random() < 0.45:
        for one in random.sample(fillers.FURNITURE, random.choice((1, 1, 2, 3))):
            blocks.insert(random.randint(1, len(blocks)), voice.beside(one, None))
    if random.random() < 0.18:
        teasers = [voice.beside(one, None) for one in random.sample(fillers.TEASERS, random.randint(2, 4))]
        blocks.append("\n".join([random.choice(fillers.TEASER_HEADINGS), *teasers]))
    return blocks


def _upper(marked: str) -> str:
    """Capitals throughout, paths of marks aside."""
    return "".join(
        part if part.startswith("\ue000") else part.upper() for part in re.split("(\ue000[^\ue001]*\ue001)", marked)
    )


def wrapped(text: str, width: int) -> str:
    """The text in lines of a width, as mail has it."""
    lines = []
    for line in text.split("\n"):
        current = ""
        for word in line.split(" "):
            if current and len(plain(current)) + len(plain(word)) >= width:
                lines.append(current)
                current = word
            else:
                current = f"{current} {word}" if current else word
        lines.append(current)
    return "\n".join(lines)
