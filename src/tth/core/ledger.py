"""Which text was heard by which sample: what an interrupted turn leaves in the conversation's memory.

Counted in samples of the turn's speech, without the holes between: where they lie on the media clock, and that some of
them lay there twice because the turn was held, is the timeline's business (`Timeline.speech_before`).
Tests: tests/core/test_ledger.py.
"""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass

from tth.model.media import WordTiming


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A clause without word times: its text is spread evenly over its sound."""

    start_sample: int
    end_sample: int
    offset: int
    text: str


class SpeechLedger:
    """Grows with the turn; entries come in the order of the speech."""

    def __init__(self) -> None:
        self._words: list[WordTiming] = []
        self._word_starts: list[int] = []
        self._stretches: list[_Stretch] = []

    def add_word(self, timing: WordTiming) -> None:
        """Note one word; times in samples of the turn's speech, offset in its text."""
        self._words.append(timing)
        self._word_starts.append(timing.start_sample)

    def add_clause(self, offset: int, text: str, start_sample: int, end_sample: int) -> None:
        """Note a clause whose voice gave no word times."""
        self._stretches.append(_Stretch(start_sample, end_sample, offset, text))

    def heard_code_points(self, sample: int) -> int:
        """How much of the turn's text had been heard with `sample` samples of its speech, cut at a word.

        A word counts when more than half of it was heard; so the error is at most one word.
        """
        end = 0
        position = bisect.bisect_right(self._word_starts, sample)
        for timing in reversed(self._words[:position]):
            if sample - timing.start_sample > timing.sample_count / 2:
                end = timing.offset + len(timing.word)
                break
        for stretch in self._stretches:
            if stretch.start_sample < sample:
                end = max(end, _heard_of(stretch, sample))
        return end

    def heard_points(self) -> tuple[tuple[int, int], ...]:
        """(samples of speech, code points): from there on so much counts as heard; both rise. The same as
        `heard_code_points` for every sample at once, for a record."""
        found = [(w.start_sample + w.sample_count // 2 + 1, w.offset + len(w.word)) for w in self._words]
        for stretch in self._stretches:
            found += _heard_points_of(stretch)
        points: list[tuple[int, int]] = []
        for sample, code_points in sorted(found):
            if code_points > (points[-1][1] if points else 0):
                points.append((sample, code_points))
        return tuple(points)


def _heard_of(stretch: _Stretch, sample: int) -> int:
    share = min(1.0, (sample - stretch.start_sample) / max(1, stretch.end_sample - stretch.start_sample))
    count = int(share * len(stretch.text))
    if count < len(stretch.text):
        cut = stretch.text.rfind(" ", 0, count + 1)
        count = max(cut, 0)
    return stretch.offset + count if count else 0


def _heard_points_of(stretch: _Stretch) -> list[tuple[int, int]]:
    samples, length = max(1, stretch.end_sample - stretch.start_sample), len(stretch.text)
    cuts = [index for index, letter in enumerate(stretch.text) if letter == " " and index]
    return [(stretch.start_sample + math.ceil(cut * samples / length), stretch.offset + cut) for cut in (*cuts, length)]
