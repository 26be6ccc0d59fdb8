"""A stream of text into clauses to speak: the first as early as the latency mode asks, later ones at sentence ends.

Pure and incremental. A decision looks at the text behind it and a bounded stretch ahead, never at how the text was
split on its way, so any split gives the same clauses. `boundaries` knows the grammar, this file the measure.
Tests: tests/core/test_clauses.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tth.core.boundaries import MARKS, Boundary, Grammar, Strength, Wait, after_spaces
from tth.core.graphemes import border_at_or_before, is_border
from tth.core.speakable import has_speakable
from tth.model.controls import LatencyMode

__all__ = ["Clause", "ClauseCutter", "Pace", "has_speakable"]


@dataclass(frozen=True, slots=True)
class Clause:
    """Some text to speak in one go."""

    text: str
    """Without white space at its ends; never empty."""
    offset: int
    """Code points from the start of the whole text to the first of `text`."""
    is_last: bool
    """Nothing but white space follows."""


@dataclass(frozen=True, slots=True)
class Pace:
    """When a clause is long enough. A word of a script without spaces counts as two characters (of Thai: five)."""

    sentence_words: int
    """A sentence end cuts from so many words on."""
    soft_words: int
    """A comma or dash cuts from so many words on."""
    most_words: int
    most_characters: int
    """More is cut at the best place inside."""


PACES: Mapping[LatencyMode, tuple[Pace, Pace]] = {
    LatencyMode.LOW: (Pace(1, 2, 10, 80), Pace(1, 12, 24, 160)),
    LatencyMode.BALANCED: (Pace(1, 4, 16, 120), Pace(2, 18, 30, 200)),
    LatencyMode.QUALITY: (Pace(1, 12, 30, 200), Pace(4, 30, 30, 200)),
}
"""For the first clause and for the others. A model writes some 50 words a second and a person speaks 3, so only the
first clause is waited for; ten words are what a breath carries. Chosen by ear and reasoning, 2026-11."""

_WORD_LOAD = 10
"""Words are counted in tenths, so that parts of words in scripts without spaces add up."""


class ClauseCutter:
    """Cuts one turn's text. Linear in its length."""

    def __init__(self, language_code: str, latency_mode: LatencyMode) -> None:
        self._grammar = Grammar(language_code)
        self._pace, self._later_pace = PACES[latency_mode]
        self._text = ""
        """From the start of the clause in the making; ends with something else than white space."""
        self._offset = 0
        """Where `_text` begins in the whole."""
        self._held: list[str] = []
        """White space that nothing has followed yet: a clause is only given away when it is not the last."""
        self._scan = _Scan()

    def feed(self, text: str) -> Iterator[Clause]:
        """Take the next piece; give the clauses that are complete, none of which is the last, each as soon as it is
        found. Consume them before the next call."""
        stripped = text.rstrip()
        if not stripped:
            self._held.append(text)
            return iter(())
        self._text = "".join((self._text, *self._held, stripped))
        self._held = [text[len(stripped) :]]
        return self._cut(is_whole=False)

    def finish(self) -> Iterator[Clause]:
        """No more text: give the rest, its last clause marked. Nothing if the text was blank."""
        yield from self._cut(is_whole=True)
        if self._text:
            yield self._take(len(self._text), is_last=True)
            self._drop_spoken()

    def _cut(self, is_whole: bool) -> Iterator[Clause]:
        while (end := self._scan.next_end(self._text, self._grammar, self._pace, is_whole)) is not None:
            yield self._take(end, is_last=False)
        self._drop_spoken()

    def _take(self, end: int, is_last: bool) -> Clause:
        """The clause from the scan's start to `end`; starts the next one."""
        clause = Clause(self._text[self._scan.start : end].rstrip(), self._offset + self._scan.start, is_last)
        self._scan = _Scan(start=end, position=end)
        self._pace = self._later_pace
        return clause

    def _drop_spoken(self) -> None:
        start = self._scan.start
        if start:
            self._text = self._text[start:]
            self._offset += start
            self._scan.rebase(start)


@dataclass(slots=True)
class _Scan:
    """How far the clause in the making was read, and the best place to cut it so far."""

    start: int = 0
    position: int = 0
    load: int = 0
    is_in_word: bool = False
    best: Boundary | None = None

    def next_end(self, text: str, grammar: Grammar, pace: Pace, is_whole: bool) -> int | None:
        """Where the clause ends; None if more text is needed, or for a whole text if it ends with it."""
        if self.position == self.start:
            self.start = self.position = after_spaces(text, self.start)
        while self.position < len(text):
            character = text[self.position]
            if self.position - self.start >= 2 * pace.most_characters:
                return self._best_end(text, pace)
            if character.isalnum():
                self._count(character)
                if self._is_full(pace):
                    return self._best_end(text, pace)
                self.position += 1
            elif self.load and (character.isspace() or character in MARKS):
                end = self._boundary(text, grammar, pace, is_whole)
                if isinstance(end, Wait):
                    return None
                if end is not None:
                    return end
            else:
                self.position += 1
        return None

    def rebase(self, count: int) -> None:
        """The first `count` characters of the text were dropped."""
        self.start -= count
        self.position -= count

    def _boundary(self, text: str, grammar: Grammar, pace: Pace, is_whole: bool) -> int | Wait | None:
        """Pass a sign or white space: an end, None to go on, or Wait."""
        if text[self.position].isspace():
            found = grammar.at_space(text, self.position, is_whole)
        else:
            found = grammar.at_mark(text, self.start, self.position, is_whole)
        if isinstance(found, Wait):
            return found
        self.position = found.resume
        if found.strength is Strength.NONE or not is_border(text, after_spaces(text, found.end), self.start):
            return None
        self.is_in_word = False
        if found.strength is Strength.LINE or self.load >= self._needed_load(found.strength, pace):
            return found.end
        if self._is_better(found, pace):
            self.best = found
        return None

    def _needed_load(self, strength: Strength, pace: Pace) -> int:
        words = {Strength.SENTENCE: pace.sentence_words, Strength.SOFT: pace.soft_words}.get(
            strength, pace.most_words + 1
        )
        return words * _WORD_LOAD

    def _is_better(self, found: Boundary, pace: Pace) -> bool:
        """A later place is better, unless a mere word border would replace a pause that is not far too early."""
        if self.best is None or found.strength >= self.best.strength:
            return True
        return self.best.end - self.start < pace.most_characters // 3 and found.strength is Strength.WORD

    def _count(self, character: str) -> None:
        load = _load_without_spaces(character)
        if load:
            self.load += load
            self.is_in_word = False
        elif not self.is_in_word:
            self.load += _WORD_LOAD
            self.is_in_word = True

    def _is_full(self, pace: Pace) -> bool:
        return self.load > pace.most_words * _WORD_LOAD or self.position - self.start >= pace.most_characters

    def _best_end(self, text: str, pace: Pace) -> int:
        if self.best is not None:
            return self.best.end
        at = min(self.position, self.start + pace.most_characters)
        return border_at_or_before(text, at, self.start)


def _load_without_spaces(character: str) -> int:
    """What one character of a script without spaces adds, in tenths of a word; 0 for other scripts."""
    if character < "\u0e00":
        return 0
    if character < "\u1000":
        return 2  # Thai, Lao, Tibetan
    if (
        "\u2e80" <= character <= "\u9fff"
        or "\uf900" <= character <= "\ufaff"
        or "\U00020000" <= character <= "\U0003ffff"
    ):
        return 5  # Han and kana
    return 2 if "\u1000" <= character <= "\u109f" or "\u1780" <= character <= "\u17ff" else 0  # Burmese, Khmer
