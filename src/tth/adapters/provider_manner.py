"""How the person should sound, in words: for voices and realtime models that take instructions in place of numbers.

Pace and pitch are not asked for in words: TTH's own sound path does them to the sound, and exactly.
Tests: tests/adapters/test_provider_manner.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from tth.adapters.base import ControlSupport, Support
from tth.model.controls import Controls, EmotionLabel

_IN_WORDS = ControlSupport(Support.EMULATED)
MANNER_CONTROLS: Mapping[str, ControlSupport] = {
    "emotion.label": _IN_WORDS,
    "emotion.intensity": _IN_WORDS,
    "emotion.valence": _IN_WORDS,
    "emotion.arousal": _IN_WORDS,
    "character.expressivity": _IN_WORDS,
}
"""What `manner` has words for."""
_SOUNDS: Mapping[EmotionLabel, str] = {
    EmotionLabel.HAPPY: "happy: bright and smiling, with lively melody",
    EmotionLabel.SAD: "sad: soft, low and slow, with falling melody",
    EmotionLabel.ANGRY: "angry: hard, tense and clipped, with strong stresses",
    EmotionLabel.SURPRISED: "surprised: high and wide open, with leaps in the melody",
    EmotionLabel.FEARFUL: "fearful: tense, breathy and hurried, a little unsteady",
    EmotionLabel.DISGUSTED: "disgusted: drawn-out and dark, with distaste",
}
_NEUTRAL = "Sound neutral: even and composed, with no colour of feeling."
"""Where that was asked for; a voice that nobody told anything speaks as it likes."""
_SAME = 0.005
"""Nearer than this reads the same with two digits."""


def manner(control: Controls) -> str:
    """Instructions for a voice; "" for how it speaks by itself."""
    sentences = [*_feeling(control), *_expressivity(control.expressivity)]
    return " ".join(sentences)


def _feeling(control: Controls) -> list[str]:
    """The label, then what was asked for beyond it; nothing where nobody said how the person feels."""
    if not control.has_feeling:
        return []
    mood = _mood(control)
    level = control.emotion_intensity
    if control.emotion_label is EmotionLabel.NEUTRAL or level < _SAME:
        return mood or [_NEUTRAL]
    return [f"Sound {_degree(level)} {_SOUNDS[control.emotion_label]} ({level:.2g} from 0 to 1).", *mood]


def _mood(control: Controls) -> list[str]:
    parts = []
    if control.emotion_valence is not None:
        parts.append(f"{control.emotion_valence:.2g} from -1, unpleasant, to 1, pleasant")
    if control.emotion_arousal is not None:
        parts.append(f"{control.emotion_arousal:.2g} from -1, calm, to 1, excited")
    return [f"Your mood is {', and '.join(parts)}."] if parts else []


def _expressivity(level: float) -> list[str]:
    if abs(level - Controls().expressivity) < _SAME:
        return []
    more = "more" if level > Controls().expressivity else "less"
    return [f"Speak {more} expressively than usual ({level:.2g} from 0 to 1)."]


def _degree(intensity: float) -> str:
    return "slightly" if intensity < 0.34 else "clearly" if intensity < 0.67 else "very"
