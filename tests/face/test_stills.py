"""Named moments of a face."""

from __future__ import annotations

import numpy as np
import pytest

from tests.face.scripts import gap, mouth_of
from tth.face.parameters import gaze_of
from tth.face.phonemes import VISEMES
from tth.face.stills import VISEME_SOUNDS, emotion_face, posed, viseme_face
from tth.model.controls import EmotionLabel

pytestmark = pytest.mark.unit


def test_there_is_a_still_for_every_viseme() -> None:
    """In the order of the performer's own list, and no two mouths are the same."""
    assert tuple(VISEME_SOUNDS) == VISEMES
    mouths = [np.array(mouth_of(viseme_face(name))) for name in VISEMES if name not in ("DD", "nn")]
    for index, mouth in enumerate(mouths):
        assert all(np.abs(mouth - other).sum() > 0.02 for other in mouths[:index])


def test_lips_meet_in_pp_and_part_in_aa() -> None:
    """As they do in the middle of a long m and a long ah."""
    assert gap(viseme_face("PP")) <= 0.001
    assert gap(viseme_face("aa")) > 0.3


def test_eyes_are_open_and_the_head_is_still_in_a_viseme() -> None:
    """A blink or a glance would say nothing about the mouth."""
    face = viseme_face("O")
    assert face.weight("eyeBlinkLeft") == 0
    assert gaze_of(face.weights) == (0, 0)
    assert (face.yaw_deg, face.pitch_deg, face.roll_deg) == (0, 0, 0)


def test_an_emotion_keeps_its_eyes_on_the_viewer() -> None:
    """The head of disgust turns away, the eyes turn back by as much."""
    face = emotion_face(EmotionLabel.DISGUSTED, 1)
    assert abs(face.yaw_deg) > 3
    assert gaze_of(face.weights)[0] == pytest.approx(-face.yaw_deg, abs=0.1)


def test_a_pose_turns_the_head_and_nothing_else() -> None:
    """But for the gaze, which stays on the viewer."""
    rest = emotion_face(EmotionLabel.NEUTRAL, 0)
    turned = posed(rest, yaw_deg=20, pitch_deg=-5, roll_deg=3)
    assert (turned.yaw_deg, turned.pitch_deg, turned.roll_deg) == (20, -5, 3)
    assert gaze_of(turned.weights) == pytest.approx((-20, 5), abs=0.1)
    assert turned.weight("mouthSmileLeft") == rest.weight("mouthSmileLeft")
