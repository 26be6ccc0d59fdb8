"""An event loop whose clock runs faster than the wall: real sockets, threads and pictures, in a fraction of the time.

Unlike `virtual_time`, nothing is jumped over: the loop waits, only shorter. So a program that talks over real sockets
can be tested in its own pace. A machine that has no time for the loop does not make the clock run: what counts is how
long the loop had to wait for what comes next, and the processor's time of its own thread. So nothing expires, and
nothing is late, because something else was busy. Tests: tests/testing/test_fast_time.py.
"""

from __future__ import annotations

import asyncio
import selectors
import threading
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

DEFAULT_FACTOR = 8.0
"""A frame at 25 fps lasts 5 ms then: enough for small pictures on a busy machine."""


class FastLoop(asyncio.SelectorEventLoop):
    """asyncio's loop, `factor` times as fast. `tth.testing.virtual_time.VirtualClock` shows its time."""

    def __init__(self, factor: float = DEFAULT_FACTOR) -> None:
        self._factor = factor
        self._now_s = 0.0
        self._worked_s = time.thread_time()
        self._thread = threading.get_ident()
        super().__init__(_ShortSelector(self, factor))

    def time(self) -> float:
        """Seconds since the loop was made, as they pass here. Another thread sees when this one looked last."""
        if threading.get_ident() == self._thread:
            worked_s = time.thread_time()
            self.pass_by(worked_s - self._worked_s)
            self._worked_s = worked_s
        return self._now_s

    def pass_by(self, real_s: float) -> None:
        """So much of real time counts."""
        self._now_s += real_s * self._factor


class _ShortSelector(selectors.DefaultSelector):
    def __init__(self, loop: FastLoop, factor: float) -> None:
        super().__init__()
        self._loop = loop
        self._factor = factor

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        wanted_s = None if timeout is None else max(0.0, timeout / self._factor)
        began_s = time.monotonic()
        ready = super().select(wanted_s)
        waited_s = time.monotonic() - began_s
        self._loop.pass_by(waited_s if wanted_s is None else min(waited_s, wanted_s))  # overslept: the machine's fault
        return ready


def run_fast(main: Coroutine[Any, Any, T], factor: float = DEFAULT_FACTOR) -> T:
    """`asyncio.run` on fast time."""
    with asyncio.Runner(loop_factory=lambda: FastLoop(factor)) as runner:
        return runner.run(main)
