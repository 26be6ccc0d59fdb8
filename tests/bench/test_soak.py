"""The soak's verdict: what counts as growth, and what does not."""

from __future__ import annotations

from pathlib import Path
from random import Random

import cv2
import pytest

from bench.soak import Look, draw, figures, growth_percent, leak
from bench.soak_people import Diary

pytestmark = pytest.mark.unit


def looks(rss_per_s: float = 0.0, tasks_per_s: float = 0.0, seconds: int = 120) -> list[Look]:
    """A run in which everything goes up and down, and some of it grows."""
    random = Random(1)
    return [
        Look(
            at_s=float(second),
            rss_mb=400 + rss_per_s * second + random.uniform(-1, 1),
            workers_mb=40,
            tasks=round(50 + tasks_per_s * second + random.uniform(-8, 8)),
            threads=12,
            files=28,
            sessions=4,
            lag_ms=random.uniform(0, 10),
            drift_p95_ms=0.0,
        )
        for second in range(seconds)
    ]


def diary() -> Diary:
    told = Diary()
    told.drifts_ms.extend([0.0] * 99 + [80.0])
    told.sound_late_ms.append(0.0)
    told.turn_drifts_ms.append(3.0)
    told.happened["turns"] = 90
    return told


def verdicts(run: list[Look], told: Diary) -> dict[str, bool | None]:
    return {figure.name.partition(":")[0]: figure.reached for figure in figures(run, told) if figure.target}


def test_ups_and_downs_are_no_growth() -> None:
    """All targets are reached by a server that is busy and does not grow."""
    assert set(verdicts(looks(), diary()).values()) == {True}


def test_growing_memory_is_seen() -> None:
    """20 KiB for each turn of a second would be 70 MiB in an hour."""
    assert growth_percent(looks(rss_per_s=0.2)) == pytest.approx(0.2 * 60 / 420 * 100, rel=0.2)
    assert verdicts(looks(rss_per_s=0.2), diary())["memory"] is False


def test_leaked_tasks_are_seen() -> None:
    """One every five seconds, below twice as much noise."""
    assert leak(looks(tasks_per_s=0.2), "tasks") > 1
    assert verdicts(looks(tasks_per_s=0.2), diary())["tasks"] is False


@pytest.mark.parametrize("what", ["stale events", "errors", "gaps"])
def test_what_must_not_happen(what: str) -> None:
    """Once is too often."""
    told = diary()
    told.happened[what] += 1
    assert verdicts(looks(), told)[what] is False


def test_late_pictures_are_seen() -> None:
    """One in ten late is more than one in twenty."""
    told = diary()
    told.drifts_ms.extend([60.0] * 20)
    assert verdicts(looks(), told)["drift"] is False


def test_it_is_drawn(tmp_path: Path) -> None:
    """As a picture with five panels."""
    draw(looks(), diary(), tmp_path / "out" / "soak.png")
    picture = cv2.imread(str(tmp_path / "out" / "soak.png"))
    assert picture is not None
    assert picture.shape[1] == 1600
