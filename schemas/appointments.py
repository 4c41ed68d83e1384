"""The record of one article of executive appointments: who takes or leaves which post, where and when.

The words are those of the Popolo standard for people and organisations (a membership: a person, a role, an
organisation, from when until when). Nothing is guessed: what an article does not say is null.

How an article is labelled, beyond what the fields say:

- An entry is one person and one post. Two persons named in one sentence are two entries, and so is one person who gets
  posts at two bodies; two titles that go together ("chair and chief executive") are one role.
- Posts are those of leadership: executives, members and officers of boards, chairs, heads of units, deans, senior
  officials, coaches. Players, places on committees, prizes, honorary titles and auditors are not.
- Entries are the article's news. Earlier posts of the same person, earlier holders of a post and moves of more than a
  year ago are background, and no entries. The post that a person gives up in order to take the new one is
  `previous_role`, and no entry of its own; nor is an interim holder's going back when the post is filled.
- A predecessor's leaving is an entry of its own if the article tells it for itself, in a main clause or in
  reported speech ("Vane retires in May"); told in passing ("succeeds Vane, who retired", "since Vane's death"), the
  name in `predecessor` is all.
- Rumours are no entries: a person who is tipped, considered, shortlisted or expected, until the article says as a fact
  that the post is given. A choice that still needs a formal vote is an entry. A vacancy without a name is none.
- A person who is only quoted, or who signs the announcement, is not appointed. Page furniture is not read.
- The day of a vote or of an announcement is neither `start` nor `end` by itself, and words without a date ("with
  immediate effect", "until the end of the season") give none. A date without a year takes it from the day of
  publication or, where there is none, from another date of the article. `end` follows from `start` and `term_months`.
- A name or a role is its fullest form in the article, whoever says it; a person without title ("Dr", "Sir", "Cllr").
  Of a role shared by several persons the plural stands ("trustees"), of a seat without a title the board's name.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from llm_extract.fields import Category, Months, Name, OrganisationName, PartialDate, Text
from llm_extract.schema import FromPage, Identifies, Term

Event = Annotated[
    Literal["appointment", "interim", "departure"],
    Category(
        {
            "appointment": (
                r"appoint(?:s|ed|ing|ments?)?", r"re-?appoint(?:s|ed|ing|ment)?", r"nam(?:es|ed|ing)",
                r"hir(?:es?|ed|ing)", r"recruit(?:s|ed|ing)?", r"promot(?:es?|ed|ing|ion)", r"re-?elect(?:s|ed|ion)?",
                r"elect(?:s|ed|ion)?", r"becom(?:es?|ing)", r"became", r"join(?:s|ed|ing)?", r"succeed(?:s|ed|ing)?",
                r"tak(?:es?|ing|en) (?:over|up|charge|the helm|the reins)", r"took (?:over|up|charge|the helm)",
                r"elevat(?:es?|ed)", r"install(?:s|ed)", r"confirm(?:s|ed)", r"pick(?:s|ed)", r"chosen", r"chose",
                r"choos(?:es|ing)", r"select(?:s|ed)?", r"tap(?:s|ped)", r"poach(?:es|ed)?", r"lure[sd]?",
                r"unveil(?:s|ed)", r"welcom(?:es?|ed)", r"to (?:lead|head|chair|run)", r"will (?:lead|head|chair|run)",
                r"replac(?:es?|ing)", r"new (?:chief|managing|head|chair\w*|director|president|dean|boss|manager)",
                r"new (?:head )?coach",
            ),
            "interim": (
                r"interim", r"acting", r"caretaker", r"temporar(?:y|ily)", r"stop-?gap",
                r"stand(?:s|ing)? in", r"stood in", r"step(?:s|ped|ping)? in", r"fill(?:s|ed|ing)? in",
                r"hold(?:s|ing)? the fort", r"(?:for the time being|in the meantime)",
                r"until (?:a|the) (?:permanent |new )?(?:successor|replacement)",
                # Longer than the cue of an appointment in it, which it overrules.
                r"(?:appoint|nam|mak|promot|elect)\w* .{0,40}(?:interim|acting|caretaker)",
                r"(?:tak\w+|took) (?:over|charge|the helm|the reins) .{0,40}until",
            ),
            "departure": (
                r"step(?:s|ped|ping)? (?:down|aside|back)", r"st(?:and|ands|anding|ood) (?:down|aside)",
                r"resign(?:s|ed|ing|ation)?", r"retir(?:es?|ed|ing|ement)", r"leav(?:es?|ing)", r"left",
                r"depart(?:s|ed|ing|ures?)?", r"quits?", r"quitting", r"exit(?:s|ed|ing)?", r"sack(?:s|ed|ing)?",
                r"dismiss(?:es|ed|al)?", r"oust(?:s|ed|er)?", r"fired", r"remov(?:es?|ed|al)", r"relinquish(?:es|ed)?",
                r"vacat(?:es?|ed|ing)", r"bow(?:s|ed|ing)? out", r"part(?:s|ed|ing)? (?:ways|company)", r"died",
                r"dies", r"walk(?:s|ed|ing)? (?:out|away)", r"call(?:s|ed)? it a day", r"farewell",
                r"no longer",
                r"(?:not|n['’]t) (?:be )?(?:join|take (?:up )?the (?:job|post|role)|taking|coming|start)\w*",
            ),
        }
    ),
]  # fmt: skip


class Model(BaseModel):
    """What all parts of the record share: no key besides those named."""

    model_config = ConfigDict(extra="forbid")


class Article(Model):
    """What the article says of itself."""

    headline: Annotated[Text | None, FromPage("headline")] = Field(default=None, description="its headline")
    publisher: Annotated[OrganisationName | None, FromPage("publisher")] = Field(
        default=None,
        description="the newspaper, site or body that published it, if a masthead, byline or copyright line names it",
    )
    author: Annotated[Name | None, FromPage("author")] = Field(default=None, description="who wrote it")
    published: Annotated[PartialDate | None, FromPage("published")] = Field(
        default=None, description="the date on which it appeared, as it states it; not the date of a move"
    )


class Appointment(Model):
    """One person who takes or leaves one post."""

    relations: ClassVar = (Term(start="start", months="term_months", end="end"),)

    event: Event = Field(
        description="appointment: given a post for good or for a fixed term; also by election, promotion or for a "
        "further term, and while a formal vote is still to come. interim: given a post until someone is found, or in "
        "place of someone who is away. departure: leaves a post without a new one in the article, for whatever "
        "reason; also one who was named and will not come after all"
    )
    person: Annotated[Name, Identifies(3)] = Field(
        description="who takes or leaves the post, in the fullest form that the article uses, without title"
    )
    role: Annotated[Text | None, Identifies(2)] = Field(
        default=None,
        description="the post's title as the article words it, with its field or area ('head of lending, Nordics') but "
        "without 'new', 'interim', 'the' and the organisation's name; the fullest wording where there are several",
    )
    organisation: Annotated[OrganisationName | None, Identifies(2)] = Field(
        default=None,
        description="the body in which the post is, in the fullest form that the article uses; the subsidiary if it is "
        "the subsidiary's post; never the parent, the employer before or a body that only appoints",
    )
    start: PartialDate | None = Field(
        default=None,
        description="the first day in this post, or of the further term; of a departure, when the post had been taken "
        "up; never the day of the announcement, nor when the person joined the organisation in another post; null if "
        "it never began",
    )
    term_months: Months | None = Field(
        default=None, description="the term fixed for the post: 'for four years'; not the time served, no notice period"
    )
    end: PartialDate | None = Field(
        default=None,
        description="the last day in this post: of a departure, of an interim or of a fixed term; of one who resigned "
        "the day of resigning, unless it takes effect on another",
    )
    predecessor: Name | None = Field(
        default=None,
        description="who held this post before for good, or is stood in for, without title; an interim holder only if "
        "the article names no other; null for a departure",
    )
    previous_role: Text | None = Field(
        default=None,
        description="the post that the person held last before this one, worded as `role` is; not one that goes on "
        "beside it, nor an interim time in the same post; null for a departure",
    )
    previous_organisation: OrganisationName | None = Field(
        default=None,
        description="the body in which that last post was, if it is another than `organisation`; null for a departure",
    )


class ArticleRecord(Model):
    """One article: itself and its appointments, in the order of first mention."""

    article: Article
    appointments: list[Appointment] = Field(
        description="every post that the article reports as newly given or given up, one entry a person and post; "
        "not earlier careers, earlier holders, rumours, candidates, vacancies or page furniture; a predecessor's "
        "leaving only if the headline or first paragraph tells it or the article dates it"
    )
