"""The server's life: listen, load, serve, drain, stop. Tests: tests/server/test_app.py.

It listens before it is ready, so that probes can see it load; calls are refused until every adapter is warm.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import grpc

from tth.adapters.base import Adapter
from tth.adapters.moderation import Moderator
from tth.errors import AdapterError, AdapterTimeout, AdapterUnavailable, Draining
from tth.media.encode import EncodedPicture
from tth.model.events import GoAway, TurnOutcome
from tth.server.access import Tls, TokenCheck
from tth.server.interceptors import ErrorGuard
from tth.server.models import ModelCatalogue
from tth.server.outbox import OutboxLimits
from tth.server.readiness import SERVICE, ComponentStatus, Readiness, Status
from tth.server.reflection import add_reflection
from tth.server.service import TthService
from tth.server.stream import StreamLimits
from tth.session.closing import close_all
from tth.session.conversation import Conversation
from tth.session.engine import Engine
from tth.session.jobs import Jobs
from tth.session.keeper import RENEW_S, Keeper
from tth.session.snapshot_store import SessionStore
from tth.session.store import MemorySessions, SessionLimits
from tth.v1 import tth_service_pb2_grpc

log = logging.getLogger(__name__)

SWEEP_S = 1.0
"""How often expired sessions are looked for."""
DRAIN_POLL_S = 0.05
TTL_SPARE_S = 2 * RENEW_S
"""On top of what a session has left: its record is renewed only so often."""
STOP_GRACE_S = 1.0
"""For calls that are not streams, when the server stops."""


class EncodeThreads:
    """Runs picture encoding off the event loop, a bounded number at once."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="encode")

    def __call__(self, work: Callable[[], EncodedPicture], /) -> asyncio.Future[EncodedPicture]:
        return asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        """Wait for what runs (milliseconds) and end the threads."""
        self._pool.shutdown(wait=True)


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How to listen and what to bound."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 = any free port."""
    limits: SessionLimits = SessionLimits()
    drain_s: float = 10.0
    adapter_load_ms: int = 600_000
    max_request_bytes: int = 1_048_576
    outbox_events: int = 512
    outbox_picture_bytes: int = 16 * 1024 * 1024
    outbox_stalled_s: float = 15.0
    heartbeat_s: float = 15.0
    first_message_s: float = 30.0
    max_jobs: int = 2
    artifact_dir: Path = Path("out/artifacts")
    tls: Tls | None = None
    """None = plain text."""
    tokens: tuple[str, ...] = field(default=(), repr=False)
    """Who may call; () = everybody."""
    reflection: bool = True
    private_address: str | None = None
    """One more address, in plain text, for another part of this program, such as "unix:/run/..."."""


def grpc_options(max_request_bytes: int) -> list[tuple[str, int]]:
    """Channel arguments of the server; each for a reason that docs/architecture.md gives."""
    return [
        ("grpc.so_reuseport", 0),  # a second server on this port fails loudly instead of taking half of the calls
        ("grpc.max_receive_message_length", max_request_bytes),
        ("grpc.max_send_message_length", 8 * 1024 * 1024),  # a raw frame of 1024x1024 with alpha has 4 MiB
        ("grpc.http2.bdp_probe", 0),  # else megabytes of a client that writes without reading pile up before us
        ("grpc.max_concurrent_streams", 1000),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ("grpc.http2.max_pings_without_data", 0),
    ]


class TthServer:
    """One server process. `run` does it all; the steps are public for tests and embedding programs."""

    def __init__(
        self, engine: Engine, options: ServerOptions, catalogue: ModelCatalogue, store: SessionStore | None = None
    ) -> None:
        """store: where other servers find this one's sessions; None = they live and die with this one."""
        self.engine = engine
        self.options = options
        self.readiness = Readiness()
        self.sessions = MemorySessions(options.limits, engine.clock)
        self._keeper = self._keeper_of(store) if store is not None else None
        self.jobs = Jobs(engine, options.artifact_dir, options.max_jobs)
        self.service = TthService(
            engine,
            self.sessions,
            self.jobs,
            self.readiness,
            catalogue,
            StreamLimits(
                OutboxLimits(options.outbox_events, options.outbox_picture_bytes),
                options.outbox_stalled_s,
                options.heartbeat_s,
                options.first_message_s,
            ),
            self._keeper,
        )
        self.port = 0
        """The port in use, once started."""
        self._guard = ErrorGuard()
        self._grpc: grpc.aio.Server | None = None
        self._stop = asyncio.Event()

    async def run(self, on_listening: Callable[[int], None], on_ready: Callable[[], None]) -> None:
        """Serve until SIGTERM, SIGINT or `request_stop`; then drain and release everything.

        Raises OSError when the port cannot be had and AdapterError when an adapter cannot be loaded.
        """
        with self._signals():
            try:
                await self.start()
                on_listening(self.port)
                await self._serve(on_ready)
            finally:
                await self.stop()

    async def _serve(self, on_ready: Callable[[], None]) -> None:
        """Load, be there until asked to stop, drain. Raises AdapterError."""
        if not await self._loaded_before_stop():
            return
        on_ready()
        async with asyncio.TaskGroup() as group:
            background = [group.create_task(self.jobs.run()), group.create_task(self.sweep())]
            background.append(group.create_task(self.keep_sessions()))
            await self._stop.wait()
            await self.drain()
            for task in background:
                task.cancel()

    async def _loaded_before_stop(self) -> bool:
        """Load; False when asked to stop meanwhile. Raises AdapterError."""
        try:
            async with asyncio.TaskGroup() as group:
                loading, stopping = group.create_task(self.load()), group.create_task(self._stop.wait())
                await asyncio.wait([loading, stopping], return_when=asyncio.FIRST_COMPLETED)
                loading.cancel()
                stopping.cancel()
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return not loading.cancelled()

    def request_stop(self) -> None:
        """Begin to drain. Idempotent; safe from a signal handler of the loop."""
        self._stop.set()

    def _keeper_of(self, store: SessionStore) -> Keeper:
        def ttl_s(conversation: Conversation) -> float:
            return self.sessions.left_if_lost_s(conversation) + TTL_SPARE_S

        return Keeper(store, ttl_s, self.sessions.remove)

    async def start(self) -> None:
        """Listen; the probes answer NOT_SERVING. Raises OSError when the port cannot be had, or certificates are not
        what they should be."""
        options = self.options
        credentials = None if options.tls is None else options.tls.credentials()
        inner = [TokenCheck(options.tokens)] if options.tokens else []
        server = grpc.aio.server(interceptors=[self._guard, *inner], options=grpc_options(options.max_request_bytes))
        tth_service_pb2_grpc.add_TthServiceServicer_to_server(self.service, server)
        self.readiness.add_to(server)
        if options.reflection:
            add_reflection(server, (SERVICE, "grpc.health.v1.Health"))
        address = f"{options.host}:{options.port}"
        try:
            if credentials is None:
                self.port = server.add_insecure_port(address)
            else:
                self.port = server.add_secure_port(address, credentials)
            if options.private_address is not None:
                server.add_insecure_port(options.private_address)
        except RuntimeError as error:
            raise OSError(f"cannot listen on {address}: is another program using the port?") from error
        await self.readiness.begin()
        await server.start()
        self._grpc = server

    async def load(self) -> None:
        """Load and warm up all adapters at once; then the server is ready. Raises AdapterError."""
        try:
            async with asyncio.TaskGroup() as group:
                if self.engine.moderator is not None:
                    group.create_task(self._load_moderator(self.engine.moderator))
                for adapter in self.engine.adapters:
                    group.create_task(self._load(adapter))
        except ExceptionGroup as errors:
            self.readiness.status = Status.FAILED
            raise errors.exceptions[0] from None
        await self.readiness.ready()

    async def _load_moderator(self, moderator: Moderator) -> None:
        try:
            async with asyncio.timeout(self.options.adapter_load_ms / 1000):
                await moderator.load()
        except AdapterError:
            raise
        except Exception as error:
            raise AdapterUnavailable(f"the moderator could not be loaded: {type(error).__name__}: {error}") from error

    async def _load(self, adapter: Adapter) -> None:
        name = f"{adapter.role}/{adapter.name}"
        started_s = self.engine.clock.now_s()
        self._note(name, Status.STARTING, "", started_s)
        try:
            async with asyncio.timeout(self.options.adapter_load_ms / 1000):
                await adapter.load()
                await adapter.warmup()
        except TimeoutError:
            self._note(name, Status.FAILED, "loading took too long", started_s)
            raise AdapterTimeout(f"{name} was not loaded within {self.options.adapter_load_ms} ms") from None
        except AdapterError as error:
            self._note(name, Status.FAILED, error.message, started_s)
            raise
        except Exception as error:
            self._note(name, Status.FAILED, type(error).__name__, started_s)
            raise AdapterUnavailable(f"{name} could not be loaded: {type(error).__name__}: {error}") from error
        self._note(name, Status.SERVING, "", started_s)

    def _note(self, name: str, status: Status, detail: str, started_s: float) -> None:
        load_ms = (self.engine.clock.now_s() - started_s) * 1000
        self.readiness.components[name] = ComponentStatus(name, status, detail, load_ms)
        if status is not Status.STARTING:
            log.info("adapter", extra={"adapter": name, "status": str(status), "load_ms": round(load_ms)})

    async def drain(self) -> None:
        """Take nothing new, tell clients to leave, let running turns end within the grace, stop the rest."""
        await self.readiness.drain()
        action = "reconnect" if self._keeper is None else "resume"
        notice = GoAway(action, int(self.options.drain_s * 1000), "DRAINING")
        for conversation in self.sessions.all():
            if not conversation.is_leaving:
                conversation.go_away(notice)
        await self._until_rest(self.sessions.all())
        for conversation in self.sessions.all():
            conversation.end(TurnOutcome.DRAINED, Draining("the server is going away", retry_after_ms=1000))
        with suppress(TimeoutError):  # an adapter that does not let go: the transport's end cancels its stream
            async with asyncio.timeout(STOP_GRACE_S):
                for conversation in self.sessions.all():
                    await conversation.stopped()
                    await conversation.detached()  # what was not sent any more belongs to the record of the session

    async def stop(self) -> None:
        """Close everything. Idempotent."""
        if self._grpc is not None:
            await self._grpc.stop(STOP_GRACE_S)  # returns when the transport is done, which handlers may not be
            self._grpc = None
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_GRACE_S):
                await self._guard.finished()
        conversations = self.sessions.all()
        for conversation in conversations:
            self.sessions.remove(conversation)
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_GRACE_S):
                await close_all(conversations)
        await close_all([*self.engine.adapters, self.engine.moderator])
        if isinstance(self.engine.encode_offload, EncodeThreads):
            self.engine.encode_offload.close()

    async def sweep(self) -> None:
        """End sessions whose time is over, until cancelled. `run` does it by itself."""
        async with asyncio.TaskGroup() as group:
            while True:
                await asyncio.sleep(SWEEP_S)
                for conversation, reason in self.sessions.over():
                    notice = GoAway("disconnect", self._time_left_ms(conversation), reason)
                    conversation.go_away(notice)
                    group.create_task(self._dismiss(conversation, reason), name="a session ends")
                for conversation in self.sessions.all():
                    if conversation.attendance.is_left_alone:
                        group.create_task(self._put_away(conversation), name="a session is put away")

    async def keep_sessions(self) -> None:
        """Write sessions down where other servers find them, if there is such a place, until cancelled; then once more,
        all of them. `run` does it by itself."""
        if self._keeper is not None:
            await self._keeper.run()

    async def _put_away(self, conversation: Conversation) -> None:
        try:
            async with asyncio.timeout(self.options.adapter_load_ms / 1000):
                await conversation.put_away()
        except Exception:  # an adapter's bug must not end the server
            log.exception("a session could not be put away")

    def _time_left_ms(self, conversation: Conversation) -> int:
        """For the turn that runs, if one does."""
        return 0 if conversation.turns.is_resting else int(self.options.drain_s * 1000)

    async def _dismiss(self, conversation: Conversation, reason: str) -> None:
        """End a session that was told to leave when its turn has ended, or has had its time."""
        await self._until_rest([conversation])
        with suppress(TimeoutError):  # an adapter that does not let go: the other sessions are not its fault
            async with asyncio.timeout(STOP_GRACE_S):
                await self.service.end_session(conversation, reason, TurnOutcome.EXPIRED)

    async def _until_rest(self, conversations: Sequence[Conversation]) -> None:
        """Wait until no turn runs in these, or for as long as turns may take to end."""
        deadline_s = self.engine.clock.now_s() + self.options.drain_s
        while self.engine.clock.now_s() < deadline_s:
            if all(conversation.turns.is_resting for conversation in conversations):
                return
            await asyncio.sleep(DRAIN_POLL_S)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT ask the server to stop."""
        loop = asyncio.get_running_loop()
        caught = []
        for number in (signal.SIGTERM, signal.SIGINT):
            try:
                loop.add_signal_handler(number, self.request_stop)
                caught.append(number)
            except (NotImplementedError, RuntimeError):  # Windows, or not the main thread: Ctrl-C still raises
                log.debug("signals are not handled here")
        try:
            yield
        finally:
            for number in caught:
                loop.remove_signal_handler(number)
