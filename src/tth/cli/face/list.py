"""The looks that come with TTH: how each is made, who it is, which persona of the configuration wears it, and whether
it is ready in this machine's cache. Who is not is made at the first use: a sculpted look in some seconds, a portrait in
about one.

examples:
  tth face list
  tth face list --json | jq '.[] | select(.ready)'
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tth.cli import exits

if TYPE_CHECKING:
    from tth.adapters.avatar.face_studio import Studio


@dataclass(frozen=True, slots=True)
class LookRow:
    """One line of the list."""

    look: str
    kind: str
    """How it is made: "sculpted" from numbers, or a "portrait" that moves."""
    ready: bool
    """Whether it can be shown at once: its head is built, or its portrait prepared."""
    personas: tuple[str, ...]
    """Ids of the configuration's personas that wear it."""
    about: str
    """Who it is; the first sentence of its file."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `tth face list`."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the table."""
    from tth.adapters.avatar.face_studio import Studio
    from tth.cli.terminal import Terminal
    from tth.face.look import list_looks

    wearers, studio = _wearers(), Studio(None)
    rows = [row_of(name, wearers.get(name, ()), studio) for name in list_looks()]
    terminal = Terminal()
    if arguments.json:
        terminal.line(json.dumps([dataclasses.asdict(row) for row in rows], indent=2, ensure_ascii=False))
        return exits.OK
    terminal.table(
        ("look", "kind", "ready", "persona", "who it is"),
        [(row.look, row.kind, "yes" if row.ready else "-", " ".join(row.personas) or "-", row.about) for row in rows],
    )
    if rows:
        terminal.note(f"\nto see them all: tth face sheet --what looks     one of them: tth face play {rows[0].look}")
    return exits.OK


def row_of(name: str, personas: tuple[str, ...], studio: Studio) -> LookRow:
    """The line of a shipped look; whether it is ready is what the studio says."""
    from tth.face.look import LOOKS_DIR

    portrait = LOOKS_DIR / name / "look.yaml"
    kind, file = ("portrait", portrait) if portrait.is_file() else ("sculpted", LOOKS_DIR / f"{name}.yaml")
    return LookRow(name, kind, studio.is_built(name), personas, first_sentence(file))


def first_sentence(path: Path) -> str:
    """What the comment at the top of a look's file says first, without the person's name; "" where there is none."""
    with path.open(encoding="utf-8") as file:
        line = file.readline()
    if not line.startswith("#"):
        return ""
    sentence = line.removeprefix("#").strip().split(". ")[0].rstrip(".")
    return sentence.partition(": ")[2] or sentence


def _wearers() -> Mapping[str, tuple[str, ...]]:
    """Look -> ids of the personas that wear it, by the configuration in force."""
    from tth.config.load import load_config
    from tth.config.wiring import full_registry

    found: dict[str, tuple[str, ...]] = {}
    for persona_id, person in load_config(full_registry()).personas.items():
        look = person.persona.look
        found[look] = (*found.get(look, ()), persona_id)
    return found
