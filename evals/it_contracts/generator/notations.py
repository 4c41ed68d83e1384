"""Sums, dates, terms and counts as newspapers write them, together with what they state."""

# ruff: noqa: SIM905 - lists of words read best as one string
from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from llm_extract.fields.partial_dates import add_months

SMALL = (
    "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
TENS = ".. .. twenty thirty forty fifty sixty seventy eighty ninety".split()
MONTHS = "January February March April May June July August September October November December".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()

SUMS: dict[str, dict[str, tuple[str, ...]]] = {
    "sign": {"GBP": ("£*",), "EUR": ("€*",), "USD": ("$*",)},
    "words": {"GBP": ("* pounds",), "EUR": ("* euros", "* euro"), "USD": ("* dollars",)},
    "code": {"": ("? *", "* ?")},
    "us": {"USD": ("US$*", "US$ *", "USD *", "US$*")},
    "C": {"CAD": ("C$*", "Cdn$*")}, "CA": {"CAD": ("CA$*",)}, "A": {"AUD": ("A$*",)}, "AU": {"AUD": ("AU$*",)},
    "NZ": {"NZD": ("NZ$*",)}, "S": {"SGD": ("S$*",)}, "bare": {"": ("$*",)},
    "crore": {"INR": ("Rs * crore", "₹* crore", "Rs. * crore", "Rs.* crore", "INR * crore")},
    "lakh": {"INR": ("Rs * lakh", "₹* lakh")},
    "rupee": {"INR": ("Rs *", "₹*", "* rupees", "INR *")},
    "R": {"ZAR": ("R*", "R *")}, "rand": {"ZAR": ("* rand",)},
    "sh": {"KES": ("KSh*", "KSh *")}, "naira": {"NGN": ("₦*", "* naira")}, "N": {"NGN": ("N*",)},
    "SEK": {"SEK": ("SEK *", "SEK*", "* SEK")}, "kronor": {"SEK": ("* Swedish kronor",)},
    "DKK": {"DKK": ("DKK *", "* DKK")}, "kroner": {"DKK": ("* Danish kroner",)}, "Dh": {"AED": ("Dh*", "Dhs *")},
}  # fmt: skip
"""Notation → currency → patterns: `*` is the number, `?` the code."""
SCALES = {"INR": 60, "KES": 110, "NGN": 700, "SEK": 12, "DKK": 8, "ZAR": 18, "AED": 4}
WORDY = {"words", "rand", "kronor", "kroner"}
"""Notations that end with a noun, which have no short scale ("£3m" but not "3m pounds")."""
SHORT_SCALE = {"sign", "us", "C", "CA", "A", "AU", "NZ", "S", "bare", "R", "sh", "N", "naira", "Dh"}

QUALIFIERS = {
    "exact": ("",),
    "about": (
        "about ",
        "around ",
        "some ",
        "nearly ",
        "roughly ",
        "almost ",
        "an estimated ",
        "approximately ",
        "close to ",
    ),
    "up_to": ("up to ", "as much as ", "a maximum of ", "no more than ", "not more than "),
    "at_least": ("more than ", "over ", "at least ", "a little over ", "upwards of ", "in excess of "),
}


class Sum(NamedTuple):
    """A sum of money; `notation` is how the article writes it."""

    amount: int
    currency: str
    notation: str
    qualifier: str = "exact"
    per_year: bool = False

    def label(self) -> dict[str, object]:
        """As the record holds it."""
        found = {"amount": self.amount, "currency": self.currency, "qualifier": self.qualifier}
        return found | ({"per_year": True} if self.per_year else {})


def some_amount(random: Random, currency: str, notation: str, low: float = 4.6, high: float = 8.3) -> int:
    """An amount that people would spend on IT, the small ones likelier."""
    raw = 10 ** random.uniform(low, high) * SCALES.get(currency, 1)
    if notation in ("crore", "lakh"):
        unit = 10_000_000 if notation == "crore" else 100_000
        raw = raw if notation == "crore" else min(raw, 99 * unit)
        count = max(1.1, raw / unit)
        return round((round(count, 1) if count < 30 else round(count)) * unit)
    digits = random.choice((1, 2, 2, 2, 3, 3, 7))
    size: int = 10 ** max(0, len(str(int(raw))) - digits)
    return max(1, round(raw / size)) * size


def some_sum(random: Random, currency: str, notation: str, qualifier: str = "exact", per_year: bool = False) -> Sum:
    """A sum of a believable size."""
    return Sum(some_amount(random, currency, notation), currency, notation, qualifier, per_year)


def cardinal(number: int) -> str:
    """A number below a hundred in words."""
    if number < len(SMALL):
        return SMALL[number]
    return TENS[number // 10] + (f"-{SMALL[number % 10]}" if number % 10 else "")


def _scaled(amount: int, unit: int) -> str:
    return f"{amount / unit:.6f}".rstrip("0").rstrip(".")


def number_words(random: Random, amount: int, notation: str) -> str:
    """The number of a sum, with its scale."""
    if notation in ("crore", "lakh"):
        return _scaled(amount, 10_000_000 if notation == "crore" else 100_000)
    unit, short, word = (10**9, "bn", " billion") if amount >= 10**9 else (10**6, "m", " million")
    scaled = _scaled(amount, unit)
    if amount < 10**6 or len(scaled.replace(".", "")) > 4:
        if notation in SHORT_SCALE and amount < 10**6 and amount % 1000 == 0 and random.random() < 0.12:
            return f"{amount // 1000}k"
        return f"{amount:,}"
    if notation in WORDY and scaled.isdigit() and int(scaled) < 100 and random.random() < 0.4:
        return cardinal(int(scaled)) + word
    if random.random() < 0.06:
        return f"{amount:,}"
    return scaled + (short if notation in SHORT_SCALE and random.random() < 0.55 else word)


def bare_sum(random: Random, money: Sum, *, before_noun: bool = False) -> str:
    """The sum without qualifier or period: "£3.4m"; before a noun "3.4 million pound"."""
    by_currency = SUMS[money.notation]
    pattern = random.choice(by_currency.get(money.currency) or by_currency[""])
    number = number_words(random, money.amount, money.notation)
    if before_noun:
        pattern = re.sub(r"(?<=pound|.euro|ollar|rupee)s$", "", pattern)
    return pattern.replace("*", number).replace("?", money.currency)


def sum_words(random: Random, money: Sum) -> str:
    """The sum with its qualifier and period: "up to £3.4m a year"."""
    qualifier = random.choice(QUALIFIERS[money.qualifier])
    period = random.choice((" a year", " per year", " per annum", " annually", " each year")) if money.per_year else ""
    return qualifier + bare_sum(random, money) + period


# -- terms ---------------------------------------------------------------------------------------------

TERMS = (12, 12, 18, 24, 24, 30, 36, 36, 36, 48, 48, 60, 60, 60, 72, 84, 84, 96, 120, 120, 144, 180, 6, 9)
OPTIONS = ((1, 12), (1, 12), (1, 24), (1, 24), (2, 12), (2, 12), (2, 24), (3, 12), (1, 36), (1, 60), (1, 6), (2, 6))


def term_words(random: Random, months: int) -> str:
    """A length of time as a noun: "five years"."""
    years, rest = divmod(months, 12)
    if months == 120 and random.random() < 0.25:
        return "a decade"
    if rest == 6 and years in (1, 2) and random.random() < 0.4:
        return f"{cardinal(years)} and a half years"
    if rest or random.random() < 0.1:
        return f"{months} months" if months > 10 or random.random() < 0.5 else f"{cardinal(months)} months"
    if years == 1:
        return random.choice(("one year", "12 months", "twelve months", "1 year", "one year"))
    count = cardinal(years) if years < 11 and random.random() < 0.75 else str(years)
    return f"{count} years"


def term_adjective(random: Random, months: int) -> str:
    """A length of time before a noun: "five-year"."""
    years, rest = divmod(months, 12)
    if months == 120 and random.random() < 0.2:
        return "decade-long"
    if rest or (years < 4 and random.random() < 0.15):
        return f"{months}-month" if months > 10 or random.random() < 0.5 else f"{cardinal(months)}-month"
    return f"{cardinal(years)}-year" if years < 11 and random.random() < 0.7 else f"{years}-year"


def option_words(random: Random, count: int, months: int) -> str:
    """Optional extensions as a noun: "the option of two further one-year extensions"."""
    each, adjective = term_words(random, months), term_adjective(random, months)
    many = cardinal(count)
    if count == 1:
        return random.choice(
            (
                f"an option to extend for a further {each}", f"an option to extend it by {each}",
                f"the option of a {adjective} extension", f"the option of a further {each}", f"a {adjective} option",
                f"an optional {adjective} extension", f"a possible extension of {each}", f"an option for {each} more",
                f"the possibility of a {adjective} extension",
            )
        )  # fmt: skip
    return random.choice(
        (
            f"the option of {many} {adjective} extensions", f"{many} optional extensions of {each} each",
            f"{many} {adjective} options", f"options for {many} further {adjective} periods",
            f"the possibility of {many} {adjective} extensions", f"{many} {adjective} extension options",
            f"{many} optional further terms of {each}",
        )
    )  # fmt: skip


# -- dates ---------------------------------------------------------------------------------------------


class Said(NamedTuple):
    """A date in words: what it states, and whether it needs the page's date."""

    words: str
    """Without a preposition: "3 March 2019", "last month"."""
    on: str
    """With one: "on 3 March 2019", "last month"."""
    value: str
    anchored: bool = False


class Calendar(NamedTuple):
    """How an article writes dates, and the day it appeared if it says so."""

    published: date | None
    style: str

    def day(self, day: date, year: bool = True) -> str:
        """A day: "3 March 2019"."""
        month = MONTHS[day.month - 1]
        if self.style in ("mdy", "m.dy"):
            if self.style == "m.dy" and len(month) > 5:
                month = ("Sept" if day.month == 9 else month[:3]) + "."
            return f"{month} {day.day}, {day.year}" if year else f"{month} {day.day}"
        ending = "th"
        if self.style == "ordinal" and day.day not in (11, 12, 13):
            ending = {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
        month = month[:3] if self.style == "short" else month
        number = f"{day.day}{ending}" if self.style == "ordinal" else str(day.day)
        return f"{number} {month} {day.year}" if year else f"{number} {month}"


def _months_between(earlier: date, later: date) -> int:
    return (later.year - earlier.year) * 12 + later.month - earlier.month


def _relative(random: Random, day: date, calendar: Calendar) -> list[Said]:
    """What can be said of a day only because the page is dated."""
    today = calendar.published
    if today is None:
        return []
    found: list[Said] = []
    month, year = day.isoformat()[:7], str(day.year)
    ago, apart = (today - day).days, _months_between(day, today)
    name = MONTHS[day.month - 1]

    def add(words: str, value: str, preposition: str = "") -> None:
        found.append(Said(words, f"{preposition} {words}".strip(), value, True))

    if ago == 0:
        add("today", day.isoformat())
    elif ago == 1:
        add("yesterday", day.isoformat())
    if 1 <= ago <= 6:
        add(DAYS[day.weekday()], day.isoformat(), "on")
        if day.weekday() > today.weekday():  # in the week before: of one in this week people say something else
            add(f"last {DAYS[day.weekday()]}", day.isoformat())
    if ago >= 2 and apart == 0:
        add("earlier this month", month)
    if apart == 1:
        add("last month", month)
    if 20 <= ago <= 150 and apart > 0:
        add(calendar.day(day, year=False), day.isoformat(), "on")
        add(name, month, "in")
    if apart > 2 and day.year == today.year:
        add("earlier this year", year)
    if day.year == today.year - 1:
        add("last year", year)
    if ago < -1 and apart == 0:
        add("later this month", month)
    if apart == -1:
        add("next month", month)
    if -100 <= ago <= -10 and -4 < apart < 0:
        add(calendar.day(day, year=False), day.isoformat(), "on")
        add(name, month, "in")
    if -12 < apart < -2:
        add(f"next {name}", month)
    if day.year == today.year + 1 and apart < -2:
        add("next year", year)
        add("early next year", year)
    if apart < -2 and day.year == today.year:
        add("later this year", year)
    return found


def say_date(random: Random, day: date, calendar: Calendar, relative: bool = True) -> Said:
    """A day in words, with the precision that these have."""
    nearby = _relative(random, day, calendar) if relative else []
    if nearby and random.random() < 0.55:
        return random.choice(nearby)
    month = f"{MONTHS[day.month - 1]} {day.year}"
    last = day.day == monthrange(day.year, day.month)[1]
    roll = random.random()
    if roll < 0.58:
        words = calendar.day(day)
        return Said(words, f"on {words}", day.isoformat())
    if roll < 0.82:
        return Said(month, f"in {month}", day.isoformat()[:7])
    if roll < 0.86 and day.month == 12 and last:
        return Said(f"the end of {day.year}", f"at the end of {day.year}", f"{day.year}-12")
    if roll < 0.9:
        part = random.choice(("early" if day.month < 5 else "mid" if day.month < 9 else "late",))
        dash = "-" if part == "mid" else " "
        return Said(f"{part}{dash}{day.year}", f"in {part}{dash}{day.year}", str(day.year))
    if roll < 0.93:
        quarter = ("first", "second", "third", "fourth")[(day.month - 1) // 3]
        words = f"the {quarter} quarter of {day.year}"
        return Said(words, f"in {words}", str(day.year))
    return Said(str(day.year), f"in {day.year}", str(day.year))


def later(day: date, months: int) -> date:
    """The last day of a term that begins on a day."""
    end = add_months(day.isoformat(), months)
    return date.fromisoformat(str(end)) - timedelta(days=1)


def clean_day(random: Random, day: date) -> date:
    """The day itself, or the first of its month, as terms like to begin."""
    return day.replace(day=1) if random.random() < 0.65 else day


# -- counts --------------------------------------------------------------------------------------------


def some_count(random: Random, low: float = 1.3, high: float = 4.6) -> int:
    """A number of people, round more often than not."""
    raw = int(10 ** random.uniform(low, high))
    size: int = 10 ** max(0, len(str(raw)) - random.choice((1, 2, 2, 3)))
    return max(12, raw // size * size)


def count_words(random: Random, count: int, noun: str) -> str:
    """A number of people with their noun, qualified or not."""
    before = random.choice(("", "", "", "", "some ", "about ", "more than ", "around ", "nearly ", "up to ", "all "))
    if count % 10:
        before = ""
    return f"{before}{count:,} {noun}"
