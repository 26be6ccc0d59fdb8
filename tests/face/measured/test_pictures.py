"""Pictures of everybody at every size, framing and background."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.face.measured.conftest import PainterOf
from tth.face.look import list_looks
from tth.face.shot import Detail, Shot
from tth.face.stills import emotion_face, posed, viseme_face
from tth.model.controls import BACKGROUNDS, EmotionLabel, Framing

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(180)]  # the first run builds heads

SIZES = ((64, 64), (64, 1024), (1024, 64), (96, 128), (256, 256), (426, 240), (512, 512), (1024, 1024))
FACE = posed(emotion_face(EmotionLabel.HAPPY, 0.6), yaw_deg=9, pitch_deg=-4, roll_deg=3)


def is_a_person(picture: NDArray[np.uint8]) -> bool:
    """Light and dark, and left is not right: no empty and no flat picture."""
    grey = picture[..., :3].astype(float).mean(2)
    return float(grey.std()) > 12 and float(np.abs(grey - grey[:, ::-1]).mean()) > 1


@pytest.mark.parametrize("look", list_looks())
def test_everybody_is_drawn_at_every_size(look: str, painter_of: PainterOf) -> None:
    """From 64 to 1024 px, tall and wide."""
    for width, height in SIZES if look == "anna" else SIZES[:1] + SIZES[3:4] + SIZES[-1:]:
        painter = painter_of(look, Shot(width, height))
        assert painter.size_px == (width, height)
        picture = painter.paint(FACE)
        assert picture.shape == (height, width, 3)
        assert picture.dtype == np.uint8
        assert is_a_person(picture), (width, height)


@pytest.mark.parametrize("look", list_looks())
def test_every_framing_detail_and_background_can_be_had(look: str, painter_of: PainterOf) -> None:
    """In any combination of the first two; clear pictures have an alpha channel, others none."""
    for framing in Framing:
        for detail in Detail:
            assert is_a_person(painter_of(look, Shot(96, 96, framing, detail)).paint(FACE)), (framing, detail)
    for background in (*BACKGROUNDS, "#204060"):
        picture = painter_of(look, Shot(96, 96), background).paint(FACE)
        assert picture.shape[2] == (4 if background == "transparent" else 3), background


@pytest.mark.parametrize("look", list_looks())
def test_a_cut_out_person_has_clean_edges(look: str, painter_of: PainterOf) -> None:
    """Laid over black, white and green it is the person drawn before that colour, at every edge."""
    shot = Shot(192, 192)
    clear = painter_of(look, shot, "transparent").paint(FACE).astype(float)
    cover = clear[..., 3:] / 255
    assert (cover == 0).mean() > 0.1
    assert (cover == 1).mean() > 0.2
    edge = ((cover > 0) & (cover < 1))[..., 0]
    for name, colour in (("#000000", 0), ("#ffffff", 255)):
        drawn = painter_of(look, shot, name).paint(FACE).astype(float)
        laid = clear[..., :3] * cover + colour * (1 - cover)
        apart = np.abs(laid - drawn).max(2)
        assert apart.max() < 24, name
        assert apart[edge].mean() < 4, name


@pytest.mark.parametrize("look", list_looks())
def test_a_picture_depends_on_the_face_alone(look: str, painter_of: PainterOf) -> None:
    """Another painter gives the same bytes, whatever it drew before."""
    shot = Shot(128, 128)
    fresh, used = painter_of(look, shot), painter_of(look, shot)
    for face in (viseme_face("aa"), emotion_face(EmotionLabel.SAD, 1.0)):
        used.paint(face)
    assert np.array_equal(fresh.paint(FACE), used.paint(FACE))
