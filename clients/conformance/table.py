"""The table of results in clients/README.md, between two markers; rows of languages that did not run stay.

Tests: tests/clients/test_table.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from clients.conformance.cases import CASES

BEGIN, END = "<!-- results: written by make clients -->", "<!-- end of results -->"
PASSED, FAILED = "✓", "✗"


@dataclass(frozen=True, slots=True)
class Row:
    """How one program did."""

    name: str
    generator: str
    line_count: int
    passed: Mapping[str, bool]
    """By case."""
    seconds: float
    """All cases together."""

    def __str__(self) -> str:
        marks = [PASSED if self.passed.get(case, False) else FAILED for case in CASES]
        return f"| {self.name} | {self.generator} | {self.line_count} | {' | '.join(marks)} | {self.seconds:.0f} |"


def with_rows(text: str, rows: Sequence[Row], names: Collection[str]) -> str:
    """The page with these rows in its table; of those that it has, only programs with these names stay.

    Raises ValueError when the markers are not there.
    """
    head, begin, rest = text.partition(BEGIN)
    old, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the markers are missing: {BEGIN} and {END}")
    known = {line.split("|")[1].strip(): line for line in old.splitlines()[3:] if line.startswith("| ")}
    known = {name: line for name, line in known.items() if name in names}
    known |= {row.name: str(row) for row in rows}
    title = f"| client | stubs by | library, lines | {' | '.join(CASES)} | seconds |"
    ruler = "|---|---|---:|" + ":-:|" * len(CASES) + "---:|"
    body = "\n".join([title, ruler, *(known[name] for name in sorted(known, key=str.lower))])
    return f"{head}{begin}\n{body}\n{end}{tail}"
