"""Fields of an OpenAI Realtime session: what an update says, and what can be left out when it is refused. Pure.

Tests: tests/adapters/realtime/test_openai_realtime_fields.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

OPTIONAL = ("reasoning", "truncation", "max_output_tokens", "audio.input", "audio.output.speed")
"""What a conversation can do without. A server that refuses another field refuses the conversation."""


def difference(wanted: Mapping[str, Any], applied: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `wanted` that are not so in `applied`, nested as they are: an update says only what changes."""
    changed: dict[str, Any] = {}
    for name, value in wanted.items():
        now = applied.get(name)
        if value == now and name in applied:
            continue
        nested = isinstance(value, dict) and isinstance(now, dict) and name in ("audio", "input", "output")
        changed[name] = difference(value, now) if nested and isinstance(now, dict) else value
    return changed


def without(fields: Mapping[str, Any], paths: Collection[str], at: str = "") -> dict[str, Any]:
    """The fields but those at these paths ("audio.output.speed")."""
    left: dict[str, Any] = {}
    for name, value in fields.items():
        path = f"{at}.{name}" if at else name
        if path not in paths:
            left[name] = without(value, paths, path) if isinstance(value, dict) else value
    return left


def refused_path(param: str | None) -> str:
    """Which of our fields an error means by "session.audio.output.speed": the optional one at or above it, or the path
    itself; "" where it names none."""
    path = (param or "").removeprefix("session.")
    if path == param:
        return ""
    return next((optional for optional in OPTIONAL if f"{path}.".startswith(f"{optional}.")), path)
