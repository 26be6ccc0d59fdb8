"""The emulated ElevenLabs, held against ElevenLabs' own client."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
from elevenlabs import VoiceSettings
from elevenlabs.client import AsyncElevenLabs, ElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.core.unchecked_base_model import construct_type
from elevenlabs.types import (
    AudioOutput,
    AudioOutputMulti,
    FinalOutputMulti,
    TextToDialogueWebsocketAudioChunkMulti,
    TextToDialogueWebsocketError,
    TextToDialogueWebsocketFinalMulti,
)
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tth.testing.emulators.elevenlabs import ElevenLabsEmulator
from tth.testing.emulators.elevenlabs_common import KeySpelling
from tth.testing.emulators.faults import Fault, FaultKind

pytestmark = pytest.mark.server

VOICE = "a-voice"
TEXT = "Good day to you"
SAID = TEXT + " "
"""As it is sent over a socket."""
BYTES = 2 * 12 * 50 * 24
"""Of twelve letters."""
FLASH = "model_id=eleven_flash_v2_5&output_format=pcm_24000"
OPEN = {"text": " ", "context_id": "c1", "voice_settings": {"stability": 0.5, "speed": 1.0}}


def run(main: Callable[[ElevenLabsEmulator], Coroutine[Any, Any, None]], **options: Any) -> None:
    async def whole() -> None:
        async with ElevenLabsEmulator(**options).running() as emulator:
            await main(emulator)

    asyncio.run(whole())


@asynccontextmanager
async def speech_of(emulator: ElevenLabsEmulator) -> AsyncIterator[Any]:
    """The client's part for speech."""
    async with httpx.AsyncClient(timeout=5.0) as http:
        yield AsyncElevenLabs(api_key=emulator.key, base_url=emulator.url, httpx_client=http).text_to_speech


@asynccontextmanager
async def socket(
    emulator: ElevenLabsEmulator, path: str, query: str = FLASH, key: str | None = None
) -> AsyncIterator[ClientConnection]:
    url = f"{emulator.url.replace('http', 'ws')}/v1/{path}?{query}"
    headers = {} if key == "" else {"xi-api-key": key or emulator.key}
    async with connect(url, additional_headers=headers) as opened:
        yield opened


async def say(opened: ClientConnection, *messages: dict[str, Any]) -> None:
    with suppress(ConnectionClosed):  # `heard` tells
        for message in messages:
            await opened.send(json.dumps(message))


async def heard(opened: ClientConnection, last: str = "isFinal") -> list[dict[str, Any]]:
    """All up to the end of a context, or of the socket."""
    frames: list[dict[str, Any]] = []
    try:
        while not (frames and frames[-1].get(last)):
            frames.append(json.loads(await opened.recv()))
    except ConnectionClosed:
        pass
    return frames


def size(frames: list[dict[str, Any]]) -> int:
    return sum(len(base64.b64decode(frame.get("audio") or "")) for frame in frames)


def accepted(kind: Any, frame: dict[str, Any]) -> Any:
    """The client's type takes every field as it is meant."""
    return kind.model_validate(construct_type(type_=kind, object_=frame).model_dump(by_alias=True))


def test_a_stream_over_http() -> None:
    """Bare sound in odd pieces; other rates are other lengths; faster is shorter."""

    async def main(emulator: ElevenLabsEmulator) -> None:
        async with speech_of(emulator) as speech:
            for output_format, factor in (("pcm_24000", 1.0), ("pcm_8000", 1 / 3), ("pcm_48000", 2.0)):
                parts = [part async for part in speech.stream(VOICE, text=TEXT, output_format=output_format)]
                assert sum(len(part) for part in parts) == round(BYTES * factor)
            settings = VoiceSettings(speed=1.2, stability=0.3)
            quick = speech.stream(VOICE, text=TEXT, output_format="pcm_24000", voice_settings=settings)
            assert sum([len(part) async for part in quick]) == pytest.approx(BYTES / 1.2, abs=8)

    run(main)


def test_times_over_http() -> None:
    """Characters of the text with seconds from the start of the request, as the client's types have them."""

    async def main(emulator: ElevenLabsEmulator) -> None:
        async with speech_of(emulator) as speech:
            stream = speech.stream_with_timestamps(VOICE, text=TEXT, output_format="pcm_24000")
            chunks = [chunk async for chunk in stream]
        timed = [chunk.alignment for chunk in chunks if chunk.alignment is not None]
        assert "".join("".join(one.characters) for one in timed) == TEXT
        starts = [start for one in timed for start in one.character_start_times_seconds]
        assert starts == sorted(starts)
        assert starts[-1] == pytest.approx(0.55)
        assert sum(len(base64.b64decode(chunk.audio_base_64)) for chunk in chunks) == BYTES

    run(main)


@pytest.mark.filterwarnings("ignore:ConnectionClosed.code is deprecated")  # the client's own use of it
def test_the_clients_realtime_stream() -> None:
    """Text piece by piece over a socket for one utterance; the schedule of 50 characters it asks for is kept."""

    def talk(emulator: ElevenLabsEmulator) -> int:
        speech = ElevenLabs(api_key=emulator.key, base_url=emulator.url).text_to_speech
        speech._ws_base_url = emulator.url.replace("http", "ws")  # it can only reach TLS otherwise

        def text() -> Iterator[str]:
            yield "Good day to you, "
            yield "and a good evening as well, whoever you may be."

        return sum(
            len(data)
            for data in speech.convert_realtime(
                VOICE,
                text=text(),
                model_id="eleven_flash_v2_5",
                output_format="pcm_24000",
                voice_settings=VoiceSettings(stability=0.5, similarity_boost=0.75, style=0.0, use_speaker_boost=True),
            )
        )

    async def main(emulator: ElevenLabsEmulator) -> None:
        letters = len("Gooddaytoyou,andagoodeveningaswell,whoeveryoumaybe.")
        assert await asyncio.to_thread(talk, emulator) == letters * 50 * 48

    run(main)


@pytest.mark.parametrize(
    ("body", "query", "status"),
    [
        ({"text": TEXT, "language": "en"}, "pcm_24000", 422),
        ({"text": TEXT, "voice_settings": {"speed": 2}}, "pcm_24000", 422),
        ({"text": TEXT, "voice_settings": []}, "pcm_24000", 422),
        ({}, "pcm_24000", 422),
        ({"text": TEXT, "model_id": "eleven_v9"}, "pcm_24000", 404),
        ({"text": TEXT, "model_id": "eleven_v3", "previous_text": "Hi"}, "pcm_24000", 400),
        ({"text": TEXT}, "mp3_44100_128", 403),
    ],
)
def test_what_is_refused_over_http(body: dict[str, Any], query: str, status: int) -> None:
    """As strictly as there."""

    async def main(emulator: ElevenLabsEmulator) -> None:
        async with httpx.AsyncClient() as http:
            answer = await http.post(
                f"{emulator.base_url}/text-to-speech/{VOICE}/stream",
                params={"output_format": query},
                json=body,
                headers={"xi-api-key": emulator.key},
            )
        assert answer.status_code == status
        assert "detail" in answer.json()

    run(main)


@pytest.mark.parametrize("new_errors", [False, True])
@pytest.mark.parametrize(
    ("kind", "status", "name"),
    [
        (FaultKind.NO_QUOTA, 401, "quota_exceeded"),
        (FaultKind.RATE_LIMITED, 429, "too_many_concurrent_requests"),
        (FaultKind.OVERLOADED, 429, "system_busy"),
    ],
)
def test_faults_over_http(kind: FaultKind, status: int, name: str, new_errors: bool) -> None:
    """In the old and the new shape of an error."""

    async def main(emulator: ElevenLabsEmulator) -> None:
        emulator.faults.add(kind)
        async with speech_of(emulator) as speech:
            stream = speech.stream(VOICE, text=TEXT, request_options={"max_retries": 0})
            with pytest.raises(ApiError) as failed:
                await anext(stream)
        assert failed.value.status_code == status
        assert failed.value.body["detail"]["status"] == name
        assert ("type" in failed.value.body["detail"]) is new_errors

    run(main, new_errors=new_errors)


@pytest.mark.parametrize("spelling", list(KeySpelling))
def test_contexts(spelling: KeySpelling) -> None:
    """Two at once, each with its own sound; times of a whole stretch come with its first message only."""

    async def main(emulator: ElevenLabsEmulator) -> None:
        async with socket(emulator, f"text-to-speech/{VOICE}/multi-stream-input") as opened:
            for name in ("c1", "c2"):
                await say(opened, {**OPEN, "context_id": name}, {"text": TEXT + " ", "context_id": name})
            await say(opened, {"context_id": "c1", "close_context": True})
            key, last = ("context_id", "is_final") if spelling is KeySpelling.SNAKE else ("contextId", "isFinal")
            frames = await heard(opened, last)
            assert {frame[key] for frame in frames} == {"c1"}  # the other one waits for 120 characters
            await say(opened, {"close_socket": True})
            others = await heard(opened, last)
        assert size(frames) == size(others) == BYTES
        assert {frame[key] for frame in others} == {"c2"}
        first, *more = frames[:-1]
        assert first["alignment"]["chars"] == [*TEXT, " "]
        assert all(frame["alignment"] is None for frame in more)
        if spelling is KeySpelling.CAMEL:
            typed = [accepted(AudioOutputMulti, frame) for frame in frames[:-1]]
            assert typed[0].alignment.char_durations_ms[:4] == [50, 50, 50, 50]
            assert typed[0].normalized_alignment.chars[0] == " "
            assert accepted(FinalOutputMulti, frames[-1]).context_id == "c1"

    run(main, spelling=spelling)


def test_an_utterance() -> None:
    """One socket, buffered by the schedule, forced by a flush, ended by an empty text and a close."""

    async def main(emulator: ElevenLabsEmulator) -> None:
        async with socket(emulator, f"text-to-speech/{VOICE}/stream-input") as opened:
            await say(opened, {"text": " "}, {"text": TEXT + " "})
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(opened.recv(), 0.05)
            await say(opened, {"text": TEXT + " ", "flush": True}, {"text": ""})
            frames = await heard(opened, "never")
        assert size(frames) == 2 * BYTES
        assert frames[-1] == {"audio": None, "isFinal": True, "normalizedAlignment": None, "alignment": None}
        assert accepted(AudioOutput, frames[0]).alignment.chars[:4] == list("Good")
        assert opened.close_code == 1000

    run(main)


def test_auto_mode_and_times_of_every_message() -> None:
    """Each message is spoken at once, and its times restart with every message of sound."""

    async def main(emulator: ElevenLabsEmulator) -> None:
        query = f"{FLASH}&auto_mode=true&sync_alignment=true"
        async with socket(emulator, f"text-to-speech/{VOICE}/multi-stream-input", query) as opened:
            await say(opened, OPEN, {"text": TEXT + " ", "context_id": "c1"})
            frames = [json.loads(await opened.recv()) for _ in range(6)]
        assert [frame["alignment"]["charStartTimesMs"][0] for frame in frames] == [0] * 6
        assert "".join("".join(frame["alignment"]["chars"]) for frame in frames) == TEXT

    run(main)


@pytest.mark.parametrize(
    ("messages", "name"),
    [
        ([{"text": "Hello "}], "invalid_message"),
        ([{**OPEN, "volume": 1}], "invalid_message"),
        ([{**OPEN, "voice_settings": {"speed": 1.5}}], "invalid_voice_settings"),
        ([OPEN, {**OPEN, "voice_settings": {"stability": 0.9}}], "voice_settings_changed"),
        ([{"text": "", "context_id": "c1"}, OPEN], "voice_settings_changed"),
        ([{**OPEN, "generation_config": {"chunk_length_schedule": [20]}}], "invalid_message"),
        ([{**OPEN, "context_id": f"c{number}"} for number in range(6)], "max_active_conversations"),
    ],
    ids=["no init", "unknown field", "speed", "changed settings", "keep-alive as init", "schedule", "sixth context"],
)
def test_what_ends_a_socket(messages: list[dict[str, Any]], name: str) -> None:
    """An error in a frame, then 1008."""

    async def main(emulator: ElevenLabsEmulator) -> None:
        async with socket(emulator, f"text-to-speech/{VOICE}/multi-stream-input") as opened:
            await say(opened, *messages)
            frames = await heard(opened)
        assert frames[-1]["error"] == name
        assert frames[-1]["code"] == opened.close_code == 1008

    run(main)


def test_silence_ends_a_socket() -> None:
    """An empty text keeps it alive."""

    async def main(emulator: ElevenLabsEmulator) -> None:
        async with socket(emulator, f"text-to-speech/{VOICE}/multi-stream-input") as opened:
            for _ in range(4):
                await say(opened, {"text": ""})
                await asyncio.sleep(0.1)
            assert (await heard(opened))[-1]["error"] == "input_timeout_exceeded"
            assert opened.close_code == 1008

    run(main, inactivity_s=0.2)


def test_keys_of_sockets() -> None:
    """Refused at the upgrade, or in a frame; the first message may bring the key."""

    async def main(emulator: ElevenLabsEmulator) -> None:
        path = f"text-to-speech/{VOICE}/multi-stream-input"
        with pytest.raises(InvalidStatus) as refused:
            async with socket(emulator, path, key="wrong"):
                pass
        assert refused.value.response.status_code == 401
        async with socket(emulator, path, key="") as opened:
            await say(opened, {**OPEN, "xi_api_key": emulator.key}, {"context_id": "c1", "close_context": True})
            assert (await heard(opened))[-1]["isFinal"]
        emulator.refuses_in_band = True
        async with socket(emulator, path, key="wrong") as opened:
            await say(opened, OPEN)
            assert (await heard(opened))[-1]["error"] == "invalid_api_key"

    run(main)


def test_a_dialogue() -> None:
    """Voices are registered; times restart with every message; the end of a stretch is not the end."""

    async def main(emulator: ElevenLabsEmulator) -> None:
        query = "model_id=eleven_v3&output_format=pcm_24000&sync_alignment=true"
        async with socket(emulator, "text-to-dialogue/multi-stream-input", query) as opened:
            await say(
                opened,
                {"context_id": "c1", "voices": ["a", "b"], "voice_settings": {"stability": 0.5}},
                {"context_id": "c1", "keep_alive": True},
                {
                    "context_id": "c1",
                    "inputs": [{"text": TEXT + " ", "voice_id": "a", "new_turn": True}],
                    "flush": True,
                },
                {"context_id": "c1", "inputs": [{"text": TEXT + " ", "voice_id": "b"}]},
                {"context_id": "c1", "close_context": True},
            )
            frames = await heard(opened, "is_final")
        assert size(frames) == 2 * BYTES
        sound = [frame for frame in frames if frame.get("audio")]
        typed = [accepted(TextToDialogueWebsocketAudioChunkMulti, frame) for frame in sound]
        assert all(one.alignment.char_start_times_ms[0] == 0 for one in typed)
        assert sum(bool(frame.get("is_final_audio_for_turn")) for frame in frames) == 2
        assert accepted(TextToDialogueWebsocketFinalMulti, frames[-1]).is_final

    run(main)


@pytest.mark.parametrize(
    ("model", "messages"),
    [
        ("eleven_v3", [{"context_id": "c1", "keep_alive": True}]),
        ("eleven_v3", [{"context_id": "c1", "voices": ["a"]}, {"context_id": "c1", "voices": ["a"]}]),
        ("eleven_v3", [{"context_id": "c1", "voices": ["a"], "inputs": [{"text": "Hi ", "voice_id": "b"}]}]),
        ("eleven_v4_turbo", [{"context_id": "c1", "voices": ["a", "b"]}]),
        ("eleven_flash_v2_5", [{"context_id": "c1", "voices": ["a"]}]),
    ],
    ids=["not registered", "twice", "another voice", "two voices", "a speech model"],
)
def test_what_ends_a_dialogue(model: str, messages: list[dict[str, Any]]) -> None:
    """An error as the client's type has it, then 1008."""

    async def main(emulator: ElevenLabsEmulator) -> None:
        query = f"model_id={model}&output_format=pcm_24000"
        async with socket(emulator, "text-to-dialogue/multi-stream-input", query) as opened:
            await say(opened, *messages)
            frames = await heard(opened)
        assert accepted(TextToDialogueWebsocketError, frames[-1]).code == opened.close_code == 1008

    run(main)


def test_v3_is_refused_on_speech_sockets() -> None:
    """And the formats that they do not have."""

    async def main(emulator: ElevenLabsEmulator) -> None:
        for query in (
            "model_id=eleven_v3",
            f"{FLASH}&volume=3",
            "output_format=pcm_48000",
            "output_format=mp3_44100_128",
        ):
            async with socket(emulator, f"text-to-speech/{VOICE}/multi-stream-input", query) as opened:
                assert (await heard(opened))[-1]["code"] == 1008

    run(main)


def test_quota_that_ends_silently() -> None:
    """No sound and no word, as was seen."""

    async def main(emulator: ElevenLabsEmulator) -> None:
        emulator.faults.add(Fault(FaultKind.EMPTY_ANSWER))
        async with socket(emulator, f"text-to-speech/{VOICE}/multi-stream-input") as opened:
            await say(
                opened, OPEN, {"text": TEXT + " ", "context_id": "c1"}, {"context_id": "c1", "close_context": True}
            )
            assert await heard(opened) == [{"isFinal": True, "contextId": "c1"}]

    run(main)
