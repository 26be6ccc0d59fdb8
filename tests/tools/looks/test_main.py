"""The whole tool at its smallest size: a look folder that the puppet can load."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.tools.looks.agreement import lip_seam_error, pupil_errors
from tools.looks.__main__ import main, make_look
from tools.looks.person import load_person
from tools.looks.portrait import Quality
from tth.face.puppet.landmarks import face_frame
from tth.face.puppet.portrait_look import FOLDS, LAYERS, PortraitLook, load_portrait_look

# The loops are compiled first, which takes half a minute of one core where it has never been done.
pytestmark = [pytest.mark.embedded, pytest.mark.timeout(600)]

Image = NDArray[Any]

TINY = Quality(size_px=320, oversample=1.0, rays=2, hairs=3000, grid_step=0.035)


def _made(folder: Path) -> Path:
    make_look(load_person("maya"), folder, TINY, lambda step: None)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A look made once for all tests of this module."""
    return _made(tmp_path_factory.mktemp("looks") / "maya")


@pytest.fixture(scope="module")
def look(folder: Path) -> PortraitLook:
    """The same, loaded."""
    return load_portrait_look(folder)


def test_the_folder_is_a_complete_look(look: PortraitLook) -> None:
    """The puppet accepts it, with every layer, fold and curve it knows."""
    assert set(look.layers) == set(LAYERS)
    assert set(look.folds) == set(FOLDS)
    assert set(look.irises) == set(look.lids) == {"left", "right"}
    assert look.lip_seam is not None
    assert look.consent.synthetic


def test_the_same_person_is_the_same_file(folder: Path, tmp_path: Path) -> None:
    """A second run writes the same bytes."""
    again = _made(tmp_path / "maya")
    for path in sorted(folder.iterdir()):
        assert (again / path.name).read_bytes() == path.read_bytes(), path.name


def test_points_lie_on_what_they_name(look: PortraitLook) -> None:
    """Pupils and the line between the lips are where the picture is dark."""
    assert max(pupil_errors(look)) < 0.03
    assert lip_seam_error(look) < 0.03


def test_layers_show_what_they_name(look: PortraitLook) -> None:
    """Depth and matte agree; shut eyes have no iris; eyeballs have one; the head turns and the chest does not."""
    matte = _layer(look, "matte")
    depth = _layer(look, "depth")
    head = _layer(look, "head")
    assert depth.dtype == np.uint16
    assert matte[5, 5] == 0
    nose, chest = look.landmarks["nose_tip"], np.array([look.width_px / 2, look.height_px - 4])
    assert _at(matte, nose, look) == _at(matte, chest, look) == 255
    assert _at(head, nose, look) > 250
    assert _at(head, chest, look) < 40
    eye_distance = face_frame(look.landmarks).eye_distance_px
    temple = look.landmarks["left_temple"] + [-0.1 * eye_distance, 0]
    assert 0.3 < (_at(depth, nose, look) - _at(depth, temple, look)) / 8192 < 1.5
    x, y, _ = look.irises["left"]
    at = np.array([x, y])
    shut = _layer(look, "shut_eyes")
    ball = _layer(look, "eyeballs")
    assert _at(shut[..., 3], at, look) == _at(ball[..., 3], at, look) == 255
    assert _at(shut.max(-1), at, look) == 255
    assert _at(shut[..., 1], at, look) > _at(ball[..., 1], at, look) + 40


def _layer(look: PortraitLook, name: str) -> Image:
    """Values as they are in the file."""
    return np.asarray(cv2.imread(str(look.layers[name]), cv2.IMREAD_UNCHANGED), dtype=None)


def _at(layer: Image, point: NDArray[np.floating[Any]], look: PortraitLook) -> float:
    scale = layer.shape[1] / look.width_px
    return float(layer[int(point[1] * scale), int(point[0] * scale)])


def test_a_size_out_of_range_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The valid range is named, and nothing is made."""
    with pytest.raises(SystemExit):
        main(["maya", "-o", str(tmp_path), "--size", "20"])
    assert "320..2048" in capsys.readouterr().err


def test_an_unknown_person_ends_with_an_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The error names those there are."""
    assert main(["nobody", "-o", str(tmp_path)]) == 2
    assert "maya" in capsys.readouterr().err


def test_quality_is_a_value() -> None:
    """The larger picture's side is a whole number of pixels."""
    assert dataclasses.replace(TINY, oversample=1.5).render_px == 480
