"""What a value of a look must keep to, and the error that names the key which does not.

The values themselves are in look.py. Tests: tests/face/test_look.py.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import field, fields
from typing import Any, ClassVar


class LookError(ValueError):
    """A look cannot be used. `key` is the dotted key ("shape.jaw_width"), `problem` says what is wrong with it."""

    def __init__(self, key: str, problem: str, source: str = "") -> None:
        self.key = key
        self.problem = problem
        self.source = source
        super().__init__(key, problem, source)

    def __str__(self) -> str:
        place = f"{self.source}: " if self.source else ""
        return f"{place}{self.key}: {self.problem}"


def number(default: float, low: float, high: float) -> float:
    """A field that holds a number in low..high."""
    return field(default=default, metadata={"range": (low, high)})


COLOUR = {"colour": True}
"""Marks a field that holds a colour."""


class LookSection:
    """Validation shared by the parts of a look."""

    __slots__ = ()
    section: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for item in fields(self):  # type: ignore[arg-type]  # every subclass is a dataclass
            value = getattr(self, item.name)
            problem = _problem(value, item.metadata)
            if problem:
                raise LookError(f"{self.section}.{item.name}", problem)


def mapping(value: object, key: str, known: Iterable[str]) -> Mapping[Any, Any]:
    """`value` if it is a mapping with known keys only; key: its own, "look" for the whole file. Raises LookError."""
    if not isinstance(value, Mapping):
        raise LookError(key, "is not a mapping of keys to values")
    names = list(known)
    for name in value:
        if name not in names:
            full = str(name) if key == "look" else f"{key}.{name}"
            raise LookError(full, f"unknown key; {nearest(str(name), names)}")
    return value


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint for a mistyped word, for the end of an error message."""
    names = list(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.4)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(names)}"


def _problem(value: object, rule: Mapping[str, Any]) -> str:
    """Why `value` breaks the rule of its field; empty if it does not."""
    if "range" in rule:
        low, high = rule["range"]
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"{value!r} is not a number"
        if not low <= value <= high:
            return f"{value:g} is outside {low:g}..{high:g}"
    elif "colour" in rule:
        if not (isinstance(value, tuple) and len(value) == 3 and all(type(part) is int for part in value)):
            return f"{value!r} is not a colour of three whole numbers [red, green, blue]"
        if not all(0 <= part <= 255 for part in value):
            return f"{list(value)} is outside 0..255"
    elif "choices" in rule and value not in rule["choices"]:
        return f"{value!r} is not one of {', '.join(rule['choices'])}"
    return ""
