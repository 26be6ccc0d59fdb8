"""The event loop on virtual time."""

from __future__ import annotations

import asyncio
import time

import pytest

from tth.testing.virtual_time import WALL_START_MS, Deadlock, Endless, ThreadsRefused, VirtualClock, run_virtual

pytestmark = pytest.mark.unit


def test_waiting_moves_the_clock_by_exactly_the_wait() -> None:
    """Half a minute of sleep is half a minute on the virtual clock."""

    async def main() -> tuple[float, float, int]:
        clock = VirtualClock()
        began_s = clock.now_s()
        await asyncio.sleep(30.5)
        return began_s, clock.now_s(), clock.wall_ms()

    assert run_virtual(main()) == (0.0, 30.5, WALL_START_MS + 30_500)


def test_real_time_does_not_move_the_clock() -> None:
    """However long code takes, the virtual clock stands still meanwhile."""

    async def main() -> float:
        end_s = time.monotonic() + 0.002
        while time.monotonic() < end_s:  # noqa: ASYNC110
            await asyncio.sleep(0)
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 0.0


def test_tasks_run_in_the_order_of_their_timers() -> None:
    """Interleaved sleepers wake by time, and the order is the same in each run."""

    async def sleeper(name: str, each_s: float, seen: list[tuple[float, str]]) -> None:
        for _ in range(3):
            await asyncio.sleep(each_s)
            seen.append((round(asyncio.get_running_loop().time(), 6), name))

    async def main() -> list[tuple[float, str]]:
        seen: list[tuple[float, str]] = []
        async with asyncio.TaskGroup() as group:
            group.create_task(sleeper("slow", 0.25, seen))
            group.create_task(sleeper("fast", 0.1, seen))
        return seen

    want = [(0.1, "fast"), (0.2, "fast"), (0.25, "slow"), (0.3, "fast"), (0.5, "slow"), (0.75, "slow")]
    assert run_virtual(main()) == want
    assert run_virtual(main()) == want


def test_timeouts_follow_the_virtual_clock() -> None:
    """`asyncio.timeout` fires at its virtual moment."""

    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await asyncio.get_running_loop().create_future()
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 3600.0


def test_a_deadlock_is_named_and_cleaned_up() -> None:
    """Waiting for what nobody will do raises and says who waits; the waiter still runs its clean-up."""
    cleaned: list[bool] = []

    async def waits_for_nothing() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cleaned.append(True)

    with pytest.raises(Deadlock, match="waits_for_nothing"):
        run_virtual(waits_for_nothing())
    assert cleaned == [True]


def test_an_endless_run_ends() -> None:
    """Timers that go on for ever hit the limit of virtual time."""

    async def ticks() -> None:
        while True:  # noqa: ASYNC110
            await asyncio.sleep(1)

    with pytest.raises(Endless, match="after 60 virtual seconds"):
        run_virtual(ticks(), limit_s=60)


def test_threads_are_refused() -> None:
    """`to_thread` and executors raise at once and name the function."""

    async def in_thread() -> None:
        await asyncio.to_thread(sorted, [1])

    async def in_executor() -> None:
        await asyncio.get_running_loop().run_in_executor(None, sorted, [1])

    for main in (in_thread, in_executor):
        with pytest.raises(ThreadsRefused):
            run_virtual(main())


def test_the_result_and_the_error_of_main_come_through() -> None:
    """As with `asyncio.run`."""

    async def fails() -> None:
        raise KeyError("mine")

    async def works() -> int:
        return 7

    assert run_virtual(works()) == 7
    with pytest.raises(KeyError, match="mine"):
        run_virtual(fails())


def test_no_task_outlives_the_run() -> None:
    """What main leaves behind is cancelled, as with `asyncio.run`."""
    ended: list[str] = []

    async def lingers() -> None:
        try:
            await asyncio.sleep(1e6)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async def main() -> None:
        task = asyncio.create_task(lingers())
        await asyncio.sleep(0)
        assert not task.done()

    run_virtual(main())
    assert ended == ["cancelled"]


def test_a_wait_is_never_rounded_away() -> None:
    """However short it is against the time that has passed; else code that waits for a rest of time would spin."""

    async def main() -> bool:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(3000.1)
        before_s = loop.time()
        await asyncio.sleep(1e-16)
        return loop.time() > before_s

    assert run_virtual(main())


def test_tasks_that_keep_each_other_busy_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop that never comes to rest is refused, although no time passes in it."""
    monkeypatch.setattr("tth.testing.virtual_time.MAX_STEPS", 1000)

    async def main() -> None:
        while True:  # noqa: ASYNC110
            await asyncio.sleep(0)

    with pytest.raises(Endless):
        run_virtual(main())
