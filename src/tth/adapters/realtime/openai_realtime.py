"""OpenAI Realtime: one model that answers with text and sound, over one WebSocket for each conversation.

Written to the interface as it is since 2026 (docs/providers.md says what was assumed). The connection is opened with
the session, renewed between turns before the provider's 60 minutes are over, and opened anew when it breaks; what was
heard so far goes along as text. Text goes in, a transcript and 24 kHz sound come out; sound sent in is not used.

Controls: voice from the persona (`voices: {openai_realtime: marin}`), speed 0.25..1.5 natively, feelings by what the
model is told. A voice that was heard cannot be changed on its connection: another persona begins a new one. There are
no word times. Usage is counted in tokens of text and of sound; an answer that is cut off is counted by the provider
when its turn is over, and so is missing in that turn's figures.
Tests: tests/adapters/realtime/test_openai_realtime.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from tth.adapters.base import (
    Capabilities,
    Deployment,
    Health,
    LlmInput,
    RealtimeModel,
    RealtimeOutput,
    RealtimeSession,
    Role,
    SessionContext,
    TurnContext,
    Used,
)
from tth.adapters.provider_errors import Source
from tth.adapters.provider_key import ApiKey
from tth.adapters.provider_openai import OPENAI_ERRORS, OPENAI_KEY, OPENAI_URL
from tth.adapters.provider_prompt import dialogue
from tth.adapters.provider_socket import SocketProvider, SocketSettings
from tth.adapters.realtime.openai_realtime_controls import CONTROLS, told
from tth.adapters.realtime.openai_realtime_exchange import Exchange
from tth.adapters.realtime.openai_realtime_link import Connection, Link
from tth.errors import AdapterAuthFailed, AdapterQuotaExceeded, AdapterRejected
from tth.model.controls import Controls
from tth.model.secret import Secret

NAME = "openai_realtime"
PCM = {"type": "audio/pcm", "rate": 24000}
CANCEL_S = 2.0
"""How long a cancelled answer may take to end before the connection is given up for a new one."""
CLOSE_CODES = {
    1013: AdapterQuotaExceeded,  # by its RFC "try again later"; here no credit is left
    3000: AdapterAuthFailed,
    4000: AdapterRejected,
    4004: AdapterRejected,
}
"""What closing with these means; all others are faults of network or server, after which connecting again helps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Which model, how it is reached, and what it costs."""

    api_key: Secret = field(metadata={"env": OPENAI_KEY})
    """Sent as a bearer token."""
    base_url: str = OPENAI_URL
    """Where the server is, with its version: the socket is at `base_url`/realtime."""
    model: str = "gpt-realtime-2.1-mini"
    """The model."""
    default_voice: str = "marin"
    """For personas that name none: a voice's name, or voice_... for one of one's own."""
    reasoning_effort: Literal["minimal", "low", "medium", "high", "xhigh"] | None = "minimal"
    """How much the model thinks before it speaks; every thought delays the first word. Sent to gpt-realtime-2 and its
    successors only."""
    max_output_tokens: int | None = field(default=4096, metadata={"minimum": 1, "maximum": 4096})
    """1..4096, the longest answer, sound included (20 tokens a second); null leaves it to the model."""
    connect_s: float = field(default=10.0, metadata={"minimum": 1, "maximum": 60})
    """For the connection to be there."""
    renew_after_s: float = field(default=1500.0, metadata={"minimum": 60, "maximum": 3300})
    """A connection that is older is renewed between two turns; the provider ends it after 3600 s."""
    text_input_usd_per_million_tokens: float | None = field(default=None, metadata={"minimum": 0, "maximum": 100_000})
    """Price; null = unknown, so that no cost is told."""
    audio_input_usd_per_million_tokens: float | None = field(default=None, metadata={"minimum": 0, "maximum": 100_000})
    """Price of the model's own earlier sound; null = unknown."""
    text_output_usd_per_million_tokens: float | None = field(default=None, metadata={"minimum": 0, "maximum": 100_000})
    """Price; null = unknown."""
    audio_output_usd_per_million_tokens: float | None = field(default=None, metadata={"minimum": 0, "maximum": 100_000})
    """Price; null = unknown."""


class OpenAiRealtime(RealtimeModel):
    """Keeps no connection of its own: each conversation has one."""

    name = NAME
    capabilities = Capabilities("OpenAI's speech-to-speech models, asked in text", Deployment.API, controls=CONTROLS)

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.provider = SocketProvider(
            Source(Role.REALTIME, NAME),
            SocketSettings(settings.base_url, key=ApiKey(settings.api_key, OPENAI_KEY), connect_s=settings.connect_s),
            OPENAI_ERRORS,
            CLOSE_CODES,
        )
        self.refused_fields: set[str] = set()
        """Fields of a session that the provider does not take; found out once for all conversations."""

    async def load(self) -> None:
        """Open a connection and close it: key, model and credit are good, and names and certificates are cached."""
        connection = await Connection.open(self.provider, self.settings.model, self.settings.renew_after_s)
        await connection.aclose()

    async def health(self) -> Health:
        """Says what the provider was found not to take."""
        missing = ", ".join(sorted(self.refused_fields))
        return Health(ok=True, detail=f"the provider refused session fields: {missing}" if missing else "")

    def open_session(self, context: SessionContext) -> RealtimeSession:
        """Begins to connect at once. Call it inside a running event loop."""
        return _Session(self, context)

    def fields(self, prompt: LlmInput, control: Controls, language_code: str) -> dict[str, Any]:
        """Every field of a session as a turn wants it."""
        settings = self.settings
        voice = prompt.persona.voices.get(NAME, settings.default_voice)
        how = told(prompt.persona, control, language_code, voice)
        fields: dict[str, Any] = {
            "output_modalities": ["audio"],
            "instructions": how["instructions"],
            "audio": {
                "input": {"format": PCM, "turn_detection": None},
                "output": {"format": PCM, **how["audio"]["output"]},
            },
            "tools": [],
        }
        if settings.max_output_tokens is not None:
            fields["max_output_tokens"] = settings.max_output_tokens
        if settings.reasoning_effort is not None and settings.model.startswith("gpt-realtime-2"):
            fields["reasoning"] = {"effort": settings.reasoning_effort}
        return fields

    def used(self, usage: Mapping[str, Any]) -> Used:
        """What a response's usage says. Tokens from the provider's cache are counted as others: at most so much."""
        settings, cost_micro_usd = self.settings, 0.0
        into, out = usage.get("input_token_details") or {}, usage.get("output_token_details") or {}
        for price, count in (
            (settings.text_input_usd_per_million_tokens, into.get("text_tokens", 0)),
            (settings.audio_input_usd_per_million_tokens, into.get("audio_tokens", 0)),
            (settings.text_output_usd_per_million_tokens, out.get("text_tokens", 0)),
            (settings.audio_output_usd_per_million_tokens, out.get("audio_tokens", 0)),
        ):
            if count and price is None:
                return Used(usage.get("input_tokens"), usage.get("output_tokens"))
            cost_micro_usd += count * (price or 0.0)
        return Used(usage.get("input_tokens"), usage.get("output_tokens"), round(cost_micro_usd))


class _Session(RealtimeSession):
    """One conversation."""

    def __init__(self, adapter: OpenAiRealtime, context: SessionContext) -> None:
        self._adapter = adapter
        settings = adapter.settings
        self._link = Link(adapter.provider, settings.model, settings.renew_after_s)
        self._heard: dict[str, tuple[int, str]] = {}  # turns to be cut before the model answers again
        self._turn = asyncio.Lock()
        self._link.open()

    async def infer_stream(
        self, prompt: LlmInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[RealtimeOutput, None]:
        """Closed before its end, it cancels the answer at the provider."""
        async with self._turn:
            exchange: Exchange | None = None
            try:
                wanted = self._adapter.fields(prompt, control, context.language_code)
                connection = await self._connection(wanted)
                exchange = self._exchange(connection, context.turn_id)
                exchange.start(wanted, self._catch_up(connection, prompt))
                async for output in exchange.outputs():
                    yield output
            finally:
                if exchange is not None:
                    exchange.cancel()
                self._link.rest()

    def truncate(self, turn_id: str, heard_samples: int, heard_text: str) -> None:
        self._heard[turn_id] = (heard_samples, heard_text)

    async def aclose(self) -> None:
        await self._link.aclose()

    async def _connection(self, wanted: Mapping[str, Any]) -> Connection:
        """One on which this may be asked: nothing is going on there, and the voice can be had. Raises AdapterError."""
        connection = await self._link.take()
        last = connection.exchange
        if last is not None and not last.is_over.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(CANCEL_S):
                    await last.is_over.wait()
        is_stuck = last is not None and not last.is_over.is_set()
        voice = connection.applied.get("audio", {}).get("output", {}).get("voice")
        is_other_voice = connection.memory.has_audio and voice != wanted["audio"]["output"]["voice"]
        if is_stuck or is_other_voice or not connection.is_open:
            return await self._link.replace()
        return connection

    def _exchange(self, connection: Connection, turn_id: str) -> Exchange:
        adapter = self._adapter
        exchange = Exchange(
            adapter.provider, connection.post, turn_id, connection.applied, adapter.refused_fields, adapter.used
        )
        connection.exchange = exchange
        return exchange

    def _catch_up(self, connection: Connection, prompt: LlmInput) -> list[dict[str, Any]]:
        """What the model must be told before it answers: where earlier answers ended, what it does not know yet, and
        the question."""
        heard, self._heard = self._heard, {}
        events = [event for turn_id, cut in heard.items() for event in connection.memory.cut(turn_id, *cut)]
        *before, question = dialogue(prompt)
        return [*events, *connection.memory.agree(before), connection.memory.tell(question)]


def build(settings: Settings) -> OpenAiRealtime:
    """The adapter, not yet loaded."""
    return OpenAiRealtime(settings)
