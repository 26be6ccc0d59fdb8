"""The spans of a turn on their way to the avatar."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from tth.adapters.base import AvatarInput

FEED_CAPACITY = 512
"""Spans an avatar may lag behind: about twenty seconds of speech. Beyond that it is given up for the turn."""


class AvatarFeed:
    """The spans on their way to the avatar. Never blocks the sound: an avatar that lags too far is given up."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[AvatarInput | None] = asyncio.Queue(FEED_CAPACITY)
        self.is_open = True

    def offer(self, item: AvatarInput) -> None:
        """Hand a span over, unless the avatar has been given up."""
        if not self.is_open:
            return
        try:
            self._queue.put_nowait(item)
        except asyncio.QueueFull:
            self.is_open = False

    async def put(self, item: AvatarInput) -> None:
        """As `offer`, but waits for room: for batches, where nothing may be lost."""
        if self.is_open:
            await self._queue.put(item)

    async def end(self) -> None:
        """No more spans."""
        if self.is_open:
            await self._queue.put(None)

    def give_up(self) -> None:
        """Nobody reads any more; wakes whoever waits for room."""
        self.is_open = False
        while not self._queue.empty():
            self._queue.get_nowait()

    async def spans(self) -> AsyncIterator[AvatarInput]:
        """What the avatar reads."""
        while (item := await self._queue.get()) is not None:
            yield item
