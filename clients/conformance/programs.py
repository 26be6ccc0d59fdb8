"""The clients there are, as their client.toml files say, and whether this machine can build them.

Tests: tests/clients/test_programs.py.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HINTS = {
    "go": "Go 1.26 or newer: https://go.dev/dl",
    "cargo": "Rust 1.88 or newer: https://rustup.rs",
    "mvn": "Maven 3.8 or newer: https://maven.apache.org",
    "java": "a JDK, 17 or newer: https://adoptium.net",
    "node": "Node 20 or newer: https://nodejs.org",
    "npm": "Node 20 or newer, with npm: https://nodejs.org",
}


@dataclass(frozen=True, slots=True)
class Program:
    """One library's conformance program."""

    name: str
    library: tuple[str, ...]
    """Its files, relative to the client's folder or, with a leading "/", to the repository."""
    run: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Client:
    """One folder below clients/."""

    folder: Path
    language: str
    needs: tuple[str, ...]
    build: str
    generator: str
    programs: tuple[Program, ...]

    @property
    def missing(self) -> list[str]:
        """Commands that this machine lacks, each with where it is had."""
        lacking = [command for command in self.needs if shutil.which(command) is None]
        return [f"{command} ({HINTS[command]})" if command in HINTS else command for command in lacking]


class Unusable(Exception):
    """What was asked for cannot be done; the text says why."""


def clients_in(folder: Path, wanted: Sequence[str] = ()) -> list[Client]:
    """All of them, or those whose folders are named, in the order of the alphabet. Raises Unusable."""
    found = {path.parent.name: path for path in sorted(folder.glob("*/client.toml"))}
    unknown = [name for name in wanted if name not in found]
    if unknown:
        raise Unusable(f"no client {', '.join(unknown)}; there are: {', '.join(found)}")
    return [_read(path) for name, path in found.items() if not wanted or name in wanted]


def line_count(client: Client, program: Program, root: Path) -> int:
    """Lines of the library that hold anything."""
    files = [root / name[1:] if name.startswith("/") else client.folder / name for name in program.library]
    return sum(bool(line.strip()) for file in files for line in file.read_text("utf-8").splitlines())


def _read(path: Path) -> Client:
    try:
        told = tomllib.loads(path.read_text("utf-8"))
        programs = tuple(
            Program(item["name"], tuple(item["library"]), tuple(item["run"])) for item in told.get("program", ())
        )
        return Client(path.parent, told["language"], tuple(told["needs"]), told["build"], told["generator"], programs)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise Unusable(f"{path}: {error!r}; its form is in clients/conformance/README.md") from None
