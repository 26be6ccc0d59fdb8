"""Between turns: the person goes on living, frame by frame, on the same media clock, with the same face.

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
from tth.model.events import Event
from tth.model.media import DrawnFrame, FrameKind, MediaPreferences, SilenceSpan
from tth.pipeline.picture_sender import PictureSender
from tth.pipeline.plan import Venue

log = logging.getLogger(__name__)

NO_FRAMES = "no idle frames until the next turn"
"""What is done about an avatar that fails between turns."""


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
    ) -> None:
        self._venue = venue
        self._avatar = avatar
        self._controls = controls
        self._media = media
        self._context = context
        self._pace = pace
        self._avatar_free = avatar_free
        self._changes: list[tuple[Controls, int, int]] = []

    def change_controls(self, controls: Controls, revision: int, ramp_ms: int) -> None:
        """The face takes these with its next frame."""
        self._changes.append((controls, revision, ramp_ms))

    async def run(self) -> None:
        """Idle until cancelled. An avatar that fails leaves the session without idle frames, not without turns."""
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
        at_sample = media_clock.next_start(clock.now_s())
        step_samples = frame_samples(self._controls.fps)
        while True:
            delay_s = media_clock.delay_until_s(at_sample, self._pace.lead_samples, clock.now_s())
            if delay_s > 0:
                await asyncio.sleep(delay_s)
            for controls, revision, ramp_ms in self._changes:
                yield ControlChange(at_sample, controls, revision, ramp_ms)
            self._changes.clear()
            yield SilenceSpan(at_sample, step_samples, FrameKind.IDLE)
            at_sample += step_samples

    def _lose_pictures(self, reason: str) -> None:
        self._venue.tell(self._venue.health.lost(reason, NO_FRAMES))

    def _emit(self, event: Event) -> bool:
        self._venue.sink.emit(event)
        return True
