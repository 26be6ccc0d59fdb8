"""Controls and persona as fields of a session; what is claimed is what changes: tests/adapters/test_controls.py."""

from __future__ import annotations

import pytest

from tth.adapters.base import Persona
from tth.adapters.realtime.openai_realtime_controls import told
from tth.model.controls import Controls, EmotionLabel

pytestmark = pytest.mark.unit

ANNA = Persona("default", prompt="You are Anna.")


def test_what_may_change_stands_last() -> None:
    """Behind what never changes during a conversation, which the provider keeps in its cache."""
    plain = told(ANNA, Controls(), "de", "marin")["instructions"]
    angry = told(ANNA, Controls(emotion_label=EmotionLabel.ANGRY), "de", "marin")["instructions"]
    assert plain.startswith("You are Anna.")
    assert '"de"' in plain
    assert angry.startswith(plain)
    assert "Sound clearly angry" in angry


def test_voices() -> None:
    """By name, or by the id of one that somebody had made."""
    assert told(ANNA, Controls(), "en", "marin")["audio"]["output"]["voice"] == "marin"
    assert told(ANNA, Controls(), "en", "voice_12")["audio"]["output"]["voice"] == {"id": "voice_12"}


@pytest.mark.parametrize(("rate", "speed"), [(0.25, 0.25), (1.0, 1.0), (1.5, 1.5), (4.0, 1.5)])
def test_speeds(rate: float, speed: float) -> None:
    """Never one that would have the whole update discarded."""
    assert told(ANNA, Controls(speech_rate=rate), "en", "marin")["audio"]["output"]["speed"] == speed
