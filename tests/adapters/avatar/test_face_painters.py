"""The painters of one session: made once, while something else is drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import pytest

from tth.adapters.avatar.face_painters import PAINTERS_KEPT, SPARES_KEPT, FacePainters, SparePainters
from tth.face.parameters import FaceState
from tth.face.shot import Shot
from tth.model.media import Picture

pytestmark = pytest.mark.pipeline

T = TypeVar("T")


class StillPainter:
    """Paints nothing."""

    size_px = (64, 64)

    def paint(self, state: FaceState, /) -> Picture:
        return np.zeros((64, 64, 3), np.uint8)


class Maker:
    """Notes what was asked for; work is done at the loop's next turn, or when it is let."""

    def __init__(self) -> None:
        self.asked: list[tuple[Shot, str]] = []
        self.fails = False

    def make(self, shot: Shot, background: str) -> StillPainter:
        self.asked.append((shot, background))
        if self.fails:
            raise ValueError(background)
        return StillPainter()

    def work(self, task: Callable[[], T], /) -> asyncio.Future[T]:
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def do() -> None:
            try:
                future.set_result(task())
            except ValueError as error:
                future.set_exception(error)

        asyncio.get_running_loop().call_soon(do)
        return future


def test_a_painter_that_was_prepared_is_there_at_once() -> None:
    """And is made once, however often it is asked for."""

    async def main() -> None:
        maker = Maker()
        painters = FacePainters(maker.make, maker.work)
        assert painters.ready(Shot(), "studio") is None
        painters.prepare(Shot(), "studio")
        painter = await painters.of(Shot(), "studio")
        assert painters.ready(Shot(), "studio") is painter
        assert maker.asked == [(Shot(), "studio")]

    asyncio.run(main())


def test_the_oldest_is_forgotten() -> None:
    """The last few are kept; memory stays bounded."""

    async def main() -> None:
        maker = Maker()
        painters = FacePainters(maker.make, maker.work)
        first = await painters.of(Shot(), "0")
        for number in range(1, PAINTERS_KEPT):
            await painters.of(Shot(), str(number))
        assert await painters.of(Shot(), "0") is first
        await painters.of(Shot(), "one more")
        assert await painters.of(Shot(), "0") is first
        await painters.of(Shot(), "1")
        assert len(maker.asked) == PAINTERS_KEPT + 2

    asyncio.run(main())


def test_a_failure_is_told_and_tried_again() -> None:
    """A look may be mended meanwhile."""

    async def main() -> None:
        maker = Maker()
        maker.fails = True
        painters = FacePainters(maker.make, maker.work)
        with pytest.raises(ValueError, match="studio"):
            await painters.of(Shot(), "studio")
        maker.fails = False
        await painters.of(Shot(), "studio")

    asyncio.run(main())


def test_closing_waits_for_what_is_being_made() -> None:
    """Nothing is left running; a failure then bothers nobody."""

    async def main() -> None:
        maker = Maker()
        maker.fails = True
        painters = FacePainters(maker.make, maker.work)
        making = painters.prepare(Shot(), "studio")
        await painters.aclose()
        assert making.done()
        await painters.aclose()

    asyncio.run(main())


def test_spare_painters_fit_and_are_bounded() -> None:
    """Only for the very same picture, to one taker; of too many the oldest is forgotten."""
    spares = SparePainters()
    painter = StillPainter()
    spares.give("anna", Shot(), "studio", painter)
    for other in (("leo", Shot(), "studio"), ("anna", Shot(64, 64), "studio"), ("anna", Shot(), "green")):
        assert spares.take(*other) is None
    assert spares.take("anna", Shot(), "studio") is painter
    assert spares.take("anna", Shot(), "studio") is None
    for number in range(SPARES_KEPT + 1):
        spares.give(str(number), Shot(), "studio", painter)
    assert [spares.take(name, Shot(), "studio") for name in ("0", "1")] == [None, painter]


def test_what_is_left_is_given_away() -> None:
    """When the session ends; what could not be made is not."""

    async def main() -> None:
        maker = Maker()
        given: list[Any] = []
        painters = FacePainters(maker.make, maker.work, lambda *what: given.append(what))
        first = await painters.of(Shot(), "studio")
        maker.fails = True
        painters.prepare(Shot(), "green")
        await painters.aclose()
        assert given == [(Shot(), "studio", first)]

    asyncio.run(main())
