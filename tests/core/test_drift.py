"""Keeping the picture on the sound."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.core.drift import Correction, DriftController
from tth.model.media import ms_to_samples

pytestmark = pytest.mark.unit
FRAME = 960


def test_frames_on_time_are_kept() -> None:
    """A frame that comes before its moment goes out as it is, and the drift is nothing."""
    drift = DriftController(live=True)
    for index in range(10):
        start = index * FRAME
        assert drift.decide(start, FRAME, position=start - 500) is Correction.KEEP
        drift.shown(start, FRAME, drift.slot_for(start), start - 500)
    stats = drift.stats()
    assert stats is not None
    assert (stats.mean_ms, stats.p95_abs_ms, stats.held_count, stats.skipped_count) == (0, 0, 0, 0)


def test_late_frame_is_left_out_but_never_two_in_a_row() -> None:
    """A machine that is too slow gives a slow picture, not a frozen one."""
    drift = DriftController(live=True)
    late = ms_to_samples(500)
    decisions = [drift.decide(index * FRAME, FRAME, index * FRAME + late) for index in range(4)]
    assert decisions == [Correction.SKIP, Correction.KEEP, Correction.SKIP, Correction.KEEP]


def test_lateness_is_measured() -> None:
    """A frame shown 30 ms after its moment is 30 ms late: positive."""
    drift = DriftController(live=True)
    drift.shown(0, FRAME, 0, ms_to_samples(30))
    stats = drift.stats()
    assert stats is not None
    assert stats.mean_ms == pytest.approx(30)


def test_a_second_frame_for_the_same_moment_is_held_back() -> None:
    """An avatar whose clock runs fast fills slots twice; the viewer keeps the one he has."""
    drift = DriftController(live=True)
    drift.shown(0, FRAME, 0, 0)
    assert drift.decide(100, FRAME, 0) is Correction.HOLD
    assert drift.decide(FRAME, FRAME, 0) is Correction.KEEP


def test_frames_that_are_all_late_by_the_same_are_all_shown() -> None:
    """Leaving out some would not make the others punctual; one that is later than the others is left out."""
    drift = DriftController(live=True)
    decisions = [drift.decide(n * FRAME, FRAME, n * FRAME + 7200) for n in range(100)]
    assert Correction.SKIP not in decisions[25:]
    assert drift.decide(100 * FRAME, FRAME, 100 * FRAME + 7200 + 1000) is Correction.SKIP


def begun_after(lates_ms: list[float], *, live: bool = True) -> int:
    """How many frames a player does not get until one comes with which it may begin."""
    drift = DriftController(live)
    fits = [
        drift.may_begin(number * FRAME, FRAME, number * FRAME + ms_to_samples(late_ms))
        for number, late_ms in enumerate(lates_ms)
    ]
    return fits.index(True)


def test_a_player_begins_with_the_present() -> None:
    """Not with the past that an avatar catches up with; with what is always as late, from its second frame on."""
    assert begun_after([-40, -40]) == 0
    assert begun_after([90]) == 0
    assert begun_after([620, 580, 540, 500, 460, 420, 380, 340, 300, 260, 220, 180, 140, 100]) == 13
    assert begun_after([300, 300]) == 1
    assert begun_after([300, 310, 290]) == 1
    assert begun_after([5000], live=False) == 0


def test_in_a_batch_nothing_is_late() -> None:
    """Without a listener there is no late."""
    assert DriftController(live=False).decide(0, FRAME, 10**9) is Correction.KEEP


def test_no_frames_no_figures() -> None:
    """Absent is not zero."""
    assert DriftController(live=True).stats() is None


@given(st.floats(0.9, 1.1), st.integers(50, 400))
def test_an_avatar_with_its_own_clock_stays_bounded(rate: float, count: int) -> None:
    """Frames that claim a time running up to 10 % fast or slow are shown in order and never overlap."""
    drift, shown_end = DriftController(live=True), 0
    for index in range(count):
        claimed = int(index * FRAME * rate)
        if drift.decide(claimed, FRAME, position=0) is Correction.KEEP:
            slot = drift.slot_for(claimed)
            assert slot >= shown_end
            shown_end = slot + FRAME
            drift.shown(claimed, FRAME, slot, 0)
    stats = drift.stats()
    assert stats is not None
    assert stats.max_abs_ms <= 45


@given(st.lists(st.integers(0, 24_000), min_size=1, max_size=200))
def test_the_figures_are_those_of_all_frames(lates: list[int]) -> None:
    """To 0.1 ms, as if each value had been kept."""
    drift = DriftController(live=True)
    for index, late in enumerate(lates):
        drift.shown(index * FRAME, FRAME, index * FRAME, index * FRAME + late)
    stats = drift.stats()
    assert stats is not None
    values = sorted(late / 24 for late in lates)
    assert stats.mean_ms == pytest.approx(sum(values) / len(values))
    assert stats.p95_abs_ms == pytest.approx(values[int(0.95 * len(values))], abs=0.051)
    assert stats.max_abs_ms == pytest.approx(values[-1])


def test_hours_of_frames_take_no_more_memory() -> None:
    """Idle frames go on for as long as a stream does."""
    drift = DriftController(live=True)

    def frames(first: int, count: int) -> int:
        tracemalloc.start()
        for index in range(first, first + count):
            drift.shown(index * FRAME, FRAME, index * FRAME, index * FRAME + index * 7919 % 1200)
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return size

    frames(0, 5000)
    assert frames(5000, 50_000) < 4096
