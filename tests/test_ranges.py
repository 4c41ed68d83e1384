"""Arithmetic of ranges."""

from __future__ import annotations

from llm_extract.ranges import Range, merged, without


def test_merging_joins_ranges_that_overlap_or_touch() -> None:
    assert merged([Range(5, 7), Range(0, 2), Range(2, 3), Range(6, 9)]) == (Range(0, 3), Range(5, 9))
    assert without("0123456789", [Range(5, 7), Range(0, 2)]) == "234789"
