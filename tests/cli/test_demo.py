"""`tth demo` against a real server with mock adapters; tests/e2e holds the whole one with the embedded person."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tth.cli.main import main

pytestmark = pytest.mark.e2e


def test_the_short_demo_leaves_its_files_and_passes_its_own_verdict(
    server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Code 0; film, subtitles, sheet and figures."""
    code = main(["demo", "--smoke", "--server", server, "--output", str(tmp_path / "new")])
    printed = capsys.readouterr()
    assert code == 0, printed.out
    assert {path.name for path in (tmp_path / "new").iterdir()} == {
        *("demo.mp4", "demo.vtt", "contact.png", "demo.json"),
    }
    document = json.loads((tmp_path / "new" / "demo.json").read_text())
    assert document["totals"]["failed_check_count"] == 0
    assert all(check["ok"] for check in document["checks"])
    assert "FAILED" not in printed.out
