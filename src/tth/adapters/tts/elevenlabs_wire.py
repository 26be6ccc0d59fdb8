"""ElevenLabs' messages: what is sent for a clause on each kind of socket, and what comes back on all of them. Pure.

Tests: tests/adapters/tts/test_elevenlabs_wire.py.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from tth.adapters.provider_errors import ErrorNames
from tth.adapters.tts.elevenlabs_alignment import TimedCharacter, timed_characters

Message: TypeAlias = Mapping[str, Any]

OUTPUT_FORMAT = "pcm_24000"
KEEP_ALIVE: Message = {"text": ""}
"""On a speech socket, for the socket as a whole."""
CLOSE_SOCKET: Message = {"close_socket": True}

ERRORS = ErrorNames(
    quota=frozenset({"quota_exceeded", "payment_required"}),
    auth=frozenset(
        {
            "invalid_api_key",
            "missing_permissions",
            "needs_authorization",
            "unauthorized",
            "authentication_error",
            "authentication_required",
            "detected_unusual_activity",
        }
    ),
    rate=frozenset(
        {
            "too_many_concurrent_requests",
            "concurrent_limit_exceeded",
            "rate_limit_exceeded",
            "max_active_conversations",
        }
    ),
    busy=frozenset({"system_busy", "something_went_wrong", "input_timeout_exceeded"}),
    rejected=frozenset(
        {
            "voice_not_found",
            "model_not_found",
            "invalid_uid",
            "max_character_limit_exceeded",
            "output_format_not_allowed",
            "voice_limit_reached",
            "only_for_creator+",
            "unsupported_language",
            "unsupported_model",
            "invalid_voice_settings",
            "voice_settings_changed",
        }
    ),
    advice={"quota_exceeded": "the account's credits are used up"},
)
"""What bodies and frames call their errors; quota comes as 401, and is not a wrong key."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message about a context."""

    context_id: str
    """ "" for the socket as a whole."""
    audio: bytes = b""
    characters: tuple[TimedCharacter, ...] = ()
    is_final: bool = False
    """Nothing of the context follows."""


def speech_messages(context_id: str, text: str, settings: Message) -> Sequence[Message]:
    """A whole clause on a speech socket: one context from its opening to its end.

    The end of input comes with the text, since it alone is answered by an end of sound: a flush is not.
    """
    return (
        {"text": " ", "context_id": context_id, "voice_settings": dict(settings)},
        {"text": _with_space(text), "context_id": context_id, "flush": True},
        {"context_id": context_id, "close_context": True},
    )


def dialogue_messages(context_id: str, text: str, settings: Message, voice_id: str) -> Sequence[Message]:
    """The same on a dialogue socket (v3 and v4 models)."""
    return (
        {"context_id": context_id, "voices": [voice_id]} | ({"voice_settings": dict(settings)} if settings else {}),
        {
            "context_id": context_id,
            "inputs": [{"text": _with_space(text), "voice_id": voice_id, "new_turn": True}],
            "flush": True,
        },
        {"context_id": context_id, "close_context": True},
    )


def incoming(message: Message) -> Incoming:
    """What a message of any of the interfaces says. Raises ValueError for sound that is not base64."""
    return Incoming(
        str(message.get("contextId") or message.get("context_id") or ""),
        _audio(message.get("audio") or message.get("audio_base64")),
        timed_characters(message.get("alignment"))
        or timed_characters(message.get("normalizedAlignment", message.get("normalized_alignment"))),
        bool(message.get("isFinal") or message.get("is_final")),
    )


def is_error(message: Message) -> bool:
    """The message is about what went wrong."""
    return bool(message.get("error") or message.get("detail"))


def _audio(text: Any) -> bytes:
    if not text:
        return b""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError):
        raise ValueError("sound that is not base64") from None


def _with_space(text: str) -> str:
    """Pieces without a space behind them are glued to what follows."""
    return text.rstrip() + " "
