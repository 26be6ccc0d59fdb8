"""What waits for one client: order, room, and what is lost when there is none."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.core.reader import RECORD_EACH_S, TRAVEL_S, WAIT_S, ReaderLevel
from tth.face.parameters import FaceState
from tth.model.controls import ControlReport, Controls
from tth.model.events import (
    AudioChunk,
    DegradedMode,
    Event,
    GoAway,
    IdleClip,
    MotionFrame,
    Pong,
    TextDelta,
    TextMode,
    TurnComplete,
    TurnHeard,
    TurnMetrics,
    TurnOutcome,
    TurnStarted,
    VideoFrame,
)
from tth.model.media import FrameKind, PictureQuality, VideoCodec
from tth.server.outbox import SLOW_READER, Outbox, OutboxLimits

pytestmark = pytest.mark.unit


def sound(index: int) -> AudioChunk:
    return AudioChunk(b"\0\0", 960 * index, 960, index)


def frame(index: int, *, size: int = 1, keyframe: bool = True) -> VideoFrame:
    codec = VideoCodec.JPEG if keyframe else VideoCodec.H264
    return VideoFrame(b"x" * size, codec, 64, 64, 960 * index, 960, index, keyframe, FrameKind.IDLE)


def motion(index: int) -> MotionFrame:
    return MotionFrame(960 * index, 960, FaceState(np.zeros(52, np.float32)), "sil", FrameKind.IDLE)


def started(index: int = 1) -> TurnStarted:
    return TurnStarted(index, 0, 1, (), TextMode.SAY)


PONG = Pong(1, 2)
END = TurnComplete(0, 0, "")
METRICS = TurnMetrics(
    control_report=ControlReport(1, Controls()),
    outcome=TurnOutcome.COMPLETED,
    first_text_ms=None,
    first_audio_ms=None,
    first_video_ms=None,
    stop_latency_ms=None,
    queue_ms=None,
    achieved_fps=25.0,
    real_time_factor=None,
    drift=None,
    text_delta_count=0,
    audio_chunk_count=0,
    video_frame_count=50,
    motion_frame_count=50,
    dropped_frame_count=3,
    audio_samples=0,
    total_ms=0.0,
    spoken_character_count=0,
    adapters=(),
    degraded_frame_count=10,
)


class Source:
    """Implements PictureSource, and a clock that stands until it is moved; sample n is presented at n / 24,000."""

    def __init__(self) -> None:
        self.now = 0.0
        self.keyframes_asked = 0
        self.levels: list[ReaderLevel] = []

    def request_keyframe(self) -> None:
        self.keyframes_asked += 1

    def reader_is(self, level: ReaderLevel) -> None:
        self.levels.append(level)

    def due_in_s(self, start_sample: int) -> float:
        return max(0.0, start_sample / 24_000 - self.now)

    def now_s(self) -> float:
        return self.now

    def wall_ms(self) -> int:
        return 0


def box(events: int = 10, source: Source | None = None, picture_bytes: int = 1000) -> Outbox:
    source = source or Source()
    return Outbox(OutboxLimits(events, picture_bytes), source, source)


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
    """Over the limit all waiting pictures go but the newest one; sound and text stay; the client is told at once."""
    source = Source()
    outbox = box(4, source)
    for index in range(2):
        outbox.emit(sound(index), "t_1")
        outbox.emit(frame(index), "t_1")
    newest = motion(2)
    outbox.emit(newest, "t_1")
    told, *rest = [event for event, _ in all_of(outbox)]
    assert isinstance(told, DegradedMode)
    assert (told.active, told.component, told.reason) == (True, "transport", SLOW_READER)
    assert rest == [sound(0), sound(1), replace(frame(1), dropped_before_count=1), newest]
    assert source.levels == [ReaderLevel.NEWEST_ONLY]
    assert source.keyframes_asked == 0  # what is left stands alone


def test_bytes_are_bounded_but_one_picture_always_waits() -> None:
    """Raw pictures of megabytes: the second one sends the first away."""
    outbox = box(100, picture_bytes=1000)
    for index in range(5):
        outbox.emit(frame(index, size=5000), "")
        assert outbox.picture_bytes == 5000
    _, *pictures = [event for event, _ in all_of(outbox)]
    assert pictures == [replace(frame(4, size=5000), dropped_before_count=4)]


def test_pictures_whose_moment_has_passed_give_way() -> None:
    """What is sent a second ahead may wait a second."""
    source = Source()
    outbox = box(100, source)
    for index in range(25, 50):
        outbox.emit(frame(index), "t_1")
    source.now = 0.99
    outbox.emit(frame(50), "t_1")
    assert len(outbox) == 26
    source.now = 1.01  # that of the first has passed
    outbox.emit(frame(51), "t_1")
    assert [event for event, _ in all_of(outbox)][1:] == [replace(frame(51), dropped_before_count=26)]


def test_behind_a_lost_h264_frame_nothing_is_sent_before_a_key_frame() -> None:
    """Not even one that was being encoded when the others were lost; the key frame says how many are missing."""
    source = Source()
    outbox = box(4, source)
    for index in range(5):
        outbox.emit(frame(index, keyframe=index == 0))
    assert source.keyframes_asked == 1
    outbox.emit(replace(frame(5, keyframe=False), dropped_before_count=2))
    outbox.emit(frame(6))
    outbox.emit(frame(7, keyframe=False))
    assert source.keyframes_asked == 1
    pictures = [event for event, _ in all_of(outbox)][1:]
    # four, and the one that came too late with the two before it
    assert pictures == [frame(0), replace(frame(6), dropped_before_count=7), frame(7, keyframe=False)]


def test_the_newest_key_frame_is_kept() -> None:
    """Those before it go, those behind it as well, since they are older than what comes next and need each other."""
    source = Source()
    outbox = box(4, source)
    for index in range(5):
        outbox.emit(frame(index, keyframe=index in (0, 2)))
    outbox.emit(frame(5))
    pictures = [event for event, _ in all_of(outbox)][1:]
    assert pictures == [replace(frame(2), dropped_before_count=2), replace(frame(5), dropped_before_count=2)]


def test_the_turn_s_figures_do_not_count_what_was_lost() -> None:
    """Also what is lost after they were drawn up; those of another turn stay."""
    outbox = box(8)
    low = replace(frame(1), quality=PictureQuality.LOW)
    for event in (started(), frame(0), low, motion(0), motion(1)):
        outbox.emit(event, "t_1")
    outbox.emit(METRICS, "t_1")
    outbox.emit(frame(2), "t_2")
    outbox.emit(METRICS, "t_2")
    outbox.emit(motion(2), "t_2")
    found = [event for event, _ in all_of(outbox)]
    first, second = (event for event in found if isinstance(event, TurnMetrics))
    assert (first.video_frame_count, first.dropped_frame_count, first.motion_frame_count) == (48, 5, 48)
    assert first.degraded_frame_count == 9
    assert first.achieved_fps == pytest.approx(25 * 48 / 50)
    assert second == METRICS


def test_what_an_interrupt_throws_away_is_missing_too() -> None:
    """The next picture says so."""
    outbox = box()
    outbox.emit(started(), "t_1")
    outbox.emit(frame(0), "t_1")
    outbox.emit(frame(1), "t_1")
    outbox.cut("t_1")
    outbox.emit(frame(2))
    assert [event for event, _ in all_of(outbox)] == [started(), replace(frame(2), dropped_before_count=2)]


def test_each_step_is_told_and_so_is_the_end() -> None:
    """Nobody reads for five seconds, then everything is read at once."""
    source = Source()
    outbox = box(1000, source)
    told: list[DegradedMode] = []

    async def main() -> None:
        for index in range(400):
            source.now = index / 25
            outbox.emit(frame(index))
            while index > 125 and len(outbox):
                item = await outbox.get()
                if item is not None and isinstance(item.event, DegradedMode):
                    told.append(item.event)

    asyncio.run(main())
    levels = [ReaderLevel.NEWEST_ONLY, ReaderLevel.HALF_RATE, ReaderLevel.QUARTER_RATE]
    levels += [ReaderLevel.HALF_RATE, ReaderLevel.NEWEST_ONLY]
    assert source.levels == levels
    assert [(notice.active, notice.level) for notice in told] == [(True, level) for level in levels]
    for index in range(400, 600):
        source.now = index / 25
        outbox.emit(sound(index), "t_1")
    assert source.levels[-1] is ReaderLevel.FULL
    notice = all_of(outbox)[0][0]
    assert isinstance(notice, DegradedMode)
    assert (notice.active, notice.reason, notice.level) == (False, "", "full")


def test_pictures_end_while_the_client_is_behind() -> None:
    """The transport takes everything at once, the client says that it has nothing of it: sound goes on, pictures do
    not; when it has caught up, a key frame is asked for, and says how many are missing."""
    source = Source()
    outbox = box(1000, source)
    told: list[Event] = []

    async def pass_on(index: int, *events: Event) -> None:
        """The writer takes everything."""
        source.now = index / 25
        for event in events:
            outbox.emit(event, "t_1")
        while len(outbox):
            item = await outbox.get()
            assert item is not None
            told.append(item.event)
            outbox.sent(item, index + 1)

    async def main() -> None:
        outbox.taken(1)
        for index in range(75):
            await pass_on(index, sound(index), frame(index, keyframe=index == 0))
            outbox.taken(1)
        assert source.keyframes_asked == 0
        outbox.taken(76)
        await pass_on(75, frame(75, keyframe=False))
        assert source.keyframes_asked == 1
        await pass_on(76, frame(76, keyframe=True))

    asyncio.run(main())
    frames = [event for event in told if isinstance(event, VideoFrame)]
    late = round((WAIT_S + TRAVEL_S + RECORD_EACH_S) * 25) + 1
    assert len(frames) <= late
    assert frames[-1].dropped_before_count == 77 - len(frames)
    assert sum(isinstance(event, AudioChunk) for event in told) == 75
    assert source.levels == [ReaderLevel.NEWEST_ONLY]


def test_how_long_the_oldest_event_has_waited() -> None:
    """In either lane."""
    source = Source()
    outbox = box(10, source)
    assert outbox.waited_s(5.0) == 0
    outbox.emit(sound(0), "t_1")
    source.now = 1.0
    outbox.emit(PONG)
    assert outbox.waited_s(5.0) == 5.0
    outbox.cut("t_1")
    assert outbox.waited_s(5.0) == 4.0


def test_an_idle_clip_stays_before_its_pictures() -> None:
    """And behind those of the turn before it."""
    outbox = box()
    clip = IdleClip(960, 960, 1)
    for event, turn_id in ((frame(0), "t_1"), (clip, ""), (frame(1), "")):
        outbox.emit(event, turn_id)
    assert [event for event, _ in all_of(outbox)] == [frame(0), clip, frame(1)]


def test_what_is_no_picture_is_never_dropped() -> None:
    """However full it is."""
    outbox = box(4)
    for index in range(100):
        outbox.emit(sound(index), "t_1")
    assert len(outbox) == 100
    assert outbox.level is ReaderLevel.FULL
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
        kept = [event for event in got if not isinstance(event, VideoFrame | DegradedMode)]
        for lane in (Pong, (AudioChunk, TextDelta)):
            assert [e for e in kept if isinstance(e, lane)] == [e for e in expected if isinstance(e, lane)]
        assert len(outbox) == 0

    asyncio.run(main())


def test_what_was_heard_of_a_turn_comes_behind_its_end() -> None:
    """It belongs to no turn, yet it means nothing before the end that it is about."""
    outbox = box()
    outbox.emit(started(), "t_1")
    outbox.emit(END, "t_1")
    heard = TurnHeard("t_1", "some", 0, True)
    outbox.emit(heard)
    outbox.emit(PONG)
    assert [event for event, _ in all_of(outbox)] == [PONG, started(), END, heard]
