"""What a name in an imprint or at the head of a page is the name of, told by its own words.

The lists were made on half of the articles of `evals/it_contracts/train`; the other half judged them.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal

from llm_extract.word_lists import word_set

Kind = Literal["role", "outlet", "body", "person", "name", "other"]
"""What somebody is ("Staff Reporter"), what publishes, a body, a person, a name of any of these, no name."""


_OUTLET = word_set("""
advertiser advisor affairs agence agencia agency agenzia agência almanac announcer argus avis banner beacon blad
bladet blatt blog brief briefing briefs bugle bulletin bytes canard champion chronicle circular citizen clarion
commons computing correio correo courant courier crier current daily dealer diario digest dispatch dispatches
dépêche echo eco enquirer examiner express folha fortnight fortnightly gazeta gazette giornale globe guardian herald
herold independent informatics informer inquirer insider intelligencer jornal journal kurier kurir landlord leader
ledger letter letters log magazine mail matters mercury messenger mirror monitor monthly morning nachrichten news
newsletter newspaper newswire nieuws notebook noticias observer online outlook packet pioneer plaindealer post press
presse quarterly record register report review sentinel sheet shopper signal spectator standard star sun systems
sémaphore tageblatt technologist telegraph tidende tidning times today tracker trade tribune update visitor voice
watch week weekly whitehall wire wires world zeitung
""")
"""Nouns of outlets' names, in the languages of their countries."""

_OUTLET_ENDINGS = tuple(word_set("bladet blad blatt news posten press pressen tidende tidning watch wire zeitung"))
_SITE = re.compile(r"[\w-]+\.(?:com|co\.\w\w|org|net|news|info|[a-z]{2})", re.IGNORECASE)

_BODY = word_set("""
ab administration ag agency airport airports archive archives as asa assembly association authority ayuntamiento
bank berhad bhd board borough bureau bv center centre chamber city co co-operative commission committee company
comune consortium constabulary cooperative corp corporation council county court d.o.o. department diocese
diputación directorate district division doo estates executive federation force foundation fund gemeente gmbh
government group holdings homes hospital hospitals iks inc inspectorate institute intendencia junta kft kommune
laboratories laboratory libraries library limited llc llp ltd mills ministry municipality museum museums network nv
office oy oyj parish parliament partnership plc police port ports prefeitura pty railway railways region registry
s.a s.p.a sa school schools sdn secretariat senate service services society spa stadtwerke stores sub-committee
treasury tribunal trust undertaking union unit university utilities utility voivodeship województwo zrt
""")
"""Nouns and legal forms of the names of bodies that publish notices, minutes and filings themselves."""

_NO_PERSON = word_set("""
back baltic banker black blue borders business buying campus canada capitol channel coast country data delta digital
eastern economic education electric emirates energy estate evening falls federal finance financial fire first gulf
health holyrood house housing industry inland interior irish islands it japan local market markets morning municipal
national north northern plains prairie procurement provincial public purchasing rail red regional retail ridge river
rural saturday sea sector shipping social sourcing south southern stock street sunday supply tech technology tender
tenders tide transit transport vale valley water west western
""")
"""Words that names of people rarely have."""

_WRITERS = word_set(
    "columnist contributor correspondent correspondents editor editors reporter reporters writer writers"
)

_ROLES = _WRITERS | word_set("""
analyst bureau bursar chair chairman chairperson chairwoman clerk counsel desk director general holder manager
minister officer photographer president registrar secretary speaker spokesman spokesperson spokeswoman staff
""")
"""The last words of what somebody is."""

_OF = word_set("of for and de do da del di du des &")
_SMALL = _OF | word_set("the van von der den la le al el in e y et und och og i à dos a on to per")
_ARTICLES = word_set("the la le el il die das der les los")
_PARTICLES = word_set("de da van von der den la le al bin ben bint del di du y e dos ter")
_LEGAL_FORMS = word_set("plc ltd inc llc llp gmbh kft zrt doo d.o.o. s.a. s.r.o. oyj asa")

_LABELS = word_set("""
advertisement analysis business circulated closed closes closing column comment companies compiled contact cover
date dated digest dispatched dt editorial effective end ends enquiries exclusive fall feature features filed from
interview issued lead local markets methodology money opinion outlook people politics posted published read received
released services signed source sponsor spring subject summer tabled technology term to update updated winter autumn
""")
"""Words that are no name when they stand alone."""
_LABEL_STARTS = word_set("""
also archive before comments corrections councillor dear decision decisions deputy dr editing english issue lady
legal letters lord memo minutes mr mrs ms no no. notice page pages paper part photo photos picture pictures
procurement public reading ref reference report sir staff subscribe translated translation vol vol. week written
""")
"""Words with which begins what is no name."""
_LABEL_ENDS = word_set("""
announcement column communiqué information meeting no notice on release reserved statement story to use
""")
"""Words with which ends what is no name."""


def kind_of(name: str) -> Kind:
    """What the words of a name say that it is."""
    if _last_word(name) in _ROLES and not any(noun in _OUTLET for noun in _nouns(name)):
        return "role"
    if not _is_name(name) or _is_label(name):
        return "other"
    if _is_outlet(name):
        return "outlet"
    if _is_body(name):
        return "body"
    return "person" if _is_person(name) else "name"


def is_writer(role: str) -> bool:
    """Whether a role is that of somebody who writes."""
    return _last_word(role) in _WRITERS


def _is_name(name: str) -> bool:
    """Whether every word has a capital, save small ones between them and legal forms; or it is a site's name."""
    if _SITE.fullmatch(name):
        return True
    words = name.split()
    if not 1 <= len(words) <= 10 or len(name) > 80 or not name[0].isalpha() or words[-1].lower() in _SMALL:
        return False
    return (name[0].isupper() or name[1:2].isupper()) and all(
        not word[0].islower() or word in _SMALL or word.strip(".,") in _LEGAL_FORMS or word[1:2].isupper()
        for word in words
    )


def _last_word(name: str) -> str:
    return name[name.rfind(" ") + 1 :].lower()


def _is_label(name: str) -> bool:
    lower = name.lower()
    first, last = lower.partition(" ")[0], _last_word(lower)
    if first == lower:
        return lower in _LABELS
    return first in _LABEL_STARTS or last in _LABEL_ENDS or lower.startswith(("by order", "order of"))


def _nouns(name: str) -> list[str]:
    return [word.strip(".,()'’\"") for word in name.lower().replace("-", " ").split()]


def _is_outlet(name: str) -> bool:
    nouns = [noun for noun in _nouns(name) if noun]
    if not nouns or (nouns[-1] in _BODY and nouns[0] not in _ARTICLES):
        return False
    if len(nouns) == 1 and nouns[0] in _OUTLET:
        return False  # a section: "News", "Letters"
    return (
        any(noun in _OUTLET or noun.endswith(_OUTLET_ENDINGS) for noun in nouns)
        or (nouns[0] in _ARTICLES and len(nouns) > 1)
        or _SITE.fullmatch(name) is not None
    )


def _is_body(name: str) -> bool:
    """Whether a body's noun is a name's last word, or stands before "of" or the like."""
    nouns = _nouns(name)
    return nouns[-1] in _BODY or any(noun in _BODY and after in _OF for noun, after in pairwise(nouns))


def _is_person(name: str) -> bool:
    """Whether two to five words could be a person's name."""
    words = name.split()
    if not 2 <= len(words) <= 5 or any(noun in _NO_PERSON or noun in _OUTLET for noun in _nouns(name)):
        return False
    for number, word in enumerate(words):
        if word.lower() in _PARTICLES and 0 < number < len(words) - 1:
            continue
        if not re.fullmatch(r"[^\W\d_](?:[^\W\d_]|[.'’-])*", word) or not word[0].isupper():
            return False
        if word.isupper() and len(word) > 2 and not name.isupper():
            return False
    return True
