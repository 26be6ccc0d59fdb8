"""OpenAI's speech: what is asked, and how answers of all kinds are read. What all voices do: test_conformance.py."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from tests.adapters.outcomes import KEY
from tth.adapters.base import Persona, SessionContext, Support, TtsInput, TtsOutput, TurnContext, Used
from tth.adapters.tts.openai_tts import (
    CompatibleSettings,
    OpenAiVoice,
    Settings,
    SpeechSettings,
    build,
    build_compatible,
)
from tth.errors import AdapterAuthFailed, AdapterProtocolError, AdapterRejected, AdapterUnavailable
from tth.model.controls import Controls, EmotionLabel
from tth.model.media import Pcm, SpeechChunk
from tth.model.secret import Secret
from tth.testing.conformance.subject import eventually
from tth.testing.emulators.faults import Fault, FaultKind
from tth.testing.emulators.openai import OpenAiEmulator
from tth.testing.emulators.openai_speech import SpeechDialect
from tth.testing.emulators.server import Emulator
from tth.testing.scripted import tone

pytestmark = pytest.mark.server

TEXT = "Good day to you"
SETTINGS = Settings(api_key=Secret(KEY))
TURN = TurnContext("s_1", "t_1", 1)


async def outputs(voice: OpenAiVoice, clause: TtsInput, control: Controls) -> list[TtsOutput]:
    stream = voice.open_session(SessionContext("s_1")).infer_stream(clause, control, TURN)
    return [output async for output in stream]


def body_of(settings: SpeechSettings, control: Controls = Controls(), persona: Persona = Persona("default")) -> Any:
    """What is asked for a clause."""

    async def main() -> Any:
        dialect = SpeechDialect(is_strict=isinstance(settings, Settings))
        async with OpenAiEmulator(key=KEY, speech_dialect=dialect).running() as emulator:
            made = replace(settings, base_url=emulator.base_url)
            voice = build(made) if isinstance(made, Settings) else build_compatible(made)  # type: ignore[arg-type]
            try:
                await outputs(voice, TtsInput(TEXT, persona), control)
            finally:
                await voice.aclose()
            return emulator.seen[-1].body

    return asyncio.run(main())


def test_what_is_asked_by_default() -> None:
    """Nothing beyond what was said."""
    assert body_of(SETTINGS) == {
        "model": "gpt-4o-mini-tts",
        "input": TEXT,
        "voice": "marin",
        "response_format": "pcm",
        "stream_format": "sse",
    }


def test_a_persona_brings_its_voice() -> None:
    """By this adapter's name; one for another adapter does not count."""
    assert body_of(SETTINGS, persona=Persona("a", voices={"openai_tts": "cedar"}))["voice"] == "cedar"
    assert body_of(SETTINGS, persona=Persona("a", voices={"espeak": "f1"}))["voice"] == "marin"
    plain = CompatibleSettings(api_key=Secret(KEY), response_format="wav")
    persona = Persona("a", voices={"openai_compatible": "bf_emma", "openai_tts": "cedar"})
    assert body_of(plain, persona=persona)["voice"] == "bf_emma"


def test_manner_in_words() -> None:
    """The pace is not asked for in words: it is done to the sound, exactly."""
    body = body_of(SETTINGS, Controls(emotion_label=EmotionLabel.SAD, speech_rate=0.8))
    assert "sad" in body["instructions"]
    assert "0.8" not in body["instructions"]
    assert "speed" not in body


def test_an_old_model_takes_a_number() -> None:
    """And no words."""
    old = replace(SETTINGS, model="tts-1", voice="nova", stream_format=None, takes_speed=True, takes_instructions=False)
    body = body_of(old, Controls(emotion_label=EmotionLabel.SAD, speech_rate=1.5))
    assert body["speed"] == 1.5
    assert "instructions" not in body
    controls = build(old).capabilities.controls
    assert controls["character.speech_rate"].support is Support.NATIVE
    assert controls["emotion.label"].support is Support.NONE
    assert controls["emotion.label"].reason


def with_answer(
    answer: Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]],
    settings: SpeechSettings = SETTINGS,
    text: str = "Hi",
) -> list[TtsOutput]:
    """What the adapter makes of this answer."""

    class Once(Emulator):
        def add_routes(self, router: web.UrlDispatcher) -> None:
            router.add_post("/v1/audio/speech", answer)

    async def main() -> list[TtsOutput]:
        async with Once().running() as server:
            made = replace(settings, base_url=f"{server.url}/v1")
            voice = build(made) if isinstance(made, Settings) else build_compatible(made)  # type: ignore[arg-type]
            try:
                return await outputs(voice, TtsInput(text), Controls())
            finally:
                await voice.aclose()

    return asyncio.run(main())


def sound(found: list[TtsOutput]) -> Pcm:
    return np.concatenate([output.pcm for output in found if isinstance(output, SpeechChunk)])


SOUND = tone(120).pcm


def delta(pcm: Pcm, field: str = "audio") -> bytes:
    audio = base64.b64encode(pcm.tobytes()).decode()
    return f'data: {{"type":"speech.audio.delta","{field}":"{audio}"}}\r\n\r\n'.encode()


DONE = b'data: {"type":"speech.audio.done","usage":{"input_tokens":14,"output_tokens":101,"total_tokens":115}}\r\n\r\n'


def body(kind: str, *parts: bytes) -> Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"".join(parts), headers={"content-type": kind})

    return answer


@pytest.mark.parametrize(
    "parts",
    [
        (delta(SOUND), DONE, b"data: [DONE]\r\n\r\n"),
        (delta(SOUND[:1001]), delta(SOUND[1001:], "delta"), DONE),
        (b"event: speech.audio.delta\n" + delta(SOUND).replace(b'"type":"speech.audio.delta",', b""), DONE),
    ],
    ids=["with [DONE]", "without, in parts, the other field's name", "type in the event's name"],
)
def test_events_tell_what_was_used(parts: tuple[bytes, ...]) -> None:
    """The prices are the configuration's."""
    priced = replace(SETTINGS, input_usd_per_million_tokens=0.6, output_usd_per_million_tokens=12.0)
    found = with_answer(body("text/event-stream; charset=utf-8", *parts), priced)
    assert sound(found).tolist() == SOUND.tolist()
    assert found[-1] == Used(14, 101, round(14 * 0.6 + 101 * 12))
    assert with_answer(body("text/event-stream", *parts))[-1] == Used(14, 101, None)


@pytest.mark.parametrize("kind", ["audio/pcm", "application/octet-stream", "audio/pcm; rate=24000", "audio/wav"])
def test_the_answer_is_read_as_what_it_is(kind: str) -> None:
    """Servers ignore that events were asked for."""
    assert sound(with_answer(body(kind, SOUND.tobytes()))).tolist() == SOUND.tolist()


@pytest.mark.parametrize(
    ("kind", "data", "error"),
    [
        ("application/json", b'{"error":{"message":"Hi","code":"server_error"}}', AdapterUnavailable),
        ("application/json", b'{"detail":"Hi there"}', AdapterUnavailable),
        ("application/json", b'{"error":{"code":400,"type":"BadRequestError"}}', AdapterRejected),
        ("application/json", b"oops", AdapterProtocolError),
        ("audio/mpeg", b"ID3...", AdapterProtocolError),
        ("audio/pcm", b"", AdapterUnavailable),
        ("audio/wav", b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x03\0\x01\0" + bytes(24), AdapterProtocolError),
        ("text/event-stream", delta(SOUND), AdapterUnavailable),
        ("text/event-stream", delta(SOUND) + b"data: [DONE]\n\n", AdapterUnavailable),
        ("text/event-stream", delta(SOUND) + b'data: {"type":"speech.audio.error"}\n\n', AdapterUnavailable),
        ("text/event-stream", b'data: {"type":"speech.audio.delta","audio":"*"}\n\n', AdapterProtocolError),
        ("text/event-stream", b'data: {"type":"speech.audio.delta","audio":7}\n\n', AdapterProtocolError),
    ],
)
def test_good_status_bad_answer(kind: str, data: bytes, error: type[Exception]) -> None:
    """An error; nothing of the body stands in it."""
    with pytest.raises(error) as failed:
        with_answer(body(kind, data))
    assert "Hi" not in str(failed.value)


def test_the_end_of_openais_speech_is_told() -> None:
    """Whoever starts a server then learns why."""

    async def main() -> None:
        async with OpenAiEmulator(key=KEY).running() as emulator:
            voice = build(replace(SETTINGS, base_url=emulator.base_url))
            emulator.faults.add(FaultKind.MODEL_NOT_FOUND)
            with pytest.raises(AdapterRejected, match=r"model_not_found.*2027-01-06"):
                await outputs(voice, TtsInput(TEXT), Controls())
            await voice.aclose()

    asyncio.run(main())


def test_warmup() -> None:
    """A refused key is told at start with its variable, and the connection is used again; a server of one's own need
    not have a list of models."""

    async def main() -> None:
        async with OpenAiEmulator(key=KEY).running() as emulator:
            wrong = build(replace(SETTINGS, base_url=emulator.base_url, api_key=Secret("sk-wrong")))
            with pytest.raises(AdapterAuthFailed, match="OPENAI_API_KEY"):
                await wrong.warmup()
            await wrong.aclose()
            voice = build(replace(SETTINGS, base_url=emulator.base_url))
            before = emulator.connection_count
            await voice.warmup()
            for _ in range(3):
                await outputs(voice, TtsInput(TEXT), Controls())
            assert emulator.connection_count == before + 1
            await voice.aclose()
        async with Emulator().running() as bare:
            own = build_compatible(CompatibleSettings(base_url=f"{bare.url}/v1"))
            await own.warmup()
            await own.aclose()
        with pytest.raises(AdapterUnavailable):
            await own.warmup()
        await own.aclose()

    asyncio.run(main())


def test_text_without_a_word_costs_nothing() -> None:
    """Nobody is asked."""

    async def main() -> None:
        async with OpenAiEmulator(key=KEY).running() as emulator:
            voice = build(replace(SETTINGS, base_url=emulator.base_url))
            assert await outputs(voice, TtsInput(" - ... "), Controls()) == []
            assert len(emulator.seen) == 0
            await voice.aclose()

    asyncio.run(main())


@pytest.mark.parametrize("kind", [FaultKind.SLOW_FIRST_BYTE, FaultKind.SILENT_MIDWAY])
def test_a_stop_ends_the_request(kind: FaultKind) -> None:
    """Before the first byte and in the middle: the server sees that nobody listens any more."""

    async def main() -> None:
        async with OpenAiEmulator(key=KEY).running() as emulator:
            voice = build(replace(SETTINGS, base_url=emulator.base_url))
            emulator.faults.add(Fault(kind, delay_s=60.0, after=2))
            speaking = asyncio.create_task(outputs(voice, TtsInput(TEXT), Controls()))
            await eventually(lambda: emulator.active_count == 1, "nothing was asked")
            await asyncio.sleep(0.02)
            speaking.cancel()
            await asyncio.wait([speaking])
            await eventually(lambda: emulator.cancelled_count == 1, "the server goes on")
            await voice.aclose()

    asyncio.run(main())


def test_no_key_no_header() -> None:
    """A server of one's own gets none that is not there."""

    async def answer(request: web.Request) -> web.StreamResponse:
        assert "authorization" not in request.headers
        assert json.loads(await request.read())["model"] == "kokoro"
        return web.Response(body=SOUND.tobytes(), headers={"content-type": "audio/pcm"})

    assert len(sound(with_answer(answer, CompatibleSettings()))) == len(SOUND)
