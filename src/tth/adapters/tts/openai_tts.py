"""OpenAI speech (POST /audio/speech), and the servers that speak it: Kokoro-FastAPI, vLLM-omni, LocalAI, Speaches.

Two names for one adapter: `openai_tts` (OpenAI itself) and `openai_compatible` (anything else by its `base_url`).
OpenAI ends its speech models on 2027-01-06 (docs/providers.md); the interface lives on in the others.
Controls: persona as a voice; emotion and expressivity as instructions, pace as a number, where the model takes them
(openai_tts_controls.py). Limits: 4,096 characters at once, no times of words or phonemes, no SSML, bare sound has no
end mark. Written against OpenAI's description of its API, autumn 2026. Tests: tests/adapters/tts/test_openai_tts.py.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import httpx

from tth.adapters.base import (
    Capabilities,
    Deployment,
    Role,
    SessionContext,
    TtsInput,
    TtsOutput,
    TtsSession,
    TurnContext,
    Used,
    Voice,
)
from tth.adapters.provider_errors import Source
from tth.adapters.provider_http import HttpProvider, HttpSettings, events, parsed, read_out
from tth.adapters.provider_key import ApiKey
from tth.adapters.provider_openai import OPENAI_ERRORS, OPENAI_KEY, OPENAI_URL, Server, warm
from tth.adapters.provider_pcm import PcmReader, is_cut_short, pieces
from tth.adapters.provider_prices import TokenPrices, used_tokens
from tth.adapters.tts.openai_tts_controls import Takes, controls_of, told
from tth.core.speakable import has_speakable
from tth.model.controls import Controls
from tth.model.media import SpeechChunk
from tth.model.secret import Secret

_SHUT_DOWN = {
    "model_not_found": "OpenAI ends tts-1, tts-1-hd and gpt-4o-mini-tts on 2027-01-06; choose another voice then"
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSettings:
    """What a speech server is asked."""

    api_key: Secret | None = None
    """Sent as a bearer token; none is sent without it."""
    base_url: str
    """Where the server is, with its version: requests go to `base_url`/audio/speech."""
    model: str
    """The model, by the server's name for it."""
    voice: str
    """For personas that name none."""
    response_format: Literal["pcm", "wav"] = "pcm"
    """pcm has no header; wav says its own sample rate, for servers whose rate is not known."""
    sample_rate_hz: int = field(default=24_000, metadata={"minimum": 8000, "maximum": 96_000})
    """Of the server's pcm; OpenAI's is 24000. Other rates are resampled."""
    stream_format: Literal["audio", "sse"] | None = None
    """audio: bare bytes; sse: events, which tell what was used; null says nothing. The answer is read as what it is."""
    takes_speed: bool
    """The pace is sent as a number; else it is done to the sound."""
    takes_instructions: bool
    """Emotion and expressivity are sent in words; else not at all."""
    max_connections: int = field(default=100, metadata={"minimum": 1, "maximum": 10_000})
    """Clauses that can be under way at once; further ones wait for up to 5 s."""
    input_usd_per_million_tokens: float | None = field(default=None, metadata={"minimum": 0, "maximum": 100_000})
    """Price; null = unknown, so that no cost is told."""
    output_usd_per_million_tokens: float | None = field(default=None, metadata={"minimum": 0, "maximum": 100_000})
    """Price; null = unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(SpeechSettings):
    """OpenAI's speech. For tts-1 and tts-1-hd: stream_format audio, takes_speed true, takes_instructions false."""

    api_key: Secret = field(metadata={"env": OPENAI_KEY})
    base_url: str = OPENAI_URL
    model: str = "gpt-4o-mini-tts"
    voice: str = "marin"
    stream_format: Literal["audio", "sse"] | None = "sse"
    takes_speed: bool = False
    takes_instructions: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CompatibleSettings(SpeechSettings):
    """Any other server with OpenAI's speech interface; the defaults are Kokoro-FastAPI's on this machine. A key, where
    it wants one, comes from OPENAI_COMPATIBLE_API_KEY."""

    api_key: Secret | None = field(default=None, metadata={"env": "OPENAI_COMPATIBLE_API_KEY"})
    base_url: str = "http://127.0.0.1:8880/v1"
    model: str = "kokoro"
    voice: str = "af_heart"
    takes_speed: bool = True
    takes_instructions: bool = False


OPENAI = Server("openai_tts", "OpenAI speech", Deployment.API, OPENAI_KEY, replace(OPENAI_ERRORS, advice=_SHUT_DOWN))
COMPATIBLE = Server(
    "openai_compatible",
    "any server with OpenAI's speech interface: Kokoro-FastAPI, vLLM-omni, LocalAI",
    Deployment.SELF_HOST,
    "OPENAI_COMPATIBLE_API_KEY",
)


class OpenAiVoice(Voice):
    """One server. Its connections are shared by all conversations."""

    def __init__(self, settings: SpeechSettings, server: Server) -> None:
        self.name = server.name
        self._takes = Takes(settings.takes_speed, settings.takes_instructions)
        self.capabilities = Capabilities(server.description, server.deployment, controls_of(self._takes))
        self._settings = settings
        self._server = server
        headers = {"accept": "application/octet-stream"}
        key = ApiKey(settings.api_key, server.key_variable)
        reach = HttpSettings(settings.base_url, headers, key, settings.max_connections)
        self._http = HttpProvider(Source(Role.TTS, server.name), reach, server.errors)

    async def warmup(self) -> None:
        """Connect and have the key checked. Raises AdapterError."""
        await warm(self._http, self._server)

    async def aclose(self) -> None:
        await self._http.aclose()

    def open_session(self, context: SessionContext) -> TtsSession:
        return _Session(self)

    async def speak(self, clause: TtsInput, control: Controls) -> AsyncGenerator[TtsOutput, None]:
        """One clause; see TtsSession.infer_stream."""
        if not has_speakable(clause.text):
            return
        body = self._body(clause, control)
        async with self._http.request("POST", "audio/speech", body) as response:
            reading = _Reading(self._http, self._settings, body)
            async with aclosing(reading.outputs(response)) as outputs:
                async for output in outputs:
                    yield output

    def _body(self, clause: TtsInput, control: Controls) -> dict[str, Any]:
        """Nothing is sent that is not set: strict servers refuse a null, and fields that they do not know."""
        settings = self._settings
        body: dict[str, Any] = {
            "model": settings.model,
            "input": clause.text,
            "response_format": settings.response_format,
            **told(control, clause.persona.voices.get(self.name, settings.voice), self._takes),
        }
        if settings.stream_format is not None:
            body["stream_format"] = settings.stream_format
        return body


class _Session(TtsSession):
    """The server keeps nothing between requests, so neither do we."""

    def __init__(self, voice: OpenAiVoice) -> None:
        self._voice = voice

    def infer_stream(
        self, clause: TtsInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[TtsOutput, None]:
        return self._voice.speak(clause, control)


class _Reading:
    """Reads one answer as what its content type says that it is, whatever was asked for."""

    def __init__(self, http: HttpProvider, settings: SpeechSettings, body: Mapping[str, Any]) -> None:
        self._http = http
        self._settings = settings
        self._text: str = body["input"]
        self._speed: float = body.get("speed", 1.0)
        self._pcm = PcmReader(settings.sample_rate_hz)
        self._sample_count = 0
        self._usage: Mapping[str, Any] | None = None

    async def outputs(self, response: httpx.Response) -> AsyncGenerator[TtsOutput, None]:
        """The sound, and what was used where the server tells it."""
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":
            raise self._no_sound(await response.aread())
        if kind in _COMPRESSED:
            raise self._http.protocol_error(f"sent {_COMPRESSED[kind]} in place of {self._settings.response_format}")
        sound = self._from_events(response) if kind == "text/event-stream" else _bare(response)
        async with aclosing(sound):
            async for data in sound:
                for chunk in self._take(data):
                    yield chunk
        for chunk in self._end():
            yield chunk
        if self._usage is not None:
            yield self._used(self._usage)

    async def _from_events(self, response: httpx.Response) -> AsyncGenerator[bytes, None]:
        """The sound that stands in the events, up to the one that says it is done; an end before that is a cut."""
        async with aclosing(events(response)) as stream:
            async for event in stream:
                if event.data.startswith("[DONE]"):
                    break
                message = parsed(event, self._http)
                kind = message.get("type") or event.event
                if kind == "speech.audio.done":
                    self._usage = message.get("usage")
                    await read_out(stream)
                    return
                if message.get("error") or kind in ("error", "speech.audio.error"):
                    raise self._http.in_stream(message)
                yield self._decoded(message.get("audio") or message.get("delta") or "")
        raise self._http.cut_off()

    def _decoded(self, audio: Any) -> bytes:
        try:
            return base64.b64decode(audio, validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise self._http.protocol_error("sent sound that is not base64") from None

    def _take(self, data: bytes) -> list[SpeechChunk]:
        try:
            pcm = self._pcm.feed(data)
        except ValueError as error:
            raise self._http.protocol_error(f"sent {error}") from None
        self._sample_count += len(pcm)
        return [SpeechChunk(piece) for piece in pieces(pcm)]

    def _end(self) -> list[SpeechChunk]:
        pcm = self._pcm.finish()
        self._sample_count += len(pcm)
        if is_cut_short(self._text, self._sample_count, self._speed):
            raise self._http.cut_off()
        return [SpeechChunk(piece) for piece in pieces(pcm)]

    def _used(self, usage: Mapping[str, Any]) -> Used:
        prices = TokenPrices(
            self._settings.input_usd_per_million_tokens, None, self._settings.output_usd_per_million_tokens
        )
        return used_tokens(prices, usage.get("input_tokens"), usage.get("output_tokens"))

    def _no_sound(self, body: bytes) -> Exception:
        """A good status and an error for a body, as some servers answer."""
        try:
            return self._http.in_stream(json.loads(body))
        except ValueError:
            return self._http.protocol_error("sent no sound")


_COMPRESSED = {
    "audio/mpeg": "MP3",
    "audio/mp3": "MP3",
    "audio/opus": "Opus",
    "audio/ogg": "Ogg",
    "audio/aac": "AAC",
    "audio/flac": "FLAC",
}


async def _bare(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    async for data in response.aiter_bytes():
        yield data


def build(settings: Settings) -> OpenAiVoice:
    """OpenAI, not yet loaded."""
    return OpenAiVoice(settings, OPENAI)


def build_compatible(settings: CompatibleSettings) -> OpenAiVoice:
    """Another server, not yet loaded."""
    return OpenAiVoice(settings, COMPATIBLE)
