"""One conversation of the embedded avatar: spans in, faces from the performer, their pictures from a painter.

Tests: tests/adapters/avatar/test_embedded_face.py.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from tth.adapters.avatar.face_painters import Easel, FacePainters, Work, abandoned, finished, shot_of
from tth.adapters.avatar.slots import Slot, SlotCutter, slot_start
from tth.adapters.base import AvatarInput, AvatarSession, ControlChange, TurnContext
from tth.clock import Clock
from tth.face.performer import Performer
from tth.face.shot import Painter
from tth.model.controls import Controls
from tth.model.media import DrawnFrame, PictureQuality, SilenceSpan

STREAM_RAMP_MS = 250
"""How long the controls of a new stream take to show, where they differ from those of the stream before."""


class FaceSession(AvatarSession):
    """One face over a whole conversation."""

    def __init__(self, seed: int, painters: FacePainters | None, work: Work, clock: Clock) -> None:
        """painters: None = frames carry no pictures. work: draws them."""
        self._performer = Performer(seed)
        self._painters = painters
        self._work = work
        self._clock = clock
        self._quality = PictureQuality.FULL
        self._may_give_i420 = False
        self._control_revision = 0
        self._not_before_sample = 0
        self._unseen_from: int | None = None

    def prepare(self, control: Controls) -> None:
        """The painter is made while nobody waits for it."""
        if self._painters is not None:
            self._painters.prepare(shot_of(control, self._quality), control.background)

    async def ready(self, control: Controls) -> None:
        """The painter is there, or cannot be made."""
        if self._painters is not None:
            painter = self._painters.prepare(shot_of(control, self._quality), control.background)
            if not painter.done():
                await asyncio.wait([painter])

    def may_give_i420(self) -> None:
        """From the next stream on."""
        self._may_give_i420 = True

    def ease(self, quality: PictureQuality) -> None:
        """From the next frame for which a painter of that detail is ready."""
        self._quality = quality

    def unseen_from(self, sample: int) -> None:
        """The face of the next stream goes on from what was seen."""
        self._unseen_from = sample if self._unseen_from is None else min(sample, self._unseen_from)

    def hurry(self, before_sample: int) -> None:
        """Slots that begin before this are not drawn; the face moves on through them all the same."""
        self._not_before_sample = max(self._not_before_sample, before_sample)

    async def infer_stream(
        self, spans: AsyncIterator[AvatarInput], control: Controls, context: TurnContext
    ) -> AsyncGenerator[DrawnFrame, None]:
        """As in the contract. A slot of speech waits for the phonemes of the next 100 ms, where there are none for
        60 ms of sound, or for the speech to end.

        A picture shows the face at the middle of its slot. While one frame is with the receiver the next is drawn.
        """
        easel = await self._easel(control)
        stage = _Stage(self._performer, control, self._control_revision, self._take_unseen)
        async for item in spans:
            async with aclosing(self._drawn(stage.feed(item), easel)) as frames:
                async for frame in frames:
                    self._control_revision = frame.control_revision
                    yield frame
        async with aclosing(self._drawn(stage.finish(), easel)) as frames:
            async for frame in frames:
                self._control_revision = frame.control_revision
                yield frame

    async def put_away(self) -> None:
        """Painters are 10 to 25 MB each; whoever draws the same picture next may have them."""
        if self._painters is not None:
            await self._painters.aclose()

    async def aclose(self) -> None:
        if self._painters is not None:
            await self._painters.aclose()

    def _take_unseen(self) -> int | None:
        unseen, self._unseen_from = self._unseen_from, None
        return unseen

    async def _easel(self, control: Controls) -> Easel | None:
        """The painter that a stream begins with, as soon as it is there."""
        if self._painters is None:
            return None
        quality = self._quality
        painter = await self._painters.of(shot_of(control, quality), control.background)
        return Easel(self._painters, control, painter, quality, gives_i420=self._may_give_i420)

    async def _drawn(self, faces: Iterator[DrawnFrame], easel: Easel | None) -> AsyncGenerator[DrawnFrame, None]:
        """The frames with their pictures, one of them being drawn ahead. Leaves nothing running."""
        drawing: asyncio.Future[DrawnFrame] | None = None
        try:
            for frame in faces:
                if easel is None:
                    yield frame
                    await asyncio.sleep(0)  # a long burst of faces gives way to everybody else
                    continue
                if frame.start_sample < self._not_before_sample or easel.leaves_out(frame, self._quality):
                    continue
                drawn: DrawnFrame | None = None
                if drawing is not None:
                    drawn = await finished(drawing)
                draw = partial(_draw, frame, easel, *easel.painter_for(self._quality), self._clock)
                drawing = self._work(partial(draw, self._clock.now_s()))
                if drawn is not None:
                    yield drawn
            if drawing is not None:
                last, drawing = drawing, None
                yield await finished(last)
        finally:
            if drawing is not None:
                await abandoned(drawing)


class _Stage:
    """Spans of one stream in, faces out. Pure."""

    def __init__(
        self,
        performer: Performer,
        control: Controls,
        control_revision: int,
        take_unseen: Callable[[], int | None],
    ) -> None:
        """take_unseen: asked once, at the first span: from where on nobody has seen what was shown before."""
        self._performer = performer
        self._take_unseen = take_unseen
        self._cutter = SlotCutter(control.fps, control)
        self._control = control
        self._control_revision = control_revision
        self._changes: list[ControlChange] | None = []
        self._waiting: deque[Slot] = deque()

    def feed(self, item: AvatarInput) -> Iterator[DrawnFrame]:
        """Take one item; yield the frames, without pictures, that can be known now."""
        if isinstance(item, ControlChange):
            if self._changes is None:
                self._change(item)
            else:
                self._changes.append(item)
        else:
            if self._changes is not None:
                self._begin(item.start_sample, self._changes)
            self._performer.feed(item)
        self._waiting.extend(self._cutter.feed(item))
        while self._waiting and _middle(self._waiting[0]) < self._performer.answerable_to_sample:
            yield self._frame(self._waiting.popleft())

    def finish(self) -> Iterator[DrawnFrame]:
        """No more items: yield what is left, the last slot completed with silence."""
        self._waiting.extend(self._cutter.finish())
        if self._waiting:
            last, known = self._waiting[-1], self._performer.end_sample
            rest = last.start_sample + last.sample_count - known
            if rest > 0:
                self._performer.feed(SilenceSpan(known, rest))
        while self._waiting:
            yield self._frame(self._waiting.popleft())

    def _begin(self, start_sample: int, changes: list[ControlChange]) -> None:
        """Go on from what was shown before `start_sample`: after an interrupt that is less than what was made."""
        unseen_from = self._take_unseen()
        if unseen_from is not None:  # faces stand for the middle of their slots, and the slot of that moment was seen
            unseen_from += slot_start(0, 1, self._control.fps) // 2
        self._performer.cut(start_sample, unseen_from)
        self._performer.change(self._control, start_sample, STREAM_RAMP_MS)
        self._changes = None
        for change in changes:
            self._change(change)

    def _change(self, change: ControlChange) -> None:
        self._performer.change(change.controls, change.start_sample, change.ramp_ms)

    def _frame(self, slot: Slot) -> DrawnFrame:
        face, viseme = self._performer.face_at(_middle(slot))
        self._control_revision = max(self._control_revision, slot.control_revision)
        return DrawnFrame(slot.start_sample, slot.sample_count, slot.kind, None, face, viseme, self._control_revision)


def _middle(slot: Slot) -> int:
    return slot.start_sample + slot.sample_count // 2


def _draw(
    frame: DrawnFrame, easel: Easel, painter: Painter, quality: PictureQuality, clock: Clock, begun_s: float
) -> DrawnFrame:
    """The frame with its picture. In a drawing thread."""
    assert frame.face is not None
    picture, i420 = easel.taken_off(painter.paint(frame.face))
    return replace(frame, picture=picture, i420=i420, quality=quality, draw_s=clock.now_s() - begun_s)
