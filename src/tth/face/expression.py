"""Emotion -> muscles: label, intensity and continuous affect become ARKit weights and a posture of the head.

Labels are combinations of facial action units (Ekman & Friesen, Facial Action Coding System, 1978; the combinations
after EMFACS, Friesen & Ekman 1983, and Ekman, Friesen & Hager, FACS 2002 Investigator's Guide). What the caller asks of
valence and arousal beyond the label's own point is added from the two axes of Russell's circumplex (1980), with the
units that go with them (the muscles of smile and frown follow valence: Cacioppo et al. 1986). Pure. `blend_with_speech`
is the one place where emotion and speech meet. Tests: tests/face/test_expression.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tth.face.parameters import BLENDSHAPES, INDEX
from tth.face.visemes import MOUTH_SHAPES, Mouth
from tth.model.controls import CIRCUMPLEX, Controls, EmotionLabel

Weights = NDArray[np.float64]
"""Blendshape weights in the order of BLENDSHAPES, float64, shape (52,)."""

# ARKit shapes at intensity 1 and expressivity 1, named by action unit (AU). A name without a side moves both sides.
_PROTOTYPES: Mapping[EmotionLabel, Mapping[str, float]] = {
    EmotionLabel.NEUTRAL: {},
    # AU 6 + 12, lips parted (25)
    EmotionLabel.HAPPY: {
        "mouthSmile": 1.0, "cheekSquint": 0.75, "mouthUpperUp": 0.45, "mouthLowerDown": 0.3, "jawOpen": 0.16,
        "browOuterUp": 0.3, "browInnerUp": 0.15, "mouthDimple": 0.2,
    },
    # AU 1 + 4 + 15 + 17, lids heavy (43 slightly)
    EmotionLabel.SAD: {
        "browInnerUp": 1.0, "browDown": 0.15, "mouthFrown": 1.0, "mouthShrugLower": 0.55, "eyeBlink": 0.26,
        "eyeSquint": 0.12, "mouthPress": 0.12,
    },
    # AU 4 + 5 + 7 + 24, nostrils (9 slightly)
    EmotionLabel.ANGRY: {
        "browDown": 1.0, "eyeSquint": 0.4, "eyeWide": 0.55, "noseSneer": 0.3, "mouthPress": 0.9, "mouthFrown": 0.55,
        "jawForward": 0.4, "mouthRollLower": 0.35, "mouthRollUpper": 0.2,
    },
    # AU 1 + 2 + 5 + 26
    EmotionLabel.SURPRISED: {
        "browInnerUp": 0.95, "browOuterUp": 1.0, "eyeWide": 0.9, "jawOpen": 0.6, "mouthFunnel": 0.35,
    },
    # AU 1 + 2 + 4 + 5 + 20 + 25
    EmotionLabel.FEARFUL: {
        "browInnerUp": 1.0, "browOuterUp": 0.1, "browDown": 0.45, "eyeWide": 1.0, "mouthStretch": 1.0,
        "jawOpen": 0.12, "mouthLowerDown": 0.62, "mouthFrown": 0.45, "mouthUpperUp": 0.12,
    },
    # AU 9 + 10 + 15 + 17, brows down, eyes narrow
    EmotionLabel.DISGUSTED: {
        "noseSneer": 1.0, "mouthUpperUp": 0.62, "mouthLowerDown": 0.25, "browDown": 0.45, "eyeSquint": 0.6,
        "mouthFrown": 0.7, "mouthShrugLower": 0.25, "cheekSquint": 0.4, "jawOpen": 0.06,
    },
}  # fmt: skip

# Weights per unit of valence or arousal beyond the label's point. Negative ones undo what the label brought.
_AXES: Mapping[str, Mapping[str, float]] = {
    "pleased": {"mouthSmile": 0.8, "cheekSquint": 0.4, "browDown": -0.4, "mouthFrown": -0.8, "mouthDimple": 0.1},
    "displeased": {"browDown": 0.55, "mouthFrown": 0.75, "mouthSmile": -0.8, "cheekSquint": -0.4, "noseSneer": 0.15},
    "aroused": {"eyeWide": 0.6, "browInnerUp": 0.4, "browOuterUp": 0.5, "jawOpen": 0.08, "eyeBlink": -0.2},
    "calmed": {"eyeBlink": 0.28, "eyeWide": -0.5, "browOuterUp": -0.4, "browInnerUp": -0.3, "eyeSquint": -0.1},
}

# (yaw, pitch, roll) in degrees at intensity 1: bowed when sad, raised back when startled, turned away in disgust
# (Wallbott, "Bodily expression of emotion", 1998; amounts chosen by eye, 2026-11).
_POSTURES: Mapping[EmotionLabel, tuple[float, float, float]] = {
    EmotionLabel.NEUTRAL: (0.0, 0.0, 0.0),
    EmotionLabel.HAPPY: (0.0, 1.0, -2.5),
    EmotionLabel.SAD: (1.5, -6.0, 3.0),
    EmotionLabel.ANGRY: (0.0, -4.0, 0.0),
    EmotionLabel.SURPRISED: (0.0, 4.0, 0.0),
    EmotionLabel.FEARFUL: (-4.0, 2.0, -1.5),
    EmotionLabel.DISGUSTED: (6.0, 1.0, 2.5),
}

# A relaxed friendly face, so that a person at rest does not look stern; part of "neutral".
_REST = {"mouthSmile": 0.18, "browInnerUp": 0.05, "cheekSquint": 0.12}

# Shapes in which speech takes over from emotion, and how far at most: it shares smiles and frowns, it owns the opening.
_SPEECH_TAKES: Mapping[str, float] = {
    "jawOpen": 0.9, "mouthFunnel": 0.85, "mouthPucker": 0.9, "mouthStretch": 0.5, "mouthUpperUp": 0.55,
    "mouthLowerDown": 0.7, "mouthPress": 0.8, "mouthRollLower": 0.8, "mouthRollUpper": 0.8, "mouthShrugLower": 0.6,
    "mouthFrown": 0.1, "mouthSmile": 0.15,
}  # fmt: skip
# What a person who speaks keeps back between the words, too: nobody's mouth hangs open in the pauses of a sentence.
_SPEAKER_TAKES: Mapping[str, float] = {"jawOpen": 0.75, "mouthFunnel": 0.6, "mouthUpperUp": 0.3, "mouthLowerDown": 0.7}
# Shapes that pull the lips wide and would undo a rounded vowel, and how much of them full rounding removes.
_ROUNDING_TAKES: Mapping[str, float] = {"mouthSmile": 0.75, "mouthStretch": 0.9, "mouthDimple": 0.8, "mouthFrown": 0.4}


# Faces are never quite even: each side's part of a felt expression is this much weaker at most (Ekman, Hager & Friesen
# 1981 find small differences in spontaneous smiles). The shapes of speech stay even.
_UNEVEN_MOST = 0.1
_UNEVEN = (
    "mouthSmile",
    "mouthFrown",
    "mouthDimple",
    "cheekSquint",
    "eyeSquint",
    "browDown",
    "browOuterUp",
    "noseSneer",
)


@dataclass(frozen=True, slots=True)
class Mood:
    """What the controls ask of the face apart from speech and life."""

    weights: Weights
    posture_deg: tuple[float, float, float]
    """(yaw, pitch, roll); before motion_gain."""


def mood_of(controls: Controls) -> Mood:
    """The face and posture of the controls in effect. Every weight that grows does so monotonically with intensity."""
    level = _response(controls.emotion_intensity)
    gain = _expressivity_gain(controls.expressivity)
    own_valence, own_arousal = (part * controls.emotion_intensity for part in CIRCUMPLEX[controls.emotion_label])
    valence, arousal = controls.affect
    more_valence, more_arousal = valence - own_valence, arousal - own_arousal
    weights = level * _prototype(controls.emotion_label)
    for axis, amount in (
        ("pleased", more_valence),
        ("displeased", -more_valence),
        ("aroused", more_arousal),
        ("calmed", -more_arousal),
    ):
        if amount > 0:
            weights = weights + amount * _axis(axis)
    yaw, pitch, roll = (level * angle for angle in _POSTURES[controls.emotion_label])
    return Mood(np.clip(gain * np.clip(weights, 0, 1) + _rest(), 0, 1), (yaw, pitch + 2.0 * more_arousal, roll))


def blend_with_speech(mouth: Mouth, speaking: float) -> Weights:
    """How much of each weight of the mood speech leaves room for, 0..1 each; multiply, add the mouth, hold contacts.

    A smile stays in a speaking face, gives way to rounded lips, and vanishes from between lips that must touch.
    speaking: 0..1, whether the person is in the middle of saying something, pauses included.
    """
    if mouth.level == 0 and speaking < 1e-3:
        return _everything()
    rounding = min(1.0, mouth.shapes[2] + mouth.shapes[3])
    by_sounds = (1 - mouth.level * _taken_by_speech()) * (1 - rounding * _taken_by_rounding())
    return by_sounds * (1 - speaking * _taken_by_speaker())


def unevenness(seed: int) -> Weights:
    """What one person's left and right halves make of an expression: factors 0.9..1, the same for the same seed."""
    factors = np.ones(len(BLENDSHAPES))
    amounts = np.random.default_rng([seed, 5]).uniform(-_UNEVEN_MOST, _UNEVEN_MOST, len(_UNEVEN))
    for name, amount in zip(_UNEVEN, amounts, strict=True):
        factors[INDEX[name + ("Left" if amount > 0 else "Right")]] -= abs(amount)
    return factors


def _response(intensity: float) -> float:
    """0..1 -> 0..1, concave: half intensity is already plain to see."""
    return intensity * (1.5 - 0.5 * intensity)


def _expressivity_gain(expressivity: float) -> float:
    """0..1 -> 0..1: 0 stills the muscles of emotion, the default 0.6 gives 84 %."""
    return expressivity * (2 - expressivity)


def expand(shapes: Mapping[str, float]) -> Weights:
    """Weights by name -> vector; a name without a side sets both sides."""
    vector = np.zeros(len(BLENDSHAPES))
    for name, weight in shapes.items():
        for position in sides(name):
            vector[position] = weight
    return vector


def sides(name: str) -> tuple[int, ...]:
    """Positions of a shape in BLENDSHAPES: one, or left and right for a name without a side."""
    return (INDEX[name],) if name in INDEX else (INDEX[name + "Left"], INDEX[name + "Right"])


@cache
def _prototype(label: EmotionLabel) -> Weights:
    return expand(_PROTOTYPES[label])


@cache
def _axis(name: str) -> Weights:
    return expand(_AXES[name])


@cache
def _rest() -> Weights:
    return expand(_REST)


@cache
def _taken_by_speech() -> Weights:
    return expand(_SPEECH_TAKES)


@cache
def _taken_by_speaker() -> Weights:
    return expand(_SPEAKER_TAKES)


@cache
def _taken_by_rounding() -> Weights:
    return expand(_ROUNDING_TAKES)


@cache
def _everything() -> Weights:
    return np.ones(len(BLENDSHAPES))


@cache
def mouth_positions() -> tuple[tuple[int, ...], ...]:
    """Where each of MOUTH_SHAPES stands in BLENDSHAPES."""
    return tuple(sides(name) for name in MOUTH_SHAPES)
