"""Takes out what a model thinks aloud between <think> and </think>. Never spoken.

Pure and incremental: any split of the text gives the same. Text is held back only while it may be the beginning of one
of the two marks. Tests: tests/core/test_thoughts.py.
"""

from __future__ import annotations

OPEN, CLOSE = "<think>", "</think>"


class ThoughtFilter:
    """Reads one reply."""

    def __init__(self) -> None:
        self._held = ""
        self._is_thinking = False

    def feed(self, text: str) -> str:
        """Take the next piece; return what of it is to be heard. A closing mark that closes nothing is dropped."""
        self._held += text
        heard = ""
        while True:
            mark, at = self._next_mark()
            if at < 0:
                return heard + self._give_out()
            if not self._is_thinking:
                heard += self._held[:at]
            self._held = self._held[at + len(mark) :]
            self._is_thinking = mark == OPEN

    def finish(self) -> str:
        """The reply is over: the beginning of a mark that came to nothing is text."""
        rest, self._held = ("" if self._is_thinking else self._held), ""
        return rest

    def _next_mark(self) -> tuple[str, int]:
        """The mark that comes next and where; -1 where none does. Inside a thought only its end counts."""
        marks = (CLOSE,) if self._is_thinking else (OPEN, CLOSE)
        found = [(mark, at) for mark in marks if (at := self._held.find(mark)) >= 0]
        return min(found, key=lambda one: one[1], default=("", -1))

    def _give_out(self) -> str:
        """What can be no part of a mark."""
        marks = (CLOSE,) if self._is_thinking else (OPEN, CLOSE)
        keep = max(
            (size for mark in marks for size in range(1, len(mark)) if self._held.endswith(mark[:size])), default=0
        )
        cut = len(self._held) - keep
        out, self._held = self._held[:cut], self._held[cut:]
        return "" if self._is_thinking else out
