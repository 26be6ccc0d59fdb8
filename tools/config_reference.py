"""Write the table of every configuration key into docs/configuration.md: `python -m tools.config_reference`.

The table is made from the settings' own types, ranges and docstrings; tests/config/test_schema.py fails when the
document is behind.
"""

from __future__ import annotations

import dataclasses
import enum
import sys
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tools.reference import between, meanings
from tth.config.check import as_text, plain_type
from tth.config.schema import Config, PersonaSettings
from tth.config.wiring import builtin_registry
from tth.model.controls import FIELDS, ControlPatch, Controls

DOCUMENT = Path(__file__).parents[1] / "docs" / "configuration.md"
BEGIN, END = "<!-- keys: tools/config_reference.py -->", "<!-- end of keys -->"
CONTROLS = (
    "The same below `defaults.controls` and `personas.<id>.controls`; proto/tth/v1/controls.proto says what they do."
)
_WORDS = {"int": "whole number", "float": "number", "str": "text", "bool": "true, false", "Path": "path"}


def rows(kind: type, key: str) -> Iterator[tuple[str, str, str, str]]:
    """(key, default, allowed, meaning) of every setting of a dataclass and those below it."""
    hints, texts = typing.get_type_hints(kind), meanings(kind)
    for field in dataclasses.fields(kind):
        path, wanted = f"{key}.{field.name}", plain_type(hints[field.name])
        default = (
            field.default_factory()
            if field.default is dataclasses.MISSING and callable(field.default_factory)
            else field.default
        )
        if wanted is ControlPatch:
            yield path, "", "see below", texts[field.name]
        elif dataclasses.is_dataclass(wanted) and isinstance(wanted, type) and not hasattr(wanted, "width_px"):
            for below in rows(wanted, path):
                yield (below[0], "", below[2], f"{texts[field.name]} {below[3]}") if default is None else below
        else:
            shown = "" if default in (dataclasses.MISSING, "") or isinstance(default, Mapping) else as_text(default)
            yield path, shown, _allowed(wanted, field), texts[field.name]


def _allowed(wanted: object, field: dataclasses.Field[object]) -> str:
    if "env" in field.metadata:
        return f"only by the environment variable `{field.metadata['env']}`"
    low, high = field.metadata.get("minimum"), field.metadata.get("maximum")
    if low is not None and high is not None:
        return f"{low:.15g}..{high:.15g}"
    if isinstance(wanted, type) and issubclass(wanted, enum.Enum):
        return ", ".join(str(member.value) for member in wanted)
    if typing.get_origin(wanted) is typing.Literal:
        return ", ".join(map(str, typing.get_args(wanted)))
    if typing.get_origin(wanted) is tuple:
        return "list"
    return _WORDS.get(getattr(wanted, "__name__", ""), "section of texts")


def reference() -> str:
    """The tables, as Markdown."""
    lines: list[str] = []
    hints = typing.get_type_hints(Config)
    for name in ("server", "gateway", "budgets", "pacing", "defaults", "media", "roles"):
        kind = hints[name]
        lines += _table(name, str(kind.__doc__), list(rows(kind, name)))
    controls = [
        (f"….controls.{field.path}", as_text(getattr(Controls(), field.attribute)), field.allowed) for field in FIELDS
    ]
    lines += _table("controls", CONTROLS, controls)
    lines += _table("personas", str(PersonaSettings.__doc__), list(rows(PersonaSettings, "personas.<id>")))
    for spec in builtin_registry():
        key = f"adapters.{spec.role}.{spec.name}"
        lines += _table(key, str(spec.settings_type().__doc__), list(rows(spec.settings_type(), key)))
    return "\n".join(lines)


def _table(title: str, text: str, found: Sequence[Sequence[str]]) -> list[str]:
    head = [f"### `{title}`", "", text.strip(), ""]
    if not found:
        return [*head, "No settings.", ""]
    cells = [[f"`{key}`", f"`{default}`" if default else "", *rest] for key, default, *rest in found]
    body = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells]
    columns = ["key", "default", "allowed", "meaning"][: len(found[0])]
    return [*head, "| " + " | ".join(columns) + " |", "|---" * len(columns) + "|", *body, ""]


def written(document: str) -> str:
    """The document with the tables as they should be."""
    return between(document, BEGIN, END, reference())


def main() -> int:
    DOCUMENT.write_text(written(DOCUMENT.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
