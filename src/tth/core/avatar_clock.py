"""Where the frames of one avatar stream belong on the media clock, whatever clock the avatar keeps.

An avatar gives one frame for each slot, and says with each which sound it shows. Its order is trusted, its label may be
wrong in three ways:

* it runs on a clock of its own, so that labels drift away from the sound that was fed: measured from label to label
  over some seconds and taken out;
* it counts from another zero: nothing can be shown before the first sound that was fed, and nothing that was not fed
  yet; what claims that is moved to the nearest place that is possible;
* it keeps another frame rate than it was asked for: labels are right then, and the frames go into the slots next to
  them; those for which there is no slot are left out.

An offset that claims nothing impossible cannot be told from the truth. Pure. Tests: tests/core/test_avatar_clock.py.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from tth.model.media import SAMPLE_RATE_HZ, ms_to_samples

MOST_DRIFT = 0.02
"""More than this is no clock but another frame rate. Cheap quartz is wrong by 0.01 %, a clock of frames by 0.5 %..."""
JITTER_SAMPLES = ms_to_samples(30)
"""...where labels jitter by no more than this from peak to peak, and from one to the next by less than half a frame."""
WINDOW_FRAMES = 50
"""Two seconds at 25 fps."""
SAME = 0.1
"""A label that is ahead of the one before by no more than this share of a frame is of the same frame once more."""
FASTER = 0.9
"""A frame shorter than this share of a slot is one of a higher rate."""


class AvatarClock:
    """One stream's. Feed it every frame, in order."""

    def __init__(self) -> None:
        self._error = 0  # label minus place
        self._drifted = 0  # what all labels have run ahead of their frames
        self._taken_out = 0  # of it, as part of the error
        self._label: int | None = None
        self._sample_count = 0
        self._steps: deque[tuple[int, int]] = deque()  # (samples too many, samples expected) from frame to frame
        self._too_many = self._expected = 0  # their sums

    def place(self, label: int, sample_count: int, fed_start: int, fed_end: int) -> int:
        """The sample at which the sound begins that this frame shows.

        label, sample_count: what the avatar claims. fed_start, fed_end: the stretch that it has been given so far.
        """
        if self._label is not None:
            self._note(label - self._label)
        self._label, self._sample_count = label, sample_count
        place = label - self._error
        if place < fed_start:
            place = fed_start
        elif place >= fed_end:
            place = max(fed_start, fed_end - sample_count)
        self._error = label - place
        return place

    def _note(self, step: int) -> None:
        """step: from one label to the next."""
        if step <= SAME * self._sample_count:
            return
        expected = max(1, round(step / self._sample_count)) * self._sample_count
        too_many = step - expected
        self._steps.append((too_many, expected))
        self._too_many += too_many
        self._expected += expected
        if len(self._steps) > WINDOW_FRAMES:
            oldest = self._steps.popleft()
            self._too_many -= oldest[0]
            self._expected -= oldest[1]
        self._drifted += too_many
        is_clock = abs(self._too_many) <= MOST_DRIFT * self._expected + JITTER_SAMPLES
        if len(self._steps) < WINDOW_FRAMES:  # too early to be sure: all of it, or nothing
            self._take_out(self._drifted if is_clock else 0)
        elif is_clock:
            self._take_out(self._taken_out + too_many)

    def _take_out(self, samples: int) -> None:
        self._error += samples - self._taken_out
        self._taken_out = samples


@dataclass(frozen=True, slots=True)
class FrameSlot:
    """The slot in which a frame is shown."""

    start_sample: int
    sample_count: int


class SlotGrid:
    """Frames of a higher rate into the slots that were asked for, each into the nearest one."""

    def __init__(self, fps: int) -> None:
        self.shortest = FASTER * SAMPLE_RATE_HZ / fps
        """A frame of at least so many samples is of the right rate, or of a lower one, and stays where it is."""
        self._fps = fps
        self._first: int | None = None
        self._last_index = -1

    def slot_of(self, place: int, sample_count: int) -> FrameSlot | None:
        """None: the slot next to it is taken."""
        if sample_count >= self.shortest:
            return FrameSlot(place, sample_count)
        if self._first is None:
            self._first = place
        index = round((place - self._first) * self._fps / SAMPLE_RATE_HZ)
        if index <= self._last_index:
            return None
        self._last_index = index
        start = self._start(index)
        return FrameSlot(start, self._start(index + 1) - start)

    def _start(self, index: int) -> int:
        assert self._first is not None
        return self._first + round(index * SAMPLE_RATE_HZ / self._fps)
