"""Tests of tth.control.personas."""

from __future__ import annotations

import pytest

from tth.adapters.base import Persona
from tth.control.personas import PersonaConfig, cast
from tth.model.controls import ControlPatch, Controls, EmotionLabel

pytestmark = pytest.mark.unit

PERSONAS = {
    "default": PersonaConfig(Persona("default")),
    "excited": PersonaConfig(
        Persona("excited", prompt="glow"), ControlPatch(emotion_label=EmotionLabel.HAPPY, speech_rate=1.15)
    ),
}


def test_a_persona_brings_its_controls() -> None:
    """Choosing a persona in any layer puts its controls below all layers."""
    found = cast(Controls(), PERSONAS, ControlPatch(speech_rate=0.9), ControlPatch(persona_id="excited"))
    assert found.persona.prompt == "glow"
    assert (found.controls.emotion_label, found.controls.speech_rate) == (EmotionLabel.HAPPY, 0.9)
    assert found.controls.persona_id == "excited"


def test_a_change_of_persona_takes_its_controls_away() -> None:
    """Back to the default persona, nothing of the old one remains."""
    found = cast(Controls(), PERSONAS, ControlPatch(persona_id="excited"), ControlPatch(persona_id="default"))
    assert found.controls == Controls()


def test_the_base_chooses_when_nobody_does() -> None:
    """The configured default persona speaks unless a layer says otherwise."""
    assert cast(Controls(persona_id="excited"), PERSONAS).persona.persona_id == "excited"


def test_an_unknown_persona_is_a_bug() -> None:
    """Layers are validated before they get here."""
    with pytest.raises(KeyError):
        cast(Controls(), PERSONAS, ControlPatch(persona_id="pirate"))
