"""The embedded avatar: a sculpted head that speaks with its lips, feels and lives, drawn in software.

Controls: emotion, character and render in full. Costs about 10 ms of one core per frame at 512x512, some 0.1 ms where
nothing is drawn. What the face does is decided in `tth.face.performer`, how it looks in `tth.face.painter`; here both
meet the event loop. The same seed and input give the same frames.
Tests: tests/adapters/avatar/test_embedded_face.py.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from tth.adapters.avatar.slots import Slot, SlotCutter
from tth.adapters.base import (
    Avatar,
    AvatarInput,
    AvatarSession,
    Capabilities,
    ControlChange,
    ControlSupport,
    Deployment,
    Health,
    Persona,
    SessionContext,
    TurnContext,
)
from tth.errors import AdapterRejected, AdapterUnavailable
from tth.face.look import LookError, load_look
from tth.face.parameters import FaceState
from tth.face.performer import Performer
from tth.face.shot import Painter
from tth.model.controls import Controls, Resolution
from tth.model.media import DrawnFrame, SilenceSpan, VideoCodec

_T = TypeVar("_T")

STREAM_RAMP_MS = 250
"""How long the controls of a new stream take to show, where they differ from those of the stream before."""
DEFAULT_SIZE = Resolution(512, 512)
PAINTERS_KEPT = 2

CAPABILITIES = Capabilities(
    "a sculpted 3D head drawn in software: lips from phonemes, seven emotions, gaze, blinks, breath",
    Deployment.EMBEDDED,
    controls={
        "emotion.label": ControlSupport(),
        "emotion.intensity": ControlSupport(),
        "emotion.valence": ControlSupport(),
        "emotion.arousal": ControlSupport(),
        "character.persona_id": ControlSupport(),
        "character.expressivity": ControlSupport(),
        "character.motion_gain": ControlSupport(),
        "render.fps": ControlSupport(),
        "render.resolution": ControlSupport(),
        "render.background": ControlSupport(),
    },
    video_codecs=(VideoCodec.JPEG, VideoCodec.H264, VideoCodec.RAW_RGB24),
)


class PainterSource(Protocol):
    """Where painters come from; `Studio` in earnest. Called by many drawing threads at once."""

    def painter(self, look: str, size: Resolution, background: str) -> Painter:
        """A fresh painter; may take seconds. Raises LookError for a bad look."""
        ...


@dataclass(frozen=True, slots=True)
class Settings:
    """How the embedded avatar is run."""

    look: str | None = None
    """Name of a shipped look or path of a YAML file, for every persona; None = the persona's own."""
    preload: tuple[str, ...] = ("anna", "marco", "leo", "amara", "mei", "helen")
    """Looks made ready at start where `look` is None. One that is not costs its first session on a machine some
    seconds, later ones 20 ms."""
    threads: int = field(default=2, metadata={"minimum": 1, "maximum": 64})
    """1..64; how many pictures are drawn at once, over all sessions."""
    cache_dir: str | None = None
    """Where built heads are kept, about 15 MB each; None = the system's place for caches."""


def build(settings: Settings) -> EmbeddedFace:
    """The adapter, not yet loaded."""
    return EmbeddedFace(settings)


class EmbeddedFace(Avatar):
    """One pool of drawing threads and one studio for all conversations."""

    name = "embedded_face"
    capabilities = CAPABILITIES

    def __init__(self, settings: Settings, studio: PainterSource | None = None) -> None:
        """studio: None = the real one, imported with `load`."""
        self._settings = settings
        self._studio = studio
        self._threads = ThreadPoolExecutor(settings.threads, thread_name_prefix="face")
        self._is_ready = False

    async def load(self) -> None:
        """Build the heads, or read them from the cache, and compile the drawing loops."""
        if self._studio is None:
            self._studio = await finished(self.work(partial(_open_studio, self._settings.cache_dir)))
        looks = [self._settings.look] if self._settings.look else self._settings.preload
        drawing = [self.work(partial(self._draw_first, look)) for look in looks]
        try:
            for one in drawing:
                await finished(one)
        except (LookError, OSError) as error:
            raise AdapterUnavailable("a head cannot be built", role="avatar", adapter=self.name) from error
        finally:
            for one in drawing:
                one.cancel()
        self._is_ready = True

    async def health(self) -> Health:
        return Health(ok=self._is_ready, detail="" if self._is_ready else "not loaded")

    async def aclose(self) -> None:
        self._is_ready = False
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    def open_session(self, context: SessionContext, persona: Persona, draw: bool) -> AvatarSession:
        """Raises AdapterRejected for a look that does not exist or is not legal."""
        look = self._settings.look or persona.look
        if draw:
            try:
                load_look(look)
            except LookError as error:
                raise AdapterRejected("the persona's look is not usable", role="avatar", adapter=self.name) from error
        return FaceSession(self, context.seed, look if draw else None)

    def painter(self, look: str, size: Resolution, background: str) -> Painter:
        """A fresh painter; slow, for a drawing thread."""
        assert self._studio is not None, "not loaded"
        return self._studio.painter(look, size, background)

    def work(self, task: Callable[[], _T]) -> asyncio.Future[_T]:
        """Run `task` in a drawing thread."""
        return asyncio.get_running_loop().run_in_executor(self._threads, task)

    def _draw_first(self, look: str) -> None:
        self.painter(look, DEFAULT_SIZE, Controls().background).paint(FaceState())


def _open_studio(cache_dir: str | None) -> PainterSource:
    """Imported late: the compiled renderer takes a while, and in a thread."""
    from tth.adapters.avatar.face_studio import Studio

    return Studio(Path(cache_dir) if cache_dir else None)


class FaceSession(AvatarSession):
    """One face over a whole conversation."""

    def __init__(self, avatar: EmbeddedFace, seed: int, look: str | None) -> None:
        """look: None = frames carry no pictures."""
        self._avatar = avatar
        self._look = look
        self._performer = Performer(seed)
        self._painters: dict[tuple[Resolution, str], Painter] = {}
        self._control_revision = 0
        self._not_before_sample = 0

    def hurry(self, before_sample: int) -> None:
        """Slots that begin before this are not drawn; the face moves on through them all the same."""
        self._not_before_sample = max(self._not_before_sample, before_sample)

    async def infer_stream(
        self, spans: AsyncIterator[AvatarInput], control: Controls, context: TurnContext
    ) -> AsyncGenerator[DrawnFrame, None]:
        """As in the contract. A slot of speech waits for the phonemes of the next 100 ms, or for the speech to end.

        A picture shows the face at the middle of its slot. While one frame is with the receiver the next is drawn.
        """
        painter = await self._painter(control)
        stage = _Stage(self._performer, control, self._control_revision)
        async for item in spans:
            async with aclosing(self._drawn(stage.feed(item), painter)) as frames:
                async for frame in frames:
                    self._control_revision = frame.control_revision
                    yield frame
        async with aclosing(self._drawn(stage.finish(), painter)) as frames:
            async for frame in frames:
                self._control_revision = frame.control_revision
                yield frame

    async def aclose(self) -> None:
        self._painters.clear()

    async def _painter(self, control: Controls) -> Painter | None:
        """The painter for these controls; the last two are kept, for idle frames may differ from a turn's."""
        if self._look is None:
            return None
        key = control.resolution, control.background
        painter = self._painters.pop(key, None)
        if painter is None:
            painter = await finished(self._avatar.work(partial(self._avatar.painter, self._look, *key)))
        while len(self._painters) >= PAINTERS_KEPT:
            del self._painters[next(iter(self._painters))]
        self._painters[key] = painter
        return painter

    async def _drawn(self, moves: Iterator[DrawnFrame], painter: Painter | None) -> AsyncGenerator[DrawnFrame, None]:
        """The frames with their pictures, one of them being drawn ahead. Leaves nothing running."""
        drawing: asyncio.Future[DrawnFrame] | None = None
        try:
            for frame in moves:
                if painter is None:
                    yield frame
                    await asyncio.sleep(0)  # a long burst of faces gives way to everybody else
                    continue
                if frame.start_sample < self._not_before_sample:
                    continue
                drawn: DrawnFrame | None = None
                if drawing is not None:
                    drawn = await finished(drawing)
                drawing = self._avatar.work(partial(_draw, frame, painter))
                if drawn is not None:
                    yield drawn
            if drawing is not None:
                last, drawing = drawing, None
                yield await finished(last)
        finally:
            if drawing is not None:
                await _abandoned(drawing)


class _Stage:
    """Spans of one stream in, faces out. Pure."""

    def __init__(self, performer: Performer, control: Controls, control_revision: int) -> None:
        self._performer = performer
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
        self._performer.cut(start_sample)
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


def _draw(frame: DrawnFrame, painter: Painter) -> DrawnFrame:
    """The frame with its picture, which is copied: the painter draws the next one into the same memory."""
    assert frame.face is not None
    return replace(frame, picture=painter.paint(frame.face).copy())


async def finished(work: asyncio.Future[_T]) -> _T:
    """The result of `work`. A thread cannot be stopped: when cancelled, wait for it all the same, then pass that on."""
    try:
        await asyncio.wait([work])
    except asyncio.CancelledError:
        await _abandoned(work)
        raise
    return work.result()


async def _abandoned(work: asyncio.Future[_T]) -> None:
    """Wait for `work` that nobody wants any more; how it ended does not matter."""
    await asyncio.wait([work])
    if not work.cancelled():
        work.exception()
