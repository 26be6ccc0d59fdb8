"""Controls and persona as fields of a session."""

from __future__ import annotations

import pytest

from tth.adapters.base import Persona
from tth.adapters.realtime.openai_realtime_session import (
    OPTIONAL,
    difference,
    refused_path,
    speed_of,
    spoken_instructions,
    voice_of,
    without,
)
from tth.model.controls import Controls, EmotionLabel

pytestmark = pytest.mark.unit

ANNA = Persona("default", prompt="You are Anna.", voices={"openai_realtime": "coral"})


def test_seven_emotions_are_seven_requests() -> None:
    """Each in words of its own, behind what never changes."""
    texts = {spoken_instructions(ANNA, Controls(emotion_label=label), "de") for label in EmotionLabel}
    assert len(texts) == len(EmotionLabel)
    assert all(text.startswith("You are Anna.") for text in texts)
    assert all('"de"' in text for text in texts)
    weak, strong = (
        spoken_instructions(ANNA, Controls(emotion_label=EmotionLabel.HAPPY, emotion_intensity=intensity), "en")
        for intensity in (0.2, 0.9)
    )
    assert weak != strong


def test_voices() -> None:
    """The persona's own, the default, and one that somebody had made."""
    assert voice_of(ANNA, "openai_realtime", "marin") == "coral"
    assert voice_of(Persona("x"), "openai_realtime", "marin") == "marin"
    assert voice_of(Persona("x"), "openai_realtime", "voice_12") == {"id": "voice_12"}


@pytest.mark.parametrize(("rate", "speed"), [(0.25, 0.25), (1.0, 1.0), (1.5, 1.5), (4.0, 1.5)])
def test_speeds(rate: float, speed: float) -> None:
    """Never one that would have the whole update discarded."""
    assert speed_of(Controls(speech_rate=rate)) == speed


def test_an_update_says_what_changes() -> None:
    """Nested as the fields are."""
    now = {"instructions": "a", "audio": {"input": {"turn_detection": None}, "output": {"voice": "ash", "speed": 1.0}}}
    wanted = {
        "instructions": "a",
        "audio": {"input": {"turn_detection": None}, "output": {"voice": "ash", "speed": 1.2}},
    }
    assert difference(wanted, now) == {"audio": {"output": {"speed": 1.2}}}
    assert difference(wanted, wanted) == {}
    assert difference({"audio": {"input": {"turn_detection": None}}}, {}) == {
        "audio": {"input": {"turn_detection": None}}
    }


def test_fields_that_can_be_left_out() -> None:
    """An error names a field at or below them."""
    assert refused_path("session.reasoning.effort") == "reasoning"
    assert refused_path("session.audio.output.speed") == "audio.output.speed"
    assert refused_path("session.audio.output.voice") == "audio.output.voice"
    assert refused_path("session.audio.input.turn_detection") == "audio.input"
    assert refused_path(None) == refused_path("item.id") == ""
    fields = {"reasoning": {"effort": "low"}, "audio": {"input": {}, "output": {"speed": 1.2, "voice": "ash"}}}
    assert without(fields, OPTIONAL) == {"audio": {"output": {"voice": "ash"}}}
