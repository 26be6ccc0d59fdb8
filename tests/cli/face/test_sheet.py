"""`tth face sheet`: labelled pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from tth.cli.main import main

pytestmark = pytest.mark.embedded


@pytest.mark.parametrize(
    ("what", "columns", "rows"), [("emotions", 7, 3), ("visemes", 5, 3), ("poses", 5, 3), ("backgrounds", 5, 2)]
)
def test_a_sheet_of_one_look_is_written(
    what: str, columns: int, rows: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With room for all its pictures; stdout says where it is and how large."""
    assert main(["face", "sheet", "anna", "--what", what, "--size", "64", "-o", str(tmp_path)]) == 0
    path = tmp_path / f"{what}-anna.png"
    picture = cv2.imread(str(path))
    assert picture is not None
    assert picture.shape[1] >= columns * 64
    assert picture.shape[0] >= rows * 64
    assert str(path) in capsys.readouterr().out


def test_the_sheet_of_looks_shows_those_that_were_asked_for(tmp_path: Path) -> None:
    """One file for all."""
    assert main(["face", "sheet", "anna", "mei", "--what", "looks", "--size", "64", "-o", str(tmp_path)]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["looks.png"]


def test_an_unknown_look_names_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is written."""
    assert main(["face", "sheet", "ana", "-o", str(tmp_path / "new")]) == 2
    assert "did you mean 'anna'?" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("size", ["63", "62", "514", "big"])
def test_a_wrong_size_is_told_with_its_range(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Even, 64..512."""
    with pytest.raises(SystemExit) as ended:
        main(["face", "sheet", "--size", size])
    assert ended.value.code == 2
    assert "64..512" in capsys.readouterr().err
