"""What of a clause is spoken, and where its words stand.

espeak obeys control characters inside text, names emoji and letters of foreign scripts one by one, and counts its
word positions in its own way. So it is given cleaned text, and its positions are led back to words found here.
Pure. Tests: tests/adapters/tts/test_espeak_text.py.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from dataclasses import dataclass

_MARKUP = frozenset("*_`~|\\{}[]<>#^")
"""Markdown, SSML and espeak's [[phonemes]]: never spoken, never interpreted."""
_BULLETS = frozenset("•‣◦⁃§¶†‡※·")
_SPOKEN_SIGNS = frozenset("%&@+=×÷±°©®™№℃℉$€£¥₹₽₩¢")
"""Signs that voices read aloud and that can be part of a word, as in "50%" or "$5"."""
_JOINERS = frozenset("'’ʼ.,:-‐‑+=&@")
"""Between two letters or digits these keep a word together: "don't", "3.5", "12:30", "well-known"."""
_CLOSING = frozenset("\"'”’»›)]}」』）》〉 ")
_SENTENCE_ENDS = frozenset(".!?…。！？।॥؟։።")
_HALF_ENDS = frozenset(",;:—–،؛、，；：፣")
_JOIN_CONTROLS = frozenset("\u200c\u200d")
"""Zero-width (non-)joiner: part of the spelling in Persian and in Indian scripts."""

SENTENCE_PAUSE_MS, HALF_PAUSE_MS, OPEN_PAUSE_MS, LAST_PAUSE_MS = 250, 120, 40, 80
"""Silence after a clause: sentence, comma, nothing, end of the turn. Usual in read speech: 200-300 after a sentence,
100-150 after a comma; the last only lets the room fade."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word: where it stands in the clause and in the cleaned text; ends are exclusive."""

    clause_start: int
    clause_end: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SpokenText:
    """A clause as espeak gets it."""

    text: str
    words: tuple[Word, ...]
    """In order; empty: there is nothing to speak."""

    def word_at(self, position: int) -> int:
        """Index of the word for a position in `text`.

        A sign before a word ("-5") belongs to that word, anything else between two words to the one before.
        """
        index = bisect_right(self.words, position, key=lambda word: word.end)
        if index == len(self.words):
            return index - 1
        start = self.words[index].start
        leads = position == start - 1 and self.text[position - 1 : position] in ("", " ")
        return index if index == 0 or position >= start or leads else index - 1


def spoken_text(clause: str, scripts: frozenset[str]) -> SpokenText:
    """Clean a clause for a voice that reads `scripts`.

    Letters of other scripts, emoji, markup and control characters become spaces; accents are composed; digits of any
    script become 0-9. Without a single letter or digit left there are no words.
    """
    letters: list[_Letter] = []
    for index, char in enumerate(clause):
        if ord(char) >= 0x300 and letters and letters[-1].absorb(char, index):
            continue
        form = _spoken_form(char, scripts)
        if form is not None:
            if letters and _is_ideograph(form) != _is_ideograph(letters[-1].char) and form.isalnum():
                letters.append(_Letter(" ", index, index))  # espeak counts "天3" as one word
            letters.append(_Letter(form, index, index + 1))
    text = "".join(letter.char for letter in letters)
    return SpokenText(text, _words(text, letters) if any(char.isalnum() for char in text) else ())


def pause_after_ms(clause: str, is_last: bool) -> int:
    """How long to be silent after a clause, at normal speed."""
    if is_last:
        return LAST_PAUSE_MS
    end = clause.rstrip("".join(_CLOSING))[-1:]
    if end in _SENTENCE_ENDS:
        return SENTENCE_PAUSE_MS
    return HALF_PAUSE_MS if end in _HALF_ENDS else OPEN_PAUSE_MS


def is_open(clause: str) -> bool:
    """Whether a clause stops without any mark, so that the voice should not fall as at the end of a sentence."""
    return clause.rstrip("".join(_CLOSING))[-1:] not in _SENTENCE_ENDS | _HALF_ENDS


@dataclass(slots=True)
class _Letter:
    """One character of the cleaned text and the stretch of the clause that it stands for."""

    char: str
    start: int
    end: int

    def absorb(self, mark: str, index: int) -> bool:
        """Take in an accent or a Hangul part that comes next, where Unicode has the two as one character."""
        joined = unicodedata.normalize("NFC", self.char + mark)
        if len(joined) > 1:
            return False
        self.char, self.end = joined, index + 1
        return True


def _spoken_form(char: str, scripts: frozenset[str]) -> str | None:
    """What espeak gets for one character: itself, another one, a space; None: nothing at all."""
    if char.isascii():
        return char if char.isprintable() and char not in _MARKUP else " "
    category = unicodedata.category(char)
    if category == "Cf":
        return char if char in _JOIN_CONTROLS else None
    if category == "Nd":
        return str(unicodedata.digit(char))
    if category[0] == "L":
        return _letter(char, scripts)
    if category[0] == "M":
        return char if _script(char) in scripts or unicodedata.combining(char) else None
    if category[0] == "P":
        return " " if char in _BULLETS else char
    return char if char in _SPOKEN_SIGNS or char in "½¼¾²³" else " "


def _letter(char: str, scripts: frozenset[str]) -> str:
    if char == "ʼ":
        return "'"
    script = _script(char)
    if script in ("FULLWIDTH", "HALFWIDTH"):
        plain = unicodedata.normalize("NFKC", char)
        return plain if len(plain) == 1 and _script(plain) in scripts else " "
    return char if script in scripts else " "


def _script(char: str) -> str:
    return unicodedata.name(char, "").split(" ", 1)[0]


def _is_core(char: str) -> bool:
    """Whether a character makes a word by itself."""
    return char.isalnum() or char in _SPOKEN_SIGNS or char in _JOIN_CONTROLS or unicodedata.category(char)[0] == "M"


def _is_ideograph(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff" or "\U00020000" <= char <= "\U0003ffff"


def _words(text: str, letters: list[_Letter]) -> tuple[Word, ...]:
    """Cut cleaned text into words; each ideograph is one."""
    words: list[Word] = []
    position = 0
    while position < len(text):
        if not _is_core(text[position]):
            position += 1
            continue
        end = _word_end(text, position)
        words.append(Word(letters[position].start, letters[end - 1].end, position, end))
        position = end
    return tuple(words)


def _word_end(text: str, start: int) -> int:
    """Where the word that starts at `start` ends."""
    if _is_ideograph(text[start]):
        return start + 1
    end = start + 1
    while end < len(text):
        follows = end + 1 < len(text) and _is_core(text[end + 1]) and not _is_ideograph(text[end + 1])
        joined = text[end] in _JOINERS and text[end - 1].isalnum() and follows
        if not joined and (not _is_core(text[end]) or _is_ideograph(text[end])):
            break
        end += 1
    return end
