"""Whether a JSON value has the form that a case asks for, said so that the author of a program finds the place.

Tests: tests/clients/test_shape.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

Shape = type[str] | type[int] | type[bool] | list[Any] | dict[str, Any]
"""A type; [shape] for a list of such; {name: shape} for an object with these names at least."""

_EVENT: Shape = {"seq": int, "turn_id": str, "generation": int, "kind": str}
_WORD: Shape = {"text": str, "pts_us": int, "duration_us": int}
_ERROR: Shape = {"code": str, "reason": str, "fields": [str], "retryable": bool}
_RESUMED: Shape = {"seqs": [int], "connections": int, "terminal": str}
_CONTROL = dict.fromkeys(("path", "outcome", "requested", "effective", "reason", "adapter"), str)

_TURN: Shape = {"events": [_EVENT], "text": str, "audio_samples": int, "frames": int, "terminal": str}
_REFUSED: Shape = {"code": str, "reason": str, "message": str}

SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "turn": _TURN,
        "controls": {"control_report": [_CONTROL]},
        "interrupt": {"events": [_EVENT], "stale_dropped": int, "delivered_after_interrupt": [str], "terminal": str},
        "playback": {"reported_us": int, "words": [_WORD], "heard_text": str},
        "resume": _RESUMED,
        "lost": _RESUMED,
        "errors": {"errors": [_ERROR], "alive_after": bool},
        "secure": {"turn": _TURN, "refused": [_REFUSED]},
        "save": {"wav": str, "video": str, "frames": int},
    }
)
"""What each case prints."""


def misfits(value: object, shape: Shape, path: str = "answer") -> Iterator[str]:
    """Where the value is not as asked; nothing when it is."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            yield f"{path}: must be an object"
            return
        for name, inner in shape.items():
            if name not in value:
                yield f"{path}.{name}: is missing"
            else:
                yield from misfits(value[name], inner, f"{path}.{name}")
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{path}: must be a list"
            return
        for index, item in enumerate(value):
            yield from misfits(item, shape[0], f"{path}[{index}]")
    elif type(value) is not shape:  # a bool is an int in Python, and not in JSON
        yield f"{path}: must be of type {shape.__name__}"
