"""What people see: colours and a spinner where there is a terminal, plain lines where there is none.

Results go to stdout, progress and figures to stderr. NO_COLOR (no-color.org) is honoured by rich.
Tests: tests/cli/test_terminal.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table
from rich.text import Text

_PLAIN_WIDTH = 160
"""Columns where there is no terminal to ask: wide enough that no table is cut in a log."""


class Terminal:
    """The two streams of one command. Text is printed as it is: nothing in it is read as mark-up."""

    def __init__(self) -> None:
        self._out = _console(stderr=False)
        self._err = _console(stderr=True)

    @property
    def is_live(self) -> bool:
        """A person looks at stdout."""
        return self._out.is_terminal

    def line(self, text: str = "", style: str = "") -> None:
        """One line of the result."""
        self._out.print(Text(text, style), soft_wrap=True)

    def piece(self, text: str, style: str = "") -> None:
        """A part of a line, shown at once."""
        self._out.print(Text(text, style), end="", soft_wrap=True)
        self._out.file.flush()

    def note(self, text: str, style: str = "dim") -> None:
        """One line about the work, not part of the result."""
        self._err.print(Text(text, style), soft_wrap=True)

    def table(
        self, headings: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()
    ) -> None:
        """Aligned columns; `right` are the indices of columns with numbers."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for index, heading in enumerate(headings):
            table.add_column(heading, justify="right" if index in right else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self._out.print(table)

    @contextmanager
    def working(self, text: str) -> Iterator[Progress]:
        """Show that something goes on: a spinner whose text can change, or a plain line for each change."""
        if self._err.is_terminal:
            with self._err.status(Text(text)) as status:
                yield Progress(lambda new: status.update(Text(new)), text)
        else:
            self.note(text)
            yield Progress(self.note, text)


class Progress:
    """What is being done right now."""

    def __init__(self, show: Callable[[str], None], text: str) -> None:
        self._show = show
        self._text = text

    def now(self, text: str) -> None:
        """Say what is done now; the same text again is not repeated."""
        if text != self._text:
            self._text = text
            self._show(text)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, emoji=False, markup=False)
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    return console
