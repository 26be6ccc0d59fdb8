"""How a person is spoken: controls and persona as the fields of an OpenAI Realtime session, and what changes them.

Pure. Tests: tests/adapters/realtime/test_openai_realtime_session.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from tth.adapters.base import ControlSupport, Persona, Support
from tth.adapters.provider_prompt import instructions
from tth.model.controls import Controls, EmotionLabel

MIN_SPEED, MAX_SPEED = 0.25, 1.5
PCM = {"type": "audio/pcm", "rate": 24000}
OPTIONAL = ("reasoning", "truncation", "max_output_tokens", "audio.input", "audio.output.speed")
"""What a conversation can do without. A server that refuses another field refuses the conversation."""
DELIVERY: Mapping[EmotionLabel, str] = {
    EmotionLabel.HAPPY: "bright and warm, with a smile that can be heard and lively melody",
    EmotionLabel.SAD: "low and soft, slowly, with falling melody and small pauses",
    EmotionLabel.ANGRY: "hard and firm, with strong stresses and short, clipped words",
    EmotionLabel.SURPRISED: "with wide, rising melody and breath, as if it had just been discovered",
    EmotionLabel.FEARFUL: "thin and unsteady, hastily, with held breath",
    EmotionLabel.DISGUSTED: "dragging and pressed, with audible distaste",
}
"""How an emotion sounds, for a model that speaks."""
CONTROLS: Mapping[str, ControlSupport] = {
    "character.speech_rate": ControlSupport(Support.NATIVE, MIN_SPEED, MAX_SPEED),
    "character.pitch_shift": ControlSupport(Support.NONE, reason="OpenAI's voices have one pitch"),
    "emotion.label": ControlSupport(Support.EMULATED),
    "emotion.intensity": ControlSupport(Support.EMULATED),
    "emotion.valence": ControlSupport(Support.EMULATED),
    "emotion.arousal": ControlSupport(Support.EMULATED),
}
"""Speed is a number of the session; feelings are asked for in words."""


def spoken_instructions(persona: Persona, control: Controls, language_code: str) -> str:
    """The prompt of a model that speaks: who it is, how it feels, and how that sounds."""
    text = instructions(persona, control, language_code, style_hints=False)
    delivery = DELIVERY.get(control.emotion_label)
    return f"{text}\n\nSpeak {delivery}." if delivery and control.emotion_intensity > 0 else text


def voice_of(persona: Persona, adapter: str, default: str) -> str | dict[str, str]:
    """The voice as the interface takes it: a name, or the id of a custom one."""
    name = persona.voices.get(adapter, default)
    return {"id": name} if name.startswith("voice_") else name


def speed_of(control: Controls) -> float:
    """Within what the provider takes."""
    return round(min(MAX_SPEED, max(MIN_SPEED, control.speech_rate)), 3)


def difference(wanted: Mapping[str, Any], applied: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `wanted` that are not so in `applied`, nested as they are: an update says only what changes."""
    changed: dict[str, Any] = {}
    for name, value in wanted.items():
        now = applied.get(name)
        if value == now and name in applied:
            continue
        nested = isinstance(value, dict) and isinstance(now, dict) and name in ("audio", "input", "output")
        changed[name] = difference(value, now) if nested and isinstance(now, dict) else value
    return changed


def without(fields: Mapping[str, Any], paths: Collection[str], at: str = "") -> dict[str, Any]:
    """The fields but those at these paths ("audio.output.speed")."""
    left: dict[str, Any] = {}
    for name, value in fields.items():
        path = f"{at}.{name}" if at else name
        if path not in paths:
            left[name] = without(value, paths, path) if isinstance(value, dict) else value
    return left


def refused_path(param: str | None) -> str:
    """Which of our fields an error means by "session.audio.output.speed": the optional one at or above it, or the path
    itself; "" where it names none."""
    path = (param or "").removeprefix("session.")
    if path == param:
        return ""
    return next((optional for optional in OPTIONAL if f"{path}.".startswith(f"{optional}.")), path)
