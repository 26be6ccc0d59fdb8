"""Frozen values as plain JSON and back, guided by their types: dataclasses, enums, tuples, bytes (as base64), scalars.

What comes back is checked, for it may have been written by another version. Tests: tests/session/test_plain.py.
"""

from __future__ import annotations

import base64
import dataclasses
import types
import typing
from enum import Enum
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


def to_plain(value: object) -> object:
    """Lists, dictionaries, numbers, texts, booleans and None: what `json` takes."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        kind: type = type(value)
        return {name: to_plain(found) for name in _hints(kind) if (found := getattr(value, name)) is not None}
    raise TypeError(f"no plain form: {type(value).__name__}")


def from_plain(kind: type[T], data: object) -> T:
    """The value of a dataclass. Raises ValueError, naming the field, for anything that `to_plain` would not write;
    fields that are absent get their defaults."""
    value = _value(kind, data, kind.__name__)
    return typing.cast(T, value)


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _value(kind: Any, data: object, path: str) -> object:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return None if data is None else _value(next(a for a in arguments if a is not type(None)), data, path)
    if isinstance(kind, typing.NewType):
        return _value(kind.__supertype__, data, path)
    if origin is tuple:
        return _tuple(arguments, data, path)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _dataclass(kind, data, path)
    return _scalar(kind, data, path)


def _dataclass(kind: type, data: object, path: str) -> object:
    if not isinstance(data, dict):
        raise ValueError(f"{path}: not an object")
    hints = _hints(kind)
    if unknown := data.keys() - hints.keys():
        raise ValueError(f"{path}: unknown {min(unknown)}")
    try:
        return kind(**{name: _value(hints[name], item, f"{path}.{name}") for name, item in data.items()})
    except TypeError:
        raise ValueError(f"{path}: a field is missing") from None


def _tuple(arguments: tuple[Any, ...], data: object, path: str) -> tuple[object, ...]:
    if not isinstance(data, list):
        raise ValueError(f"{path}: not a list")
    if arguments[-1] is Ellipsis:
        return tuple(_value(arguments[0], item, path) for item in data)
    if len(arguments) != len(data):
        raise ValueError(f"{path}: not {len(arguments)} items")
    return tuple(_value(kind, item, path) for kind, item in zip(arguments, data, strict=True))


def _scalar(kind: Any, data: object, path: str) -> object:
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(data)
        except ValueError:
            raise ValueError(f"{path}: not a {kind.__name__}") from None
    if kind is bytes and isinstance(data, str):
        try:
            return base64.b64decode(data, validate=True)
        except ValueError:
            raise ValueError(f"{path}: not base64") from None
    if kind is float and isinstance(data, int | float) and not isinstance(data, bool):
        return float(data)
    if isinstance(data, kind) and isinstance(data, bool) == (kind is bool):
        return data
    raise ValueError(f"{path}: not a {getattr(kind, '__name__', kind)}")
