"""`tth face import`: template, page and look."""

from __future__ import annotations

import json
import re
from pathlib import Path
from shutil import copy

import cv2
import pytest
import yaml

from tests.face.puppet.sculpted_portrait import write_sculpted_look
from tth.cli.main import main
from tth.face.look import load_look
from tth.face.puppet.landmarks import LANDMARKS
from tth.face.sculpt.store import load_sculpture

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(300)]  # the first run on a machine sculpts heads


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture and its points, side by side."""
    folder = tmp_path_factory.mktemp("material")
    look = load_look("anna")
    write_sculpted_look(folder / "look", load_sculpture(look), look)
    copy(folder / "look" / "portrait.png", folder / "me.png")
    points = yaml.safe_load((folder / "look" / "look.yaml").read_text())["landmarks"]
    (folder / "me-points.yaml").write_text(yaml.safe_dump(points))
    return folder


def test_a_look_with_overlay_and_test_sheet(material: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Written, reported, and the next command is told."""
    arguments = ["--landmarks", str(material / "me-points.yaml"), "-o", str(tmp_path / "me"), "--consent", "It is me"]
    assert main(["face", "import", str(material / "me.png"), *arguments]) == 0
    told = capsys.readouterr()
    assert "nothing was found that would not work" in told.out
    assert f"--look {tmp_path / 'me'}" in told.err
    content = yaml.safe_load((tmp_path / "me" / "look.yaml").read_text())
    assert content["consent"] == {"shown": "me", "statement": "It is me"}
    for name in ("overlay.png", "test-sheet.png"):
        picture = cv2.imread(str(tmp_path / "me" / name))
        assert picture is not None
        assert min(picture.shape[:2]) > 400


def test_consent_is_needed(material: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a word about it nothing is made."""
    arguments = ["--landmarks", str(material / "me-points.yaml"), "-o", str(tmp_path / "me")]
    assert main(["face", "import", str(material / "me.png"), *arguments]) == 2
    assert "--consent" in capsys.readouterr().err
    assert not (tmp_path / "me").exists()


def test_what_is_missing_is_told(material: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The picture, or the points and where to get them."""
    assert main(["face", "import"]) == 2
    assert "which picture?" in capsys.readouterr().err
    assert main(["face", "import", str(material / "me.png")]) == 2
    assert "--place" in capsys.readouterr().err


def test_the_template_is_not_written_over_another_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody may have filled it in."""
    path = tmp_path / "points.yaml"
    assert main(["face", "import", "--points-template", str(path)]) == 0
    assert path.read_text().count("[0, 0]  #") == len(LANDMARKS)
    assert main(["face", "import", "--points-template", str(path)]) == 1
    assert "not overwritten" in capsys.readouterr().err


def test_the_page_holds_everything(material: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """One file with picture and points that fetches nothing; a file that is no picture is refused."""
    assert main(["face", "import", str(material / "me.png"), "--place"]) == 0
    page = material / "me-place.html"
    assert capsys.readouterr().out.strip() == page.resolve().as_uri()
    text = page.read_text()
    assert "@@" not in text
    assert "data:image/png;base64," in text
    assert re.search(r"https?://", text) is None
    points = re.search(r"const POINTS = (\[.*?\]\]), NAME", text)
    assert points is not None
    assert [name for name, _ in json.loads(points[1])] == list(LANDMARKS)
    assert main(["face", "import", str(tmp_path / "me.txt"), "--place"]) == 2
    assert "neither a JPEG, a PNG nor a WebP" in capsys.readouterr().err
