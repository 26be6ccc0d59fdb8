"""An event loop whose clock jumps to the next timer when nothing is ready, so that waiting costs nothing.

A thirty-second conversation runs in milliseconds and always in the same order: ready callbacks run as on any asyncio
loop; when there are none, the clock is set forward to the earliest timer and that one runs. The clock moves at no
other time, so code takes no time at all and a result that depends on the machine's speed cannot occur.

What would need real time is refused instead of hanging: executor threads, a loop with nothing left to wait for
(`Deadlock`), and a loop that never ends because timers keep it alive or tasks keep each other busy (`Endless`). Real
sockets are not waited for.
Tests: tests/testing/test_virtual_time.py.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")

DEFAULT_LIMIT_S = 24 * 3600.0
"""Virtual seconds after which a run is taken for endless: longer than any scripted conversation."""
SHORTEST_WAIT_S = 1e-9
"""A wait that is not nothing moves the clock, as it does in real time; a smaller step could be lost in rounding."""
MAX_STEPS = 200_000
"""Turns of the loop without the clock moving after which it is taken for endless."""
WALL_START_MS = 1_800_000_000_000
"""Unix time at virtual second 0 (January 2027); any fixed value would do."""


class Deadlock(RuntimeError):
    """Nothing is ready and nothing is scheduled, so the main coroutine can never finish."""


class Endless(RuntimeError):
    """The virtual time limit passed, or the clock stands still for ever, and the main coroutine has not finished."""


class ThreadsRefused(RuntimeError):
    """Code asked for an executor thread; its real duration has no place in virtual time."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """asyncio's loop on a clock of its own that starts at 0 s."""

    def __init__(self, limit_s: float = DEFAULT_LIMIT_S) -> None:
        self._virtual_now_s = 0.0
        self._limit_s = limit_s
        self._steps = 0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._virtual_now_s

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """As asyncio's; a positive delay is never rounded away."""
        return super().call_later(max(delay, SHORTEST_WAIT_S) if delay > 0 else delay, callback, *args, context=context)

    def step(self) -> None:
        """Count a turn of the loop in which the clock stands. Called by the loop's selector only."""
        self._steps += 1
        if self._steps > MAX_STEPS:
            self._steps = 0  # whoever cleans up behind it takes some more
            raise Endless(f"the clock stands still at {self._virtual_now_s:g} s: {self._waiting_tasks()}")

    def jump(self, seconds: float | None) -> None:
        """Pass a wait of the loop without waiting; None = for ever. Called by the loop's selector only."""
        if seconds is None:
            raise Deadlock(f"nothing is scheduled and these tasks still wait: {self._waiting_tasks()}")
        self._virtual_now_s += seconds
        self._steps = 0
        if self._virtual_now_s > self._limit_s:
            raise Endless(f"not finished after {self._limit_s:g} virtual seconds: {self._waiting_tasks()}")

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> NoReturn:  # type: ignore[override]
        """Refused; also reached by `asyncio.to_thread` and name resolution. Raises ThreadsRefused."""
        raise ThreadsRefused(f"{getattr(func, '__qualname__', func)!s} wants a thread; virtual time has none")

    def _waiting_tasks(self) -> str:
        return "; ".join(sorted(_describe(task) for task in asyncio.all_tasks(self))) or "none"


class _JumpingSelector(selectors.SelectSelector):
    """Looks at its files without waiting and hands the wait to the virtual clock."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and (timeout is None or timeout > 0):
            self._loop.jump(timeout)
        else:
            self._loop.step()
        return ready


class VirtualClock:
    """A `tth.clock.Clock` that shows a virtual loop's time."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """loop: the running one where None."""
        self._loop = loop or asyncio.get_running_loop()

    def now_s(self) -> float:
        return self._loop.time()

    def wall_ms(self) -> int:
        return WALL_START_MS + round(self._loop.time() * 1000)


def run_virtual(main: Coroutine[Any, Any, T], *, limit_s: float = DEFAULT_LIMIT_S) -> T:
    """`asyncio.run` on virtual time. Raises what `main` raises, Deadlock, Endless or ThreadsRefused."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(limit_s)) as runner:
        return runner.run(main)


def _describe(task: asyncio.Task[Any]) -> str:
    frames = task.get_stack(limit=1)
    place = f" at {frames[0].f_code.co_qualname}:{frames[0].f_lineno}" if frames else ""
    return f"{task.get_name()}{place}"
