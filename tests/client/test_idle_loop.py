"""A clip that is shown forwards and backwards."""

from __future__ import annotations

import pytest

from tests.client.server import video
from tth.client import IdleLoop
from tth.v1 import media_pb2
from tth.v1.converse_pb2 import ConverseResponse, IdleClip

pytestmark = pytest.mark.unit

SLOT_US = 40_000
START_US = 1_000_000


def clip(frame_count: int, start_us: int = START_US) -> ConverseResponse:
    return ConverseResponse(
        idle_clip=IdleClip(pts_us=start_us, duration_us=frame_count * SLOT_US, frame_count=frame_count)
    )


def frame(pts_us: int, turn_id: str = "") -> ConverseResponse:
    return video(turn_id, pts_us, b"x", keyframe=True, codec=media_pb2.VIDEO_CODEC_JPEG)


def loop_of(frame_count: int, missing: frozenset[int] = frozenset()) -> IdleLoop[int]:
    loop: IdleLoop[int] = IdleLoop()
    loop.take(clip(frame_count))
    for index in range(frame_count):
        if index not in missing:
            loop.take(frame(START_US + index * SLOT_US), index)
    return loop


def shown(loop: IdleLoop[int], frame_count: int, slots: int) -> list[int | None]:
    """What stands in the middle of each slot behind the clip."""
    return [loop.at(START_US + (frame_count + slot) * SLOT_US + SLOT_US // 2) for slot in range(slots)]


def test_backwards_and_forwards() -> None:
    """Neither end is shown twice in a row."""
    assert shown(loop_of(4), 4, 10) == [2, 1, 0, 1, 2, 3, 2, 1, 0, 1]


@pytest.mark.parametrize("frame_count", [1, 2])
def test_the_smallest_clips(frame_count: int) -> None:
    """One picture stands, two change places."""
    assert shown(loop_of(frame_count), frame_count, 4) == ([0] * 4 if frame_count == 1 else [0, 1, 0, 1])


def test_pictures_that_were_left_out_are_stood_in_for() -> None:
    """By the one before; by the first where there is none."""
    assert shown(loop_of(4, frozenset({2})), 4, 6) == [1, 1, 0, 1, 1, 3]
    assert shown(loop_of(4, frozenset({0})), 4, 6) == [2, 1, 1, 1, 2, 3]


def test_nothing_is_looped_before_its_end_and_without_a_clip() -> None:
    """The clip's own pictures are shown as they come."""
    loop = loop_of(4)
    assert loop.end_us == START_US + 4 * SLOT_US
    assert loop.at(START_US + 3 * SLOT_US) is None
    nothing: IdleLoop[int] = IdleLoop()
    nothing.take(frame(START_US), 0)
    assert nothing.at(10**9) is None
    assert list(nothing.between(0, 10**9)) == []


@pytest.mark.parametrize(
    "event",
    [frame(START_US + 9 * SLOT_US, "t_1"), frame(START_US + SLOT_US, "t_1"), frame(START_US + 9 * SLOT_US), clip(4)],
)
def test_what_does_not_belong_to_it_ends_it(event: ConverseResponse) -> None:
    """A turn's picture, a later one, another clip."""
    loop = loop_of(4)
    loop.take(event, 9)
    assert loop.at(START_US + 100 * SLOT_US) is None


def test_the_stretch_between_two_times_is_whole() -> None:
    """However it is cut: each picture once, at its time. 30 pictures a second do not divide into microseconds."""
    loop: IdleLoop[int] = IdleLoop()
    loop.take(ConverseResponse(idle_clip=IdleClip(pts_us=0, duration_us=4_000_000, frame_count=120)))
    for index in range(120):
        loop.take(frame(round(index * 1e6 / 30)), index)
    whole = list(loop.between(0, 20_000_000))
    assert [picture for _, picture in whole] == [min(n % 238, 238 - n % 238) for n in range(120, 120 + len(whole))]
    assert len(whole) == 480
    parts, at_us = [], 0
    for until_us in (3_000_000, 5_000_001, 5_000_002, 12_345_678, 20_000_000):
        part = list(loop.between(at_us, until_us))
        parts += part
        at_us = parts[-1][0] + 1 if parts else at_us
    assert parts == whole
