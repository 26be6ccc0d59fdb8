"""An avatar that does one thing wrong, and says in each picture which sound it really shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, replace

import numpy as np

from tth.adapters.avatar.slots import Slot, cut_slots
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
from tth.errors import AdapterUnavailable
from tth.model.controls import Controls
from tth.model.events import VideoFrame
from tth.model.media import SAMPLE_RATE_HZ, DrawnFrame, Picture, ms_to_samples


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong. Times are those of the sound that is fed, from the stream's first span on."""

    delay_s: float = 0.0
    """Every frame comes so long after its sound is known, one as the other."""
    work_s: float = 0.0
    """One frame after the other takes so long."""
    burst: int = 1
    """Frames come so many at once."""
    drops_each: int = 0
    """Every so-manieth frame is left out."""
    copies: int = 1
    """Each frame comes so many times."""
    fps: int = 0
    """Its own rate, whatever is asked for."""
    clock: float = 0.0
    """Its labels run fast by this share."""
    offset_ms: float = 0.0
    """Its labels are too late by this."""
    jitter_ms: float = 0.0
    """Its labels are off by up to this, in turns."""
    stalls: tuple[float, float] | None = None
    """From, for so long: nothing comes."""
    crashes_s: float | None = None


HANGS_S = 1e9


class FaultyAvatar(Avatar):
    name = "faulty"
    capabilities = Capabilities("wrong in one thing", Deployment.EMBEDDED)

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        """May be changed between two streams."""
        self.given: list[int] = []
        """True starts of all frames, as they were given."""
        self.asked_fps: list[int] = []
        """Of each stream."""

    def open_session(self, context: SessionContext, persona: Persona, draw: bool) -> AvatarSession:
        return _Session(self)


class _Session(AvatarSession):
    def __init__(self, avatar: FaultyAvatar) -> None:
        self._avatar = avatar

    async def infer_stream(
        self, spans: AsyncIterator[AvatarInput], control: Controls, context: TurnContext
    ) -> AsyncGenerator[DrawnFrame, None]:
        fault, ready = self._avatar.fault, asyncio.Queue[tuple[float, Slot] | None]()
        self._avatar.asked_fps.append(control.fps)
        reading = asyncio.create_task(_read(cut_slots(spans, replace(control, fps=fault.fps or control.fps)), ready))
        first: int | None = None
        waiting: list[DrawnFrame] = []
        stalls = fault.stalls
        try:
            while (item := await ready.get()) is not None:
                known_s, slot = item
                first = slot.start_sample if first is None else first
                at_s = (slot.start_sample - first) / SAMPLE_RATE_HZ
                await _until(known_s + fault.delay_s)
                await asyncio.sleep(fault.work_s)
                if stalls is not None and at_s >= stalls[0]:
                    await asyncio.sleep(stalls[1])
                    stalls = None
                if fault.crashes_s is not None and at_s >= fault.crashes_s:
                    raise AdapterUnavailable("gone")
                if fault.drops_each and slot.index % fault.drops_each == fault.drops_each - 1:
                    continue
                waiting += [self._frame(slot, first, fault)] * fault.copies
                if len(waiting) >= fault.burst:
                    for frame in waiting:
                        self._avatar.given.append(shown(frame.picture))
                        yield frame
                    waiting = []
            for frame in waiting:
                yield frame
        finally:
            reading.cancel()
            await asyncio.wait([reading])

    def _frame(self, slot: Slot, first: int, fault: Fault) -> DrawnFrame:
        label = first + round((slot.start_sample - first) * (1 + fault.clock)) + ms_to_samples(fault.offset_ms)
        label += ms_to_samples(fault.jitter_ms) * (slot.index % 3 - 1)
        picture = np.zeros((64, 64, 3), np.uint8)
        picture.reshape(-1)[:8] = np.frombuffer(np.int64(slot.start_sample).tobytes(), np.uint8)
        return DrawnFrame(label, slot.sample_count, slot.kind, picture)


async def _read(slots: AsyncGenerator[Slot, None], ready: asyncio.Queue[tuple[float, Slot] | None]) -> None:
    """Take the input as it comes, as an avatar at the other end of a network does."""
    async for slot in slots:
        ready.put_nowait((asyncio.get_running_loop().time(), slot))
    ready.put_nowait(None)


async def _until(at_s: float) -> None:
    left_s = at_s - asyncio.get_running_loop().time()
    if left_s > 0:
        await asyncio.sleep(left_s)


def shown(picture: Picture | None) -> int:
    """The sample that a picture says it shows."""
    assert picture is not None
    return int(np.frombuffer(picture.reshape(-1)[:8].tobytes(), np.int64)[0])


def shown_by(frame: VideoFrame) -> int:
    """The same of one on the wire, where it is raw."""
    return int(np.frombuffer(frame.data[:8], np.int64)[0])
