"""What the demo leaves behind."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest

from tests.cli.test_demo_check import good_turn, interrupted_turn
from tests.media.pictures import grey
from tth.cli import demo_report
from tth.cli.demo_check import Check
from tth.cli.terminal import Terminal
from tth.client.recorder import TurnStill

pytestmark = pytest.mark.unit


def test_the_table_has_a_row_for_every_turn_and_the_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Failed checks are spelled out, good ones are counted."""
    stopped = interrupted_turn("Hello")
    stopped.metrics[0].stop_latency_ms = 0.4
    broken = good_turn()
    broken.metrics.clear()
    checks = [Check("sound", True, ""), Check("sound", True, ""), Check("drift", False, "turn 1: 300 ms")]
    demo_report.show(Terminal(), [good_turn(), stopped, broken], checks, tmp_path, 12.3)
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[2].split() == ["1", "completed", "-", "-", "-", "5.0", "ms", "-", "1", "applied"]
    assert lines[3].split()[:2] == ["2", "interrupted"]
    assert "0.4 ms" in lines[3]
    assert lines[4].startswith("3     no metrics")
    assert "ok      sound (2 checks)" in lines
    assert "FAILED  drift: turn 1: 300 ms" in lines
    assert str(tmp_path / "demo.mp4") in lines[-1]


def test_the_json_holds_the_servers_own_metrics(tmp_path: Path) -> None:
    """With totals and the verdict."""
    path = tmp_path / "demo.json"
    demo_report.write_json(path, [good_turn(), interrupted_turn("Hello")], [Check("sound", False, "silent")], "s_1")
    document = json.loads(path.read_text())
    assert [turn["outcome"] for turn in document["turns"]] == ["completed", "interrupted"]
    assert document["turns"][0]["metrics"][0]["control_report"]["results"][0]["path"] == "emotion.label"
    assert document["turns"][1]["heard_text"] == "Hello"
    assert document["totals"] == {
        "turn_count": 2,
        "audio_ms": 2000,
        "video_frame_count": 50,
        "failed_check_count": 1,
    }


def test_the_contact_sheet_has_a_cell_for_every_still(tmp_path: Path) -> None:
    """Without stills there is no sheet."""
    stills = [TurnStill("c_1", 0, at_s, grey(level), 0.5) for at_s, level in ((1.0, 80), (2.0, 160))]
    demo_report.write_contact_sheet(tmp_path / "contact.png", [good_turn()], stills)
    sheet = cv2.imread(str(tmp_path / "contact.png"))
    assert sheet is not None
    assert {80, 160} <= set(sheet[100].reshape(-1).tolist())
    demo_report.write_contact_sheet(tmp_path / "none.png", [good_turn()], [])
    assert not (tmp_path / "none.png").exists()


def test_missing_stills_and_subtitles_are_seen(tmp_path: Path) -> None:
    """By the number of the turn."""
    (tmp_path / "demo.vtt").write_text("WEBVTT\n\n")
    picture, subtitles = demo_report.check_files(tmp_path, [good_turn()], [])
    assert (picture.ok, subtitles.ok) == (False, False)
    assert "[1]" in picture.detail
    (tmp_path / "demo.vtt").write_text("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nHi\n")
    still = TurnStill("c_1", 0, 0.0, grey(50), None)
    assert all(check.ok for check in demo_report.check_files(tmp_path, [good_turn()], [still]))
