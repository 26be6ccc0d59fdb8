"""How the person should sound, in words: for voices that take instructions in place of numbers.

Tests: tests/adapters/test_provider_manner.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from tth.model.controls import Controls, EmotionLabel

_SOUNDS: Mapping[EmotionLabel, str] = {
    EmotionLabel.HAPPY: "happy: bright and smiling, with lively melody",
    EmotionLabel.SAD: "sad: soft, low and slow, with falling melody",
    EmotionLabel.ANGRY: "angry: hard, tense and clipped, with strong stresses",
    EmotionLabel.SURPRISED: "surprised: high and wide open, with leaps in the melody",
    EmotionLabel.FEARFUL: "fearful: tense, breathy and hurried, a little unsteady",
    EmotionLabel.DISGUSTED: "disgusted: drawn-out and dark, with distaste",
}
_SAME = 0.02
"""Nearer to the middle than this is not worth a word."""


def manner(control: Controls, *, with_pace: bool) -> str:
    """Instructions for a voice; "" for how it speaks by itself.

    with_pace: the speech rate as well, where it is not told in another way.
    """
    sentences = [_emotion(control), _affect(control), _expressivity(control.expressivity), _pitch(control.pitch_shift)]
    if with_pace:
        sentences.append(_pace(control.speech_rate))
    return " ".join(sentence for sentence in sentences if sentence)


def _emotion(control: Controls) -> str:
    sound = _SOUNDS.get(control.emotion_label)
    if sound is None or control.emotion_intensity < _SAME:
        return ""
    return f"Sound {_degree(control.emotion_intensity)} {sound} ({control.emotion_intensity:.2g} from 0 to 1)."


def _affect(control: Controls) -> str:
    """Only what was asked for beyond the label."""
    parts = []
    if control.emotion_valence is not None:
        parts.append(f"{control.emotion_valence:.2g} from -1, unpleasant, to 1, pleasant")
    if control.emotion_arousal is not None:
        parts.append(f"{control.emotion_arousal:.2g} from -1, calm, to 1, excited")
    return f"Your mood is {', and '.join(parts)}." if parts else ""


def _expressivity(level: float) -> str:
    if abs(level - Controls().expressivity) < _SAME:
        return ""
    more = "more" if level > Controls().expressivity else "less"
    return f"Speak {more} expressively than usual ({level:.2g} from 0 to 1)."


def _pitch(octaves: float) -> str:
    if abs(octaves) < _SAME:
        return ""
    return f"Speak about {12 * abs(octaves):.2g} semitones {'higher' if octaves > 0 else 'lower'} than usual."


def _pace(rate: float) -> str:
    if abs(rate - 1) < _SAME:
        return ""
    return f"Speak {'faster' if rate > 1 else 'more slowly'} than usual, at {rate:.2g} times your normal pace."


def _degree(intensity: float) -> str:
    return "slightly" if intensity < 0.34 else "clearly" if intensity < 0.67 else "very"
