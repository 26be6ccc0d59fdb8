"""Where emulators take their answers from: an echo for tests, one of TTH's own language models for people.

Tests: tests/testing/emulators/test_talker.py.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

from tth.adapters.base import LanguageModel, LlmInput, SessionContext, Speaker, TurnContext, Utterance
from tth.core.style_tag import ASK
from tth.model.controls import Controls, EmotionLabel
from tth.testing.emulators.faults import Fault, FaultKind
from tth.testing.emulators.server import Emulator


@dataclass(frozen=True, slots=True)
class Heard:
    """What a model has been told: the system prompt, and who said what, the user last."""

    instructions: str
    said: tuple[Utterance, ...]

    @property
    def question(self) -> str:
        """The user's last words."""
        return next((entry.text for entry in reversed(self.said) if entry.speaker is Speaker.USER), "")


class Talker(ABC):
    """Writes answers; the same to the same."""

    async def load(self) -> None:
        """Get ready."""

    async def aclose(self) -> None:
        """Release everything; idempotent."""

    async def answer(self, heard: Heard) -> str:
        """The whole answer. It begins with a style tag where the instructions ask for one."""
        reply = await self.reply(heard)
        return f"[{_mood(heard.question)} 0.6] {reply}" if ASK in heard.instructions else reply

    @abstractmethod
    async def reply(self, heard: Heard) -> str:
        """The words to be spoken."""


class EchoTalker(Talker):
    """Says what the user said."""

    async def reply(self, heard: Heard) -> str:
        return f"You said: {heard.question}"


class ModelTalker(Talker):
    """One of TTH's own language models, such as the embedded talker."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

    async def load(self) -> None:
        await self._model.load()

    async def aclose(self) -> None:
        await self._model.aclose()

    async def reply(self, heard: Heard) -> str:
        session = self._model.open_session(SessionContext("emulator"))
        try:
            prompt = LlmInput(heard.question, heard.said[:-1])
            return await session.infer_batch(prompt, Controls(), TurnContext("emulator", "t_1", 1, _language(heard)))
        finally:
            await session.aclose()


@dataclass(frozen=True, slots=True)
class Written:
    """An answer, as much as there is of it."""

    words: tuple[str, ...]
    is_cut: bool
    """There was more than the limit."""
    is_withheld: bool
    """For what it is about."""


@dataclass
class TalkingEmulator(Emulator):
    """A provider that writes answers."""

    talker: Talker = field(default_factory=EchoTalker)
    word_s: float = 0.0
    """Between two words of an answer."""

    async def load(self) -> None:
        await super().load()
        await self.talker.load()

    async def release(self) -> None:
        await super().release()
        await self.talker.aclose()

    async def written(self, heard: Heard, fault: Fault | None, limit: int | None) -> Written:
        """The answer to what was heard, of at most `limit` words, or what the fault leaves of it."""
        kind = fault.kind if fault is not None else None
        is_withheld = kind is FaultKind.REFUSED_CONTENT
        reply = words(await self.talker.answer(heard))
        reply = [] if is_withheld or kind is FaultKind.EMPTY_ANSWER else reply
        room = len(reply) if limit is None else max(0, limit)
        return Written(tuple(reply[:room]), room < len(reply), is_withheld)


def heard_in(instructions: Sequence[str], said: Sequence[tuple[str, str]]) -> Heard:
    """From a request's own parts: system texts, and (role, text) of the messages."""
    speakers = {"assistant": Speaker.PERSON, "user": Speaker.USER}
    return Heard(
        "\n".join(instructions), tuple(Utterance(speakers[role], text) for role, text in said if role in speakers)
    )


def words(text: str) -> list[str]:
    """In pieces as a model streams them: words with the space before them."""
    return re.findall(r"\s*\S+", text)


def token_count(text: str) -> int:
    """A tokenizer's count, roughly: four characters each."""
    return (len(text) + 3) // 4


def _mood(question: str) -> EmotionLabel:
    """An emotion that is mentioned, else happy."""
    said = set(re.findall(r"\w+", question.lower()))
    return next((label for label in EmotionLabel if label in said), EmotionLabel.HAPPY)


def _language(heard: Heard) -> str:
    """The BCP 47 code that our own prompts name."""
    found = re.search(r'BCP 47 code "([\w-]+)"', heard.instructions)
    return found[1] if found else "en"
