"""Connections to one provider."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tth.adapters.provider_lanes import Lane, Lanes

pytestmark = pytest.mark.unit


def lanes_of(max_lanes: int = 100, keep_s: float = 60.0) -> tuple[Lanes, list[httpx.AsyncClient]]:
    """Lanes, and the clients made for them so far. The clients connect to nobody."""
    made: list[httpx.AsyncClient] = []

    def make() -> httpx.AsyncClient:
        made.append(httpx.AsyncClient(verify=False))
        return made[-1]

    return Lanes(make, max_lanes, keep_s), made


async def use(lanes: Lanes, *, to_its_end: bool = True) -> Lane:
    async with lanes.lane(1.0) as lane:
        lane.is_reusable = to_its_end
    return lane


def test_one_after_the_other_share_one() -> None:
    """The connection is used again, and closed with the rest at the end."""

    async def main() -> None:
        lanes, made = lanes_of()
        for _ in range(5):
            await use(lanes)
        assert len(made) == 1
        assert not made[0].is_closed
        await lanes.aclose()
        await lanes.aclose()
        assert made[0].is_closed

    asyncio.run(main())


def test_what_was_not_read_to_its_end_is_closed() -> None:
    """Left early or failed: the provider sees it, and the next request has a good connection."""

    async def main() -> None:
        lanes, made = lanes_of()
        await use(lanes, to_its_end=False)
        with pytest.raises(RuntimeError):
            async with lanes.lane(1.0):
                raise RuntimeError
        assert [client.is_closed for client in made] == [True, True]
        assert not (await use(lanes)).client.is_closed
        await lanes.aclose()

    asyncio.run(main())


def test_at_once_each_has_its_own() -> None:
    """And the one given back last is taken first, so that the others can grow old."""

    async def main() -> None:
        lanes, made = lanes_of()
        async with lanes.lane(1.0) as first, lanes.lane(1.0) as second:
            assert first is not second
            first.is_reusable = second.is_reusable = True
        assert await use(lanes) is first  # given back behind the second
        assert len(made) == 2
        await lanes.aclose()

    asyncio.run(main())


def test_no_room() -> None:
    """Who waits too long is told; who leaves makes room, in whatever way."""

    async def main() -> None:
        lanes, _ = lanes_of(max_lanes=1)
        async with lanes.lane(1.0):
            with pytest.raises(httpx.PoolTimeout):
                async with lanes.lane(0.01):
                    pass
        with pytest.raises(RuntimeError):
            async with lanes.lane(1.0):
                raise RuntimeError
        await use(lanes)
        await lanes.aclose()

    asyncio.run(main())


def test_old_ones_are_closed() -> None:
    """When somebody comes by."""

    async def main() -> None:
        lanes, made = lanes_of(keep_s=0.02)
        async with lanes.lane(1.0) as first, lanes.lane(1.0) as second:
            first.is_reusable = second.is_reusable = True
        for client in made:
            assert not client.is_closed
        await asyncio.sleep(0.03)
        await use(lanes)
        assert [client.is_closed for client in made] == [False, True]
        await lanes.aclose()

    asyncio.run(main())


def test_closed_while_one_is_in_use() -> None:
    """It closes when it comes back."""

    async def main() -> None:
        lanes, made = lanes_of()
        async with lanes.lane(1.0) as lane:
            await lanes.aclose()
            lane.is_reusable = True
            assert not made[0].is_closed
        assert made[0].is_closed

    asyncio.run(main())
