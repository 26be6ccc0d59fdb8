"""ElevenLabs text to speech: a WebSocket per conversation, or HTTP; with the times of words.

Written against ElevenLabs' API of autumn 2026 (docs/providers.md). A clause is a context of a multi-context socket,
which stays open between turns; v3 and v4 models have dialogue sockets, closed when nobody speaks. `mode: http` asks for
each clause by itself. Controls: persona as a voice; speed 0.7 to 1.2; emotion and expressivity as stability and style;
no pitch. Limits: five clauses at once on a socket, a clause that is given up is spoken (and paid for) to its end.
Tests: tests/adapters/tts/test_elevenlabs.py.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal

from tth.adapters.base import (
    Capabilities,
    Deployment,
    Persona,
    Role,
    SessionContext,
    TtsInput,
    TtsOutput,
    TtsSession,
    TurnContext,
    Voice,
)
from tth.adapters.provider_errors import Source
from tth.adapters.provider_http import HttpProvider, HttpSettings
from tth.adapters.provider_key import ApiKey
from tth.adapters.provider_pcm import is_cut_short
from tth.adapters.provider_prices import used_characters
from tth.adapters.provider_socket import SocketProvider, SocketSettings
from tth.adapters.tts.elevenlabs_controls import Model, controls_of, told
from tth.adapters.tts.elevenlabs_line import Line
from tth.adapters.tts.elevenlabs_socket import Route
from tth.adapters.tts.elevenlabs_sound import ClauseSound
from tth.adapters.tts.elevenlabs_wire import (
    ERRORS,
    OUTPUT_FORMAT,
    Incoming,
    dialogue_messages,
    incoming,
    is_error,
    speech_messages,
)
from tth.core.speakable import has_speakable
from tth.errors import AdapterRejected, AdapterUnavailable
from tth.model.controls import Controls
from tth.model.secret import Secret

NAME = "elevenlabs"
KEY = "ELEVENLABS_API_KEY"
"""Environment variable."""
PREVIOUS_CHARACTERS = 300
"""Of what was said before, told over HTTP so that the melody goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Which of ElevenLabs' voices speaks, and over what."""

    api_key: Secret = field(metadata={"env": KEY})
    """Sent in the header xi-api-key."""
    base_url: str = "https://api.elevenlabs.io/v1"
    """Keys of a residency belong to its own host, such as https://api.eu.residency.elevenlabs.io/v1."""
    model: str = "eleven_flash_v2_5"
    """eleven_flash_v2_5 is the quickest; eleven_multilingual_v2, eleven_v3 and eleven_v4 say more."""
    voice: str = "JBFqnCBsd6RMkjVDRZzb"
    """Id of the voice for personas that name none."""
    mode: Literal["socket", "http"] = "socket"
    """socket: one per conversation, open between turns; http: a request for each clause."""
    similarity: float = field(default=0.75, metadata={"minimum": 0, "maximum": 1})
    """0..1, how closely the voice keeps to its original."""
    max_connections: int = field(default=100, metadata={"minimum": 1, "maximum": 10_000})
    """Clauses that can be under way at once over HTTP; the account's plan allows fewer."""
    usd_per_million_characters: float | None = field(default=None, metadata={"minimum": 0, "maximum": 100_000})
    """Price; null = unknown, so that no cost is told."""


class ElevenLabsVoice(Voice):
    """The account with its voices."""

    name = NAME

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.model = Model(settings.model)
        self.capabilities = Capabilities("ElevenLabs text to speech", Deployment.API, controls_of(self.model))
        source = Source(Role.TTS, NAME)
        key = ApiKey(settings.api_key, KEY, "xi-api-key", prefix="")
        self.http = HttpProvider(source, HttpSettings(settings.base_url, {}, key, settings.max_connections), ERRORS)
        codes = {1009: AdapterRejected}  # seen for a voice that the model does not have
        self.sockets = SocketProvider(source, SocketSettings(settings.base_url, key=key), ERRORS, codes)

    async def warmup(self) -> None:
        """Have the key checked. Raises AdapterError."""
        await self.http.warm("models")

    async def aclose(self) -> None:
        await self.http.aclose()

    def open_session(self, context: SessionContext) -> ElevenLabsSession:
        return ElevenLabsSession(self, context)

    def voice_of(self, persona: Persona) -> str:
        """Id of the persona's voice."""
        return persona.voices.get(NAME, self.settings.voice)

    def route(self, voice_id: str, language_code: str) -> Route:
        """The socket for this voice and language."""
        params = {"model_id": self.model.name, "output_format": OUTPUT_FORMAT}
        if self.model.takes_language:
            params["language_code"] = _iso_639_1(language_code)
        if self.model.is_dialogue:
            return Route("text-to-dialogue/multi-stream-input", (*params.items(), ("sync_alignment", "true")))
        path = f"text-to-speech/{voice_id}/multi-stream-input"
        return Route(path, (*params.items(), ("auto_mode", "true")))


class ElevenLabsSession(TtsSession):
    """One conversation, with its socket."""

    def __init__(self, voice: ElevenLabsVoice, context: SessionContext) -> None:
        self._voice = voice
        self._language_code = context.language_code
        self._line = Line(voice.sockets, stays=not voice.model.is_dialogue)
        self._turn_id = ""
        self._said = ""

    def prepare(self, persona: Persona) -> None:
        """Connect while nobody waits for it."""
        if self._voice.settings.mode == "socket":
            self._line.prepare(self._voice.route(self._voice.voice_of(persona), self._language_code))

    async def infer_stream(
        self, clause: TtsInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[TtsOutput, None]:
        """As in the contract. Words are told ahead of their sound, or with it."""
        if not has_speakable(clause.text):
            return
        voice, is_http = self._voice, self._voice.settings.mode == "http"
        how = told(control, voice.model, voice.settings.similarity)
        speak = self._over_http if is_http else self._over_socket
        sound = ClauseSound(clause.text, is_absolute=is_http)
        price = voice.settings.usd_per_million_characters
        async with aclosing(speak(clause, how, context)) as items:
            async for item in items:
                for chunk in sound.take(item):
                    yield chunk
                    if price is not None:  # all of the clause is paid for, whatever becomes of it
                        yield used_characters(price, len(clause.text))
                        price = None
        if not sound.sample_count:
            raise voice.sockets.error(AdapterUnavailable, "ended without a sound, as it does when credits are used up")
        for chunk in sound.finish():
            yield chunk
        if price is not None:
            yield used_characters(price, len(clause.text))
        if is_cut_short(clause.text, sound.sample_count, float(how.get("speed", 1.0))):
            raise voice.http.cut_off()

    async def aclose(self) -> None:
        await self._line.aclose()

    async def _over_socket(
        self, clause: TtsInput, how: dict[str, Any], context: TurnContext
    ) -> AsyncGenerator[Incoming, None]:
        voice_id = self._voice.voice_of(clause.persona)
        socket = await self._line.socket(self._voice.route(voice_id, context.language_code))
        name = socket.next_context()
        messages = (
            dialogue_messages(name, clause.text, how, voice_id)
            if self._voice.model.is_dialogue
            else speech_messages(name, clause.text, how)
        )
        async with aclosing(socket.speak(name, messages)) as items:
            async for item in items:
                yield item

    async def _over_http(
        self, clause: TtsInput, how: dict[str, Any], context: TurnContext
    ) -> AsyncGenerator[Incoming, None]:
        """Lines of JSON, each with sound and the times of its characters; their end is the end."""
        http, model = self._voice.http, self._voice.model
        body: dict[str, Any] = {"text": clause.text, "model_id": model.name}
        if how:
            body["voice_settings"] = how
        if model.takes_language:
            body["language_code"] = _iso_639_1(context.language_code)
        previous = self._said if context.turn_id == self._turn_id else ""
        if previous and model.takes_previous_text:
            body["previous_text"] = previous
        self._turn_id, self._said = context.turn_id, f"{previous} {clause.text}".strip()[-PREVIOUS_CHARACTERS:]
        path = f"text-to-speech/{self._voice.voice_of(clause.persona)}/stream/with-timestamps"
        async with http.request("POST", path, body, {"output_format": OUTPUT_FORMAT}) as response:
            rest = b""
            async for data in response.aiter_bytes():
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    if line.strip():
                        yield self._read(line)
            if rest.strip():
                yield self._read(rest, is_whole=False)

    def _read(self, line: bytes, *, is_whole: bool = True) -> Incoming:
        http = self._voice.http
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if message is None and not is_whole:
            raise http.cut_off()
        if not isinstance(message, dict):
            raise http.protocol_error("sent a line that is no JSON object")
        if is_error(message):
            raise http.in_stream(message)
        try:
            return incoming(message)
        except ValueError as error:
            raise http.protocol_error(f"sent {error}") from None


def _iso_639_1(language_code: str) -> str:
    return language_code.partition("-")[0].lower()


def build(settings: Settings) -> ElevenLabsVoice:
    """The adapter, not yet loaded."""
    return ElevenLabsVoice(settings)
