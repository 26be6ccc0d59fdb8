"""Quality steps down when it hurts, up when there is room, and does not flap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tth.core.patience import HOLD_S
from tth.core.quality import STEPS, QualityLadder
from tth.model.media import PictureQuality

pytestmark = pytest.mark.unit

SLOT_S = 0.04
COST = dict(zip(STEPS, (1.0, 0.5, 0.25, 0.25), strict=True))
"""Of a picture, against one in full."""


@dataclass
class Machine:
    """Draws pictures one after the other; what takes longer than it may makes the next ones late or left out."""

    full_s: Callable[[float], float]
    """Seconds for a picture in full, at a time."""
    ladder: QualityLadder = field(default_factory=QualityLadder)
    now_s: float = 0.0
    behind_s: float = 0.0
    changes: list[tuple[float, PictureQuality]] = field(default_factory=list)

    def run(self, seconds: float) -> PictureQuality:
        """Until then; the level at its end."""
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            level = self.ladder.level
            slot_s = SLOT_S * (2 if level is PictureQuality.HALF_RATE else 1)
            took_s = self.full_s(self.now_s) * COST[level]
            self.behind_s = max(0.0, self.behind_s + took_s - slot_s)
            suffered = self.behind_s > SLOT_S
            if suffered:
                self.behind_s = 0.0  # the next picture is one that is due by then
            self.now_s += max(slot_s, took_s)
            if self.ladder.note(took_s, slot_s, suffered, self.now_s) is not level:
                self.changes.append((self.now_s, self.ladder.level))
        return self.ladder.level


@pytest.mark.parametrize(
    ("full_ms", "level"),
    [(10, "full"), (30, "full"), (60, "reduced"), (100, "low"), (200, "half_rate"), (400, "half_rate")],
)
def test_each_machine_finds_its_level_and_stays(full_ms: float, level: str) -> None:
    """In the first seconds; then ten minutes without a change."""
    machine = Machine(lambda _: full_ms / 1000)
    machine.run(20)
    before = len(machine.changes)
    assert machine.run(600) == level
    assert len(machine.changes) == before <= 3


def test_a_stall_changes_nothing() -> None:
    """One picture, or a few, that took a second each."""
    machine = Machine(lambda now_s: 1.0 if 10 < now_s < 13 else 0.015)
    assert machine.run(60) is PictureQuality.FULL
    assert machine.changes == []


def test_heavy_work_without_harm_changes_nothing() -> None:
    """Many sessions that begin to speak together are busy for a moment, but nothing is late."""
    ladder = QualityLadder()
    for index in range(100):
        assert ladder.note(0.05, SLOT_S, suffered=False, now_s=index * SLOT_S) is PictureQuality.FULL


def test_lateness_that_drawing_is_not_to_blame_for_changes_nothing() -> None:
    """Less detail would not help against a voice that is late."""
    ladder = QualityLadder()
    for index in range(100):
        assert ladder.note(0.01, SLOT_S, suffered=True, now_s=index * SLOT_S) is PictureQuality.FULL


def test_when_there_is_room_again_it_climbs_step_by_step() -> None:
    """Not at once: the pause is long enough to see that it is over."""
    machine = Machine(lambda now_s: 0.1 if now_s < 30 else 0.01)
    assert machine.run(30) is PictureQuality.LOW
    assert machine.run(3) is PictureQuality.LOW
    assert machine.run(10) is PictureQuality.FULL
    assert [level for _, level in machine.changes] == ["reduced", "low", "reduced", "full"]


@settings(max_examples=25, deadline=None)
@given(st.floats(2, 40), st.floats(2, 40), st.floats(0.005, 0.02), st.floats(0.05, 0.3))
def test_a_machine_that_comes_and_goes_does_not_make_it_flap(
    busy_s: float, free_s: float, quick_s: float, slow_s: float
) -> None:
    """However often a neighbour takes the machine away, tries become rarer."""
    machine = Machine(lambda now_s: slow_s if now_s % (busy_s + free_s) < busy_s else quick_s)
    machine.run(200)
    steps = [(0.0, 0), *((at_s, STEPS.index(level)) for at_s, level in machine.changes)]
    assert all(abs(after - before) == 1 for (_, before), (_, after) in pairwise(steps))
    ups_s = [at_s for (_, before), (at_s, after) in pairwise(steps) if after < before]
    assert all(later_s - earlier_s >= HOLD_S for earlier_s, later_s in pairwise(ups_s))


def test_tries_that_do_not_last_become_rarer() -> None:
    """Fifteen seconds free, ten busy: the pauses grow until it stays where it is."""
    machine = Machine(lambda now_s: 0.1 if now_s % 25 < 10 else 0.01)
    machine.run(1000)
    halves = [sum(at_s < 500 for at_s, _ in machine.changes), sum(at_s >= 500 for at_s, _ in machine.changes)]
    assert 2 <= halves[0] <= 16
    assert halves[1] <= halves[0] / 2


def test_a_very_slow_machine_is_not_kept_waiting() -> None:
    """Two pictures a second: the first step comes after two seconds, not after eight pictures."""
    machine = Machine(lambda _: 0.5)
    assert machine.run(2.6) is PictureQuality.REDUCED
