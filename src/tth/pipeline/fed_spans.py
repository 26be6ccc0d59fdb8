"""What an avatar has been given of its input, and what it is given again when its stream begins anew.

Tests: tests/pipeline/test_fed_spans.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Self

from tth.adapters.base import AvatarInput, ControlChange
from tth.model.media import PhonemeTiming, SilenceSpan, SpeechSpan


class FedSpans:
    """Passes one stretch of spans on to an avatar; an iterator. `anew` makes the one for its next stream.

    An avatar may read ahead as far as the voice has spoken, so what it was given and has not shown is kept: two seconds
    of speech, or as much as it lags behind.
    """

    def __init__(self, spans: AsyncIterator[AvatarInput], not_before: int = 0) -> None:
        """not_before: spans that begin before this sample are left out."""
        self.is_finished = False
        """There are no more spans."""
        self.start_sample = self.end_sample = not_before
        """The stretch that has been given so far."""
        self._spans = spans
        self._given: deque[SpeechSpan | SilenceSpan] = deque()  # not all of it has been shown
        self._replay: deque[SpeechSpan | SilenceSpan] = deque()  # comes before the rest
        self._not_before = not_before
        self._change: ControlChange | None = None  # the last one
        self._again: ControlChange | None = None  # to be told first
        self._phonemes: tuple[PhonemeTiming, ...] = ()  # known, and not over at the end of what was fed
        self._missed = False  # speech sounds have been told with spans that were left out

    def anew(self, spans: AsyncIterator[AvatarInput], not_before: int) -> FedSpans:
        """For a stream that goes on with what was not shown, from that sample on: it begins with the controls
        in force, and knows the speech sounds that were told before."""
        following = FedSpans(spans, not_before)
        following._change = following._again = self._change
        following._replay = self._given + self._replay
        told_again = {id(p) for span in following._replay if isinstance(span, SpeechSpan) for p in span.phonemes}
        following._phonemes = tuple(p for p in self._phonemes if id(p) not in told_again)
        following._missed = bool(following._phonemes)
        return following

    def shown(self, until_sample: int) -> None:
        """Nothing before this is needed any more, whatever happens."""
        while self._given and self._given[0].end_sample <= until_sample:
            self._given.popleft()

    async def aclose(self) -> None:
        """End where they come from. Idempotent."""
        close = getattr(self._spans, "aclose", None)
        if close is not None:
            await close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AvatarInput:
        if self._again is not None:
            change, self._again = self._again, None
            return replace(change, ramp_ms=0)
        while True:
            item = await self._next()
            if isinstance(item, ControlChange):
                self._change = item
                return item
            known = self._with_sounds(item) if isinstance(item, SpeechSpan) else item
            if item.start_sample >= self._not_before:
                self._note_fed(item)
                return known

    async def _next(self) -> AvatarInput:
        if self._replay:
            return self._replay.popleft()
        try:
            return await anext(self._spans)
        except StopAsyncIteration:
            self.is_finished = True
            raise

    def _note_fed(self, span: SpeechSpan | SilenceSpan) -> None:
        self._given.append(span)
        if self.end_sample <= self._not_before:
            self.start_sample = span.start_sample
        self.end_sample = span.end_sample

    def _with_sounds(self, span: SpeechSpan) -> SpeechSpan:
        """A voice may tell the sounds of a whole clause with its first chunk: those that are not over are kept."""
        if not self._phonemes and not span.phonemes:
            return span
        known = (*self._phonemes, *span.phonemes)
        self._phonemes = tuple(p for p in known if p.start_sample + p.sample_count > span.start_sample)
        if not self._missed:
            return span
        self._missed = span.start_sample < self._not_before
        return span if self._missed else replace(span, phonemes=self._phonemes)
