"""The same client for programs without an event loop: every call returns when it is done.

    from tth.client.sync import SyncClient

    with SyncClient("localhost:50051") as client:
        session = client.create_session()
        with client.converse(session.session_id) as conversation:
            turn_id = conversation.say("Hello! Who are you?")
            for event in conversation.events_of(turn_id):
                if event.WhichOneof("payload") == "text_delta":
                    print(event.text_delta.text, end="", flush=True)

It is `tth.client.TthClient` on an event loop in a thread of its own: arguments, results and errors are those of the
method of the same name there. Not for use inside an event loop, which it would block.
Tests: tests/client/test_sync.py.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from concurrent.futures import Future, wait
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

import grpc

from tth.client.client import DEFAULT_RECONNECT_S, TthClient
from tth.client.conversation import Conversation
from tth.client.line import LineState, ResumePoint
from tth.v1.converse_pb2 import ConverseResponse, PlaybackPosition

Wrapped = TypeVar("Wrapped")
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class _LoopThread:
    """An event loop that runs in a thread from `start` to `stop`, or to the end of the program."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Once."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tth-client", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Its result, or what it raised. When the wait is interrupted (Ctrl-C), the work is cancelled, and this ends
        when the work has."""
        if self._loop is None:
            work.close()
            raise RuntimeError('not connected: use "with SyncClient(...)"')
        loop, outcome, tasks = self._loop, Future[Result](), list[asyncio.Task[Result]]()

        def begin() -> None:
            tasks.append(loop.create_task(work))
            tasks[0].add_done_callback(lambda task: _settle(task, outcome))

        def give_up() -> None:
            if tasks:
                tasks[0].cancel()
            elif not outcome.done():  # interrupted before it began
                work.close()
                outcome.set_exception(asyncio.CancelledError())

        try:
            loop.call_soon_threadsafe(begin)
            return outcome.result()
        except BaseException:
            if not outcome.done():
                loop.call_soon_threadsafe(give_up)
                wait([outcome])
            raise

    @property
    def is_running(self) -> bool:
        return self._loop is not None

    def stop(self) -> None:
        """Idempotent."""
        if self._loop is None or self._thread is None:
            return
        loop, self._loop = self._loop, None
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join()
        loop.close()


class _Blocking(Generic[Wrapped]):
    """What has methods that were asynchronous."""

    def __init__(self, wrapped: Wrapped, loop: _LoopThread) -> None:
        self._wrapped = wrapped
        self._loop = loop


def _blocking(
    method: Callable[Concatenate[Wrapped, Arguments], Coroutine[Any, Any, Result]],
) -> Callable[Concatenate[_Blocking[Wrapped], Arguments], Result]:
    """The method, with its signature and its docstring, waiting for its result."""

    @functools.wraps(method)
    def call(self: _Blocking[Wrapped], /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        return self._loop.run(method(self._wrapped, *args, **kwargs))

    return call


class SyncConversation(_Blocking[Conversation]):
    """Made by `SyncClient.converse`; use as a context manager. One thread at a time reads events; any may send."""

    say = _blocking(Conversation.say)
    end_turn = _blocking(Conversation.end_turn)
    update = _blocking(Conversation.update)
    interrupt = _blocking(Conversation.interrupt)
    pause = _blocking(Conversation.pause)
    resume = _blocking(Conversation.resume)
    report_playback = _blocking(Conversation.report_playback)
    ping = _blocking(Conversation.ping)
    finish = _blocking(Conversation.finish)
    close = _blocking(Conversation.close)

    @property
    def session_id(self) -> str:
        return self._wrapped.session_id

    @property
    def state(self) -> LineState:
        """OPEN, LOST while the session is being resumed, or ENDED."""
        return self._wrapped.state

    @property
    def stale_count(self) -> int:
        """Events of interrupted turns that were dropped here."""
        return self._wrapped.stale_count

    @property
    def resumed_count(self) -> int:
        """How often a lost stream was replaced by another one."""
        return self._wrapped.resumed_count

    @property
    def resume_point(self) -> ResumePoint | None:
        """What another client needs to go on from here; None before the first event. Holds a secret."""
        return self._wrapped.resume_point

    def events(self, timeout_s: float | None = None) -> Iterator[ConverseResponse]:
        """As `Conversation.events`. Raises TimeoutError when nothing comes for `timeout_s`; nothing is lost then, and
        another `events` goes on. While idle, a server sends something every 15 s."""
        return self._iterate(self._wrapped.events(), timeout_s)

    def events_of(self, turn_id: str, timeout_s: float | None = None) -> Iterator[ConverseResponse]:
        """As `Conversation.events_of`; `timeout_s` as above."""
        return self._iterate(self._wrapped.events_of(turn_id), timeout_s)

    def __enter__(self) -> Self:
        self._loop.run(self._wrapped.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.run(self._wrapped.__aexit__(kind, error, trace))

    def _iterate(
        self, events: AsyncGenerator[ConverseResponse, None], timeout_s: float | None
    ) -> Iterator[ConverseResponse]:
        try:
            while (event := self._loop.run(_next(events, timeout_s))) is not None:
                yield event
        finally:
            if self._loop.is_running:  # else a loop that was left is cleared away behind its client
                self._loop.run(events.aclose())


class SyncClient(_Blocking[TthClient]):
    """One connection to one server. Use as a context manager; any thread may call it."""

    create_session = _blocking(TthClient.create_session)
    get_session = _blocking(TthClient.get_session)
    end_session = _blocking(TthClient.end_session)
    generate = _blocking(TthClient.generate)
    get_job = _blocking(TthClient.get_job)
    cancel_job = _blocking(TthClient.cancel_job)
    download = _blocking(TthClient.download)
    list_models = _blocking(TthClient.list_models)
    health = _blocking(TthClient.health)

    def __init__(
        self,
        target: str,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        token: str | None = None,
        connect_timeout_s: float = 10.0,
    ) -> None:
        """As TthClient."""
        client = TthClient(target, credentials=credentials, token=token, connect_timeout_s=connect_timeout_s)
        super().__init__(client, _LoopThread())

    def converse(
        self,
        session_id: str = "",
        *,
        resume: ResumePoint | None = None,
        reconnect_s: float = DEFAULT_RECONNECT_S,
        playback: Callable[[], PlaybackPosition | None] | None = None,
    ) -> SyncConversation:
        """As `TthClient.converse`; `playback` is called in the client's thread."""
        conversation = self._wrapped.converse(session_id, resume=resume, reconnect_s=reconnect_s, playback=playback)
        return SyncConversation(conversation, self._loop)

    def __enter__(self) -> Self:
        """Connect. Raises TthRpcError with reason UNREACHABLE, and with what is in the way, when that fails."""
        self._loop.start()
        try:
            self._loop.run(self._wrapped.__aenter__())
        except BaseException:
            self._loop.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._loop.run(self._wrapped.__aexit__(kind, error, trace))
        finally:
            self._loop.stop()


def _settle(task: asyncio.Task[Result], outcome: Future[Result]) -> None:
    if task.cancelled():
        outcome.set_exception(asyncio.CancelledError())
    elif (error := task.exception()) is not None:
        outcome.set_exception(error)
    else:
        outcome.set_result(task.result())


async def _next(events: AsyncGenerator[ConverseResponse, None], timeout_s: float | None) -> ConverseResponse | None:
    """None at the end."""
    async with asyncio.timeout(timeout_s):
        return await anext(events, None)
