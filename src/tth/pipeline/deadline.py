"""A deadline on every wait for an adapter: first output within one budget, each next within another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TypeVar

from tth.errors import AdapterSilent, AdapterTimeout

T = TypeVar("T")


async def watched(
    stream: AsyncGenerator[T, None], first_ms: int, silence_ms: int, role: str
) -> AsyncGenerator[T, None]:
    """Yield from `stream`; close it on the way out, whatever the way.

    Raises AdapterTimeout when nothing came within `first_ms`, AdapterSilent when it stopped for `silence_ms`.
    The time the consumer takes between two items is not counted.
    """
    budget_ms = first_ms
    watchdog = _Watchdog()
    try:
        while True:
            try:
                async with watchdog.wait(budget_ms / 1000):
                    item = await anext(stream)
            except StopAsyncIteration:
                return
            except TimeoutError:
                error = AdapterTimeout if budget_ms == first_ms and first_ms != silence_ms else AdapterSilent
                raise error(f"{role} gave no output within {budget_ms} ms", role=role) from None
            finally:
                watchdog.rest()
            budget_ms = silence_ms
            yield item
    finally:
        watchdog.close()
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()


class _Watchdog:
    """One timer for all waits of a stream. To arm one for each wait costs more than the rest of the hand-over, and
    nearly all are disarmed at once; this one looks, when it fires, how long the wait of that moment has lasted."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._fires_s = 0.0
        self._wait: asyncio.Timeout | None = None
        self._deadline_s = 0.0

    def wait(self, budget_s: float) -> asyncio.Timeout:
        """The context in which to wait; raises TimeoutError like `asyncio.timeout(budget_s)`."""
        self._deadline_s = self._loop.time() + budget_s
        if self._timer is None or self._fires_s > self._deadline_s:
            self._arm()
        self._wait = asyncio.timeout(None)
        return self._wait

    def rest(self) -> None:
        """The wait is over."""
        self._wait = None

    def close(self) -> None:
        """No more waits."""
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self) -> None:
        self.close()
        self._fires_s = self._deadline_s
        self._timer = self._loop.call_at(self._fires_s, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._wait is None:
            return
        if self._deadline_s > self._fires_s:
            self._arm()
        else:
            self._wait.reschedule(self._deadline_s)
