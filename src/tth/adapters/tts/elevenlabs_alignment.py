"""From ElevenLabs' times of characters to times of words. Pure.

Their times restart with every message or with every generated stretch of text, or go on, depending on interface and
options; what is true is told by the sound that came before. The keys are spelt in four ways.
Tests: tests/adapters/tts/test_elevenlabs_alignment.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tth.model.media import WordTiming, ms_to_samples, samples_to_ms

GOES_ON_MS = 5.0
"""Times that begin no earlier than this before the end of those before them go on from there."""
LOOK_AHEAD = 16
"""Characters of the text that one that does not fit may be ahead of: what was read otherwise is passed over."""
_EAST_ASIAN = "\u2e80-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_EAST_ASIAN}]|[^\s{_EAST_ASIAN}]+")
"""Han characters and kana, between which there are no spaces, are words of their own."""
_STARTS_MS = ("charStartTimesMs", "charsStartTimesMs", "char_start_times_ms")
_DURATIONS_MS = ("charDurationsMs", "charsDurationsMs", "char_durations_ms")
_STARTS_S, _ENDS_S = "character_start_times_seconds", "character_end_times_seconds"


@dataclass(frozen=True, slots=True)
class TimedCharacter:
    """One character as it was spoken."""

    character: str
    start_ms: float
    end_ms: float


def timed_characters(alignment: Any) -> tuple[TimedCharacter, ...]:
    """What one alignment object says, however its keys are spelt; () for none, and for one that is not understood:
    sound without times is better than no sound."""
    if not isinstance(alignment, Mapping):
        return ()
    characters = alignment.get("chars", alignment.get("characters"))
    starts = _numbers(alignment, _STARTS_MS, 1.0) or _numbers(alignment, (_STARTS_S,), 1000.0)
    lengths = _numbers(alignment, _DURATIONS_MS, 1.0)
    ends = _numbers(alignment, (_ENDS_S,), 1000.0)
    if lengths and starts:
        ends = [start + length for start, length in zip(starts, lengths, strict=False)]
    if not isinstance(characters, list) or not starts or not ends:
        return ()
    if not len(characters) == len(starts) == len(ends) or not all(isinstance(one, str) for one in characters):
        return ()
    return tuple(
        TimedCharacter(one, start, max(start, end)) for one, start, end in zip(characters, starts, ends, strict=True)
    )


def _bare(text: str, begin: int, end: int) -> tuple[int, int] | None:
    """The word without the marks around it; None where it is nothing but marks."""
    letters = [at for at in range(begin, end) if text[at].isalnum()]
    return (letters[0], letters[-1] + 1) if letters else None


def _numbers(alignment: Mapping[str, Any], names: Sequence[str], factor: float) -> list[float]:
    found = next((alignment[name] for name in names if alignment.get(name)), None)
    if not isinstance(found, list) or any(isinstance(one, bool) or not isinstance(one, int | float) for one in found):
        return []
    return [one * factor for one in found]


class WordTimer:
    """One clause: its text is known, times of its characters come with the sound."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._words = [place for found in _WORD.finditer(text) if (place := _bare(text, found.start(), found.end()))]
        self._position = 0
        """Of the next character of the text that has no time yet."""
        self._known_to_ms = 0.0
        """Where the last times ended."""
        self._next_word = 0
        self._begun: tuple[float, float] | None = None
        """Times of the next word, as far as it was spoken."""
        self._done: list[WordTiming] = []
        self._end_sample = 0
        """Of the last complete word."""

    @property
    def begun_sample(self) -> int | None:
        """Where the word begins of which only a part has its times; None where there is none."""
        return None if self._begun is None else ms_to_samples(self._begun[0])

    def add(self, characters: Sequence[TimedCharacter], sound_samples: int) -> None:
        """Take the times of a message. sound_samples: of the clause, that came before that message."""
        if not characters:
            return
        goes_on = self._known_to_ms and characters[0].start_ms >= self._known_to_ms - GOES_ON_MS
        base_ms = 0.0 if goes_on else samples_to_ms(sound_samples)
        for one in characters:
            self._take(one.character, base_ms + one.start_ms, base_ms + one.end_ms)
        self._known_to_ms = max(self._known_to_ms, base_ms + characters[-1].end_ms)

    def take(self) -> tuple[WordTiming, ...]:
        """The words that are complete, each once."""
        done, self._done = self._done, []
        return tuple(done)

    def finish(self) -> tuple[WordTiming, ...]:
        """No more times: the last word as far as it is known."""
        self._close()
        return self.take()

    def _take(self, character: str, start_ms: float, end_ms: float) -> None:
        if not character.strip():
            return
        at = self._place_of(character)
        if at is None:
            return
        self._position = at + len(character)
        while self._next_word < len(self._words) and self._words[self._next_word][1] <= at:
            self._close()
        if self._next_word >= len(self._words):
            return
        first_ms = start_ms if self._begun is None else self._begun[0]
        self._begun = (first_ms, max(first_ms, end_ms))
        if self._position >= self._words[self._next_word][1]:
            self._close()

    def _place_of(self, character: str) -> int | None:
        """Where in the text this is: further on in the word that was begun, or at the beginning of one near by."""
        for number in range(self._next_word, len(self._words)):
            begin, end = self._words[number]
            if begin > self._position + LOOK_AHEAD:
                return None
            if self._text.startswith(character, begin) and begin >= self._position:
                return begin
            if number == self._next_word and self._begun is not None:
                at = self._text.find(character, self._position, end)
                if at >= 0:
                    return at
        return None

    def _close(self) -> None:
        """The word that was begun is over; one of which nothing was spoken is left out."""
        if self._begun is not None:
            start_ms, end_ms = self._begun
            begin, end = self._words[self._next_word]
            start = max(ms_to_samples(start_ms), self._end_sample)
            self._end_sample = max(ms_to_samples(end_ms), start)
            self._done.append(WordTiming(self._text[begin:end], begin, start, self._end_sample - start))
        self._begun = None
        self._next_word += 1
