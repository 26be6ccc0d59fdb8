"""Which providers can be emulated, and which settings lead TTH's adapters there.

Whoever adds an emulator adds a row. Tests: tests/testing/emulators/test_catalogue.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any

from tth.adapters.base import Role
from tth.testing.emulators.server import Emulator


@dataclass(frozen=True, slots=True)
class Stand:
    """One provider's emulator."""

    name: str
    class_path: str
    """ "package.module:Class"."""
    port: int
    """Where it listens unless told otherwise."""
    key_variable: str
    """Where its adapters look for the key."""
    paths: Mapping[tuple[Role, str], str]
    """Role and name of each adapter that can use it -> what stands behind the emulator's URL in its `base_url`."""

    def make(self, **settings: Any) -> Emulator:
        """The emulator, not yet started; settings are its fields."""
        module, _, name = self.class_path.partition(":")
        found: Emulator = getattr(import_module(module), name)(**settings)
        return found

    def settings_for(self, url: str) -> dict[str, str]:
        """What to set so that the adapters go to this URL: key path -> value."""
        return {f"adapters.{role}.{name}.base_url": url + path for (role, name), path in self.paths.items()}


STANDS: Mapping[str, Stand] = MappingProxyType(
    {
        stand.name: stand
        for stand in (
            Stand(
                "openai",
                "tth.testing.emulators.openai:OpenAiEmulator",
                4010,
                "OPENAI_API_KEY",
                {
                    (Role.LLM, "openai_chat"): "/v1",
                    (Role.LLM, "openai_responses"): "/v1",
                    (Role.TTS, "openai_tts"): "/v1",
                    (Role.REALTIME, "openai_realtime"): "/v1",
                },
            ),
            Stand(
                "anthropic",
                "tth.testing.emulators.anthropic:AnthropicEmulator",
                4011,
                "ANTHROPIC_API_KEY",
                {(Role.LLM, "anthropic_claude"): ""},
            ),
            Stand(
                "elevenlabs",
                "tth.testing.emulators.elevenlabs:ElevenLabsEmulator",
                4012,
                "ELEVENLABS_API_KEY",
                {(Role.TTS, "elevenlabs"): "/v1"},
            ),
            Stand(
                "vllm",
                "tth.testing.emulators.openai:VllmEmulator",
                4013,
                "VLLM_API_KEY",
                {(Role.LLM, "vllm_local"): "/v1"},
            ),
        )
    }
)
"""By name."""
