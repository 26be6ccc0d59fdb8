"""How ElevenLabs' voices are told what the controls ask for. Pure; nothing of it is on the wire yet.

Stability stands for how much a voice keeps to itself, style for how much of it is exaggerated; both are the provider's
own dials. Numbers chosen by reasoning, 2026-11: neutral and the product's defaults give the provider's own defaults.
Tests: tests/adapters/tts/test_elevenlabs_voice.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tth.adapters.base import ControlSupport, Support
from tth.model.controls import Controls

MIN_SPEED, MAX_SPEED = 0.7, 1.2
STABILITY, EXPRESSIVE = 0.5, 0.6
"""Stability of a voice as it is, which it has at this expressivity."""
_AROUSAL_STABILITY, _EXPRESSIVE_STABILITY, _STYLE, _AROUSAL_SPEED = 0.3, 0.5, 0.6, 0.08
_FELT = ("emotion.label", "emotion.intensity", "emotion.valence", "emotion.arousal", "character.expressivity")
_WITHOUT_LANGUAGE = ("eleven_multilingual_v2", "eleven_flash_v2", "eleven_turbo_v2", "eleven_monolingual_v1")


@dataclass(frozen=True, slots=True)
class Model:
    """What a model takes, by its name."""

    name: str

    @property
    def is_dialogue(self) -> bool:
        """v3 and v4: other sockets, other settings."""
        return self.name.startswith(("eleven_v3", "eleven_v4"))

    @property
    def takes_language(self) -> bool:
        """A language code may be sent."""
        return self.name not in _WITHOUT_LANGUAGE

    @property
    def has_stability_steps(self) -> bool:
        """v3 knows three values only."""
        return self.name.startswith("eleven_v3")

    @property
    def takes_previous_text(self) -> bool:
        """Over HTTP."""
        return not self.is_dialogue


def voice_settings(control: Controls, model: Model, similarity: float) -> dict[str, float | bool]:
    """`voice_settings` of a clause; speed, where there is one, is always 0.7..1.2."""
    valence, arousal = control.affect
    stability = STABILITY + _EXPRESSIVE_STABILITY * (EXPRESSIVE - control.expressivity)
    if model.has_stability_steps:
        return {"stability": 1.0 if stability > 0.7 else 0.0 if stability < 0.4 else 0.5}
    stability = min(max(stability - _AROUSAL_STABILITY * arousal, 0.0), 1.0)
    if model.is_dialogue:
        return {"stability": round(stability, 3)}
    style = min(1.0, _STYLE * control.expressivity * math.hypot(valence, arousal))
    speed = control.speech_rate * (1 + _AROUSAL_SPEED * arousal)
    return {
        "stability": round(stability, 3),
        "similarity_boost": similarity,
        "style": round(style, 3),
        "use_speaker_boost": True,
        "speed": round(min(max(speed, MIN_SPEED), MAX_SPEED), 3),
    }


def controls_of(model: Model) -> Mapping[str, ControlSupport]:
    """What a voice of this model can do."""
    found = dict.fromkeys(_FELT, ControlSupport(Support.EMULATED))
    if model.has_stability_steps:
        reason = "this model knows three degrees of stability and nothing else"
        found = dict.fromkeys(_FELT, ControlSupport(Support.NONE, reason=reason))
        found["character.expressivity"] = ControlSupport(Support.EMULATED)
    found["character.persona_id"] = ControlSupport()
    found["character.pitch_shift"] = ControlSupport(Support.NONE, reason="ElevenLabs has no control of pitch")
    found["character.speech_rate"] = (
        ControlSupport(Support.NONE, reason="this model has no control of speed")
        if model.is_dialogue
        else ControlSupport(minimum=MIN_SPEED, maximum=MAX_SPEED)
    )
    return found
