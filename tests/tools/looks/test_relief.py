"""The height image of face and folds."""

from __future__ import annotations

import numpy as np
import pytest

from tools.looks.expressions import fold_shapes
from tools.looks.person import load_person
from tools.looks.relief import lip_curves, relief_grid, relief_image
from tth.face.puppet.portrait_look import FOLDS

pytestmark = pytest.mark.unit


def test_the_lips_meet_at_the_corners_and_nowhere_cross() -> None:
    """Upper edge above the seam above the lower edge; all three run together at the corners."""
    person = load_person("maya")
    x = np.linspace(-person.mouth.half_width, person.mouth.half_width, 101)
    curves = lip_curves(person, x)
    assert (curves.top >= curves.seam - 1e-9).all()
    assert (curves.seam >= curves.bottom - 1e-9).all()
    np.testing.assert_allclose([curves.top[0], curves.bottom[-1]], curves.seam[0], atol=0.002)


def test_lips_stand_out_and_their_seam_is_a_groove() -> None:
    """Along the middle of the face the seam lies deeper than both lips."""
    person = load_person("zuri")
    x, y = relief_grid()
    heights = relief_image(person)[:, x.shape[1] // 2]
    curves = lip_curves(person, np.array([0.0]))

    def at(height: float) -> float:
        return float(np.interp(height, y[:, 0], heights))

    seam = float(curves.seam[0])
    assert at(seam) < min(at((seam + float(curves.top[0])) / 2), at((seam + float(curves.bottom[0])) / 2)) - 0.01


def test_folds_have_the_puppets_names() -> None:
    """Every fold the puppet knows is made, and no other."""
    assert set(fold_shapes(load_person("jonas"))) == set(FOLDS)


def test_a_smile_folds_its_own_side() -> None:
    """The left smile changes the person's left, on the right of the picture, and the right one mirrors it."""
    folds = fold_shapes(load_person("maya"))
    left, right = np.abs(folds["smile_left"]), np.abs(folds["smile_right"])
    middle = left.shape[1] // 2
    assert left[:, middle + 20 :].sum() > 20 * left[:, : middle - 20].sum()
    np.testing.assert_allclose(left, right[:, ::-1], atol=1e-9)
