"""What every realtime model's adapter must do. Tests: tests/adapters/realtime/test_conformance.py."""

from __future__ import annotations

import asyncio
import json
import random
import traceback
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

import numpy as np

from tth.adapters.base import (
    LlmInput,
    Persona,
    RealtimeModel,
    RealtimeOutput,
    RealtimeSession,
    SessionContext,
    Speaker,
    Support,
    TextPiece,
    TurnContext,
    Used,
    Utterance,
)
from tth.errors import AdapterError
from tth.model.controls import BY_PATH, Controls, EmotionLabel
from tth.model.media import SpeechChunk, WordTiming
from tth.testing.conformance.subject import PATIENCE_S, Check, Ending, Subject, eventually, logged, opened
from tth.testing.emulators.faults import Fault, FaultKind
from tth.testing.emulators.server import Emulator

QUESTION = "Will the Straße to Zürich be open at nine tomorrow?"
PERSONA = Persona("anna", prompt="You are Anna, who was never mentioned elsewhere.")
HISTORY = (Utterance(Speaker.USER, "My name is Tim."), Utterance(Speaker.PERSON, "Good to meet", interrupted=True))
RANDOM_CANCELS = 25
CONVERSATIONS = 10
STOP_S = 0.05
"""The contract's bound on letting go of a turn."""
_CONNECTION_FAULTS = (FaultKind.DISCONNECT, FaultKind.HALF_EVENT, FaultKind.EARLY_END, FaultKind.EXPIRED)
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
"""Controls that a speaking model could be told of, each in two values."""


async def it_answers(subject: Subject[RealtimeModel]) -> None:
    """Text and sound, both whole, no piece empty, in 24 kHz mono of 16 bits; one count at most."""
    async with opened(subject) as (model, _), _session(model) as session:
        outputs = await _read(session, QUESTION)
        assert all(output.text for output in outputs if isinstance(output, TextPiece)), "a piece of text was empty"
        assert len([output for output in outputs if isinstance(output, Used)]) <= 1
        text, chunks = _text(outputs), _chunks(outputs)
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
    async with opened(subject) as (model, _), _session(model) as session:
        outputs = await _read(session, QUESTION)
        text, at, last = _text(outputs), 0, 0
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
    async with opened(subject) as (model, emulator), _session(model) as session:
        if emulator is None:
            return
        await _read(session, "What is my name?", HISTORY)
        told = _told(emulator)
        for text in (PERSONA.prompt, HISTORY[0].text, HISTORY[1].text, "What is my name?", "de-CH"):
            assert text in told, f"{text!r} was not told"


async def conversations_do_not_mix(subject: Subject[RealtimeModel]) -> None:
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


async def it_stops_after_any_output(subject: Subject[RealtimeModel]) -> None:
    """Closed after each number of outputs, within the contract's 50 ms: nothing of it comes with the next answer."""
    async with opened(subject) as (model, _), _session(model) as session:
        count, loop = len(await _read(session, QUESTION)), asyncio.get_running_loop()
        for stop_after in range(1, count + 1):
            turn = _turn(f"t_{stop_after}")
            stream = session.infer_stream(LlmInput(QUESTION, persona=PERSONA), Controls(), turn)
            for _ in range(stop_after):
                await anext(stream)
            begun_s = loop.time()
            await stream.aclose()
            assert loop.time() - begun_s < STOP_S, "it does not let go"
            session.truncate(turn.turn_id, 0, "")
            answer = _text(await _read(session, "And now?"))
            assert not subject.echoes or answer == "You said: And now?", answer


async def it_stops_at_any_await(subject: Subject[RealtimeModel]) -> None:
    """Cancelled at random moments from the first on: it ends at once by CancelledError, and works again."""
    async with opened(subject) as (model, _), _session(model) as session:
        chance = random.Random(7)
        for number in range(RANDOM_CANCELS):
            asking = asyncio.create_task(_read(session, "Something else entirely"))
            for _ in range(number if number < RANDOM_CANCELS // 2 else chance.randrange(200)):
                await asyncio.sleep(0)
            asking.cancel()
            done, _ = await asyncio.wait([asking], timeout=PATIENCE_S)
            assert done, "it does not stop"
            assert asking.cancelled() or asking.exception() is None, asking.exception()
            session.truncate("t_1", 0, "")
        assert _text(await _read(session, "Again")) == _text(await _read(session, "Again"))


async def a_stop_ends_the_providers_work(subject: Subject[RealtimeModel]) -> None:
    """The provider is told that nobody listens any more, while the conversation goes on."""
    async with opened(subject) as (model, emulator), _session(model) as session:
        if emulator is None:
            return
        await _read(session, "Hello")
        emulator.faults.add(Fault(FaultKind.SLOW_FIRST_BYTE, delay_s=60.0))
        asking = asyncio.create_task(_read(session, QUESTION))
        await eventually(lambda: emulator.active_count == 1, "nothing was asked")
        asking.cancel()
        await asyncio.wait([asking], timeout=PATIENCE_S)
        await eventually(lambda: emulator.cancelled_count == 1, "the provider goes on")
        await eventually(lambda: emulator.active_count == 0, "the provider goes on")


async def truncation_is_quiet(subject: Subject[RealtimeModel]) -> None:
    """Of any turn, known or not, at any time, again and with less: it never raises, and the next answer is good."""
    async with opened(subject) as (model, _), _session(model) as session:
        session.truncate("t_0", 0, "")
        session.truncate("t_9", 24_000, "never said")
        whole = _text(await _read(session, "Hello"))
        for heard_samples in (10**9, 2400, 2400, 24, 0):
            heard_text = whole[: heard_samples // 400]
            session.truncate("t_1", heard_samples, heard_text)
            heard = (Utterance(Speaker.PERSON, heard_text, interrupted=True),) if heard_text else ()
            history = (Utterance(Speaker.USER, "Hello"), *heard)
            answer = _text(await _read(session, "Again", history, "t_2"))
            assert not subject.echoes or answer.endswith("Again"), answer


async def each_fault_has_its_outcome(subject: Subject[RealtimeModel]) -> None:
    """The right error with who failed and whether to try again; nothing hangs; the next answer is good."""
    for kind, outcome in subject.outcomes.items():
        async with opened(subject) as (model, emulator):
            assert emulator is not None, "faults without a provider"
            emulator.faults.add(Fault(kind, delay_s=0.05, after=4, retry_after_s=2.0))
            failed: AdapterError | None = None
            outputs: list[RealtimeOutput] = []
            async with _session(model) as session:
                try:
                    async with asyncio.timeout(0.3 if outcome is Ending.SILENT else PATIENCE_S):
                        outputs = await _read(session, QUESTION)
                except AdapterError as error:
                    failed = error
                except TimeoutError:
                    assert outcome is Ending.SILENT, f"{kind}: it hangs"
                if isinstance(outcome, Ending):
                    assert failed is None, f"{kind}: {failed}"
                    if outcome is Ending.WHOLE:
                        assert _text(outputs) == f"You said: {QUESTION}", f"{kind}: {_text(outputs)}"
                else:
                    assert type(failed) is outcome, f"{kind}: {failed!r} where {outcome.__name__} belongs"
                    assert (failed.role, failed.adapter) == (model.role, model.name)
                    assert failed.retryable or failed.retry_after_ms is None
            async with _session(model) as session:
                assert _text(await _read(session, "Again")) == "You said: Again", f"{kind}: it does not work again"


async def a_lost_connection_is_made_good(subject: Subject[RealtimeModel]) -> None:
    """The next turn of the same conversation works, and the model knows what was said before."""
    for kind in _CONNECTION_FAULTS:
        if kind not in subject.outcomes:
            continue
        async with opened(subject) as (model, emulator), _session(model) as session:
            assert emulator is not None
            history = list(HISTORY)
            await _read(session, "Hello", tuple(history))
            history += [Utterance(Speaker.USER, "Hello"), Utterance(Speaker.PERSON, "You said: Hello")]
            emulator.faults.add(Fault(kind, after=3))
            try:
                await _read(session, "Lost", tuple(history), "t_2")
            except AdapterError:
                session.truncate("t_2", 0, "")
            emulator.forget()
            answer = _text(await _read(session, "Again", (*history, Utterance(Speaker.USER, "Lost")), "t_3"))
            assert not subject.echoes or answer.endswith("Again"), answer
            told = _told(emulator)
            for entry in history:
                assert entry.text in told, f"{kind}: {entry.text!r} was forgotten"


async def nothing_is_given_away(subject: Subject[RealtimeModel]) -> None:
    """Neither key nor the user's words stand in an error, in what it came from, or in a log."""
    for kind, outcome in subject.outcomes.items():
        if isinstance(outcome, Ending):
            continue
        with logged() as lines:
            async with opened(subject) as (model, emulator), _session(model) as session:
                assert emulator is not None
                emulator.faults.add(Fault(kind, delay_s=0.05, after=4))
                try:
                    await _read(session, QUESTION)
                except AdapterError as error:
                    shown = "".join(traceback.format_exception(error, chain=True))
                    said = [str(error), repr(error), shown]
                    assert not [text for text in said if emulator.key in text], f"{kind}: the key is shown"
                    assert not [text for text in said if "Zürich" in text], f"{kind}: the user's words are shown"
            assert not [text for text in lines if emulator.key in text or "Zürich" in text], f"{kind}: logged"


async def it_does_what_it_says(subject: Subject[RealtimeModel]) -> None:
    """Each control that it claims changes what the provider is asked, and no other one does."""
    async with opened(subject) as (model, emulator):
        if emulator is None:
            return
        for path, (before, after) in _MOVED.items():
            asked = [await _told_for(model, emulator, control) for control in (before, after)]
            claimed = model.capabilities.controls.get(path)
            is_claimed = claimed is not None and claimed.support is not Support.NONE
            assert (asked[0] != asked[1]) == is_claimed, path
            assert claimed is None or is_claimed or claimed.reason, f"{path}: why not is not said"
            assert path in BY_PATH


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


@asynccontextmanager
async def _session(model: RealtimeModel) -> AsyncIterator[RealtimeSession]:
    session = model.open_session(SessionContext("s_1"))
    try:
        yield session
    finally:
        await session.aclose()
        await session.aclose()


async def _read(
    session: RealtimeSession, text: str, history: tuple[Utterance, ...] = (), turn_id: str = "t_1"
) -> list[RealtimeOutput]:
    """Everything of one answer."""
    prompt = LlmInput(text, history, PERSONA)
    async with aclosing(session.infer_stream(prompt, Controls(), _turn(turn_id))) as stream:
        return [output async for output in stream]


async def _told_for(model: RealtimeModel, emulator: Emulator, control: Controls) -> str:
    """What the first turn of a new conversation tells the provider."""
    emulator.forget()
    async with _session(model) as session:
        prompt = LlmInput(QUESTION, persona=PERSONA)
        async with aclosing(session.infer_stream(prompt, control, _turn())) as stream:
            async for _ in stream:
                pass
    return _told(emulator)


def _told(emulator: Emulator) -> str:
    return json.dumps(emulator.told(), ensure_ascii=False)


def _text(outputs: Sequence[RealtimeOutput]) -> str:
    return "".join(output.text for output in outputs if isinstance(output, TextPiece))


def _chunks(outputs: Sequence[RealtimeOutput]) -> list[SpeechChunk]:
    return [output for output in outputs if isinstance(output, SpeechChunk)]


def _stands(word: WordTiming, text: str) -> bool:
    return text[word.offset : word.offset + len(word.word)] == word.word


def _turn(turn_id: str = "t_1") -> TurnContext:
    return TurnContext("s_1", turn_id, 1, "de-CH")
