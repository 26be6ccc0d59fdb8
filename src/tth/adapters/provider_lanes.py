"""Connections to one provider, each with one request at a time, in front of httpx.

httpcore (1.0.9) keeps a pool of its own, which is not used for more than one connection here, for three reasons, each
measured in 2026-11: a request that is cancelled in the wrong moment stays in its books, so that every few interrupts
cost one connection for good; over HTTP/2 it never tells the provider that nobody listens any more, so that it writes
on and bills; and its work grows with the square of the connections. So a request takes the connection that was used
last, or opens one; a connection whose answer was not read to its end is closed, which every provider understands.
Tests: tests/adapters/test_provider_lanes.py.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx


class Lane:
    """One connection: a client whose own pool holds no more than that."""

    __slots__ = ("client", "idle_since_s", "is_reusable")

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.is_reusable = False
        """The answer was read to its end; whoever has the lane says so."""
        self.idle_since_s = 0.0


class Lanes:
    """One provider's connections. Used from one event loop."""

    def __init__(self, make: Callable[[], httpx.AsyncClient], max_lanes: int, keep_s: float) -> None:
        """make: a client for one connection. keep_s: one that nobody used for so long is closed."""
        self._make = make
        self._keep_s = keep_s
        self._room = asyncio.Semaphore(max_lanes)
        self._idle: list[Lane] = []
        """The one used last at the end."""

    @asynccontextmanager
    async def lane(self, wait_s: float) -> AsyncIterator[Lane]:
        """A connection for one request. Raises httpx.PoolTimeout when none was free for `wait_s`."""
        try:
            async with asyncio.timeout(wait_s):
                await self._room.acquire()
        except TimeoutError:
            raise httpx.PoolTimeout("all connections are in use") from None
        lane = self._idle.pop() if self._idle else Lane(self._make())
        lane.is_reusable = False
        try:
            yield lane
        finally:
            self._room.release()
            await self._give_back(lane)

    async def aclose(self) -> None:
        """Close those that nobody uses; the others close when they are given back. Idempotent."""
        self._keep_s = -1.0
        await self._close_old()

    async def _give_back(self, lane: Lane) -> None:
        if lane.is_reusable:
            lane.idle_since_s = time.monotonic()
            self._idle.append(lane)
            await self._close_old()
        else:
            await lane.client.aclose()

    async def _close_old(self) -> None:
        """The longest unused stand at the beginning."""
        while self._idle and time.monotonic() - self._idle[0].idle_since_s > self._keep_s:
            await self._idle.pop(0).client.aclose()
