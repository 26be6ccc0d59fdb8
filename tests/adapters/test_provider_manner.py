"""How somebody should sound, in words."""

from __future__ import annotations

import pytest

from tth.adapters.provider_manner import manner
from tth.model.controls import Controls, EmotionLabel

pytestmark = pytest.mark.unit


def test_nothing_asked_nothing_said() -> None:
    """A voice speaks best as it does by itself."""
    assert manner(Controls()) == ""


def test_neutral_can_be_asked_for() -> None:
    """Which is not the same as to ask for nothing."""
    assert "neutral" in manner(Controls(emotion_is_said=True))
    assert manner(Controls(emotion_label=EmotionLabel.HAPPY, emotion_intensity=0)) == manner(
        Controls(emotion_is_said=True)
    )


def test_every_emotion_and_degree_sounds_different() -> None:
    """Seven labels, three intensities of six of them."""
    said = {
        manner(Controls(emotion_label=label, emotion_intensity=intensity, emotion_is_said=True))
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
    ],
)
def test_each_control_has_its_words(control: Controls, word: str) -> None:
    """And only its own."""
    assert word in manner(control)
    assert manner(control).count(".") - manner(control).count("0.") == 1
