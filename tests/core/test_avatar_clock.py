"""Frames are put where their sound is, whatever clock the avatar keeps."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.core.avatar_clock import MOST_DRIFT, WINDOW_FRAMES, AvatarClock, FrameSlot, SlotGrid

pytestmark = pytest.mark.unit

FRAME = 960
ALL = 10**9
"""An avatar that reads far ahead: nothing that it claims is impossible."""


def errors(labels: list[int], truth: list[int], fed_end: int | None = None) -> list[int]:
    """Places minus truth. fed_end: by default that of an avatar that reads one slot at a time."""
    clock = AvatarClock()
    return [
        clock.place(label, FRAME, 0, fed_end or true + FRAME) - true for label, true in zip(labels, truth, strict=True)
    ]


@pytest.mark.parametrize("share", [0.0, 0.001, -0.001, 0.005, -0.005, MOST_DRIFT - 0.001])
def test_a_clock_of_its_own_is_taken_out(share: float) -> None:
    """Twenty minutes: the labels are off by up to 23 s in the end, the places by less than a millisecond."""
    truth = [n * FRAME for n in range(25 * 1200)]
    assert max(map(abs, errors([round(t * (1 + share)) for t in truth], truth, ALL))) <= 24


@given(st.floats(-0.015, 0.015), st.lists(st.sampled_from([1, 1, 1, 1, 2, 3]), min_size=100, max_size=300))
def test_frames_that_are_missing_do_not_confuse_it(share: float, steps: list[int]) -> None:
    """A label that jumps by whole frames is one of a later frame."""
    truth, at = [], 0
    for step in steps:
        at += step * FRAME
        truth.append(at - steps[0] * FRAME)
    assert max(map(abs, errors([round(t * (1 + share)) for t in truth], truth, ALL))) <= FRAME // 20


@given(st.floats(-0.01, 0.01), st.lists(st.integers(-200, 200), min_size=100, max_size=200))
def test_jitter_does_not_confuse_it(share: float, jitter: list[int]) -> None:
    """8 ms to and fro: the places keep the first label's error, no more."""
    truth = [n * FRAME for n in range(len(jitter))]
    labels = [round(t * (1 + share)) + off for t, off in zip(truth, jitter, strict=True)]
    off = errors(labels, truth, ALL)
    assert max(off) - min(off) <= 1
    assert abs(off[0]) <= 200


@pytest.mark.parametrize("offset", [-5000, -960, 1440, 60_000])
def test_what_is_impossible_is_moved(offset: int) -> None:
    """Before the first sound, or sound that was not fed yet: to the nearest frame that is possible."""
    truth = [n * FRAME for n in range(100)]
    assert set(errors([t + offset for t in truth], truth)) == {0}


def test_an_offset_that_is_possible_is_believed() -> None:
    """An avatar that left out its first three frames says the same."""
    truth = [n * FRAME for n in range(100)]
    assert set(errors([t + 3 * FRAME for t in truth], truth, ALL)) == {3 * FRAME}


@pytest.mark.parametrize("step", [800, 400, 1000, 1100])
def test_another_rate_is_no_clock(step: int) -> None:
    """Labels of 30 fps whose frames claim to last 40 ms are believed after two seconds at the latest, and for good."""
    truth = [n * step for n in range(1000)]
    off = errors(truth, truth, ALL)
    assert max(map(abs, off)) <= 1500
    assert set(off[WINDOW_FRAMES:]) == {0}


def test_the_same_label_again_is_the_same_place() -> None:
    """Whoever doubles frames has no slow clock."""
    truth = [n // 2 * FRAME for n in range(200)]
    assert set(errors(truth, truth)) == {0}


@pytest.mark.parametrize("fps", [1, 7, 24, 25, 30, 60])
def test_slots_that_do_not_divide_the_second_are_no_clock_either(fps: int) -> None:
    """Labels are rounded; the rounding is not taken for drift."""
    starts = [round(n * 24_000 / fps) for n in range(2000)]
    clock = AvatarClock()
    places = [clock.place(start, end - start, 0, ALL) for start, end in pairwise(starts)]
    assert places == starts[:-1]


@pytest.mark.parametrize("rate", [26, 30, 48, 50, 60])
def test_a_higher_rate_is_brought_to_the_slots(rate: int) -> None:
    """Each slot has one frame, at most half a slot off; the others are left out."""
    grid = SlotGrid(25)
    shown: list[tuple[int, FrameSlot]] = []
    for n in range(10 * rate):
        place = round(n * 24_000 / rate)
        slot = grid.slot_of(place, 24_000 // rate)
        if slot is not None:
            shown.append((place, slot))
    if rate == 26:  # that near, it is the avatar's own clock
        assert all(place == slot.start_sample for place, slot in shown)
        return
    assert [slot.start_sample for _, slot in shown] == [n * FRAME for n in range(len(shown))]
    assert len(shown) in (249, 250, 251)
    assert {slot.sample_count for _, slot in shown} == {FRAME}
    assert max(abs(place - slot.start_sample) for place, slot in shown) <= FRAME // 2


@pytest.mark.parametrize("rate", [1, 12, 15, 25])
def test_a_lower_rate_stays_as_it_is(rate: int) -> None:
    """Each frame at its place, for its own time."""
    grid, count = SlotGrid(25), 24_000 // rate
    assert all(grid.slot_of(n * count, count) == FrameSlot(n * count, count) for n in range(50))
