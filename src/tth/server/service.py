"""The gRPC service: translation and flow, no decisions. Tests: tests/server/."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from tth import SCHEMA_VERSION, __version__
from tth.adapters.base import Adapter, Health
from tth.core.text_rules import check_language
from tth.errors import Conflict, Draining, TTHError, invalid_field
from tth.face.parameters import BLENDSHAPES
from tth.model.events import GoAway, TurnOutcome
from tth.model.ids import new_session_id
from tth.server.convert import incoming, outgoing
from tth.server.convert.jobs import job_message
from tth.server.models import ModelCatalogue
from tth.server.readiness import Readiness, Status
from tth.server.stream import ConverseStream, StreamLimits
from tth.session.conversation import Conversation
from tth.session.engine import Engine
from tth.session.jobs import Job, Jobs, JobState
from tth.session.keeper import Keeper
from tth.session.resuming import Resuming
from tth.session.store import MemorySessions
from tth.session.terms import SessionTerms
from tth.v1 import converse_pb2, tth_service_pb2, tth_service_pb2_grpc

log = logging.getLogger(__name__)

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

DEFAULT_WAIT_MS, MAX_WAIT_MS = 10_000, 60_000
DOWNLOAD_CHUNK_BYTES = 65_536
MAX_REQUEST_ID = 128
HEALTH_S = 2.0
"""For one adapter to say how it is; probes give up after some seconds."""
_SUFFIX = {
    tth_service_pb2.ARTIFACT_FORMAT_UNSPECIFIED: ".mp4",
    tth_service_pb2.ARTIFACT_FORMAT_MP4: ".mp4",
    tth_service_pb2.ARTIFACT_FORMAT_WAV: ".wav",
    tth_service_pb2.ARTIFACT_FORMAT_MOV: ".mov",
}


class TthService(tth_service_pb2_grpc.TthServiceServicer):
    """All RPCs. Errors are raised as TTHError and become statuses in the interceptor."""

    def __init__(
        self,
        engine: Engine,
        sessions: MemorySessions,
        jobs: Jobs,
        readiness: Readiness,
        catalogue: ModelCatalogue,
        stream_limits: StreamLimits,
        keeper: Keeper | None = None,
    ) -> None:
        self._engine = engine
        self._sessions = sessions
        self._jobs = jobs
        self._readiness = readiness
        self._catalogue = catalogue
        self._stream_limits = stream_limits
        self._keeper = keeper
        self._resuming = Resuming(sessions, engine, keeper)
        self._started_s = engine.clock.now_s()
        self._ended: dict[str, int] = {}  # ended session -> its turn count, so that EndSession is idempotent

    # ---- sessions

    async def CreateSession(  # noqa: N802
        self, request: tth_service_pb2.CreateSessionRequest, context: Context
    ) -> tth_service_pb2.CreateSessionResponse:
        incoming.check_schema(request.schema_version)
        self._check_ready()
        _check_request_id(request.request_id)
        conversation = self._sessions.of_request(request.request_id) if request.request_id else None
        if conversation is None:
            conversation = self._new_conversation(request)
            self._sessions.add(conversation, request.request_id)
            if self._keeper is not None:
                self._keeper.keep(conversation)
                await conversation.handover.on_record()  # so that it is there, whatever becomes of this server
        return tth_service_pb2.CreateSessionResponse(
            schema_version=SCHEMA_VERSION,
            session_id=conversation.session_id,
            expire_time=_timestamp(self._sessions.expires_ms(conversation)),
            control_report=outgoing.report_message(conversation.layers.now().report),
            media=outgoing.media_message(conversation.media),
            resume_handle=conversation.resumption.handle.reveal(),
            blendshape_names=BLENDSHAPES if conversation.media.motion else (),
        )

    def _new_conversation(self, request: tth_service_pb2.CreateSessionRequest) -> Conversation:
        engine = self._engine
        self._sessions.check_room()
        overlap = incoming.overlap_of(request.overlap_policy)
        media = incoming.media_of(request.media, engine.default_media)
        self._catalogue.check_media(media)
        check_language(request.language_code, "language_code")
        language = request.language_code or engine.default_language
        patch = incoming.patch_of(request.controls)
        return Conversation(SessionTerms(new_session_id(), language, media, overlap), engine, patch)

    async def GetSession(  # noqa: N802
        self, request: tth_service_pb2.GetSessionRequest, context: Context
    ) -> tth_service_pb2.GetSessionResponse:
        conversation = self._sessions.get(request.session_id)
        return tth_service_pb2.GetSessionResponse(
            session_id=conversation.session_id,
            state=conversation.state,
            turn_count=conversation.turns.count,
            current_turn_id=conversation.current_turn_id,
            queued_turn_count=conversation.turns.waiting_count,
            overlap_policy=f"OVERLAP_POLICY_{conversation.terms.overlap.name}",
            attached=conversation.is_attached,
            control_report=outgoing.report_message(conversation.layers.now().report),
            media=outgoing.media_message(conversation.media),
            create_time=_timestamp(conversation.created_ms),
            expire_time=_timestamp(self._sessions.expires_ms(conversation)),
        )

    async def EndSession(  # noqa: N802
        self, request: tth_service_pb2.EndSessionRequest, context: Context
    ) -> tth_service_pb2.EndSessionResponse:
        if request.session_id in self._ended:
            return tth_service_pb2.EndSessionResponse(turn_count=self._ended[request.session_id])
        conversation = self._sessions.get(request.session_id)
        await self.end_session(conversation, "SESSION_ENDED")
        return tth_service_pb2.EndSessionResponse(turn_count=conversation.turns.count)

    async def end_session(
        self, conversation: Conversation, reason: str, outcome: TurnOutcome = TurnOutcome.CANCELLED
    ) -> None:
        """Stop and forget a session; an attached client is told why and its stream ends with OK."""
        self._sessions.remove(conversation)
        self._ended[conversation.session_id] = conversation.turns.count
        if len(self._ended) > 10_000:
            del self._ended[next(iter(self._ended))]
        if not conversation.is_leaving:
            conversation.go_away(GoAway("disconnect", 0, reason))
        if self._keeper is not None:
            await self._keeper.forget(conversation)
        await conversation.aclose(outcome)

    async def Converse(  # type: ignore[override]  # noqa: N802  (coroutine style: see docs/architecture.md)
        self, request_iterator: AsyncIterator[converse_pb2.ConverseRequest], context: Context
    ) -> None:
        self._check_ready()
        stream = ConverseStream(self._sessions, self._resuming, self._engine.clock, self._stream_limits)
        await stream.run(request_iterator, context)

    # ---- batch

    async def Generate(  # noqa: N802
        self, request: tth_service_pb2.GenerateRequest, context: Context
    ) -> tth_service_pb2.GenerateResponse:
        incoming.check_schema(request.schema_version)
        self._check_ready()
        _check_request_id(request.request_id)
        wait_ms = request.wait_ms if request.HasField("wait_ms") else DEFAULT_WAIT_MS
        if not 0 <= wait_ms <= MAX_WAIT_MS:
            raise invalid_field("wait_ms", f"0..{MAX_WAIT_MS}")
        if request.format not in _SUFFIX:
            raise invalid_field("format", "ARTIFACT_FORMAT_MP4, ARTIFACT_FORMAT_MOV or ARTIFACT_FORMAT_WAV")
        order = incoming.user_text_of(request.user_text)
        job = self._jobs.submit(request.request_id, order, _SUFFIX[request.format])
        try:
            async with asyncio.timeout(wait_ms / 1000):
                await job.over.wait()
        except TimeoutError:
            pass
        return tth_service_pb2.GenerateResponse(job=job_message(job))

    async def GetJob(  # noqa: N802
        self, request: tth_service_pb2.GetJobRequest, context: Context
    ) -> tth_service_pb2.GetJobResponse:
        return tth_service_pb2.GetJobResponse(job=job_message(self._jobs.get(request.job_id)))

    async def CancelJob(  # noqa: N802
        self, request: tth_service_pb2.CancelJobRequest, context: Context
    ) -> tth_service_pb2.CancelJobResponse:
        job = self._jobs.cancel(request.job_id)
        await job.over.wait()  # a stopped turn is over within milliseconds; the call's own deadline bounds the wait
        return tth_service_pb2.CancelJobResponse(job=job_message(job))

    async def DownloadArtifact(  # type: ignore[override]  # noqa: N802
        self, request: tth_service_pb2.DownloadArtifactRequest, context: Context
    ) -> None:
        job = self._jobs.get(request.job_id)
        if job.state is not JobState.SUCCEEDED:
            raise Conflict(f"job_id: the job is {job.state}, only a succeeded one has a file", "NO_ARTIFACT")
        offset = request.offset_bytes
        if not 0 <= offset <= job.size_bytes:
            raise invalid_field("offset_bytes", f"0..{job.size_bytes}")
        while True:
            try:
                data = await asyncio.to_thread(_read, job, offset)
            except FileNotFoundError:
                raise Conflict("job_id: the job's file is no longer there", "NO_ARTIFACT") from None
            if not data:
                return
            await context.write(
                tth_service_pb2.DownloadArtifactResponse(data=data, offset_bytes=offset, size_bytes=job.size_bytes)
            )
            offset += len(data)

    # ---- about the server

    async def ListModels(  # noqa: N802
        self, request: tth_service_pb2.ListModelsRequest, context: Context
    ) -> tth_service_pb2.ListModelsResponse:
        return await asyncio.to_thread(self._catalogue.page, request)  # the first one imports every adapter

    async def Health(  # noqa: N802
        self, request: tth_service_pb2.HealthRequest, context: Context
    ) -> tth_service_pb2.HealthResponse:
        readiness = self._readiness
        response = tth_service_pb2.HealthResponse(
            status=_health(readiness.status),
            version=__version__,
            profile=self._catalogue.profile,
            uptime_s=self._engine.clock.now_s() - self._started_s,
            session_count=len(self._sessions),
            turn_count=sum(conversation.state != "idle" for conversation in self._sessions.all()),
        )
        if request.include_components:
            await self._add_components(response)
            if self._keeper is not None:
                self._add_store(response, self._keeper)
        return response

    async def _add_components(self, response: tth_service_pb2.HealthResponse) -> None:
        now = {f"{adapter.role}/{adapter.name}": await _health_of(adapter) for adapter in self._engine.adapters}
        for component in self._readiness.components.values():
            health = now[component.component]
            is_broken = component.status is Status.SERVING and not health.ok
            response.components.add(
                component=component.component,
                status=_health(Status.DEGRADED if is_broken else component.status),
                detail=health.detail or component.detail,
                load_ms=component.load_ms,
            )
            if is_broken and response.status == tth_service_pb2.HEALTH_STATUS_SERVING:
                response.status = tth_service_pb2.HEALTH_STATUS_DEGRADED

    def _add_store(self, response: tth_service_pb2.HealthResponse, keeper: Keeper) -> None:
        health = keeper.health
        status = Status.SERVING if health.ok else Status.DEGRADED
        response.components.add(component=keeper.component, status=_health(status), detail=health.detail)
        if not health.ok and response.status == tth_service_pb2.HEALTH_STATUS_SERVING:
            response.status = tth_service_pb2.HEALTH_STATUS_DEGRADED

    def _check_ready(self) -> None:
        error = refusal(self._readiness.status)
        if error is not None:
            raise error


def refusal(status: Status) -> TTHError | None:
    """Why no new work is taken now; None when it is."""
    if status is Status.STARTING:
        return Draining("the server is loading its adapters", "STARTING", retry_after_ms=1000)
    if status is Status.DRAINING:
        return Draining("the server is going away; use another one", retry_after_ms=1000)
    if status is Status.FAILED:
        return Draining("an adapter could not be loaded; see Health", "NOT_READY", retry_after_ms=30_000)
    return None


async def _health_of(adapter: Adapter) -> Health:
    """How an adapter says it is; one that does not say so at once, or breaks, is not well."""
    try:
        async with asyncio.timeout(HEALTH_S):
            return await adapter.health()
    except TimeoutError:
        return Health(ok=False, detail=f"gave no answer within {HEALTH_S:g} s")
    except Exception as error:
        log.warning("health check failed", exc_info=error, extra={"role": adapter.role, "adapter": adapter.name})
        return Health(ok=False, detail=type(error).__name__)


def _check_request_id(request_id: str) -> None:
    if len(request_id) > MAX_REQUEST_ID:
        raise invalid_field("request_id", f"at most {MAX_REQUEST_ID} characters")


def _timestamp(unix_ms: int) -> Timestamp:
    stamp = Timestamp()
    stamp.FromMilliseconds(unix_ms)
    return stamp


def _health(status: Status) -> tth_service_pb2.HealthStatus:
    return tth_service_pb2.HealthStatus.Value(f"HEALTH_STATUS_{status.name}")  # type: ignore[return-value]


def _read(job: Job, offset: int) -> bytes:
    with job.path.open("rb") as file:
        file.seek(offset)
        return file.read(DOWNLOAD_CHUNK_BYTES)
