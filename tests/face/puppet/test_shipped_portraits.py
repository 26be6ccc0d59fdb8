"""The portraits that come with the package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.tools.looks.agreement import lip_seam_error, pupil_errors
from tools.looks.person import list_people
from tth.face.look import LOOKS_DIR
from tth.face.parameters import INDEX, FaceState, neutral_weights
from tth.face.puppet.painter import PuppetPainter
from tth.face.puppet.portrait_look import FOLDS, LAYERS, LOOK_MOST_BYTES, load_portrait_look
from tth.face.puppet.store import load_portrait
from tth.face.shot import Shot

pytestmark = pytest.mark.embedded

FOLDERS = sorted(path.parent for path in LOOKS_DIR.glob("*/look.yaml"))


def test_each_has_its_page_of_numbers() -> None:
    """Every shipped portrait can be made again by the tool, and every person of the tool is shipped."""
    assert {folder.name for folder in FOLDERS} == set(list_people())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_it_is_complete_small_and_of_nobody(folder: Path) -> None:
    """All layers are there, the files are at most 4 MiB, and the person does not exist."""
    look = load_portrait_look(folder)
    assert set(look.layers) == set(LAYERS)
    assert set(look.folds) == set(FOLDS)
    assert sum(path.stat().st_size for path in folder.iterdir()) <= LOOK_MOST_BYTES
    assert look.consent.synthetic


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_its_points_lie_on_what_they_name(folder: Path) -> None:
    """Irises are around pupils and the seam is where lips meet, within 2 % of the distance of the eyes."""
    look = load_portrait_look(folder)
    assert max(pupil_errors(look)) < 0.02
    assert lip_seam_error(look) < 0.02


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_it_moves(folder: Path, tmp_path: Path) -> None:
    """A shut eye and an open mouth change the picture where eyes and mouth are, and hardly anything else."""
    look = load_portrait_look(folder)
    painter = PuppetPainter(load_portrait(look, tmp_path), Shot(256, 256))
    neutral = painter.paint(FaceState(neutral_weights())).astype(int)
    weights = neutral_weights()
    for name in ("eyeBlinkLeft", "eyeBlinkRight", "jawOpen"):
        weights[INDEX[name]] = 1.0
    moved = np.abs(painter.paint(FaceState(weights)).astype(int) - neutral).max(-1)
    scale = 256 / look.width_px
    for x, y in (look.irises["left"][:2], look.irises["right"][:2], look.landmarks["lip_seam"]):
        column, row = int(x * scale), int(y * scale)
        assert moved[row - 2 : row + 8, column - 2 : column + 3].max() > 60
    assert np.median(moved) <= 2
