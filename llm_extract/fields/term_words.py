"""The words that lengths of time are made of, and those around them that tell terms from other times.

Each function gives a compiled pattern; "before" ones end where the term begins, "after" ones begin where it ends.
What they mean together is told in `llm_extract.fields.durations`.
"""

from __future__ import annotations

import re
from functools import cache

from llm_extract.fields.numbers import AFTER_ARTICLE, NUMBER

_COUNT = rf"(?>{NUMBER})"  # atomic: no part of a number is tried again
_UNIT = r"(?:years?|yrs?|months?|weeks?|decades?)(?![^\W_])"
_AGAIN = rf"(?>\s?\(0?(?:{NUMBER})\))"  # "four (4) years"
_ADJECTIVE = (
    "(?:further|more|additional|extra|optional|possible|potential|consecutive|successive|separate|subsequent"
    "|added|base|option|extension)"
)
# What a number of optional terms is called, and what a number of any terms is called.
_OPTIONS = r"(?:extensions?|options?|renewals?|prolongations?|rights?\sof\s(?:renewal|extension|prolongation))"
_PERIODS = rf"(?:{_OPTIONS}|periods?|terms?|occasions?|increments?|spans?|lots?|blocks?|tranches?)"
# Words that may stand between "option" and the term.
_FILLER = (
    r"(?:of|to|for|by|up|an?|the|it|this|that|which|with|on|over|in|at|its|their|extend|extended|extending|extensions?"
    r"|renew|renewed|renewing|renewals?|prolong(?:ed|ing|ations?)?|continue|contract|agreement|deal|arrangement|framework|terms?"
    r"|periods?|further|another|additional|extra|more|least|most|maximum|minimum|total|possible|potential"
    r"|optional|options?|same|each|then|be|is|being|also|add|ask|take|run|until|beyond|after|initial|again|services?|annually"
    r"|yearly|no|not|totall?ing|than|as|many|long|time|more|once|twice|thrice|(?:three|four|five|six|[2-6])\stimes"
    r"|two\stimes(?=\s?\Z))"
)
_MAY = (
    r"(?:(?:may|can|could|might)(?:,\s[^.,;:!?0-9\n]{1,40},)?\s(?:then\s|also\s|later\s)?(?:be\s)?"
    r"|(?:entitled|free|able|allowed|(?:room|provision|scope)(?:\sfor\s(?:[^\W\d_]+\s){0,2}[^\W\d_]+)?)\sto\s(?:be\s)?)"
)
_MODAL = rf"{_MAY}(?:(?:extend|renew|prolong|lengthen|stretch)(?:ed)?|(?<=be\s)(?:continued|carried\son|kept\son))"
_GAP = r"[^.;:!?0-9\n]{0,60}?"
_CHOICE = r"(?:option|choice|choosing|discretion|election|request|pleasure|wish|will)"
# "Can keep the company on for", "may add": only what follows tells whether an extension is meant.
_MAY_GO_ON = (
    rf"(?:{_MAY}(?:(?:continued?|keep|kept|retain(?:ed)?|carr(?:y|ied)|go|run|stay|extend(?:ed)?|renew(?:ed)?|prolong(?:ed)?"
    rf"|lengthen(?:ed)?|stretch(?:ed)?)(?![^\W_]){_GAP}(?<![^\W_])(?:by|for)"
    r"|add|tack\son|take(?:\sup)?|call|order|buy|ask\sfor|exercise))"
)
_CUE = (
    r"(?:(?:options?|right|possibility|(?:scope|provision)(?!\sof(?![^\W_]))|ability|room|liberty|freedom|leave)(?![^\W_])[^.;:!?0-9]{0,60}?(?<![^\W_])(?:extend|renew|prolong)"
    r"(?:ed|ing)?|options?|optional(?:ly)?|possibl[ey]|possibility|possibilities|potential(?:ly)?|right|scope(?!\sof(?![^\W_]))|ability"
    r"|(?:extensions|renewals|prolongations?)(?=:|\sof(?![^\W_]))"
    r"|(?:chance|prospect)(?=\s(?:of|to)\s)"
    rf"|provisions?(?=\s(?:for|to)(?![^\W_]))|extend[ai]ble|extensible|renewable|{_MODAL})"
)
# "Two irrevocable options of a year".
_OTHER_ADJECTIVE = rf"(?:(?!{_PERIODS}|of\s|and\s|to\s)[^\W\d_]{{3,20}}\s(?={_OPTIONS}))?"
_FILLERS = rf"(?:[\s,(:]{{1,3}}{_FILLER}(?![^\W_]))*[\s,(:]*"
_OWN = r"\s(?:contract|deal|agreement|arrangement|lease|licen[cs]e|framework|pact|accord|(?P<term>term))(?![^\W_])"
_PLUS = r"[\s,(]*(?:plus|\+|and\sthen|followed\sby)"

NOT_COUNTING = (
    r"(?!\s(?!(?:years?|months?|if|at|after|by|to|for|from|in|on|and|or|but|should|when|where|with|provided|unless|as"
    r"|depending|subject|is|are|can|could|may|might|would|before|until|optional|possible|available)(?![^\W_]))[^\W\d_])"
)
"""After "two more": nothing else is counted, as in "two more ships"."""

_FEW = r"(?:1[0-2]|[1-9]|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?![^\W_])"


@cache
def terms() -> re.Pattern[str]:
    """A length of time with its number, a range of them, or terms added up."""
    ranges = (
        rf"(?P<range>(?P<between>between\s(?:an?\s)?)?{_COUNT}{_AGAIN}?(?:[-‐‑\s]{_UNIT})?"
        r"(?(between)\sand\s(?:an?\s)?|(?:\s?[-‐‑–—]\s?|[-‐‑\s]{1,2}(?:to|or)[-‐‑\s]))"
        rf"{_COUNT}{_AGAIN}?[-‐‑\s]{_UNIT})"
    )
    added = (
        rf"(?P<first>{_COUNT})(?P<added>(?:(?:\s?\(?\+\s?\(?|[-‐‑\s]plus[-‐‑\s]|\sand\sthen\s){_COUNT}){{1,4}}+)\)?"
        rf"(?:[-‐‑\s](?P<added_unit>{_UNIT})|\s(?:contract|deal|agreement|arrangement|basis|pattern|model|terms?)(?![^\W_])"
        r"|(?<=[0-9]\+[0-9]\+[0-9])(?!\w|[-+=*/‐‑]|\s[+=]|[.,][0-9]))"
    )
    term = (
        rf"(?:(?P<times>{_FEW}|both(?![^\W_])){_AGAIN}?(?:\s(?P<times_kind>(?:{_ADJECTIVE}\s){{0,2}})"
        rf"(?:{_OTHER_ADJECTIVE}(?P<periods>{_PERIODS})(?:(?:,?\seach)?,?\sof\s(?:up\sto\s)?|(?P<comma>,\s))"
        rf"|(?P<each>{_OPTIONS}),?\seach\s(?:[^\W\d_]+\s){{0,5}}?(?:by|for)\s(?:up\sto\s)?)?"
        r"|\s(?P<by>[x×])\s|(?<=both)\s(?:of\s)?(?:the|its|their|these)\s"
        r"|(?P<of>(?:\s(?:more|further),?|,)\sof\s)))?"
        rf"(?P<count>{_COUNT}|[1-9][0-9]?(?=yr)|another|half\san?|an?|single(?=-))(?P<again>{_AGAIN})?(?:[-‐‑\s]|(?=yr)"
        rf"|\s(?P<kind>(?:{_ADJECTIVE}\s){{1,2}}))(?:(?:calendar|gregorian|single|full|whole)\s)?(?P<unit>{_UNIT})"
        rf"(?:(?P<lasting>-long)|\sand\sa\s(?P<half>half)(?![^\W_])"
        rf"|(?:,|\sand)?\s(?P<months>{_FEW})\smonths?(?![^\W_])|(?P<more>\smore)(?![^\W_]|\sthan))?(?(comma)\s(?:each|apiece)(?![^\W_]))"
        r"|(?P<long>year|decade)[-‐‑\s]long"
    )
    return re.compile(
        # What a term can begin with; passing over all other words here saves more than half of the time.
        r"(?<![^\W_])(?<![0-9][.,])(?=[0-9½¼¾]|one|two|t(?:en|hree|hirt|wel|wen)"
        r"|f(?:our|iv|if|ort)|s(?:ix|ev)|eigh|nine|elev"
        rf"|half|both|single-|an?(?:{AFTER_ARTICLE}|[\s‐‑-](?:\(|year|yr|month|week|decade|{_ADJECTIVE}))|another|between"
        r"|(?:year|decade)[‐‑\s-]long)"
        rf"(?:{ranges}|{added}|{term})",
        re.IGNORECASE,
    )


@cache
def plain_options() -> re.Pattern[str]:
    """What a number of optional terms is called."""
    return re.compile(_OPTIONS, re.IGNORECASE)


@cache
def unit() -> re.Pattern[str]:
    """What a text without which states no length of time."""
    return re.compile(r"year|yr|month|week|decade|[0-9]\s?\(?\+", re.IGNORECASE)


@cache
def option_before() -> re.Pattern[str]:
    """Words that make a term optional."""
    return re.compile(rf"(?<![^\W_]){_CUE}(?![^\W_]){_FILLERS}\Z", re.IGNORECASE)


@cache
def further_before() -> re.Pattern[str]:
    """Words that make an extension of a term that is said to be a further one, or one of several."""
    further = r"(?:a\s)?(?:further|another|additional|extra)\s(?:(?:period|term|spell|stretch)\sof\s(?:up\sto\s)?)?"
    return re.compile(
        rf"(?<![^\W_])(?:{_MAY_GO_ON}(?![^\W_]){_FILLERS}"
        rf"|exercise(?![^\W_]){_FILLERS}|options?(?![^\W_]){_GAP}(?<![^\W_])(?:{further})?)\Z",
        re.IGNORECASE,
    )


@cache
def gone_on_before() -> re.Pattern[str]:
    """ "May be extended, if both agree, by": what follows is an extension, further or not."""
    return re.compile(
        rf"(?<![^\W_])(?:{_MODAL}|extend[ai]ble|renewable)(?![^\W_]){_GAP}(?<![^\W_])(?:by|for)(?![^\W_]){_FILLERS}\Z",
        re.IGNORECASE,
    )


@cache
def further_word() -> re.Pattern[str]:
    """A word that tells a further term."""
    return re.compile(
        r"(?<![^\W_])(?:further|another|additional|extra)\s(?:(?:period|term|spell|stretch)\sof\s(?:up\sto\s)?)?\Z",
        re.IGNORECASE,
    )


@cache
def done_before() -> re.Pattern[str]:
    """ "It was extended for two further one-year periods": no option any more."""
    return re.compile(
        r"(?<![^\W_])(?<!be\s)(?:(?:extended|renewed|prolonged|lengthened)\s(?:by|for)|(?:after|following|had|completed))"
        r"\s(?:the\s|all\s|both\s)?\Z",
        re.IGNORECASE,
    )


@cache
def used_before() -> re.Pattern[str]:
    """Options that have been used are terms like any other."""
    article = (
        r"(?:(?:an?|the|its|their|that|this|all|both|of)\s)?(?:(?:first|second|third|fourth|final|last|remaining)\s)?"
    )
    return re.compile(
        r"(?<![^\W_])(?<!may\s)(?<!can\s)(?<!could\s)(?<!might\s)(?<!to\s)"
        rf"(?:exercis(?:es?|ed|ing)|t(?:akes|ook|aken|aking)\sup|us(?:es|ed|ing)|triggered|activated)\s{article}\Z",
        re.IGNORECASE,
    )


@cache
def with_before() -> re.Pattern[str]:
    """Words that make an extension optional which the words after its term name."""
    return re.compile(rf"(?:(?<![^\W_])(?:with|plus|including)(?![^\W_])|\+){_FILLERS}\Z", re.IGNORECASE)


@cache
def plus_between() -> re.Pattern[str]:
    """Between an initial term and an extension that is added to it."""
    return re.compile(rf"{_PLUS}{_FILLERS}\Z", re.IGNORECASE)


@cache
def up_to_between() -> re.Pattern[str]:
    """ "Four years, and up to two more years": who sets a limit leaves the choice."""
    return re.compile(r"['’]?[\s,(]*(?:(?:and|with|plus)\s)?(?:then\s)?up\sto\s\Z", re.IGNORECASE)


@cache
def and_between() -> re.Pattern[str]:
    """Between two extensions that are added up: "and", if the second says that it is one (group `again`)."""
    again = r"(?:another|further|additional|extra|more|second|then|plus|\+|followed\sby)(?![^\W_])"
    link = rf"(?:and|by|an?|the|of|{_PERIODS})(?![^\W_])[\s,(]*"
    return re.compile(
        rf"['’]?(?:\s{_PERIODS})?[\s,(]*(?:{link}){{0,4}}(?P<again>(?:{again}|{_CUE}(?![^\W_])){_FILLERS})?\Z",
        re.IGNORECASE,
    )


@cache
def option_after() -> re.Pattern[str]:
    """Words that make a term optional."""
    return re.compile(
        r"['’]?\s(?:(?:optional|possible|potential)(?:\s(?:extensions?|renewals?|terms?|periods?))?"
        r"|(?:(?:extension|renewal)\s)?options?|extensions?\s(?:(?:is|are)\s)?(?:possible|available|optional)"
        r"|at\s(?:(?:the|its|their|our|his|her)\s)?(?:[^\W\d_]+(?:['’]s|s['’])\s)?(?:sole\s)?(?:option|election))"
        r"(?![^\W_])",
        re.IGNORECASE,
    )


@cache
def further_after() -> re.Pattern[str]:
    """After a term that is said to be a further one, or one of several: what makes it optional."""
    return re.compile(
        rf"['’]?(?:\s{_PERIODS})?(?:\s(?:each|apiece))?,?\s(?:(?:is|are|was|were)\s"
        r"(?:optional|possible|available|wanted|needed|required|exercised|taken\sup)"
        r"|(?:is|are|has\sbeen|have\sbeen)\s(?:foreseen|provided\sfor)"
        r"|(?:can|could|may|might)\s(?:then\s|also\s)?(?:follow"
        r"|be\s(?:had|added|tacked\son|taken|exercised|called|bought|ordered|granted))"
        rf"|(?:only\s)?if|at\s[^.;:!?\n]{{0,40}}(?<![^\W_]){_CHOICE})(?![^\W_])",
        re.IGNORECASE,
    )


@cache
def periods_after() -> re.Pattern[str]:
    """What several terms are called; group `options` if they are optional by it."""
    return re.compile(
        rf"['’]?\s(?:{_ADJECTIVE}\s)?(?:(?P<options>extensions|renewals|prolongations|options)|periods|terms)(?![^\W_])",
        re.IGNORECASE,
    )


@cache
def used_after() -> re.Pattern[str]:
    """What tells that options have been used."""
    return re.compile(
        r"\s(?:(?:has|have|had)\s(?:already\s|both\s|all\s)?been|was|were)\s"
        r"(?:used|taken|exercised|agreed|granted|activated|triggered)(?![^\W_])",
        re.IGNORECASE,
    )


@cache
def often_after() -> re.Pattern[str]:
    """How often a term may be added, said after it."""
    return re.compile(
        r"(?:\s(?:each|apiece))?,?\s(?:(?:(?:up\sto|at\smost|no\smore\sthan)\s)?"
        rf"(?:(?P<twice>twice)|(?P<often>{_FEW})\s(?:times|in\snumber))|(?:up\s)?to\sa\s(?:maximum|total|limit)\sof\s(?P<at_most>{_FEW})\s(?:such\s|further\s)?"
        rf"(?:{_OPTIONS}|periods|times))(?![^\W_])",
        re.IGNORECASE,
    )


@cache
def often() -> re.Pattern[str]:
    """How often a term may be added, said before it."""
    return re.compile(rf"(?<![^\W_])(?:(?P<twice>twice)|(?P<often>{_FEW})\stimes)(?![^\W_])", re.IGNORECASE)


@cache
def again_after() -> re.Pattern[str]:
    """ "Extended by two years and then by one": a further extension in the same unit."""
    return re.compile(
        rf",?\s(?:and\s(?:(?:then\s|later\s)?(?:by|for)\s|then\s)|plus\s|\+\s?)(?:up\sto\s|a\s(?:further|second)\s)?"
        rf"(?:(?P<number>{_COUNT})|(?P<another>another))"
        r"(?:\s(?:more|further)(?![^\W_])|(?=\s*(?:[,;:!?)]|\.(?![0-9])|\Z)))"
        r"|,?\sand(?:,\s[^.;:,!?0-9\n]{0,40},)?\sa\s(?:second|further)\s(?:one\s|period\s|term\s)?"
        r"of\s(?:like|the\ssame|equal)\s(?:length|duration)(?![^\W_])",
        re.IGNORECASE,
    )


@cache
def extension_after() -> re.Pattern[str]:
    """The name of an extension, optional or not."""
    return re.compile(rf"['’]?\s(?:{_ADJECTIVE}\s)?(?:extension|renewal|prolongation)s?(?![^\W_])", re.IGNORECASE)


@cache
def elided() -> re.Pattern[str]:
    """The extension after a term, where its own unit is left out: "three years, extendable to five"."""
    more = rf"\s(?:more|further|extra|additional|optional)(?![^\W_]){NOT_COUNTING}"
    close = r"(?=\s*(?:[,;:!?)]|\.(?![0-9])|\Z))"
    far = r"(?:[^.;:!?\n]|\.(?=[0-9])){0,100}?"
    farther = rf"{far}(?:[.;]\s[^.;:!?0-9\n]{{0,40}}?)?(?<![^\W_])"
    chosen = (
        r"(?:\s(?:optional|possible|in\soption)(?![^\W_])|\sif(?![^\W_])"
        rf"|\sat\s[^.;:!?\n]{{0,40}}(?<![^\W_]){_CHOICE}(?![^\W_]))"
    )
    return re.compile(
        rf"['’]?[^.;:!?0-9£$€]{{0,60}}?(?<![^\W_])(?:{_CUE}|{_MAY}add)(?![^\W_])(?P<way>{_FILLERS})"
        rf"(?P<number>{_COUNT})(?:\s(?:times|[x×]|(?:lots|periods|terms|blocks|spells)\sof)\s(?P<each>{_COUNT}))?(?:(?P<more>{more})|{close})"
        rf"|['’]?{farther}(?:{_CUE}|(?P<go_on>{_MAY_GO_ON})|(?:extension|renewal)(?=\sof))(?![^\W_])"
        rf"(?P<further_way>{_FILLERS})(?P<further>{_COUNT})(?:\s(?:lots|periods|terms|blocks|spells)\sof\s(?P<further_each>{_COUNT}))?(?:(?P<further_more>{more})|{close}|{chosen})"
        rf"|['’]?,?\s(?:with|plus)\s(?:up\sto\s)?(?:an?\s)?(?:(?P<chosen>{_COUNT}){more}"
        rf"|(?:(?:further|another|additional|extra)\s)?(?P<chosen_bare>{_COUNT})){chosen}"
        rf"|['’]?(?P<plus>(?:[\s,(]*(?:plus|\+)\s?(?:an?\s)?(?:(?:further|optional|additional|extra)\s)?"
        rf"{_COUNT}(?:{more})?){{1,4}}){close}",
        re.IGNORECASE,
    )


@cache
def to_total() -> re.Pattern[str]:
    """What tells that a term is the total; group `unclear` where it may be that or what is added."""
    return re.compile(
        r"(?P<unclear>(?<!by\s)(?<!of\s)(?<!for\s)(?<![^\W_])up\sto\s*\Z)"
        r"|(?<!up)(?:\A|\s)to\s*\Z|(?:total|maximum)\sof\s*\Z",
        re.IGNORECASE,
    )


@cache
def no_term_before() -> re.Pattern[str]:
    """What makes a length of time no term; in `if_adjectival` unless a hyphen, in `if_deal` unless a deal follows."""
    return re.compile(
        r"(?:(?<![^\W_])(?:at\s(?:the\s)?most|maximum(?:\s(?:term|period|duration|length))?|exceed(?:s|ing)?|past|(?<!to\s)(?<!ill\s)(?<!ould\s)(?<!ust\s)last|previous|preceding|recent|final|remaining"
        r"|within|every|each|per|than"
        r"|nearly|almost|aged|(?P<if_deal>after|before|from|since|following)|up\sto|(?:maximum|limit)\sof)(?:\s(?:an?|the|of))?"
        r"|(?<![^\W_])(?:under|about|around|roughly|approximately|some|(?:(?<!paid\s)for|of|after|in|by|well|just)\sover)"
        r"|(?P<if_adjectival>(?<![^\W_])(?:in|(?<!for\s)the\sfirst|(?<!the\s)first)))[\s(]*\Z",
        re.IGNORECASE,
    )


@cache
def no_term_after() -> re.Pattern[str]:
    """What makes a length of time no term."""
    return re.compile(
        r"['’]?(?:-olds?|\s(?:old|ago|earlier|later|late|early|ahead|behind|previously|hence|apart|away|running|time"
        r"|notice|experience|in\s(?:a\srow|the\smaking|jail|prison)|of\s(?:experience|age|growth|cuts|austerity)"
        r"|on(?=[,.]|\sfrom)|or\s(?:two|so|more)|from\snow|before|after(?!\s(?:which|that))|since|worth|per"
        r"|at\s(?:the\s)?most|maximum|increments?|instalments?|intervals?|procurement|process|review|delays?|search|battle|dispute"
        r"|history|veteran|career|relationship|anniversary|low|high|warranty"
        r"|guarantee|mortgage|investigation|inquiry|study|wait|gap|absence|break|plan|strategy|roadmap|vision"
        r"|forecast|transition|implementation|mobilisation|migration|rollout|roll-out|handover|standstill"
        r"|payback|sentence))(?![^\W_])",
        re.IGNORECASE,
    )


@cache
def deal_after() -> re.Pattern[str]:
    """ "From a seven-year contract" is a term, "from two years" is none."""
    return re.compile(
        r"\s(?:contract|deal|agreement|arrangement|lease|licen[cs]e|framework|pact|accord)s?(?![^\W_])", re.IGNORECASE
    )


@cache
def own_after() -> re.Pattern[str]:
    """ "To renew the five-year deal": the term is that of the deal, and not of its renewal."""
    return re.compile(
        rf"{_OWN}(?!\s(?:extension|renewal|prolongation|option)s?(?![^\W_]))",
        re.IGNORECASE,
    )


@cache
def of_option_before() -> re.Pattern[str]:
    """ "An option for a five-year deal", "an optional five-year deal": the deal is what is optional."""
    return re.compile(
        r"(?<![^\W_])(?:(?:of|for|by|to|on)\s(?:(?:an?|another|up\sto)\s){0,2}|optional\s)\Z", re.IGNORECASE
    )


@cache
def renewed_between() -> re.Pattern[str]:
    """Between a deal's own term and that of its extension: "the three-year contract by"."""
    return re.compile(rf"{_OWN}\s(?:by|for|to)(?![^\W_]){_FILLERS}\Z", re.IGNORECASE)


@cache
def none_before() -> re.Pattern[str]:
    """What denies that there is the option that follows."""
    return re.compile(
        r"(?<![^\W_])(?:no|without(?:\s(?:an?|any|the))?)\s(?:(?:further|other|such)\s)?\Z", re.IGNORECASE
    )


@cache
def repeated_before() -> re.Pattern[str]:
    """How many times a term is to be counted: "twice two years"."""
    return re.compile(
        rf"(?<![^\W_])(?:(?P<twice>twice)|(?P<thrice>thrice)|(?P<often>{_FEW})[^\S\n]times)[^\S\n](?:the[^\S\n])?\Z",
        re.IGNORECASE,
    )


@cache
def in_total_after() -> re.Pattern[str]:
    """ "Two options, of 24 months in total": the term is that of all of them."""
    return re.compile(r",?\s(?:in\s(?:total|all|aggregate)|altogether|combined)(?![^\W_])", re.IGNORECASE)


@cache
def live_after() -> re.Pattern[str]:
    """ "For five years after go-live" tells when a term begins; "five years after its launch" is a time that passed."""
    return re.compile(
        r"\s(?:after|from)\s(?:(?:its|the)\s)?(?:go-live|cut-?over|acceptance|launch|commissioning|handover|delivery|completion"
        r"|installation|roll-?out|signature|award)(?![^\W_])",
        re.IGNORECASE,
    )


@cache
def for_before() -> re.Pattern[str]:
    """What makes "a year" a term."""
    return re.compile(
        r"(?<![^\W_])(?:for|lasting|lasts|last|by|spanning|least|(?P<over>over)"
        r"|(?:amendment|extension|renewal|prolongation|contract|deal|agreement|term)\sof)[\s(]*\Z",
        re.IGNORECASE,
    )


@cache
def buys() -> re.Pattern[str]:
    """The end of "may order", "may take up": what it takes is a term only if it says more of one."""
    return re.compile(r"(?<![^\W_])(?:take(?:\sup)?|call|order|buy|ask\sfor|exercise)\Z", re.IGNORECASE)


@cache
def labelled() -> re.Pattern[str]:
    """A field of a form that names the unit before the number: "Duration in months: 60", "Option (months): 12"."""
    return re.compile(
        r"(?<![^\W_])(?:(?P<option>options?|extensions?|renewals?|prolongations?)|duration|term|period|length)"
        r"(?:\sof\s(?:the\s)?(?:contract|agreement|framework|lease))?(?:,\s?|\s\(?|\sin\s)(?P<unit>months|years|weeks)\)?"
        r"\s?[:|=–—]\s?(?P<number>[0-9]{1,3})(?![0-9]|[.,/-][0-9]|\s?[-–%])",
        re.IGNORECASE,
    )


@cache
def label_before() -> re.Pattern[str]:
    """The label of a term in a form or a table."""
    return re.compile(r"(?<![^\W_])(?:duration|term|period)\s?[:|]\s?\Z", re.IGNORECASE)


@cache
def renewals_before() -> re.Pattern[str]:
    """ "With two renewals of" one: what a number without a unit is the length of."""
    return re.compile(rf"(?<![^\W_])(?P<times>{_FEW})\s(?:{_ADJECTIVE}\s)?{_OPTIONS}\sof\s\Z", re.IGNORECASE)
