"""Subtitles from word timings, as WebVTT (W3C Candidate Recommendation, 2019).

Pure. The limits are those of the BBC's subtitle guidelines (v1.2.3, 2024): two lines of about 37 letters, cues that can
be read, a break where the sentence has one. Tests: tests/media/test_subtitles.py.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MAX_LINE_LETTERS = 37
MAX_CUE_LETTERS = 2 * MAX_LINE_LETTERS
MAX_CUE_MS = 6_000
PAUSE_MS = 700
"""A silence this long between two words ends a cue: what follows is another thought."""
LINGER_MS = 400
"""A cue stays a little after its last word, if nothing else begins."""
_SENTENCE_ENDS = frozenset(".!?…。！？")
_CLAUSE_ENDS = frozenset(",;:—、，；：")
_CLAUSE_MIN_LETTERS = MAX_LINE_LETTERS
"""A comma ends a cue only when the cue fills a line already."""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """One word and when it is heard, in ms from the beginning of the video."""

    text: str
    """As it stands in the text, with its punctuation where known."""
    start_ms: float
    end_ms: float
    group: str = ""
    """Words of different groups (turns) never share a cue."""
    speaker: str = ""
    """Shown as a WebVTT voice; empty = none."""
    joined: bool = False
    """No space before it: scripts without spaces between words, and punctuation."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle."""

    start_ms: float
    end_ms: float
    text: str
    speaker: str = ""


def cues(words: Iterable[SpokenWord]) -> list[Cue]:
    """Cut words into cues of readable length, at sentence ends, pauses and commas. Words in the order of time."""
    result: list[Cue] = []
    current: list[SpokenWord] = []
    for word in words:
        if current and _breaks(current, word):
            result.append(_cue(current, word.start_ms))
            current = []
        current.append(word)
    if current:
        result.append(_cue(current, float("inf")))
    return result


def webvtt(items: Sequence[Cue]) -> str:
    """The file's text."""
    blocks = [f"{_time(cue.start_ms)} --> {_time(cue.end_ms)}\n{_payload(cue)}\n" for cue in items]
    return "WEBVTT\n\n" + "\n".join(blocks)


def _breaks(current: Sequence[SpokenWord], word: SpokenWord) -> bool:
    last, letters = current[-1], _width(_joined(current))
    return (
        word.group != last.group
        or word.speaker != last.speaker
        or word.start_ms - last.end_ms > PAUSE_MS
        or word.end_ms - current[0].start_ms > MAX_CUE_MS
        or letters + 1 + _width(word.text) > MAX_CUE_LETTERS
        or _ends_with(last.text, _SENTENCE_ENDS)
        or (letters >= _CLAUSE_MIN_LETTERS and _ends_with(last.text, _CLAUSE_ENDS))
    )


def _ends_with(text: str, marks: frozenset[str]) -> bool:
    return text.rstrip("\"'”’»)")[-1:] in marks


def _cue(words: Sequence[SpokenWord], next_start_ms: float) -> Cue:
    # An interrupted turn's last word may reach into the next turn: one cue at a time all the same.
    end = min(words[-1].end_ms + LINGER_MS, next_start_ms)
    return Cue(words[0].start_ms, max(end, words[0].start_ms + 1), _joined(words), words[0].speaker)


def _joined(words: Sequence[SpokenWord]) -> str:
    return "".join(word.text if word.joined or index == 0 else " " + word.text for index, word in enumerate(words))


def _width(text: str) -> int:
    """Letters as the eye counts them: a wide one (Chinese, Japanese, Korean) is two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _time(ms: float) -> str:
    whole = max(0, round(ms))
    return f"{whole // 3_600_000:02d}:{whole // 60_000 % 60:02d}:{whole // 1000 % 60:02d}.{whole % 1000:03d}"


def _payload(cue: Cue) -> str:
    """At most two lines of even length; a cue's text cannot break out of it."""
    text = cue.text
    if _width(text) > MAX_LINE_LETTERS:
        text = "\n".join(textwrap.wrap(text, max(MAX_LINE_LETTERS, -(-len(text) // 2) + 6), break_long_words=False))
    text = _escaped(text)
    return f"<v {_escaped(cue.speaker)}>{text}" if cue.speaker else text


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
