"""What waits to be written to one client: bounded, in order, with a way past for what cannot wait.

Two lanes. Answers and notices that belong to no turn go first; everything of a turn keeps its order, so that nothing
overtakes its `turn_started` and a natural end stays behind its media. An interrupt empties the turn's lane, so its end
goes out next. Policy when full: pictures are dropped (a picture is worth nothing late), then the client is given up
when it has taken nothing for too long; sound, text and endings are never dropped. Tests: tests/server/test_outbox.py.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from tth.clock import Clock
from tth.model.events import Event, MotionFrame, TurnStarted, VideoFrame


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event and the turn it belongs to ("" = none)."""

    event: Event
    turn_id: str


class Outbox:
    """Implements `Sink`. One writer gets; the session's tasks emit from the same event loop."""

    def __init__(
        self,
        clock: Clock,
        capacity_events: int,
        stalled_s: float,
        on_pictures_lost: Callable[[], None],
        on_stalled: Callable[[], None],
    ) -> None:
        """on_pictures_lost: the next picture must stand alone. on_stalled: called once, when the client is given up."""
        self._clock = clock
        self._capacity_events = capacity_events
        self._stalled_s = stalled_s
        self._on_pictures_lost = on_pictures_lost
        self._on_stalled = on_stalled
        self._notices: deque[Outgoing] = deque()
        self._lane: deque[Outgoing] = deque()
        self._changed = asyncio.Event()
        self._taken_s = clock.now_s()
        self._is_closed = False
        self._is_stalled = False
        self.dropped_picture_count = 0

    def __len__(self) -> int:
        return len(self._notices) + len(self._lane)

    def emit(self, event: Event, turn_id: str = "") -> None:
        """See `Sink.emit`. After `close` events are forgotten."""
        if self._is_closed:
            return
        item = Outgoing(event, turn_id)
        if turn_id or isinstance(event, VideoFrame | MotionFrame):
            self._lane.append(item)
        else:
            self._notices.append(item)
        if len(self) > self._capacity_events:
            self._make_room()
        self._changed.set()

    def cut(self, turn_id: str) -> list[Event]:
        """See `Sink.cut`. `turn_started` stays: what began is seen to begin before it is seen to end."""
        dropped: list[Event] = [
            i.event for i in self._lane if i.turn_id == turn_id and not isinstance(i.event, TurnStarted)
        ]
        if dropped:
            gone = set(map(id, dropped))
            self._lane = deque(item for item in self._lane if id(item.event) not in gone)
        return dropped

    def close(self) -> None:
        """No more events; `get` gives what is left, then None."""
        self._is_closed = True
        self._changed.set()

    async def get(self) -> Outgoing | None:
        """The next event to write."""
        while True:
            self._taken_s = self._clock.now_s()
            if self._notices:
                return self._notices.popleft()
            if self._lane:
                return self._lane.popleft()
            if self._is_closed:
                return None
            self._changed.clear()
            await self._changed.wait()

    def _make_room(self) -> None:
        kept = deque(item for item in self._lane if not isinstance(item.event, VideoFrame | MotionFrame))
        lost_count = len(self._lane) - len(kept)
        if lost_count:
            self._lane = kept
            self.dropped_picture_count += lost_count
            self._on_pictures_lost()
        if not self._is_stalled and self._clock.now_s() - self._taken_s > self._stalled_s:
            self._is_stalled = True
            self._on_stalled()
