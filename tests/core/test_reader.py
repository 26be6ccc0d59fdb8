"""What a slow reader still gets, step by step."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tth.core.patience import HOLD_S
from tth.core.reader import LASTS_S, STEPS, WAIT_S, ReaderLadder, ReaderLevel, overdue_s

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
