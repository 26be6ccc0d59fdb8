"""A realtime speech model for tests: an echo or a fixed reply, each word as text followed by its tones.

Honours emotion, speech rate and pitch as the mock voice does. Tests: tests/adapters/realtime/test_mock_realtime.py.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from tth.adapters.base import (
    Capabilities,
    Deployment,
    LlmInput,
    RealtimeModel,
    RealtimeOutput,
    RealtimeSession,
    SessionContext,
    TextPiece,
    TurnContext,
)
from tth.adapters.mock_tone import TONE_CONTROLS, tone_chunks, tone_settings
from tth.model.controls import Controls


@dataclass(frozen=True, slots=True)
class Settings:
    """What the mock says and how it sounds."""

    reply: str = "You said: {text}"
    """`{text}` stands for what the user said."""
    first_output_delay_ms: float = field(default=0.0, metadata={"minimum": 0, "maximum": 60000})
    """0..60000, before the first piece."""
    word_delay_ms: float = field(default=0.0, metadata={"minimum": 0, "maximum": 60000})
    """0..60000, before each further word."""
    ms_per_character: float = field(default=60.0, metadata={"minimum": 1, "maximum": 1000})
    """1..1000, at speech rate 1."""
    frequency_hz: float = field(default=220.0, metadata={"minimum": 50, "maximum": 2000})
    """50..2000, at pitch shift 0 and neutral emotion."""


class MockRealtime(RealtimeModel):
    """Text and tones in one stream."""

    name = "mock_realtime"
    capabilities = Capabilities(
        "text and a tone for each character in one stream, for tests",
        Deployment.EMBEDDED,
        controls=TONE_CONTROLS,
    )

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def open_session(self, context: SessionContext) -> RealtimeSession:
        return _Session(self._settings)


class _Session(RealtimeSession):
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def infer_stream(
        self, prompt: LlmInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[RealtimeOutput, None]:
        settings = self._settings
        tone = tone_settings(settings.ms_per_character, settings.frequency_hz, control)
        at_sample = offset = 0
        delay_ms = settings.first_output_delay_ms
        for word in re.findall(r"\s*\S+", settings.reply.replace("{text}", prompt.text)):
            if delay_ms:
                await asyncio.sleep(delay_ms / 1000)
            delay_ms = settings.word_delay_ms
            yield TextPiece(word)
            for chunk in tone_chunks(word, tone, at_sample, offset):
                yield chunk
                at_sample += len(chunk.pcm)
            offset += len(word)


def build(settings: Settings) -> MockRealtime:
    """The adapter, not yet loaded."""
    return MockRealtime(settings)
