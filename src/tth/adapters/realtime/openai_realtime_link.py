"""One conversation's connection to OpenAI Realtime: opened before it is needed, kept, opened anew when it ends or ages.

A connection counts as open at `session.created` only: key, model and credit are looked at behind the upgrade. What a
close means decides whether there is another try. Tests: tests/adapters/realtime/test_openai_realtime.py.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from tth.adapters.provider_socket import Socket, SocketProvider
from tth.adapters.realtime.openai_realtime_exchange import Exchange
from tth.adapters.realtime.openai_realtime_memory import ClientEvent, RemoteMemory
from tth.errors import (
    AdapterAuthFailed,
    AdapterError,
    AdapterQuotaExceeded,
    AdapterRejected,
    AdapterTimeout,
    AdapterUnavailable,
)

log = logging.getLogger(__name__)

READY_S = 10.0
"""From the upgrade to `session.created`; 3-6 ms were seen."""
MAX_TRIES = 4
"""To connect without anything good in between; the next turn begins anew."""
PERMANENT = (AdapterAuthFailed, AdapterQuotaExceeded, AdapterRejected)
"""Trying again does not help, however often: the key, the credit or the model must be changed."""
FIRST_BACKOFF_S, MAX_BACKOFF_S = 0.5, 8.0
LIFE_S = 3600.0
"""Of a connection, where the provider does not say when it ends."""
EXPIRY_MARGIN_S = 300.0
"""So long before its end no turn is begun on a connection: as long as an answer may take."""


class Connection:
    """An open one."""

    def __init__(
        self, provider: SocketProvider, socket: Socket, session: Mapping[str, Any], renew_after_s: float
    ) -> None:
        self.memory = RemoteMemory()
        self.applied: dict[str, Any] = {}
        self.exchange: Exchange | None = None
        self.error: AdapterError | None = None
        """Why it is closed."""
        self._provider = provider
        self._socket = socket
        self._loop = asyncio.get_running_loop()
        now_s, expires_at = self._loop.time(), session.get("expires_at")
        lives_s = expires_at - time.time() if isinstance(expires_at, int | float) else LIFE_S
        self._spent_at_s = now_s + lives_s - EXPIRY_MARGIN_S
        self.renew_at_s = min(now_s + renew_after_s, self._spent_at_s)
        self.on_end: Callable[[Connection, bool], None] | None = None
        self._is_good = False
        self._reader = asyncio.create_task(self._read(), name=f"{provider.source.adapter} reads")

    @staticmethod
    async def open(provider: SocketProvider, model: str, renew_after_s: float) -> Connection:
        """Connect and wait until it can be used. Raises AdapterError; cancelled, nothing is left."""
        socket = await provider.connect("realtime", {"model": model})
        told: Mapping[str, Any] = {}
        try:
            async with asyncio.timeout(READY_S):
                while (event := await socket.receive()).get("type") != "session.created":
                    told = event.get("error") or told
            return Connection(provider, socket, event.get("session") or {}, renew_after_s)
        except BaseException as error:
            await socket.aclose()
            if isinstance(error, TimeoutError):
                raise provider.error(AdapterTimeout, f"no session within {READY_S:g} s") from None
            if type(error) is AdapterUnavailable and told:  # the way it was closed says nothing, but this may
                raise provider.told(*(name for name in (told.get("code"), told.get("type")) if name)) from None
            raise

    @property
    def is_open(self) -> bool:
        return self.error is None

    @property
    def is_old(self) -> bool:
        """It is to be renewed."""
        return self._loop.time() >= self.renew_at_s

    @property
    def is_spent(self) -> bool:
        """No new turn is begun on it: the provider might end it in the middle."""
        return self._loop.time() >= self._spent_at_s

    def post(self, event: ClientEvent) -> None:
        """Send, without waiting."""
        self._socket.post(event)

    async def aclose(self) -> None:
        """Close it, also when cancelled. Idempotent."""
        self.on_end = None
        self._reader.cancel()
        try:
            await self._socket.aclose()
        finally:
            await asyncio.wait([self._reader])
            if self.error is None:
                self.error = self._provider.error(AdapterUnavailable, "the connection is closed")

    async def _read(self) -> None:
        try:
            while True:
                self._take(await self._socket.receive())
        except AdapterError as error:
            self.error = error
        if self.exchange is not None and not self.exchange.is_over.is_set():
            self.exchange.lose(self.error)
        if self.on_end is not None:
            self.on_end(self, self._is_good)

    def _take(self, event: Mapping[str, Any]) -> None:
        kind = event.get("type")
        self._is_good = self._is_good or kind != "error"
        error = event.get("error") if kind == "error" else None
        event_id = error.get("event_id") if isinstance(error, dict) else None
        if isinstance(event_id, str):
            self.memory.doubt(event_id)
        exchange = self.exchange
        if exchange is None or exchange.is_over.is_set():
            return
        exchange.take(event)
        if kind == "response.done" and exchange.is_over.is_set():
            reply = exchange.reply
            self.memory.remember_answer(reply.turn_id, reply.text, reply.items)


class Link:
    """Keeps one connection for a conversation."""

    def __init__(self, provider: SocketProvider, model: str, renew_after_s: float) -> None:
        self._provider = provider
        self._model = model
        self._renew_after_s = renew_after_s
        self._current: Connection | None = None
        self._opening: asyncio.Task[Connection | AdapterError] | None = None
        self._hurry = asyncio.Event()
        self._tries = 0
        self._refusal: AdapterError | None = None  # trying again does not help
        self._closing: set[asyncio.Task[None]] = set()
        self._renewal: asyncio.TimerHandle | None = None
        self._is_busy = False
        self._is_closed = False

    def open(self) -> None:
        """Begin to connect, if nobody does."""
        if self._opening is None and self._refusal is None and not self._is_closed:
            self._opening = asyncio.create_task(self._open(), name=f"{self._provider.source.adapter} connects")

    async def take(self) -> Connection:
        """The connection for a turn, which is not renewed until `rest`.

        Raises AdapterError: what the attempt that was made for this turn came to.
        """
        current = self._current
        if current is not None and current.is_open and not current.is_spent:
            self._is_busy = True
            return current
        is_own = self._opening is None  # else it was begun without being asked
        outcome = await self._attempt()
        if isinstance(outcome, AdapterError) and not is_own and self._refusal is None:
            outcome = await self._attempt()
        if isinstance(outcome, AdapterError):
            raise dataclasses.replace(outcome)
        self._put(outcome)
        self._is_busy = True
        return outcome

    async def _attempt(self) -> Connection | AdapterError:
        """What the attempt that is under way comes to, or one of this moment."""
        if self._refusal is not None:
            return self._refusal
        if self._opening is None:
            self._tries = 0
            self.open()
        assert self._opening is not None
        self._hurry.set()
        return await asyncio.shield(self._opening)

    async def replace(self) -> Connection:
        """One on which nothing has been said, in place of the one that is there. Raises AdapterError."""
        self._is_busy = False
        self._put(None)
        return await self.take()

    def rest(self) -> None:
        """The turn is over: a connection that is old may be renewed."""
        self._is_busy = False
        if self._current is not None and self._current.is_old:
            self._renew()

    async def aclose(self) -> None:
        """Close everything. Idempotent."""
        self._is_closed = True
        opening, self._opening = self._opening, None
        if opening is not None:
            opening.cancel()
            await asyncio.wait([opening])
            if (
                not opening.cancelled()
                and isinstance(found := opening.result(), Connection)
                and found is not self._current
            ):
                await found.aclose()
        self._put(None)
        if self._closing:
            await asyncio.wait(set(self._closing))

    async def _open(self) -> Connection | AdapterError:
        """One attempt, behind the pause that is due."""
        if self._tries:
            pause_s = min(MAX_BACKOFF_S, FIRST_BACKOFF_S * 2 ** (self._tries - 1))
            try:
                async with asyncio.timeout(pause_s):
                    await self._hurry.wait()
            except TimeoutError:
                pass
        self._hurry.clear()
        self._tries += 1
        try:
            made = await Connection.open(self._provider, self._model, self._renew_after_s)
        except AdapterError as error:
            self._opening = None
            self._hurry.clear()
            self._give_up_or_go_on(error)
            return error
        self._opening = None
        if self._is_busy and self._current is not None and self._current.is_open:
            self._close(made)  # a turn has begun meanwhile on the old one, which is still good for it
            return self._current
        self._put(made)
        return made

    def _give_up_or_go_on(self, error: AdapterError) -> None:
        if isinstance(error, PERMANENT):
            self._refusal = error
        elif self._tries < MAX_TRIES:
            self.open()
        log.info(
            "%s: no connection", self._provider.source.adapter, extra={"reason": error.reason, "tries": self._tries}
        )

    def _put(self, connection: Connection | None) -> None:
        """This one from now on."""
        old, self._current = self._current, connection
        if old is connection:
            return
        if self._renewal is not None:
            self._renewal.cancel()
        if old is not None:
            self._close(old)
        if connection is not None:
            connection.on_end = self._ended
            self._renewal = asyncio.get_running_loop().call_at(connection.renew_at_s, self._renew)
            if not connection.is_open:
                self._ended(connection, is_good=False)

    def _renew(self) -> None:
        """It is old: open its successor while nobody talks."""
        if not self._is_busy:
            self._tries = 0
            self.open()

    def _ended(self, connection: Connection, is_good: bool) -> None:
        """The provider has closed it."""
        assert connection.error is not None
        if connection is not self._current:
            return
        self._put(None)
        if is_good:
            self._tries = 0
        self._give_up_or_go_on(connection.error)

    def _close(self, connection: Connection) -> None:
        task = asyncio.create_task(connection.aclose(), name=f"{self._provider.source.adapter} closes")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
