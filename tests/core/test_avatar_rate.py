"""What is asked of an avatar that falls behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tth.core.avatar_rate import LATE_S, WINDOW_S, AvatarRate

pytestmark = pytest.mark.unit

SLOT_S = 0.04


class Stream:
    """Frames that come every `work_s`, or when they are due, whichever is later; each begin anew is at the sound of
    now."""

    def __init__(self, work_s: Callable[[float], float], *, is_speaking: bool = True, way_s: float = 0.0) -> None:
        self.rate = AvatarRate()
        self.work_s = work_s
        self.is_speaking = is_speaking
        self.way_s = way_s
        self.now_s = self.due_s = 0.0
        self.changes: list[tuple[float, int]] = []
        self.lates_s: list[float] = []

    def run(self, until_s: float) -> None:
        while self.now_s < until_s:
            self.now_s = max(self.now_s + self.work_s(self.now_s), self.due_s)
            late_s = self.now_s + self.way_s - self.due_s
            self.lates_s.append(late_s)
            if self.rate.note(late_s, self.now_s, is_speaking=self.is_speaking):
                self.changes.append((self.now_s, self.rate.slots_each))
                self.rate.begin()
                self.due_s = self.now_s
            else:
                self.due_s += SLOT_S * self.rate.slots_each


@pytest.mark.parametrize("work_s", [0.001, 0.02, 0.039])
def test_who_keeps_up_is_asked_for_everything(work_s: float) -> None:
    """For a minute."""
    stream = Stream(lambda _: work_s)
    stream.run(60)
    assert stream.changes == []


@pytest.mark.parametrize(("work_s", "slots"), [(0.044, 2), (0.07, 2), (0.1, 4), (0.15, 4), (0.5, 4)])
def test_who_falls_behind_is_asked_for_as_few_as_it_needs(work_s: float, slots: int) -> None:
    """In one step, as soon as a window of its frames was late."""
    stream = Stream(lambda _: work_s)
    stream.run(4.9)
    assert stream.changes[0][1] == slots
    assert stream.changes[0][0] <= WINDOW_S + 0.2 + LATE_S / (1 - SLOT_S / work_s) + work_s


def test_more_is_tried_again_ever_more_rarely() -> None:
    """Ten minutes with an avatar that makes 20 frames a second: late for a small part of them."""
    stream = Stream(lambda _: 0.05)
    stream.run(600)
    ups = [at_s for at_s, slots in stream.changes if slots == 1]
    assert 3 <= len(ups) <= 9
    late = [late_s for late_s in stream.lates_s if late_s > 0.045]
    assert len(late) < 0.1 * len(stream.lates_s)


def test_who_is_quick_again_gives_everything_again() -> None:
    """A neighbour took the machine for ten seconds."""
    stream = Stream(lambda now_s: 0.06 if now_s < 10 else 0.01)
    stream.run(60)
    assert stream.rate.slots_each == 1
    assert stream.lates_s[-1] < 0.045


@pytest.mark.parametrize("is_speaking", [True, False])
def test_a_long_way_is_no_reason_for_fewer(is_speaking: bool) -> None:
    """Every frame is half a second late: begun anew while somebody speaks, ever more rarely; never for fewer."""
    stream = Stream(lambda _: 0.01, is_speaking=is_speaking, way_s=0.5)
    stream.run(300)
    assert {slots for _, slots in stream.changes} <= {1}
    assert (1 <= len(stream.changes) <= 8) is is_speaking


def test_who_catches_up_by_itself_is_left_alone() -> None:
    """A stall of a second, then twice as quick as need be."""
    stalls = [1.0]
    stream = Stream(lambda now_s: stalls.pop() if now_s > 5 and stalls else 0.02)
    stream.run(20)
    assert stream.changes == []


def test_behind_a_stall_that_it_does_not_catch_up_with_it_begins_anew() -> None:
    """Just as quick as it must be, and a second late for ever: once, then it is in time."""
    stalls = [1.0]
    stream = Stream(lambda now_s: stalls.pop() if now_s > 5 and stalls else 0.0399)
    stream.run(30)
    assert [slots for _, slots in stream.changes] == [1]
    assert max(stream.lates_s[-100:]) < 0.045
