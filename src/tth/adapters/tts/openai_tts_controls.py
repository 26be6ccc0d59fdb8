"""Where controls become OpenAI speech's request: voice, speed and instructions. Pure.

What a server takes differs, so its settings say it. Tests: tests/adapters/test_controls.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tth.adapters.base import ControlSupport, Support
from tth.adapters.provider_manner import MANNER_CONTROLS, manner
from tth.model.controls import Controls

MAX_INSTRUCTIONS = 4096
"""Characters."""
MIN_SPEED, MAX_SPEED = 0.25, 4.0


@dataclass(frozen=True, slots=True)
class Takes:
    """What a server understands."""

    speed: bool
    """The pace as a number."""
    instructions: bool
    """How to speak, in words."""


def controls_of(takes: Takes) -> Mapping[str, ControlSupport]:
    """What such a server can do."""
    found = dict(MANNER_CONTROLS)
    if not takes.instructions:
        found = dict.fromkeys(found, ControlSupport(Support.NONE, reason="this model takes no instructions"))
    found["character.persona_id"] = ControlSupport()
    found["character.pitch_shift"] = ControlSupport(Support.NONE, reason="OpenAI's voices have one pitch")
    found["character.speech_rate"] = (
        ControlSupport() if takes.speed else ControlSupport(Support.NONE, reason="this model takes no speed")
    )
    return found


def told(control: Controls, voice: str, takes: Takes) -> dict[str, Any]:
    """The fields of a request that say who speaks and how. Nothing is sent that is not set or not taken: strict
    servers refuse a null, and fields that they do not know."""
    fields: dict[str, Any] = {"voice": voice}
    if takes.speed:
        fields["speed"] = min(max(round(control.speech_rate, 3), MIN_SPEED), MAX_SPEED)
    words = manner(control) if takes.instructions else ""
    if words:
        fields["instructions"] = words[:MAX_INSTRUCTIONS]
    return fields
