"""Between a program and the server: passes every call on, byte for byte, and writes down what went by.

What a program claims is compared with this record, so that it need not be believed.
Tests: tests/clients/test_tampered.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from clients.conformance.relay import Relay
from clients.conformance.secure import Secure
from tth.v1.converse_pb2 import ConverseRequest, ConverseResponse

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[bytes, bytes]
    UpstreamCall = grpc.aio.StreamStreamCall[bytes, bytes]
    OpenUpstream = grpc.aio.StreamStreamMultiCallable[bytes, bytes]

CONVERSE = "/tth.v1.TthService/Converse"
CREATE_SESSION = "/tth.v1.TthService/CreateSession"
MEDIA = frozenset({"text_delta", "audio_chunk", "video_frame", "motion_frame", "word_timing"})
TERMINAL = frozenset({"turn_complete", "turn_stopped"})
DETAILS_KEY = "grpc-status-details-bin"
INTERRUPT_HELD_S = 0.25
"""As a slow network would: what the server sends until then is stale when it arrives."""
_BREAK_TOLD_S = 0.05
"""A broken call looks like a half-closed one at first; this task is cancelled within this time then."""
_CUT_AFTER_S = 0.05
_STOP_S = 2.0
_UNLIMITED = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))
_OF_THE_TRANSPORT = frozenset({"user-agent", "grpc-timeout", "content-type", "te"})

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Passed(Generic[M]):
    """One message that went by."""

    at: int
    """Its place among all messages of the record, in both directions."""
    message: M


@dataclass(frozen=True, slots=True)
class Status:
    """How a call ended."""

    code: str
    """The name of the gRPC code."""
    reason: str = ""
    fields: tuple[str, ...] = ()

    @property
    def retryable(self) -> bool:
        return self.code in ("UNAVAILABLE", "RESOURCE_EXHAUSTED")


@dataclass(slots=True)
class Call:
    """One call of the program."""

    method: str
    raw_up: list[Passed[bytes]] = field(default_factory=list)
    raw_down: list[Passed[bytes]] = field(default_factory=list)
    is_half_closed: bool = False
    """The program has said that it sends nothing more."""
    status: Status | None = None
    """None: the program broke it, or it still runs."""

    @property
    def up(self) -> list[Passed[ConverseRequest]]:
        return [Passed(item.at, ConverseRequest.FromString(item.message)) for item in self.raw_up]

    @property
    def down(self) -> list[Passed[ConverseResponse]]:
        return [Passed(item.at, ConverseResponse.FromString(item.message)) for item in self.raw_down]


@dataclass(slots=True)
class Wire:
    """All calls of one program in one case, in the order in which they began."""

    calls: list[Call] = field(default_factory=list)
    count: int = 0
    """Messages so far."""
    connections: int = 0
    """TCP connections that the program has made, when it has ended."""

    def of(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def next(self, data: bytes) -> Passed[bytes]:
        self.count += 1
        return Passed(self.count, data)


def kind(message: ConverseRequest | ConverseResponse) -> str:
    """Name of its payload; empty when it has none that we know."""
    return message.WhichOneof("payload") or ""


@asynccontextmanager
async def recording(target: str | Secure, wire: Wire, *, cut_after_chunks: int | None = None) -> AsyncIterator[str]:
    """The address at which a program reaches the server at `target`; what it does there comes into `wire`.

    A closed server is as closed to the program: TLS ends here, and begins anew. cut_after_chunks: once, when so many
    audio chunks have been sent, all TCP connections of the program are reset.
    """
    server = grpc.aio.server(options=_UNLIMITED)
    async with _channel(target) as channel, Relay() as relay:
        server.add_generic_rpc_handlers((_EveryMethod(channel, wire, relay, cut_after_chunks),))
        if isinstance(target, Secure):
            relay.port_behind = server.add_secure_port("127.0.0.1:0", target.tls.credentials())
        else:
            relay.port_behind = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            yield f"127.0.0.1:{relay.port}"
        finally:
            await server.stop(_STOP_S)
            wire.connections = relay.count


def _channel(target: str | Secure) -> grpc.aio.Channel:
    if isinstance(target, Secure):
        return grpc.aio.secure_channel(target.target, target.credentials, options=_UNLIMITED)
    return grpc.aio.insecure_channel(target, options=_UNLIMITED)


class _EveryMethod(grpc.GenericRpcHandler):
    """On the wire a unary call is a stream of one message, so one handler serves all."""

    def __init__(self, channel: grpc.aio.Channel, wire: Wire, relay: Relay, cut_after_chunks: int | None) -> None:
        self._channel = channel
        self._wire = wire
        self._relay = relay
        self._chunks_left = cut_after_chunks

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        method: str = details.method

        async def pass_on(requests: AsyncIterator[bytes], context: Context) -> None:
            call = Call(method)
            self._wire.calls.append(call)
            await self._pass_on(call, requests, context)

        return grpc.stream_stream_rpc_method_handler(pass_on)

    async def _pass_on(self, call: Call, requests: AsyncIterator[bytes], context: Context) -> None:
        metadata = [item for item in context.invocation_metadata() or () if item[0] not in _OF_THE_TRANSPORT]
        open_call: OpenUpstream = self._channel.stream_stream(call.method)
        upstream = open_call(metadata=metadata, timeout=context.time_remaining())
        going_up = asyncio.create_task(self._go_up(call, requests, upstream))
        try:
            async for data in upstream:
                call.raw_down.append(self._wire.next(data))
                await context.write(data)
                self._cut_in_time(call, data)
        except grpc.aio.AioRpcError:
            pass  # its status is passed on below
        finally:
            going_up.cancel()
            await asyncio.wait([going_up])
            upstream.cancel()
        await self._end(call, upstream, context)

    def _cut_in_time(self, call: Call, data: bytes) -> None:
        if not self._chunks_left or call.method != CONVERSE:
            return
        self._chunks_left -= ConverseResponse.FromString(data).HasField("audio_chunk")
        if not self._chunks_left:
            # What was just sent shall arrive: a reset takes away what the other end has not read.
            asyncio.get_running_loop().call_later(_CUT_AFTER_S, self._relay.cut)

    async def _go_up(self, call: Call, requests: AsyncIterator[bytes], upstream: UpstreamCall) -> None:
        try:
            async for data in requests:
                call.raw_up.append(self._wire.next(data))
                if call.method == CONVERSE and ConverseRequest.FromString(data).HasField("interrupt"):
                    await asyncio.sleep(INTERRUPT_HELD_S)
                await upstream.write(data)
            if call.method == CONVERSE:
                await asyncio.sleep(_BREAK_TOLD_S)
            call.is_half_closed = True
            await upstream.done_writing()
        except (grpc.aio.AioRpcError, grpc.aio.UsageError, asyncio.InvalidStateError):
            return  # the call has ended; whoever reads it knows why

    async def _end(self, call: Call, upstream: UpstreamCall, context: Context) -> None:
        code, trailers = await upstream.code(), tuple(await upstream.trailing_metadata() or ())
        call.status = _status(code, trailers)
        details = tuple((key, value) for key, value in trailers if key == DETAILS_KEY)
        if code is not grpc.StatusCode.OK:
            await context.abort(code, await upstream.details() or "", details)


def _status(code: grpc.StatusCode, trailers: tuple[tuple[str, str | bytes], ...]) -> Status:
    """With what its details say."""
    reason, fields = "", list[str]()
    for info, bad_request in _details(trailers):
        reason = info.reason or reason
        fields += [item.field for item in bad_request.field_violations]
    return Status(code.name, reason, tuple(fields))


def _details(
    trailers: tuple[tuple[str, str | bytes], ...],
) -> Iterator[tuple[error_details_pb2.ErrorInfo, error_details_pb2.BadRequest]]:
    for key, value in trailers:
        if key != DETAILS_KEY or isinstance(value, str):
            continue
        try:
            details = status_pb2.Status.FromString(value).details
        except DecodeError:
            continue
        for detail in details:
            info, bad_request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
            detail.Unpack(info)
            detail.Unpack(bad_request)
            yield info, bad_request
