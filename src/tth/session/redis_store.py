"""Snapshots in Redis: one hash per session with the fields `epoch` and `data`, gone by itself when its time is over.

Each write is one small Lua script, so the epoch is compared and the data set in one step. Every call has a deadline;
nothing here retries, for the next snapshot is newer than the one that failed. Needs Redis 4 or later (or Valkey) and
the package `redis`. Tests: tests/session/test_snapshot_store.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from tth.model.secret import Secret
from tth.session.snapshot_store import TOMBSTONE_S, Kept, StoreUnavailable, Writing

DEADLINE_S = 0.25
"""For one call, waiting for a connection included. A Redis nearby answers in a millisecond."""
MAX_CONNECTIONS = 8
"""Of one server. A call holds one for a millisecond, so this is some thousand calls a second."""

_NOT_NEWER = """
local epoch = tonumber(redis.call('HGET', KEYS[1], 'epoch') or '0')
if epoch > tonumber(ARGV[1]) then return 'superseded' end
"""
_SAVE = (
    _NOT_NEWER
    + """
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'data', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 'done'
"""
)
_RENEW = (
    _NOT_NEWER
    + """
if redis.call('HEXISTS', KEYS[1], 'data') == 0 then return 'missing' end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 'done'
"""
)
_CLAIM = """
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return false end
local data = redis.call('HGET', KEYS[1], 'data')
if data then redis.call('HINCRBY', KEYS[1], 'epoch', 1) end
return data
"""
_DELETE = (
    _NOT_NEWER
    + """
redis.call('HDEL', KEYS[1], 'data')
redis.call('HSET', KEYS[1], 'epoch', ARGV[1] + 1)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 'done'
"""
)


class RedisStore:
    """Implements `SessionStore`. Belongs to the event loop that uses it; connects when it is first used."""

    name = "redis"

    def __init__(self, url: Secret, prefix: str, deadline_s: float = DEADLINE_S) -> None:
        """url: redis://, rediss:// (TLS) or unix://, with the password if there is one. Raises ValueError."""
        pool = BlockingConnectionPool.from_url(
            url.reveal(),
            max_connections=MAX_CONNECTIONS,
            timeout=deadline_s,
            socket_timeout=deadline_s,
            socket_connect_timeout=deadline_s,
            retry=Retry(NoBackoff(), 0),
        )
        self._redis: Any = Redis(connection_pool=pool)
        self._pool = pool
        self._prefix = prefix
        self._deadline_s = deadline_s
        self._save = self._redis.register_script(_SAVE)
        self._renew = self._redis.register_script(_RENEW)
        self._claim = self._redis.register_script(_CLAIM)
        self._delete = self._redis.register_script(_DELETE)

    async def save(self, session_id: str, epoch: int, data: bytes, ttl_s: float) -> Writing:
        """See `SessionStore`."""
        return await self._write(self._save, session_id, epoch, data, _ms(ttl_s))

    async def renew(self, session_id: str, epoch: int, ttl_s: float) -> Writing:
        """See `SessionStore`."""
        return await self._write(self._renew, session_id, epoch, _ms(ttl_s))

    async def load(self, session_id: str) -> Kept | None:
        """See `SessionStore`."""
        async with self._in_time():
            epoch, data = await cast(
                Awaitable[list[bytes | None]], self._redis.hmget(self._key(session_id), "epoch", "data")
            )
        return Kept(int(epoch), data) if epoch is not None and data is not None else None

    async def claim(self, session_id: str, epoch: int) -> bytes | None:
        """See `SessionStore`."""
        async with self._in_time():
            data: bytes | None = await self._claim(keys=[self._key(session_id)], args=[epoch])
        return data

    async def delete(self, session_id: str, epoch: int) -> Writing:
        """See `SessionStore`."""
        return await self._write(self._delete, session_id, epoch, _ms(TOMBSTONE_S))

    async def ping(self) -> None:
        """See `SessionStore`."""
        async with self._in_time():
            await self._redis.ping()

    async def aclose(self) -> None:
        """See `SessionStore`."""
        await self._redis.aclose()
        await self._pool.disconnect()

    async def _write(self, script: Any, session_id: str, *arguments: int | bytes) -> Writing:
        async with self._in_time():
            answer: bytes = await script(keys=[self._key(session_id)], args=arguments)
        return Writing(answer.decode())

    def _key(self, session_id: str) -> str:
        return f"{self._prefix}{session_id}"

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._deadline_s):
                yield
        except TimeoutError as error:
            raise StoreUnavailable(f"no answer within {self._deadline_s * 1000:g} ms") from error
        except (RedisError, OSError) as error:
            raise StoreUnavailable(type(error).__name__) from error


def _ms(seconds: float) -> int:
    """Redis refuses a time of 0."""
    return max(1, round(seconds * 1000))
