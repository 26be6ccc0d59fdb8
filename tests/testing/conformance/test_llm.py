"""The conformance checks of language models find what they look for: each is shown an adapter that breaks its rule."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import httpx
import pytest

from tth.adapters.base import (
    Capabilities,
    Deployment,
    LanguageModel,
    LlmInput,
    LlmOutput,
    LlmSession,
    SessionContext,
    StyleHint,
    TextPiece,
    TurnContext,
    Used,
)
from tth.adapters.provider_prompt import PROMPTED_CONTROLS
from tth.errors import AdapterUnavailable
from tth.model.controls import Controls
from tth.testing.conformance import answers, llm, subject
from tth.testing.conformance.subject import Check, Ending, Outcome, Subject
from tth.testing.emulators.faults import FaultKind
from tth.testing.emulators.openai import OpenAiEmulator
from tth.testing.emulators.server import Emulator

pytestmark = pytest.mark.server

Say = Callable[["Broken", LlmInput], AsyncGenerator[LlmOutput, None]]


class Broken(LanguageModel):
    """Answers in the way that a test gives it."""

    name = "broken"
    capabilities = Capabilities("for tests", Deployment.API, PROMPTED_CONTROLS)

    def __init__(self, say: Say, url: str = "") -> None:
        self.say = say
        self.url = url
        self.kept: list[Any] = []

    def open_session(self, context: SessionContext) -> LlmSession:
        return _Session(self)

    async def ask(self, text: str) -> str:
        """The emulator's answer, over a connection of its own."""
        body = {"model": "gpt-5.6-luna", "messages": [{"role": "user", "content": text}]}
        async with httpx.AsyncClient(headers={"authorization": "Bearer test-key"}, timeout=None) as client:
            answer = await client.post(f"{self.url}/v1/chat/completions", json=body)
            answer.raise_for_status()
        found: str = answer.json()["choices"][0]["message"]["content"]
        return found


class _Session(LlmSession):
    def __init__(self, model: Broken) -> None:
        self._model = model

    def infer_stream(
        self, prompt: LlmInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[LlmOutput, None]:
        return self._model.say(self._model, prompt)


async def says_nothing(model: Broken, prompt: LlmInput) -> AsyncGenerator[LlmOutput, None]:
    yield Used(1, 1)


async def loses_its_tail(model: Broken, prompt: LlmInput) -> AsyncGenerator[LlmOutput, None]:
    yield TextPiece(f"You said: {prompt.text}"[:-3])


async def gives_an_empty_piece(model: Broken, prompt: LlmInput) -> AsyncGenerator[LlmOutput, None]:
    yield TextPiece("")
    yield TextPiece(f"You said: {prompt.text}")


async def hints_too_late(model: Broken, prompt: LlmInput) -> AsyncGenerator[LlmOutput, None]:
    yield TextPiece(f"You said: {prompt.text}")
    yield StyleHint()


async def leaves_a_task(model: Broken, prompt: LlmInput) -> AsyncGenerator[LlmOutput, None]:
    model.kept.append(asyncio.create_task(asyncio.sleep(0.3)))
    yield TextPiece(f"You said: {prompt.text}")


async def mixes_conversations(model: Broken, prompt: LlmInput) -> AsyncGenerator[LlmOutput, None]:
    model.kept.append(prompt.text)
    await asyncio.sleep(0.001)
    yield TextPiece(f"You said: {model.kept[-1]}")


async def goes_on_with_what_was_stopped(model: Broken, prompt: LlmInput) -> AsyncGenerator[LlmOutput, None]:
    for old in model.kept:
        yield TextPiece(old)
    model.kept = ["You said:", f" {prompt.text}"]
    while model.kept:
        yield TextPiece(model.kept.pop(0))


async def cannot_be_cancelled(model: Broken, prompt: LlmInput) -> AsyncGenerator[LlmOutput, None]:
    try:
        await asyncio.sleep(0.001)
    except asyncio.CancelledError:
        await asyncio.sleep(0.5)
    yield TextPiece(f"You said: {prompt.text}")


async def goes_on_behind_a_stop(model: Broken, prompt: LlmInput) -> AsyncGenerator[LlmOutput, None]:
    model.kept.append(asyncio.create_task(model.ask(prompt.text)))
    yield TextPiece(await asyncio.shield(model.kept[-1]))


async def does_not_tell_the_persona(model: Broken, prompt: LlmInput) -> AsyncGenerator[LlmOutput, None]:
    yield TextPiece(await model.ask(prompt.text))


async def tells_what_was_said(model: Broken, prompt: LlmInput) -> AsyncGenerator[LlmOutput, None]:
    try:
        yield TextPiece(await model.ask(prompt.text))
    except httpx.HTTPError:
        raise AdapterUnavailable(f"no answer to {prompt.text}", role="llm", adapter="broken") from None


async def fails_namelessly(model: Broken, prompt: LlmInput) -> AsyncGenerator[LlmOutput, None]:
    try:
        yield TextPiece(await model.ask(prompt.text))
    except httpx.HTTPError:
        raise AdapterUnavailable("no answer") from None


ALONE: list[tuple[Check[LanguageModel], Say]] = [
    (llm.it_answers, says_nothing),
    (llm.it_answers, loses_its_tail),
    (llm.it_answers, gives_an_empty_piece),
    (llm.it_answers, hints_too_late),
    (llm.it_answers, leaves_a_task),
    (answers.conversations_do_not_mix, mixes_conversations),
    (llm.it_stops_after_any_output, goes_on_with_what_was_stopped),
    (answers.it_stops_at_any_await, cannot_be_cancelled),
]
WITH_A_PROVIDER: list[tuple[Check[LanguageModel], Say, Outcome]] = [
    (llm.it_is_told_everything, does_not_tell_the_persona, Ending.WHOLE),
    (llm.connections_are_kept, does_not_tell_the_persona, Ending.WHOLE),
    (answers.it_does_what_it_says, does_not_tell_the_persona, Ending.WHOLE),
    (llm.a_stop_ends_the_providers_work, goes_on_behind_a_stop, Ending.WHOLE),
    (answers.nothing_is_given_away, tells_what_was_said, AdapterUnavailable),
    (llm.each_fault_has_its_outcome, fails_namelessly, AdapterUnavailable),
    (llm.each_fault_has_its_outcome, tells_what_was_said, Ending.WHOLE),
]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for what is known not to come."""
    monkeypatch.setattr(subject, "PATIENCE_S", 0.15)
    monkeypatch.setattr(llm, "PATIENCE_S", 0.15)
    monkeypatch.setattr(answers, "PATIENCE_S", 0.15)


@pytest.mark.parametrize(("check", "say"), ALONE, ids=lambda one: one.__name__)
def test_it_is_found(check: Check[LanguageModel], say: Say) -> None:
    """Of adapters that need nobody."""
    with pytest.raises(AssertionError):
        asyncio.run(check(Subject("broken", lambda _: Broken(say))))


@pytest.mark.parametrize(
    ("check", "say", "outcome"), WITH_A_PROVIDER, ids=lambda one: getattr(one, "__name__", str(one))
)
def test_it_is_found_with_a_provider(check: Check[LanguageModel], say: Say, outcome: Outcome) -> None:
    """Of adapters that ask somebody."""

    def build(emulator: Emulator | None) -> LanguageModel:
        assert emulator is not None
        return Broken(say, emulator.url)

    broken = Subject("broken", build, OpenAiEmulator, {FaultKind.SERVER_ERROR: outcome})
    with pytest.raises(AssertionError):
        asyncio.run(check(broken))
