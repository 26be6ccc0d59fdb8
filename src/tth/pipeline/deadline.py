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
    try:
        async with asyncio.timeout(None) as timeout:
            watchdog = _Watchdog(timeout)
            try:
                while True:
                    watchdog.wait(budget_ms / 1000)
                    try:
                        item = await anext(stream)
                    except StopAsyncIteration:
                        return
                    watchdog.rest()
                    budget_ms = silence_ms
                    yield item
            finally:
                watchdog.close()
    except TimeoutError:
        error = AdapterTimeout if budget_ms == first_ms and first_ms != silence_ms else AdapterSilent
        raise error(f"{role} gave no output within {budget_ms} ms", role=role) from None
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()


class _Watchdog:
    """One time-out and one timer for all waits of a stream. To arm one for each wait costs more than the rest of the
    hand-over, and nearly all are disarmed at once; this one looks, when it fires, how long the wait of that moment has
    lasted."""

    def __init__(self, timeout: asyncio.Timeout) -> None:
        """timeout: the context around all waits; it raises TimeoutError in one that lasts too long."""
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._fires_s = 0.0
        self._deadline_s: float | None = None  # None: nobody waits

    def wait(self, budget_s: float) -> None:
        """A wait begins."""
        self._deadline_s = self._loop.time() + budget_s
        if self._timer is None or self._fires_s > self._deadline_s:
            self._arm(self._deadline_s)

    def rest(self) -> None:
        """The wait is over. Raises TimeoutError for a stream that went on although its time was up."""
        self._deadline_s = None
        if self._timeout.expired():
            raise TimeoutError
        if self._timeout.when() is not None:  # in the very moment
            self._timeout.reschedule(None)

    def close(self) -> None:
        """No more waits."""
        self._deadline_s = None
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self, fires_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._fires_s = fires_s
        self._timer = self._loop.call_at(fires_s, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._deadline_s is None:
            return
        if self._deadline_s > self._fires_s:
            self._arm(self._deadline_s)
        else:
            self._timeout.reschedule(self._deadline_s)
