"""A language model for tests: a fixed reply or an echo, in a known number of pieces at a known pace.

Honours no control and remembers nothing. Tests: tests/adapters/llm/test_mock_llm.py.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from itertools import cycle, islice

from tth.adapters.base import (
    Capabilities,
    Deployment,
    LanguageModel,
    LlmInput,
    LlmSession,
    SessionContext,
    TextPiece,
    TurnContext,
)
from tth.errors import AdapterUnavailable
from tth.model.controls import Controls


@dataclass(frozen=True, slots=True)
class Settings:
    """What the mock model says and how."""

    reply: str = "You said: {text}"
    """`{text}` stands for what the user said."""
    token_count: int = field(default=0, metadata={"minimum": 0, "maximum": 100000})
    """0..100000 pieces; 0 = the reply's own words. More than it has: it begins again."""
    token_delay_ms: float = field(default=0.0, metadata={"minimum": 0, "maximum": 60000})
    """0..60000, before each piece."""
    fail_after: int | None = field(default=None, metadata={"minimum": 0, "maximum": 100000})
    """Pieces before AdapterUnavailable; None = never."""


class MockModel(LanguageModel):
    """Says what its settings say."""

    name = "mock_llm"
    capabilities = Capabilities("a fixed reply or an echo, for tests", Deployment.EMBEDDED)

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def open_session(self, context: SessionContext) -> LlmSession:
        return _Session(self._settings)


class _Session(LlmSession):
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def infer_stream(
        self, prompt: LlmInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[TextPiece, None]:
        for number, token in enumerate(self._tokens(prompt.text)):
            if number == self._settings.fail_after:
                raise self._failure()
            if self._settings.token_delay_ms:
                await asyncio.sleep(self._settings.token_delay_ms / 1000)
            yield TextPiece(token)
        if self._settings.fail_after is not None:
            raise self._failure()

    def _tokens(self, text: str) -> list[str]:
        words = re.findall(r"\s*\S+", self._settings.reply.replace("{text}", text))
        count = self._settings.token_count
        if not count or not words:
            return words
        words[0] = " " + words[0].lstrip()
        tokens = list(islice(cycle(words), count))
        return [tokens[0].lstrip(), *tokens[1:]]

    def _failure(self) -> AdapterUnavailable:
        return AdapterUnavailable("the mock model fails as it was told to", role="llm", adapter=MockModel.name)


def build(settings: Settings) -> MockModel:
    """The adapter, not yet loaded."""
    return MockModel(settings)
