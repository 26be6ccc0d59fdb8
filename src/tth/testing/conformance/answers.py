"""What everything that answers a question must do, whether in text or in text and sound: the checks that language
models and realtime models share. Tests: tests/testing/conformance/test_llm.py.
"""

from __future__ import annotations

import asyncio
import random
import traceback
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import Any, TypeAlias, TypeVar, overload

from tth.adapters.base import (
    LanguageModel,
    LlmInput,
    LlmOutput,
    LlmSession,
    Persona,
    RealtimeModel,
    RealtimeOutput,
    RealtimeSession,
    SessionContext,
    Speaker,
    TextPiece,
    TurnContext,
    Utterance,
)
from tth.errors import AdapterError
from tth.model.controls import Controls
from tth.testing.conformance.controls import each_control_does_what_is_said, each_emotion_is_another
from tth.testing.conformance.subject import PATIENCE_S, Ending, Outcome, Subject, logged, opened, told
from tth.testing.emulators.faults import Fault, FaultKind

M = TypeVar("M", LanguageModel, RealtimeModel)
Output: TypeAlias = LlmOutput | RealtimeOutput

QUESTION = "Will the Straße to Zürich be open at nine tomorrow?"
PERSONA = Persona("anna", prompt="You are Anna, who was never mentioned elsewhere.")
HISTORY = (Utterance(Speaker.USER, "My name is Tim."), Utterance(Speaker.PERSON, "Good to meet", interrupted=True))
RANDOM_CANCELS = 25
CONVERSATIONS = 10


async def conversations_do_not_mix(subject: Subject[M]) -> None:
    """Many at once, each with its own answer."""
    async with opened(subject) as (model, _):

        async def talk(number: int) -> str:
            async with conversation(model) as session:
                return text_of(await read(session, f"I am number {number}"))

        async with asyncio.timeout(PATIENCE_S * 2):
            answers = await asyncio.gather(*(talk(number) for number in range(CONVERSATIONS)))
        assert all(answers)
        if subject.echoes:
            assert answers == [f"You said: I am number {number}" for number in range(CONVERSATIONS)]


async def it_stops_at_any_await(subject: Subject[M]) -> None:
    """Cancelled at random moments from the first on: it ends at once by CancelledError, and works again."""
    async with opened(subject) as (model, _), conversation(model) as session:
        whole = text_of(await read(session, "Again"))
        chance = random.Random(7)
        for number in range(RANDOM_CANCELS):
            asking = asyncio.create_task(read(session, "Something else entirely"))
            for _ in range(number if number < RANDOM_CANCELS // 2 else chance.randrange(200)):
                await asyncio.sleep(0)
            asking.cancel()
            done, _ = await asyncio.wait([asking], timeout=PATIENCE_S)
            assert done, "it does not stop"
            assert asking.cancelled() or asking.exception() is None, asking.exception()
            if isinstance(session, RealtimeSession):
                session.truncate("t_1", 0, "")
        assert text_of(await read(session, "Again")) == whole


async def nothing_is_given_away(subject: Subject[M]) -> None:
    """Neither key nor the user's words stand in an error, in what it came from, or in a log."""
    for kind, outcome in subject.outcomes.items():
        if isinstance(outcome, Ending):
            continue
        with logged() as lines:
            async with opened(subject) as (model, emulator), conversation(model) as session:
                assert emulator is not None
                emulator.faults.add(Fault(kind, delay_s=0.05, after=4))
                try:
                    await read(session, QUESTION)
                except AdapterError as error:
                    shown = "".join(traceback.format_exception(error, chain=True))
                    said = [str(error), repr(error), shown]
                    assert not [text for text in said if emulator.key in text], f"{kind}: the key is shown"
                    assert not [text for text in said if "Zürich" in text], f"{kind}: the user's words are shown"
            assert not [text for text in lines if emulator.key in text or "Zürich" in text], f"{kind}: logged"


async def it_does_what_it_says(subject: Subject[M]) -> None:
    """Each control that it claims changes what the provider is asked, and no other one does."""
    async with opened(subject) as (model, emulator):
        if emulator is None:
            return

        async def asked(control: Controls) -> str:
            """By the first turn of a new conversation."""
            emulator.forget()
            async with conversation(model) as session:
                await read(session, QUESTION, control=control)
            return told(emulator)

        await each_control_does_what_is_said(model.capabilities, asked)
        await each_emotion_is_another(model.capabilities, asked, by_request=True)


async def attempted(
    session: LlmSession | RealtimeSession, kind: FaultKind, outcome: Outcome
) -> tuple[list[Output], AdapterError | None]:
    """Ask while something goes wrong: what came of it, if it ended well, and the error, if it did not."""
    try:
        async with asyncio.timeout(0.3 if outcome is Ending.SILENT else PATIENCE_S):
            return await read(session, QUESTION), None
    except AdapterError as error:
        return [], error
    except TimeoutError:
        assert outcome is Ending.SILENT, f"{kind}: it hangs"
        return [], None


def assert_outcome(
    kind: FaultKind, outcome: Outcome, outputs: Sequence[Output], failed: AdapterError | None, model: M
) -> None:
    """As it should: the right error with who failed, or the right text."""
    if isinstance(outcome, Ending):
        assert failed is None, f"{kind}: {failed}"
        if outcome is not Ending.SILENT:
            expected = f"You said: {QUESTION}" if outcome is Ending.WHOLE else ""
            assert text_of(outputs) == expected, f"{kind}: {text_of(outputs)}"
        return
    assert type(failed) is outcome, f"{kind}: {failed!r} where {outcome.__name__} belongs"
    assert (failed.role, failed.adapter) == (model.role, model.name)
    assert failed.retryable or failed.retry_after_ms is None


@overload
def conversation(model: LanguageModel) -> AbstractAsyncContextManager[LlmSession]: ...
@overload
def conversation(model: RealtimeModel) -> AbstractAsyncContextManager[RealtimeSession]: ...
def conversation(model: LanguageModel | RealtimeModel) -> Any:
    """A session, closed twice at the end."""
    return _conversation(model)


@asynccontextmanager
async def _conversation(model: LanguageModel | RealtimeModel) -> AsyncIterator[LlmSession | RealtimeSession]:
    session = model.open_session(SessionContext("s_1"))
    try:
        yield session
    finally:
        await session.aclose()
        await session.aclose()


async def read(
    session: LlmSession | RealtimeSession,
    text: str,
    history: tuple[Utterance, ...] = (),
    turn_id: str = "t_1",
    control: Controls | None = None,
) -> list[Output]:
    """Everything of one answer."""
    stream = session.infer_stream(LlmInput(text, history, PERSONA), control or Controls(), turn(turn_id))
    async with aclosing(stream) as outputs:
        return [output async for output in outputs]


def text_of(outputs: Sequence[Output]) -> str:
    return "".join(output.text for output in outputs if isinstance(output, TextPiece))


def turn(turn_id: str = "t_1") -> TurnContext:
    return TurnContext("s_1", turn_id, 1, "de-CH")
