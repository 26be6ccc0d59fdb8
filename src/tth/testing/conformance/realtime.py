"""What every realtime model's adapter must do. Tests: tests/adapters/realtime/test_conformance.py."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from tth.adapters.base import LlmInput, RealtimeModel, Speaker, TextPiece, Used, Utterance
from tth.errors import AdapterError
from tth.model.controls import Controls
from tth.model.media import SpeechChunk, WordTiming
from tth.testing.conformance.answers import (
    HISTORY,
    PERSONA,
    QUESTION,
    Output,
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
from tth.testing.conformance.subject import PATIENCE_S, Check, Subject, eventually, opened, told
from tth.testing.emulators.faults import Fault, FaultKind

STOP_S = 0.05
"""The contract's bound on letting go of a turn."""
_CONNECTION_FAULTS = (FaultKind.DISCONNECT, FaultKind.HALF_EVENT, FaultKind.EARLY_END, FaultKind.EXPIRED)


async def it_answers(subject: Subject[RealtimeModel]) -> None:
    """Text and sound, both whole, no piece empty, in 24 kHz mono of 16 bits; one count at most."""
    async with opened(subject) as (model, _), conversation(model) as session:
        outputs = await read(session, QUESTION)
        assert all(output.text for output in outputs if isinstance(output, TextPiece)), "a piece of text was empty"
        assert len([output for output in outputs if isinstance(output, Used)]) <= 1
        text, chunks = text_of(outputs), _chunks(outputs)
        assert not subject.echoes or text == f"You said: {QUESTION}", text
        assert chunks, "there was no sound"
        for chunk in chunks:
            assert chunk.pcm.dtype == np.int16
            assert chunk.pcm.ndim == 1
            assert len(chunk.pcm), "a chunk was empty"
        assert np.abs(np.concatenate([chunk.pcm for chunk in chunks]).astype(int)).max() > 0, "the sound is silence"


async def times_never_go_back(subject: Subject[RealtimeModel]) -> None:
    """Words and sounds, where there are any, come in order, count from the start of the reply, and none is told behind
    its sound; words stand in the text where they say."""
    async with opened(subject) as (model, _), conversation(model) as session:
        outputs = await read(session, QUESTION)
        text, at, last = text_of(outputs), 0, 0
        for chunk in _chunks(outputs):
            starts = [word.start_sample for word in chunk.words] + [sound.start_sample for sound in chunk.phonemes]
            assert min(starts, default=at) >= at, "told behind its sound"
            for word in chunk.words:
                assert word.start_sample >= last, "times go back"
                last = word.start_sample
                assert _stands(word, text), f"{word.word!r} is not there"
            at += len(chunk.pcm)


async def it_is_told_everything(subject: Subject[RealtimeModel]) -> None:
    """Persona, history and question reach the provider; so does the language."""
    async with opened(subject) as (model, emulator), conversation(model) as session:
        if emulator is None:
            return
        await read(session, "What is my name?", HISTORY)
        said = told(emulator)
        for text in (PERSONA.prompt, HISTORY[0].text, HISTORY[1].text, "What is my name?", "de-CH"):
            assert text in said, f"{text!r} was not told"


async def it_stops_after_any_output(subject: Subject[RealtimeModel]) -> None:
    """Closed after each number of outputs, within the contract's 50 ms: nothing of it comes with the next answer."""
    async with opened(subject) as (model, _), conversation(model) as session:
        count, loop = len(await read(session, QUESTION)), asyncio.get_running_loop()
        for stop_after in range(1, count + 1):
            this = turn(f"t_{stop_after}")
            stream = session.infer_stream(LlmInput(QUESTION, persona=PERSONA), Controls(), this)
            for _ in range(stop_after):
                await anext(stream)
            begun_s = loop.time()
            await stream.aclose()
            assert loop.time() - begun_s < STOP_S, "it does not let go"
            session.truncate(this.turn_id, 0, "")
            answer = text_of(await read(session, "And now?"))
            assert not subject.echoes or answer == "You said: And now?", answer


async def a_stop_ends_the_providers_work(subject: Subject[RealtimeModel]) -> None:
    """The provider is told that nobody listens any more, while the conversation goes on."""
    async with opened(subject) as (model, emulator), conversation(model) as session:
        if emulator is None:
            return
        await read(session, "Hello")
        emulator.faults.add(Fault(FaultKind.SLOW_FIRST_BYTE, delay_s=60.0))
        asking = asyncio.create_task(read(session, QUESTION))
        await eventually(lambda: emulator.active_count == 1, "nothing was asked")
        asking.cancel()
        await asyncio.wait([asking], timeout=PATIENCE_S)
        await eventually(lambda: emulator.cancelled_count == 1, "the provider goes on")
        await eventually(lambda: emulator.active_count == 0, "the provider goes on")


async def truncation_is_quiet(subject: Subject[RealtimeModel]) -> None:
    """Of any turn, known or not, at any time, again and with less: it never raises, and the next answer is good."""
    async with opened(subject) as (model, _), conversation(model) as session:
        session.truncate("t_0", 0, "")
        session.truncate("t_9", 24_000, "never said")
        whole = text_of(await read(session, "Hello"))
        for heard_samples in (10**9, 2400, 2400, 24, 0):
            heard_text = whole[: heard_samples // 400]
            session.truncate("t_1", heard_samples, heard_text)
            heard = (Utterance(Speaker.PERSON, heard_text, interrupted=True),) if heard_text else ()
            history = (Utterance(Speaker.USER, "Hello"), *heard)
            answer = text_of(await read(session, "Again", history, "t_2"))
            assert not subject.echoes or answer.endswith("Again"), answer


async def each_fault_has_its_outcome(subject: Subject[RealtimeModel]) -> None:
    """The right error with who failed and whether to try again; nothing hangs; the next conversation is good."""
    for kind, outcome in subject.outcomes.items():
        async with opened(subject) as (model, emulator):
            assert emulator is not None, "faults without a provider"
            emulator.faults.add(Fault(kind, delay_s=0.05, after=4, retry_after_s=2.0))
            async with conversation(model) as session:
                outputs, failed = await attempted(session, kind, outcome)
                assert_outcome(kind, outcome, outputs, failed, model)
            async with conversation(model) as session:
                assert text_of(await read(session, "Again")) == "You said: Again", f"{kind}: it does not work again"


async def a_lost_connection_is_made_good(subject: Subject[RealtimeModel]) -> None:
    """The next turn of the same conversation works, and the model knows what was said before."""
    for kind in _CONNECTION_FAULTS:
        if kind not in subject.outcomes:
            continue
        async with opened(subject) as (model, emulator), conversation(model) as session:
            assert emulator is not None
            history = list(HISTORY)
            await read(session, "Hello", tuple(history))
            history += [Utterance(Speaker.USER, "Hello"), Utterance(Speaker.PERSON, "You said: Hello")]
            emulator.faults.add(Fault(kind, after=3))
            try:
                await read(session, "Lost", tuple(history), "t_2")
            except AdapterError:
                session.truncate("t_2", 0, "")
            emulator.forget()
            answer = text_of(await read(session, "Again", (*history, Utterance(Speaker.USER, "Lost")), "t_3"))
            assert not subject.echoes or answer.endswith("Again"), answer
            said = told(emulator)
            for entry in history:
                assert entry.text in said, f"{kind}: {entry.text!r} was forgotten"


CHECKS: Sequence[Check[RealtimeModel]] = (
    it_answers,
    times_never_go_back,
    it_is_told_everything,
    conversations_do_not_mix,
    it_stops_after_any_output,
    it_stops_at_any_await,
    a_stop_ends_the_providers_work,
    truncation_is_quiet,
    each_fault_has_its_outcome,
    a_lost_connection_is_made_good,
    nothing_is_given_away,
    it_does_what_it_says,
)


def _chunks(outputs: Sequence[Output]) -> list[SpeechChunk]:
    return [output for output in outputs if isinstance(output, SpeechChunk)]


def _stands(word: WordTiming, text: str) -> bool:
    return text[word.offset : word.offset + len(word.word)] == word.word
