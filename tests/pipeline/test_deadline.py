"""A deadline on every wait for an adapter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tth.errors import AdapterSilent, AdapterTimeout
from tth.pipeline.deadline import watched
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline


class Source:
    """Gives a number after each of its waits; notes that it was closed."""

    def __init__(self, *waits_s: float) -> None:
        self.waits_s = waits_s
        self.is_closed = False

    async def stream(self) -> AsyncGenerator[int, None]:
        try:
            for number, wait_s in enumerate(self.waits_s):
                await asyncio.sleep(wait_s)
                yield number
        finally:
            self.is_closed = True


async def collect(source: Source, consumer_s: float = 0.0) -> list[int]:
    numbers = []
    async for number in watched(source.stream(), 1000, 500, "llm"):
        numbers.append(number)
        await asyncio.sleep(consumer_s)
    return numbers


def test_everything_in_time() -> None:
    """Items pass in order, and the source is closed at its end."""
    source = Source(0.9, 0.4, 0.4)
    assert run_virtual(collect(source)) == [0, 1, 2]
    assert source.is_closed


def test_no_first_output() -> None:
    """Nothing within the first budget is a time-out that names role and budget."""
    source = Source(1.1)
    with pytest.raises(AdapterTimeout, match="llm gave no output within 1000 ms"):
        run_virtual(collect(source))
    assert source.is_closed


def test_output_that_stops() -> None:
    """Silence behind the first output is told apart from a slow start."""
    source = Source(0.1, 0.6)
    with pytest.raises(AdapterSilent, match="500 ms"):
        run_virtual(collect(source))
    assert source.is_closed


def test_a_slow_consumer_is_not_the_adapters_fault() -> None:
    """The time between two items is not counted."""
    assert run_virtual(collect(Source(0.1, 0.1), consumer_s=60.0)) == [0, 1]


def test_silence_counts_from_the_last_output() -> None:
    """However much came before: the budget of each wait begins with that wait."""
    source = Source(0.9, *[0.4] * 5, 0.6)

    async def when() -> float:
        with pytest.raises(AdapterSilent):
            await collect(source)
        return asyncio.get_running_loop().time()

    assert run_virtual(when()) == pytest.approx(0.9 + 5 * 0.4 + 0.5)


def test_silence_behind_a_slow_consumer() -> None:
    """A consumer that took longer than the budget is followed by a wait with a whole budget of its own."""
    source = Source(0.1, 0.6)

    async def when() -> float:
        with pytest.raises(AdapterSilent):
            await collect(source, consumer_s=60.0)
        return asyncio.get_running_loop().time()

    assert run_virtual(when()) == pytest.approx(0.1 + 60.0 + 0.5)


def test_output_in_the_very_moment_of_the_deadline() -> None:
    """What comes just before the watchdog acts is in time, and its consumer is left alone."""

    async def stream() -> AsyncGenerator[int, None]:
        loop = asyncio.get_running_loop()
        came = loop.create_future()
        loop.call_at(0.6, came.set_result, None)  # armed before the watchdog's own timer of that moment
        await asyncio.sleep(0.1)
        yield 0
        await came
        yield 1

    async def main() -> list[int]:
        numbers = []
        async for number in watched(stream(), 1000, 500, "llm"):
            numbers.append(number)
            await asyncio.sleep(5 * number)
        return numbers

    assert run_virtual(main()) == [0, 1]


def test_an_adapter_that_does_not_let_go() -> None:
    """One that swallows the cancellation and goes on was too late all the same; no mark is left on the task."""

    async def stream() -> AsyncGenerator[int, None]:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            yield 0
        yield 1

    async def main() -> int:
        with pytest.raises(AdapterTimeout):
            await anext(watched(stream(), 1000, 500, "llm"))
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    assert run_virtual(main()) == 0
