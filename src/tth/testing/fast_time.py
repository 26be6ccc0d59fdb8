"""An event loop whose clock runs faster than the wall: real sockets, threads and pictures, in a fraction of the time.

Unlike `virtual_time`, nothing is jumped over: the loop waits, only shorter. So a program that talks over real sockets
can be tested in its own pace, as long as the machine does the work in time. Tests: tests/testing/test_fast_time.py.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

DEFAULT_FACTOR = 8.0
"""A frame at 25 fps lasts 5 ms then: enough for small pictures on a busy machine."""


class FastLoop(asyncio.SelectorEventLoop):
    """asyncio's loop, `factor` times as fast. `tth.testing.virtual_time.VirtualClock` shows its time."""

    def __init__(self, factor: float = DEFAULT_FACTOR) -> None:
        self.factor = factor
        self._started_s = time.monotonic()
        super().__init__(_ShortSelector(factor))

    def time(self) -> float:
        """Seconds since the loop was made, as they pass here."""
        return (time.monotonic() - self._started_s) * self.factor


class _ShortSelector(selectors.DefaultSelector):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self._factor = factor

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout if timeout is None else timeout / self._factor)


def run_fast(main: Coroutine[Any, Any, T], factor: float = DEFAULT_FACTOR) -> T:
    """`asyncio.run` on fast time."""
    with asyncio.Runner(loop_factory=lambda: FastLoop(factor)) as runner:
        return runner.run(main)
