"""OpenAI's speech interface: POST /audio/speech, as bare sound and as events. Real sound, from the emulator's voice.

Speaks pcm and wav; other formats are refused. Tests: tests/testing/emulators/test_openai_speech.py.
"""

from __future__ import annotations

import asyncio
import base64
import struct
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from aiohttp import web

from tth.model.media import SAMPLE_RATE_HZ, Pcm
from tth.testing.emulators.event_stream import event, send_events
from tth.testing.emulators.faults import Fault, FaultKind
from tth.testing.emulators.openai_common import (
    Problem,
    error_body,
    json_problem,
    refusal_of,
    refused,
    response_headers,
    unknown_field,
)
from tth.testing.emulators.talker import token_count

if TYPE_CHECKING:
    from tth.testing.emulators.openai import OpenAiEmulator

MODELS = ("gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-03-20", "gpt-4o-mini-tts-2025-12-15", "tts-1", "tts-1-hd")
OLD_VOICES = ("alloy", "ash", "coral", "echo", "fable", "onyx", "nova", "sage", "shimmer")
VOICES = (*OLD_VOICES, "ballad", "verse", "marin", "cedar")
MAX_INPUT, MAX_INSTRUCTIONS = 4096, 4096
PIECE_BYTES, EVENT_BYTES = 8192, 1950
"""Of sound in one piece and in one event (2.6 KB as base64)."""
SPLIT_BYTES = 101
"""Of pieces cut anywhere: odd, so that they cut samples."""
TOKENS_PER_CHARACTER = 3.6
"""Of sound that are counted, about."""
_FIELDS = frozenset({"model", "input", "voice", "instructions", "response_format", "speed", "stream_format"})
_TYPES = {"pcm": "audio/pcm", "wav": "audio/wav"}


@dataclass(frozen=True, slots=True)
class SpeechDialect:
    """How a server differs from OpenAI's."""

    is_strict: bool = True
    """Models, voices and fields are checked."""
    rate_hz: int = SAMPLE_RATE_HZ
    """Of pcm and wav; the sound is played that much faster or slower when it is taken for another."""
    has_events: bool = True
    """stream_format sse is heeded."""
    says_done: bool = True
    """[DONE] behind the last event."""
    content_type: str | None = None
    """Told for every format."""
    is_whole: bool = False
    """All of the sound at once."""
    errors_are_good: bool = False
    """Errors come with status 200."""


OPENAI = SpeechDialect()


def add_routes(router: web.UrlDispatcher, emulator: OpenAiEmulator) -> None:
    """POST /v1/audio/speech."""
    router.add_post("/v1/audio/speech", _Speech(emulator).answer)


class _Speech:
    def __init__(self, emulator: OpenAiEmulator) -> None:
        self._emulator = emulator

    async def answer(self, request: web.Request) -> web.StreamResponse:
        emulator, dialect = self._emulator, self._emulator.speech_dialect
        seen, fault = await emulator.note(request)
        refusal = refusal_of(emulator, request, fault)
        problem = json_problem(seen.body) or (_problem(seen.body) if dialect.is_strict else None)
        if refusal is None and problem is not None:
            refusal = refused(problem)
        if refusal is not None:
            if dialect.errors_are_good:
                refusal.set_status(200)
            return refusal
        return await self._speak(request, seen.body, fault)

    async def _speak(self, request: web.Request, body: Mapping[str, Any], fault: Fault | None) -> web.StreamResponse:
        emulator, dialect = self._emulator, self._emulator.speech_dialect
        has_events = dialect.has_events and body.get("stream_format") == "sse"
        kind = body.get("response_format", "mp3")
        empty = fault is not None and fault.kind is FaultKind.EMPTY_ANSWER
        spoken = await emulator.speech.speak(body["input"], float(body.get("speed", 1.0)), str(body.get("voice", "")))
        data = b"" if empty else _encoded(spoken.pcm, kind, dialect.rate_hz)
        size = EVENT_BYTES if has_events else len(data) if dialect.is_whole else PIECE_BYTES
        parts = [data[at : at + size] for at in range(0, len(data), max(size, 1))]
        stream = _events(parts, body, dialect) if has_events else _bare(parts)
        if not has_events and fault is not None and fault.kind in _NEEDS_EVENTS:
            fault = replace(fault, kind=FaultKind.DISCONNECT)  # bare sound has no other way to fail
        said = "text/event-stream; charset=utf-8" if has_events else dialect.content_type or _TYPES[kind]
        error = _event("error", {"type": "error", **error_body("The server had an error.", "server_error")})
        return await send_events(
            emulator, request, stream, fault, error, {**response_headers(), "content-type": said}, SPLIT_BYTES
        )


_NEEDS_EVENTS = (FaultKind.ERROR_MIDWAY, FaultKind.GARBAGE, FaultKind.HALF_EVENT)


def _problem(body: Mapping[str, Any]) -> Problem | None:
    """What OpenAI says to a request that is wrong: lists of what did not validate, as text."""
    unknown = unknown_field(body, _FIELDS)
    if unknown is not None:
        return unknown
    model, text, voice = body.get("model"), body.get("input"), body.get("voice")
    if not isinstance(model, str) or model not in MODELS:
        code = "model_not_found"
        return Problem(f"The model `{model}` does not exist or you do not have access to it.", None, code, 404)
    is_old = model.startswith("tts-1")
    if not isinstance(text, str) or not text:
        return _invalid("string_too_short", "input", "String should have at least 1 character")
    if len(text) > MAX_INPUT:
        return _invalid("string_too_long", "input", f"String should have at most {MAX_INPUT} characters")
    if not _is_voice(voice, OLD_VOICES if is_old else VOICES):
        return _invalid("enum", "voice", "Input should be 'nova', 'shimmer', 'echo', 'onyx', 'fable', 'alloy'")
    if not isinstance(body.get("instructions", ""), str) or len(body.get("instructions", "")) > MAX_INSTRUCTIONS:
        return _invalid("string_too_long", "instructions", f"String should have at most {MAX_INSTRUCTIONS} characters")
    if body.get("response_format", "mp3") not in _TYPES:
        return _invalid("enum", "response_format", "this emulator speaks 'pcm' and 'wav'")
    speed = body.get("speed", 1.0)
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not 0.25 <= speed <= 4:
        return _invalid("less_than_equal", "speed", "Input should be between 0.25 and 4")
    form = body.get("stream_format", "audio")
    if form not in ("audio", "sse") or (form == "sse" and is_old):
        return _invalid("enum", "stream_format", "Input should be 'audio'")
    return None


def _is_voice(voice: Any, known: tuple[str, ...]) -> bool:
    if isinstance(voice, dict):
        return set(voice) == {"id"} and str(voice["id"]).startswith("voice_")
    return voice in known


def _invalid(kind: str, field: str, message: str) -> Problem:
    return Problem(str([{"type": kind, "loc": ("body", field), "msg": message}]))


async def _bare(parts: list[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
        await asyncio.sleep(0)


async def _events(parts: list[bytes], body: Mapping[str, Any], dialect: SpeechDialect) -> AsyncIterator[bytes]:
    for part in parts:
        audio = base64.b64encode(part).decode()
        yield _event("speech.audio.delta", {"type": "speech.audio.delta", "audio": audio})
        await asyncio.sleep(0)
    heard = token_count(body["input"] + body.get("instructions", ""))
    said = round(TOKENS_PER_CHARACTER * len(body["input"]))
    usage = {"input_tokens": heard, "output_tokens": said, "total_tokens": heard + said}
    yield _event("speech.audio.done", {"type": "speech.audio.done", "usage": usage})
    if dialect.says_done:
        yield b"data: [DONE]\r\n\r\n"


def _event(name: str, data: Mapping[str, Any]) -> bytes:
    """This interface ends its lines with CRLF."""
    return event(data, name).replace(b"\n", b"\r\n")


def _encoded(pcm: Pcm, kind: str, rate_hz: int) -> bytes:
    """The sound at this rate, with a header of unknown length where the format has one."""
    if rate_hz != SAMPLE_RATE_HZ and len(pcm):
        import soxr

        pcm = soxr.resample(pcm, SAMPLE_RATE_HZ, rate_hz)
    data = np.asarray(pcm, "<i2").tobytes()
    if kind != "wav":
        return data
    form = struct.pack("<HHIIHH", 1, 1, rate_hz, 2 * rate_hz, 2, 16)
    return b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0" + form + b"data\xff\xff\xff\xff" + data
