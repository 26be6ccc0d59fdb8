"""Emotions in pictures of everybody, sculpted and portrait. Only the face: the head's posture alone would tell."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.face.measured.conftest import PainterOf
from tth.face.look import list_looks
from tth.face.parameters import FaceState
from tth.face.shot import Painter, Shot
from tth.face.stills import emotion_face
from tth.model.controls import EmotionLabel, Framing

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(180)]  # the first run builds heads

TOLD_APART = 2.5
"""Mean difference over the face, in levels of 256, at which people tell faces of 256 px apart at a glance."""
LEVELS = (0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 1.0)


def felt(label: EmotionLabel, intensity: float) -> FaceState:
    """An emotion without posture."""
    return FaceState(emotion_face(label, intensity).weights)


def face_picture(painter: Painter, face: FaceState) -> NDArray[np.int_]:
    picture = painter.paint(face)[..., :3].astype(int)
    height, width = picture.shape[:2]
    return picture[int(0.30 * height) : int(0.86 * height), int(0.22 * width) : int(0.78 * width)]


def apart(one: NDArray[np.int_], other: NDArray[np.int_]) -> float:
    return float(np.abs(one - other).mean())


@pytest.mark.parametrize("look", list_looks())
def test_more_intensity_is_more_to_see(look: str, painter_of: PainterOf) -> None:
    """Every step takes every emotion further from the neutral face, in pictures of 128 px and in the numbers."""
    painter = painter_of(look, Shot(128, 128, Framing.HEAD))
    neutral = felt(EmotionLabel.NEUTRAL, 0)
    rest = face_picture(painter, neutral)
    for label in EmotionLabel:
        if label is EmotionLabel.NEUTRAL:
            continue
        faces = [felt(label, level) for level in LEVELS]
        seen = [apart(face_picture(painter, face), rest) for face in faces]
        numbers = [float(np.abs(face.weights - neutral.weights).sum()) for face in faces]
        assert all(more > less for less, more in pairwise(seen)), (label, seen)
        assert all(more > less for less, more in pairwise(numbers)), (label, numbers)


@pytest.mark.parametrize("look", list_looks())
def test_any_two_emotions_are_told_apart(look: str, painter_of: PainterOf) -> None:
    """At intensity 0.7, in a picture of 256 px."""
    painter = painter_of(look, Shot(256, 256, Framing.HEAD))
    pictures = {label: face_picture(painter, felt(label, 0.7)) for label in EmotionLabel}
    found = {(one, other): apart(pictures[one], pictures[other]) for one, other in combinations(pictures, 2)}
    closest = min(found, key=found.__getitem__)
    assert found[closest] > TOLD_APART, (closest, found[closest])
