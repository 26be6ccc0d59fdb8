"""An error that was dealt with keeps nothing alive."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from tth.tracebacks import let_go

pytestmark = pytest.mark.unit


class Heavy:
    """Something that a frame holds."""


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Only counted references free anything meanwhile."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def work(heavy: Heavy) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.sleep(60))
        await asyncio.sleep(60)


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("is_let_go", [False, True])
def test_a_cancelled_task_group_and_what_its_frames_held(is_let_go: bool) -> None:
    """Without it a ring of frame, traceback and error keeps all of it: when that is no longer so, this can go."""

    async def main() -> bool:
        heavy = Heavy()
        known = weakref.ref(heavy)
        task = asyncio.create_task(work(heavy))
        del heavy
        await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError as error:
            if is_let_go:
                let_go(error)
        del task
        await asyncio.sleep(0)
        return known() is None

    assert asyncio.run(main()) is is_let_go


@pytest.mark.usefixtures("no_collector")
def test_a_group_and_what_it_came_from() -> None:
    """Errors of a group, and those behind each of them."""

    def fail(heavy: Heavy) -> None:
        own = [heavy]
        try:
            raise KeyError(len(own))
        except KeyError as error:
            own.append(error)  # type: ignore[arg-type]  # the ring
            raise ValueError from error

    heavy = Heavy()
    known = weakref.ref(heavy)
    try:
        try:
            fail(heavy)
        except ValueError as error:
            raise ExceptionGroup("several", [error]) from None
    except ExceptionGroup as group:
        let_go(group)
    del heavy
    assert known() is None
