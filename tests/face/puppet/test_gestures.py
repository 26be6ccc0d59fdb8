"""What a face's state asks of the puppet."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from tth.face.parameters import INDEX, FaceState, neutral_weights
from tth.face.puppet.gestures import (
    TURN_MOST_DEG,
    WEIGHT_MOST,
    bending_weights,
    eye_move,
    head_rotation,
    light_in_mouth,
    tongue_move,
)
from tth.face.puppet.shapes import BENDING_SHAPES

pytestmark = pytest.mark.unit


def state(**weights: float) -> FaceState:
    """A face with these shapes; a name without a side sets both."""
    values = neutral_weights()
    for name, weight in weights.items():
        for key in (name,) if name in INDEX else (f"{name}Left", f"{name}Right"):
            values[INDEX[key]] = weight
    return FaceState(values)


def bend(face: FaceState, shape: str) -> float:
    return float(bending_weights(face)[BENDING_SHAPES.index(shape)])


def turned(face: FaceState, point: tuple[float, float, float]) -> NDArray[np.float64]:
    """Where the head's rotation takes a point; x right, y down, z to the viewer."""
    return np.asarray(np.array(head_rotation(face)).reshape(3, 3) @ point)


def test_shapes_bend_as_given_within_bounds() -> None:
    """Nothing folds the picture over itself."""
    assert bend(state(mouthPucker=0.4), "mouthPucker") == pytest.approx(0.4)
    assert bend(state(mouthPucker=9.0), "mouthPucker") == pytest.approx(WEIGHT_MOST)
    assert bend(state(mouthPucker=-1.0), "mouthPucker") == 0


def test_lips_close_no_more_than_the_jaw_is_open() -> None:
    """Or they would cross."""
    assert bend(state(mouthClose=0.8), "mouthClose") == 0
    assert bend(state(mouthClose=0.8, jawOpen=0.3), "mouthClose") == pytest.approx(0.3)


def test_the_corrective_of_an_open_smile_needs_both() -> None:
    """A smile and an opening."""
    assert bend(state(mouthSmile=1.0), "smileOpen") == 0
    assert bend(state(jawOpen=1.0), "smileOpen") == 0
    assert 0 < bend(state(mouthSmile=0.5, jawOpen=0.2), "smileOpen") < bend(state(mouthSmile=1, jawOpen=1), "smileOpen")


def test_the_head_turns_the_stated_way() -> None:
    """Yaw takes the nose to the right, pitch up, roll the forehead to the right."""
    nose, forehead = (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)
    assert np.array_equal(turned(FaceState(), nose), nose)
    assert turned(FaceState(yaw_deg=10.0), nose)[0] > 0.1
    assert turned(FaceState(pitch_deg=10.0), nose)[1] < -0.1
    assert turned(FaceState(roll_deg=10.0), forehead)[0] > 0.1


@pytest.mark.parametrize("angles", [(5.0, -3.0, 2.0), (40.0, 30.0, -60.0), (4000.0, -4000.0, 4000.0)])
def test_turns_are_rotations_and_have_an_end(angles: tuple[float, float, float]) -> None:
    """A picture has no other side to show."""
    matrix = np.array(head_rotation(FaceState(yaw_deg=angles[0], pitch_deg=angles[1], roll_deg=angles[2])))
    assert np.allclose(matrix.reshape(3, 3) @ matrix.reshape(3, 3).T, np.eye(3))
    assert np.linalg.det(matrix.reshape(3, 3)) == pytest.approx(1)
    alone = turned(FaceState(yaw_deg=angles[0]), (0.0, 0.0, 1.0))
    assert math.degrees(math.atan2(alone[0], alone[2])) <= TURN_MOST_DEG[0] + 1e-9


def test_a_blink_shuts_the_eye_whatever_else_it_does() -> None:
    """Wide or squinting, looking up or down."""
    for other in ({}, {"eyeWide": 1.0}, {"eyeSquint": 1.0}, {"eyeLookUp": 1.0}, {"cheekSquint": 1.0}):
        assert eye_move(state(eyeBlink=1.0, **other), "left").upper == 1.0
    assert eye_move(state(eyeWide=1.0), "left").upper < 0 < eye_move(state(eyeSquint=1.0), "left").upper


def test_each_eye_has_its_own_shapes() -> None:
    """A wink moves one."""
    wink = state(eyeBlinkLeft=1.0)
    assert eye_move(wink, "left").upper == 1.0
    assert eye_move(wink, "right") == eye_move(FaceState(), "right")


def test_lids_follow_the_gaze() -> None:
    """Down they sink, up they rise; both eyes go to the same side of the picture."""
    assert eye_move(state(eyeLookDown=0.5), "left").upper > 0 > eye_move(state(eyeLookUp=0.5), "left").upper
    aside = state(eyeLookOutLeft=0.6, eyeLookInRight=0.6)
    assert eye_move(aside, "left").right == pytest.approx(eye_move(aside, "right").right)
    assert eye_move(aside, "left").right > 0


def test_the_tongue_lifts_before_it_comes_out() -> None:
    """As the sculpted head's: d, n and l at 0.4, out at 1."""
    assert (tongue_move(state(tongueOut=0.4)).lift, tongue_move(state(tongueOut=0.4)).out) == (1.0, 0.0)
    assert tongue_move(state(tongueOut=1.0)).out == 1.0
    assert tongue_move(state(tongueOut=1.0)).lift < 0.5


def test_rounded_lips_shade_the_teeth() -> None:
    """Parted ones let light in."""
    rest = light_in_mouth(FaceState())
    assert light_in_mouth(state(mouthPucker=1.0)) < rest < light_in_mouth(state(jawOpen=0.3, mouthUpperUp=0.3))
