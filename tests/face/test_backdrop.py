"""Backdrops: size, colour, smoothness."""

from __future__ import annotations

import numpy as np
import pytest

from tth.face.backdrop import plain_backdrop, studio_backdrop
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
