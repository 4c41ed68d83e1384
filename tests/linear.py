"""Whether work grows with a text's length and no faster, on a machine of any speed."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

_PARTS = 8
_MOST = 3.0
"""How many times the linear growth counts as linear: caches grow full, and clocks are coarse."""
_QUICK = 0.25


def check_linear(work: Callable[[str], object], text: str, end: str = "") -> None:
    """Fail if `work` takes much more than eight times as long for `text` as for an eighth of it.

    What is done in a quarter of a second is quick enough, however it grows.

    Args:
        work: is called with both texts.
        text: a long one whose parts are alike.
        end: stands behind both.
    """
    work(text[: len(text) // _PARTS] + end)  # compiles what is compiled once
    whole = _seconds(work, text + end)
    if whole < _QUICK:
        return
    # What disturbs a machine only ever makes it slower: the quickest of a few is what the work takes.
    whole = min(whole, _seconds(work, text + end))
    part = min(_seconds(work, text[: len(text) // _PARTS] + end) for _ in range(3))
    assert whole < _MOST * _PARTS * part, f"{whole:.2f} s for a text, {part:.3f} s for an eighth of it"


def _seconds(work: Callable[[str], object], text: str) -> float:
    gc.disable()  # what a thousand tests have left is not to be gone through meanwhile
    try:
        started = time.process_time()
        work(text)
        return time.process_time() - started
    finally:
        gc.enable()
