"""What waits to be written to one client: bounded, in order, with a way past for what cannot wait.

Two lanes. Answers and notices that belong to no turn go first; everything of a turn keeps its order, so that nothing
overtakes its `turn_started` and a natural end stays behind its media. An interrupt empties the turn's lane, so its end
goes out next. Policy when full: pictures are dropped, for a picture is worth nothing late; sound, text and endings
never are, but no further message of the client is read until there is room. Tests: tests/server/test_outbox.py.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tth.model.events import Event, MotionFrame, TurnStarted, VideoFrame


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event and the turn it belongs to ("" = none)."""

    event: Event
    turn_id: str

    @property
    def is_picture(self) -> bool:
        return isinstance(self.event, VideoFrame | MotionFrame)


class Outbox:
    """Implements `Sink`. One writer gets; the session's tasks emit from the same event loop."""

    def __init__(self, capacity_events: int, on_pictures_lost: Callable[[], None]) -> None:
        """on_pictures_lost: the next picture must stand alone."""
        self._capacity_events = capacity_events
        self._on_pictures_lost = on_pictures_lost
        self._notices: deque[Outgoing] = deque()
        self._lane: deque[Outgoing] = deque()
        self._picture_count = 0
        self._changed = asyncio.Event()
        self._taken = asyncio.Event()
        self._is_closed = False
        self.dropped_picture_count = 0

    def __len__(self) -> int:
        return len(self._notices) + len(self._lane)

    def emit(self, event: Event, turn_id: str = "") -> None:
        """See `Sink.emit`. After `close` events are forgotten."""
        if self._is_closed:
            return
        item = Outgoing(event, turn_id)
        if turn_id or item.is_picture:
            self._lane.append(item)
        else:
            self._notices.append(item)
        self._picture_count += item.is_picture
        if len(self) > self._capacity_events and self._picture_count:
            self._drop_pictures()
        self._changed.set()

    def cut(self, turn_id: str) -> list[Event]:
        """See `Sink.cut`. `turn_started` stays: what began is seen to begin before it is seen to end."""
        dropped = [i for i in self._lane if i.turn_id == turn_id and not isinstance(i.event, TurnStarted)]
        self._forget(dropped)
        return [item.event for item in dropped]

    def close(self) -> None:
        """No more events; `get` gives what is left, then None."""
        self._is_closed = True
        self._changed.set()
        self._taken.set()

    async def get(self) -> Outgoing | None:
        """The next event to write."""
        while True:
            if self._notices or self._lane:
                item = (self._notices or self._lane).popleft()
                self._picture_count -= item.is_picture
                self._taken.set()
                return item
            if self._is_closed:
                return None
            self._changed.clear()
            await self._changed.wait()

    async def room(self) -> None:
        """Wait until fewer events than the capacity wait that must not be lost."""
        while len(self) - self._picture_count >= self._capacity_events and not self._is_closed:
            self._taken.clear()
            await self._taken.wait()

    def _drop_pictures(self) -> None:
        pictures = [item for item in self._lane if item.is_picture]
        self._forget(pictures)
        self.dropped_picture_count += len(pictures)
        self._on_pictures_lost()

    def _forget(self, items: Iterable[Outgoing]) -> None:
        gone = {id(item) for item in items}
        if gone:
            self._lane = deque(item for item in self._lane if id(item) not in gone)
            self._picture_count = sum(item.is_picture for item in self._lane)
            self._taken.set()
