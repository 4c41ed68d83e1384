"""What a run would take: articles, copies, tokens and a price range. Nothing is called and nothing is kept."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from llm_extract.batch.articles import Unreadable
from llm_extract.batch.duplicates import Clash, Duplicates
from llm_extract.batch.sources import read_articles
from llm_extract.batch.taking_in import is_within
from llm_extract.extraction import whole_request

if TYPE_CHECKING:
    from llm_extract.batch.engine import Batch

CHARACTERS_PER_TOKEN = (5.0, 3.0)
"""Of English prose, over the tokenizers in use: the least and the most tokens that a text can have."""
OUTPUT_TOKENS = (60, 900)
"""Of one answer: hardly anything found, and several contracts with their quotes."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A range for everything that is not known before the calls."""

    articles: int
    unreadable: int
    copies: int
    irrelevant: int
    asked: int
    input_tokens: tuple[int, int]
    output_tokens: tuple[int, int]
    usd: tuple[Decimal, Decimal] | None
    """None where the model has no known price."""
    model: str

    def __str__(self) -> str:
        low, high = self.input_tokens
        lines = [
            f"articles    {self.articles:,}",
            f"unreadable  {self.unreadable:,}",
            f"copies      {self.copies:,}",
            f"irrelevant  {self.irrelevant:,}",
            f"to be asked {self.asked:,}, by {self.model}",
            f"tokens in   {low:,} to {high:,}",
            f"tokens out  {self.output_tokens[0]:,} to {self.output_tokens[1]:,}",
        ]
        if self.usd is None:
            lines.append("price       not known for this model")
        else:
            lines.append(f"price       ${self.usd[0]:,.2f} to ${self.usd[1]:,.2f}")
        return "\n".join(lines)


def estimate(batch: Batch) -> Estimate:
    """Go through a batch's archives as a run would, and count.

    Answers that the cache has already, and the model's own question of relevance, are not told apart.

    Raises:
        DocumentError: a source that was named is not there.
    """
    from llm_extract.model.prices import price

    articles = unreadable = copies = irrelevant = asked = characters = 0
    extractor = batch.extractor
    endpoint = extractor.model.endpoint
    overhead: int | None = None
    with Duplicates(None, near=batch.near_duplicates) as duplicates:
        own = str(batch.out.resolve())
        met = (found for found in read_articles(batch.sources) if not is_within(found.place.archive, own))
        for number, found in enumerate(met, 1):
            if batch.limit is not None and number > batch.limit:
                break
            articles += 1
            if isinstance(found, Unreadable):
                unreadable += 1
                continue
            left_out = batch.where is not None and not batch.where.holds(found)
            if left_out or (batch.relevance is not None and batch.relevance.passes(found.document) is not None):
                irrelevant += 1
                continue
            again = duplicates.asked(found.id)
            text = found.document.sent_text
            known = duplicates.seen(found.id, text)
            if isinstance(known, Clash):  # another text under a known id is an article of its own
                known, again = duplicates.seen(f"{found.id} ({found.place})", text), False
            if known is not None or again:
                copies += 1
                continue
            if overhead is None:  # the prompt and its solved examples are the same for all
                request = whole_request(extractor.task, text, endpoint, extractor.sampling)
                overhead = sum(len(str(message)) for message in request.messages) - len(text)
            asked += 1
            characters += len(text) + overhead
    least, most = CHARACTERS_PER_TOKEN
    read = int(characters / least), int(characters / most)
    written = asked * OUTPUT_TOKENS[0], asked * OUTPUT_TOKENS[1]
    usd = None
    if endpoint.local:
        usd = Decimal(0), Decimal(0)
    else:
        low = price(endpoint.provider, endpoint.model, read[0], 0, written[0])
        high = price(endpoint.provider, endpoint.model, read[1], 0, written[1])
        share = 2 if batch.provider_batch else 1
        usd = None if low is None or high is None else (low / share, high / share)
    return Estimate(articles, unreadable, copies, irrelevant, asked, read, written, usd, endpoint.name)
