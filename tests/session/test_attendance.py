"""When a session has a stream, and for how long. Virtual time."""

from __future__ import annotations

import asyncio

import pytest

from tth.session.attendance import PUT_AWAY_S, Attendance
from tth.testing.virtual_time import VirtualClock, run_virtual

pytestmark = pytest.mark.unit


def test_time_counts_while_there_is_a_stream() -> None:
    """Over all of them, also while one is there."""

    async def main() -> None:
        attendance = Attendance(VirtualClock())
        await asyncio.sleep(3)
        assert (attendance.is_there, attendance.left_s, attendance.total_s()) == (False, 0.0, 0.0)
        for _ in range(2):
            attendance.come()
            await asyncio.sleep(2)
            assert (attendance.is_there, attendance.left_s) == (True, None)
            attendance.go()
            await asyncio.sleep(1)
        assert attendance.total_s() == 4.0
        attendance.come()
        await asyncio.sleep(0.5)
        assert attendance.total_s() == 4.5

    run_virtual(main())


def test_it_is_left_alone_after_a_while_until_somebody_comes() -> None:
    """Once for each time that it is left."""

    async def main() -> None:
        attendance = Attendance(VirtualClock())
        for _ in range(2):
            said: list[bool] = []
            await asyncio.sleep(PUT_AWAY_S - 0.1)
            said.append(attendance.is_left_alone)
            await asyncio.sleep(0.2)
            said.append(attendance.is_left_alone)
            attendance.is_put_away = True
            said.append(attendance.is_left_alone)
            attendance.come()
            await asyncio.sleep(2 * PUT_AWAY_S)
            said.append(attendance.is_left_alone)
            attendance.go()
            assert said == [False, True, False, False]

    run_virtual(main())


def test_one_may_wait_for_the_end_of_a_stream() -> None:
    """At once where there is none."""

    async def main() -> float:
        attendance = Attendance(VirtualClock())
        await attendance.gone()
        attendance.come()
        asyncio.get_running_loop().call_later(2, attendance.go)
        await attendance.gone()
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 2.0
