"""Files that are too large to be kept in memory: a job's artifact, a look's head.

Tests: tests/gateway/test_downloads.py.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

from tth.client.errors import from_grpc
from tth.gateway.heads import MEDIA_TYPE, Head
from tth.gateway.page import ASK_AGAIN, is_known
from tth.gateway.refusal import Refusal, of_rpc
from tth.gateway.target import Metadata, Target
from tth.v1.tth_service_pb2 import (
    DownloadArtifactRequest,
    DownloadArtifactResponse,
    GetJobRequest,
    GetJobResponse,
)

if TYPE_CHECKING:
    from tth.gateway.target import BytesAnswers

DEADLINE_S = 15.0
DOWNLOAD_S = 3600.0
"""For a whole file, on the thinnest line."""
_SUFFIXES = {"video/mp4": ".mp4", "audio/wav": ".wav", "audio/x-wav": ".wav", "video/quicktime": ".mov"}
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes of a file that are sent: from `start` to before `stop`."""

    start: int
    stop: int
    size: int

    @property
    def is_whole(self) -> bool:
        return self.start == 0 and self.stop == self.size


def span_of(header: str | None, size: int) -> Span:
    """What a `Range` header asks of a file of `size` bytes: one range, or all of it where the header asks for anything
    else, as RFC 9110 allows. Raises Refusal when it begins behind the end."""
    found = _RANGE.fullmatch((header or "").strip())
    if found is None or not size:
        return Span(0, size, size)
    start, stop = int(found[1]), int(found[2]) + 1 if found[2] else size
    if start >= size or stop <= start:
        message = f"Range: must begin within the {size} bytes of the file"
        raise Refusal(grpc.StatusCode.OUT_OF_RANGE, "RANGE_INVALID", message, http_status=416)
    return Span(start, min(stop, size), size)


async def artifact(target: Target, job_id: str, request: Request, metadata: Metadata) -> Response:
    """A finished job's file, all of it or the range that was asked for. Raises Refusal."""
    data = await target.ask("GetJob", GetJobRequest(job_id=job_id), DEADLINE_S, metadata)
    made = GetJobResponse.FromString(data).job.artifact
    span = span_of(request.headers.get("range"), made.size_bytes)
    wanted = DownloadArtifactRequest(job_id=job_id, offset_bytes=span.start)
    call = target.answers("DownloadArtifact", wanted, DOWNLOAD_S, metadata)
    parts = _parts(call, span.stop - span.start)
    first = await anext(parts, b"")  # what is wrong shows here, while it can still be said
    headers = {
        "accept-ranges": "bytes",
        "content-length": str(span.stop - span.start),
        "cache-control": "private, max-age=3600",
        "content-disposition": f'inline; filename="{_safe(job_id)}{_SUFFIXES.get(made.media_type, "")}"',
    }
    if not span.is_whole:
        headers["content-range"] = f"bytes {span.start}-{span.stop - 1}/{span.size}"
    status = 200 if span.is_whole else 206
    return StreamingResponse(_joined(first, parts), status, headers, made.media_type or "application/octet-stream")


async def _parts(call: BytesAnswers, count: int) -> AsyncIterator[bytes]:
    """`count` bytes of an artifact. Raises Refusal."""
    try:
        async for data in call:
            part = DownloadArtifactResponse.FromString(data).data[:count]
            count -= len(part)
            yield part
            if count <= 0:
                return
    except grpc.aio.AioRpcError as error:
        raise of_rpc(from_grpc(error)) from None
    finally:
        call.cancel()


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in rest:
        yield part


def head_response(head: Head, request: Request) -> Response:
    """A head, packed where the client takes that, or 304 where it has it."""
    headers = {"etag": head.etag, "cache-control": ASK_AGAIN, "vary": "Accept-Encoding"}
    if is_known(head.etag, request):
        return Response(status_code=304, headers=headers)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return FileResponse(head.path, headers=headers, media_type=MEDIA_TYPE)
    return FileResponse(head.packed, headers=headers | {"content-encoding": "gzip"}, media_type=MEDIA_TYPE)


def _safe(job_id: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "", job_id)
