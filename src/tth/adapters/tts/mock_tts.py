"""A voice for tests: every character is a tone of known pitch, level and length, with exact timings.

Honours emotion, speech rate and pitch so that each can be measured in the sound (see `tth.adapters.mock_tone`). Needs
nothing, costs nothing; the same text and controls give the same samples. Tests: tests/adapters/tts/test_mock_tts.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from tth.adapters.base import (
    Capabilities,
    Deployment,
    SessionContext,
    TtsInput,
    TtsSession,
    TurnContext,
    Voice,
)
from tth.adapters.mock_tone import TONE_CONTROLS, tone_chunks, tone_settings
from tth.model.controls import Controls
from tth.model.media import SpeechChunk


@dataclass(frozen=True, slots=True)
class Settings:
    """How the mock voice sounds."""

    ms_per_character: float = field(default=60.0, metadata={"minimum": 1, "maximum": 1000})
    """1..1000, at speech rate 1. 60 is about the pace of a person who reads aloud."""
    first_chunk_delay_ms: float = field(default=0.0, metadata={"minimum": 0, "maximum": 60000})
    """0..60000, before the first chunk of each clause."""
    frequency_hz: float = field(default=220.0, metadata={"minimum": 50, "maximum": 2000})
    """50..2000, at pitch shift 0 and neutral emotion."""


class MockVoice(Voice):
    """Tones instead of speech."""

    name = "mock_tts"
    capabilities = Capabilities(
        "a tone for each character, for tests",
        Deployment.EMBEDDED,
        controls=TONE_CONTROLS,
    )

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def open_session(self, context: SessionContext) -> TtsSession:
        return _Session(self._settings)


class _Session(TtsSession):
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def infer_stream(
        self, clause: TtsInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[SpeechChunk, None]:
        if self._settings.first_chunk_delay_ms:
            await asyncio.sleep(self._settings.first_chunk_delay_ms / 1000)
        tone = tone_settings(self._settings.ms_per_character, self._settings.frequency_hz, control)
        for chunk in tone_chunks(clause.text, tone):
            yield chunk


def build(settings: Settings) -> MockVoice:
    """The adapter, not yet loaded."""
    return MockVoice(settings)
