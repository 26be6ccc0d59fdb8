"""What each adapter adds to its provider's own time: first output, a stop, connections, many conversations at once.

Every adapter in the emulators' catalogue is measured, against its emulator in a process of its own. For those over
HTTP a bare client (one socket, no parsing) is measured beside it, which shows what loopback and the emulator take.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bench.emulated import KEY, Emulated, emulated
from bench.figures import Figure, Target, distribution
from bench.run import Run
from tth.adapters.base import (
    Adapter,
    AdapterSession,
    LanguageModel,
    LlmInput,
    LlmSession,
    Persona,
    RealtimeModel,
    RealtimeSession,
    Role,
    SessionContext,
    TextPiece,
    TtsInput,
    TtsSession,
    TurnContext,
    Voice,
)
from tth.cli.provider_probe import built
from tth.config.wiring import builtin_registry
from tth.model.controls import Controls
from tth.model.media import SAMPLE_RATE_HZ, SpeechChunk
from tth.testing.emulators.catalogue import STANDS, Stand

NAME = "providers"


@dataclass(frozen=True, slots=True)
class Pace:
    """The emulated provider's own times."""

    first_byte_ms: float
    word_ms: float


QUICK = Pace(20.0, 5.0)
"""For one conversation at a time."""
LIVE = Pace(200.0, 20.0)
"""For many: a fast model of 2026."""
PAUSE_S = 1.0
"""Between two turns of one of many conversations; people take longer."""
TEXT = "one two three four five six seven eight nine ten eleven twelve"
CONVERSATIONS, TURNS = 100, 5
PERSONA = Persona("bench", prompt="Answer.")


@dataclass(slots=True)
class Heard:
    """When outputs came, in seconds of the monotonic clock."""

    asked_s: float
    at_s: list[float]
    sound_s: float = 0.0
    """How much sound has come."""
    late_s: float = 0.0
    """The longest that sound came behind its moment, for a listener who began with the first of it."""
    heard_from_s: float = math.inf

    def note(self, output: TextPiece | SpeechChunk) -> None:
        """One more output, now."""
        now_s = time.monotonic()
        self.at_s.append(now_s)
        if isinstance(output, SpeechChunk):
            self.heard_from_s = min(self.heard_from_s, now_s)
            self.late_s = max(self.late_s, now_s - self.heard_from_s - self.sound_s)
            self.sound_s += len(output.pcm) / SAMPLE_RATE_HZ

    def first_ms(self, pace: Pace) -> float:
        """From the call to the first text or sound, less what the provider itself took."""
        return (self.at_s[0] - self.asked_s) * 1000 - pace.first_byte_ms

    @property
    def largest_gap_ms(self) -> float:
        """Between two outputs."""
        return max((b - a for a, b in zip(self.at_s, self.at_s[1:], strict=False)), default=0.0) * 1000


async def measure(run: Run) -> list[Figure]:
    """Each provider's adapters, one after the other."""
    figures: list[Figure] = []
    for stand in STANDS.values():
        for role, name in stand.paths:
            with emulated(stand.name, QUICK.first_byte_ms, QUICK.word_ms) as provider:
                async with _adapter(stand, role, name, provider) as adapter:
                    figures += await _alone(run, name, adapter, provider)
                if role is Role.LLM:
                    figures.append(await _bare(run, name, stand, provider))
            with emulated(stand.name, LIVE.first_byte_ms, LIVE.word_ms) as provider:
                async with _adapter(stand, role, name, provider) as adapter:
                    figures += await _crowd(run, name, adapter)
    return figures


@asynccontextmanager
async def _adapter(stand: Stand, role: Role, name: str, provider: Emulated) -> AsyncIterator[Adapter]:
    """Loaded and warm."""
    registry = builtin_registry()
    spec = registry.find(role, name)
    assert spec is not None
    settings = stand.settings_for(provider.url)
    if role is Role.LLM:  # without a style tag: its words are the model's time, not the adapter's
        settings[f"adapters.{role}.{name}.style_hints"] = "false"
    adapter = built(spec, registry, overrides=settings, environ={stand.key_variable: KEY})
    try:
        await adapter.load()
        await adapter.warmup()
        yield adapter
    finally:
        await adapter.aclose()


async def _alone(run: Run, name: str, adapter: Adapter, provider: Emulated) -> list[Figure]:
    """One conversation. Its first turn opens what it keeps open."""
    async with _conversation(adapter) as session:
        await _hear(session)
        before = provider.state()["connections"]
        turns = [await _hear(session) for _ in range(run.count(200, 5))]
        opened = provider.state()["connections"] - before
        stops = await _stops(run, session)
    return [
        distribution(NAME, f"{name}: first output, added", "ms", [heard.first_ms(QUICK) for heard in turns], _ADDED),
        Figure(NAME, f"{name}: connections opened by {len(turns)} turns", "", opened, len(turns), target=_NONE),
        distribution(NAME, f"{name}: cancelled to gone", "ms", stops, _STOP),
    ]


async def _hear(session: AdapterSession) -> Heard:
    heard = Heard(time.monotonic(), [])
    async with aclosing(_call(session)) as outputs:
        async for output in outputs:
            if isinstance(output, TextPiece | SpeechChunk):
                heard.note(output)
    return heard


async def _stops(run: Run, session: AdapterSession) -> list[float]:
    """Milliseconds from a cancel in the middle of an answer to the end of its task."""
    took: list[float] = []
    for _ in range(run.count(100, 3)):
        task = asyncio.create_task(_hear(session))
        await asyncio.sleep((QUICK.first_byte_ms + 3 * QUICK.word_ms) / 1000)
        begin_s = time.monotonic()
        task.cancel()
        await asyncio.wait([task])
        took.append((time.monotonic() - begin_s) * 1000)
    return took


async def _crowd(run: Run, name: str, adapter: Adapter) -> list[Figure]:
    """Many conversations at once, each with several turns: a stall shows as a late first output or a gap."""
    count = run.count(CONVERSATIONS, 5)

    async def talk(number: int) -> list[Heard]:
        await asyncio.sleep(number * PAUSE_S / count)  # they did not all begin in the same moment
        heard = []
        async with _conversation(adapter) as session:
            for _ in range(run.count(TURNS, 1)):
                heard.append(await _hear(session))
                await asyncio.sleep(PAUSE_S)
        return heard

    begin_s = time.process_time()
    turns = [heard for talked in await asyncio.gather(*map(talk, range(count))) for heard in talked]
    cpu_ms = (time.process_time() - begin_s) * 1000 / len(turns)
    title = f"{name}: {count} conversations at once"
    figures = [
        distribution(NAME, f"{title}, first output, added", "ms", [heard.first_ms(LIVE) for heard in turns]),
        distribution(NAME, f"{title}, largest gap in a turn", "ms", [h.largest_gap_ms for h in turns], _GAP),
        Figure(NAME, f"{title}, CPU of a turn", "ms", cpu_ms, len(turns)),
    ]
    if any(heard.sound_s for heard in turns):
        late_ms = [heard.late_s * 1000 for heard in turns]
        figures.append(distribution(NAME, f"{title}, a hole in the sound", "ms", late_ms, _HOLE))
    return figures


async def _bare(run: Run, name: str, stand: Stand, provider: Emulated) -> Figure:
    """The same wait on one socket that is kept open, from the request to the first byte of the answer's body."""
    path, body, headers = _REQUESTS[stand.name, name]
    parts = urlsplit(provider.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    payload = json.dumps(body).encode()
    head = {"host": parts.netloc, "authorization": f"Bearer {KEY}", "content-type": "application/json", **headers}
    head["content-length"] = str(len(payload))
    request = f"POST {path} HTTP/1.1\r\n" + "".join(f"{key}: {value}\r\n" for key, value in head.items()) + "\r\n"
    took: list[float] = []
    for _ in range(run.count(200, 5)):
        begin_s = time.monotonic()
        writer.write(request.encode() + payload)
        await reader.readuntil(b"\r\n\r\n")
        await reader.readuntil(b"data:")
        took.append((time.monotonic() - begin_s) * 1000 - QUICK.first_byte_ms)
        while await reader.readuntil(b"\r\n") != b"0\r\n":
            pass
        await reader.readuntil(b"\r\n")
    writer.close()
    await writer.wait_closed()
    return distribution(NAME, f"{name}:   a bare socket instead, to the first byte", "ms", took)


@asynccontextmanager
async def _conversation(adapter: Adapter) -> AsyncIterator[AdapterSession]:
    """One conversation's state in the adapter, connections of its own included."""
    assert isinstance(adapter, LanguageModel | RealtimeModel | Voice)
    session = adapter.open_session(SessionContext("bench"))
    try:
        yield session
    finally:
        await session.aclose()


def _call(session: AdapterSession) -> AsyncGenerator[Any, None]:
    turn = TurnContext("bench", "t_1", 1)
    if isinstance(session, TtsSession):
        return session.infer_stream(TtsInput(TEXT, PERSONA, is_last=True), Controls(), turn)
    assert isinstance(session, LlmSession | RealtimeSession)
    return session.infer_stream(LlmInput(TEXT, persona=PERSONA), Controls(), turn)


_ADDED = Target(5.0)
"""Milliseconds: a hundredth of what a fast model takes to its first word."""
_STOP = Target(50.0, "p99")
_GAP = Target(250.0, "p99")
"""Milliseconds: less than the sound that a clause has ahead."""
_NONE = Target(0.0)
_HOLE = Target(0.0, "p99")
"""Milliseconds for a listener who buffers nothing; a client of TTH buffers 400 at least."""
_SAID = [{"role": "user", "content": TEXT}]
_REQUESTS: dict[tuple[str, str], tuple[str, dict[str, Any], dict[str, str]]] = {
    ("openai", "openai_chat"): (
        "/v1/chat/completions",
        {"model": "gpt-5.6-luna", "messages": _SAID, "stream": True, "reasoning_effort": "none"},
        {},
    ),
    ("vllm", "vllm_local"): (
        "/v1/chat/completions",
        {"model": "Qwen/Qwen3-8B", "messages": _SAID, "stream": True},
        {},
    ),
    ("openai", "openai_responses"): (
        "/v1/responses",
        {"model": "gpt-5.6-luna", "input": _SAID, "stream": True, "reasoning": {"effort": "none"}},
        {},
    ),
    ("anthropic", "anthropic_claude"): (
        "/v1/messages",
        {
            "model": "claude-haiku-5-5",
            "max_tokens": 400,
            "messages": _SAID,
            "stream": True,
            "thinking": {"type": "disabled"},
            "output_config": {"effort": "low"},
        },
        {"anthropic-version": "2026-10-21"},
    ),
}
"""What the bare client sends: path, body, further headers."""
