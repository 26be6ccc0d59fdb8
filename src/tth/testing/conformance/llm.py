"""What every language model's adapter must do. Tests: tests/testing/conformance/test_llm.py."""

from __future__ import annotations

import asyncio
import json
import random
import traceback
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

from tth.adapters.base import (
    LanguageModel,
    LlmInput,
    LlmOutput,
    LlmSession,
    Persona,
    SessionContext,
    Speaker,
    StyleHint,
    TextPiece,
    TurnContext,
    Used,
    Utterance,
)
from tth.errors import AdapterError
from tth.model.controls import Controls, EmotionLabel
from tth.testing.conformance.subject import PATIENCE_S, Check, Ending, Subject, eventually, logged, opened
from tth.testing.emulators.faults import Fault, FaultKind
from tth.testing.emulators.server import Emulator

QUESTION = "Will the Straße to Zürich be open at nine tomorrow?"
PERSONA = Persona("anna", prompt="You are Anna, who was never mentioned elsewhere.")
HISTORY = (Utterance(Speaker.USER, "My name is Tim."), Utterance(Speaker.PERSON, "Good to meet", interrupted=True))
RANDOM_CANCELS = 25
CONVERSATIONS = 10
_PLAIN, _SAD = Controls(), Controls(emotion_label=EmotionLabel.SAD)
_MOVED: Mapping[str, tuple[Controls, Controls]] = {
    "emotion.label": (_PLAIN, _SAD),
    "emotion.intensity": (_SAD, replace(_SAD, emotion_intensity=0.9)),
    "emotion.valence": (_PLAIN, replace(_PLAIN, emotion_valence=0.3)),
    "emotion.arousal": (_PLAIN, replace(_PLAIN, emotion_arousal=-0.3)),
    "character.speech_rate": (_PLAIN, replace(_PLAIN, speech_rate=1.5)),
    "character.pitch_shift": (_PLAIN, replace(_PLAIN, pitch_shift=0.4)),
    "character.expressivity": (_PLAIN, replace(_PLAIN, expressivity=0.9)),
    "character.motion_gain": (_PLAIN, replace(_PLAIN, motion_gain=1.5)),
}
"""Controls that a model could be told of, each in two values."""


async def it_answers(subject: Subject[LanguageModel]) -> None:
    """Pieces that are not empty, hints before the text, one count at most; the whole text, its tail included."""
    async with opened(subject) as (model, _), _session(model) as session:
        outputs = await _read(session, QUESTION)
        pieces = [output.text for output in outputs if isinstance(output, TextPiece)]
        assert all(pieces), "a piece of text was empty"
        assert pieces, "there was no text"
        assert len([output for output in outputs if isinstance(output, Used)]) <= 1
        first_text = next(number for number, output in enumerate(outputs) if isinstance(output, TextPiece))
        assert not [output for output in outputs[first_text:] if isinstance(output, StyleHint)], "a hint came late"
        text = "".join(pieces)
        assert not subject.echoes or text == f"You said: {QUESTION}", text
        assert text == await session.infer_batch(LlmInput(QUESTION, persona=PERSONA), Controls(), _turn())


async def it_is_told_everything(subject: Subject[LanguageModel]) -> None:
    """Persona, history, question and language reach the provider, in this order; nothing is null."""
    async with opened(subject) as (model, emulator), _session(model) as session:
        if emulator is None:
            return
        await _read(session, "What is my name?", HISTORY)
        body = _last_body(emulator)
        order = [body.find(text) for text in (PERSONA.prompt, HISTORY[0].text, HISTORY[1].text, "What is my name?")]
        assert min(order) >= 0, "something was not sent"
        assert "de-CH" in body
        assert "null" not in body


async def connections_are_kept(subject: Subject[LanguageModel]) -> None:
    """Several answers one after the other, the warm-up before them, need one connection."""
    async with opened(subject) as (model, emulator), _session(model) as session:
        for _ in range(5):
            await _read(session, QUESTION)
        assert emulator is None or emulator.connection_count == 1, "a connection was opened anew"


async def conversations_do_not_mix(subject: Subject[LanguageModel]) -> None:
    """Many at once, each with its own answer."""
    async with opened(subject) as (model, _):

        async def talk(number: int) -> str:
            async with _session(model) as session:
                return _text(await _read(session, f"I am number {number}"))

        async with asyncio.timeout(PATIENCE_S * 2):
            answers = await asyncio.gather(*(talk(number) for number in range(CONVERSATIONS)))
        assert all(answers)
        if subject.echoes:
            assert answers == [f"You said: I am number {number}" for number in range(CONVERSATIONS)]


async def it_stops_after_any_output(subject: Subject[LanguageModel]) -> None:
    """Closed after each number of outputs: nothing of it comes later, and the next answer is only the next one."""
    async with opened(subject) as (model, _), _session(model) as session:
        whole = _text(await _read(session, QUESTION))
        count = len(await _read(session, QUESTION))
        for stop_after in range(1, count + 1):
            async with aclosing(session.infer_stream(LlmInput(QUESTION), Controls(), _turn())) as stream:
                for _ in range(stop_after):
                    await anext(stream)
            assert _text(await _read(session, QUESTION)) == whole


async def it_stops_at_any_await(subject: Subject[LanguageModel]) -> None:
    """Cancelled at random moments from the first on: it ends at once by CancelledError, and works again."""
    async with opened(subject) as (model, _), _session(model) as session:
        whole = _text(await _read(session, QUESTION))
        chance = random.Random(7)
        for number in range(RANDOM_CANCELS):
            asking = asyncio.create_task(_read(session, "Something else entirely"))
            for _ in range(number if number < RANDOM_CANCELS // 2 else chance.randrange(200)):
                await asyncio.sleep(0)
            asking.cancel()
            done, _ = await asyncio.wait([asking], timeout=PATIENCE_S)
            assert done, "it does not stop"
            assert asking.cancelled() or asking.exception() is None, asking.exception()
        assert _text(await _read(session, QUESTION)) == whole


async def a_stop_ends_the_providers_work(subject: Subject[LanguageModel]) -> None:
    """Before the first byte and in the middle of an answer: the provider sees that nobody listens any more."""
    for kind in (FaultKind.SLOW_FIRST_BYTE, FaultKind.SILENT_MIDWAY):
        async with opened(subject) as (model, emulator), _session(model) as session:
            if emulator is None:
                return
            emulator.faults.add(Fault(kind, delay_s=60.0, after=3))
            asking = asyncio.create_task(_read(session, QUESTION))
            await eventually(lambda: emulator.active_count == 1, "nothing was asked")
            await asyncio.sleep(0.02)
            asking.cancel()
            await asyncio.wait([asking], timeout=PATIENCE_S)
            await eventually(lambda: emulator.cancelled_count == 1, "the provider goes on")


async def each_fault_has_its_outcome(subject: Subject[LanguageModel]) -> None:
    """The right error with who failed, whether to try again and when; nothing hangs; the next answer is good."""
    for kind, outcome in subject.outcomes.items():
        async with opened(subject) as (model, emulator), _session(model) as session:
            assert emulator is not None, "faults without a provider"
            emulator.faults.add(Fault(kind, delay_s=0.05, after=4, retry_after_s=2.0))
            failed: AdapterError | None = None
            outputs: list[LlmOutput] = []
            try:
                async with asyncio.timeout(0.3 if outcome is Ending.SILENT else PATIENCE_S):
                    outputs = await _read(session, QUESTION)
            except AdapterError as error:
                failed = error
            except TimeoutError:
                assert outcome is Ending.SILENT, f"{kind}: it hangs"
            if isinstance(outcome, Ending):
                assert failed is None, f"{kind}: {failed}"
                if outcome is not Ending.SILENT:
                    expected = f"You said: {QUESTION}" if outcome is Ending.WHOLE else ""
                    assert _text(outputs) == expected, f"{kind}: {_text(outputs)}"
            else:
                assert type(failed) is outcome, f"{kind}: {failed!r} where {outcome.__name__} belongs"
                assert (failed.role, failed.adapter) == (model.role, model.name)
                waits_ms = 2000 if kind is FaultKind.RATE_LIMITED else failed.retry_after_ms
                assert failed.retry_after_ms == waits_ms, f"{kind}: when to come again was lost"
                assert failed.retryable or failed.retry_after_ms is None
            assert _text(await _read(session, "Again")) == "You said: Again", f"{kind}: it does not work again"


async def nothing_is_given_away(subject: Subject[LanguageModel]) -> None:
    """Neither key nor the user's words stand in an error, in what it came from, or in a log."""
    with logged() as lines:
        for kind, outcome in subject.outcomes.items():
            if isinstance(outcome, Ending):
                continue
            async with opened(subject) as (model, emulator), _session(model) as session:
                assert emulator is not None
                emulator.faults.add(Fault(kind, delay_s=0.05, after=4))
                try:
                    await _read(session, QUESTION)
                except AdapterError as error:
                    shown = "".join(traceback.format_exception(error, chain=True))
                    said = [str(error), repr(error), shown, *lines]
                    assert not [text for text in said if emulator.key in text], f"{kind}: the key is shown"
                    assert not [text for text in said if "Zürich" in text], f"{kind}: the user's words are shown"


async def it_does_what_it_says(subject: Subject[LanguageModel]) -> None:
    """Each control that it claims changes what the provider is asked, and no other one does."""
    async with opened(subject) as (model, emulator), _session(model) as session:
        if emulator is None:
            return
        for path, (before, after) in _MOVED.items():
            is_asked = await _body_for(session, emulator, before) != await _body_for(session, emulator, after)
            assert is_asked == (path in model.capabilities.controls), path


CHECKS: Sequence[Check[LanguageModel]] = (
    it_answers,
    it_is_told_everything,
    connections_are_kept,
    conversations_do_not_mix,
    it_stops_after_any_output,
    it_stops_at_any_await,
    a_stop_ends_the_providers_work,
    each_fault_has_its_outcome,
    nothing_is_given_away,
    it_does_what_it_says,
)


@asynccontextmanager
async def _session(model: LanguageModel) -> AsyncIterator[LlmSession]:
    session = model.open_session(SessionContext("s_1"))
    try:
        yield session
    finally:
        await session.aclose()
        await session.aclose()


async def _read(session: LlmSession, text: str, history: tuple[Utterance, ...] = ()) -> list[LlmOutput]:
    """Everything of one answer."""
    prompt = LlmInput(text, history, PERSONA)
    async with aclosing(session.infer_stream(prompt, Controls(), _turn())) as stream:
        return [output async for output in stream]


async def _body_for(session: LlmSession, emulator: Emulator, control: Controls) -> str:
    await session.infer_batch(LlmInput(QUESTION, persona=PERSONA), control, _turn())
    return _last_body(emulator)


def _last_body(emulator: Emulator) -> str:
    return json.dumps(emulator.seen[-1].body, ensure_ascii=False)


def _text(outputs: Sequence[LlmOutput]) -> str:
    return "".join(output.text for output in outputs if isinstance(output, TextPiece))


def _turn() -> TurnContext:
    return TurnContext("s_1", "t_1", 1, "de-CH")
