"""A loop that runs faster than the wall."""

from __future__ import annotations

import asyncio
import time

import pytest

from tth.testing.fast_time import run_fast

pytestmark = pytest.mark.unit


def test_a_wait_is_shorter_outside_than_inside() -> None:
    """Two seconds of the loop pass in a fraction of the wall's time, and the loop believes in them."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        before_s = loop.time()
        await asyncio.sleep(2.0)
        return loop.time() - before_s

    before_s = time.monotonic()
    inside_s = run_fast(main(), factor=100)
    outside_s = time.monotonic() - before_s
    assert inside_s >= 2.0
    assert outside_s < inside_s


def test_a_machine_that_has_no_time_for_it_does_not_make_it_late() -> None:
    """Half a second in which the loop does not run, as when others have the processor: nothing expires."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        before_s = loop.time()
        time.sleep(0.5)  # noqa: ASYNC251  (nobody else may run)
        return loop.time() - before_s

    assert run_fast(main(), factor=8) < 2.0


def test_its_own_work_counts() -> None:
    """What is slow is slow here as well."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        before_s, worked_s = loop.time(), time.thread_time()
        while time.thread_time() < worked_s + 0.05:
            pass
        return loop.time() - before_s

    assert run_fast(main(), factor=8) >= 8 * 0.05


def test_another_thread_can_look() -> None:
    """It sees no time of its own."""

    async def main() -> tuple[float, float, float]:
        loop = asyncio.get_running_loop()
        before_s = loop.time()
        return before_s, await asyncio.to_thread(loop.time), loop.time()

    before_s, seen_s, after_s = run_fast(main())
    assert before_s <= seen_s <= after_s


def test_threads_work() -> None:
    """Unlike on virtual time."""

    async def main() -> int:
        return await asyncio.to_thread(sum, [1, 2])

    assert run_fast(main()) == 3
