"""Where controls become ElevenLabs' request: `voice_settings` of a clause. Pure.

Stability stands for how much a voice keeps to itself, style for how much of it is exaggerated; both are the provider's
own dials. What nobody said is not sent, so that a voice stays as its owner has set it up; a neutral that somebody said
is. Numbers chosen by reasoning, 2026-11: neutral gives what the provider calls its defaults.
Tests: tests/adapters/tts/test_elevenlabs_controls.py.
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
_AROUSAL_STABILITY, _EXPRESSIVE_STABILITY, _AROUSAL_SPEED = 0.3, 0.5, 0.08
_STYLE, _EXPRESSIVE_STYLE = 0.06, 0.5
"""At expressivity 0, and what all of it adds: a feeling leaves a trace even where it shall hardly show."""
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


def told(control: Controls, model: Model, similarity: float) -> dict[str, float | bool]:
    """`voice_settings` of a clause; speed, where there is one, is always 0.7..1.2."""
    feeling = _stability_steps(control) if model.has_stability_steps else _feeling(control, model)
    if model.is_dialogue:
        return feeling
    _, arousal = control.affect
    speed = control.speech_rate * (1 + _AROUSAL_SPEED * arousal)
    return {
        **feeling,
        "similarity_boost": similarity,
        "use_speaker_boost": True,
        "speed": round(min(max(speed, MIN_SPEED), MAX_SPEED), 3),
    }


def _feeling(control: Controls, model: Model) -> dict[str, float | bool]:
    """Nothing where nobody said how the person feels, or how much of it shows."""
    if not control.has_feeling and control.expressivity == EXPRESSIVE:
        return {}
    valence, arousal = control.affect
    stability = _stability(control) - _AROUSAL_STABILITY * arousal
    found: dict[str, float | bool] = {"stability": round(min(max(stability, 0.0), 1.0), 3)}
    if not model.is_dialogue:
        style = _STYLE + _EXPRESSIVE_STYLE * control.expressivity
        found["style"] = round(min(1.0, style * math.hypot(valence, arousal)), 3)
    return found


def _stability_steps(control: Controls) -> dict[str, float | bool]:
    """Of a model that knows three."""
    stability = _stability(control)
    return {} if 0.4 <= stability <= 0.7 else {"stability": 1.0 if stability > 0.7 else 0.0}


def _stability(control: Controls) -> float:
    """Before arousal."""
    return STABILITY + _EXPRESSIVE_STABILITY * (EXPRESSIVE - control.expressivity)


def controls_of(model: Model) -> Mapping[str, ControlSupport]:
    """What a voice of this model can do."""
    found = dict.fromkeys(("emotion.label", "emotion.intensity", "emotion.arousal"), ControlSupport(Support.EMULATED))
    found["emotion.valence"] = (
        ControlSupport(Support.NONE, reason="this model's only dial is stability, which follows arousal")
        if model.is_dialogue
        else ControlSupport(Support.EMULATED)
    )
    if model.has_stability_steps:
        reason = "this model knows three degrees of stability and nothing else"
        found = dict.fromkeys(found, ControlSupport(Support.NONE, reason=reason))
    found["character.expressivity"] = ControlSupport(Support.EMULATED)
    found["character.persona_id"] = ControlSupport()
    found["character.pitch_shift"] = ControlSupport(Support.NONE, reason="ElevenLabs has no control of pitch")
    found["character.speech_rate"] = (
        ControlSupport(Support.NONE, reason="this model has no control of speed")
        if model.is_dialogue
        else ControlSupport(minimum=MIN_SPEED, maximum=MAX_SPEED)
    )
    return found
