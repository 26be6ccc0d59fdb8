"""Backdrops: size, colour, smoothness."""

from __future__ import annotations

import numpy as np
import pytest

from tth.face.backdrop import picture_backdrop, plain_backdrop, studio_backdrop
from tth.face.shot import Shot

pytestmark = pytest.mark.unit


def test_a_studio_wall_is_brighter_behind_the_head_and_without_bands() -> None:
    """From the first colour in the middle to the second at the corners, neighbours never more than four steps apart."""
    wall = studio_backdrop(np.array([[0.6, 0.6, 0.6], [0.1, 0.1, 0.1]], np.float32), Shot(256, 192))
    assert wall.shape == (192, 256, 3)
    assert wall[80, 130].mean() > wall[0, 0].mean() + 60
    assert np.abs(np.diff(wall[:, :, 0].astype(int), axis=1)).max() <= 4


def test_a_plain_backdrop_has_one_colour() -> None:
    """Exactly the one asked for."""
    wall = plain_backdrop((0, 177, 64), Shot(64, 128))
    assert wall.shape == (128, 64, 3)
    assert (wall == (0, 177, 64)).all()


@pytest.mark.parametrize("size", [(40, 30), (30, 40), (700, 20), (1, 1)])
@pytest.mark.parametrize("shot", [Shot(64, 128), Shot(128, 64)])
def test_any_picture_covers_any_frame(size: tuple[int, int], shot: Shot) -> None:
    """Not one pixel of it is left free, and its middle stays the middle."""
    picture = np.full((size[1], size[0], 3), 90, np.uint8)
    wall = picture_backdrop(picture, shot)
    assert wall.shape == (shot.height_px, shot.width_px, 3)
    assert (wall == 90).all()


def test_the_aspect_of_a_picture_is_kept() -> None:
    """A square in it stays one: what does not fit is cut off on both sides alike."""
    picture = np.zeros((100, 300, 3), np.uint8)
    picture[25:75, 125:175] = 255
    white = picture_backdrop(picture, Shot(128, 128))[..., 0] > 127
    rows, columns = np.flatnonzero(white.any(1)), np.flatnonzero(white.any(0))
    assert (rows[0] + rows[-1], columns[0] + columns[-1]) == (127, 127)
    assert abs(len(rows) - len(columns)) <= 1
