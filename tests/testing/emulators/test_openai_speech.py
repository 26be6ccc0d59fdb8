"""The emulated speech interface, held against OpenAI's own client."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Coroutine
from typing import Any

import httpx2
import numpy as np
import openai
import pytest

from tth.adapters.provider_pcm import PcmReader
from tth.testing.emulators.faults import Fault, FaultKind
from tth.testing.emulators.openai import OpenAiEmulator
from tth.testing.emulators.openai_speech import SpeechDialect

pytestmark = pytest.mark.server

TEXT = "Good day to you"
SAMPLES = 12 * 50 * 24
"""Of twelve letters."""
REQUEST: dict[str, Any] = {"model": "gpt-4o-mini-tts", "input": TEXT, "voice": "marin", "response_format": "pcm"}


def run(main: Callable[[OpenAiEmulator, openai.AsyncOpenAI], Coroutine[Any, Any, None]], **options: Any) -> None:
    """Run with an emulator and a client for it that tries nothing again."""

    async def whole() -> None:
        async with (
            OpenAiEmulator(**options).running() as emulator,
            openai.AsyncOpenAI(api_key=emulator.key, base_url=emulator.base_url, max_retries=0, timeout=5.0) as client,
        ):
            await main(emulator, client)

    asyncio.run(whole())


async def spoken(client: openai.AsyncOpenAI, **more: Any) -> tuple[bytes, str]:
    """The body, and what it is."""
    async with client.audio.speech.with_streaming_response.create(**{**REQUEST, **more}) as response:
        return b"".join([data async for data in response.iter_bytes()]), response.headers["content-type"]


def test_bare_sound() -> None:
    """16-bit samples at 24 kHz, and nothing else; faster is shorter."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        data, kind = await spoken(client)
        assert (len(data), kind) == (2 * SAMPLES, "audio/pcm")
        assert np.abs(np.frombuffer(data, "<i2")).max() > 1000
        fast, _ = await spoken(client, speed=2.0)
        assert len(fast) == SAMPLES

    run(main)


def test_a_wav_file_of_unknown_length() -> None:
    """At the rate of the server."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        data, kind = await spoken(client, response_format="wav")
        assert (data[:8], kind) == (b"RIFF\xff\xff\xff\xff", "audio/wav")
        reader = PcmReader()
        assert abs(len(reader.feed(data)) + len(reader.finish()) - SAMPLES) <= 1

    run(main, speech_dialect=SpeechDialect(rate_hz=22_050))


@pytest.mark.parametrize("says_done", [True, False])
def test_events(says_done: bool) -> None:
    """Sound in base64 and what was used at the end; lines end with CRLF. The client has no types for them."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        data, kind = await spoken(client, stream_format="sse")
        assert kind.startswith("text/event-stream")
        blocks = data.decode().removesuffix("\r\n\r\n").split("\r\n\r\n")
        assert (blocks[-1] == "data: [DONE]") is says_done
        events = [block.split("\r\n") for block in blocks[: -1 if says_done else None]]
        bodies = [json.loads(lines[1].removeprefix("data: ")) for lines in events]
        assert [lines[0] for lines in events] == [f"event: {body['type']}" for body in bodies]
        *deltas, done = bodies
        assert len(deltas) > 5
        sound = b"".join(base64.b64decode(delta["audio"]) for delta in deltas)
        assert len(sound) == 2 * SAMPLES
        usage = {"input_tokens": 4, "output_tokens": 54, "total_tokens": 58}
        assert done == {"type": "speech.audio.done", "usage": usage}

    run(main, speech_dialect=SpeechDialect(says_done=says_done))


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"input": ""}, 400),
        ({"input": "x" * 4097}, 400),
        ({"voice": "anna"}, 400),
        ({"model": "tts-1"}, 400),  # does not have that voice
        ({"model": "tts-1", "voice": "nova", "stream_format": "sse"}, 400),
        ({"model": "tts-2"}, 404),
        ({"speed": 5}, 400),
        ({"response_format": "xyz"}, 400),
        ({"extra_body": {"language": "en"}}, 400),
    ],
)
def test_what_is_refused(more: dict[str, Any], status: int) -> None:
    """As strictly as by OpenAI; the message about a value is a list as text."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        with pytest.raises(openai.APIStatusError) as refused:
            await spoken(client, **more)
        assert refused.value.status_code == status
        assert (refused.value.code == "model_not_found") is (status == 404)

    run(main)


def test_a_compatible_server_takes_anything() -> None:
    """It ignores what it does not know, and may say that everything is a stream of bytes."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        data, kind = await spoken(client, model="kokoro", voice="af_heart", stream_format="sse")
        assert (len(data), kind) == (2 * 2 * SAMPLES, "application/octet-stream")

    dialect = SpeechDialect(
        is_strict=False, rate_hz=48_000, has_events=False, content_type="application/octet-stream", is_whole=True
    )
    run(main, speech_dialect=dialect)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.REFUSED_KEY, openai.AuthenticationError),
        (FaultKind.NO_QUOTA, openai.RateLimitError),
        (FaultKind.RATE_LIMITED, openai.RateLimitError),
        (FaultKind.MODEL_NOT_FOUND, openai.NotFoundError),
        (FaultKind.OVERLOADED, openai.InternalServerError),
    ],
)
def test_faults_before_the_sound(kind: FaultKind, error: type[Exception]) -> None:
    """The client knows each; then all is well again."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        emulator.faults.add(kind)
        with pytest.raises(error):
            await spoken(client)
        assert len((await spoken(client))[0]) == 2 * SAMPLES

    run(main)


@pytest.mark.parametrize("kind", [FaultKind.DISCONNECT, FaultKind.ERROR_MIDWAY])
def test_bare_sound_fails_by_breaking_off(kind: FaultKind) -> None:
    """There is nothing else it could say."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        emulator.faults.add(Fault(kind, after=1))
        with pytest.raises(httpx2.RemoteProtocolError):
            await spoken(client)
        emulator.faults.add(Fault(FaultKind.EARLY_END, after=1))
        assert len((await spoken(client))[0]) == 8192
        emulator.faults.add(FaultKind.EMPTY_ANSWER)
        assert (await spoken(client))[0] == b""

    run(main)
