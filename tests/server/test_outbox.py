"""What waits for one client: order, room, and what is lost when there is none."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.face.parameters import FaceState
from tth.model.events import (
    AudioChunk,
    Event,
    GoAway,
    MotionFrame,
    Pong,
    TextDelta,
    TextMode,
    TurnComplete,
    TurnStarted,
    VideoFrame,
)
from tth.model.media import FrameKind, VideoCodec
from tth.server.outbox import Outbox

pytestmark = pytest.mark.unit


def sound(index: int) -> AudioChunk:
    return AudioChunk(b"\0\0", 960 * index, 960, index)


def frame(index: int) -> VideoFrame:
    return VideoFrame(b"x", VideoCodec.JPEG, 64, 64, 960 * index, 960, index, True, FrameKind.IDLE)


def motion(index: int) -> MotionFrame:
    return MotionFrame(960 * index, FaceState(np.zeros(52, np.float32)), "sil", FrameKind.IDLE)


def started(index: int = 1) -> TurnStarted:
    return TurnStarted(index, 0, 1, (), TextMode.SAY)


PONG = Pong(1, 2)
END = TurnComplete(0, 0, "")


class Losses:
    """Counts how often pictures were lost."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def box(capacity_events: int = 10, losses: Losses | None = None) -> Outbox:
    return Outbox(capacity_events, losses or Losses())


def all_of(outbox: Outbox) -> list[tuple[Event, str]]:
    """Close it and take what is left."""
    outbox.close()

    async def main() -> list[tuple[Event, str]]:
        found = []
        while (item := await outbox.get()) is not None:
            found.append((item.event, item.turn_id))
        return found

    return asyncio.run(main())


def test_a_turn_keeps_its_order() -> None:
    """Sound, pictures and the end come as they were emitted, idle pictures among them."""
    outbox = box()
    items: list[tuple[Event, str]] = [
        (frame(0), ""),
        (started(), "t_1"),
        (sound(0), "t_1"),
        (frame(1), "t_1"),
        (END, "t_1"),
        (frame(2), ""),
    ]
    for event, turn_id in items:
        outbox.emit(event, turn_id)
    assert all_of(outbox) == items


def test_notices_pass_everything() -> None:
    """What belongs to no turn goes out first, in its own order."""
    outbox = box()
    away = GoAway("reconnect", 1, "DRAINING")
    outbox.emit(sound(0), "t_1")
    outbox.emit(PONG)
    outbox.emit(away)
    assert [event for event, _ in all_of(outbox)] == [PONG, away, sound(0)]


def test_cut_leaves_the_start_and_the_others() -> None:
    """Everything of a turn but its beginning is given back, oldest first; other turns stay."""
    outbox = box()
    for event in (started(), sound(0), frame(1)):
        outbox.emit(event, "t_1")
    outbox.emit(sound(5), "t_2")
    outbox.emit(PONG)
    assert outbox.cut("t_1") == [sound(0), frame(1)]
    assert outbox.cut("t_1") == []
    assert [event for event, _ in all_of(outbox)] == [PONG, started(), sound(5)]


def test_pictures_give_way_when_full() -> None:
    """Over the capacity every waiting picture goes, sound and text stay, and the next picture must stand alone."""
    losses = Losses()
    outbox = box(4, losses)
    for index in range(2):
        outbox.emit(sound(index), "t_1")
        outbox.emit(frame(index), "t_1")
    outbox.emit(motion(2), "t_1")
    assert losses.count == 1
    assert outbox.dropped_picture_count == 3
    assert [event for event, _ in all_of(outbox)] == [sound(0), sound(1)]


def test_what_is_no_picture_is_never_dropped() -> None:
    """However full it is."""
    losses = Losses()
    outbox = box(4, losses)
    for index in range(100):
        outbox.emit(sound(index), "t_1")
    assert len(outbox) == 100
    assert losses.count == 0
    assert len(all_of(outbox)) == 100


def test_after_close_nothing_is_taken() -> None:
    """What was there is still given, then None, again and again."""
    outbox = box()
    outbox.emit(sound(0), "t_1")
    outbox.close()
    outbox.emit(sound(1), "t_1")
    assert [event for event, _ in all_of(outbox)] == [sound(0)]
    assert all_of(outbox) == []


def test_get_waits_for_an_event_and_for_the_end() -> None:
    """Nothing there: the writer sleeps."""

    async def main() -> None:
        outbox = box()
        waiting = asyncio.create_task(outbox.get())
        await asyncio.sleep(0)
        assert not waiting.done()
        outbox.emit(PONG)
        item = await waiting
        assert item is not None
        assert item.event is PONG
        waiting = asyncio.create_task(outbox.get())
        await asyncio.sleep(0)
        outbox.close()
        assert await waiting is None

    asyncio.run(main())


@pytest.mark.parametrize("makes_room", ["get", "cut", "close"])
def test_room_is_waited_for(makes_room: str) -> None:
    """The reader sleeps while what must not be lost fills the outbox; pictures do not count."""

    async def main() -> None:
        outbox = box(4)
        for index in range(3):
            outbox.emit(sound(index), "t_1")
        outbox.emit(frame(0), "t_1")
        await outbox.room()
        outbox.emit(sound(3), "t_1")
        waiting = asyncio.create_task(outbox.room())
        await asyncio.sleep(0)
        assert not waiting.done()
        match makes_room:
            case "get":
                await outbox.get()
            case "cut":
                outbox.cut("t_1")
            case _:
                outbox.close()
        await waiting

    asyncio.run(main())


@given(st.lists(st.sampled_from(["sound", "frame", "pong", "text", "get", "cut", "turn"]), max_size=60))
def test_nothing_but_pictures_is_lost(steps: list[str]) -> None:
    """Any sequence: what is no picture comes out once, in order within its lane, unless its turn was cut."""

    async def main() -> None:
        outbox = box(5)
        turn = 1
        expected: list[Event] = []
        got: list[Event] = []
        for number, step in enumerate(steps):
            match step:
                case "sound":
                    outbox.emit(sound(number), f"t_{turn}")
                    expected.append(sound(number))
                case "text":
                    outbox.emit(TextDelta("x", number), f"t_{turn}")
                    expected.append(TextDelta("x", number))
                case "frame":
                    outbox.emit(frame(number), "")
                case "pong":
                    outbox.emit(Pong(number, 0))
                    expected.append(Pong(number, 0))
                case "get" if len(outbox):
                    item = await outbox.get()
                    assert item is not None
                    got.append(item.event)
                case "cut":
                    gone = outbox.cut(f"t_{turn}")
                    expected = [event for event in expected if event not in gone]
                case "turn":
                    turn += 1
                case _:
                    pass
        outbox.close()
        while (item := await outbox.get()) is not None:
            got.append(item.event)
        kept = [event for event in got if not isinstance(event, VideoFrame)]
        for lane in (Pong, (AudioChunk, TextDelta)):
            assert [e for e in kept if isinstance(e, lane)] == [e for e in expected if isinstance(e, lane)]
        assert len(outbox) == 0

    asyncio.run(main())
