"""Every store of snapshots, by the same tests; then what only Redis can do: be slow, be gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from tests.redis_server import RedisProcess, running_redis
from tth.clock import SystemClock
from tth.model.secret import Secret
from tth.session.redis_store import RedisStore
from tth.session.snapshot_store import TOMBSTONE_S, Kept, MemoryStore, SessionStore, StoreUnavailable, Writing
from tth.testing.virtual_time import VirtualClock, run_virtual

pytestmark = pytest.mark.server

StoreTest = Callable[[SessionStore], Awaitable[None]]


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisProcess]:
    with running_redis() as process:
        yield process


@pytest.fixture(params=["memory", "redis"])
def check(request: pytest.FixtureRequest) -> Callable[[StoreTest], None]:
    """Runs an async test on an empty store."""

    async def main(test: StoreTest, store: SessionStore) -> None:
        try:
            await test(store)
        finally:
            await store.aclose()

    async def on_redis(test: StoreTest) -> None:
        process: RedisProcess = request.getfixturevalue("redis")
        await main(test, RedisStore(process.secret_url, f"{request.node.name}:", deadline_s=5.0))

    async def in_memory(test: StoreTest) -> None:
        await main(test, MemoryStore(SystemClock()))

    return lambda test: asyncio.run((on_redis if request.param == "redis" else in_memory)(test))


def test_what_is_saved_is_found(check: Callable[[StoreTest], None]) -> None:
    """Any bytes, with the epoch of whoever wrote; the newest wins."""

    async def test(store: SessionStore) -> None:
        await store.ping()
        assert await store.load("s_1") is None
        assert await store.save("s_1", 1, b"\x00\xff{}", 60) is Writing.DONE
        assert await store.save("s_1", 1, b"newer", 60) is Writing.DONE
        assert await store.load("s_1") == Kept(1, b"newer")
        assert await store.load("s_2") is None

    check(test)


def test_a_claim_shuts_the_former_owner_out(check: Callable[[StoreTest], None]) -> None:
    """It can neither write, nor renew, nor delete; the new one can."""

    async def test(store: SessionStore) -> None:
        await store.save("s_1", 1, b"old", 60)
        assert await store.claim("s_1", 1) == b"old"
        assert await store.save("s_1", 1, b"late", 60) is Writing.SUPERSEDED
        assert await store.renew("s_1", 1, 60) is Writing.SUPERSEDED
        assert await store.delete("s_1", 1) is Writing.SUPERSEDED
        assert await store.load("s_1") == Kept(2, b"old")
        assert await store.renew("s_1", 2, 60) is Writing.DONE
        assert await store.save("s_1", 2, b"new", 60) is Writing.DONE
        assert await store.load("s_1") == Kept(2, b"new")

    check(test)


def test_of_many_claims_one_wins(check: Callable[[StoreTest], None]) -> None:
    """And nobody can claim what is not there, or what was loaded long ago."""

    async def test(store: SessionStore) -> None:
        assert await store.claim("s_1", 1) is None
        await store.save("s_1", 1, b"x", 60)
        won = await asyncio.gather(*(store.claim("s_1", 1) for _ in range(20)))
        assert [data for data in won if data is not None] == [b"x"]
        assert await store.claim("s_1", 1) is None
        assert await store.claim("s_1", 2) == b"x"

    check(test)


def test_what_is_deleted_stays_deleted(check: Callable[[StoreTest], None]) -> None:
    """A server that was asleep does not bring it back to life."""

    async def test(store: SessionStore) -> None:
        await store.save("s_1", 1, b"x", 60)
        assert await store.claim("s_1", 1) == b"x"
        assert await store.delete("s_1", 2) is Writing.DONE
        assert await store.load("s_1") is None
        assert await store.claim("s_1", 3) is None
        assert await store.save("s_1", 1, b"late", 60) is Writing.SUPERSEDED
        assert await store.save("s_1", 2, b"late", 60) is Writing.SUPERSEDED
        assert await store.load("s_1") is None

    check(test)


def test_what_was_emptied_is_missing(check: Callable[[StoreTest], None]) -> None:
    """`renew` says so, and the next save puts it back."""

    async def test(store: SessionStore) -> None:
        assert await store.renew("s_1", 3, 60) is Writing.MISSING
        assert await store.save("s_1", 3, b"again", 60) is Writing.DONE
        assert await store.load("s_1") == Kept(3, b"again")

    check(test)


def test_sessions_do_not_touch_each_other(check: Callable[[StoreTest], None]) -> None:
    """Claims and deletes are of one session."""

    async def test(store: SessionStore) -> None:
        for name in ("s_1", "s_2"):
            await store.save(name, 1, name.encode(), 60)
        await store.claim("s_1", 1)
        await store.delete("s_1", 2)
        assert await store.load("s_2") == Kept(1, b"s_2")
        assert await store.save("s_2", 1, b"mine", 60) is Writing.DONE

    check(test)


def test_memory_forgets_in_time() -> None:
    """To the second, unless it is renewed; tombstones too."""

    async def main() -> None:
        store = MemoryStore(VirtualClock())
        await store.save("s_1", 1, b"x", 10)
        await asyncio.sleep(9)
        assert await store.renew("s_1", 1, 10) is Writing.DONE
        await asyncio.sleep(9)
        assert await store.load("s_1") is not None
        await asyncio.sleep(1)
        assert await store.load("s_1") is None
        await store.delete("s_2", 1)
        await asyncio.sleep(TOMBSTONE_S)
        assert await store.save("s_2", 1, b"x", 10) is Writing.DONE

    run_virtual(main())


def test_redis_is_told_when_to_forget(redis: RedisProcess) -> None:
    """Every write carries the time that is left, and Redis counts it down by itself."""

    async def main() -> None:
        store, seen = RedisStore(redis.secret_url, "ttl:"), Redis.from_url(redis.url)
        async with seen:
            await store.save("s_1", 1, b"x", 100)
            assert 90_000 < await seen.pttl("ttl:s_1") <= 100_000
            await store.renew("s_1", 1, 200)
            assert 190_000 < await seen.pttl("ttl:s_1") <= 200_000
            await store.delete("s_1", 1)
            assert 0 < await seen.pttl("ttl:s_1") <= TOMBSTONE_S * 1000
            await store.save("s_2", 1, b"x", -3)
            assert await seen.pttl("ttl:s_2") <= 1
        await store.aclose()

    asyncio.run(main())


def test_a_redis_that_hangs_costs_a_deadline_and_no_more() -> None:
    """Calls that wait at the same time wait side by side; when it is back, so is the store."""

    async def main(redis: RedisProcess) -> None:
        store = RedisStore(redis.secret_url, "", deadline_s=0.3)
        await store.save("s_1", 1, b"x", 60)
        with redis.stopped():
            began_s = time.monotonic()
            calls = (store.load("s_1"), store.save("s_1", 1, b"y", 60), store.claim("s_1", 1), store.ping())
            answers = await asyncio.gather(
                *calls, *(store.renew("s_1", 1, 60) for _ in range(30)), return_exceptions=True
            )
            took_s = time.monotonic() - began_s
        assert [type(answer) for answer in answers] == [StoreUnavailable] * 34
        assert took_s < 2.0
        patient = RedisStore(redis.secret_url, "", deadline_s=5.0)
        assert await patient.load("s_1") is not None
        for one in (store, patient):
            await one.aclose()

    with running_redis() as redis:
        asyncio.run(main(redis))


def test_a_redis_that_is_gone_is_unavailable() -> None:
    """Whether it died or never was; and the password of its address is in no text of the error."""

    async def main(redis: RedisProcess) -> None:
        store = RedisStore(redis.secret_url, "")
        await store.ping()
        redis.kill()
        absent = RedisStore(Secret("redis://:geheim@127.0.0.1:1/0"), "")
        for one in (store, absent):
            with pytest.raises(StoreUnavailable) as failed:
                await one.load("s_1")
            assert "geheim" not in str(failed.value) + str(failed.value.__cause__)
            await one.aclose()

    with running_redis() as redis:
        asyncio.run(main(redis))


@pytest.mark.parametrize("url", ["", "http://localhost", "localhost:6379"])
def test_an_address_that_is_none_is_refused_at_once(url: str, tmp_path: Path) -> None:
    """Before anything is connected."""

    async def main() -> None:
        with pytest.raises(ValueError, match="redis://"):
            RedisStore(Secret(url), "")

    asyncio.run(main())
