"""What kind of break a text has at a sign or a white space: the grammar behind `clauses`.

Everything here looks at a growing text. `WAIT` means that the answer depends on characters that have not come yet; it
is never given for a whole text, and an answer that is not `WAIT` never changes when more comes. That is why clauses do
not depend on how the text was split on its way. Tests: tests/core/test_boundaries.py.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from dataclasses import dataclass
from enum import IntEnum

from tth.core.abbreviations import Abbreviations, abbreviations_of


class Strength(IntEnum):
    """How good a place to breathe."""

    NONE = 0
    WORD = 1
    SOFT = 2
    """Comma, colon, dash, closing bracket, ellipsis within a sentence."""
    SENTENCE = 3
    LINE = 4
    """A new line or paragraph: breaks whatever came before it."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """A break: the clause may end in front of `end`; signs up to `resume` need no second look."""

    strength: Strength
    end: int
    resume: int


class Wait:
    """The answer needs more text."""


WAIT = Wait()

LOOK_AHEAD = 96
"""Code points searched for the next speakable one; signs and emoji beyond stand for themselves."""
PARAGRAPH_SPACES = 40
"""So long a run of white space separates, whatever it is made of."""
_SPACED_STOPS = ".!?…‼⁇⁈⁉؟۔։\u037e"
"""End a sentence only in front of white space: "3.14", "a.example/?q"."""
_FREE_STOPS = "。！？｡．।॥።။។"
"""End a sentence anywhere: scripts without spaces, and the danda."""
_SPACED_SOFTS = ",;:)]}–،؛"
_FREE_SOFTS = "，、；：）】」』》—"
_CLOSERS = "\"'’”»›)]}）】」』》〉*_`~"
"""What may stand between a stop and the white space and still belongs to the clause that ends."""
STOPS = _SPACED_STOPS + _FREE_STOPS
MARKS = frozenset(STOPS + _SPACED_SOFTS + _FREE_SOFTS + "-")
_OPENING_CATEGORIES = frozenset({"Ps", "Pi", "Sc"})
_OPENERS = "\"'¿¡#@*_`+-"

_SPEAKABLE = re.compile(r"[^\W_]")
_SPACES = re.compile(r"\s+")
_LETTER_GROUPS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_WORD = re.compile(r"[\w'’]+")
_ORDINARY_LETTERS = 3
"""A stop after so long a word and before a small letter ends a sentence carelessly written, else an abbreviation."""
_ORDINAL_DIGITS = 2
"""Up to so many digits a German "3." is more likely an ordinal than the end of a sentence."""


class Grammar:
    """Finds boundaries by the habits of one language. Holds no state."""

    def __init__(self, language_code: str) -> None:
        self._abbreviations: Abbreviations = abbreviations_of(language_code)
        self._closers = _CLOSERS + self._abbreviations.closing_quotes

    def at_space(self, text: str, position: int, is_whole: bool) -> Boundary | Wait:
        """The break at the white space that begins at `position`; something else must follow it in `text`."""
        end = after_spaces(text, position)
        space = text[position:end]
        lines = len(f"{space}.".splitlines()) - 1
        word = Boundary(Strength.WORD, position, end)
        if lines < 2 and len(space) < PARAGRAPH_SPACES and (not lines or text[end].islower()):
            return word
        if _SPEAKABLE.search(text, end, end + LOOK_AHEAD) is None and len(text) < end + LOOK_AHEAD:
            return word if is_whole else WAIT
        return Boundary(Strength.LINE, position, end)

    def at_mark(self, text: str, start: int, position: int, is_whole: bool) -> Boundary | Wait:
        """The break at the sign at `position` of the clause that began at `start`; the sign is one of `MARKS`."""
        run = _end_of(text, position, STOPS) if text[position] in STOPS else position + 1
        close = _end_of(text, run, self._closers)
        if close == len(text) and not is_whole:
            return WAIT
        nothing = Boundary(Strength.NONE, position, run)
        found = _SPEAKABLE.search(text, close, close + LOOK_AHEAD)
        if found is None:
            if len(text) < close + LOOK_AHEAD:
                return nothing if is_whole else WAIT
            return self._before_signs(text, position, run, close)
        ahead = found.start()
        is_spaced = any(character.isspace() for character in text[close:ahead])
        if not is_spaced and not self._is_free(text, position, run, ahead):
            return nothing
        end = _next_start(text, close, ahead, is_spaced)
        strength = self._strength(text, start, position, run, ahead, is_whole)
        return strength if isinstance(strength, Wait) else Boundary(strength, end, max(run, end if strength else run))

    def _before_signs(self, text: str, position: int, run: int, close: int) -> Boundary:
        """Nothing speakable is near: a long row of signs is left to itself."""
        is_stop = text[position] in STOPS and (text[close].isspace() or text[position] in _FREE_STOPS)
        return Boundary(Strength.SENTENCE if is_stop else Strength.NONE, close, _end_of(text, run, MARKS))

    def _is_free(self, text: str, position: int, run: int, ahead: int) -> bool:
        """A sign that needs no white space after it; between digits none is free: "１，０００"."""
        if text[position - 1 : position].isdigit() and text[ahead].isdigit() and run == ahead:
            return False
        return text[run - 1] in _FREE_STOPS or text[position] in _FREE_SOFTS

    def _strength(self, text: str, start: int, position: int, run: int, ahead: int, is_whole: bool) -> Strength | Wait:
        sign = text[position]
        if sign == "-":
            is_dash = text[position - 1 : position].isspace() or text[position - 1 : position] == "-"
            return Strength.SOFT if is_dash else Strength.NONE
        if sign not in STOPS:
            return Strength.SOFT
        if text[run - 1] in _FREE_STOPS:
            return Strength.SENTENCE
        if text[position:run] == ".":
            return self._full_stop(text, start, position, ahead, is_whole)
        return Strength.SOFT if text[ahead].islower() else Strength.SENTENCE

    def _full_stop(self, text: str, start: int, position: int, ahead: int, is_whole: bool) -> Strength | Wait:
        """One full stop with white space behind it: end of a sentence, or of an abbreviation, initial or ordinal?"""
        words = self._abbreviations
        word = _word_before(text, start, position)
        small = word.lower()
        if small in words.inside or (small in words.before_number and text[ahead].isdigit()):
            return Strength.NONE
        if text[ahead].islower():
            is_ordinary = len(word) >= _ORDINARY_LETTERS and word.isalpha() and small not in words.maybe_last
            return Strength.SOFT if is_ordinary else Strength.NONE
        if small in words.maybe_last:
            return Strength.NONE if text[ahead].isdigit() else Strength.SENTENCE
        if small in words.whole_letters:
            return Strength.SENTENCE
        if self._is_list_number(text, start, position, word):
            return Strength.NONE
        is_initial = _LETTER_GROUPS.fullmatch(word) is not None and (len(word) == 1 or "." in word)
        is_ordinal = words.has_ordinal_stops and word.isdigit() and len(word) <= _ORDINAL_DIGITS
        if not is_initial and not is_ordinal:
            return Strength.SENTENCE
        follower = _WORD.match(text, ahead)
        assert follower is not None
        if follower.end() == len(text) and not is_whole and len(follower.group()) < LOOK_AHEAD:
            return WAIT
        return Strength.SENTENCE if follower.group().lower() in words.starters else Strength.NONE

    def _is_list_number(self, text: str, start: int, position: int, word: str) -> bool:
        """ "1." at the start of a clause is the number of a list's item."""
        return word.isdigit() and not text[start : position - len(word)].strip()


def after_spaces(text: str, position: int) -> int:
    """The first position at or after `position` that is no white space."""
    match = _SPACES.match(text, position)
    return match.end() if match else position


def _end_of(text: str, position: int, characters: Container[str]) -> int:
    limit = min(len(text), position + LOOK_AHEAD)
    while position < limit and text[position] in characters:
        position += 1
    return position


def _next_start(text: str, close: int, ahead: int, is_spaced: bool) -> int:
    """Where the next clause begins between a closed sign and the next speakable character.

    Signs and emoji in between stay with the clause that ends, those that cling to the next word go with it, and so does
    everything behind a new line.
    """
    if is_spaced:
        line = text.find("\n", close, ahead)
        start = ahead
        while not text[start - 1].isspace():
            start -= 1
        return start if line < 0 else line
    start = ahead
    while start > close and (
        text[start - 1] in _OPENERS or unicodedata.category(text[start - 1]) in _OPENING_CATEGORIES
    ):
        start -= 1
    return start


def _word_before(text: str, start: int, position: int) -> str:
    """What stands in front of a full stop up to the white space or sign before it; "B" of "z. B" is only "B"."""
    begin = position
    while begin > start and begin > position - LOOK_AHEAD and not text[begin - 1].isspace():
        begin -= 1
    return text[begin:position].lstrip("\"'¿¡([{„“”«»‘’‚*_`–—-")
