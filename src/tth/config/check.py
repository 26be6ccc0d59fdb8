"""From a tree of texts to frozen settings: types, ranges, unknown keys. Collects every problem, raises none.

It knows no setting by name: the dataclass says what is allowed, by its type hints and by the metadata of its fields
(`minimum`, `maximum`, `env`), so an adapter's own Settings are checked in the same way as ours.
Tests: tests/config/test_check.py.
"""

from __future__ import annotations

import dataclasses
import difflib
import enum
import math
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from tth.config.schema import Origin
from tth.config.tree import Items, Node, Scalar, Section
from tth.core.blend import validate_patch
from tth.errors import ConfigProblem
from tth.model.controls import BY_PATH, ControlPatch, Resolution
from tth.model.secret import Secret

DEFAULT = "default"
"""Origin of a value that nobody set."""
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class _Wrong(Exception):
    """A value that cannot be what its setting asks for; the text says what it must be."""


class Checker:
    """Builds settings from trees; `problems` and `origins` fill up on the way."""

    def __init__(self) -> None:
        self.problems: list[ConfigProblem] = []
        self.origins: dict[str, Origin] = {}

    def settings(self, kind: type[object], node: Node, key: str) -> object | None:
        """A value of the dataclass `kind`; `key` is the path so far.

        A field with a problem keeps its default, so that what depends on it is checked as well; None where it has
        no default or `kind` itself refuses the values with a ValueError.
        """
        if not isinstance(node, Section):
            self.problem(node.where, key, "must be a section of keys")
            return None
        hints = typing.get_type_hints(kind)
        fields = {field.name: field for field in dataclasses.fields(kind) if field.init}  # type: ignore[arg-type]
        self.unknown_keys(node, fields, key)
        values: dict[str, object] = {}
        for name, field in fields.items():
            value = self._field(field, hints[name], node, join(key, name))
            if value is not dataclasses.MISSING:
                values[name] = value
        if any(_is_required(field) and name not in values for name, field in fields.items()):
            return None
        try:
            return kind(**values)
        except ValueError as error:
            self.problem(node.where, key, str(error))
            return None

    def value(self, kind: object, node: Node, key: str, field: dataclasses.Field[object] | None = None) -> object:
        """One value of any type a setting may have; MISSING with a problem noted when it is not one."""
        wanted = plain_type(kind)
        if isinstance(node, Scalar) and node.is_null and wanted is not kind:
            self._note(key, None, node.where)
            return None
        if wanted is ControlPatch:
            return self._controls(node, key)
        if dataclasses.is_dataclass(wanted) and isinstance(wanted, type) and wanted is not Resolution:
            made = self.settings(wanted, node, key)
            return dataclasses.MISSING if made is None else made
        if typing.get_origin(wanted) is not None and issubclass(_plain(wanted), Mapping):
            return self._mapping(typing.get_args(wanted)[1], node, key)
        try:
            made = _list(wanted, node) if typing.get_origin(wanted) is tuple else _scalar(wanted, node)
            _check_range(made, field)
        except _Wrong as wrong:
            shown = "" if wanted is Secret or not isinstance(node, Scalar) else f", not {_quoted(node.text)}"
            self.problem(node.where, key, f"must be {wrong}{shown}")
            return dataclasses.MISSING
        self._note(key, made, node.where)
        return made

    def section(self, node: Section, name: str, key: str) -> Section:
        """The section behind `name`, whose path is `key`; an empty one if nothing, or something else, is there."""
        found = node.get(name)
        if isinstance(found, Section):
            return found
        if found is not None:
            self.problem(found.where, key, "must be a section of keys")
        return Section(where=node.key_where.get(name, node.where))

    def unknown_keys(self, node: Section, known: Iterable[str], key: str) -> None:
        """A problem for every key that means nothing, with the nearest one that does."""
        names = list(known)
        for name in node.entries:
            if name not in names:
                self.problem(node.key_where[name], join(key, name), f"unknown key; {suggestion(name, names)}")

    def problem(self, where: str, key: str, message: str) -> None:
        self.problems.append(ConfigProblem(where, key, message))

    def has_problem_below(self, key: str) -> bool:
        """Something at or below this path is already known to be wrong."""
        return any(problem.key == key or problem.key.startswith(key + ".") for problem in self.problems)

    def _field(self, field: dataclasses.Field[object], kind: object, node: Section, key: str) -> object:
        """The value of one field; MISSING where the default should stand or a problem was noted."""
        found = node.get(field.name)
        if found is not None:
            return self.value(kind, found, key, field)
        if not _is_required(field):
            factory = field.default_factory
            self._note_default(key, field.default if factory is dataclasses.MISSING else factory())
            return dataclasses.MISSING
        wanted = plain_type(kind)
        if dataclasses.is_dataclass(wanted):
            return self.value(kind, Section(where=node.where), key, field)
        variable = field.metadata.get("env")
        if variable:
            self.problem("environment", key, f"is not set; set {variable} in the environment")
        else:
            self.problem(node.where, key, "is not set")
        return dataclasses.MISSING

    def _mapping(self, kind: object, node: Node, key: str) -> object:
        if not isinstance(node, Section):
            self.problem(node.where, key, "must be a section of keys")
            return dataclasses.MISSING
        entries = {
            name: self.value(kind, entry, join(key, name))
            for name, entry in node.entries.items()
            if not (isinstance(entry, Scalar) and (entry.is_null or entry.is_silent))
        }
        return MappingProxyType({name: entry for name, entry in entries.items() if entry is not dataclasses.MISSING})

    def _controls(self, node: Node, key: str) -> object:
        """A ControlPatch from sections emotion, character and render.

        Whether a persona or a background's picture exists is checked later.
        """
        if not isinstance(node, Section):
            self.problem(node.where, key, "must be a section of keys")
            return dataclasses.MISSING
        hints = typing.get_type_hints(ControlPatch)
        groups = list(dict.fromkeys(path.partition(".")[0] for path in BY_PATH))
        self.unknown_keys(node, groups, key)
        said: dict[str, object] = {}
        for group in groups:
            below = self.section(node, group, join(key, group))
            names = {path.partition(".")[2]: field for path, field in BY_PATH.items() if path.startswith(group + ".")}
            self.unknown_keys(below, names, join(key, group))
            for name, field in names.items():
                found = below.get(name)
                if found is None:
                    continue
                path = join(key, field.path)
                value = self.value(hints[field.attribute], found, path)
                if value is dataclasses.MISSING:
                    continue
                said[field.attribute] = value
                one = ControlPatch(**{field.attribute: value})  # type: ignore[arg-type]
                for violation in validate_patch(one, personas=(str(value),), backgrounds=(str(value),)):
                    self.problem(found.where, path, f"must be {violation.allowed}, not {as_text(value)}")
        return ControlPatch(**said)  # type: ignore[arg-type]

    def _note_default(self, key: str, value: object) -> None:
        if dataclasses.is_dataclass(value) and not isinstance(value, Resolution | ControlPatch):
            for field in dataclasses.fields(value):
                self._note_default(join(key, field.name), getattr(value, field.name))
        elif not isinstance(value, ControlPatch | Mapping):
            self._note(key, value, DEFAULT)

    def _note(self, key: str, value: object, where: str) -> None:
        self.origins[key] = Origin(as_text(value), where)


def join(key: str, name: str) -> str:
    """The path of a key below another."""
    return f"{key}.{name}" if key else name


def suggestion(name: str, known: Iterable[str]) -> str:
    """The nearest valid name, or all of them, for the end of an error message."""
    names = sorted(known)
    near = difflib.get_close_matches(name.lower(), names, n=1)
    if near:
        return f'did you mean "{near[0]}"?'
    return "known: " + ", ".join(names) if names else "nothing is known here"


def as_text(value: object) -> str:
    """A value as it would be written in a file; a secret as `***`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(as_text(item) for item in value) + "]"
    return str(value)


def _is_required(field: dataclasses.Field[object]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def plain_type(kind: object) -> object:
    """X for X | None, else the type itself."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        rest = [part for part in typing.get_args(kind) if part is not type(None)]
        if len(rest) == 1:
            return rest[0]
    return kind


def _plain(kind: object) -> type:
    found = typing.get_origin(kind)
    return found if isinstance(found, type) else object


def _list(kind: object, node: Node) -> tuple[object, ...]:
    item_kind = typing.get_args(kind)[0]
    if isinstance(node, Items):
        return tuple(_scalar(item_kind, item) for item in node.items)
    if isinstance(node, Scalar) and (node.from_environment or node.from_command_line):  # no brackets there: "en, de"
        parts = [part.strip() for part in node.text.split(",") if part.strip()]
        return tuple(_scalar(item_kind, dataclasses.replace(node, text=part)) for part in parts)
    raise _Wrong("a list")


def _scalar(kind: object, node: Node) -> object:
    """One value from its text. Raises _Wrong saying what it must be."""
    if not isinstance(node, Scalar):
        raise _Wrong("a single value")
    text = node.text
    if kind is Secret:
        if not node.from_environment:
            raise _Wrong("in the environment or in .env; a key never stands in a file or on a command line")
        return Secret(text)
    if typing.get_origin(kind) is typing.Literal:
        return _choice({str(choice): choice for choice in typing.get_args(kind)}, text)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _choice({str(member.value): member for member in kind}, text)
    if kind is bool:
        return _choice(dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False), text.lower(), "true or false")
    if kind in (str, Path):
        if node.is_null:
            raise _Wrong("text")
        return kind(text)
    if kind is Resolution:
        return _resolution(text)
    if kind in (int, float):
        return _number(float if kind is float else int, node)
    raise TypeError(f"a setting cannot be a {kind}")


def _choice(choices: Mapping[str, object], text: str, allowed: str = "") -> object:
    if text not in choices:
        raise _Wrong(allowed or "one of " + ", ".join(choices))
    return choices[text]


def _number(kind: type[int] | type[float], node: Scalar) -> int | float:
    wrong = _Wrong("a whole number" if kind is int else "a number")
    if node.quoted:
        raise wrong
    try:
        value = kind(node.text)
    except ValueError:
        raise wrong from None
    if not math.isfinite(value):
        raise wrong
    return value


def _resolution(text: str) -> Resolution:
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise _Wrong('two numbers such as "512x512"')
    return Resolution(int(width), int(height))


def _check_range(value: object, field: dataclasses.Field[object] | None) -> None:
    if field is None or isinstance(value, bool) or not isinstance(value, int | float):
        return
    minimum, maximum = field.metadata.get("minimum"), field.metadata.get("maximum")
    if (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
        if minimum is not None and maximum is not None:
            raise _Wrong(f"{minimum:.15g}..{maximum:.15g}")
        raise _Wrong(f"at least {minimum:.15g}" if minimum is not None else f"at most {maximum:.15g}")


def _quoted(text: str) -> str:
    return f'"{text[:40]}..."' if len(text) > 40 else f'"{text}"'
