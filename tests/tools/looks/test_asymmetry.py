"""The difference between the halves of a face."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tools.looks.asymmetry import Asymmetry
from tools.looks.march import camera_for
from tools.looks.person import load_person

pytestmark = pytest.mark.unit

PERSON = load_person("maya")
CAMERA = camera_for(PERSON.framing, 256)


def test_points_go_where_the_picture_goes() -> None:
    """A bright spot in a displaced picture lies where its moved point says, within a fifth of a pixel."""
    strong = Asymmetry(dataclasses.replace(PERSON, asymmetry=2.0))
    x, y = np.meshgrid(np.arange(256) + 0.5, np.arange(256) + 0.5)
    for spot in ((100.0, 117.0), (152.0, 161.0), (128.0, 139.0)):
        picture = np.exp(-((x - spot[0]) ** 2 + (y - spot[1]) ** 2) / 4).astype(np.float32)
        seen = strong.applied(CAMERA, picture)
        centre = np.array([(seen * x).sum(), (seen * y).sum()]) / seen.sum()
        np.testing.assert_allclose(strong.moved(CAMERA, np.array(spot)), centre, atol=0.2)


def test_without_asymmetry_nothing_moves() -> None:
    """At 0 the face is a mirror."""
    none = Asymmetry(dataclasses.replace(PERSON, asymmetry=0.0))
    places = np.array([[0.3, 0.1], [-0.2, -0.6]])
    np.testing.assert_allclose(none.offset(places)[:, 1], 0, atol=1e-12)


def test_everybody_differs_in_another_way() -> None:
    """Two people's faces are not displaced alike."""
    places = np.array([[0.34, 0.02], [-0.25, -0.5], [0.0, -0.3]])
    other = Asymmetry(load_person("jonas")).offset(places)
    assert np.abs(Asymmetry(PERSON).offset(places) - other).max() > 0.003
