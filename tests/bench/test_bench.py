"""The benchmarks run and leave a record; what they measure is asserted nowhere: a test is no place for a stop-watch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m bench`, as `make bench` starts it."""
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)


def test_a_record_is_left(tmp_path: Path) -> None:
    """A quick run prints every figure of the benchmarks it was asked for, and records the same."""
    path = tmp_path / "record.json"
    done = bench("interrupt_stop", "events_per_second", "--quick", "--json", str(path))
    assert done.returncode == 0, done.stderr
    record = json.loads(path.read_text("utf-8"))
    assert record["quick"] is True
    assert record["machine"]["cpu"]
    assert {figure["benchmark"] for figure in record["figures"]} == {"interrupt_stop", "events_per_second"}
    for figure in record["figures"]:
        assert figure["name"].strip() in done.stdout
        assert figure["count"] > 0
        assert figure["value"] >= 0
        assert (figure["target"] is None) == (figure["reached"] is None)


def test_progress_is_shown() -> None:
    """What is being measured is said on standard error, apart from the table."""
    done = bench("interrupt_stop", "--quick")
    assert "[1/1] interrupt_stop" in done.stderr
    assert "[1/1]" not in done.stdout


def test_an_unknown_benchmark() -> None:
    """A wrong name ends with the names that exist, before anything is measured."""
    done = bench("interupt_stop")
    assert done.returncode == 2
    assert "interrupt_stop" in done.stderr
