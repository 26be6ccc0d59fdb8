"""What waits to be written to one client: bounded, in order, with a way past for what cannot wait.

Two lanes. Answers and notices that belong to no turn go first; everything of a turn keeps its order, so that nothing
overtakes its `turn_started` and a natural end stays behind its media. An interrupt empties the turn's lane, so its end
goes out next. A client that reads slowly loses pictures, is told, and is given fewer of them (core/reader.py); sound,
text and endings never are lost, but no further message of the client is read until there is room.
Tests: tests/server/test_outbox.py.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from tth.clock import Clock
from tth.core.reader import ReaderLadder, ReaderLevel, Untaken, overdue_s
from tth.model.events import (
    AudioChunk,
    DegradedMode,
    Event,
    IdleClip,
    MotionFrame,
    TurnHeard,
    TurnMetrics,
    TurnStarted,
    VideoFrame,
)
from tth.model.media import PictureQuality

SLOW_READER = "SLOW_READER"
_ACTIONS = {
    ReaderLevel.FULL: "every picture is sent again",
    ReaderLevel.NEWEST_ONLY: "pictures that have waited too long are left out",
    ReaderLevel.HALF_RATE: "every second picture is made, those that have waited too long are left out",
    ReaderLevel.QUARTER_RATE: "every fourth picture is made, those that have waited too long are left out",
}


@dataclass(frozen=True, slots=True)
class OutboxLimits:
    """How much may wait for one client before pictures are left out."""

    events: int = 512
    picture_bytes: int = 16 * 1024 * 1024
    """One picture may always wait, however large it is."""


class PictureSource(Protocol):
    """Where the pictures come from, as far as it must know of their reader."""

    def request_keyframe(self) -> None:
        """Pictures were lost: the next one must stand alone."""
        ...

    def reader_is(self, level: ReaderLevel) -> None:
        """From now on the client gets so many."""
        ...

    def due_in_s(self, start_sample: int) -> float:
        """How long until this sample is presented; 0 = it has been."""
        ...


@dataclass(slots=True)
class Outgoing:
    """One event and the turn it belongs to ("" = none)."""

    event: Event
    turn_id: str
    since_s: float
    """Clock time at which it was handed over."""
    overdue_s: float = 0.0
    """Of sound and pictures: when it has waited past its moment."""

    @property
    def is_picture(self) -> bool:
        return isinstance(self.event, VideoFrame | MotionFrame)


@dataclass(slots=True)
class _Lost:
    """What one turn lost here."""

    video_count: int = 0
    degraded_count: int = 0
    """Of those."""
    motion_count: int = 0


class Outbox:
    """Implements `Sink`. One writer gets; the session's tasks emit from the same event loop."""

    def __init__(self, limits: OutboxLimits, clock: Clock, source: PictureSource) -> None:
        self._limits = limits
        self._clock = clock
        self._source = source
        self._reader = ReaderLadder()
        self._untaken = Untaken()
        self._told = self._reader.level
        self._notices: deque[Outgoing] = deque()
        self._lane: deque[Outgoing] = deque()
        self._pictures: deque[Outgoing] = deque()  # those in the lane, in their order
        self.picture_bytes = 0
        """Of the pictures that wait."""
        self._needs_keyframe = False  # what comes before the next one cannot be decoded
        self._keyframe_asked = False  # and it is on its way
        self._left_out = 0  # video frames since the last one that waits or was sent
        self._lost: dict[str, _Lost] = {}  # by turn, until its metrics are sent
        self._changed = asyncio.Event()
        self._taken = asyncio.Event()
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._notices) + len(self._lane)

    @property
    def level(self) -> ReaderLevel:
        """What the client still gets."""
        return self._reader.level

    def waited_s(self, now_s: float) -> float:
        """How long the oldest event has waited, here or, by the client's word, in the transport; 0 when none waits."""
        here_s = max((now_s - lane[0].since_s for lane in (self._notices, self._lane) if lane), default=0.0)
        return max(here_s, self._untaken.waited_s(now_s))

    def emit(self, event: Event, turn_id: str = "") -> None:
        """See `Sink.emit`. After `close` events are forgotten."""
        if self._is_closed:
            return
        now_s = self._clock.now_s()
        item = Outgoing(event, turn_id, now_s)
        if isinstance(event, AudioChunk | VideoFrame | MotionFrame):
            item.overdue_s = overdue_s(now_s, self._source.due_in_s(event.start_sample))
        if item.is_picture:
            self._emit_picture(item)
        elif turn_id or isinstance(event, IdleClip | TurnHeard):
            self._lane.append(item)
        else:
            self._notices.append(item)
        if self._told is not ReaderLevel.FULL:
            self._reader.look(now_s)
        self._tell()
        self._changed.set()

    def cut(self, turn_id: str) -> list[Event]:
        """See `Sink.cut`. `turn_started` stays: what began is seen to begin before it is seen to end."""
        dropped = [i for i in self._lane if i.turn_id == turn_id and not isinstance(i.event, TurnStarted)]
        if dropped:
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
                return self._take()
            if self._is_closed:
                return None
            self._changed.clear()
            await self._changed.wait()

    def get_next(self, kinds: Collection[type[Event]]) -> Outgoing | None:
        """The next event to write, if one of these waits there."""
        lane = self._notices or self._lane
        return self._take() if lane and type(lane[0].event) in kinds else None

    def waiting(self) -> list[tuple[Event, str]]:
        """Events that have not been sent and their turns, in order."""
        return [(item.event, item.turn_id) for item in (*self._notices, *self._lane)]

    def rest(self) -> list[tuple[Event, str]]:
        """Events that nobody will send any more and their turns, in order; the outbox is empty then."""
        self.close()
        items = []
        while self._notices or self._lane:
            items.append(self._take())
        return [(item.event, item.turn_id) for item in items]

    def sent(self, item: Outgoing, seq: int) -> None:
        """This one is written now, with this number."""
        if item.overdue_s:
            self._untaken.sent(seq, self._clock.now_s(), item.overdue_s)

    def taken(self, seq: int) -> None:
        """The client says that it has taken everything up to this number, however much the transport took in."""
        self._untaken.reported(seq, self._clock.now_s())

    async def room(self) -> None:
        """Wait until fewer events than the limit wait that must not be lost."""
        while len(self) - len(self._pictures) >= self._limits.events and not self._is_closed:
            self._taken.clear()
            await self._taken.wait()

    def _take(self) -> Outgoing:
        item = (self._notices or self._lane).popleft()
        self._taken.set()
        if item.is_picture:
            self._pictures.popleft()
            self.picture_bytes -= _size(item)
        elif isinstance(item.event, TurnMetrics):
            item.event = self._truthful(item.event, item.turn_id)
        return item

    # ---- pictures

    def _emit_picture(self, item: Outgoing) -> None:
        event = item.event
        assert isinstance(event, VideoFrame | MotionFrame)
        is_behind = self._untaken.is_behind(item.since_s)
        if is_behind:
            self._reader.lost(item.since_s)
        if is_behind or (isinstance(event, VideoFrame) and self._lacks_keyframe(event)):
            self._leave_out(item)
            return
        if isinstance(event, VideoFrame):
            self._needs_keyframe = False
            if self._left_out:
                item.event = _behind(event, self._left_out)
                self._left_out = 0
        self._lane.append(item)
        self._pictures.append(item)
        self.picture_bytes += _size(item)
        if self._is_too_much(item.since_s):
            self._drop_pictures(item.since_s)

    def _lacks_keyframe(self, event: VideoFrame) -> bool:
        """What it builds on was left out. A key frame is asked for when it can be sent, not before."""
        if not self._needs_keyframe or event.keyframe:
            return False
        if not self._keyframe_asked:
            self._ask_for_keyframe()
        return True

    def _ask_for_keyframe(self) -> None:
        self._needs_keyframe = self._keyframe_asked = True
        self._source.request_keyframe()

    def _leave_out(self, item: Outgoing) -> None:
        """This one does not even wait."""
        self._note_lost([item])
        if isinstance(item.event, VideoFrame):
            self._left_out += 1 + item.event.dropped_before_count
            if item.event.keyframe or not self._needs_keyframe:
                self._needs_keyframe, self._keyframe_asked = True, False

    def _is_too_much(self, now_s: float) -> bool:
        return len(self._pictures) > 1 and (
            now_s >= self._pictures[0].overdue_s
            or len(self) > self._limits.events
            or self.picture_bytes > self._limits.picture_bytes
        )

    def _drop_pictures(self, now_s: float) -> None:
        """Keep the newest pictures that can be shown by themselves: one for the eye, one in numbers."""
        videos = [item for item in self._pictures if isinstance(item.event, VideoFrame)]
        keys = [item for item in videos if isinstance(item.event, VideoFrame) and item.event.keyframe]
        motions = [item for item in self._pictures if isinstance(item.event, MotionFrame)]
        kept = {id(item) for item in (*keys[-1:], *motions[-1:])}
        dropped = [item for item in self._pictures if id(item) not in kept]
        if not dropped:
            return
        if videos and id(videos[-1]) not in kept:
            self._ask_for_keyframe()
        self._note_lost(dropped)
        self._forget(dropped)
        self._reader.lost(now_s)

    def _note_lost(self, items: Iterable[Outgoing]) -> None:
        """For the figures of their turns."""
        for item in items:
            if item.turn_id:
                lost = self._lost.setdefault(item.turn_id, _Lost())
                lost.motion_count += isinstance(item.event, MotionFrame)
                if isinstance(item.event, VideoFrame):
                    lost.video_count += 1
                    lost.degraded_count += item.event.quality is not PictureQuality.FULL

    def _truthful(self, metrics: TurnMetrics, turn_id: str) -> TurnMetrics:
        """The turn's figures without what was made for it and lost here."""
        lost = self._lost.pop(turn_id, None)
        if lost is None:
            return metrics
        sent = metrics.video_frame_count - lost.video_count
        fps = metrics.achieved_fps
        return replace(
            metrics,
            video_frame_count=sent,
            motion_frame_count=metrics.motion_frame_count - lost.motion_count,
            dropped_frame_count=metrics.dropped_frame_count + lost.video_count,
            degraded_frame_count=metrics.degraded_frame_count - lost.degraded_count,
            achieved_fps=fps * sent / metrics.video_frame_count if fps and lost.video_count else fps,
        )

    def _forget(self, items: Iterable[Outgoing]) -> None:
        """Take these out of the lane; the video frame behind each says how many are missing."""
        gone = {id(item) for item in items}
        left_out, kept = 0, deque[Outgoing]()
        for item in self._lane:
            if id(item) not in gone:
                kept.append(item)
                if left_out and isinstance(item.event, VideoFrame):
                    item.event = _behind(item.event, left_out)
                    left_out = 0
            elif isinstance(item.event, VideoFrame):
                left_out += 1 + item.event.dropped_before_count
        self._lane = kept
        self._left_out += left_out
        self._pictures = deque(item for item in kept if item.is_picture)
        self.picture_bytes = sum(_size(item) for item in self._pictures)
        self._taken.set()

    # ---- what the client is told

    def _tell(self) -> None:
        """A state is told when it changes, past everything that waits."""
        level = self._reader.level
        if level is self._told:
            return
        self._told = level
        self._source.reader_is(level)
        is_slow = level is not ReaderLevel.FULL
        notice = DegradedMode(is_slow, "transport", SLOW_READER if is_slow else "", _ACTIONS[level], level)
        self._notices.append(Outgoing(notice, "", self._clock.now_s()))


def _size(item: Outgoing) -> int:
    """Of a picture; one in numbers weighs next to nothing."""
    return len(item.event.data) if isinstance(item.event, VideoFrame) else 0


def _behind(frame: VideoFrame, left_out: int) -> VideoFrame:
    """The same behind so many more that are missing."""
    return replace(frame, dropped_before_count=frame.dropped_before_count + left_out)
