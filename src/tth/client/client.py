"""The service from a caller's side: sessions, batch jobs, models, health, and the door to a conversation.

    async with TthClient("localhost:50051") as client:
        session = await client.create_session(controls(emotion="happy"))
        async with client.converse(session.session_id) as conversation:
            turn_id = await conversation.say("Hello! Who are you?")
            async for event in conversation.events_of(turn_id):
                ...

Every failure is a `TthRpcError`. Tests: tests/client/test_client.py.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

import grpc

from tth.client.connecting import connected
from tth.client.conversation import Conversation
from tth.client.errors import from_grpc
from tth.client.line import Line, ResumePoint
from tth.v1 import controls_pb2, converse_pb2, media_pb2, tth_service_pb2
from tth.v1.tth_service_pb2_grpc import TthServiceStub

if TYPE_CHECKING:
    from tth.v1.tth_service_pb2_grpc import TthServiceAsyncStub

DEFAULT_DEADLINE_S = 15.0
"""For calls that answer at once; the first session of a cold server may take some seconds."""
DEFAULT_RECONNECT_S = 60.0
"""Well below the 300 s for which a server keeps a session without a stream."""
SCHEMA_VERSION = "1.0"
LOOKAHEAD_BYTES = 256 * 1024
"""What the transport may hold while the reader is busy: two to three frames as JPEG, about a second of H.264."""
_CHANNEL_OPTIONS: tuple[tuple[str, int], ...] = (
    # A silent peer is noticed after 40 s at most (gRFC A8: not much below a minute unless both sides agreed).
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    # The bandwidth probe would let megabytes pile up in front of a slow reader, all stale after an interrupt.
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.lookahead_bytes", LOOKAHEAD_BYTES),
    ("grpc.max_receive_message_length", 8 * 1024 * 1024),
    ("grpc.max_send_message_length", 1024 * 1024),
    # The default waits up to two minutes between attempts: too long for somebody who waits in front of a screen.
    ("grpc.initial_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 10_000),
)

Reply = TypeVar("Reply")


class TthClient:
    """One connection to one server. Use as an async context manager; it belongs to the loop that opened it."""

    def __init__(
        self,
        target: str,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        token: str | None = None,
        connect_timeout_s: float = 10.0,
    ) -> None:
        """target: "host:port". credentials: `grpc.ssl_channel_credentials(ca, key, cert)` for TLS, with key and
        certificate of yours where the server wants to see one; None is plain text. token: where the server wants one
        (`server.tokens`); without TLS it can be read on the way."""
        self.target = target
        self._credentials = credentials
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._connect_timeout_s = connect_timeout_s
        self._channel: grpc.aio.Channel | None = None
        self._conversations: set[Conversation] = set()

    async def __aenter__(self) -> Self:
        """Connect. Raises TthRpcError with reason UNREACHABLE, and with what is in the way, when that fails."""
        if self._credentials is None:
            self._channel = grpc.aio.insecure_channel(self.target, options=_CHANNEL_OPTIONS)
        else:
            self._channel = grpc.aio.secure_channel(self.target, self._credentials, options=_CHANNEL_OPTIONS)
        try:
            await connected(self._channel, self.target, self._connect_timeout_s)
        except BaseException:
            await self._channel.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every conversation first: closing a channel under a running read leaks its connection."""
        for conversation in tuple(self._conversations):
            await conversation.close(drain_s=0)
        assert self._channel is not None
        await self._channel.close()

    @property
    def channel(self) -> grpc.aio.Channel:
        """For other services of the same server, such as grpc.health.v1."""
        if self._channel is None:
            raise RuntimeError('not connected: use "async with TthClient(...)"')
        return self._channel

    async def create_session(
        self,
        controls: controls_pb2.Controls | None = None,
        *,
        media: media_pb2.MediaPreferences | None = None,
        language_code: str = "",
        overlap_policy: tth_service_pb2.OverlapPolicy = tth_service_pb2.OVERLAP_POLICY_UNSPECIFIED,
        request_id: str = "",
    ) -> tth_service_pb2.CreateSessionResponse:
        """Open a conversation; what is not given is the server's default. Safe to repeat with the same request_id."""
        request = tth_service_pb2.CreateSessionRequest(
            schema_version=SCHEMA_VERSION,
            request_id=request_id or str(uuid.uuid4()),
            controls=controls,
            language_code=language_code,
            media=media,
            overlap_policy=overlap_policy,
        )
        return await self._reply(
            self._stub.CreateSession(request, timeout=DEFAULT_DEADLINE_S, metadata=self._metadata, wait_for_ready=True)
        )

    async def get_session(self, session_id: str) -> tth_service_pb2.GetSessionResponse:
        """What a session is doing."""
        request = tth_service_pb2.GetSessionRequest(session_id=session_id)
        return await self._reply(self._stub.GetSession(request, timeout=DEFAULT_DEADLINE_S, metadata=self._metadata))

    async def end_session(self, session_id: str) -> tth_service_pb2.EndSessionResponse:
        """Stop what runs and forget the session."""
        request = tth_service_pb2.EndSessionRequest(session_id=session_id)
        return await self._reply(self._stub.EndSession(request, timeout=DEFAULT_DEADLINE_S, metadata=self._metadata))

    def converse(
        self,
        session_id: str = "",
        *,
        resume: ResumePoint | None = None,
        reconnect_s: float = DEFAULT_RECONNECT_S,
        playback: Callable[[], converse_pb2.PlaybackPosition | None] | None = None,
    ) -> Conversation:
        """The conversation of a session: `async with client.converse(session_id) as conversation`.

        resume: go on where another client, or another connection of this one, was (`Conversation.resume_point`).
        reconnect_s: a stream that is lost (UNAVAILABLE) is resumed, tried for so long with growing pauses; 0 = not at
        all. playback: where the caller's player stands, asked when a stream is resumed; None: as last reported.
        """
        if resume is not None:
            session_id = resume.session_id
        open_converse = partial(self._stub.Converse, metadata=self._metadata)
        return Conversation(Line(open_converse, session_id, resume, reconnect_s, playback), self._conversations)

    async def generate(
        self,
        text: str,
        *,
        mode: converse_pb2.TextMode = converse_pb2.TEXT_MODE_SAY,
        controls: controls_pb2.Controls | None = None,
        language_code: str = "",
        artifact_format: tth_service_pb2.ArtifactFormat = tth_service_pb2.ARTIFACT_FORMAT_MP4,
        wait_ms: int = 10_000,
    ) -> tth_service_pb2.Job:
        """Make one turn into a file, as fast as the server can. Returns when done or after `wait_ms`: look at state."""
        user_text = converse_pb2.UserText(text=text, mode=mode, controls=controls, language_code=language_code)
        request = tth_service_pb2.GenerateRequest(
            schema_version=SCHEMA_VERSION,
            request_id=str(uuid.uuid4()),
            user_text=user_text,
            format=artifact_format,
            wait_ms=wait_ms,
        )
        deadline_s = DEFAULT_DEADLINE_S + wait_ms / 1000
        return (
            await self._reply(
                self._stub.Generate(request, timeout=deadline_s, metadata=self._metadata, wait_for_ready=True)
            )
        ).job

    async def get_job(self, job_id: str) -> tth_service_pb2.Job:
        """How a batch job stands."""
        request = tth_service_pb2.GetJobRequest(job_id=job_id)
        return (await self._reply(self._stub.GetJob(request, timeout=DEFAULT_DEADLINE_S, metadata=self._metadata))).job

    async def cancel_job(self, job_id: str) -> tth_service_pb2.Job:
        """Stop a batch job."""
        request = tth_service_pb2.CancelJobRequest(job_id=job_id)
        return (
            await self._reply(self._stub.CancelJob(request, timeout=DEFAULT_DEADLINE_S, metadata=self._metadata))
        ).job

    async def download(self, job_id: str, path: Path | str, *, deadline_s: float = 120.0) -> int:
        """Bring a finished job's file here; `path` appears when it is complete. Returns its size in bytes."""
        target = Path(path)
        part = target.with_name(target.name + ".part")
        request = tth_service_pb2.DownloadArtifactRequest(job_id=job_id)
        call = self._stub.DownloadArtifact(request, timeout=deadline_s, metadata=self._metadata)
        try:
            with part.open("wb") as file:
                async for chunk in call:
                    file.write(chunk.data)
                size_bytes = file.tell()
            os.replace(part, target)
        except grpc.aio.AioRpcError as error:
            raise from_grpc(error) from None
        finally:
            call.cancel()
            part.unlink(missing_ok=True)
        return size_bytes

    async def list_models(self) -> tth_service_pb2.ListModelsResponse:
        """Adapters, personas, languages and ranges of the server: all pages in one answer."""
        result = tth_service_pb2.ListModelsResponse()
        while True:
            request = tth_service_pb2.ListModelsRequest(page_size=100, page_token=result.next_page_token)
            page = await self._reply(
                self._stub.ListModels(request, timeout=DEFAULT_DEADLINE_S, metadata=self._metadata)
            )
            models = [*result.models, *page.models]
            result = page
            result.ClearField("models")
            result.models.extend(models)
            if not result.next_page_token:
                return result

    async def health(self) -> tth_service_pb2.HealthResponse:
        """Detailed health, component by component."""
        request = tth_service_pb2.HealthRequest(include_components=True)
        return await self._reply(self._stub.Health(request, timeout=DEFAULT_DEADLINE_S, metadata=self._metadata))

    @property
    def _stub(self) -> TthServiceAsyncStub:
        return TthServiceStub(self.channel)

    async def _reply(self, call: Awaitable[Reply]) -> Reply:
        try:
            return await call
        except grpc.aio.AioRpcError as error:
            raise from_grpc(error) from None
