"""Plates: what is kept of the clothes, and that keeping changes no picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tth.face import plate
from tth.face.backdrop import CLEAR, Backdrop, Clear
from tth.face.painter import SculptedPainter
from tth.face.parameters import FaceState, neutral_weights
from tth.face.plate import Plate, Plates, make_plate
from tth.face.sculpt.sculpture import Sculpture
from tth.face.shot import Shot

pytestmark = pytest.mark.embedded


def a_plate(size_bytes: int) -> Plate:
    """One that takes so much memory."""
    return Plate(0, np.zeros((1, size_bytes), np.uint8), np.zeros((1, 0), np.int16), np.zeros((1, 0), np.uint8))


def test_plates_are_kept_while_there_is_room() -> None:
    """The one not used for longest goes first; the newest stays, however large."""
    plates = Plates()
    small = [a_plate(plate.KEPT_BYTES // 3) for _ in range(4)]
    for step in range(3):
        plates.keep(step, small[step])
    assert plates.of(0) is small[0]
    plates.keep(3, small[3])
    assert [plates.of(step) for step in range(4)] == [small[0], None, small[2], small[3]]
    large = a_plate(2 * plate.KEPT_BYTES)
    plates.keep(4, large)
    assert [plates.of(step) for step in (0, 3, 4)] == [None, None, large]


def test_a_plate_is_the_clothes_over_the_backdrop() -> None:
    """From its first row on, by their alpha."""
    clothes = np.zeros((2, 8, 4), np.uint8)
    clothes[1] = (200, 100, 0, 255)
    clothes[0, 0] = (200, 100, 0, 127)
    backdrop = np.full((5, 8, 3), 60, np.uint8)
    picture = make_plate(3, clothes, np.zeros((2, 32), np.int16), backdrop).picture.reshape(2, 8, 3)
    assert (picture[1] == (200, 100, 0)).all()
    assert np.abs(picture[0, 0].astype(int) - (130, 80, 30)).max() <= 1
    assert (picture[0, 1:] == 60).all()


@pytest.mark.parametrize("backdrop", [None, CLEAR])
def test_a_breath_seen_before_gives_the_same_picture(anna: Sculpture, backdrop: Backdrop | Clear | None) -> None:
    """Up and down the chest, a head that turned in between, with plates drawn and plates kept."""
    painter = SculptedPainter(anna, Shot(256, 256), backdrop)
    still = FaceState(neutral_weights())
    turned = replace(still, yaw_deg=-20.0, pitch_deg=8.0)
    levels = (0.0, 0.5, 1.0)
    first = [painter.paint(replace(still, breath=level)).copy() for level in levels]
    for level in (1.0, 0.0, 0.5):
        painter.paint(replace(turned, breath=level))
    for level, picture in reversed(list(zip(levels, first, strict=True))):
        assert (painter.paint(replace(still, breath=level)) == picture).all()
    assert (first[0] != first[2]).any()
