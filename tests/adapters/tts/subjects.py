"""The voices that the conformance checks are run on, and what each provider's faults lead to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.adapters.outcomes import KEY, REFUSALS
from tth.adapters.base import Voice
from tth.adapters.tts import elevenlabs, espeak, mock_tts, openai_tts
from tth.errors import AdapterProtocolError, AdapterUnavailable
from tth.model.secret import Secret
from tth.testing.conformance.subject import Ending, Outcome, Subject
from tth.testing.emulators import elevenlabs_sockets
from tth.testing.emulators.elevenlabs import ElevenLabsEmulator
from tth.testing.emulators.elevenlabs_common import KeySpelling
from tth.testing.emulators.faults import FaultKind
from tth.testing.emulators.openai import OpenAiEmulator
from tth.testing.emulators.openai_speech import SpeechDialect
from tth.testing.emulators.server import Emulator

STREAM: Mapping[FaultKind, Outcome] = {
    FaultKind.SLOW_FIRST_BYTE: Ending.WHOLE,
    FaultKind.SPLIT_BYTES: Ending.WHOLE,
    FaultKind.SILENT_MIDWAY: Ending.SILENT,
    FaultKind.ERROR_MIDWAY: AdapterUnavailable,
    FaultKind.HALF_EVENT: AdapterUnavailable,
    FaultKind.DISCONNECT: AdapterUnavailable,
    FaultKind.EARLY_END: AdapterUnavailable,
    FaultKind.EMPTY_ANSWER: AdapterUnavailable,
}
OWN_RATE = SpeechDialect(
    is_strict=False, rate_hz=22_050, has_events=False, content_type="application/octet-stream", is_whole=False
)


def _url(emulator: Emulator | None) -> str:
    assert isinstance(emulator, OpenAiEmulator)
    return emulator.base_url


def _openai(**settings: Any) -> Callable[[Emulator | None], Voice]:
    def build(emulator: Emulator | None) -> Voice:
        return openai_tts.build(openai_tts.Settings(api_key=Secret(KEY), base_url=_url(emulator), **settings))

    return build


def _compatible(**settings: Any) -> Callable[[Emulator | None], Voice]:
    def build(emulator: Emulator | None) -> Voice:
        made = openai_tts.CompatibleSettings(api_key=Secret(KEY), base_url=_url(emulator), **settings)
        return openai_tts.build_compatible(made)

    return build


def _elevenlabs(**settings: Any) -> Callable[[Emulator | None], Voice]:
    def build(emulator: Emulator | None) -> Voice:
        assert isinstance(emulator, ElevenLabsEmulator)
        made = elevenlabs.Settings(api_key=Secret(KEY), base_url=emulator.base_url, **settings)
        return elevenlabs.build(made)

    return build


def _account(**options: Any) -> Callable[[], Emulator]:
    return lambda: ElevenLabsEmulator(key=KEY, **options)


IN_BAND: Mapping[FaultKind, Outcome] = {
    **{kind: outcome for kind, outcome in REFUSALS.items() if kind not in elevenlabs_sockets.OVER_HTTP},
    **{kind: outcome for kind, outcome in STREAM.items() if kind not in (FaultKind.HALF_EVENT, FaultKind.SPLIT_BYTES)},
    FaultKind.GARBAGE: AdapterProtocolError,
    FaultKind.EXPIRED: AdapterUnavailable,
}
"""On a socket that is open already."""
LINES: Mapping[FaultKind, Outcome] = {
    **REFUSALS,
    **STREAM,
    FaultKind.GARBAGE: AdapterProtocolError,
    FaultKind.OVERLOADED: AdapterUnavailable,
}
_OLD: Mapping[str, Any] = {
    "model": "tts-1",
    "voice": "nova",
    "stream_format": None,
    "takes_speed": True,
    "takes_instructions": False,
}

SUBJECTS: tuple[Subject[Voice], ...] = (
    Subject("mock_tts", lambda _: mock_tts.build(mock_tts.Settings())),
    Subject("espeak", lambda _: espeak.build(espeak.Settings())),
    Subject(
        "openai_tts",
        _openai(),
        lambda: OpenAiEmulator(key=KEY),
        {**REFUSALS, **STREAM, FaultKind.GARBAGE: AdapterProtocolError},
    ),
    Subject("openai_tts with bare bytes", _openai(**_OLD), lambda: OpenAiEmulator(key=KEY), {**REFUSALS, **STREAM}),
    Subject(
        "openai_compatible",
        _compatible(sample_rate_hz=22_050),
        lambda: OpenAiEmulator(key=KEY, speech_dialect=OWN_RATE),
        STREAM,
    ),
    Subject(
        "openai_compatible with wav",
        _compatible(response_format="wav", stream_format="sse"),
        lambda: OpenAiEmulator(key=KEY, speech_dialect=OWN_RATE),
        STREAM,
    ),
    Subject("elevenlabs", _elevenlabs(), _account(), IN_BAND),
    Subject("elevenlabs, other spellings", _elevenlabs(), _account(spelling=KeySpelling.SNAKE), IN_BAND),
    Subject("elevenlabs with a dialogue model", _elevenlabs(model="eleven_v4"), _account(), IN_BAND),
    Subject("elevenlabs over HTTP", _elevenlabs(mode="http"), _account(new_errors=True), LINES),
)
