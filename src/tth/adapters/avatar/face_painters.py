"""The painters of one session: made in drawing threads, kept while they may be wanted again, changed with the quality.

Used from the event loop only, where nothing else is said. Tests: tests/adapters/avatar/test_face_painters.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from threading import Lock
from typing import Protocol, TypeVar

from tth.face.shot import Detail, Painter, Shot
from tth.media.i420 import I420Converter
from tth.model.controls import Controls
from tth.model.media import DrawnFrame, I420Picture, Picture, PictureQuality

T = TypeVar("T")

DETAILS: Mapping[PictureQuality, Detail] = {
    PictureQuality.FULL: Detail.FULL,
    PictureQuality.REDUCED: Detail.REDUCED,
    PictureQuality.LOW: Detail.LOW,
    PictureQuality.HALF_RATE: Detail.LOW,
}
"""How a quality is drawn."""
SPARES_KEPT = 8
"""Of all sessions together; about 10 MB each at 512x512, up to 25 when they have drawn a whole breath."""
PAINTERS_KEPT = 4
"""A turn's and the idle frames' may differ, and each may be drawn with less detail. As large as spare ones."""


class Work(Protocol):
    """Runs something in a drawing thread."""

    def __call__(self, task: Callable[[], T], /) -> asyncio.Future[T]: ...


class SparePainters:
    """Painters that nobody uses now, of all sessions: a painter keeps nothing of the person's motion, so whoever needs
    the same picture next may have it. To make one takes 10 to 200 ms. May be used by many threads at once."""

    def __init__(self) -> None:
        self._spares: list[tuple[str, Shot, str, Painter]] = []
        self._lock = Lock()

    def take(self, look: str, shot: Shot, background: str) -> Painter | None:
        """One that fits, which is no spare any more."""
        with self._lock:
            for at, (*key, painter) in enumerate(self._spares):
                if key == [look, shot, background]:
                    del self._spares[at]
                    return painter
        return None

    def give(self, look: str, shot: Shot, background: str, painter: Painter) -> None:
        """Nobody uses this one any more. Of too many the oldest is forgotten."""
        with self._lock:
            self._spares.append((look, shot, background, painter))
            del self._spares[:-SPARES_KEPT]


class FacePainters:
    """Painters by shot and background, most recently used."""

    def __init__(
        self,
        make: Callable[[Shot, str], Painter],
        work: Work,
        give: Callable[[Shot, str, Painter], None] | None = None,
    ) -> None:
        """make: a painter; slow, for a drawing thread. Raises what it likes. give: who takes those that are left."""
        self._make = make
        self._work = work
        self._give = give
        self._painters: dict[tuple[Shot, str], asyncio.Future[Painter]] = {}

    def prepare(self, shot: Shot, background: str) -> asyncio.Future[Painter]:
        """Begin to make this painter, unless it is there or on its way. One that failed is made anew."""
        key = shot, background
        painter = self._painters.pop(key, None)
        if painter is None or (painter.done() and (painter.cancelled() or painter.exception() is not None)):
            painter = self._work(partial(self._make, shot, background))
        self._painters[key] = painter
        if len(self._painters) > PAINTERS_KEPT:
            del self._painters[next(iter(self._painters))]
        return painter

    def ready(self, shot: Shot, background: str) -> Painter | None:
        """This painter, if it is there; else it is begun. Raises what making it raised."""
        painter = self.prepare(shot, background)
        return painter.result() if painter.done() else None

    async def of(self, shot: Shot, background: str) -> Painter:
        """This painter, as soon as it is there. Raises what making it raised."""
        return await finished(self.prepare(shot, background))

    async def aclose(self) -> None:
        """Wait for what is being made, then give all away; `prepare` makes new ones. Idempotent."""
        painters, self._painters = self._painters, {}
        for (shot, background), painter in painters.items():
            await abandoned(painter)
            if self._give is not None and not painter.cancelled() and painter.exception() is None:
                self._give(shot, background, painter.result())


class Easel:
    """What one stream is drawn with: changes its painter when another detail is asked for and that painter is ready."""

    def __init__(
        self,
        painters: FacePainters,
        control: Controls,
        painter: Painter,
        quality: PictureQuality,
        *,
        gives_i420: bool = False,
    ) -> None:
        """gives_i420: pictures without alpha are converted."""
        self._painters = painters
        self._control = control
        self._painter = painter
        self._quality = quality
        self._drawn_to_sample = 0
        self._gives_i420 = gives_i420
        self._converter: I420Converter | None = None

    def leaves_out(self, frame: DrawnFrame, quality: PictureQuality) -> bool:
        """Is it one of those that are not drawn? At half the rate each frame stands for its slot and the next one."""
        if frame.start_sample < self._drawn_to_sample:
            return True
        slots = 2 if quality is PictureQuality.HALF_RATE else 1
        self._drawn_to_sample = frame.start_sample + slots * frame.sample_count
        return False

    def painter_for(self, quality: PictureQuality) -> tuple[Painter, PictureQuality]:
        """The painter for the next frame, and the quality that it really gives."""
        if quality is not self._quality:
            painter = self._painters.ready(shot_of(self._control, quality), self._control.background)
            if painter is not None:
                self._painter, self._quality = painter, quality
        return self._painter, self._quality

    def taken_off(self, picture: Picture) -> tuple[Picture | None, I420Picture | None]:
        """What was painted, in memory of its own and one of both forms: the painter draws the next one into the same.
        In a drawing thread; one at a time."""
        if not self._gives_i420 or picture.shape[2] == 4:
            return picture.copy(), None
        if self._converter is None:
            self._converter = I420Converter(picture.shape[1], picture.shape[0])
        return None, self._converter.convert(picture)


def shot_of(control: Controls, quality: PictureQuality) -> Shot:
    """What these controls ask a painter to take."""
    size = control.resolution
    return Shot(size.width_px, size.height_px, control.framing, DETAILS[quality])


async def finished(work: asyncio.Future[T]) -> T:
    """The result of `work`. A thread cannot be stopped: when cancelled, wait for it all the same, then pass that on."""
    try:
        await asyncio.wait([work])
    except asyncio.CancelledError:
        await abandoned(work)
        raise
    return work.result()


async def abandoned(work: asyncio.Future[T]) -> None:
    """Wait for `work` that nobody wants any more; how it ended does not matter."""
    await asyncio.wait([work])
    if not work.cancelled():
        work.exception()
