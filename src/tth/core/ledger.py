"""Which text was heard by which sample: what an interrupted turn leaves in the conversation's memory.

Counted in samples of the turn's speech, without the holes between: where they lie on the media clock, and that some of
them lay there twice because the turn was held, is the timeline's business (`Timeline.speech_before`).
Tests: tests/core/test_ledger.py.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass

from tth.core.graphemes import is_border
from tth.model.media import SAMPLE_RATE_HZ, WordTiming

USUAL_SAMPLES = SAMPLE_RATE_HZ / 15
"""For a code point of speech, where nothing is known of the voice: people speak some 15 letters a second (Pellegrino,
Coupe and Marsico, "Across-language perspective on speech rate", 2011: 6 to 8 syllables)."""
SCRIPT_CODE_POINTS = 40
"""So many tell which script a text is written in."""
DENSE_SAMPLES = SAMPLE_RATE_HZ / 5
"""The same for scripts that write a syllable with one sign: Han, kana, and by way of caution Thai."""


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
        self._growing: _Stretch | None = None  # the clause that is being spoken; where it ends is a guess

    def add_word(self, timing: WordTiming) -> None:
        """Note one word; times in samples of the turn's speech, offset in its text."""
        self._growing = None
        self._words.append(timing)
        self._word_starts.append(timing.start_sample)

    def end_words(self, sample: int) -> None:
        """A clause ends here: those of its words that were to begin later are not spoken."""
        while self._word_starts and self._word_starts[-1] >= sample:
            self._word_starts.pop()
            self._words.pop()

    def grow_clause(self, offset: int, text: str, start_sample: int, end_sample: int) -> None:
        """Note how far the clause has come that a voice speaks without word times. Where it will end is not known yet:
        it goes on as fast as the clauses before it, or else as people speak."""
        rest = max(0, round(len(text) * self._samples_per_code_point(text)) - (end_sample - start_sample))
        self._growing = _Stretch(start_sample, end_sample + rest, offset, text)

    def add_clause(self, offset: int, text: str, start_sample: int, end_sample: int) -> None:
        """Note a whole clause whose voice gave no word times."""
        self._growing = None
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
        for stretch in self._all_stretches():
            if stretch.start_sample < sample:
                end = max(end, _heard_of(stretch, sample))
        return end

    def heard_points(self) -> tuple[tuple[int, int], ...]:
        """(samples of speech, code points): from there on so much counts as heard; both rise. The same as
        `heard_code_points` for every sample at once, for a record."""
        found = [(w.start_sample + w.sample_count // 2 + 1, w.offset + len(w.word)) for w in self._words]
        for stretch in self._all_stretches():
            found += _heard_points_of(stretch)
        points: list[tuple[int, int]] = []
        for sample, code_points in sorted(found):
            if code_points > (points[-1][1] if points else 0):
                points.append((sample, code_points))
        return tuple(points)

    def _all_stretches(self) -> list[_Stretch]:
        return self._stretches if self._growing is None else [*self._stretches, self._growing]

    def _samples_per_code_point(self, text: str) -> float:
        is_dense = _is_dense(text)
        alike = [stretch for stretch in self._stretches if _is_dense(stretch.text) is is_dense]
        spoken = sum(len(stretch.text) for stretch in alike)
        if spoken:
            return sum(stretch.end_sample - stretch.start_sample for stretch in alike) / spoken
        return DENSE_SAMPLES if is_dense else USUAL_SAMPLES


def _stands_alone(letter: str) -> bool:
    """A word, or a part of one, of a script that is written without spaces."""
    return "\u2e80" <= letter <= "\u9fff" or "\u0e00" <= letter <= "\u0eff" or "\U00020000" <= letter <= "\U0003ffff"


def _is_dense(text: str) -> bool:
    return any(_stands_alone(letter) for letter in text[:SCRIPT_CODE_POINTS])


def _is_cut(text: str, index: int) -> bool:
    """Behind text[:index] a listener can have stopped: a word ends there."""
    if text[index] == " ":
        return True
    return _stands_alone(text[index - 1]) and is_border(text, index)


def _heard_of(stretch: _Stretch, sample: int) -> int:
    samples = max(1, stretch.end_sample - stretch.start_sample)
    count = min(sample - stretch.start_sample, samples) * len(stretch.text) // samples
    if count < len(stretch.text):
        while count > 0 and not _is_cut(stretch.text, count):
            count -= 1
    return stretch.offset + count if count else 0


def _heard_points_of(stretch: _Stretch) -> list[tuple[int, int]]:
    samples, length = max(1, stretch.end_sample - stretch.start_sample), len(stretch.text)
    cuts = [index for index in range(1, length) if _is_cut(stretch.text, index)]
    # Whole numbers, rounded up: so that each point is the very sample at which `_heard_of` begins to count it.
    return [(stretch.start_sample - (-cut * samples // length), stretch.offset + cut) for cut in (*cuts, length)]
