"""What dates look like in newspapers, and the words around them that tell whether they are dates.

What they mean is read by `llm_extract.fields.date_readings`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from llm_extract.fields.numbers import NUMBER

_GAP = r"\s{1,2}(?<!\n\n)"
_YEAR = r"(?:19[5-9]|20[0-9])[0-9]"
_SHORT_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_MONTH_NUMBERS = {name.casefold(): number for number, name in enumerate(_SHORT_MONTHS.split("|"), 1)}
MONTH = (
    r"(?-i:(?=[A-Z]))(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|Jun(?:e|\.)?|Jul(?:y|\.)?"
    r"|Aug(?:ust|\.)?|Sep(?:tember|t\.?|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)(?![^\W_])"
)
_WEEKDAY = r"(?-i:(?=[A-Z]))(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day(?![^\W_])"
_SHORT_WEEKDAY = r"(?-i:(?=[A-Z]))(?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\.?(?=,?\s)"
_DAY = r"(?:[12][0-9]|3[01]|0?[1-9])(?![0-9])(?:st|nd|rd|th)?(?![^\W_])"
DAY_TH = r"(?:[12][0-9]|3[01]|[1-9])(?:st|nd|rd|th)"
_SPECIAL_YEAR = "(?:financial|fiscal|tax|academic|school)"
# Not the first half of a pair of years, unless the second number is a day: "2015-31 March 2020".
_PAIRED = rf"[-–/][0-9]{{2}}(?![0-9]|(?:st|nd|rd|th)?\s(?:{_SHORT_MONTHS}))"
_YEAR_END = rf"(?![^\W_])(?!{_PAIRED})(?!\s{_SPECIAL_YEAR}\syear)"
_PART = (
    r"(?:the\s)?(?:very\s|back\s|latter\s)?(?:"
    r"(?:early|late|mid|middle|part|(?:first|second|third|fourth|final|last|[1-4](?:st|nd|rd|th))[\s-](?:half|quarter)"
    r"|H[12]|Q[1-4]|[1-4]Q|[12]H)(?:\sof|\sin)?"
    # "It comes to an end in 2021" does not say when in 2021, "the end of 2021" does.
    r"|(?:start|beginning|(?:year[\s-])?end|close)(?:\sof)?|(?:first|last|final)\sday\sof"
    r"|(?:first|opening|last|closing|final)\s(?:few\s)?(?:days|weeks)\sof)[\s-]"
)
_DEAL = "deal|contract|agreement|award|tender|order|pact|accord|lease"
# "The first of May".
NTH = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "twenty-first",
    "twenty-second",
    "twenty-third",
    "twenty-fourth",
    "twenty-fifth",
    "twenty-sixth",
    "twenty-seventh",
    "twenty-eighth",
    "twenty-ninth",
    "thirtieth",
    "thirty-first",
)
_NTH = "|".join(NTH)
SEASON = "spring|summer|autumn|fall|winter"


def day_number(digits: str) -> int:
    """The number of "3" and "3rd"."""
    return int(digits.rstrip("stndrhSTNDRH"))


def month_number(name: str) -> int:
    """1 for what `MONTH` matches of January, 12 for what it does of December."""
    return _MONTH_NUMBERS[name[:3].casefold()]


@cache
def date_pattern() -> re.Pattern[str]:
    """Everything that looks like a date; what stands around it may tell that it is none."""
    numbers = (
        rf"(?<![-/.])(?:(?P<iso_year>{_YEAR})(?P<iso>[-/.])(?P<iso_month>[0-9]{{2}})(?P=iso)(?P<iso_day>[0-9]{{2}})"
        r"|(?P<first>[0-9]{1,2})(?P<mark>\s/\s|[/.-])(?P<second>[0-9]{1,2})(?P=mark)"
        rf"(?P<number_year>{_YEAR}|(?<=/)[0-9]{{2}})|(?P<slash_month>0[1-9]|1[0-2])/(?P<slash_year>{_YEAR}))(?![0-9]|[-/.][0-9])"
    )
    # Taken whole, so that no half of a pair is read as a year.
    pairs = (
        rf"(?P<pair>(?P<pair_year>{_YEAR})(?:(?=-)|(?=[–/])(?P<no_month>)).(?P<pair_month>[0-9]{{2}})"
        rf"(?<={_YEAR}[-–/]..)(?![^\W_]|(?:st|nd|rd|th)?\s(?:{_SHORT_MONTHS}))|{_YEAR}/{_YEAR}(?![0-9])"
        rf"|(?:FY|{_SPECIAL_YEAR}(?:\syear)?\s)[\s-]?['’]?(?:{_YEAR}|[0-9]{{2}})(?:[-–/][0-9]{{2,4}})?(?![^\W_])"
        rf"|{_YEAR}\s{_SPECIAL_YEAR}\s)"
    )
    month = (
        rf"(?:(?:{_WEEKDAY}|{_SHORT_WEEKDAY}),?{_GAP})?"
        rf"(?:(?:the\s)?(?:(?P<from_day>{_DAY})\s?[-–/]\s?)?(?P<day>{_DAY})(?:{_GAP}(?:day\s)?(?:of\s)?|-))?"
        rf"(?:(?P<from_month>{MONTH})(?:\s?[-–/]\s?|\sor\s))?(?P<month>{MONTH})"
        rf"(?P<tail>{_GAP}(?:the\s)?(?P<day_after>{_DAY})(?![:.,]?[0-9])(?!\s?[ap]\.?m\b)"
        # "May 3-4, 2022": a second day is taken where a year follows, which is that of both.
        rf"(?:(?:\s?[-–/&]\s?|\s(?:to|and|or)\s)(?P<to_day>{_DAY})(?=(?:,?{_GAP}(?:of\s|in\s)?|,){_YEAR}{_YEAR_END}))?)?"
        rf"(?:(?:,?{_GAP}(?:of\s|in\s)?|,|-)(?P<month_year>{_YEAR}){_YEAR_END}"
        rf"|(?:{_GAP}['’]|(?(day)-|(?!)))(?P<short_year>[0-9]{{2}})(?![0-9]|(?:st|nd|rd|th)?\s{{1,2}}(?:{_SHORT_MONTHS}))"
        r"|,?\s(?:of\s|in\s)?(?P<month_which>last|this|next)\syear(?![^\W_])|\s(?P<month_next>next)(?=[.,;:)]|\Z)"
        rf"|(?P<apart>(?:\s[^\W\d_]{{1,20}}){{1,4}},\son\sthe\s(?P<day_apart>{DAY_TH})(?![^\W_]|\sof\s)))?"
    )
    year = (
        rf"(?:(?:the\s)?(?P<season>{SEASON})(?:\sof)?,?\s)?(?:the\s)?(?:(?:calendar\s)?year\s)?"
        rf"(?P<year>{_YEAR}){_YEAR_END}(?:\sQ[1-4](?![^\W_]))?"
    )
    counted = (
        rf"(?:(?:{SEASON})\s)?(?:(?:earlier|later)\s)?(?P<which>last|this(?:\s(?:past|coming))?|next)\s"
        rf"(?:(?P<unit>year|month|week|{SEASON}|night|morning|afternoon|evening)(?![^\W_])"
        rf"|(?P<unit_month>{MONTH})(?:\s(?P<unit_month_day>{_DAY})(?![:.,]?[0-9]))?|(?P<unit_day>{_WEEKDAY}))"
        r"|(?:the\s(?P<now>current\s(?:calendar\s)?)?(?P<current>year|month)|(?:the\s)?(?P<the_season>spring|summer|autumn|fall))(?![^\W_])"
    )
    # "The 2nd instant", "the 4th of this month".
    of_month = (
        rf"(?:the\s)?(?P<of_month_day>{_DAY})\s(?:(?P<old_style>inst(?:ant)?|ult(?:imo)?|prox(?:imo)?)"
        r"|of\s(?P<of_month>this|last|next)\smonth)(?![^\W_])"
    )
    holiday = (
        r"(?P<holiday>New\sYear['’]s\s(?:Day|Eve)|Christmas(?:\s(?:Day|Eve))?|Boxing\sDay|Valentine['’]s\sDay)"
        rf"(?![^\W_])(?:,?\s(?:of\s|in\s)?(?P<holiday_year>{_YEAR})(?![^\W_]))?"
    )
    return re.compile(
        # What a date can begin with; passing over all other words here saves most of the time.
        rf"(?<![\w£$€#@&])(?<![0-9][.,])(?=[0-9]|(?-i:(?=[A-Z]))(?:{_SHORT_MONTHS}|Mon|Tue|Wed|Thu|Fri|Sat|Sun|FY"
        r"|New\sYear|Christmas|Boxing|Valentine)"
        r"|(?:the\s)?(?:[0-9]|early|late|mid|start|begin|end|clos|open|part|fi[rns]|second|third|fourth|[hq][1-4]|back"
        rf"|very|last|this|next|ye[as]|to[dmn]|day\s[ab]|{SEASON}|{_SPECIAL_YEAR})|the\s(?:latter|calendar|month|current|{_NTH}))"
        rf"(?:{numbers}|{pairs}|{of_month}|(?P<part>{_PART})?"
        rf"(?:(?:the\s|(?<=from\s)|(?<=on\s)|(?<=by\s)|(?<![\w-]))(?P<nth>{_NTH})\s(?:day\s)?of\s(?=(?-i:(?=[A-Z]))(?:{_SHORT_MONTHS})|(?:last|this|next)\smonth))?"
        rf"(?:{month}|{year}|{counted})"
        rf"|(?P<weekday>{_WEEKDAY})(?:\s(?:of\s)?(?P<of_week>last|this|next)\sweek(?![^\W_]))?|{holiday}|(?P<near>(?:the\s)?day\s(?:before\syesterday|after\stomorrow)|yesterday|today|tomorrow|tonight|year[\s-]end)(?![^\W_]))",
        re.IGNORECASE,
    )


class Surroundings(NamedTuple):
    """What is looked for right after a match that is a date only in some surroundings."""

    counted: re.Pattern[str]
    clause: re.Pattern[str]
    deal: re.Pattern[str]
    deal_of: re.Pattern[str]
    """Right before the match."""
    other_year: re.Pattern[str]
    to_year: re.Pattern[str]
    name: re.Pattern[str]
    no_weekday: re.Pattern[str]
    term_to: re.Pattern[str]
    """Right before the match: "to" after a word that says that a term lasts, or words as clear."""
    early_as: re.Pattern[str]
    """The same: "as early as", "ends with"."""
    prolonged_to: re.Pattern[str]
    """The same as `term_to`, for a year only."""
    unread_year: re.Pattern[str]
    """Right after the match: a year that is not read, of long ago or the first of a pair, or that of several days."""
    following: re.Pattern[str]
    """Right before the match: it is counted from another date, as "the following Monday" is."""
    beside: re.Pattern[str]
    """Right before the match: another day is meant that lies beside it, as in "the day after 3 May"."""
    farther: re.Pattern[str]
    """Right after a weekday: a later or an earlier one, as in "Monday week"; group `next` if it is only the next."""
    ago: re.Pattern[str]
    """Right before the match: how long ago the day is that it is counted from, as in "three years ago this week"."""


@cache
def surroundings() -> Surroundings:
    """The patterns, compiled once."""
    return Surroundings(
        counted=re.compile(
            r"\s?%|\s?(?:per\s?cent|thousand|million|billion|[mb]n?|k|GMT|BST|UTC|hours|hrs|miles|staff|people"
            r"|personnel|users|employees|seats|servers|workers|jobs|devices|laptops|desktops|PCs|pounds|euros"
            r"|dollars|days|licen[cs]es|customers|items|schools|homes|sites|places|stores|shops|branches"
            r"|locations|offices|properties|cases|of\s(?:the|its|our|their|them))(?![^\W_])",
            re.IGNORECASE,
        ),
        clause=re.compile(
            rf"\s*(?:\Z|[.,;:)\]–—](?![0-9])|(?:and|or|to|until|till)\s(?:the\s)?(?:{_YEAR}(?![^\W_]|[,.][0-9])"
            r"|[^\W0-9])|(?:onwards?|when|which|with|for|in|as|at|by|but|after|before|the|an?|its?|is|was|were"
            r"|will|had|has|have|on|under|through|because|while|that|if|then|we|they|he|she|you|there|this"
            r"|our|their|from|since|until)(?![^\W_]))",
            re.IGNORECASE,
        ),
        deal=re.compile(rf"\s(?:{_DEAL}|framework|procurement|predecessor)(?![^\W_])"),
        deal_of=re.compile(rf"(?<![^\W_])(?:{_DEAL})\sof\s\Z"),
        other_year=re.compile(
            r"\s(?:(?:of\s|in\s)?(?:that|the\s(?:same|following|next|previous))\syear|the\syear\s(?:after|before)|following(?=[.,;:)]|\Z))(?![^\W_])"
        ),
        to_year=re.compile(rf"\s?[-–—]\s?{_YEAR}(?![^\W_]|-)"),
        name=re.compile(r"['’]s|\s[A-Z]"),
        no_weekday=re.compile(
            rf"\s(?:Times|Telegraph|Mirror|Express|Herald|Post|Mail|World|Sport)|\s?(?:to|-|–)\s?{_WEEKDAY}"
        ),
        term_to=re.compile(
            r"(?<![^\W_])(?:(?:runs?|running|lasts?|lasting|extends?|extended|extending|extension|renewed|prolonged"
            r"|continues?|contract|deal|agreement)\sto(?:\sat\sleast)?|(?:until|till)\sat\sleast"
            r"|expir(?:es?|ing)|back\sto)\s\Z",
            re.IGNORECASE,
        ),
        early_as=re.compile(r"(?<![^\W_])(?:as\s(?:early|late|soon)\sas|(?:ends?|expires?)\swith)\s\Z", re.IGNORECASE),
        prolonged_to=re.compile(
            r"(?<![^\W_])(?:(?:years?|months?|term),?\s(?:up\s)?to"
            r"|(?:extend|renew|prolong)(?:s|ed|ing)?(?:\s[^\W0-9_]+){1,4}\sto)\s\Z",
            re.IGNORECASE,
        ),
        unread_year=re.compile(
            r"(?:(?:,\s|,?\s(?:and|or)\s)[0-9]{1,2}(?:st|nd|rd|th)?(?![0-9])){0,4}"
            r"(?:,?\s(?:of\s|in\s)?|[,-])(?:1[6-9]|2[01])[0-9]{2}(?![^\W_]|[.,][0-9])",
            re.IGNORECASE,
        ),
        following=re.compile(r"(?<![^\W_])(?:the|that)\s(?:following|previous|preceding|next)\s\Z", re.IGNORECASE),
        beside=re.compile(
            r"(?<![^\W_])(?:the|an?)\s(?:day|night|evening|morning|(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
            r"\s(?:after|before)\s\Z",
            re.IGNORECASE,
        ),
        farther=re.compile(
            r"\s(?:(?P<next>next)(?=[.,;:)]|\Z)|(?:week|fortnight|next|(?:after|before)\s(?:last|next|that))(?![^\W_]|-))",
            re.IGNORECASE,
        ),
        ago=re.compile(
            rf"(?<![^\W_])(?:(?P<vague>almost|nearly|about|around|some|roughly|over|than|least)\s)?"
            rf"(?:(?P<count>{NUMBER}|an?)\s(?P<unit>year|month|week|day)s?\s)?ago\s(?:(?:on|in|at)\s)?\Z",
            re.IGNORECASE,
        ),
    )
