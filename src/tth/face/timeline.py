"""What is known of the media clock: who speaks or is silent when, and how far ahead the mouth may look.

A silence is a wall: nothing behind it is foreseen, because live nobody knows while it lasts whether and when speech
follows. So frames of silence can be made at once, and speech moves the same way however it was cut into spans. Pure.
Tests: tests/face/test_timeline.py.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass

from tth.model.media import FrameKind, SilenceSpan, SpeechSpan


@dataclass(slots=True)
class Stretch:
    """A piece of the media clock of one kind."""

    start_sample: int
    end_sample: int
    kind: FrameKind
    """SPEAKING is speech; the others are silences."""

    @property
    def is_speech(self) -> bool:
        return self.kind is FrameKind.SPEAKING


class Timeline:
    """Stretches of speech and silence in order, without holes: a hole in the input counts as idle silence."""

    def __init__(self) -> None:
        self._stretches: list[Stretch] = []
        self._starts: list[int] = []

    @property
    def end_sample(self) -> int:
        """Up to here it is known whether somebody speaks. 0 before the first span."""
        return self._stretches[-1].end_sample if self._stretches else 0

    @property
    def is_speech_open(self) -> bool:
        """Whether what is known ends in speech, so that more of it may follow."""
        return bool(self._stretches) and self._stretches[-1].is_speech

    def add(self, span: SpeechSpan | SilenceSpan) -> None:
        """Take the next span. Raises ValueError for one that starts before the end of what is known."""
        if self._stretches and span.start_sample < self.end_sample:
            raise ValueError(f"a span starts at {span.start_sample}, what is known ends at {self.end_sample}")
        if self._stretches and span.start_sample > self.end_sample:
            self._extend(self.end_sample, span.start_sample, FrameKind.IDLE)
        if isinstance(span, SpeechSpan):
            self._extend(span.start_sample, span.end_sample, FrameKind.SPEAKING)
        else:
            # A pause that the caller calls SPEAKING is silence all the same: nobody knows what follows it.
            self._extend(
                span.start_sample, span.end_sample, FrameKind.IDLE if span.kind is FrameKind.SPEAKING else span.kind
            )

    def cut(self, at_sample: int) -> None:
        """Forget everything from `at_sample` on."""
        while self._stretches and self._stretches[-1].start_sample >= at_sample:
            self._stretches.pop()
            self._starts.pop()
        if self._stretches:
            self._stretches[-1].end_sample = min(self._stretches[-1].end_sample, at_sample)

    def forget(self, before_sample: int) -> None:
        """Drop stretches that ended before `before_sample`; the last one always stays."""
        keep = 0
        while keep < len(self._stretches) - 1 and self._stretches[keep].end_sample <= before_sample:
            keep += 1
        del self._stretches[:keep], self._starts[:keep]

    def stretch_at(self, sample: int) -> Stretch | None:
        """The stretch that holds `sample`; None before the first, after the last."""
        index = bisect_right(self._starts, sample) - 1
        if index < 0 or sample >= self._stretches[index].end_sample:
            return None
        return self._stretches[index]

    def kind_at(self, sample: int) -> FrameKind:
        """What the person does at `sample`; IDLE where nothing is known."""
        stretch = self.stretch_at(sample)
        return stretch.kind if stretch else FrameKind.IDLE

    def visible_to_sample(self, sample: int) -> float:
        """How far the mouth may look ahead at `sample`: to the end of this run of speech, in silence not at all."""
        stretch = self.stretch_at(sample)
        if stretch is None or not stretch.is_speech:
            return sample
        return math.inf if stretch is self._stretches[-1] else stretch.end_sample

    def speech_ends(self, after_sample: int, to_sample: int) -> list[int]:
        """Where a run of speech is known to have ended, in (after_sample, to_sample]."""
        ended = self._stretches if not self._stretches or not self._stretches[-1].is_speech else self._stretches[:-1]
        return [s.end_sample for s in ended if s.is_speech and after_sample < s.end_sample <= to_sample]

    def _extend(self, start_sample: int, end_sample: int, kind: FrameKind) -> None:
        if end_sample <= start_sample:
            return
        last = self._stretches[-1] if self._stretches else None
        if last and last.kind is kind:
            last.end_sample = end_sample
        else:
            self._stretches.append(Stretch(start_sample, end_sample, kind))
            self._starts.append(start_sample)
