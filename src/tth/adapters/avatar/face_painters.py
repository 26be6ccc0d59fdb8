"""The painters of one session: made in drawing threads, kept while they may be wanted again.

Used from the event loop only. Tests: tests/adapters/avatar/test_face_painters.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar

from tth.face.shot import Painter, Shot

T = TypeVar("T")

PAINTERS_KEPT = 4
"""A turn's and the idle frames' may differ, and each may be drawn with less detail. About 10 MB each at 512x512."""


class Work(Protocol):
    """Runs something in a drawing thread."""

    def __call__(self, task: Callable[[], T], /) -> asyncio.Future[T]: ...


class FacePainters:
    """Painters by shot and background, most recently used."""

    def __init__(self, make: Callable[[Shot, str], Painter], work: Work) -> None:
        """make: a fresh painter; slow, for a drawing thread. Raises what it likes."""
        self._make = make
        self._work = work
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
        """Wait for what is being made, then forget all. Idempotent."""
        for painter in self._painters.values():
            await abandoned(painter)
        self._painters.clear()


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
