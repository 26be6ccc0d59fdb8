"""What is wrong with JSON that is no message: the field and what is allowed there, never the value. Pure.

protobuf's own words repeat what they could not read, and differ from release to release.
Tests: tests/gateway/test_json_faults.py.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from google.protobuf.descriptor import FieldDescriptor

Descriptor: TypeAlias = Any
"""Of a message, field or enum: protobuf has several classes of them, without a common type."""
_TIMESTAMP = "google.protobuf.Timestamp"
_SPECIAL_NUMBERS = ("NaN", "Infinity", "-Infinity")


@dataclass(frozen=True, slots=True)
class Fault:
    """One place that is wrong."""

    field: str
    """Path, as in the contract: controls.emotion.label; empty for the message itself."""
    allowed: str
    """Behind "must be"."""


def fault_in(text: str | bytes, message: Descriptor) -> Fault | None:
    """The first fault of a text that was meant to be this message; None where none is found. Never fails."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return Fault("", "one JSON object")
    try:
        return next(_in_message(content, message, ""), None)
    except RecursionError:
        return None


def _in_message(content: object, message: Descriptor, path: str) -> Iterator[Fault]:
    if message.full_name == _TIMESTAMP:
        if not isinstance(content, str):
            yield Fault(path, "a time such as 2026-11-20T10:00:00Z")
        return
    if not isinstance(content, dict):
        yield Fault(path, "a JSON object")
        return
    fields = {name: field for field in message.fields for name in (field.name, field.json_name)}
    for name, value in content.items():
        field = fields.get(name)
        if field is None:
            yield Fault(path, f"an object of {', '.join(one.json_name for one in message.fields)}")
        elif value is not None:
            yield from _in_field(value, field, f"{path}.{field.name}" if path else field.name)


def _in_field(value: object, field: Descriptor, path: str) -> Iterator[Fault]:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        yield from [] if isinstance(value, dict) else [Fault(path, "a JSON object")]
    elif not field.is_repeated:
        yield from _in_value(value, field, path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _in_value(item, field, f"{path}[{index}]")
    else:
        yield Fault(path, "a list")


def _in_value(value: object, field: Descriptor, path: str) -> Iterator[Fault]:
    if field.message_type is not None:
        yield from _in_message(value, field.message_type, path)
    elif field.enum_type is not None:
        names = [one.name for one in field.enum_type.values]
        if value not in names and not _is_whole(value, 32):
            yield Fault(path, f"one of {', '.join(names)}")
    else:
        allowed, fits = _SCALARS[field.type]
        if not fits(value):
            yield Fault(path, allowed)


def _is_whole(value: object, bits: int) -> bool:
    """A whole number that fits, also as text, as protobuf JSON has it."""
    if isinstance(value, str):
        try:
            value = _number_in(value) if value.strip() == value else None
        except ValueError:
            return False
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and value == value  # no NaN
    return is_number and value == value // 1 and -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)  # type: ignore[operator]


def _number_in(text: str) -> int | float:
    """Also with a fraction of nothing or an exponent. Raises ValueError."""
    try:
        return int(text)
    except ValueError:
        number = float(text)
        if number in (math.inf, -math.inf):
            raise
        return number


def _is_number(value: object) -> bool:
    if isinstance(value, str) and value not in _SPECIAL_NUMBERS:
        try:
            value = float(value)
        except ValueError:
            return False
    return isinstance(value, int | float | str) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    """One that UTF-8 can hold: half of a surrogate pair is none."""
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


def _is_base64(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        base64.b64decode(value.replace("-", "+").replace("_", "/") + "=" * (-len(value) % 4), validate=True)
    except (ValueError, binascii.Error):
        return False
    return True


_SCALARS: Mapping[int, tuple[str, Callable[[object], bool]]] = {
    FieldDescriptor.TYPE_DOUBLE: ("a number", _is_number),
    FieldDescriptor.TYPE_FLOAT: ("a number", _is_number),
    FieldDescriptor.TYPE_INT32: ("a whole number of 32 bits", lambda value: _is_whole(value, 32)),
    FieldDescriptor.TYPE_INT64: ("a whole number of 64 bits", lambda value: _is_whole(value, 64)),
    FieldDescriptor.TYPE_BOOL: ("true or false", lambda value: isinstance(value, bool)),
    FieldDescriptor.TYPE_STRING: ("a text", _is_text),
    FieldDescriptor.TYPE_BYTES: ("base64", _is_base64),
}
"""The scalars of the contract."""
