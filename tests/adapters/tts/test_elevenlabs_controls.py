"""What ElevenLabs' voices are told."""

from __future__ import annotations

import pytest

from tth.adapters.base import Support
from tth.adapters.tts.elevenlabs_controls import Model, controls_of, told
from tth.model.controls import Controls, EmotionLabel

pytestmark = pytest.mark.unit

FLASH, V3, V4 = Model("eleven_flash_v2_5"), Model("eleven_v3"), Model("eleven_v4_turbo")


def test_nothing_asked_is_not_sent() -> None:
    """The voice stays as its owner has set it up. A neutral that was asked for is what the provider calls neutral."""
    plain = {"similarity_boost": 0.75, "use_speaker_boost": True, "speed": 1.0}
    assert told(Controls(), FLASH, 0.75) == plain
    assert told(Controls(), V3, 0.75) == told(Controls(), V4, 0.75) == {}
    neutral = Controls(emotion_is_said=True)
    assert told(neutral, FLASH, 0.75) == plain | {"stability": 0.5, "style": 0.0}
    assert told(neutral, V4, 0.75) == {"stability": 0.5}


@pytest.mark.parametrize("rate", [0.25, 0.7, 1.0, 1.2, 4.0])
@pytest.mark.parametrize("label", list(EmotionLabel))
def test_every_value_is_one_that_it_takes(rate: float, label: EmotionLabel) -> None:
    """A speed outside 0.7..1.2 is an error there."""
    for expressivity in (0.0, 0.6, 1.0):
        control = Controls(emotion_label=label, emotion_intensity=1.0, speech_rate=rate, expressivity=expressivity)
        settings = told(control, FLASH, 0.75)
        assert 0.7 <= settings["speed"] <= 1.2
        assert 0 <= settings.get("stability", 0.5) <= 1
        assert 0 <= settings.get("style", 0) <= 1
        assert told(control, V3, 0.75).get("stability", 0.5) in (0.0, 0.5, 1.0)


def test_more_expressive_is_less_stable() -> None:
    """On all models."""
    for model in (FLASH, V3, V4):
        calm, plain, lively = (
            told(Controls(expressivity=level), model, 0.75).get("stability", 0.5) for level in (0.0, 0.6, 1.0)
        )
        assert calm > plain > lively, model


def test_what_is_claimed() -> None:
    """Only what is told; where something cannot be had, why."""
    flash, v3 = controls_of(FLASH), controls_of(V3)
    assert (flash["character.speech_rate"].minimum, flash["character.speech_rate"].maximum) == (0.7, 1.2)
    assert flash["emotion.label"].support is Support.EMULATED
    assert v3["emotion.label"].support is v3["character.speech_rate"].support is Support.NONE
    assert all(one.reason for one in (*flash.values(), *v3.values()) if one.support is Support.NONE)
    assert controls_of(V4)["emotion.label"].support is Support.EMULATED


def test_models() -> None:
    """What they take besides."""
    assert FLASH.takes_language
    assert not Model("eleven_multilingual_v2").takes_language
    assert V3.is_dialogue
    assert V4.is_dialogue
    assert not FLASH.is_dialogue
    assert not V3.takes_previous_text
