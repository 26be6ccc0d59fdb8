"""Places a turn's speech on the media clock, sample by sample, and says when silence must fill a hole.

Speech follows speech without a gap; when the voice is late, the face goes on in silence and the speech starts where
the silence ended. What was placed and not heard can be taken back and placed again, from any sample on, as after a
pause. Tests: tests/core/test_timeline.py.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from tth.model.media import FrameKind, PhonemeTiming, SilenceSpan, SpeechChunk, SpeechSpan, WordTiming

Timing = TypeVar("Timing", PhonemeTiming, WordTiming)


@dataclass(slots=True)
class _Run:
    """Speech without a hole."""

    start_sample: int
    speech_sample: int
    """How much of the turn's speech lies before it."""
    sample_count: int

    @property
    def end_sample(self) -> int:
        return self.start_sample + self.sample_count


class Timeline:
    """One turn's stretch of the media clock, and which sample of its speech lies where on it."""

    def __init__(self, start_sample: int) -> None:
        self.start_sample = start_sample
        self.end_sample = start_sample
        """End of what has been placed."""
        self.floor_sample = start_sample
        """`rewind` reaches no further back."""
        self._clause_sample = 0  # how much of the current clause has been placed
        self._phonemes: list[PhonemeTiming] = []  # of the current clause, not yet placed; clause time
        self._words: list[WordTiming] = []
        self._runs: list[_Run] = []
        self._placed: deque[SpeechSpan] = deque()  # behind the floor
        self._again: deque[SpeechSpan] = deque()  # taken back; times as they were
        self._torn_phonemes: tuple[PhonemeTiming, ...] = ()  # what is left of them belongs to the next span
        self._torn_words: tuple[WordTiming, ...] = ()

    def begin_clause(self) -> None:
        """The next chunk is the first of a new clause: its times count from zero again."""
        self._clause_sample = 0
        self._phonemes.clear()
        self._words.clear()
        if not self._again:  # the clause before ended in the middle of them
            self._torn_phonemes = self._torn_words = ()

    def place(self, chunk: SpeechChunk, text_offset: int, control_revision: int) -> SpeechSpan:
        """Put the next chunk of the current clause at the end. Not before all that was taken back has its place.

        text_offset: code points from the start of the turn's text to the clause.
        A timing goes out with the chunk in which it begins, so that a hole in the middle of a clause moves
        everything that comes after it.
        """
        self._phonemes.extend(chunk.phonemes)
        self._words.extend(chunk.words)
        until = self._clause_sample + len(chunk.pcm)
        phonemes, words = self._timings_until(until, text_offset) if self._phonemes or self._words else ((), ())
        self._clause_sample = until
        return self._put(SpeechSpan(self.end_sample, chunk.pcm, phonemes, words, control_revision))

    def _timings_until(self, until: int, text_offset: int) -> tuple[tuple[PhonemeTiming, ...], tuple[WordTiming, ...]]:
        """Those that begin before this sample of the clause get their place."""
        shift = self.end_sample - self._clause_sample
        phonemes = tuple(
            replace(p, start_sample=p.start_sample + shift) for p in self._phonemes if p.start_sample < until
        )
        words = tuple(
            replace(w, start_sample=w.start_sample + shift, offset=w.offset + text_offset)
            for w in self._words
            if w.start_sample < until
        )
        self._phonemes = [p for p in self._phonemes if p.start_sample >= until]
        self._words = [w for w in self._words if w.start_sample >= until]
        return phonemes, words

    def place_silence(self, sample_count: int, kind: FrameKind) -> SilenceSpan:
        """Put silence at the end."""
        span = SilenceSpan(self.end_sample, sample_count, kind)
        self.end_sample = span.end_sample
        return span

    @property
    def speech_samples(self) -> int:
        """How much of the turn's speech has its place."""
        return self._runs[-1].speech_sample + self._runs[-1].sample_count if self._runs else 0

    @property
    def speech_end_sample(self) -> int:
        """Where the last speech ends; the start where there is none."""
        return self._runs[-1].end_sample if self._runs else self.start_sample

    def speech_before(self, sample: int) -> int:
        """How much of the turn's speech lies before `sample` of the media clock."""
        index = bisect_right(self._runs, sample, key=_start) - 1
        if index < 0:
            return 0
        run = self._runs[index]
        return run.speech_sample + min(sample - run.start_sample, run.sample_count)

    def when_spoken(self, speech_samples: int) -> int:
        """Media clock at which so much of the turn's speech lies behind; what has no place yet would follow at once."""
        for run in self._runs:
            if speech_samples <= run.speech_sample + run.sample_count:
                return run.start_sample + max(0, speech_samples - run.speech_sample)
        return self.speech_end_sample + max(0, speech_samples - self.speech_samples)

    def next_speech(self, sample: int) -> int | None:
        """Where the first speech at or behind `sample` begins; None when there is none yet."""
        index = bisect_right(self._runs, sample, key=_start) - 1
        if index >= 0 and sample < self._runs[index].end_sample:
            return sample
        return self._runs[index + 1].start_sample if index + 1 < len(self._runs) else None

    def forget(self, before_sample: int) -> None:
        """No `rewind` will reach further back than this: bounds the memory."""
        while self._placed and self._placed[0].end_sample <= before_sample:
            self.floor_sample = self._placed.popleft().end_sample

    # ---- once more

    def rewind(self, heard_sample: int, next_sample: int, heard_code_points: int) -> None:
        """Take back what lies behind `heard_sample`; whatever is placed from now on goes to `next_sample` and on.

        heard_sample: at least `floor_sample`. heard_code_points: text that counts as heard; a word that was being
        heard and belongs to it is not told again with its rest.
        """
        behind = [span for span in self._placed if span.end_sample > heard_sample]
        if behind:
            behind[0] = self._rest_of(behind[0], heard_sample, heard_code_points)
        elif self._placed:
            self._torn_phonemes, self._torn_words = self._torn_at(heard_sample, heard_sample, heard_code_points)
        self._again.extendleft(reversed(behind))
        self._placed.clear()
        while self._runs and self._runs[-1].start_sample >= heard_sample:
            self._runs.pop()
        if self._runs:
            last = self._runs[-1]
            last.sample_count = min(last.sample_count, heard_sample - last.start_sample)
        self.end_sample = self.floor_sample = next_sample

    @property
    def has_taken_back(self) -> bool:
        """There is speech that must be placed again before any other."""
        return bool(self._again)

    def place_again(self) -> SpeechSpan:
        """Put the next piece of what was taken back at the end, its times moved with it. Only while there is one."""
        span = self._again.popleft()
        shift = self.end_sample - span.start_sample
        return self._put(
            replace(
                span,
                start_sample=self.end_sample,
                phonemes=tuple(replace(p, start_sample=p.start_sample + shift) for p in span.phonemes),
                words=tuple(replace(w, start_sample=w.start_sample + shift) for w in span.words),
            )
        )

    def _rest_of(self, span: SpeechSpan, heard_sample: int, heard_code_points: int) -> SpeechSpan:
        """What is left of a span behind `heard_sample`, and of the timings that began before it and reach into it."""
        at_sample = max(span.start_sample, heard_sample)
        phonemes, words = self._torn_at(heard_sample, at_sample, heard_code_points)
        return SpeechSpan(
            at_sample,
            span.pcm[at_sample - span.start_sample :],
            (*phonemes, *_from(span.phonemes, at_sample)),
            (*words, *_from(span.words, at_sample)),
            span.control_revision,
        )

    def _torn_at(
        self, heard_sample: int, at_sample: int, heard_code_points: int
    ) -> tuple[tuple[PhonemeTiming, ...], tuple[WordTiming, ...]]:
        """What is left at `heard_sample` of the timings that began before it, as if it began at `at_sample`."""
        begun = [placed for placed in self._placed if placed.start_sample < heard_sample]
        phonemes = [p for placed in begun for p in placed.phonemes]
        words = [w for placed in begun for w in placed.words if w.offset >= heard_code_points]
        return (
            tuple(self._rests(phonemes, heard_sample, at_sample)),
            tuple(self._rests(words, heard_sample, at_sample)),
        )

    def _rests(self, timings: Iterable[Timing], heard_sample: int, at_sample: int) -> Iterator[Timing]:
        """What is left of timings whose sound has been heard in part, holes not counted, as if it began at
        `at_sample`."""
        heard = self.speech_before(heard_sample)
        for timing in timings:
            left = timing.sample_count - (heard - self.speech_before(timing.start_sample))
            if left > 0 and timing.start_sample < heard_sample:
                yield replace(timing, start_sample=at_sample, sample_count=left)

    def _put(self, span: SpeechSpan) -> SpeechSpan:
        if self._torn_phonemes or self._torn_words:
            begin = span.start_sample
            span = replace(
                span,
                phonemes=(*(replace(p, start_sample=begin) for p in self._torn_phonemes), *span.phonemes),
                words=(*(replace(w, start_sample=begin) for w in self._torn_words), *span.words),
            )
            self._torn_phonemes = self._torn_words = ()
        count, last = len(span.pcm), self._runs[-1] if self._runs else None
        if last is not None and last.end_sample == span.start_sample:
            last.sample_count += count
        else:
            self._runs.append(_Run(span.start_sample, self.speech_samples, count))
        self._placed.append(span)
        self.end_sample = span.end_sample
        return span


def _start(run: _Run) -> int:
    return run.start_sample


def _from(timings: Iterable[Timing], sample: int) -> Iterator[Timing]:
    return (timing for timing in timings if timing.start_sample >= sample)
