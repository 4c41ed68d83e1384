"""Page furniture in plain text: lines that belong to the page and not to the article.

Conservative: what is dropped here is lost to every later step, while furniture that stays costs a few
tokens. A line is furniture only if the whole of it is a known phrase. A list of other articles is
furniture only if its heading stands alone on a line and everything after it, to the end of the text,
looks like teasers.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from llm_extract.ranges import Range

_LONGEST_LINE = 300
_LONGEST_HEADING = 70
_RUNNING_WORDS = 60
"""A paragraph of so many words is an article's, never a teaser's."""
_HEADLINE_WORDS = 25
_ARTICLE_WORDS = 30
"""What has to stand before a list of other articles, in words."""

_TRIMMED = " \t\r\u00a0#*>•→»›«|:….!–—-_[]()"
_AFTER_WORD = ":,>»→"

_PHRASES = frozenset(
    """
share|share this|share this page|share this article|share this story|share this post|share article
share on facebook|share on twitter|share on x|share on linkedin|share on whatsapp|share on reddit
share via email|share by email|share this with|share this with your friends|share on social media
copy link|copy this link|copy link to clipboard|email this article|email this page|print this page
print this article|print article|listen to this article|save this article|save article|save for later
like this|loading|click to share|these are external links and will open in a new window
about sharing|read more about sharing
leave a reply|leave a reply cancel reply|leave a comment|post a comment|add a comment|write a comment
add your comment|post comment|submit comment|cancel reply|no comments|no comments yet|view comments
view all comments|show comments|comments are closed|comments are off|join the conversation|join the discussion
be the first to comment|required fields are marked|have your say|comment on this article
subscribe|subscribe now|subscribe today|subscribe here|subscribe to our newsletter|subscribe to newsletter
subscribe to our newsletters|subscribe to our mailing list|join our newsletter|join our mailing list
newsletter|newsletter sign up|newsletter signup|our newsletter|sign up|sign up now|sign up today|sign up here
sign up for free|enter your email|enter your email address|your email address|get our newsletter
get the newsletter|we value your privacy
your privacy matters|accept cookies|accept all cookies|reject all cookies|accept all
reject all|cookie settings|cookie preferences|cookie policy|cookie notice|manage cookies|manage preferences
privacy policy|privacy notice|terms and conditions|terms & conditions|terms of use|terms of service
advertisement|advertisements|advertising|advert|sponsored|sponsored content|story continues below
skip to content|skip to main content|skip to navigation|skip advertisement|skip past newsletter promotion
after newsletter promotion|continue reading|continue reading the main story|scroll to continue
read more|read the full story|read the full article|more about|more about this story|find out more
back to top|return to top|go back|follow us|follow us on social media|connect with us|stay connected
send us news|send us your news|got a story|got a news story|got a tip|contact us|contact the newsdesk
view all|show more|load more|see more|view more|see all|previous article|next article|previous post|next post
previous story|next story|picture credit|image credit|photo credit|image source|getty images
report this ad|report an error|report a correction|open image in gallery|enlarge image|click to enlarge
""".replace("\n", "|")
    .strip("|")
    .split("|")
)

_HEADINGS = frozenset(
    """
related|related articles|related article|related content|related stories|related story|related news
related posts|related post|related topics|related links|related reading|related coverage|related items
most read|most popular|most viewed|most commented|most shared|most recent|most read articles|most read stories
other stories you might like|other stories|other articles|stories you might like|articles you might like
you may also like|you might also like|you may be interested in|you might be interested in
you may also be interested in|you might also be interested in|people also read|readers also liked
recommended|recommended for you|recommended reading|recommended stories|recommended articles
recommended content|more stories|more articles|more news|more headlines|more like this|more on this story
more on this topic|read next|up next|what to read next|read this next|latest news|latest stories
latest articles|latest posts|latest headlines|recent posts|recent articles|recent news|recent stories
top stories|popular posts|popular articles|popular stories|popular now|trending|trending now
trending stories|editor's picks|editors' picks|editor’s picks|editors’ picks|editor's choice|editor’s choice
further reading|see also|don't miss|don’t miss|similar articles|similar stories|sponsored stories
promoted stories|promoted content|around the web|from around the web|from the web|also on this site
elsewhere on this site|more from this author|more from the author
""".replace("\n", "|")
    .strip("|")
    .split("|")
)

_NAMED_HEADING = re.compile(r"(?:more|latest|other stories|recommended) (?:from|in|by) \S.{0,45}")

# By the first word, so that an ordinary line costs one look-up.
_PATTERNS = {
    word: re.compile(pattern)
    for words, pattern in {
        "share tweet": r"(?:share|tweet)(?: this)?(?:[ ,|/]+(?:on|via|by|facebook|twitter|x|linkedin|whatsapp"
        r"|reddit|email|e-mail|print|tweet|pinterest|telegram|copy|link|and|or))+",
        "your": r"your e-?mail address will not be published.{0,60}",
        "please": r"please (?:log ?in|sign in|login|register|subscribe|sign up)\b.{0,30} to .{0,20}"
        r"(?:comment|read|view|continue|access|repl)\w*.{0,60}",
        "you": r"you (?:must|need to|have to) (?:be )?(?:log|sign|regist)\w*(?: in)? .{0,20}to .{0,20}"
        r"(?:comment|repl|read|view|access)\w*.{0,40}",
        "log login sign": r"(?:(?:log|sign) ?in)(?: or (?:register|sign up|subscribe))? to .{0,20}"
        r"(?:comment|repl|read|view|access|continue)\w*.{0,30}"
        r"|sign up (?:(?:now|here|today|free) )?(?:for|to) (?:our|the|my|a|free) .{0,40}"
        r"(?:newsletter|newsletters|e-?mails?|alerts?|updates|bulletin|briefing)s?\b.{0,60}",
        "subscribe": r"subscribe (?:(?:now|here|today|free) )?(?:to|for) (?:our|the|my|a|free) .{0,40}"
        r"(?:newsletter|newsletters|e-?mails?|alerts?|updates|bulletin|briefing|magazine|channel|podcast)s?\b.{0,60}",
        "get": r"get (?:the|our|all the|all our) .{0,80} (?:straight |direct(?:ly)? |delivered |right )*"
        r"(?:to|in) your inbox.{0,60}",
        "notify": r"notify me of .{0,40} (?:by|via) e-?mail",
        "save": r"save my name, e-?mail,? and website in this browser.{0,60}",
        "we our this by": r"(?:we|our partners|our (?:web)?site|this (?:web)?site) (?:and our partners )?"
        r"uses? (?:\w+ ){0,2}cookies\b.{0,220}"
        r"|by (?:continuing to|using our|using this|clicking|browsing)\b.{0,60}"
        r"\b(?:site|website|accept\w*|page)\b.{0,80}\bcookies?\b.{0,120}"
        r"|this (?:article|story|page) is more than (?:a|one|two|three|\d+) (?:day|week|month|year)s? old",
        "article story": r"(?:article|story) continues (?:below|after)(?: (?:this |the )?ad\w*)?",
        "follow": r"follow (?:us|me) (?:on|@)\b.{0,80}",
        "read see also more watch related": r"(?:read (?:more|also|next|now)|also read|see also|more on this"
        r"|watch|related|related (?:article|story|content))[:>»→] ?\S.{0,140}",
        "more": r"more about (?:this|the) (?:story|article|author|topic)",
        "send got": r"(?:send us|got) (?:a |your |any )?(?:\w+ )?(?:news|tips?|story|stories|feedback)\b"
        r".{0,80}(?:e-?mail|contact|get in touch|let us know|send|to)\b.{0,80}",
        "picture pictures photo photos photograph photographs image images illustration main header": (
            r"(?:main |header )?(?:picture|photo|photograph|image|illustration)s?"
            r" ?(?:(?:credit|source|copyright|courtesy)s?(?: of)?|by)? ?: ?(?P<credit>\S.{0,70})"
            r"|(?:picture|photo|image)s? (?:credit|source|courtesy)s?,? (?:of )?(?P<source>\S.{0,60})"
        ),
    }.items()
    for word in words.split()
}
_COMMENT_COUNT = re.compile(r"\d{1,5} (?:comments?|shares?|replies|reactions)$|comments? ?\(?\d{1,5}\)?$")
_CREDIT_WORDS = 8
_FIRST_WORDS = (
    {phrase.partition(" ")[0] for phrase in _PHRASES | _HEADINGS}
    | _PATTERNS.keys()
    | {"more", "latest", "other", "recommended", "comment", "comments"}
)
"""Those of all furniture; a line that begins with a sign or a figure is looked at in any case."""

_COPYRIGHT = re.compile(r"(?:copyright|©|\(c\))", re.IGNORECASE)
_DATE_LIKE = re.compile(
    r"(?:\w+day,? )?"
    r"(?:\d{1,2}(?:st|nd|rd|th)? \w{3,9}\.?,? ?(?:\d{4})?"
    r"|\w{3,9}\.? \d{1,2}(?:st|nd|rd|th)?,? ?(?:\d{4})?"
    r"|\d{4}-\d\d-\d\d|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}"
    r"|(?:\d+|an?|one) (?:min(?:ute)?|hour|day|week|month|year)s?(?: ago| read)|yesterday|today)"
    r"(?:[ ,|·•-]+\S.{0,40})?",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?:;][\"'”’)\]]*$")
_STOP = re.compile(r"[.:;][\"'”’)\]]*$|[!?][\"”’)\]]$")


def find_furniture(text: str) -> tuple[Range, ...]:
    """The page furniture of a plain text that can be told with certainty.

    Whole lines with their line breaks, as sorted ranges of code points that neither overlap nor touch.
    Never raises.
    """
    lines = text.split("\n")
    if not any(map(_kind, _suspects(lines))):  # as nearly always
        return ()
    found: list[Range] = []
    headings: list[int] = []
    position = 0
    for line in lines:
        if line and len(line) <= _LONGEST_LINE and (kind := _kind(line)):
            found.append(Range(position, position + len(line)))
            if kind == "heading":
                headings.append(position)
        position += len(line) + 1
    if headings and (block := _teaser_block(text, headings)):
        found = [place for place in found if place.end <= block.start]
        found.append(block)
    return _with_line_breaks(text, found)


def _suspects(lines: list[str]) -> list[str]:
    """The lines that are looked at: all but the long ones, and those whose first word begins no furniture."""
    return [
        line
        for line in lines
        if line
        and len(line) <= _LONGEST_LINE
        and not ((word := line.partition(" ")[0]).isalpha() and word.lower() not in _FIRST_WORDS)
    ]


def _kind(line: str) -> str | None:
    """`line` or `heading` for page furniture, None for everything else."""
    if len(line) > 2 * _LONGEST_HEADING:  # a paragraph, as a rule: its first word says so soonest
        first = line[:_LONGEST_HEADING].strip(_TRIMMED).partition(" ")[0].rstrip(_AFTER_WORD)
        if first.lower() not in _PATTERNS:
            return None
    key = line.strip(_TRIMMED).lower()
    if not key:
        return None
    if len(key) <= _LONGEST_HEADING:
        if key in _PHRASES:
            return "line"
        if key in _HEADINGS or _is_named_heading(key, line):
            return "heading"
    pattern = _PATTERNS.get(key.partition(" ")[0].rstrip(_AFTER_WORD))
    if pattern is None:
        return "line" if _COMMENT_COUNT.match(key) else None
    if match := pattern.fullmatch(key):
        groups = match.groupdict()
        credit = groups.get("credit") or groups.get("source")
        return None if credit and not _is_credit(credit, line) else "line"
    return None


def _is_named_heading(key: str, line: str) -> bool:
    """ "More from the Harbour Times": a heading, unless it reads on like a sentence."""
    if not key.startswith(("more ", "latest ", "other ", "recommended ")):
        return False
    return _NAMED_HEADING.fullmatch(key) is not None and not _SENTENCE_END.search(line.rstrip(" \t\r:"))


def _is_credit(credit: str, line: str) -> bool:
    """A name, and not a caption that tells something."""
    few = credit.count(" ") < _CREDIT_WORDS
    return few and not _STOP.search(line.rstrip()) and not any(sign in credit for sign in "£$€")


class _Item(NamedTuple):
    start: int
    end: int
    kind: str
    """`headline`, `prose`, `date`, `furniture` or `copyright`"""
    words: int
    continues: bool
    """It begins with a small letter: a paragraph wrapped into lines, not a list."""


def _teaser_block(text: str, headings: list[int]) -> Range | None:
    """From a heading such as "Related articles" to the end of the text, if all of it is teasers."""
    for start in headings[:3]:
        items = _items(text, start)
        while len(items) > 1 and items[-1].kind == "copyright":
            items.pop()  # the page's own, and where the publisher's name may stand
        if not _are_teasers(items[1:]):
            continue
        prose = any(item.kind == "prose" for item in items)
        least = max(_ARTICLE_WORDS, sum(item.words for item in items) if prose else 0)
        if len(text[:start].split()) < least:
            continue  # nothing before it that could be the article
        return Range(start, items[-1].end)
    return None


def _items(text: str, start: int) -> list[_Item]:
    items = []
    position = start
    for line in text[start:].split("\n"):
        words = line.strip()
        if words:
            count = len(words.split())
            items.append(_Item(position, position + len(line), _item_kind(words, count), count, words[0].islower()))
        position += len(line) + 1
    return items


def _item_kind(words: str, count: int) -> str:
    if len(words) <= _LONGEST_LINE and _kind(words):
        return "furniture"
    if count <= 25 and _COPYRIGHT.match(words):
        return "copyright"
    if count <= 12 and _DATE_LIKE.fullmatch(words):
        return "date"
    if count > _HEADLINE_WORDS:
        return "prose"
    cut = words.endswith(("...", "…", "[…]", "[...]"))
    return "prose" if _STOP.search(words) and not cut else "headline"


def _are_teasers(items: list[_Item]) -> bool:
    """Headlines alone, or headlines each with a date or a summary of one short paragraph."""
    if not any(item.kind == "headline" for item in items):
        return not items or all(item.kind in ("furniture", "date", "copyright") for item in items)
    prose = 0
    before = "heading"
    for item in items:
        if item.words >= _RUNNING_WORDS or (item.continues and item.words > 4):
            return False
        if item.kind == "prose":
            if before in ("prose", "heading"):
                return False  # two paragraphs in a row: an article goes on here
            prose += 1
        if item.kind != "furniture":
            before = item.kind
    headlines = sum(item.kind == "headline" for item in items)
    dated = sum(item.kind == "date" for item in items)
    # One paragraph after a few headlines may be the article's last; a pattern has to repeat.
    return prose == 0 or (prose >= 2 and prose * 3 >= headlines) or (prose == 1 and dated >= 1 and headlines <= 2)


def _with_line_breaks(text: str, found: list[Range]) -> tuple[Range, ...]:
    """The same lines with the white space after them, so that no gap is left where they stood."""
    result: list[Range] = []
    for start, end in found:
        after = end
        while after < len(text) and text[after] in " \t\r\n":
            after += 1
        line_start = text.rfind("\n", 0, after) + 1
        after = len(text) if after == len(text) else max(end, line_start)
        if result and start <= result[-1].end:
            result[-1] = Range(result[-1].start, max(after, result[-1].end))
        else:
            result.append(Range(start, after))
    return tuple(result)
