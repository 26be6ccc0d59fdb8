"""ElevenLabs on this machine: speech over HTTP and over all of its sockets, as under https://api.elevenlabs.io/v1.

Real sound in all pcm formats; others are refused. Tests: tests/testing/emulators/test_elevenlabs.py.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from tth.testing.emulators import elevenlabs_sockets
from tth.testing.emulators.elevenlabs_common import (
    DIALOGUE_MODELS,
    NO_VOICE,
    REFUSALS,
    SPEECH_MODELS,
    ElevenLabsBase,
    Told,
    Voiced,
    error_answer,
    invalid,
    part,
    rate_of,
    refusal_of,
    settings_problem,
    voiced,
)
from tth.testing.emulators.event_stream import send_events
from tth.testing.emulators.faults import KEY_FAULTS, Fault, FaultKind

LONGEST = 40_000
"""Characters; of the flash models."""
PIECE_BYTES = 4097
"""Of bare sound in one piece: odd, as pieces may be cut anywhere."""
SPLIT_BYTES = 101
_FIELDS = frozenset(
    {
        *("text", "model_id", "language_code", "voice_settings", "seed", "previous_text", "next_text"),
        *("previous_request_ids", "next_request_ids", "pronunciation_dictionary_locators"),
        *("apply_text_normalization", "apply_language_text_normalization", "use_pvc_as_ivc"),
    }
)


@dataclass
class ElevenLabsEmulator(ElevenLabsBase):
    """All of ElevenLabs that TTH uses."""

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/v1/models", self._models)
        router.add_post("/v1/text-to-speech/{voice}/stream", self._stream)
        router.add_post("/v1/text-to-speech/{voice}/stream/with-timestamps", self._timed)
        elevenlabs_sockets.add_routes(router, self)

    @property
    def base_url(self) -> str:
        """What clients are configured with."""
        return f"{self.url}/v1"

    async def _models(self, request: web.Request) -> web.Response:
        _, fault = await self.note(request, KEY_FAULTS)
        found = [
            {"model_id": name, "name": name, "can_do_text_to_speech": True, "maximum_text_length_per_request": LONGEST}
            for name in (*SPEECH_MODELS, *DIALOGUE_MODELS)
        ]
        return refusal_of(self, request, fault) or web.json_response(found)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """Bare sound; a failure midway is a cut, there is nothing else it could be."""
        spoken, fault, refusal = await self._spoken(request)
        if spoken is None:
            assert refusal is not None
            return refusal
        if fault is not None and fault.kind in (FaultKind.ERROR_MIDWAY, FaultKind.GARBAGE, FaultKind.HALF_EVENT):
            fault = replace(fault, kind=FaultKind.DISCONNECT)
        parts = [spoken.data[at : at + PIECE_BYTES] for at in range(0, len(spoken.data), PIECE_BYTES)]
        return await send_events(self, request, _each(parts), fault, b"", _headers(request, "audio/pcm"), SPLIT_BYTES)

    async def _timed(self, request: web.Request) -> web.StreamResponse:
        """A line of JSON for each piece, with times from the start of the request; some say nothing of times."""
        spoken, fault, refusal = await self._spoken(request)
        if spoken is None:
            assert refusal is not None
            return refusal
        lines: list[bytes] = []
        for number, data in enumerate(spoken.chunks()):
            found = part(spoken, number * 100.0, number * 100.0 + 100.0)
            times = _times(found, number * 0.1) if found.characters else None
            line = {"audio_base64": base64.b64encode(data).decode(), "alignment": times, "normalized_alignment": times}
            lines.append(json.dumps(line).encode() + b"\n" + (b"\n" if number % 3 == 2 else b""))
        told = REFUSALS[FaultKind.SERVER_ERROR]
        error = json.dumps({"detail": {"status": told.name, "message": told.message}}).encode() + b"\n"
        headers = _headers(request, "application/json")
        return await send_events(self, request, _each(lines), fault, error, headers, SPLIT_BYTES)

    async def _spoken(self, request: web.Request) -> tuple[Voiced | None, Fault | None, web.Response | None]:
        """The sound, or why there is none."""
        seen, fault = await self.note(request)
        refusal = refusal_of(self, request, fault) or self._problem(request, seen.body)
        if refusal is not None:
            return None, fault, refusal
        rate_hz = rate_of(request.query["output_format"]) or 24_000
        speed = (seen.body.get("voice_settings") or {}).get("speed") or 1.0
        text = "" if fault is not None and fault.kind is FaultKind.EMPTY_ANSWER else seen.body["text"]
        return await voiced(self.speech, text, float(speed), rate_hz), fault, None

    def _problem(self, request: web.Request, body: Any) -> web.Response | None:
        """What ElevenLabs says to a request that is wrong."""
        if not isinstance(body, dict) or not isinstance(body.get("text"), str):
            return invalid(["text"], "Field required", "missing")
        for name in body:
            if name not in _FIELDS:
                return invalid([name], "Extra inputs are not permitted", "extra_forbidden")
        if request.match_info["voice"] == elevenlabs_sockets.NO_SUCH_VOICE:
            return error_answer(self, NO_VOICE)
        model = body.get("model_id", "eleven_multilingual_v2")
        if model not in (*SPEECH_MODELS, *DIALOGUE_MODELS):
            return error_answer(self, REFUSALS[FaultKind.MODEL_NOT_FOUND])
        if model in DIALOGUE_MODELS and (body.get("previous_text") or body.get("next_text")):
            return error_answer(self, Told("unsupported_parameter", "previous_text is not supported by this model."))
        if len(body["text"]) > LONGEST:
            return error_answer(self, Told("max_character_limit_exceeded", "The text is too long."))
        settings = body.get("voice_settings")
        problem = None if settings is None else settings_problem(settings, is_dialogue=model in DIALOGUE_MODELS)
        if problem is not None:
            return invalid(["voice_settings"], problem)
        if rate_of(request.query.get("output_format", "mp3_44100_128")) is None:
            return error_answer(self, Told("output_format_not_allowed", "This emulator speaks pcm only.", 403))
        return None


def _times(found: Voiced, from_s: float) -> dict[str, Any]:
    """As over HTTP: seconds, from the start of the request."""
    return {
        "characters": list(found.characters),
        "character_start_times_seconds": [round(from_s + start / 1000, 3) for start in found.starts_ms],
        "character_end_times_seconds": [round(from_s + end / 1000, 3) for end in found.ends_ms],
    }


def _headers(request: web.Request, kind: str) -> Mapping[str, str]:
    return {
        "content-type": kind,
        "request-id": secrets.token_hex(8),
        "character-cost": "8",
        "current-concurrent-requests": "1",
        "maximum-concurrent-requests": "10",
    }


async def _each(parts: list[bytes]) -> AsyncIterator[bytes]:
    for one in parts:
        yield one
