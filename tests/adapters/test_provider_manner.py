"""How somebody should sound, in words."""

from __future__ import annotations

import pytest

from tth.adapters.provider_manner import manner
from tth.model.controls import Controls, EmotionLabel

pytestmark = pytest.mark.unit


def test_nothing_asked_nothing_said() -> None:
    """A voice speaks best as it does by itself."""
    assert manner(Controls(), with_pace=True) == ""


def test_every_emotion_and_degree_sounds_different() -> None:
    """Seven labels, three intensities of six of them."""
    said = {
        manner(Controls(emotion_label=label, emotion_intensity=intensity), with_pace=True)
        for label in EmotionLabel
        for intensity in (0.2, 0.5, 0.9)
    }
    assert len(said) == 1 + 6 * 3


@pytest.mark.parametrize(
    ("control", "word"),
    [
        (Controls(emotion_valence=0.5), "0.5 from -1, unpleasant"),
        (Controls(emotion_arousal=-0.5), "-0.5 from -1, calm"),
        (Controls(expressivity=0.9), "more expressively"),
        (Controls(expressivity=0.2), "less expressively"),
        (Controls(pitch_shift=0.5), "6 semitones higher"),
        (Controls(pitch_shift=-0.25), "3 semitones lower"),
        (Controls(speech_rate=1.5), "faster"),
        (Controls(speech_rate=0.8), "more slowly"),
    ],
)
def test_each_control_has_its_words(control: Controls, word: str) -> None:
    """And only its own."""
    assert word in manner(control, with_pace=True)
    assert manner(control, with_pace=True).count(".") - manner(control, with_pace=True).count("0.") <= 2


def test_pace_is_left_out_where_it_is_a_number() -> None:
    """It would count twice."""
    assert manner(Controls(speech_rate=2.0), with_pace=False) == ""
