"""What OpenAI Realtime accepts: the fields of a session, of an item and of a response, and how an update is merged.

Pure. One wrong field discards a whole update, as at the real server.
Tests: tests/testing/emulators/test_openai_realtime.py.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tth.testing.emulators.openai_common import Problem

VOICES = ("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar")
REASONING_MODELS = ("gpt-realtime-2", "gpt-realtime-2.1", "gpt-realtime-2.1-mini")
MODELS = (*REASONING_MODELS, "gpt-realtime-1.5", "gpt-realtime", "gpt-realtime-2025-08-28", "gpt-realtime-mini")
RETIRED = ("gpt-4o-realtime-preview", "gpt-4o-mini-realtime-preview")
EFFORTS = ("minimal", "low", "medium", "high", "xhigh")
PCM = {"type": "audio/pcm", "rate": 24000}
MIN_SPEED, MAX_SPEED = 0.25, 1.5
MAX_OUTPUT_TOKENS = 4096

Check: TypeAlias = Callable[[Any], str]
"""The error code for a value; "" for a good one."""
Tree: TypeAlias = "Mapping[str, Check | Tree]"


class Rejected(Exception):
    """An event that is not accepted; nothing of it was done."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def new_session(session_id: str, model: str, expires_at: int) -> dict[str, Any]:
    """A session before anybody has changed anything."""
    vad = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 200}
    listening = {**vad, "idle_timeout_ms": None, "create_response": True, "interrupt_response": True}
    hearing = {"format": PCM, "transcription": None, "noise_reduction": None, "turn_detection": listening}
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": session_id,
        "model": model,
        "output_modalities": ["audio"],
        "instructions": "Your knowledge cutoff is 2023-10. You are a helpful, witty, and friendly AI.",
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "truncation": "auto",
        "tracing": None,
        "prompt": None,
        "expires_at": expires_at,
        "audio": {"input": hearing, "output": {"format": PCM, "voice": "alloy", "speed": 1.0}},
        "include": None,
    }


def updated(session: Mapping[str, Any], patch: Any, *, has_audio: bool, responding: bool) -> dict[str, Any]:
    """The session after an update. Raises Rejected.

    has_audio: the conversation holds assistant audio. responding: a response is in progress.
    """
    if not isinstance(patch, dict) or "type" not in patch:
        raise Rejected(_problem("Missing required parameter: 'session.type'.", "session.type", _MISSING))
    _check(patch, _SESSION, "session")
    if "reasoning" in patch and session["model"] not in REASONING_MODELS:
        raise Rejected(_problem("Reasoning is not supported with this model.", "session.reasoning", "invalid_value"))
    output = patch.get("audio", {}).get("output", {})
    spoken = session["audio"]["output"]
    if has_audio and output.get("voice", spoken["voice"]) != spoken["voice"]:
        message = "Cannot update a conversation's voice if assistant audio is present."
        raise Rejected(_problem(message, None, "cannot_update_voice"))
    if responding and output.get("speed", spoken["speed"]) != spoken["speed"]:
        message = "Speed can only be changed between responses."
        raise Rejected(_problem(message, "session.audio.output.speed", "invalid_value"))
    return _merged(session, patch)


def check_response(given: Any) -> None:
    """The `response` of a response.create. Raises Rejected."""
    _check(given, _RESPONSE, "response")
    for number, item in enumerate(given.get("input") or ()):
        if item.get("type") != "item_reference":
            check_item(item, f"response.input[{number}]")


def check_item(item: Any, where: str = "item") -> None:
    """An item that a client adds. Raises Rejected."""
    _check(item, _ITEM, where)
    role = item.get("role")
    kind = {"user": "input_text", "system": "input_text", "assistant": "output_text"}.get(role)
    if item.get("type") != "message" or kind is None:
        raise Rejected(_problem(f"Invalid value: '{where}.role'.", f"{where}.role", "invalid_value"))
    parts = item.get("content")
    if not isinstance(parts, list) or not parts:
        raise Rejected(_problem(f"Missing '{where}.content'.", f"{where}.content", _MISSING))
    for number, part in enumerate(parts):
        if not isinstance(part, dict) or part.get("type") != kind or not isinstance(part.get("text"), str):
            path = f"{where}.content[{number}].type"
            raise Rejected(_problem(f"Invalid value: '{path}'. Supported values are: '{kind}'.", path, "invalid_value"))


def check_event(event: Mapping[str, Any]) -> None:
    """Type and fields of a client's event. Raises Rejected."""
    kind = event.get("type")
    known = _EVENTS.get(kind) if isinstance(kind, str) else None
    if known is None:
        supported = ", ".join(f"'{name}'" for name in _EVENTS)
        raise Rejected(_problem(f"Invalid value: supported values are: {supported}.", "type", "invalid_value"))
    unknown = next((name for name in event if name not in (*known, "type", "event_id")), None)
    if unknown is not None:
        raise Rejected(_problem(f"Unknown parameter: '{unknown}'.", unknown, "unknown_parameter"))
    missing = next((name for name in _REQUIRED.get(str(kind), ()) if name not in event), None)
    if missing is not None:
        raise Rejected(_problem(f"Missing required parameter: '{missing}'.", missing, _MISSING))


def _check(given: Any, tree: Tree, where: str) -> None:
    if not isinstance(given, dict):
        raise Rejected(_problem(f"Invalid type for '{where}'.", where, "invalid_type"))
    for name, value in given.items():
        path, rule = f"{where}.{name}", tree.get(name)
        if rule is None:
            raise Rejected(_problem(f"Unknown parameter: '{path}'.", path, "unknown_parameter"))
        if not callable(rule):
            _check(value, rule, path)
        elif code := rule(value):
            raise Rejected(_problem(f"Invalid value for '{path}'.", path, code))


def _merged(old: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    made = copy.deepcopy(dict(old))
    for name, value in patch.items():
        nested = name in ("audio", "input", "output") and isinstance(made.get(name), dict)
        made[name] = _merged(made[name], value) if nested else copy.deepcopy(value)
    return made


def _problem(message: str, param: str | None, code: str) -> Problem:
    return Problem(message, param, code)


def _one_of(*allowed: Any) -> Check:
    return lambda value: "" if value in allowed else "invalid_value"


def _is(*kinds: type) -> Check:
    return lambda value: "" if isinstance(value, kinds) else "invalid_type"


def _voice(value: Any) -> str:
    custom = isinstance(value, dict) and set(value) == {"id"} and str(value["id"]).startswith("voice_")
    return "" if custom or value in VOICES else "invalid_value"


def _speed(value: Any) -> str:
    if not isinstance(value, int | float):
        return "invalid_type"
    return "" if MIN_SPEED <= value <= MAX_SPEED else "decimal_out_of_range"


def _format(value: Any) -> str:
    if not isinstance(value, dict) or value.get("type") not in ("audio/pcm", "audio/pcmu", "audio/pcma"):
        return "invalid_value"
    return "" if value["type"] != "audio/pcm" or value.get("rate") == 24000 else "integer_below_min_value"


def _limit(value: Any) -> str:
    if value == "inf":
        return ""
    return "" if isinstance(value, int) and 1 <= value <= MAX_OUTPUT_TOKENS else "invalid_value"


def _truncation(value: Any) -> str:
    return "" if value in ("auto", "disabled") or (isinstance(value, dict) and "type" in value) else "invalid_value"


_NONE = type(None)
_MODALITIES = _one_of(["audio"], ["text"])
_EFFORT: Tree = {"effort": _one_of(*EFFORTS)}
_TEXT, _LIST, _OBJECT = _is(str), _is(list), _is(dict, _NONE)
_HEARING: Tree = {"format": _format, "turn_detection": _OBJECT, "transcription": _OBJECT, "noise_reduction": _OBJECT}
_SESSION: Tree = {
    "type": _one_of("realtime"),
    "output_modalities": _MODALITIES,
    "instructions": _TEXT,
    "max_output_tokens": _limit,
    "audio": {"input": _HEARING, "output": {"format": _format, "voice": _voice, "speed": _speed}},
    "tools": _LIST,
    "tool_choice": _is(str, dict),
    "reasoning": _EFFORT,
    "truncation": _truncation,
    "tracing": _is(str, dict, _NONE),
    "prompt": _OBJECT,
    "include": _is(list, _NONE),
    "parallel_tool_calls": _is(bool),
}
_RESPONSE: Tree = {
    "conversation": _one_of("auto", "none"),
    "input": _LIST,
    "instructions": _TEXT,
    "output_modalities": _MODALITIES,
    "audio": {"output": {"format": _format, "voice": _voice}},
    "tools": _LIST,
    "tool_choice": _is(str, dict),
    "max_output_tokens": _limit,
    "metadata": _OBJECT,
    "reasoning": _EFFORT,
    "parallel_tool_calls": _is(bool),
}
_ITEM: Tree = {
    "id": _TEXT,
    "object": _one_of("realtime.item"),
    "type": _TEXT,
    "status": _TEXT,
    "role": _TEXT,
    "content": _LIST,
}
_EVENTS: Mapping[str, tuple[str, ...]] = {
    "session.update": ("session",),
    "session.close": (),
    "input_audio_buffer.append": ("audio",),
    "input_audio_buffer.commit": (),
    "input_audio_buffer.clear": (),
    "session.input_audio_buffer.append": ("audio",),
    "conversation.item.create": ("item", "previous_item_id"),
    "conversation.item.truncate": ("item_id", "content_index", "audio_end_ms"),
    "conversation.item.delete": ("item_id",),
    "conversation.item.retrieve": ("item_id",),
    "response.create": ("response",),
    "response.cancel": ("response_id",),
}
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "session.update": ("session",),
    "conversation.item.create": ("item",),
    "conversation.item.truncate": ("item_id", "content_index", "audio_end_ms"),
    "conversation.item.delete": ("item_id",),
    "conversation.item.retrieve": ("item_id",),
}
_MISSING = "missing_required_parameter"
