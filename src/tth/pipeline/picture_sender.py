"""The frames of an avatar on their way out: its clock is put right, drift decides, the pace waits, the codec packs. For
turns and for the time between them alike. Tests: tests/pipeline/test_picture_sender.py, test_avatar_faults.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import TypeAlias

from tth.adapters.base import AvatarInput, AvatarSession
from tth.core.avatar_clock import AvatarClock, SlotGrid
from tth.core.drift import SKIP_AFTER_SAMPLES, Correction, DriftController
from tth.core.pacing import Pace
from tth.model.events import Event, MotionFrame
from tth.model.media import (
    SAMPLE_RATE_HZ,
    DrawnFrame,
    FrameKind,
    MediaPreferences,
    PictureQuality,
    VideoCodec,
    ms_to_samples,
)
from tth.pipeline.fed_spans import FedSpans
from tth.pipeline.plan import Venue

SLOW_AFTER_FRAMES = 1.5
"""A frame that took longer than this many frames' time to come was slow to make."""
GIVES_WAY_S = 0.004
"""So long a first frame waits, where it is early: the first sound is on its way then, and people wait for that."""
SILENT_S = 1.0
"""So long after the end of the last picture a viewer has noticed that nothing moves, and is told."""

OpenSpans: TypeAlias = Callable[[], AsyncIterator[AvatarInput]]
"""The avatar's input from here on; called once more where its stream begins anew."""
Draw: TypeAlias = Callable[[AsyncIterator[AvatarInput], int], AsyncGenerator[DrawnFrame, None]]
"""A stream of the avatar's for these spans, at so many frames a second."""


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
        self._gives_way_s = GIVES_WAY_S
        self._took = 0  # samples of time that the frame before took to come
        self._missing = 0  # slots that the avatar left out before the present frame
        self._not_before = 0  # no picture is wanted that begins before this sample
        self._encode_s = 0.0
        self._end = 0  # of the last frame that was sent, or where the stream began...
        self._sent_s = 0.0  # ...and when
        self.left_out_count = 0
        """Slots without a frame of their own so far."""

    async def send(self, open_spans: OpenSpans, draw: Draw, on_sent: Callable[[int], None]) -> None:
        """All frames, in order. on_sent: told the end of each slot that went out."""
        self._avatar.ease(self._venue.health.ladder.level)
        if self._venue.encoder.codec is VideoCodec.H264:
            self._avatar.may_give_i420()
        self._end = max(self._position(), self._venue.media_clock.end_sample)
        self._sent_s = self._venue.clock.now_s()
        watch = _SilenceWatch(self._look) if self._pace.live else None
        spans = FedSpans(open_spans())
        try:
            while not await self._send_stream(draw, spans, on_sent):
                spans = spans.anew(open_spans(), max(self._end, self._position()))
        finally:
            if watch is not None:
                watch.close()

    async def _send_stream(self, draw: Draw, spans: FedSpans, on_sent: Callable[[int], None]) -> bool:
        """One stream of the avatar's. False: it is to begin anew."""
        rate = self._venue.health.rate
        fps = max(1, self._fps // rate.slots_each) if self._pace.live else self._fps
        rate.begin()
        clock, grid = AvatarClock(), SlotGrid(fps)
        self._waiting_since_s = self._venue.clock.now_s()
        async with aclosing(spans), aclosing(draw(spans, fps)) as frames:
            async for frame in frames:
                place = clock.place(frame.start_sample, frame.sample_count, spans.start_sample, spans.end_sample)
                if (placed := _placed(frame, place, grid)) is not None:
                    if await self._send_one(placed, place, on_sent) and not spans.is_finished:
                        return False
                    spans.shown(self._end)
                self._waiting_since_s = self._venue.clock.now_s()
        return True

    async def _send_one(self, frame: DrawnFrame, place: int, on_sent: Callable[[int], None]) -> bool:
        """place: of the sound that the frame shows, within half a slot of its own. True: the avatar begins anew."""
        self._count_missing(frame)
        if frame.start_sample < self._not_before - frame.sample_count // 2:
            self._leave_out(1)  # an avatar that takes no hints
            return False
        now_s = self._venue.clock.now_s()
        position = self._venue.media_clock.position(now_s)
        if self._venue.media_clock.awaits_media and not self._drift.may_begin(
            frame.start_sample, frame.sample_count, position
        ):
            self._leave_out(1)
            return False
        correction = self._drift.decide(frame.start_sample, frame.sample_count, position)
        begins_anew = False
        if self._pace.live:
            self._hurry(frame, position, now_s)
            self._ease(frame, position, now_s)
            begins_anew = self._is_hopeless(frame, position, now_s)
        if correction is not Correction.KEEP:
            self._leave_out(correction is Correction.SKIP)  # what is held is doubled: its slot has a picture
            return begins_anew
        slot = self._drift.slot_for(frame.start_sample)
        await self._wait_until_due(slot)
        if await self._emit_frame(frame, slot):
            self._end, self._sent_s = slot + frame.sample_count, self._venue.clock.now_s()
            self._drift.shown(place, frame.sample_count, slot, self._venue.media_clock.position(self._sent_s))
            self._thin_out(frame, slot)
            on_sent(self._end)
        return begins_anew

    async def _emit_frame(self, frame: DrawnFrame, slot: int) -> bool:
        is_open = True
        if frame.is_drawn and self._venue.encoder.codec is not VideoCodec.NONE:
            begun_s = self._venue.clock.now_s()
            event = await self._venue.encoder.encode(frame, slot, self._fps, self._left_out)
            self._encode_s = self._venue.clock.now_s() - begun_s
            is_open = self._emit(event)
            self._left_out = 0
            if not is_open:
                self._venue.encoder.request_keyframe()
            else:
                self._venue.tell(self._venue.health.shown(frame.quality))
        if self._media.motion and frame.face is not None:
            motion = MotionFrame(slot, frame.sample_count, frame.face, frame.viseme, frame.kind, frame.control_revision)
            is_open = self._emit(motion)
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

    def _hurry(self, frame: DrawnFrame, position: int, now_s: float) -> None:
        """The next frame takes about as long as the last ones did, so it should be one that is due by then.

        Of two frames the quicker one counts: a single stall says nothing about what follows. Nothing is asked of an
        avatar that only waited for its input, which takes about a frame's time.
        """
        now_took = ms_to_samples((now_s - self._waiting_since_s) * 1000)
        took, self._took = min(now_took, self._took), now_took
        is_late = position - frame.start_sample > SKIP_AFTER_SAMPLES
        is_slow = took > SLOW_AFTER_FRAMES * frame.sample_count * self._slots_each(frame)
        ready_at = position + took
        if (is_late or is_slow) and ready_at > frame.start_sample + frame.sample_count:
            self._avatar.hurry(ready_at)

    def _ease(self, frame: DrawnFrame, position: int, now_s: float) -> None:
        """Note how the machine does, and let the avatar draw accordingly."""
        if frame.draw_s is None or not frame.is_drawn:
            return
        slots = self._slots_each(frame)
        suffered = position - frame.start_sample > SKIP_AFTER_SAMPLES or self._missing >= slots
        took_s = max(frame.draw_s, self._encode_s)
        slot_s = slots * frame.sample_count / SAMPLE_RATE_HZ
        ladder = self._venue.health.ladder
        if frame.quality is ladder.level:  # what was begun before a step says nothing of the step
            self._avatar.ease(ladder.note(took_s, slot_s, suffered, now_s))

    def _is_hopeless(self, frame: DrawnFrame, position: int, now_s: float) -> bool:
        """It falls behind, or stays behind, whatever it is told."""
        late_s = max(0, position - frame.start_sample) / SAMPLE_RATE_HZ
        is_speaking = frame.kind is FrameKind.SPEAKING
        return self._venue.health.rate.note(late_s, now_s, is_speaking=is_speaking)

    def _look(self) -> float:
        """Tell the client when nothing has moved for a while; seconds until the next look."""
        quiet_s = self._venue.clock.now_s() - self._sent_s
        stands_s = min(quiet_s, (self._position() - self._end) / SAMPLE_RATE_HZ)
        if stands_s >= SILENT_S:
            self._venue.tell(self._venue.health.silent())
        return max(SILENT_S - stands_s, SILENT_S / 4)

    def _position(self) -> int:
        return self._venue.media_clock.position(self._venue.clock.now_s())

    async def _wait_until_due(self, slot: int) -> None:
        if not self._pace.live:
            return
        media_clock, now_s = self._venue.media_clock, self._venue.clock.now_s()
        early_s = media_clock.delay_until_s(slot, 0, now_s)
        delay_s = max(media_clock.delay_until_s(slot, self._pace.ahead_samples, now_s), min(self._gives_way_s, early_s))
        self._gives_way_s = 0.0
        if delay_s > 0:
            await asyncio.sleep(delay_s)

    def _slots_each(self, frame: DrawnFrame) -> int:
        """From one frame to the next, where none is left out for want of time."""
        own = 2 if frame.quality is PictureQuality.HALF_RATE else 1
        return max(own, self._venue.health.reader.slots_each)


def _placed(frame: DrawnFrame, place: int, grid: SlotGrid) -> DrawnFrame | None:
    """The frame in its slot; None where there is none for it."""
    if place == frame.start_sample and frame.sample_count >= grid.shortest:
        return frame
    slot = grid.slot_of(place, frame.sample_count)
    return None if slot is None else replace(frame, start_sample=slot.start_sample, sample_count=slot.sample_count)


class _SilenceWatch:
    """Looks now and then; costs a timer a second."""

    def __init__(self, look: Callable[[], float]) -> None:
        """look: returns after how many seconds to look again."""
        self._look = look
        self._timer = asyncio.get_running_loop().call_later(look(), self._again)

    def close(self) -> None:
        self._timer.cancel()

    def _again(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._look(), self._again)
