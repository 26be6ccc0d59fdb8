"""How far the picture is from the sound, and what to do about it: keep, hold or skip one frame.

Audio is the clock and is never touched. Two errors are watched:

* lateness: a frame arrives after the moment it should be shown; the viewer sees the one before it for too long;
* skew: an avatar with a clock of its own labels or delivers frames for another moment than their slot.

Thresholds: ITU-R BT.1359-1 gives detectability at sound 45 ms early / 125 ms late; the product promises 40 ms at the
95th percentile, one frame at 25 fps. Tests: tests/core/test_drift.py.
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum

from tth.model.events import DriftStats
from tth.model.media import ms_to_samples, samples_to_ms

SKIP_AFTER_SAMPLES = ms_to_samples(40)
"""A frame later than this, and later than frames usually are, is left out, so that the next one can be on time."""
BEGIN_LATE_SAMPLES = ms_to_samples(100)
"""No player is to begin with a frame that is later than this, if one that is less late follows."""
USUAL_FRAMES = 25
"""How late frames usually are is what the most punctual one of so many was. Where all are late by the same, as with an
avatar at the other end of a long way, leaving out some would not make the others punctual."""


MOST_MS = 10_000.0
"""In the distribution a larger value counts as this."""


class Correction(StrEnum):
    KEEP = "keep"
    HOLD = "hold"
    """Leave the frame before it on the screen: this one is early, its slot was filled already."""
    SKIP = "skip"
    """Leave this one out: it is late."""


class DriftController:
    """One turn's (or idle stretch's) picture against its sound. Pure; positions are passed in.

    At most one correction in a row: after a frame was left out the next one is always shown, so that a machine that
    is too slow gives a slow picture and never a frozen one.
    """

    def __init__(self, live: bool) -> None:
        self._live = live  # without a wall clock nothing can be late
        self._figures = _Figures()
        self._held_count = 0
        self._skipped_count = 0
        self._corrected_last = False
        self._shown_end: int | None = None
        self._lates: deque[int] = deque(maxlen=USUAL_FRAMES)
        self._late_before: int | None = None

    def may_begin(self, start_sample: int, sample_count: int, position: int) -> bool:
        """Whether a player that has nothing yet may get this frame first. It shows it at once, and is as late with all
        that follows, the sound too.

        So nothing of the past, while the avatar catches up with the present. Where it does not catch up, as at the
        other end of a long way, its second frame will do.
        """
        late = position - start_sample if self._live else 0
        before, self._late_before = self._late_before, late
        return late <= BEGIN_LATE_SAMPLES or (before is not None and before - late < sample_count // 2)

    def decide(self, start_sample: int, sample_count: int, position: int) -> Correction:
        """What to do with the next frame from the avatar.

        start_sample, sample_count: the slot the avatar claims for it. position: the sample presented now.
        """
        if self._shown_end is not None and start_sample < self._shown_end - sample_count // 2 and self._may_correct():
            self._held_count += 1
            return self._correct(Correction.HOLD)
        late = position - start_sample if self._live else 0
        self._lates.append(max(0, late))
        if late > SKIP_AFTER_SAMPLES and late - self._usually() > SKIP_AFTER_SAMPLES and self._may_correct():
            self._skipped_count += 1
            return self._correct(Correction.SKIP)
        self._corrected_last = False
        return Correction.KEEP

    def shown(self, start_sample: int, sample_count: int, slot_sample: int, position: int) -> None:
        """Note a frame that goes out: claimed time, the slot it is shown in, the sample presented now."""
        late = max(0, position - slot_sample) if self._live else 0
        if self._shown_end is not None:
            # Slots without a frame show the one before them: one frame late, two frames late, ...
            missing = (slot_sample - self._shown_end) // sample_count
            for n in range(missing):
                self._figures.add(samples_to_ms(sample_count * (n + 1)))
        self._figures.add(samples_to_ms(late + slot_sample - start_sample))
        self._shown_end = slot_sample + sample_count

    def stats(self) -> DriftStats | None:
        """The turn's figures; None when no frame was shown."""
        figures = self._figures
        if not figures.count:
            return None
        return DriftStats(
            mean_ms=figures.sum_ms / figures.count,
            p95_abs_ms=figures.abs_ms(0.95),
            max_abs_ms=figures.max_abs_ms,
            held_count=self._held_count,
            skipped_count=self._skipped_count,
        )

    def slot_for(self, start_sample: int) -> int:
        """Where a frame that claims `start_sample` is shown: never before the end of the one before it."""
        return start_sample if self._shown_end is None else max(start_sample, self._shown_end)

    def _usually(self) -> int:
        """How late frames are, in samples, at the least."""
        return min(self._lates) if len(self._lates) == USUAL_FRAMES else 0

    def _may_correct(self) -> bool:
        return not self._corrected_last

    def _correct(self, correction: Correction) -> Correction:
        self._corrected_last = True
        return correction


class _Figures:
    """What is left of any number of values: their distribution in steps of 0.1 ms, in bounded memory."""

    def __init__(self) -> None:
        self.count = 0
        self.sum_ms = 0.0
        self.max_abs_ms = 0.0
        self._tenths: dict[int, int] = {}  # absolute value -> how often

    def add(self, value_ms: float) -> None:
        self.count += 1
        self.sum_ms += value_ms
        absolute = abs(value_ms)
        self.max_abs_ms = max(self.max_abs_ms, absolute)
        tenths = round(10 * min(absolute, MOST_MS))
        self._tenths[tenths] = self._tenths.get(tenths, 0) + 1

    def abs_ms(self, share: float) -> float:
        """The absolute value that this share of all is below."""
        left = int(share * self.count)
        for tenths in sorted(self._tenths):
            left -= self._tenths[tenths]
            if left < 0:
                return tenths / 10
        return self.max_abs_ms
