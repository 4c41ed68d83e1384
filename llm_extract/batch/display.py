"""What a person, or another program, sees of a run while it goes on.

A live line on a terminal, a plain line with its time every few seconds elsewhere, or JSON lines for programs.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from typing import Any, Protocol, TextIO

from llm_extract.batch.progress import BatchResult, Progress

_LIVE_SECONDS = 0.25
_PLAIN_SECONDS = 10.0
_RATE_SECONDS = 30.0
"""The rate is that of so many seconds back."""


class Display(Protocol):
    """Where progress goes."""

    def show(self, progress: Progress) -> None:
        """Called after every change, often."""

    def say(self, message: str) -> None:
        """Something that is not progress: where a provider's batch is."""

    def close(self, result: BatchResult | None) -> None:
        """Called at the end; None if the run ended in an error."""


def choose_display(*, as_json: bool, stream: TextIO | None = None) -> Display:
    """The display that fits: JSON lines if wanted, live on a terminal, plain lines elsewhere."""
    stream = stream or sys.stderr
    if as_json:
        return JsonLines(stream)
    return Live(stream) if stream.isatty() else PlainLines(stream)


class Pace:
    """How fast a run is, and when it may end."""

    def __init__(self) -> None:
        self._points: list[tuple[float, int]] = []

    def note(self, progress: Progress) -> float | None:
        """Articles a second over the last half minute; None before there are any."""
        now = time.monotonic()
        self._points.append((now, progress.done))
        while len(self._points) > 2 and now - self._points[0][0] > _RATE_SECONDS:
            self._points.pop(0)
        (first, before), (last, done) = self._points[0], self._points[-1]
        return (done - before) / (last - first) if last - first > 1.0 and done > before else None


def in_a_line(progress: Progress, rate: float | None) -> str:
    """The state in words: what is done, what failed, what it cost, how fast."""
    usage = progress.usage
    parts = [
        f"{progress.done_before + progress.done:,} of {progress.read:,}{'' if progress.reading_ended else '+'} done",
        f"{progress.rows:,} rows",
        f"{progress.failures:,} failed",
        f"{progress.skips:,} skipped",
        f"{progress.copies:,} copies",
    ]
    if progress.cached:
        parts.append(f"{progress.cached:,} from the cache")
    parts.append(f"{progress.under_way} under way")
    if rate:
        parts.append(f"{rate:,.1f}/s")
    if usage.calls:
        parts.append(f"{usage.tokens:,} tokens")
        parts.append("no known price" if usage.cost_usd is None else f"${usage.cost_usd:,.4f}")
    waiting = progress.read - progress.done_before - progress.done
    if rate and progress.reading_ended and waiting > 0:
        parts.append(f"{_duration(waiting / rate)} left")
    return ", ".join(parts)


class PlainLines:
    """A line with its time every ten seconds."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._pace = Pace()
        self._next = time.monotonic() + _PLAIN_SECONDS

    def show(self, progress: Progress) -> None:
        """Write a line if it is time."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _PLAIN_SECONDS
            self._write(in_a_line(progress, self._pace.note(progress)))

    def say(self, message: str) -> None:
        """Write it with its time."""
        self._write(message)

    def close(self, result: BatchResult | None) -> None:
        """Write the last state."""
        if result is not None:
            self._write(in_a_line(result.progress, None))

    def _write(self, line: str) -> None:
        self._stream.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}  {line}\n")
        self._stream.flush()


class Live:
    """One line that is written anew."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.live import Live as RichLive

        self._pace = Pace()
        self._next = 0.0
        self._live = RichLive(console=Console(file=stream), auto_refresh=False, transient=True)
        self._live.start()

    def show(self, progress: Progress) -> None:
        """Write the line anew if it is time."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _LIVE_SECONDS
            self._live.update(in_a_line(progress, self._pace.note(progress)), refresh=True)

    def say(self, message: str) -> None:
        """Print it above the line."""
        self._live.console.print(message, markup=False, highlight=False)

    def close(self, result: BatchResult | None) -> None:
        """Take the line away; the summary follows."""
        self._live.stop()


class JsonLines:
    """One JSON object a second, and one at the end."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._pace = Pace()
        self._next = 0.0

    def show(self, progress: Progress) -> None:
        """Write the state if a second has passed."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + 1.0
            self._write("progress", progress, rate=self._pace.note(progress))

    def say(self, message: str) -> None:
        """Write it as an event."""
        self._stream.write(json.dumps({"time": _now(), "event": "message", "message": message}) + "\n")
        self._stream.flush()

    def close(self, result: BatchResult | None) -> None:
        """Write how it ended."""
        if result is not None:
            stopped = None if result.stopped_by is None else str(result.stopped_by)
            self._write("ended" if result.ended else "stopped", result.progress, reason=stopped)

    def _write(self, event: str, progress: Progress, **more: Any) -> None:
        line = {
            "time": _now(),
            "event": event,
            "read": progress.read,
            "done_before": progress.done_before,
            "rows": progress.rows,
            "failures": progress.failures,
            "skips": progress.skips,
            "copies": progress.copies,
            "cached": progress.cached,
            "under_way": progress.under_way,
            "input_tokens": progress.usage.input_tokens,
            "output_tokens": progress.usage.output_tokens,
            "cost_usd": None if progress.usage.cost_usd is None else float(progress.usage.cost_usd),
            "seconds": round(progress.seconds, 3),
            **more,
        }
        self._stream.write(json.dumps(line) + "\n")
        self._stream.flush()


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{rest} s"
