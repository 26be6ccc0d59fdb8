"""What is found in a picture, against what the mesh behind it says."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.face.puppet.folders import average_content, write_folder
from tth.face.look import load_look
from tth.face.puppet.eyes import MEETING
from tth.face.puppet.portrait import Portrait
from tth.face.puppet.portrait_look import load_portrait_look
from tth.face.puppet.prepare import prepare_portrait
from tth.face.sculpt.sculpture import IRIS_RADIUS_MM

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(300)]  # the first run on a machine sculpts heads


def test_irises_are_found(anna_portrait: Portrait) -> None:
    """Their centre is in the middle of the eye, their radius that of the sculpted ones."""
    radius = IRIS_RADIUS_MM / (2 * load_look("anna").shape.eye_spacing)
    for number in (0, 1):
        eye = anna_portrait.eye(number)
        along = (eye.iris - eye.corner) @ eye.axis / eye.length
        assert 0.4 < along < 0.6
        assert eye.iris_radius / anna_portrait.frame.eye_distance_px == pytest.approx(radius, abs=0.015)


def test_the_line_between_the_lips_is_dark(anna_portrait: Portrait) -> None:
    """Darker than the lips above and below it."""
    grey = anna_portrait.picture[..., :3].mean(-1)
    unit = anna_portrait.frame.eye_distance_px
    middle = anna_portrait.seam[16:49]
    at = [grey[(middle[:, 1] + d * unit).astype(int), middle[:, 0].astype(int)].mean() for d in (-0.05, 0.0, 0.05)]
    assert at[1] < at[0] - 10
    assert at[1] < at[2] - 10


def test_shut_eyes_show_no_white(anna_portrait: Portrait) -> None:
    """Where the eyeball was is skin."""
    patch, left_top = anna_portrait.shut_eyes, anna_portrait.eye_patch[:2]
    for number in (0, 1):
        eye = anna_portrait.eye(number)
        middle = len(eye.upper) // 2
        v = eye.upper[middle] + 0.4 * MEETING * (eye.lower[middle] - eye.upper[middle])
        x, y = eye.corner + eye.axis * eye.length / 2 + eye.down * v - left_top
        red, _, blue = (int(c) for c in patch[int(y), int(x)])
        assert red > blue + 20


def test_the_nose_is_nearest(anna_portrait: Portrait) -> None:
    """And the rim of the head lies at the axis, so that a turn does not tear it."""
    depth = anna_portrait.depth
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    x, y = (anna_portrait.points["nose_tip"] * depth.shape[1] / anna_portrait.picture.shape[1]).astype(int)
    assert abs(column - x) < 6
    assert abs(row - y) < 10
    assert np.abs(np.gradient(depth)).max() < 0.1


def test_the_wall_is_empty(anna_portrait: Portrait) -> None:
    """What was behind the person is made up from the wall around them."""
    from tests.face.puppet.sculpted_portrait import WALL

    assert np.abs(anna_portrait.wall.astype(int) - np.array(WALL)).max() < 12


def test_layers_of_a_look_are_used(anna_folder: Path, anna_portrait: Portrait, tmp_path: Path) -> None:
    """A red picture for shut eyes is red lids; a fold without effect has no effect."""
    import yaml

    content = yaml.safe_load((anna_folder / "look.yaml").read_text())
    folder = write_folder(tmp_path, average_content())
    for name in ("portrait.png", "matte.png"):
        (folder / name).write_bytes((anna_folder / name).read_bytes())
    side = anna_portrait.picture.shape[0]
    cv2.imwrite(str(folder / "red.png"), np.full((side, side, 3), (0, 0, 255), np.uint8))
    cv2.imwrite(str(folder / "none.png"), np.full((side // 2, side // 2), 128, np.uint8))
    content["layers"] |= {"shut_eyes": "red.png", "folds": {"smile_left": "none.png"}}
    (folder / "look.yaml").write_text(yaml.safe_dump(content))
    portrait = prepare_portrait(load_portrait_look(folder))
    assert (portrait.shut_eyes == (255, 0, 0)).all()
    assert np.abs(portrait.gains[0]).max() < 1e-3
    assert np.abs(portrait.gains[1]).max() > 0.05
