"""The embedded language model: a small talker made of rules, for where there is no key, no network and no GPU.

It keeps the thread of a conversation (names, pets, places, likes), answers the small questions people begin with, asks
back, and says honestly what it is. Speaks English well and German, French, Spanish and Mandarin in their basics, by the
turn's language. Honours the persona and the emotion in its choice of words, and an interruption in the history. The
same seed, prompt and controls give the same reply. Its words stand in `talk/`.
Tests: tests/adapters/llm/test_persona_talker.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

from tth.adapters.base import (
    Capabilities,
    ControlSupport,
    Deployment,
    LanguageModel,
    LlmInput,
    LlmSession,
    SessionContext,
    TextPiece,
    TurnContext,
)
from tth.adapters.llm.persona_talker_book import LANGUAGES, Book, load_book
from tth.adapters.llm.persona_talker_reply import Talk
from tth.adapters.llm.persona_talker_wording import tokens
from tth.errors import AdapterUnavailable
from tth.model.controls import Controls

HONOURED_CONTROLS = (
    "emotion.label",
    "emotion.intensity",
    "emotion.valence",
    "emotion.arousal",
    "character.persona_id",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """How the talker writes."""

    token_delay_ms: float = field(default=0.0, metadata={"minimum": 0, "maximum": 1000})
    """0..1000, before each word: as slow as a model that thinks."""


class PersonaTalker(LanguageModel):
    """A small talker made of rules."""

    name = "persona_talker"
    capabilities = Capabilities(
        "a small talker made of rules; keeps the thread, needs nothing",
        Deployment.EMBEDDED,
        controls={path: ControlSupport() for path in HONOURED_CONTROLS},
        languages=LANGUAGES,
    )

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._books: Mapping[str, Book] = {}

    async def load(self) -> None:
        """Read the phrase books: a few hundred kilobytes of memory, some 100 ms."""
        if not self._books:
            self._books = {language: load_book(language) for language in LANGUAGES}

    def open_session(self, context: SessionContext) -> LlmSession:
        if not self._books:
            raise AdapterUnavailable("the talker is not loaded", role="llm", adapter=self.name)
        return _Session(self._books, self._settings, context.seed)


class _Session(LlmSession):
    def __init__(self, books: Mapping[str, Book], settings: Settings, seed: int) -> None:
        self._books = books
        self._settings = settings
        self._seed = seed

    async def infer_stream(
        self, prompt: LlmInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[TextPiece, None]:
        language = context.language_code.replace("_", "-").split("-")[0].lower()
        book = self._books.get(language, self._books["en"])
        for token in tokens(Talk(book, self._seed, prompt, control).reply()):
            if self._settings.token_delay_ms:
                await asyncio.sleep(self._settings.token_delay_ms / 1000)
            yield TextPiece(token)


def build(settings: Settings) -> PersonaTalker:
    """The adapter, not yet loaded."""
    return PersonaTalker(settings)
