"""A small scripted service over a real channel: what the client's tests talk to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from tth.v1 import media_pb2, tth_service_pb2
from tth.v1.converse_pb2 import ConverseRequest, ConverseResponse
from tth.v1.tth_service_pb2_grpc import TthServiceServicer, add_TthServiceServicer_to_server

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[ConverseRequest, ConverseResponse]
Script = Callable[["Peer"], Awaitable[None]]


class Peer:
    """The server's end of one stream, as a script sees it."""

    def __init__(self, requests: AsyncIterator[ConverseRequest], context: Context) -> None:
        self.context = context
        self._requests = requests
        self._seq = 0

    async def receive(self) -> ConverseRequest | None:
        """The next message of the client; None after it half-closed."""
        return await anext(aiter(self._requests), None)

    async def expect(self, payload: str) -> ConverseRequest:
        """The next message, which must be of this kind; pings are skipped."""
        while (message := await self.receive()) is not None:
            if message.WhichOneof("payload") == payload:
                return message
            assert message.WhichOneof("payload") == "ping", message
        raise AssertionError(f"the client half-closed in place of {payload}")

    async def send(self, *events: ConverseResponse) -> None:
        """Number the events and write them."""
        for event in events:
            self._seq += 1
            event.seq = self._seq
            await self.context.write(event)


class ScriptedService(TthServiceServicer):
    """Unary calls answer with what was put into `answers`; Converse runs the script."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script
        self.answers: dict[str, Any] = {}
        self.requests: list[Any] = []
        self.ended = asyncio.Event()
        """A Converse handler has ended, in whatever way."""

    async def Converse(self, request_iterator: Any, context: Any) -> None:  # type: ignore[override]
        assert self.script is not None
        try:
            await self.script(Peer(request_iterator, context))
        finally:
            self.ended.set()

    async def CreateSession(self, request: Any, context: Any) -> Any:
        return await self._answer("CreateSession", request, context)

    async def GetSession(self, request: Any, context: Any) -> Any:
        return await self._answer("GetSession", request, context)

    async def EndSession(self, request: Any, context: Any) -> Any:
        return await self._answer("EndSession", request, context)

    async def Generate(self, request: Any, context: Any) -> Any:
        return await self._answer("Generate", request, context)

    async def GetJob(self, request: Any, context: Any) -> Any:
        return await self._answer("GetJob", request, context)

    async def CancelJob(self, request: Any, context: Any) -> Any:
        return await self._answer("CancelJob", request, context)

    async def Health(self, request: Any, context: Any) -> Any:
        return await self._answer("Health", request, context)

    async def ListModels(self, request: Any, context: Any) -> Any:
        return await self._answer("ListModels" + request.page_token, request, context)

    async def DownloadArtifact(self, request: Any, context: Any) -> AsyncIterator[Any]:
        for data in await self._answer("DownloadArtifact", request, context):
            yield tth_service_pb2.DownloadArtifactResponse(data=data)

    async def _answer(self, name: str, request: Any, context: Any) -> Any:
        self.requests.append(request)
        answer = self.answers[name]
        if isinstance(answer, status_pb2.Status):
            await context.abort_with_status(rpc_status.to_status(answer))
        return answer


@asynccontextmanager
async def serving(service: ScriptedService) -> AsyncIterator[str]:
    """Serve on a free loopback port; gives "host:port"."""
    server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
    add_TthServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)


def refusal(code: int, reason: str, message: str, *fields: tuple[str, str]) -> status_pb2.Status:
    """A status with the details that the real server sends."""
    info, request, details = error_details_pb2.ErrorInfo(reason=reason, domain="tth"), None, []
    for path, allowed in fields:
        request = request or error_details_pb2.BadRequest()
        request.field_violations.add(field=path, description=allowed)
    for item in (info, request):
        if item is not None:
            packed = any_pb2.Any()
            packed.Pack(item)
            details.append(packed)
    return status_pb2.Status(code=code, message=message, details=details)


def audio(turn_id: str, pts_us: int, data: bytes = bytes(960)) -> ConverseResponse:
    """One chunk of silence."""
    count = len(data) // 2
    chunk = media_pb2.AudioChunk(
        data=data,
        codec=media_pb2.AUDIO_CODEC_PCM_S16LE,
        sample_rate_hz=24_000,
        channel_count=1,
        pts_us=pts_us,
        sample_count=count,
        duration_us=count * 1_000_000 // 24_000,
    )
    return ConverseResponse(turn_id=turn_id, audio_chunk=chunk)


def video(
    turn_id: str,
    pts_us: int,
    data: bytes = b"x",
    *,
    keyframe: bool = False,
    codec: media_pb2.VideoCodec = media_pb2.VIDEO_CODEC_H264,
    kind: media_pb2.FrameKind = media_pb2.FRAME_KIND_SPEAKING,
    size: tuple[int, int] = (128, 96),
) -> ConverseResponse:
    """One frame of 40 ms."""
    frame = media_pb2.VideoFrame(
        data=data,
        codec=codec,
        width_px=size[0],
        height_px=size[1],
        pts_us=pts_us,
        duration_us=40_000,
        keyframe=keyframe,
        kind=kind,
    )
    return ConverseResponse(turn_id=turn_id, video_frame=frame)
