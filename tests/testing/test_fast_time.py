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


def test_threads_work() -> None:
    """Unlike on virtual time."""

    async def main() -> int:
        return await asyncio.to_thread(sum, [1, 2])

    assert run_fast(main()) == 3
