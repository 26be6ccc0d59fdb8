"""Emotion as muscles."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from tests.face import scripts
from tests.face.scripts import least_distance, mouth_of, phonemes, play, silence, speech
from tth.face.expression import expand, mood_of, unevenness
from tth.face.parameters import INDEX, FaceState
from tth.face.performer import Performer
from tth.model.controls import Controls, EmotionLabel
from tth.model.media import FrameKind

pytestmark = pytest.mark.unit

FELT = [label for label in EmotionLabel if label is not EmotionLabel.NEUTRAL]


def face(label: EmotionLabel = EmotionLabel.NEUTRAL, intensity: float = 1.0, **more: float) -> FaceState:
    controls = replace(Controls(emotion_label=label, emotion_intensity=intensity), **more)  # type: ignore[arg-type]
    return FaceState(mood_of(controls).weights.astype(np.float32))


NEUTRAL = face()


def test_emotions_are_pairwise_distinct() -> None:
    """At full, half and a quarter of the intensity each differs from each by several shapes."""
    for intensity, least in ((1.0, 2.0), (0.5, 1.0), (0.25, 0.5)):
        assert least_distance([face(label, intensity) for label in EmotionLabel]) > least


@pytest.mark.parametrize("label", FELT)
def test_expression_grows_with_intensity(label: EmotionLabel) -> None:
    """No shape ever goes back towards neutral, and the whole always grows."""
    levels = np.linspace(0, 1, 21)
    away = [np.abs(face(label, level).weights - NEUTRAL.weights) for level in levels]
    for less, more in itertools.pairwise(away):
        assert (more >= less - 1e-6).all()
        assert more.sum() > less.sum()


@pytest.mark.parametrize("label", FELT)
def test_intensity_0_is_neutral(label: EmotionLabel) -> None:
    """Whatever the label says."""
    assert np.array_equal(face(label, 0).weights, NEUTRAL.weights)


@given(scripts.controls)
def test_expressivity_0_stills_emotion(controls: Controls) -> None:
    """Nothing is left but the face at rest."""
    assert np.allclose(mood_of(replace(controls, expressivity=0.0)).weights, NEUTRAL.weights)


@given(scripts.controls)
def test_every_weight_is_legal(controls: Controls) -> None:
    """Any controls at all give numbers in 0..1."""
    weights = mood_of(controls).weights
    assert np.isfinite(weights).all()
    assert (weights >= 0).all()
    assert (weights <= 1).all()


@pytest.mark.parametrize(
    ("label", "shapes"),
    [
        (EmotionLabel.HAPPY, ("mouthSmileLeft", "cheekSquintLeft")),
        (EmotionLabel.SAD, ("browInnerUp", "mouthFrownLeft")),
        (EmotionLabel.ANGRY, ("browDownLeft", "mouthPressLeft")),
        (EmotionLabel.SURPRISED, ("browInnerUp", "browOuterUpLeft", "eyeWideLeft", "jawOpen")),
        (EmotionLabel.FEARFUL, ("browInnerUp", "eyeWideLeft", "mouthStretchLeft")),
        (EmotionLabel.DISGUSTED, ("noseSneerLeft", "mouthUpperUpLeft")),
    ],
)
def test_labels_use_their_action_units(label: EmotionLabel, shapes: tuple[str, ...]) -> None:
    """The units by which observers know the emotion are plainly there."""
    assert all(face(label).weight(shape) - NEUTRAL.weight(shape) > 0.3 for shape in shapes)


def test_valence_and_arousal_move_the_face() -> None:
    """Pleasure smiles, displeasure frowns, arousal widens the eyes, calm lowers the lids."""
    assert face(emotion_valence=0.8).weight("mouthSmileLeft") > 0.4
    assert face(emotion_valence=-0.8).weight("mouthFrownLeft") > 0.3
    assert face(emotion_arousal=0.8).weight("eyeWideLeft") > 0.3
    assert face(emotion_arousal=-0.8).weight("eyeBlinkLeft") > 0.1


def test_affect_adds_to_the_label() -> None:
    """Happy but displeased smiles less; the label's own point changes nothing."""
    plain = face(EmotionLabel.HAPPY)
    assert (
        face(EmotionLabel.HAPPY, emotion_valence=-0.2).weight("mouthSmileLeft") < plain.weight("mouthSmileLeft") - 0.3
    )
    assert np.allclose(face(EmotionLabel.HAPPY, emotion_valence=0.8, emotion_arousal=0.5).weights, plain.weights)


def test_both_sides_are_set_by_a_name_without_a_side() -> None:
    """And one that has no sides sets one."""
    weights = expand({"mouthSmile": 0.5, "jawOpen": 0.2})
    assert weights[INDEX["mouthSmileLeft"]] == weights[INDEX["mouthSmileRight"]] == 0.5
    assert weights.sum() == pytest.approx(1.2)


def test_faces_are_a_little_uneven() -> None:
    """Each person in another way, by a tenth at most, on one side at a time; speech stays even."""
    one, same, other = unevenness(1), unevenness(1), unevenness(2)
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert one.min() >= 0.9
    assert one.max() == 1
    assert {one[INDEX[name]] for name in ("jawOpen", "mouthUpperUpLeft", "mouthUpperUpRight", "mouthStretchLeft")} == {
        1
    }


def speaking(text: str, label: EmotionLabel) -> list[tuple[int, FaceState]]:
    performer = Performer(1)
    performer.change(Controls(emotion_label=label, emotion_intensity=1.0, expressivity=1.0), 0, 0)
    span = speech(phonemes(text))
    performer.feed(span)
    performer.feed(silence(span.end_sample, 400))
    return play(performer, span.end_sample + 9600)


def test_a_smile_does_not_kill_a_rounded_vowel() -> None:
    """A happy u is as rounded as a neutral one, its smile steps back, and returns after it."""
    happy, plain = (speaking("t:80 u:240 t:80", label) for label in (EmotionLabel.HAPPY, EmotionLabel.NEUTRAL))
    middle = 5
    assert mouth_of(happy[middle][1])[2] >= mouth_of(plain[middle][1])[2] - 0.02
    assert happy[middle][1].weight("mouthSmileLeft") < 0.5
    assert happy[-1][1].weight("mouthSmileLeft") > 0.8


@pytest.mark.parametrize("label", list(EmotionLabel))
def test_lips_close_in_every_emotion(label: EmotionLabel) -> None:
    """p, b and m, at full intensity, also as the first sound after silence."""
    text = "p:80 a:160:2 m:80 ɛ:140:2 b:60 u:160 p:70"
    faces = speaking(text, label)
    for timing in phonemes(text):
        if timing.ipa in "pbm":
            shut = [scripts.gap(f) for s, f in faces if 0 <= s - timing.start_sample < timing.sample_count]
            assert min(shut) < 0.02, timing


def test_without_expressivity_and_motion_a_listener_is_still() -> None:
    """Eyes blink and nothing else moves, whatever is felt, listening and thinking included."""
    performer = Performer(1)
    performer.change(Controls(emotion_label=EmotionLabel.HAPPY, expressivity=0.0, motion_gain=0.0), 0, 0)
    for kind in (FrameKind.IDLE, FrameKind.LISTENING, FrameKind.THINKING):
        performer.feed(silence(performer.end_sample, 3000, kind))
    faces = np.array([scripts.vector(face) for _, face in play(performer, performer.end_sample)])
    moved = np.ptp(faces, axis=0)
    blinks = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
    assert moved[blinks].min() > 0.9
    assert np.delete(moved, blinks).max() == 0
