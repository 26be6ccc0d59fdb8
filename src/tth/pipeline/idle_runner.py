"""Between turns: the person goes on living, frame by frame, on the same media clock, with the same face. Or for a few
seconds only, which the client shows forwards and backwards from then on.

Tests: tests/pipeline/test_idle_runner.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace

from tth.adapters.base import AvatarInput, AvatarSession, ControlChange, TurnContext
from tth.core.drift import DriftController
from tth.core.pacing import Pace, frame_samples
from tth.errors import AdapterError, InternalError
from tth.model.controls import Controls
from tth.model.events import Event, IdleClip
from tth.model.media import SAMPLE_RATE_HZ, DrawnFrame, FrameKind, MediaPreferences, SilenceSpan
from tth.pipeline.picture_sender import PictureSender
from tth.pipeline.plan import Venue

log = logging.getLogger(__name__)

NO_FRAMES = "no idle frames until the next turn"
"""What is done about an avatar that fails between turns."""
CLIP_S = 4
"""Long enough for a breath (3.5 s, face/motion.py) and a blink; shown to and fro it repeats after twice as long."""


class IdleRunner:
    """Sends idle frames until it is cancelled. `run` once, in a task of its own."""

    def __init__(
        self,
        venue: Venue,
        avatar: AvatarSession,
        controls: Controls,
        media: MediaPreferences,
        context: TurnContext,
        pace: Pace,
        avatar_free: asyncio.Task[None] | None,
        kind: FrameKind = FrameKind.IDLE,
        clip_s: int | None = None,
    ) -> None:
        """kind: what the person does; may be changed at any time. clip_s: so many seconds only, announced as a clip."""
        self.kind = kind
        self._venue = venue
        self._avatar = avatar
        self._controls = controls
        self._media = media
        self._context = context
        self._pace = pace
        self._avatar_free = avatar_free
        self._fed_end_sample = 0  # of what the avatar has been given
        self._clip_frames = None if clip_s is None else clip_s * controls.fps
        self._clip_end: int | None = None  # once it has been announced
        self._change: ControlChange | None = None  # the newest that the face has not taken

    def change_controls(self, controls: Controls, revision: int, ramp_ms: int) -> None:
        """The face takes these with its next frame."""
        self._change = ControlChange(0, controls, revision, ramp_ms)

    async def run(self) -> None:
        """Idle until cancelled, or to the end of the clip. An avatar that fails leaves the session without idle frames,
        not without turns."""
        if self._avatar_free is not None:
            await asyncio.wait([self._avatar_free])
        sender = PictureSender(
            self._venue,
            self._avatar,
            DriftController(live=True),
            self._media,
            self._pace,
            self._controls.fps,
            self._emit,
        )
        try:
            await sender.send(self._spans, self._draw, self._venue.media_clock.sent)
        except AdapterError as error:
            self._lose_pictures(error.reason)
        except Exception:
            incident = InternalError()
            log.exception("idle frames failed", extra={"incident": incident.metadata["incident"]})
            self._lose_pictures("INTERNAL")

    def _draw(self, spans: AsyncIterator[AvatarInput], fps: int) -> AsyncGenerator[DrawnFrame, None]:
        return self._avatar.infer_stream(spans, replace(self._controls, fps=fps), self._context)

    async def _spans(self) -> AsyncIterator[AvatarInput]:
        """Silence, a frame at a time, as the clock asks for it."""
        clock, media_clock = self._venue.clock, self._venue.media_clock
        # An avatar that begins anew is given again what it has not shown; the rest goes on behind that.
        at_sample = self._fed_end_sample or media_clock.next_start(clock.now_s())
        step_samples = frame_samples(self._controls.fps)
        self._announce(at_sample)
        while self._clip_end is None or at_sample < self._clip_end:
            delay_s = media_clock.delay_until_s(at_sample, self._pace.lead_samples, clock.now_s())
            if delay_s > 0:
                await asyncio.sleep(delay_s)
            if self._change is not None:
                change, self._change = self._change, None
                yield replace(change, start_sample=at_sample)
            count = step_samples if self._clip_end is None else min(step_samples, self._clip_end - at_sample)
            self._fed_end_sample = at_sample + count
            yield SilenceSpan(at_sample, count, self.kind)
            at_sample += count

    def _announce(self, start_sample: int) -> None:
        """Say what the client is to do with the frames that follow, before the first of them."""
        if self._clip_frames is not None and self._clip_end is None:
            count = round(self._clip_frames * SAMPLE_RATE_HZ / self._controls.fps)
            self._clip_end = start_sample + count
            self._venue.sink.emit(IdleClip(start_sample, count, self._clip_frames))

    def _lose_pictures(self, reason: str) -> None:
        self._venue.tell(self._venue.health.lost(reason, NO_FRAMES))

    def _emit(self, event: Event) -> bool:
        self._venue.sink.emit(event)
        return True
