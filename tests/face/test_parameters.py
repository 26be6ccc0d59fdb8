"""The face's state: its order on the wire, and gaze in it."""

from __future__ import annotations

import pytest

from tth.face.parameters import BLENDSHAPES, GAZE_FULL_DEG, FaceState, gaze_of, neutral_weights, set_gaze

pytestmark = pytest.mark.unit


def test_the_order_is_that_of_the_wire() -> None:
    """52 names, each once; clients have the order from `CreateSession` and keep it."""
    assert len(BLENDSHAPES) == len(set(BLENDSHAPES)) == 52
    assert (BLENDSHAPES[0], BLENDSHAPES[17], BLENDSHAPES[-1]) == ("eyeBlinkLeft", "jawOpen", "tongueOut")


def test_every_state_has_weights_of_its_own() -> None:
    """Who changes one face changes no other."""
    one = FaceState()
    one.weights[17] = 1.0
    assert one.weight("jawOpen") == 1.0
    assert FaceState().weight("jawOpen") == 0.0
    with pytest.raises(KeyError):
        one.weight("jawOpne")


@pytest.mark.parametrize("gaze", [(0.0, 0.0), (12.0, -7.0), (-30.0, 30.0)])
def test_gaze_can_be_read_back(gaze: tuple[float, float]) -> None:
    """Both eyes look there, whatever they looked at before."""
    weights = neutral_weights()
    set_gaze(weights, -5.0, 5.0)
    set_gaze(weights, *gaze)
    assert gaze_of(weights) == pytest.approx(gaze, abs=1e-4)


def test_eyes_turn_no_further_than_they_can() -> None:
    """A glance at something behind the person ends where the shapes end."""
    weights = neutral_weights()
    set_gaze(weights, 200.0, -200.0)
    assert gaze_of(weights) == (GAZE_FULL_DEG, -GAZE_FULL_DEG)
    assert weights.max() == 1.0


def test_left_is_the_persons_left() -> None:
    """To the right of the picture the left eye looks outwards and the right one inwards."""
    weights = neutral_weights()
    set_gaze(weights, 15.0, 0.0)
    turned = {name: weight for name, weight in zip(BLENDSHAPES, weights.tolist(), strict=True) if weight}
    assert turned == {"eyeLookOutLeft": 0.5, "eyeLookInRight": 0.5}
