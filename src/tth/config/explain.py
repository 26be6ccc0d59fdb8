"""The effective configuration as rows, for `tth config explain`. Tests: tests/config/test_explain.py."""

from __future__ import annotations

from dataclasses import dataclass

from tth.config.schema import Config


@dataclass(frozen=True, slots=True)
class Row:
    """One setting."""

    key: str
    """Path, such as "server.port"."""
    value: str
    """As it would be written in a file; `***` for a secret."""
    origin: str
    """file:line, the name of a variable, "command line" or "default"."""


def explain(config: Config) -> list[Row]:
    """Every setting in force with where it comes from, in the order of the schema; secrets masked."""
    return [Row(key, origin.text, origin.where) for key, origin in config.origins.items()]
