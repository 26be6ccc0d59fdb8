"""What every voice's adapter must do. Tests: tests/adapters/tts/test_conformance.py."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import cast

import numpy as np

from tth.adapters.base import SessionContext, TtsInput, TtsOutput, TtsSession, TurnContext, Used, Voice
from tth.errors import AdapterError
from tth.model.controls import Controls
from tth.model.media import Pcm, PhonemeTiming, SpeechChunk, WordTiming
from tth.testing.conformance.controls import each_control_does_what_is_said, each_emotion_is_another
from tth.testing.conformance.subject import PATIENCE_S, Check, Ending, Outcome, Subject, eventually, opened, told
from tth.testing.emulators.faults import Fault, FaultKind
from tth.testing.emulators.server import Emulator

TEXT = "Good morning to you, how are you today?"
OTHER_TEXT = "Something else entirely."
TURN = TurnContext("s_1", "t_1", 1, "en")
CONVERSATIONS = 8
TOLERANCE_SAMPLES = 2
"""How far a length may differ where sound is resampled."""
DITHER = 4
"""How far samples may differ there."""


async def it_speaks_in_our_format(subject: Subject[Voice]) -> None:
    """Chunks of int16 samples, none empty, that can be heard; words that stand where they say in the text."""
    async with _loaded(subject) as (_, _, session):
        outputs = await _outputs(session, TEXT)
        chunks = _chunks(outputs)
        assert chunks, "no sound for plain text"
        for chunk in chunks:
            assert chunk.pcm.dtype == np.int16, f"samples are {chunk.pcm.dtype}"
            assert chunk.pcm.ndim == 1, "sound is mono"
            assert len(chunk.pcm), "a chunk is empty"
            for word in chunk.words:
                assert TEXT[word.offset : word.offset + len(word.word)] == word.word, "a word is not at its offset"
        for used in (output for output in outputs if isinstance(output, Used)):
            counts = (used.input_tokens, used.output_tokens, used.cost_micro_usd)
            assert all(count is None or count >= 0 for count in counts), "less than nothing was used"
        assert np.abs(_sound(chunks)).max() > 300, "nothing is to be heard"


async def its_times_are_in_order(subject: Subject[Voice]) -> None:
    """Words and phonemes in order, without overlap, inside the sound; none tells of a moment that has left already.

    A voice that tells words tells all of them.
    """
    async with _loaded(subject) as (_, _, session):
        chunks = _chunks(await _outputs(session, TEXT))
        total = sum(len(chunk.pcm) for chunk in chunks)
        for kind in ("words", "phonemes"):
            known_to = position = 0
            for chunk in chunks:
                for timing in cast("tuple[WordTiming | PhonemeTiming, ...]", getattr(chunk, kind)):
                    assert timing.start_sample >= position, f"{kind}: told after it was spoken"
                    assert timing.start_sample >= known_to, f"{kind}: out of order"
                    assert timing.sample_count >= 0, f"{kind}: ends before it begins"
                    known_to = timing.start_sample + timing.sample_count
                position += len(chunk.pcm)
            assert known_to <= total, f"{kind}: ends {known_to - total} samples behind the sound"
        words = [word.word.strip(",?.") for chunk in chunks for word in chunk.words]
        assert words in ([], [word.strip(",?.") for word in TEXT.split()]), words


async def its_tail_is_flushed(subject: Subject[Voice]) -> None:
    """All of the sound comes, streamed or in a batch; from a provider all that it spoke."""
    async with _loaded(subject) as (_, provider, session):
        streamed = _sound(_chunks(await _outputs(session, TEXT)))
        batch = _sound(await session.infer_batch(TtsInput(TEXT), Controls(), TURN))
        _assert_same(streamed, batch, "a batch differs from the stream")
        if provider is not None:
            missing = len((await provider.speech.speak(TEXT)).pcm) - len(streamed)
            assert abs(missing) <= TOLERANCE_SAMPLES, f"{missing} samples of the provider's sound are missing"


async def nothing_to_say_is_no_sound(subject: Subject[Voice]) -> None:
    """Text without a letter is no error, and leaves the next clause as it is."""
    async with _loaded(subject) as (_, _, session):
        await _outputs(session, "...")
        assert _chunks(await _outputs(session, TEXT)), "no sound for plain text"


async def it_stops_at_any_await(subject: Subject[Voice]) -> None:
    """Cancelled after any number of turns of the loop, a clause ends soon, and the next one has nothing of it."""
    async with _loaded(subject) as (_, _, session):
        expected = _sound(_chunks(await _outputs(session, OTHER_TEXT)))
        steps, was_done = 0, False
        while not was_done:
            task = asyncio.create_task(_outputs(session, TEXT))
            for _ in range(steps):
                await asyncio.sleep(0)
            was_done = task.done()
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=PATIENCE_S)
            assert done, "it does not stop"
            assert task.cancelled() or task.exception() is None, task.exception()
            got = _sound(_chunks(await _outputs(session, OTHER_TEXT)))
            _assert_same(got, expected, f"a clause was cancelled after {steps} turns of the loop, and the next differs")
            steps += 1 + steps // 4


async def it_can_be_left_after_any_chunk(subject: Subject[Voice]) -> None:
    """A listener that goes away ends the provider's work; the next clause is whole."""
    async with _loaded(subject) as (_, provider, session):
        expected = _sound(_chunks(await _outputs(session, OTHER_TEXT)))
        for count in (1, 2, 5):
            async with aclosing(session.infer_stream(TtsInput(TEXT), Controls(), TURN)) as stream:
                for _ in range(count):
                    await anext(stream, None)
            _assert_same(_sound(_chunks(await _outputs(session, OTHER_TEXT))), expected, "what follows differs")
        if provider is not None:
            await eventually(lambda: provider.active_count == 0, "the provider works for nobody")


async def each_fault_has_its_outcome(subject: Subject[Voice]) -> None:
    """The right error with who failed and when to try again, and with nothing of key or text; what came before it is a
    beginning of the whole. Then all is well again."""
    for kind, outcome in subject.outcomes.items():
        async with _loaded(subject) as (voice, provider, session):
            assert provider is not None, "faults without a provider"
            expected = _sound(_chunks(await _outputs(session, TEXT)))
            provider.faults.add(Fault(kind, delay_s=0.05, after=1, retry_after_s=2.0))
            chunks: list[SpeechChunk] = []
            failed = await _failure(session, chunks, 0.3 if outcome is Ending.SILENT else PATIENCE_S)
            _assert_outcome(kind, outcome, failed)
            sound = _sound(chunks)
            _assert_same(sound, expected[: len(sound)], f"{kind}: what came before it is no beginning of the whole")
            assert len(sound) == len(expected) or outcome is not Ending.WHOLE, f"{kind}: something is missing"
            if isinstance(failed, AdapterError):
                assert (failed.role, failed.adapter) == (voice.role, voice.name), f"{kind}: {failed!r}"
                waits_ms = 2000 if kind is FaultKind.RATE_LIMITED else failed.retry_after_ms
                assert failed.retry_after_ms == waits_ms, f"{kind}: when to come again was lost"
                _assert_nothing_given_away(kind, failed, provider)
            assert not len(provider.faults), f"{kind}: did not happen"
            _assert_same(_sound(_chunks(await _outputs(session, TEXT))), expected, f"after {kind} the next differs")


async def conversations_do_not_mix(subject: Subject[Voice]) -> None:
    """Many at once, each with its own sound."""
    async with _loaded(subject) as (voice, _, session):
        texts = [TEXT, OTHER_TEXT] * (CONVERSATIONS // 2)
        expected = [_sound(_chunks(await _outputs(session, text))) for text in texts]

        async def talk(text: str) -> Pcm:
            async with _session(voice) as own:
                return _sound(_chunks(await _outputs(own, text)))

        async with asyncio.timeout(PATIENCE_S * 2), asyncio.TaskGroup() as group:
            tasks = [group.create_task(talk(text)) for text in texts]
        for task, sound in zip(tasks, expected, strict=True):
            _assert_same(task.result(), sound, "a conversation got another's sound")


async def it_does_what_it_says(subject: Subject[Voice]) -> None:
    """Each control that it claims changes the request, or the sound where nobody is asked, and no other one does;
    seven emotions are seven of them."""
    async with opened(subject) as (voice, provider):

        async def asked(control: Controls) -> str:
            """By the first clause of a new conversation."""
            if provider is not None:
                provider.forget()
            async with _session(voice) as session:
                sound = _sound(_chunks(await _outputs(session, TEXT, control)))
            return told(provider) if provider is not None else sound.tobytes().hex()

        await each_control_does_what_is_said(voice.capabilities, asked)
        await each_emotion_is_another(voice.capabilities, asked, by_request=provider is not None)


async def closing_ends_everything(subject: Subject[Voice]) -> None:
    """A voice that is closed in the middle of a clause leaves neither task nor connection (`opened` looks)."""
    async with opened(subject) as (voice, _):
        session = voice.open_session(SessionContext("s_1"))
        stream = session.infer_stream(TtsInput(TEXT), Controls(), TURN)
        await anext(stream)
        await stream.aclose()
        await session.aclose()


CHECKS: Sequence[Check[Voice]] = (
    it_speaks_in_our_format,
    its_times_are_in_order,
    its_tail_is_flushed,
    nothing_to_say_is_no_sound,
    it_stops_at_any_await,
    it_can_be_left_after_any_chunk,
    each_fault_has_its_outcome,
    conversations_do_not_mix,
    it_does_what_it_says,
    closing_ends_everything,
)


@asynccontextmanager
async def _loaded(subject: Subject[Voice]) -> AsyncIterator[tuple[Voice, Emulator | None, TtsSession]]:
    async with opened(subject) as (voice, provider), _session(voice) as session:
        yield voice, provider, session


@asynccontextmanager
async def _session(voice: Voice) -> AsyncIterator[TtsSession]:
    session = voice.open_session(SessionContext("s_1"))
    try:
        yield session
    finally:
        await session.aclose()
        await session.aclose()


async def _outputs(session: TtsSession, text: str, control: Controls | None = None) -> list[TtsOutput]:
    async with aclosing(session.infer_stream(TtsInput(text), control or Controls(), TURN)) as stream:
        return [output async for output in stream]


async def _failure(session: TtsSession, chunks: list[SpeechChunk], patience_s: float) -> Exception | None:
    """Speak into `chunks`; how it failed."""
    try:
        async with (
            asyncio.timeout(patience_s),
            aclosing(session.infer_stream(TtsInput(TEXT), Controls(), TURN)) as stream,
        ):
            async for output in stream:
                chunks.extend(_chunks([output]))
    except (AdapterError, TimeoutError) as error:
        return error
    return None


def _assert_outcome(kind: FaultKind, outcome: Outcome, failed: Exception | None) -> None:
    if outcome is Ending.SILENT:
        assert isinstance(failed, TimeoutError), f"{kind}: it did not wait: {failed!r}"
    elif isinstance(outcome, Ending):
        assert failed is None, f"{kind}: {failed!r}"
    else:
        assert type(failed) is outcome, f"{kind}: {failed!r} where {outcome.__name__} belongs"


def _assert_nothing_given_away(kind: FaultKind, error: AdapterError, provider: Emulator) -> None:
    shown = "".join(traceback.format_exception(error, chain=True)) + repr(error)
    assert provider.key not in shown, f"{kind}: the key is shown"
    assert not any(words in shown for words in ("Good morning to", "how are you")), f"{kind}: the text is shown"


def _chunks(outputs: Iterable[TtsOutput]) -> list[SpeechChunk]:
    return [output for output in outputs if isinstance(output, SpeechChunk)]


def _sound(chunks: Iterable[SpeechChunk]) -> Pcm:
    parts = [chunk.pcm for chunk in chunks]
    return np.concatenate(parts) if parts else np.zeros(0, np.int16)


def _assert_same(got: Pcm, expected: Pcm, wrong: str) -> None:
    assert len(got) == len(expected), f"{wrong}: {len(got)} samples in place of {len(expected)}"
    apart = int(np.abs(got.astype(int) - expected).max(initial=0))
    assert apart <= DITHER, f"{wrong}: samples differ by {apart}"
