"""An avatar that behaves by chance: late, early, leaving frames out, giving them twice, with a clock or a rate of its
own, or broken at any step. Tests: tests/testing/simulator/test_adapters.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace

import numpy as np

from tth.adapters.avatar.slots import cut_slots
from tth.adapters.base import (
    Avatar,
    AvatarInput,
    AvatarSession,
    Capabilities,
    Deployment,
    Persona,
    SessionContext,
    TurnContext,
)
from tth.core.pacing import frame_samples
from tth.face.parameters import FaceState
from tth.model.controls import Controls
from tth.model.media import DrawnFrame, PictureQuality, VideoCodec, ms_to_samples
from tth.testing.simulator.adapters import CONTROLS, go_wrong
from tth.testing.simulator.cast import Cast, Fault

_STEPS = (PictureQuality.FULL, PictureQuality.REDUCED, PictureQuality.LOW)


@dataclass(frozen=True, slots=True)
class AvatarTraits:
    """How an avatar is."""

    ready_ms: int = 0
    stall_ms: int = 0
    """So long until the first frame of a stream."""
    lag_frames: int = 0
    """Every frame comes when the sound of so many later ones is known."""
    work_ms: int = 0
    """Every frame takes so long, one after the other."""
    burst: int = 1
    """Frames come so many at once."""
    drops: float = 0.0
    """0..1, of the frames are left out."""
    doubles: float = 0.0
    """0..1, of the frames come twice."""
    early_ms: int = 0
    """Frames claim a time so long before theirs."""
    clock: float = 1.0
    """How fast its own clock runs against the sound's."""
    fps: int = 0
    """Its own rate; 0 = what it is asked for."""
    open_fails: float = 0.0
    """0..1, of the times that somebody is to be opened."""
    eases: bool = False
    """Draws less well when it is asked to."""

    @property
    def is_prompt(self) -> bool:
        return replace(self, eases=False) == AvatarTraits()


class SimulatedAvatar(Avatar):
    """Black pictures."""

    name = "simulated"
    capabilities = Capabilities("shows nothing", Deployment.EMBEDDED, controls=CONTROLS, video_codecs=tuple(VideoCodec))

    def __init__(self, cast: Cast, traits: AvatarTraits) -> None:
        self._cast = cast
        self._traits = traits

    def open_session(self, context: SessionContext, persona: Persona, draw: bool) -> AvatarSession:
        cast = self._cast
        if not cast.is_calm and cast.random.random() < self._traits.open_fails:
            cast.happened["avatar open_fails"] += 1
            raise cast.error("avatar")
        return _AvatarSession(cast, self._traits, draw)


class _AvatarSession(AvatarSession):
    def __init__(self, cast: Cast, traits: AvatarTraits, draw: bool) -> None:
        self._cast = cast
        self._traits = traits
        self._draw = draw
        self._quality = PictureQuality.FULL
        self._face = FaceState()

    async def ready(self, control: Controls) -> None:
        if self._traits.ready_ms and not self._cast.is_calm:
            await asyncio.sleep(self._traits.ready_ms / 1000)

    def ease(self, quality: PictureQuality) -> None:
        if self._traits.eases and quality in _STEPS:
            self._quality = quality

    async def infer_stream(
        self, spans: AsyncIterator[AvatarInput], control: Controls, context: TurnContext
    ) -> AsyncGenerator[DrawnFrame, None]:
        cast, traits = self._cast, self._traits
        if cast.is_calm:
            traits = AvatarTraits()
        fault = cast.draw_fault("avatar", 0.3)
        fails_at = cast.random.randint(1, 30) if fault.is_midway else 0 if fault is not Fault.NONE else -1
        count = 0
        async with aclosing(self._frames(spans, control, traits)) as frames:
            async for frame in frames:
                if count == fails_at:
                    await go_wrong(cast, fault, "avatar")
                    return
                count += 1
                yield frame

    async def _frames(
        self, spans: AsyncIterator[AvatarInput], control: Controls, traits: AvatarTraits
    ) -> AsyncGenerator[DrawnFrame, None]:
        cast = self._cast
        asked = replace(control, fps=traits.fps) if traits.fps else control
        picture = np.zeros((control.resolution.height_px, control.resolution.width_px, 3), np.uint8)
        held: list[DrawnFrame] = []
        first: int | None = None
        async with aclosing(cut_slots(spans, asked)) as slots:
            async for slot in slots:
                longest = max(slot.sample_count, frame_samples(control.fps))
                cast.longest_slot_samples = max(cast.longest_slot_samples, longest)
                first = slot.start_sample if first is None else first
                own = first + round((slot.start_sample - first) * traits.clock) - ms_to_samples(traits.early_ms)
                if traits.work_ms:
                    await asyncio.sleep(traits.work_ms / 1000)
                elif traits.stall_ms and slot.index == 0:
                    await asyncio.sleep(traits.stall_ms / 1000)
                frame = DrawnFrame(
                    max(0, own),
                    slot.sample_count,
                    slot.kind,
                    picture if self._draw else None,
                    self._face,
                    control_revision=slot.control_revision,
                    quality=self._quality,
                    draw_s=traits.work_ms / 1000 if traits.work_ms else None,
                )
                if cast.random.random() < traits.drops:
                    continue
                held += [frame, frame] if cast.random.random() < traits.doubles else [frame]
                if len(held) >= traits.burst + traits.lag_frames:
                    for _ in range(len(held) - traits.lag_frames):
                        yield held.pop(0)
        for one in held:
            yield one
