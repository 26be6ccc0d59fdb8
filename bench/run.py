"""What every benchmark is given, and how progress is shown."""

from __future__ import annotations

import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bench.figures import Figure

_LINE_EVERY_S = 2.0


@dataclass(slots=True)
class Progress:
    """Says what is being measured: one line that changes on a terminal, a line every two seconds elsewhere."""

    title: str = ""
    _said_s: float = field(default=0.0)

    def now(self, done: int, whole: int) -> None:
        """`done` of `whole` samples are there."""
        now_s = time.monotonic()
        if sys.stderr.isatty():
            print(f"\r\x1b[K{self.title}: {done}/{whole}", end="", file=sys.stderr, flush=True)
        elif now_s - self._said_s > _LINE_EVERY_S:
            print(f"{self.title}: {done}/{whole}", file=sys.stderr, flush=True)
            self._said_s = now_s

    def clear(self) -> None:
        """Take the line away."""
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class Run:
    """How thorough to be."""

    progress: Progress
    quick: bool = False
    minutes: float | None = None
    """How long what runs for a given time is to run; None = its own choice."""

    def count(self, thorough: int, quick: int) -> int:
        """Samples to take."""
        return quick if self.quick else thorough


Measure = Callable[[Run], Awaitable[list[Figure]]]
