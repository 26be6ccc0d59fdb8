"""What a slow reader still gets, step by step."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tth.core.patience import HOLD_S
from tth.core.reader import (
    LASTS_S,
    RECORD_EACH_S,
    REPORT_VALID_S,
    STEPS,
    TRAVEL_S,
    WAIT_S,
    ReaderLadder,
    ReaderLevel,
    Untaken,
    overdue_s,
)

pytestmark = pytest.mark.unit
STEP_S = 0.1


def run(loses: Callable[[float, ReaderLevel], bool], seconds: float) -> list[tuple[float, ReaderLevel]]:
    """Changes of the level, where pictures are lost whenever `loses` says so."""
    ladder, changes = ReaderLadder(), []
    for index in range(round(seconds / STEP_S)):
        now_s, before = index * STEP_S, ladder.level
        if loses(now_s, ladder.level):
            ladder.lost(now_s)
        ladder.look(now_s)
        if ladder.level is not before:
            changes.append((now_s, ladder.level))
    return changes


def test_a_picture_may_wait_until_its_moment_and_a_little_in_any_case() -> None:
    """What is sent ahead has time; what is due at once still gets what a network needs."""
    assert overdue_s(10.0, 1.0) == 11.0
    assert overdue_s(10.0, 0.0) == 10.0 + WAIT_S


def test_who_reads_is_left_alone() -> None:
    """No loss, no change, however long."""
    assert run(lambda *_: False, 100) == []


def test_who_never_catches_up_goes_down_step_by_step() -> None:
    """At once to the newest pictures only, then a step whenever the one before did not help for two seconds."""
    changes = run(lambda *_: True, 20)
    assert [level for _, level in changes] == list(STEPS[1:])
    assert [round(later - earlier, 3) for (earlier, _), (later, _) in pairwise(changes)] == [LASTS_S, LASTS_S]


def test_a_stall_is_over_after_some_seconds() -> None:
    """One second of losses: told once, taken back once, at full rate all the time."""
    changes = run(lambda now_s, _: 5 <= now_s < 6, 30)
    assert [level for _, level in changes] == [ReaderLevel.NEWEST_ONLY, ReaderLevel.FULL]
    assert changes[1][0] - 6 >= HOLD_S - 2 * STEP_S


def test_tries_become_rarer() -> None:
    """Half the pictures are what it can take: more are tried after 4, 8, 16 ... seconds."""
    changes = run(lambda _, level: level.slots_each < 2, 300)
    downs = [at_s for at_s, level in changes if level is ReaderLevel.HALF_RATE]
    pauses = [later - earlier for earlier, later in pairwise(downs)]
    assert all(later > 1.5 * earlier for earlier, later in pairwise(pauses[:4]))
    assert len(downs) <= 7


@settings(max_examples=30, deadline=None)
@given(st.floats(1, 30), st.floats(1, 30), st.sampled_from([1, 2, 4]))
def test_one_step_at_a_time_and_none_in_haste(busy_s: float, free_s: float, enough: int) -> None:
    """However the network comes and goes: steps are single, ups are never closer than the pause."""
    changes = run(lambda now_s, level: now_s % (busy_s + free_s) < busy_s and level.slots_each <= enough, 200)
    steps = [0, *(STEPS.index(level) for _, level in changes)]
    assert all(abs(after - before) == 1 for before, after in pairwise(steps))
    ups_s = [at_s for before, (at_s, level) in zip(steps, changes, strict=False) if STEPS.index(level) < before]
    assert all(later - earlier >= HOLD_S - STEP_S for earlier, later in pairwise(ups_s))


def test_who_reports_nothing_is_never_behind() -> None:
    """And nothing is kept of what it gets."""
    untaken = Untaken()
    for seq in range(1000):
        untaken.sent(seq, seq / 25, seq / 25)
    assert not untaken.is_behind(1000.0)
    assert untaken.waited_s(1000.0) == 0


def test_who_has_not_taken_a_picture_long_past_its_moment_is_behind() -> None:
    """Its moment is 10.25; the picture has a second to travel there, and the word of it back."""
    untaken = Untaken()
    untaken.reported(1, 9.0)
    untaken.sent(2, 10.0, 10.25)
    untaken.reported(1, 10.25 + TRAVEL_S - 0.01)
    assert not untaken.is_behind(10.25 + TRAVEL_S)
    untaken.reported(1, 10.25 + TRAVEL_S)
    assert untaken.is_behind(10.25 + TRAVEL_S)
    untaken.reported(2, 11.5)
    assert not untaken.is_behind(11.5)


def test_what_was_reported_grows_old() -> None:
    """Who says nothing more is judged like one that never did."""
    untaken = Untaken()
    untaken.reported(1, 0.0)
    untaken.sent(2, 0.0, 0.25)
    untaken.reported(1, 5.0)
    assert untaken.is_behind(5.0 + REPORT_VALID_S)
    assert untaken.waited_s(5.0 + REPORT_VALID_S) == 5.0 + REPORT_VALID_S
    assert not untaken.is_behind(5.01 + REPORT_VALID_S)
    assert untaken.waited_s(5.01 + REPORT_VALID_S) == 0


def test_the_oldest_counts_however_many_follow() -> None:
    """The records are bounded; what they no longer hold is newer."""
    untaken = Untaken()
    untaken.reported(1, 0.0)
    for seq in range(2, 5000):
        untaken.sent(seq, float(seq), float(seq))
    untaken.reported(1, 5000.0)
    assert untaken.waited_s(5000.0) == 4998.0
    untaken.reported(4999, 5000.0)
    assert untaken.waited_s(5000.0) == 0


@settings(max_examples=20, deadline=None)
@given(st.floats(0, 20), st.integers(1, 60))
def test_the_records_tell_the_truth(delay_s: float, fps: int) -> None:
    """A client that takes each picture so long after it was sent, and says so four times a second, is behind when that
    is more than the picture and the word of it may take, give or take what the records leave out."""
    untaken = Untaken()
    untaken.reported(0, 0.0)
    for index in range(fps * 30):
        now_s = index / fps
        untaken.sent(index + 1, now_s, now_s + WAIT_S)
        if index % max(1, fps // 4) == 0:
            untaken.reported(max(0, int((now_s - delay_s) * fps)), now_s)
            if now_s > delay_s + 2:
                margin_s = RECORD_EACH_S + 2 / fps
                assert untaken.is_behind(now_s) or delay_s < WAIT_S + TRAVEL_S + margin_s
                assert not untaken.is_behind(now_s) or delay_s > WAIT_S + TRAVEL_S - margin_s
