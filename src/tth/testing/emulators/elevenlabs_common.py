"""What ElevenLabs' interfaces share: models, errors in their three shapes, formats of sound, times of characters.

Tests: tests/testing/emulators/test_elevenlabs.py.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from aiohttp import web

from tth.model.media import SAMPLE_RATE_HZ, samples_to_ms
from tth.testing.emulators.faults import Fault, FaultKind
from tth.testing.emulators.server import Emulator
from tth.testing.emulators.speech import Speech, ToneSpeech

SPEECH_MODELS = (
    "eleven_flash_v2_5",
    "eleven_turbo_v2_5",
    "eleven_flash_v2",
    "eleven_turbo_v2",
    "eleven_multilingual_v2",
)
DIALOGUE_MODELS = ("eleven_v3", "eleven_v3_conversational", "eleven_v4", "eleven_v4_turbo")
ONE_VOICE = ("eleven_v3_conversational", "eleven_v4_turbo")
"""Dialogue models with one voice in each context."""
RATES_HZ = (8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
NOT_ON_SPEECH_SOCKETS_HZ = (32_000, 48_000)
CHUNK_SAMPLES = 2400
"""Of sound in one message: 100 ms."""
_SETTINGS: Mapping[str, tuple[float, float]] = {
    "stability": (0, 1),
    "similarity_boost": (0, 1),
    "style": (0, 1),
    "speed": (0.7, 1.2),
    "clone_strength": (0, 1),
}
_OF_DIALOGUES = ("stability", "clone_strength")


class KeySpelling(StrEnum):
    """How the keys of times and contexts are written; all were seen."""

    CAMEL = "camel"
    PLURAL = "plural"
    """ "charsStartTimesMs", "charsDurationsMs"."""
    SNAKE = "snake"


@dataclass
class ElevenLabsBase(Emulator):
    """An account: its speech, and what tests change about it."""

    speech: Speech = field(default_factory=ToneSpeech)
    inactivity_s: float = 20.0
    """A socket on which nothing comes for so long is closed; over the query's inactivity_timeout."""
    spelling: KeySpelling = KeySpelling.CAMEL
    refuses_in_band: bool = False
    """A wrong key is told in a frame, not by refusing the upgrade."""
    new_errors: bool = False
    """Error bodies as of 2026."""
    chunk_s: float = 0.0
    """Between two messages of sound."""

    name = "elevenlabs"

    def may_enter(self, key: str) -> bool:
        """This key is the account's."""
        return key == self.key


@dataclass(frozen=True, slots=True)
class Told:
    """What is wrong, for a frame or a body."""

    name: str
    message: str
    status: int = 400
    kind: str = "validation_error"


WRONG_KEY = Told("invalid_api_key", "Invalid API key", 401, "authentication_error")
NO_VOICE = Told("voice_not_found", "A voice with this id was not found.", 404, "not_found")
TIMEOUT = Told("input_timeout_exceeded", "Have not received a new text input within the timeout of 20 seconds.", 400)
REFUSALS: Mapping[FaultKind, Told] = {
    FaultKind.REFUSED_KEY: WRONG_KEY,
    FaultKind.NO_PERMISSION: Told(
        "missing_permissions", "The key is missing a permission.", 401, "authentication_error"
    ),
    FaultKind.NO_QUOTA: Told("quota_exceeded", "This request exceeds your quota.", 401, "authentication_error"),
    FaultKind.RATE_LIMITED: Told(
        "too_many_concurrent_requests", "Too many concurrent requests.", 429, "rate_limit_error"
    ),
    FaultKind.MODEL_NOT_FOUND: Told("model_not_found", "The model was not found.", 404, "not_found"),
    FaultKind.SERVER_ERROR: Told("something_went_wrong", "Something went wrong.", 500, "internal_error"),
    FaultKind.OVERLOADED: Told("system_busy", "The system is busy.", 429, "rate_limit_error"),
}


def error_answer(emulator: ElevenLabsBase, told: Told, fault: Fault | None = None) -> web.Response:
    """An error over HTTP, in the old or the new shape."""
    detail: dict[str, Any] = {"status": told.name, "message": told.message}
    if emulator.new_errors:
        detail |= {"type": told.kind, "code": told.name, "request_id": secrets.token_hex(8)}
    waits = {"retry-after": f"{fault.retry_after_s:g}"} if fault is not None and fault.retry_after_s is not None else {}
    return web.json_response({"detail": detail}, status=told.status, headers=waits)


def invalid(path: list[str], message: str, kind: str = "value_error") -> web.Response:
    """422: what did not validate."""
    return web.json_response({"detail": [{"loc": ["body", *path], "msg": message, "type": kind}]}, status=422)


def refusal_of(emulator: ElevenLabsBase, request: web.Request, fault: Fault | None) -> web.Response | None:
    """Why this request is not looked at; None when it is."""
    if fault is not None and fault.kind is FaultKind.HTML_ERROR:
        return web.Response(status=502, text="<html><h1>502 Bad Gateway</h1></html>", content_type="text/html")
    if fault is not None and fault.kind in REFUSALS:
        return error_answer(emulator, REFUSALS[fault.kind], fault)
    if not emulator.may_enter(request.headers.get("xi-api-key", "")):
        return error_answer(emulator, WRONG_KEY)
    return None


def rate_of(output_format: str) -> int | None:
    """Samples per second of a pcm format; None for what this emulator cannot make."""
    name, _, rate = output_format.partition("_")
    return int(rate) if name == "pcm" and rate.isdecimal() and int(rate) in RATES_HZ else None


def settings_problem(settings: Any, *, is_dialogue: bool = False) -> str | None:
    """What is wrong with voice settings."""
    if not isinstance(settings, dict):
        return "voice_settings: must be an object"
    for name, value in settings.items():
        if name == "use_speaker_boost" and not is_dialogue:
            if not isinstance(value, bool | None):
                return f"{name}: must be true or false"
            continue
        if name not in _SETTINGS or (is_dialogue and name not in _OF_DIALOGUES):
            return f"{name}: unknown"
        if value is None:
            continue
        low, high = _SETTINGS[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            return f"{name}: must be {low:g}..{high:g}"
    return None


@dataclass(frozen=True, slots=True)
class Voiced:
    """A stretch of text as sound with the times of its characters, in ms from its start."""

    data: bytes
    """16-bit samples at the rate that was asked for."""
    rate_hz: int
    characters: tuple[str, ...]
    starts_ms: tuple[int, ...]
    ends_ms: tuple[int, ...]

    def chunks(self) -> list[bytes]:
        """In messages of 100 ms."""
        size = 2 * CHUNK_SAMPLES * self.rate_hz // SAMPLE_RATE_HZ
        return [self.data[at : at + size] for at in range(0, len(self.data), size)]


async def voiced(speech: Speech, text: str, speed: float, rate_hz: int) -> Voiced:
    """The text spoken. Each character has an equal share of its word; what stands between words has no time."""
    spoken = await speech.speak(text, speed)
    starts, at = [], 0
    ends: list[int] = []
    by_offset = {word.offset: word for word in spoken.words}
    word, end_of_word = None, -1
    for position in range(len(text)):
        if position in by_offset:
            word = by_offset[position]
            end_of_word = position + len(word.word)
        begin = end = at
        if word is not None and word.offset <= position < end_of_word:
            share = position - word.offset
            begin = int(samples_to_ms(word.start_sample + word.sample_count * share // len(word.word)))
            end = int(samples_to_ms(word.start_sample + word.sample_count * (share + 1) // len(word.word)))
        starts.append(begin)
        ends.append(end)
        at = end
    pcm = spoken.pcm
    if rate_hz != SAMPLE_RATE_HZ and len(pcm):
        import soxr

        pcm = soxr.resample(pcm, SAMPLE_RATE_HZ, rate_hz)
    data = np.asarray(pcm, "<i2").tobytes()
    return Voiced(data, rate_hz, tuple(text), tuple(starts), tuple(ends))


def alignment(found: Voiced, spelling: KeySpelling) -> dict[str, Any]:
    """As in the frames of sockets."""
    starts, durations = {
        KeySpelling.CAMEL: ("charStartTimesMs", "charDurationsMs"),
        KeySpelling.PLURAL: ("charsStartTimesMs", "charsDurationsMs"),
        KeySpelling.SNAKE: ("char_start_times_ms", "char_durations_ms"),
    }[spelling]
    lengths = [end - start for start, end in zip(found.starts_ms, found.ends_ms, strict=True)]
    return {"chars": list(found.characters), starts: list(found.starts_ms), durations: lengths}


def normalized(times: Mapping[str, Any]) -> dict[str, Any]:
    """The same as the model read it: a space comes first."""
    return {name: [" " if name == "chars" else 0, *values] for name, values in times.items()}


def part(found: Voiced, begin_ms: float, end_ms: float) -> Voiced:
    """The characters that begin in a stretch of the sound, counted from its start."""
    inside = [
        (character, start - int(begin_ms), end - int(begin_ms))
        for character, start, end in zip(found.characters, found.starts_ms, found.ends_ms, strict=True)
        if begin_ms <= start < end_ms
    ]
    characters, starts, ends = zip(*inside, strict=True) if inside else ((), (), ())
    return Voiced(b"", found.rate_hz, tuple(characters), tuple(starts), tuple(ends))
