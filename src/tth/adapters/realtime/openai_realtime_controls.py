"""Where controls become OpenAI Realtime's request: instructions, voice and speed of a session. Pure.

Tests: tests/adapters/realtime/test_openai_realtime_controls.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tth.adapters.base import ControlSupport, Persona, Support
from tth.adapters.provider_manner import MANNER_CONTROLS, manner
from tth.adapters.provider_prompt import instructions
from tth.model.controls import Controls

MIN_SPEED, MAX_SPEED = 0.25, 1.5
CONTROLS: Mapping[str, ControlSupport] = {
    **MANNER_CONTROLS,
    "character.persona_id": ControlSupport(),
    "character.pitch_shift": ControlSupport(Support.NONE, reason="OpenAI's voices have one pitch"),
    "character.speech_rate": ControlSupport(Support.NATIVE, MIN_SPEED, MAX_SPEED),
}
"""Speed is a number of the session; feelings are asked for in words."""


def told(persona: Persona, control: Controls, language_code: str, voice: str) -> dict[str, Any]:
    """The fields of a session that say who speaks and how: the prompt with how the person feels and how that sounds,
    the voice, and the speed within what the provider takes, for one that is out of range has all of the update
    discarded. voice: a name, or the id of a custom one, "voice_..."."""
    prompt = instructions(persona, control, language_code, style_hints=False)
    words = manner(control)
    return {
        "instructions": f"{prompt}\n\n{words}" if words else prompt,
        "audio": {
            "output": {
                "voice": {"id": voice} if voice.startswith("voice_") else voice,
                "speed": round(min(MAX_SPEED, max(MIN_SPEED, control.speech_rate)), 3),
            }
        },
    }
