"""From a picture and points to a look folder."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from tth.face.look import LookError
from tth.face.puppet.import_look import import_picture, points_template, read_points
from tth.face.puppet.landmarks import LANDMARKS, face_frame
from tth.face.puppet.portrait_look import Consent, load_portrait_look

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(300)]  # the first run on a machine sculpts heads

NOBODY = Consent("nobody", synthetic=True)


@pytest.fixture
def points_file(anna_folder: Path, tmp_path: Path) -> Path:
    """The points alone, as a person would write them."""
    content = yaml.safe_load((anna_folder / "look.yaml").read_text())
    path = tmp_path / "points.yaml"
    path.write_text(yaml.safe_dump(content["landmarks"]))
    return path


def test_a_picture_becomes_a_look(anna_folder: Path, points_file: Path, tmp_path: Path) -> None:
    """Cropped to head and shoulders, with points, irises and consent."""
    consent = Consent("Anna", synthetic=False, statement="she agreed")
    done = import_picture(anna_folder / "portrait.png", read_points(points_file), tmp_path / "me", consent, "Anna")
    look = load_portrait_look(tmp_path / "me")
    assert look.consent == consent
    assert look.name == "Anna"
    assert set(look.irises) == {"left", "right"}
    assert done.findings == ()
    assert not done.has_matte


@pytest.mark.parametrize("ending", ["jpg", "webp", "png"])
def test_large_pictures_are_made_smaller(anna_folder: Path, points_file: Path, tmp_path: Path, ending: str) -> None:
    """Of any kind of file; the points go with them."""
    picture = cv2.imread(str(anna_folder / "portrait.png"))
    assert picture is not None
    cv2.imwrite(str(tmp_path / f"big.{ending}"), cv2.resize(picture, None, fx=2, fy=2))
    points = {name: at * 2 for name, at in read_points(points_file).items()}
    import_picture(tmp_path / f"big.{ending}", points, tmp_path / "me", NOBODY)
    look = load_portrait_look(tmp_path / "me")
    assert face_frame(look.landmarks).eye_distance_px == pytest.approx(260, abs=6)
    assert look.width_px < 2048


def test_exif_orientation_is_honoured(anna_folder: Path, points_file: Path, tmp_path: Path) -> None:
    """A photograph that was taken sideways stands upright, and its points are those of the upright picture."""
    from PIL import Image

    upright = Image.open(anna_folder / "portrait.png").convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    upright.rotate(90, expand=True).save(tmp_path / "sideways.jpg", exif=exif, quality=95)
    done = import_picture(tmp_path / "sideways.jpg", read_points(points_file), tmp_path / "me", NOBODY)
    assert done.findings == ()


def test_a_clear_background_becomes_the_matte(anna_folder: Path, points_file: Path, tmp_path: Path) -> None:
    """A PNG with transparency can stand before any background."""
    colours = cv2.imread(str(anna_folder / "portrait.png"))
    alpha = cv2.imread(str(anna_folder / "matte.png"), cv2.IMREAD_GRAYSCALE)
    assert colours is not None
    assert alpha is not None
    cv2.imwrite(str(tmp_path / "cut.png"), np.dstack([colours, alpha]))
    assert import_picture(tmp_path / "cut.png", read_points(points_file), tmp_path / "me", NOBODY).has_matte
    assert "matte" in load_portrait_look(tmp_path / "me").layers


def test_impossible_points_are_named(anna_folder: Path, points_file: Path, tmp_path: Path) -> None:
    """And nothing is written."""
    points = dict(read_points(points_file))
    points["chin"] = np.array([500.0, 5000.0])
    with pytest.raises(LookError, match=r"landmarks\.chin: .* is outside the picture: x in 0\.\.1024"):
        import_picture(anna_folder / "portrait.png", points, tmp_path / "me", NOBODY)
    assert not (tmp_path / "me").exists()


def test_a_missing_picture_is_named(points_file: Path, tmp_path: Path) -> None:
    """By its path."""
    with pytest.raises(LookError, match=r"gone\.jpg: picture: cannot be read"):
        import_picture(tmp_path / "gone.jpg", read_points(points_file), tmp_path / "me", NOBODY)


def test_the_template_names_every_point(tmp_path: Path) -> None:
    """Filled in nowhere it is refused for what it is: points that cannot be a face."""
    path = tmp_path / "points.yaml"
    path.write_text(points_template())
    assert set(read_points(path)) == set(LANDMARKS)
    path.write_text("chin: [1, 2]\n")
    with pytest.raises(LookError, match="lacks right_eye_inner"):
        read_points(path)
    with pytest.raises(LookError, match="cannot be read"):
        read_points(tmp_path / "gone.yaml")
