"""One ElevenLabs socket of one conversation: a context for each clause, told apart by name; kept alive between turns.

A context that is given up goes on at the provider until it has spoken what it was given; what still comes of it is
dropped by its name. It counts as open until its end has come, and only five may be open.
Tests: tests/adapters/tts/test_elevenlabs.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from tth.adapters.provider_errors import names_in
from tth.adapters.provider_socket import Socket, SocketProvider
from tth.adapters.tts.elevenlabs_wire import CLOSE_SOCKET, KEEP_ALIVE, Incoming, Message, incoming, is_error
from tth.errors import AdapterError, AdapterProtocolError

MAX_CONTEXTS = 5
"""Open ones on a socket; one more costs the whole socket."""
KEEP_ALIVE_S = 12.0
"""A socket on which nothing was sent for 18 to 20 s is closed; 15 s are safe."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a socket leads; one that leads elsewhere is another socket."""

    path: str
    params: tuple[tuple[str, str], ...]


class ContextSocket:
    """An open socket. Its clauses come one after the other, ended or given up."""

    def __init__(self, provider: SocketProvider, socket: Socket, route: Route, *, stays: bool) -> None:
        """stays: kept alive while nobody speaks; else closed then."""
        self.route = route
        self._provider = provider
        self._socket = socket
        self._stays = stays
        self._open: dict[str, asyncio.Queue[Incoming | AdapterError] | None] = {}
        """By context; None for one that was given up."""
        self._number = 0
        self._failure: AdapterError | None = None
        self._sent_s = asyncio.get_running_loop().time()
        name = provider.source.adapter
        self._reader = asyncio.create_task(self._read(), name=f"{name} reads")
        self._keeper = asyncio.create_task(self._keep_alive(), name=f"{name} keeps alive")

    @property
    def is_usable(self) -> bool:
        """Another clause can be spoken on it."""
        return self._failure is None and not self._reader.done() and len(self._open) < MAX_CONTEXTS

    def next_context(self) -> str:
        """The name of the next context."""
        self._number += 1
        return f"c{self._number}"

    async def speak(self, context_id: str, messages: Sequence[Message]) -> AsyncGenerator[Incoming, None]:
        """Send a clause and yield what comes for it, up to its end. Raises AdapterError.

        Left before the end, the context is given up.
        """
        queue: asyncio.Queue[Incoming | AdapterError] = asyncio.Queue()
        self._open[context_id] = queue
        try:
            for message in messages:
                self._post(message)
            while True:
                item = await queue.get()
                if isinstance(item, AdapterError):
                    raise item
                yield item
                if item.is_final:
                    return
        finally:
            if context_id in self._open:
                self._open[context_id] = None

    async def aclose(self) -> None:
        """Close the socket, which ends what the provider still speaks. Idempotent."""
        self._fail(self._closed())
        for task in (self._keeper, self._reader):
            task.cancel()
        self._socket.post(CLOSE_SOCKET)
        try:
            await asyncio.wait([self._keeper, self._reader])
        finally:
            await self._socket.aclose()

    def _post(self, message: Message) -> None:
        self._sent_s = asyncio.get_running_loop().time()
        self._socket.post(message)

    async def _read(self) -> None:
        """Hand on what comes, until the socket ends."""
        try:
            while True:
                message = await self._socket.receive()
                if is_error(message):
                    raise self._provider.told(*names_in(dict(message)))
                self._hand_on(incoming(message))
        except AdapterError as error:
            self._fail(error)
        except ValueError as error:
            self._fail(self._provider.error(AdapterProtocolError, f"sent {error}"))

    def _hand_on(self, item: Incoming) -> None:
        queue = self._open.get(item.context_id)
        if queue is not None:
            queue.put_nowait(item)
        if item.is_final:
            self._open.pop(item.context_id, None)

    def _fail(self, error: AdapterError) -> None:
        """Everybody who waits gets it; a context whose end has come has it already."""
        if self._failure is not None:
            return
        self._failure = error
        for queue in self._open.values():
            if queue is not None:
                queue.put_nowait(error)

    async def _keep_alive(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(max(0.0, self._sent_s + KEEP_ALIVE_S - loop.time()))
            if loop.time() < self._sent_s + KEEP_ALIVE_S:
                continue
            if self._stays:
                self._post(KEEP_ALIVE)
            elif not self._open:
                self._fail(self._closed())
                self._socket.post(CLOSE_SOCKET)
                return
            else:
                self._sent_s = loop.time()  # somebody still speaks, which is a sign of life as well

    def _closed(self) -> AdapterError:
        return self._provider.closed(1000, "")
