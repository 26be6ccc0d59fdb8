"""What every language model's adapter must do. Tests: tests/testing/conformance/test_llm.py."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import aclosing

from tth.adapters.base import LanguageModel, LlmInput, StyleHint, TextPiece, Used
from tth.model.controls import Controls
from tth.testing.conformance.answers import (
    HISTORY,
    PERSONA,
    QUESTION,
    assert_outcome,
    attempted,
    conversation,
    conversations_do_not_mix,
    it_does_what_it_says,
    it_stops_at_any_await,
    nothing_is_given_away,
    read,
    text_of,
    turn,
)
from tth.testing.conformance.subject import PATIENCE_S, Check, Subject, eventually, opened
from tth.testing.emulators.faults import Fault, FaultKind
from tth.testing.emulators.server import Emulator


async def it_answers(subject: Subject[LanguageModel]) -> None:
    """Pieces that are not empty, hints before the text, one count at most; the whole text, its tail included."""
    async with opened(subject) as (model, _), conversation(model) as session:
        outputs = await read(session, QUESTION)
        pieces = [output.text for output in outputs if isinstance(output, TextPiece)]
        assert all(pieces), "a piece of text was empty"
        assert pieces, "there was no text"
        assert len([output for output in outputs if isinstance(output, Used)]) <= 1
        first_text = next(number for number, output in enumerate(outputs) if isinstance(output, TextPiece))
        assert not [output for output in outputs[first_text:] if isinstance(output, StyleHint)], "a hint came late"
        text = "".join(pieces)
        assert not subject.echoes or text == f"You said: {QUESTION}", text
        assert text == await session.infer_batch(LlmInput(QUESTION, persona=PERSONA), Controls(), turn())


async def it_is_told_everything(subject: Subject[LanguageModel]) -> None:
    """Persona, history, question and language reach the provider, in this order; nothing is null."""
    async with opened(subject) as (model, emulator), conversation(model) as session:
        if emulator is None:
            return
        await read(session, "What is my name?", HISTORY)
        body = _last_body(emulator)
        order = [body.find(text) for text in (PERSONA.prompt, HISTORY[0].text, HISTORY[1].text, "What is my name?")]
        assert min(order) >= 0, "something was not sent"
        assert "de-CH" in body
        assert "null" not in body


async def connections_are_kept(subject: Subject[LanguageModel]) -> None:
    """Several answers one after the other, the warm-up before them, need one connection."""
    async with opened(subject) as (model, emulator), conversation(model) as session:
        for _ in range(5):
            await read(session, QUESTION)
        assert emulator is None or emulator.connection_count == 1, "a connection was opened anew"


async def it_stops_after_any_output(subject: Subject[LanguageModel]) -> None:
    """Closed after each number of outputs: nothing of it comes later, and the next answer is only the next one."""
    async with opened(subject) as (model, _), conversation(model) as session:
        whole = text_of(await read(session, QUESTION))
        count = len(await read(session, QUESTION))
        for stop_after in range(1, count + 1):
            async with aclosing(session.infer_stream(LlmInput(QUESTION), Controls(), turn())) as stream:
                for _ in range(stop_after):
                    await anext(stream)
            assert text_of(await read(session, QUESTION)) == whole


async def a_stop_ends_the_providers_work(subject: Subject[LanguageModel]) -> None:
    """Before the first byte and in the middle of an answer: the provider sees that nobody listens any more."""
    for kind in (FaultKind.SLOW_FIRST_BYTE, FaultKind.SILENT_MIDWAY):
        async with opened(subject) as (model, emulator), conversation(model) as session:
            if emulator is None:
                return
            emulator.faults.add(Fault(kind, delay_s=60.0, after=3))
            asking = asyncio.create_task(read(session, QUESTION))
            await eventually(lambda: emulator.active_count == 1, "nothing was asked")
            await asyncio.sleep(0.02)
            asking.cancel()
            await asyncio.wait([asking], timeout=PATIENCE_S)
            await eventually(lambda: emulator.cancelled_count == 1, "the provider goes on")


async def each_fault_has_its_outcome(subject: Subject[LanguageModel]) -> None:
    """The right error with who failed, whether to try again and when; nothing hangs; the next answer is good."""
    for kind, outcome in subject.outcomes.items():
        async with opened(subject) as (model, emulator), conversation(model) as session:
            assert emulator is not None, "faults without a provider"
            emulator.faults.add(Fault(kind, delay_s=0.05, after=4, retry_after_s=2.0))
            outputs, failed = await attempted(session, kind, outcome)
            assert_outcome(kind, outcome, outputs, failed, model)
            if failed is not None and kind is FaultKind.RATE_LIMITED:
                assert failed.retry_after_ms == 2000, "when to come again was lost"
            assert text_of(await read(session, "Again")) == "You said: Again", f"{kind}: it does not work again"


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


def _last_body(emulator: Emulator) -> str:
    return json.dumps(emulator.seen[-1].body, ensure_ascii=False)
