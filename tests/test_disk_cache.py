"""What stays in a cache on disk and what goes."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from tests.face.test_array_record import new_pair, pair
from tth.disk_cache import UNUSED_DAYS, note_use, remove_unused, unused, whole_file
from tth.face.array_record import CACHE_NAME, cached
from tth.face.look import Look
from tth.face.sculpt.store import cache_path
from tth.kernels import machine_code

pytestmark = pytest.mark.unit

DAY_S = 86400.0
NOW_S = 2_000_000_000.0
NAME = re.compile(r"[0-9a-f]{4}")


def aged(path: Path, days: float, now_s: float = NOW_S) -> Path:
    """Last used so many days ago."""
    os.utime(path, (now_s, now_s - days * DAY_S))
    return path


def test_what_was_not_used_for_long_goes() -> None:
    """By age alone; a clock that went back removes nothing."""
    used_s = {"new": NOW_S - DAY_S, "old": NOW_S - (UNUSED_DAYS + 1) * DAY_S, "tomorrow": NOW_S + DAY_S}
    assert unused(used_s, NOW_S) == ["old"]
    assert unused(used_s, NOW_S + (UNUSED_DAYS + 2) * DAY_S) == ["new", "old", "tomorrow"]


def test_only_old_entries_with_such_names_are_removed(tmp_path: Path) -> None:
    """Files and whole folders; what has another name is somebody else's, however old."""
    for name in ("00aa", "00ab", "00aa.yaml", "notes"):
        (tmp_path / name).write_text("x")
    for name in ("00fa", "00fb"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "inside").write_text("x")
    for name in ("00aa", "00fa", "00aa.yaml", "notes"):
        aged(tmp_path / name, UNUSED_DAYS + 1)
    for name in ("00ab", "00fb"):
        aged(tmp_path / name, UNUSED_DAYS - 1)
    remove_unused(tmp_path, NAME, NOW_S)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00aa.yaml", "00ab", "00fb", "notes"]


def test_use_keeps_an_entry(tmp_path: Path) -> None:
    """Also one that another process of another version uses."""
    now_s = time.time()
    kept, gone = (aged(tmp_path / name, 400, now_s) for name in _made(tmp_path, "00aa", "00ab"))
    note_use(kept)
    remove_unused(tmp_path, NAME, now_s)
    assert kept.exists()
    assert not gone.exists()


def _made(folder: Path, *names: str) -> tuple[str, ...]:
    for name in names:
        (folder / name).touch()
    return names


def test_a_folder_that_is_not_there_is_no_harm(tmp_path: Path) -> None:
    """Neither to note a use nor to remove."""
    note_use(tmp_path / "none")
    remove_unused(tmp_path / "none", NAME, NOW_S)
    assert not (tmp_path / "none").exists()


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    """An error in the middle of writing leaves what was there before, and nothing else."""
    path = tmp_path / "deep" / "a.bin"
    with whole_file(path) as file:
        file.write(b"one")
    with pytest.raises(TypeError), whole_file(path) as file:
        file.write(b"two" + "three")  # type: ignore[operator]  # that is the error
    assert [(found.name, found.read_bytes()) for found in path.parent.iterdir()] == [("a.bin", b"one")]


def test_writing_a_record_removes_those_that_nobody_uses(tmp_path: Path) -> None:
    """Of other versions, and what a write that was killed has left; reading one keeps it."""
    old = [tmp_path / f"{digit * 24}{end}" for digit, end in (("a", ".npz"), ("b", ".npz"), ("c", "x_1.tmp"))]
    foreign = tmp_path / "measurements.npz"
    cached(old[1], pair, new_pair)
    for path in (old[0], old[2], foreign):
        path.write_bytes(b"x")
    for path in (*old, foreign):
        aged(path, UNUSED_DAYS + 1, time.time())
    cached(old[1], pair, lambda: pytest.fail("was there"))
    assert old[0].exists(), "reading removes nothing"
    cached(tmp_path / f"{'d' * 24}.npz", pair, new_pair)
    assert [path.exists() for path in (*old, foreign)] == [False, True, False, True]


def test_names_in_the_caches_are_those_that_are_looked_for(tmp_path: Path) -> None:
    """Or nothing would ever be removed."""
    assert CACHE_NAME.fullmatch(cache_path(Look(), tmp_path).name)
    assert machine_code.FOLDER_NAME.fullmatch(machine_code.code_dir(Path(__file__).parent).name)
