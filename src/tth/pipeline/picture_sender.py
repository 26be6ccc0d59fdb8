"""The frames of one avatar stream on their way out: drift decides, the pace waits, the codec packs. For turns and for
the time between them alike. Tests: tests/pipeline/test_picture_sender.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

from tth.adapters.base import AvatarSession
from tth.core.drift import SKIP_AFTER_SAMPLES, Correction, DriftController
from tth.core.pacing import Pace
from tth.model.events import Event, MotionFrame
from tth.model.media import (
    SAMPLE_RATE_HZ,
    DrawnFrame,
    MediaPreferences,
    PictureQuality,
    VideoCodec,
    ms_to_samples,
)
from tth.pipeline.plan import Venue

SLOW_AFTER_FRAMES = 1.5
"""A frame that took longer than this many frames' time to come was slow to make."""


class PictureSender:
    """Sends each frame that the drift controller keeps, and tells an avatar that falls behind where to go on."""

    def __init__(
        self,
        venue: Venue,
        avatar: AvatarSession,
        drift: DriftController,
        media: MediaPreferences,
        pace: Pace,
        fps: int,
        emit: Callable[[Event], bool],
    ) -> None:
        """emit: hands an event on; False when its turn has ended."""
        self._venue = venue
        self._avatar = avatar
        self._drift = drift
        self._media = media
        self._pace = pace
        self._fps = fps
        self._emit = emit
        self._next_slot: int | None = None
        self._left_out = 0  # since the last frame that was sent
        self._waiting_since_s = 0.0
        self._took = 0  # samples of time that the frame before took to come
        self._missing = 0  # slots that the avatar left out before the present frame
        self._not_before = 0  # no picture is wanted that begins before this sample
        self._encode_s = 0.0
        self.left_out_count = 0
        """Slots without a frame of their own so far."""

    async def send(self, frames: AsyncGenerator[DrawnFrame, None], on_sent: Callable[[int], None]) -> None:
        """All frames, in order. on_sent: told the end of each slot that went out."""
        self._avatar.ease(self._venue.health.ladder.level)
        self._waiting_since_s = self._venue.clock.now_s()
        async for frame in frames:
            await self._send_one(frame, on_sent)
            self._waiting_since_s = self._venue.clock.now_s()

    async def _send_one(self, frame: DrawnFrame, on_sent: Callable[[int], None]) -> None:
        self._count_missing(frame)
        if frame.start_sample < self._not_before - frame.sample_count // 2:
            self._leave_out(1)  # an avatar that takes no hints
            return
        position = self._position()
        correction = self._drift.decide(frame.start_sample, frame.sample_count, position)
        self._hurry(frame, position)
        self._ease(frame, position)
        if correction is not Correction.KEEP:
            self._leave_out(1)
            return
        slot = self._drift.slot_for(frame.start_sample)
        await self._wait_until_due(slot)
        if not await self._emit_frame(frame, slot):
            return
        self._drift.shown(frame.start_sample, frame.sample_count, slot, self._position())
        self._thin_out(frame, slot)
        on_sent(slot + frame.sample_count)

    async def _emit_frame(self, frame: DrawnFrame, slot: int) -> bool:
        is_open = True
        if frame.picture is not None and self._venue.encoder.codec is not VideoCodec.NONE:
            begun_s = self._venue.clock.now_s()
            event = await self._venue.encoder.encode(frame, slot, self._fps, self._left_out)
            self._encode_s = self._venue.clock.now_s() - begun_s
            is_open = self._emit(event)
            self._left_out = 0
            if not is_open:
                self._venue.encoder.request_keyframe()
            elif (notice := self._venue.health.shown(frame.quality)) is not None:
                self._venue.sink.emit(notice)
        if self._media.motion and frame.face is not None:
            is_open = self._emit(MotionFrame(slot, frame.face, frame.viseme, frame.kind, frame.control_revision))
        return is_open

    def _count_missing(self, frame: DrawnFrame) -> None:
        """Slots that the avatar left out by itself."""
        self._missing = 0
        if self._next_slot is not None and frame.start_sample > self._next_slot:
            self._missing = round((frame.start_sample - self._next_slot) / frame.sample_count)
            self._leave_out(self._missing)
        self._next_slot = frame.start_sample + frame.sample_count

    def _leave_out(self, count: int) -> None:
        self._left_out += count
        self.left_out_count += count

    def _thin_out(self, frame: DrawnFrame, slot: int) -> None:
        """For a client that reads slowly fewer pictures are made: the next ones are neither drawn nor encoded."""
        if (slots := self._venue.health.reader.slots_each) > 1:
            self._not_before = slot + slots * frame.sample_count
            self._avatar.hurry(self._not_before)

    def _hurry(self, frame: DrawnFrame, position: int) -> None:
        """The next frame takes about as long as the last ones did, so it should be one that is due by then.

        Of two frames the quicker one counts: a single stall says nothing about what follows. Nothing is asked of an
        avatar that only waited for its input, which takes about a frame's time.
        """
        if not self._pace.live:
            return
        now_took = ms_to_samples((self._venue.clock.now_s() - self._waiting_since_s) * 1000)
        took, self._took = min(now_took, self._took), now_took
        is_late = position - frame.start_sample > SKIP_AFTER_SAMPLES
        is_slow = took > SLOW_AFTER_FRAMES * frame.sample_count * self._slots_each(frame)
        ready_at = position + took
        if (is_late or is_slow) and ready_at > frame.start_sample + frame.sample_count:
            self._avatar.hurry(ready_at)

    def _ease(self, frame: DrawnFrame, position: int) -> None:
        """Note how the machine does, and let the avatar draw accordingly."""
        if not self._pace.live or frame.draw_s is None or frame.picture is None:
            return
        slots = self._slots_each(frame)
        suffered = position - frame.start_sample > SKIP_AFTER_SAMPLES or self._missing >= slots
        took_s = max(frame.draw_s, self._encode_s)
        slot_s = slots * frame.sample_count / SAMPLE_RATE_HZ
        ladder = self._venue.health.ladder
        if frame.quality is ladder.level:  # what was begun before a step says nothing of the step
            self._avatar.ease(ladder.note(took_s, slot_s, suffered, self._venue.clock.now_s()))

    def _position(self) -> int:
        return self._venue.media_clock.position(self._venue.clock.now_s())

    async def _wait_until_due(self, slot: int) -> None:
        if not self._pace.live:
            return
        delay_s = self._venue.media_clock.delay_until_s(slot, self._pace.ahead_samples, self._venue.clock.now_s())
        if delay_s > 0:
            await asyncio.sleep(delay_s)

    def _slots_each(self, frame: DrawnFrame) -> int:
        """From one frame to the next, where none is left out for want of time."""
        own = 2 if frame.quality is PictureQuality.HALF_RATE else 1
        return max(own, self._venue.health.reader.slots_each)
