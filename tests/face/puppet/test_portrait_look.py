"""Look folders: what one may say, and how a mistake in it is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.face.puppet.folders import SIDE_PX, average_content, write_folder
from tth.face.look import LookError
from tth.face.puppet.landmarks import LANDMARKS
from tth.face.puppet.portrait_look import is_portrait, load_portrait_look, picture_size_px

pytestmark = pytest.mark.unit


def changed(path: str, value: object) -> dict[str, Any]:
    """The average look with one dotted key changed; None takes it out."""
    content = average_content()
    *parents, last = path.split(".")
    place = content
    for name in parents:
        place = place.setdefault(name, {})
    if value is None:
        del place[last]
    else:
        place[last] = value
    return content


def test_a_folder_is_read(tmp_path: Path) -> None:
    """Picture, points and consent are there; what is not named is absent."""
    folder = write_folder(tmp_path / "somebody", average_content())
    for path in (folder, folder / "look.yaml", str(folder)):
        assert is_portrait(path)
        look = load_portrait_look(path)
        assert (look.width_px, look.height_px) == (SIDE_PX, SIDE_PX)
        assert set(look.landmarks) == set(LANDMARKS)
        assert look.consent.synthetic
        assert (look.layers, look.lip_seam, look.fold_gain) == ({}, None, 1.0)


def test_extras_are_read(tmp_path: Path) -> None:
    """Irises, lids, the line between the lips, layers and folds."""
    content = average_content()
    curve = [[float(x), 200.0] for x in range(200, 300, 10)]
    content |= {
        "irises": {"left": [306, 218, 12]},
        "lids": {"right": {"upper": curve, "lower": curve}},
        "lip_seam": curve,
        "fold_gain": 0.5,
        "layers": {"matte": "portrait.png", "folds": {"smile_left": "portrait.png"}},
    }
    look = load_portrait_look(write_folder(tmp_path, content))
    assert look.irises == {"left": (306, 218, 12)}
    assert look.lids["right"].upper_lid.shape == (10, 2)
    assert look.lip_seam is not None
    assert look.lip_seam.shape == (10, 2)
    assert set(look.layers) == {"matte"}
    assert set(look.folds) == {"smile_left"}


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("kind", "photo", "kind: 'photo' is not 'portrait'"),
        ("pictrue", "a.png", "pictrue: unknown key; did you mean 'picture'"),
        ("picture", None, "picture: is missing"),
        ("picture", "gone.png", r"picture: there is no file gone\.png"),
        ("picture", "../portrait.png", "outside the look's folder"),
        ("picture", "look.yaml", "neither a PNG nor a JPEG"),
        ("consent", None, "consent: is missing"),
        ("consent", {"shown": "Jane"}, r"consent\.statement: is missing"),
        ("consent", {"synthetic": True}, r"consent\.shown: is missing"),
        ("landmarks.chin", None, "landmarks: lacks chin"),
        ("landmarks.chin", [1], r"landmarks\.chin: \[1\] is not a list of 2 numbers"),
        ("landmarks.chin", [256, 999], r"landmarks\.chin: \(256, 999\) is outside the picture"),
        ("landmarks.chinn", [256, 400], r"landmarks\.chinn: unknown key; did you mean 'chin'"),
        ("fold_gain", 3, r"fold_gain: 3 is not a number in 0\.\.2"),
        ("irises.left", [900, 0, 3], r"irises\.left: needs x in 0\.\.512"),
        ("lip_seam", [[1, 2]], r"lip_seam: is not a list of 5\.\.129 points"),
        ("lip_seam", [[9 - n, 2] for n in range(8)], "lip_seam: its points must go from left to right"),
        ("layers.mate", "portrait.png", r"layers\.mate: unknown key; did you mean 'matte'"),
        ("layers.folds.smile", "portrait.png", r"layers\.folds\.smile: unknown key"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, path: str, value: object, problem: str) -> None:
    """The error names the file, the key and what is allowed."""
    folder = write_folder(tmp_path, changed(path, value))
    with pytest.raises(LookError, match=problem) as caught:
        load_portrait_look(folder)
    assert "look.yaml" in str(caught.value)


def test_a_heavy_look_is_refused(tmp_path: Path) -> None:
    """Shipped and sent around, a look stays below 4 MiB."""
    folder = write_folder(tmp_path, average_content())
    noise = np.random.default_rng(1).integers(0, 255, (1200, 1200, 3), np.uint8)
    cv2.imwrite(str(folder / "portrait.png"), noise)
    with pytest.raises(LookError, match="at most 4 MiB"):
        load_portrait_look(folder)


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_the_size_of_a_picture_is_in_its_header(tmp_path: Path, ending: str) -> None:
    """PNG and JPEG."""
    path = tmp_path / f"a.{ending}"
    cv2.imwrite(str(path), np.zeros((48, 70, 3), np.uint8))
    assert picture_size_px(path) == (70, 48)


def test_no_folder_no_look(tmp_path: Path) -> None:
    """A folder without a look.yaml is none."""
    assert not is_portrait(tmp_path)
    with pytest.raises(LookError, match="cannot be read"):
        load_portrait_look(tmp_path)
