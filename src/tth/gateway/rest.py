"""The calls that are no conversation, as JSON over HTTP: which path is which, and how a request becomes a message.

Tests: tests/gateway/test_rest.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

import grpc
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from tth.gateway.access import Access
from tth.gateway.dialect import bearer_of, parsed, text_of
from tth.gateway.refusal import Refusal, invalid
from tth.gateway.routes import Route
from tth.gateway.target import SERVICE, Metadata, Target
from tth.v1 import tth_service_pb2

DEADLINE_S = 15.0
"""For calls that answer at once."""
_METHODS = tth_service_pb2.DESCRIPTOR.services_by_name[SERVICE.rpartition(".")[2]].methods_by_name


class Field(Protocol):
    """A field's descriptor, as far as it must be known here: protobuf has several classes of them."""

    @property
    def name(self) -> str: ...

    @property
    def type(self) -> int: ...


class Rest:
    """Answers the calls of the table (tth.gateway.routes)."""

    def __init__(self, target: Target, access: Access, max_request_bytes: int, body_s: float) -> None:
        self._target = target
        self._access = access
        self._max_request_bytes = max_request_bytes
        self._body_s = body_s

    async def answer(self, route: Route, request: Request) -> Response:
        """Ask the server and give its answer. Raises Refusal."""
        metadata = self.metadata(request)
        message = GetMessageClass(_METHODS[route.call].input_type)()
        if route.has_body:
            body = await self._body(request)
            if body.strip():
                parsed(body, message)
        fill(message, request.path_params, request.query_params.multi_items())
        deadline_s = DEADLINE_S + getattr(message, "wait_ms", 0) / 1000
        data = await self._target.ask(route.call, message, min(deadline_s, 2 * 60.0), metadata)
        answer = GetMessageClass(_METHODS[route.call].output_type).FromString(data)
        return Response(text_of(answer), media_type="application/json", headers={"cache-control": "no-store"})

    def metadata(self, request: Request) -> Metadata:
        """What the caller may show to the server. Raises Refusal."""
        return self._access.metadata(bearer_of(request.headers.get("authorization", "")))

    async def _body(self, request: Request) -> bytes:
        """The whole body, bounded in length and time. Raises Refusal."""
        declared = request.headers.get("content-length", "0")
        if int(declared) > self._max_request_bytes:
            raise self._too_long()
        body = bytearray()
        try:
            async with asyncio.timeout(self._body_s):
                async for part in request.stream():
                    body += part
                    if len(body) > self._max_request_bytes:
                        raise self._too_long()
        except TimeoutError:
            message = f"the body did not arrive within {self._body_s:g} s"
            raise Refusal(grpc.StatusCode.DEADLINE_EXCEEDED, "BODY_TIMEOUT", message, http_status=408) from None
        except ClientDisconnect:
            message = "the caller has left before its body was whole"
            raise Refusal(grpc.StatusCode.CANCELLED, "BODY_TIMEOUT", message) from None
        return bytes(body)

    def _too_long(self) -> Refusal:
        message = f"body: must have at most {self._max_request_bytes} bytes (gateway.max_request_bytes)"
        return Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LONG", message, http_status=413)


def fill(message: Message, path: Mapping[str, str], query: list[tuple[str, str]]) -> None:
    """Set the fields that path and query name. Raises Refusal for a name or a value that the message has not."""
    fields = {field.name: field for field in message.DESCRIPTOR.fields} | {
        field.json_name: field for field in message.DESCRIPTOR.fields
    }
    for name, text in path.items():
        setattr(message, name, text)
    for name, text in query:
        field = fields.get(name)
        if field is None or field.name in path or field.type not in _READERS:
            known = ", ".join(sorted({one.name for one in fields.values() if one.type in _READERS} - set(path)))
            raise invalid("query", f"one of: {known}" if known else "empty")
        setattr(message, field.name, _value(field, text))


def _value(field: Field, text: str) -> str | int | bool:
    allowed, read = _READERS[field.type]
    try:
        return read(text)
    except (ValueError, KeyError):
        raise invalid(field.name, allowed) from None


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _int32(text: str) -> int:
    number = int(text)
    if not -(2**31) <= number < 2**31:
        raise ValueError
    return number


_READERS: Mapping[int, tuple[str, Callable[[str], str | int | bool]]] = {
    FieldDescriptor.TYPE_STRING: ("a text", str),
    FieldDescriptor.TYPE_BOOL: ("true or false", _boolean),
    FieldDescriptor.TYPE_INT32: ("a whole number of 32 bits", _int32),
}
