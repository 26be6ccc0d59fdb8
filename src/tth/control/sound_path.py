"""What TTH's own sound path adds where a voice cannot: pace and pitch. Pure. Tests: tests/control/test_sound_path.py.

A voice does as much as it can by itself, which sounds best; the rest is done to its sound (`media/sound_shift.py`).
What a voice would only imitate, by words in a prompt, the sound path does instead: it is exact.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from tth.adapters.base import Capabilities, ControlSupport, Deployment, Role, Support
from tth.adapters.registry import AdapterFacts
from tth.model.controls import BY_PATH, Controls

RATE, PITCH = "character.speech_rate", "character.pitch_shift"
_NATURAL = Controls()
SOUND_PATH = AdapterFacts(
    "sound_path",
    Role.TTS,
    Capabilities(
        "TTH's own work on a voice's sound",
        Deployment.EMBEDDED,
        controls={path: ControlSupport(Support.EMULATED) for path in (RATE, PITCH)},
    ),
)


@dataclass(frozen=True, slots=True)
class Shares:
    """Who does how much of the pace and the pitch."""

    voice: Controls
    """What the voice is asked for."""
    tempo: float
    """What is left for its sound: 2.0 = twice as fast."""
    pitch_octaves: float

    @property
    def is_all_the_voices(self) -> bool:
        return self.tempo == 1 and self.pitch_octaves == 0


def needs_sound_path(voice: Capabilities) -> bool:
    """There is something that this voice cannot do all of by itself."""
    return any(_limits(voice, path) != _contract(path) for path in (RATE, PITCH))


def with_sound_path(facts: Iterable[AdapterFacts]) -> tuple[AdapterFacts, ...]:
    """The adapters in use, and the sound path where one of them gives sound that it could work on."""
    known = tuple(facts)
    speaks = any(fact.role in (Role.TTS, Role.REALTIME) and needs_sound_path(fact.capabilities) for fact in known)
    return (*known, SOUND_PATH) if speaks else known


def shares(controls: Controls, voice: Capabilities) -> Shares:
    """How pace and pitch are divided between a voice and its sound."""
    rate = _clamped(controls.speech_rate, voice, RATE)
    pitch = _clamped(controls.pitch_shift, voice, PITCH)
    if (rate, pitch) == (controls.speech_rate, controls.pitch_shift):
        return Shares(controls, 1.0, 0.0)
    asked = dataclasses.replace(controls, speech_rate=rate, pitch_shift=pitch)
    return Shares(asked, controls.speech_rate / rate, controls.pitch_shift - pitch)


def _clamped(value: float, voice: Capabilities, path: str) -> float:
    low, high = _limits(voice, path)
    return min(max(value, low), high)


def _limits(voice: Capabilities, path: str) -> tuple[float, float]:
    """What the voice does by itself; its natural pace or pitch alone where it cannot or would only imitate it."""
    said = voice.controls.get(path)
    low, high = _contract(path)
    if said is None or said.support is not Support.NATIVE:
        natural = float(getattr(_NATURAL, BY_PATH[path].attribute))
        return natural, natural
    return (
        low if said.minimum is None else max(low, said.minimum),
        high if said.maximum is None else min(high, said.maximum),
    )


def _contract(path: str) -> tuple[float, float]:
    field = BY_PATH[path]
    assert field.minimum is not None
    assert field.maximum is not None
    return field.minimum, field.maximum
