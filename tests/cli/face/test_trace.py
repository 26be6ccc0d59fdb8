"""`tth face trace`: parameters against sound."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import pytest

from tth.cli.main import main
from tth.face.record import from_json

pytestmark = pytest.mark.embedded


def test_a_text_becomes_a_plot_numbers_and_sound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All of the same take: as many lines of CSV as faces of JSON; stdout names the files."""
    plot, table, faces, sound = (tmp_path / name for name in ("new/t.png", "t.csv", "t.json", "t.wav"))
    words = ["--text", "Maybe.", "-o", plot, "--csv", table, "--json", faces, "--sound", sound]
    assert main(["face", "trace", *map(str, words)]) == 0
    picture = cv2.imread(str(plot))
    assert picture is not None
    assert picture.shape[1] == 1600
    frames = from_json(faces.read_text())
    with table.open() as file:
        assert len(list(csv.DictReader(file))) == len(frames)
    assert any(frame.kind == "speaking" for frame in frames)
    assert sound.stat().st_size == pytest.approx(2 * 24000 * len(frames) / 25, abs=2000)
    printed = capsys.readouterr().out
    assert all(str(path) in printed for path in (plot, table, faces, sound))


def test_sound_alone_is_plotted_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the WAV that a trace wrote."""
    plot, sound = tmp_path / "t.png", tmp_path / "t.wav"
    assert main(["face", "trace", "--text", "Oh.", "-o", str(plot), "--sound", str(sound)]) == 0
    capsys.readouterr()
    assert main(["face", "trace", "--wav", str(sound), "-o", str(plot)]) == 0
    assert capsys.readouterr().out.startswith(f"{plot}: ")


def test_a_file_that_is_no_sound_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong usage, with the file's name."""
    path = tmp_path / "a.wav"
    path.write_text("no")
    assert main(["face", "trace", "--wav", str(path), "-o", str(tmp_path / "t.png")]) == 2
    assert "not a WAV file" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--emotion", "bored"], ["--intensity", "2"], ["--fps", "0"]])
def test_wrong_controls_are_told_with_their_range(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """As everywhere on the command line."""
    with pytest.raises(SystemExit) as ended:
        main(["face", "trace", *words])
    assert ended.value.code == 2
    assert "must be" in capsys.readouterr().err
