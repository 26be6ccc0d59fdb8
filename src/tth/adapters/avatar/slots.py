"""Cuts an avatar's stream of spans into frame slots, so that every avatar places its frames the same way.

Slot k of a stream starts at `first_span_start + round(k * SAMPLE_RATE_HZ / fps)`: the rounding never accumulates, so a
rate that does not divide 24 kHz drifts by no more than half a sample. Tests: tests/adapters/avatar/test_slots.py.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass

import numpy as np

from tth.adapters.base import AvatarInput, ControlChange
from tth.model.controls import Controls
from tth.model.media import SAMPLE_RATE_HZ, FrameKind, Pcm, PhonemeTiming, SilenceSpan, SpeechSpan


@dataclass(frozen=True, slots=True)
class Slot:
    """One frame's stretch of the media clock, with everything that is known of it."""

    index: int
    """k, counted from the stream's first slot."""
    start_sample: int
    sample_count: int
    pcm: Pcm
    """int16, shape (sample_count,); silence where nobody speaks. Owned by the receiver."""
    kind: FrameKind
    """SPEAKING if any speech touches the slot, else the kind of the silence at its start."""
    controls: Controls
    """In effect at the slot's first sample."""
    control_revision: int
    """The newest revision among the changes in effect and the speech in this slot or before; 0 = none was named."""
    phonemes: tuple[PhonemeTiming, ...] = ()
    """Became known since the slot before; they may lie ahead of this slot, and ahead of the last one."""
    change: ControlChange | None = None
    """The newest change that takes effect with this slot; its `ramp_ms` counts from the slot's start."""


def slot_start(first_sample: int, index: int, fps: int) -> int:
    """Media clock at which slot `index` of a stream begins."""
    return first_sample + (2 * index * SAMPLE_RATE_HZ + fps) // (2 * fps)


class SlotCutter:
    """Spans in, slots out. Pure: no clock, no waiting.

    Use one per stream; consume each iterator to its end before the next call.
    """

    def __init__(self, fps: int, controls: Controls) -> None:
        self._fps = fps
        self._controls = controls
        self._revision = 0
        self._changes: list[ControlChange] = []
        self._phonemes: list[PhonemeTiming] = []
        self._first_sample: int | None = None
        self._at_sample = 0
        self._index = 0
        self._pcm: Pcm = np.zeros(0, np.int16)
        self._filled_samples = 0
        self._kind: FrameKind | None = None

    def feed(self, item: AvatarInput) -> Iterator[Slot]:
        """Take one span or change; yield the slots whose sound is now known.

        A change takes effect with the first slot that starts at or after its sample, or with the next one where it
        comes too late for that. Raises ValueError for a span that does not start where the one before ended.
        """
        if isinstance(item, ControlChange):
            self._changes.append(item)
            return
        if self._first_sample is None:
            self._first_sample = self._at_sample = item.start_sample
        if item.start_sample != self._at_sample:
            raise ValueError(f"a span starts at {item.start_sample}, the one before ended at {self._at_sample}")
        if isinstance(item, SpeechSpan):
            self._phonemes.extend(item.phonemes)
            self._revision = max(self._revision, item.control_revision)
        while self._at_sample < item.end_sample:
            self._fill(item)
            if self._filled_samples == len(self._pcm):
                yield self._take()

    def finish(self) -> Iterator[Slot]:
        """No more spans: yield the last slot, completed with silence, if it was begun."""
        if self._filled_samples:
            yield self._take()

    def _fill(self, span: SpeechSpan | SilenceSpan) -> None:
        if self._filled_samples == 0:
            self._pcm = np.zeros(self._start(self._index + 1) - self._start(self._index), np.int16)
        count = min(len(self._pcm) - self._filled_samples, span.end_sample - self._at_sample)
        if isinstance(span, SpeechSpan):
            begin = self._at_sample - span.start_sample
            self._pcm[self._filled_samples : self._filled_samples + count] = span.pcm[begin : begin + count]
            self._kind = FrameKind.SPEAKING
        elif self._kind is None:
            self._kind = span.kind
        self._filled_samples += count
        self._at_sample += count

    def _take(self) -> Slot:
        start_sample = self._start(self._index)
        change = self._apply_changes(start_sample)
        slot = Slot(
            self._index,
            start_sample,
            len(self._pcm),
            self._pcm,
            self._kind or FrameKind.IDLE,
            self._controls,
            self._revision,
            tuple(self._phonemes),
            change,
        )
        self._phonemes.clear()
        self._index += 1
        self._filled_samples = 0
        self._kind = None
        return slot

    def _apply_changes(self, start_sample: int) -> ControlChange | None:
        due = [change for change in self._changes if change.start_sample <= start_sample]
        if not due:
            return None
        self._changes = [change for change in self._changes if change.start_sample > start_sample]
        newest = max(due, key=lambda change: change.control_revision)
        self._controls = newest.controls
        self._revision = max(self._revision, newest.control_revision)
        return newest

    def _start(self, index: int) -> int:
        assert self._first_sample is not None
        return slot_start(self._first_sample, index, self._fps)


async def cut_slots(spans: AsyncIterator[AvatarInput], controls: Controls) -> AsyncGenerator[Slot, None]:
    """The slots of a whole stream at `controls.fps`, each as soon as its sound is known. An async generator.

    Closing `spans` stays the business of whoever made it.
    """
    cutter = SlotCutter(controls.fps, controls)
    async for item in spans:
        for slot in cutter.feed(item):
            yield slot
    for slot in cutter.finish():
        yield slot
