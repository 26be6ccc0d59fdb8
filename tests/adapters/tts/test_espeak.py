"""The embedded voice, run for real and measured."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
import psutil
import pytest

from tth.adapters.base import Persona, Role, SessionContext, TtsInput, TurnContext
from tth.adapters.tts.espeak import CHUNK_SAMPLES, EspeakSession, EspeakVoice, Settings, build
from tth.errors import AdapterError, AdapterRejected, AdapterTimeout, AdapterUnavailable
from tth.model.controls import Controls, EmotionLabel
from tth.model.media import SAMPLE_RATE_HZ, Pcm, SpeechChunk
from tth.testing.sound import largest_step, mean_pitch_hz, speaking_s

pytestmark = pytest.mark.embedded

NEUTRAL = Controls()
SENTENCE = "We were away a year ago, and now we are all well and warm in a lonely valley."
LONG = SENTENCE + " Nobody hears this, because it is never finished."
unix_only = pytest.mark.skipif(sys.platform == "win32", reason="stops a process by a signal")


@asynccontextmanager
async def loaded(settings: Settings = Settings()) -> AsyncIterator[EspeakVoice]:  # noqa: B008
    voice = build(settings)
    await voice.load()
    try:
        yield voice
    finally:
        await voice.aclose()


def session_of(voice: EspeakVoice) -> EspeakSession:
    return voice.open_session(SessionContext("s"))


async def say(
    voice: EspeakVoice,
    text: str,
    controls: Controls = NEUTRAL,
    language: str = "en",
    persona: Persona = Persona("p"),
    is_last: bool = False,
) -> list[SpeechChunk]:
    context = TurnContext("s", "t", 0, language)
    return await session_of(voice).infer_batch(TtsInput(text, persona, is_last), controls, context)


def joined(chunks: list[SpeechChunk]) -> Pcm:
    return np.concatenate([chunk.pcm for chunk in chunks])


def run(*texts: str, controls: Controls = NEUTRAL, language: str = "en", last: bool = False) -> list[list[SpeechChunk]]:
    """Each text, spoken in order by one voice."""

    async def speak_all() -> list[list[SpeechChunk]]:
        async with loaded() as voice:
            return [await say(voice, text, controls, language, is_last=last) for text in texts]

    return asyncio.run(speak_all())


def with_voice(test: Callable[[EspeakVoice], Awaitable[None]], settings: Settings = Settings()) -> None:  # noqa: B008
    async def body() -> None:
        async with loaded(settings) as voice:
            await test(voice)

    asyncio.run(body())


def level_db(pcm: Pcm) -> float:
    return float(20 * np.log10(np.sqrt(np.mean((pcm / 32768.0) ** 2)) + 1e-9))


# What comes out


def test_chunks_are_forty_milliseconds() -> None:
    """All chunks but the last are one frame slot long, none is empty, and only the first carries timings."""
    (chunks,) = run(SENTENCE)
    assert {len(chunk.pcm) for chunk in chunks[:-1]} == {CHUNK_SAMPLES}
    assert 0 < len(chunks[-1].pcm) <= CHUNK_SAMPLES
    assert all(chunk.pcm.dtype == np.int16 for chunk in chunks)
    assert chunks[0].phonemes
    assert chunks[0].words
    assert not any(chunk.phonemes or chunk.words for chunk in chunks[1:])


def test_chunk_borders_do_not_click() -> None:
    """The steps across chunk borders are no larger than those inside; nor is the start or the end a step."""
    (chunks,) = run(SENTENCE)
    inside = max(largest_step(chunk.pcm) for chunk in chunks)
    borders = [np.array([a.pcm[-1], b.pcm[0]]) for a, b in itertools.pairwise(chunks)]
    assert max(largest_step(border) for border in borders) <= inside
    assert max(abs(int(chunks[0].pcm[0])), abs(int(chunks[-1].pcm[-1]))) < 50


def test_the_level_is_even() -> None:
    """A long and a short clause are within 2.5 dB of -20 dBFS where somebody speaks, with no sample above -1 dBFS."""
    for chunks in run(SENTENCE, "Yes!"):
        pcm = joined(chunks)
        words = np.concatenate([pcm[w.start_sample : w.start_sample + w.sample_count] for w in chunks[0].words])
        assert level_db(words) == pytest.approx(-20, abs=2.5)
        assert np.abs(pcm.astype(int)).max() <= 32768 * 10 ** (-1 / 20)


def test_speech_starts_at_once() -> None:
    """Not more than 15 ms pass before the first sound; the end of a turn is short."""
    (chunks,) = run("Hello there.", last=True)
    pcm = joined(chunks)
    loud = np.flatnonzero(np.abs(pcm) > 0.02 * np.abs(pcm).max())
    assert loud[0] < 15 * 24
    assert len(pcm) - loud[-1] < 200 * 24


def test_pauses_are_heard() -> None:
    """After a sentence there is more silence than after a comma, and it shrinks with the speed."""
    sentence, comma = run("We are all well.", "We are all well,")
    (fast,) = run("We are all well.", controls=Controls(speech_rate=2.0))

    def silence(chunks: list[SpeechChunk]) -> int:
        last = chunks[0].words[-1]
        return len(joined(chunks)) - last.start_sample - last.sample_count

    assert silence(sentence) > silence(comma) + 24 * 80
    assert silence(fast) < silence(sentence) * 0.75


def test_phonemes_are_in_order_inside_the_sound() -> None:
    """Sounds follow each other without overlap and without leaving the clause; speech has vowels and stress."""
    (chunks,) = run(SENTENCE)
    end = 0
    for phoneme in chunks[0].phonemes:
        assert phoneme.start_sample >= end
        assert phoneme.sample_count > 0
        end = phoneme.start_sample + phoneme.sample_count
    assert end <= len(joined(chunks))
    assert {phoneme.stress for phoneme in chunks[0].phonemes} >= {0, 2}
    assert not any(mark in phoneme.ipa for phoneme in chunks[0].phonemes for mark in "ˈˌ()0123456789")


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "“Well, it’s 3.5 miles — don’t worry!”", ["Well", "it’s", "3.5", "miles", "don’t", "worry"]),
        ("en", "of the people, by the people", ["of", "the", "people", "by", "the", "people"]),
        ("de", "Grüße, 21 Äpfel & -5 Birnen.", ["Grüße", "21", "Äpfel", "&", "5", "Birnen"]),
        ("fr", "L'été, c'est fini ? Aujourd'hui.", ["L'été", "c'est", "fini", "Aujourd'hui"]),
        ("es", "¿Cómo estás, cariño?", ["Cómo", "estás", "cariño"]),
        ("zh", "你好,我今天走了3.5公里。", [*"你好我今天走了", "3.5", *"公里"]),
        ("en", "Café 😀 naïve, at $5 or 1,000 … 12:30.", ["Café", "naïve", "at", "$5", "or", "1,000", "12:30"]),
    ],
)
def test_words_are_those_of_the_text(language: str, text: str, expected: list[str]) -> None:
    """Every word of the text is timed once, in order, without overlap, at its own offset."""
    (chunks,) = run(text, language=language)
    words = chunks[0].words
    assert [word.word for word in words] == expected
    assert all(text[word.offset : word.offset + len(word.word)] == word.word for word in words)
    assert all(word.sample_count > 0 for word in words)
    assert all(a.start_sample + a.sample_count <= b.start_sample for a, b in itertools.pairwise(words))
    assert words[-1].start_sample + words[-1].sample_count <= len(joined(chunks))


def test_words_are_louder_than_what_is_between() -> None:
    """Timings lie on the sound: in words there is 15 dB more than in the pauses."""
    (chunks,) = run("Yes, of course. Well, no, never.")
    pcm = joined(chunks)
    in_word = np.zeros(len(pcm), bool)
    for word in chunks[0].words:
        in_word[word.start_sample : word.start_sample + word.sample_count] = True
    assert level_db(pcm[in_word]) > level_db(pcm[~in_word]) + 15


@pytest.mark.parametrize(
    ("language", "text", "sounds"),
    [
        ("en", "The weather", {"ð"}),
        ("en-gb", "No, the hot bath", {"əʊ", "ɒ"}),
        ("de", "Ich möchte Bücher", {"ç", "yː"}),
        ("fr", "Bonjour, une rue", {"ɔ̃", "ʁ", "y"}),
        ("es", "Señor Rodríguez dice gracias", {"ɲ", "θ"}),
        ("zh", "你好,我知道。", {"ʈʂ", "χ"}),
    ],
)
def test_languages_have_their_own_sounds(language: str, text: str, sounds: set[str]) -> None:
    """Each language speaks sounds that the others have not."""
    (chunks,) = run(text, language=language)
    heard = {unicodedata.normalize("NFC", phoneme.ipa) for phoneme in chunks[0].phonemes}
    assert {unicodedata.normalize("NFC", sound) for sound in sounds} <= heard


def test_every_language_speaks() -> None:
    """Each language of the capabilities says something."""

    async def test(voice: EspeakVoice) -> None:
        for language in voice.capabilities.languages:
            chunks = await say(voice, "7 mama, мама", language=language)
            assert speaking_s(joined(chunks), SAMPLE_RATE_HZ) > 0.1, language

    with_voice(test)


@pytest.mark.parametrize("text", ["", "...", "?!", "😀🎉", "\x00\x01\x1b", "你好", "Привет", "***", "[[", "&"])
def test_the_unspeakable_yields_nothing(text: str) -> None:
    """Punctuation, emoji, control characters and scripts that the voice does not read make no chunk."""
    assert run(text) == [[]]


def test_markup_is_not_obeyed() -> None:
    """Phonemes in brackets, SSML and espeak's commands change nothing but words that are read as text."""
    plain, commanded, ssml, phonemes = run(
        "a high voice", "a \x0190P\x01+50S high voice", "a <break time='3s'/> high voice", "a [[oUoU]] high voice"
    )
    heights = [mean_pitch_hz(joined(chunks), SAMPLE_RATE_HZ) for chunks in (plain, commanded)]
    assert heights[1] == pytest.approx(heights[0], rel=0.15)
    assert [word.word for word in commanded[0].words] == ["a", "90P", "+50S", "high", "voice"]
    assert [word.word for word in ssml[0].words] == ["a", "break", "time=", "3s", "high", "voice"]
    assert [word.word for word in phonemes[0].words] == ["a", "oUoU", "high", "voice"]


def test_the_same_clause_is_the_same_sound() -> None:
    """Nothing said before changes a clause, not by a sample."""
    first, _, again = run(SENTENCE, "Something else, 42 times!", SENTENCE)
    np.testing.assert_array_equal(joined(first), joined(again))
    assert first[0].phonemes == again[0].phonemes


@unix_only
def test_the_noise_does_not_follow_the_clock() -> None:
    """espeak seeds its noise with the time of day; here every copy of the library starts with the same seed."""
    script = (
        "import ctypes, espeakng_loader, numpy\n"
        "from tth.adapters.tts.espeak_library import SEED, Library\n"
        "def speak(library):\n"
        "    return library.speak('She sells fish.', 'en-us+f3', 175, 50, 50, lambda: False).pcm\n"
        "library = Library()\n"
        "as_it_is = speak(library)\n"
        "library.close()\n"
        "library = Library()\n"
        "ctypes.CDLL(espeakng_loader.get_library_path()).espeak_ng_SetRandSeed(SEED)\n"
        "numpy.testing.assert_array_equal(as_it_is, speak(library))\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)


def test_an_overlong_clause_is_fine() -> None:
    """1,500 code points are spoken with all their words."""
    text = "word and " * 170
    (chunks,) = run(text, controls=Controls(speech_rate=3.0))
    assert [word.word for word in chunks[0].words] == text.split()


# Controls


@pytest.mark.parametrize("rate", [0.25, 0.5, 0.8, 1.25, 2.0, 4.0])
def test_speech_rate_is_heard(rate: float) -> None:
    """The duration follows the rate within 10 %."""
    (normal,), (changed,) = run(SENTENCE), run(SENTENCE, controls=Controls(speech_rate=rate))
    ratio = speaking_s(joined(normal), SAMPLE_RATE_HZ) / speaking_s(joined(changed), SAMPLE_RATE_HZ)
    assert ratio == pytest.approx(rate, rel=0.1)


@pytest.mark.parametrize("shift", [-1.0, -0.5, 0.5, 1.0])
def test_pitch_shift_is_heard(shift: float) -> None:
    """One is an octave, within a semitone and a half, at the same duration within 10 %."""
    (normal,), (changed,) = run(SENTENCE), run(SENTENCE, controls=Controls(pitch_shift=shift))
    heights = [mean_pitch_hz(joined(chunks), SAMPLE_RATE_HZ) for chunks in (normal, changed)]
    assert np.log2(heights[1] / heights[0]) == pytest.approx(shift, abs=0.125)
    durations = [speaking_s(joined(chunks), SAMPLE_RATE_HZ) for chunks in (normal, changed)]
    assert durations[1] == pytest.approx(durations[0], rel=0.1)


def test_emotions_are_heard() -> None:
    """Anger is louder than sadness and faster; surprise is higher than both."""
    heard = {
        label: joined(run(SENTENCE, controls=Controls(emotion_label=label, emotion_intensity=1.0))[0])
        for label in (EmotionLabel.ANGRY, EmotionLabel.SAD, EmotionLabel.SURPRISED)
    }
    angry, sad, surprised = heard.values()
    assert level_db(angry) > level_db(sad) + 5
    assert len(angry) < 0.8 * len(sad)
    assert mean_pitch_hz(surprised, SAMPLE_RATE_HZ) > 1.2 * mean_pitch_hz(angry, SAMPLE_RATE_HZ)


def test_personas_have_their_voices() -> None:
    """A man's variant is lower than a woman's; an unknown variant is refused by name of reason."""

    async def test(voice: EspeakVoice) -> None:
        man, woman, nobody = (Persona(name, voices={"espeak": name}) for name in ("m3", "f3", "nosuch"))
        low, high = [joined(await say(voice, SENTENCE, persona=persona)) for persona in (man, woman)]
        assert mean_pitch_hz(high, SAMPLE_RATE_HZ) > 1.5 * mean_pitch_hz(low, SAMPLE_RATE_HZ)
        with pytest.raises(AdapterRejected) as caught:
            await say(voice, SENTENCE, persona=nobody)
        assert caught.value.reason == "VOICE_UNKNOWN"
        assert await say(voice, "Still here.")

    with_voice(test)


def test_an_unknown_language_is_refused() -> None:
    """Rather than spoken with the sounds of another."""

    async def test(voice: EspeakVoice) -> None:
        with pytest.raises(AdapterRejected) as caught:
            await say(voice, "nuqneH", language="tlh")
        assert (caught.value.reason, caught.value.role, caught.value.adapter) == (
            "LANGUAGE_UNSUPPORTED",
            "tts",
            "espeak",
        )

    with_voice(test)


# The process


@unix_only
def test_a_cancelled_clause_leaves_a_clean_voice() -> None:
    """Cancelled while the worker is busy: the next clause is whole and only itself."""

    async def test(voice: EspeakVoice) -> None:
        expected = joined(await say(voice, "Next."))
        pids = voice.worker_pids
        os.kill(pids[0], signal.SIGSTOP)
        task = asyncio.create_task(say(voice, LONG))
        for _ in range(10):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        os.kill(pids[0], signal.SIGCONT)
        np.testing.assert_array_equal(joined(await say(voice, "Next.")), expected)
        assert voice.worker_pids == pids

    with_voice(test)


def test_many_cancelled_clauses_leave_a_clean_voice() -> None:
    """Cancelled after any number of steps, also in the middle of an answer: nothing stale gets through."""

    async def test(voice: EspeakVoice) -> None:
        expected = joined(await say(voice, "Next."))
        pids = voice.worker_pids
        for steps in range(0, 60, 3):
            task = asyncio.create_task(say(voice, LONG * 3))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        np.testing.assert_array_equal(joined(await say(voice, "Next.")), expected)
        assert voice.worker_pids == pids

    with_voice(test)


def test_a_stream_left_early_holds_no_worker() -> None:
    """Who stops listening after the first chunk does not keep others waiting."""

    async def test(voice: EspeakVoice) -> None:
        stream = session_of(voice).infer_stream(TtsInput(SENTENCE), NEUTRAL, TurnContext("s", "t", 0))
        await anext(stream)
        assert await say(voice, "Next.")
        await stream.aclose()

    with_voice(test)


@unix_only
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_killed_worker_fails_its_clause_only(loop: str) -> None:
    """The clause in flight fails as unavailable; the next one has a fresh worker and sounds as ever."""

    async def test(voice: EspeakVoice) -> None:
        expected = joined(await say(voice, "Next."))
        (pid,) = voice.worker_pids
        os.kill(pid, signal.SIGSTOP)
        task = asyncio.create_task(say(voice, LONG))
        for _ in range(10):
            await asyncio.sleep(0)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(AdapterUnavailable):
            await task
        np.testing.assert_array_equal(joined(await say(voice, "Next.")), expected)
        assert voice.worker_pids != (pid,)

    async def body() -> None:
        async with loaded() as voice:
            await test(voice)

    loop_factory = pytest.importorskip("uvloop").new_event_loop if loop == "uvloop" else None
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(body())


def test_a_worker_that_died_idle_is_replaced() -> None:
    """Once its end is seen, the next clause does not even notice."""

    async def test(voice: EspeakVoice) -> None:
        (pid,) = voice.worker_pids
        psutil.Process(pid).kill()
        while voice.worker_pids:  # noqa: ASYNC110
            await asyncio.sleep(0)
        health = await voice.health()
        assert (health.ok, health.detail) == (True, "0 of 1 workers running")
        assert await say(voice, "Next.")

    with_voice(test)


@unix_only
def test_a_hanging_worker_is_replaced() -> None:
    """Past the deadline the clause fails as timed out, the process is gone, and the next clause works."""

    async def test(voice: EspeakVoice) -> None:
        (pid,) = voice.worker_pids
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(AdapterTimeout):
            await say(voice, "Hi")
        assert not psutil.pid_exists(pid)

    with_voice(test, Settings(timeout_s=0.2))


@unix_only
def test_waiting_for_a_worker_has_a_deadline() -> None:
    """Who gets no worker in time is told so; nobody is killed for it."""

    async def test(voice: EspeakVoice) -> None:
        (pid,) = voice.worker_pids
        os.kill(pid, signal.SIGSTOP)
        first = asyncio.create_task(say(voice, LONG * 10))
        await asyncio.sleep(0)
        with pytest.raises(AdapterTimeout, match="no free worker"):
            await say(voice, "Hi")
        os.kill(pid, signal.SIGCONT)
        assert await first

    with_voice(test, Settings(timeout_s=0.5))


def test_first_come_first_served() -> None:
    """Clauses that ask at the same time are answered in their order."""

    async def test(voice: EspeakVoice) -> None:
        order: list[int] = []

        async def one(number: int) -> None:
            await say(voice, f"Number {number}.")
            order.append(number)

        async with asyncio.TaskGroup() as tasks:
            for number in range(8):
                tasks.create_task(one(number))
        assert order == list(range(8))

    with_voice(test)


def test_several_workers() -> None:
    """Each has a process of its own, all are used, and all end with the adapter."""

    async def test() -> None:
        async with loaded(Settings(processes=2)) as voice:
            await voice.warmup()
            pids = voice.worker_pids
            assert len(set(pids)) == 2
            answers = await asyncio.gather(*(say(voice, SENTENCE) for _ in range(6)))
            assert all(np.array_equal(joined(answer), joined(answers[0])) for answer in answers)
        assert not any(psutil.pid_exists(pid) for pid in pids)
        await voice.aclose()
        with pytest.raises(AdapterUnavailable, match="not loaded"):
            await say(voice, "Hi")

    asyncio.run(test())


@unix_only
@pytest.mark.parametrize("ending", ["os.kill(os.getpid(), 9)", "os._exit(0)", "sys.exit()"])
def test_no_worker_outlives_its_server(ending: str) -> None:
    """However the parent ends, killed or with its loop torn down, the worker ends too."""
    script = (
        "import asyncio, os, sys\n"
        "from tth.adapters.tts.espeak import Settings, build\n"
        "async def main():\n"
        "    voice = build(Settings())\n"
        "    await voice.load()\n"
        "    print(voice.worker_pids[0], flush=True)\n"
        f"    {ending}\n"
        "asyncio.run(main())\n"
    )
    parent = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=30)
    pid = int(parent.stdout)
    if psutil.pid_exists(pid):
        psutil.wait_procs([psutil.Process(pid)], timeout=10)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_the_worker_imports_nothing_heavy() -> None:
    """What is slow to import would be paid at each restart."""
    code = "import sys, tth.adapters.tts.espeak_worker; print(*sys.modules)"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30).stdout
    assert not {"scipy", "grpc", "numba", "cv2", "av", "google.protobuf", "asyncio"} & set(output.split())


def test_a_worker_that_does_not_start_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken Python gives the error at load, and leaves nothing behind."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    voice = build(Settings())
    with pytest.raises(AdapterUnavailable):
        asyncio.run(voice.load())
    assert voice.worker_pids == ()


def test_errors_hold_no_text() -> None:
    """What a user said is in no error message."""

    async def test(voice: EspeakVoice) -> None:
        await voice.aclose()
        with pytest.raises(AdapterError) as caught:
            await say(voice, "my secret")
        assert "secret" not in str(caught.value)

    with_voice(test)


@pytest.mark.parametrize("change", [{"processes": 0}, {"processes": 9}, {"timeout_s": 0.0}, {"start_timeout_s": -1.0}])
def test_settings_are_checked(change: dict[str, float]) -> None:
    """A value that cannot work is refused when it is made."""
    with pytest.raises(ValueError, match="must be"):
        replace(Settings(), **change)  # type: ignore[arg-type]


def test_the_adapter_says_what_it_is() -> None:
    """Name, role and controls as the registry and the control report read them."""
    voice = build(Settings())
    assert (voice.name, voice.role) == ("espeak", Role.TTS)
    assert {"en", "en-us", "en-gb", "de", "fr", "es", "zh", "cmn"} <= set(voice.capabilities.languages)
    assert {"emotion.label", "character.speech_rate", "character.pitch_shift"} <= set(voice.capabilities.controls)
