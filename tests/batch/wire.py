"""A wire article, and notices of one template, whose copies the tests look for."""

from __future__ import annotations

import random

HEADLINE = "Harbour board hands ticketing to Velloran"
BYLINE = "By Mara Quill, 4 March 2019"
PARAGRAPHS = [
    (
        "The Stennick Harbour Board has chosen Velloran to run the ticketing of its seven ferry lines, it told members "
        "on Monday. The work is worth 12.4 million euros over five years and begins in June."
    ),
    (
        "Velloran takes over from Castrel, which has sold the board's tickets since 2008 on machines that no longer "
        "take every card. Passengers had complained about long queues at the piers, above all on summer mornings."
    ),
    (
        "Under the plan every pier gets two new machines, and tickets can be bought on a telephone for the first time. "
        "Inspectors will carry readers that work without a connection when a boat is far from the shore."
    ),
    (
        "The board's chair, Ines Calder, said that three companies had made an offer and that price had not decided "
        "alone. A union of ferry workers asked what would become of the people who now sit at the counters."
    ),
    (
        "The ferries carried about 3.1 million people last year. The board also means to paint the oldest pier, though "
        "nobody could say when that would be done or who would pay for it."
    ),
]
LOCAL = (
    "People on Arran Quay welcomed the news. Fishermen there have long shared the pier with visitors, and many of them "
    "remember the wooden hut in which tickets were sold by hand."
)


def article(*paragraphs: str, headline: str = HEADLINE, byline: str = BYLINE) -> str:
    return "\n\n".join([f"{headline}\n{byline}", *paragraphs])


WIRE = article(*PARAGRAPHS)


NOTICE = """{buyer} invites tenders for {what}

{buyer} is looking for a supplier of {what} for its {department} department. The contract is to run for {years} years \
and is estimated at {value},000 pounds.

Bids are sent through the council's portal. A bid that arrives after the closing date is not opened. The council need \
not take the lowest bid, or any. Bidders show that they are insured, that they pay a living wage and that they keep \
the law on modern slavery. Bidders may form a group, and then name one member as the lead.

Questions are put through the portal until ten days before the closing date, and all bidders see the answers. Bids are \
judged by quality and price in equal parts. All bidders are told the result in writing, and the contract is signed \
after the period in which they may object.

Bids are to be in by noon on {day} {month}.
"""


def notices(many: int) -> list[str]:
    draw = random.Random(11)
    kinds = {
        "buyer": ["Ashby District Council"],
        "what": ["desktop computers", "network support", "telephones", "a payroll system", "cloud hosting"],
        "department": ["housing", "finance", "education", "planning"],
        "years": range(2, 8),
        "value": range(20, 900),
        "day": range(1, 29),
        "month": ["May", "June", "July", "August"],
    }
    return [NOTICE.format(**{key: draw.choice(list(values)) for key, values in kinds.items()}) for _ in range(many)]
