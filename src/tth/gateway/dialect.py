"""How one WebSocket frame holds one message: as it is, or as canonical protobuf JSON. Pure.

Tests: tests/gateway/test_dialect.py.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Protocol, TypeVar

import grpc
from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message

from tth.client.errors import Violation
from tth.gateway.json_faults import Fault, fault_in
from tth.gateway.refusal import UNREADABLE, WRONG_KIND, Refusal
from tth.v1.converse_pb2 import ConverseRequest, ConverseResponse

Frame = str | bytes
Made = TypeVar("Made", bound=Message)
REASON = "MESSAGE_UNREADABLE"
MAX_DEPTH = 32
"""Messages of the contract are five deep; Python's own reader would go as deep as its stack."""
MAX_TOKEN_CHARACTERS = 4096
_BEARER = re.compile(rf"Bearer ([\x21-\x7e]{{1,{MAX_TOKEN_CHARACTERS}}})", re.IGNORECASE)


class Dialect(Protocol):
    """One way to write messages into frames."""

    @property
    def name(self) -> str:
        """The WebSocket subprotocol."""
        ...

    def read(self, frame: Frame) -> tuple[ConverseRequest, bytes]:
        """A client's message, checked, and its bytes for the server. Raises Refusal."""
        ...

    def write(self, data: bytes) -> Frame:
        """A message of the server's as a frame."""
        ...


@dataclass(frozen=True, slots=True)
class Binary:
    """The message's own bytes, both ways, untouched."""

    name: str = "tth.v1.proto"

    def read(self, frame: Frame) -> tuple[ConverseRequest, bytes]:
        if isinstance(frame, str):
            raise _wrong_kind("binary frames, one ConverseRequest in each (text is for the subprotocol tth.v1.json)")
        try:
            return ConverseRequest.FromString(frame), frame
        except DecodeError:
            raise _unreadable("the frame is no ConverseRequest, or a text in it is not UTF-8") from None

    def write(self, data: bytes) -> Frame:
        return data


@dataclass(frozen=True, slots=True)
class Json:
    """Canonical protobuf JSON, for people who want to read: a third larger, and slower."""

    name: str = "tth.v1.json"

    def read(self, frame: Frame) -> tuple[ConverseRequest, bytes]:
        if isinstance(frame, bytes):
            raise _wrong_kind("text frames, one ConverseRequest as JSON in each (bytes are for tth.v1.proto)")
        message = parsed(frame, ConverseRequest())
        return message, message.SerializeToString()

    def write(self, data: bytes) -> Frame:
        return text_of(ConverseResponse.FromString(data))


DIALECTS: tuple[Dialect, ...] = (Binary(), Json())
"""The first one where a client asks for none."""


def dialect_of(offered: list[str]) -> Dialect:
    """The first of the client's subprotocols that is ours. Raises Refusal when it offers others only."""
    known = {dialect.name: dialect for dialect in DIALECTS}
    for name in offered:
        if name in known:
            return known[name]
    if offered:
        message = f"Sec-WebSocket-Protocol: must be one of {', '.join(known)}, or be left out"
        raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, "SUBPROTOCOL_UNKNOWN", message)
    return DIALECTS[0]


def parsed(text: str | bytes, message: Made) -> Made:
    """JSON read into `message`. Raises Refusal, which names the field and repeats nothing of the text."""
    try:
        json_format.Parse(text, message, max_recursion_depth=MAX_DEPTH)
        is_object = text.lstrip()[:1] in ("{", b"{")  # a list is taken by protobuf's reader as well
    except (json_format.ParseError, RecursionError, ValueError, OverflowError, AttributeError, TypeError):
        is_object = False
    if not is_object:
        raise _unreadable_json(text, message)
    return message


def text_of(message: Message) -> str:
    """A message as JSON in one line."""
    return json_format.MessageToJson(message, indent=None, ensure_ascii=False)


def token_in(frame: Frame) -> str | None:
    """The token of a first message `{"authorization": "Bearer ..."}`; None when it is another message."""
    if not isinstance(frame, str) or len(frame) > 2 * MAX_TOKEN_CHARACTERS:
        return None
    try:
        content = json.loads(frame)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or list(content) != ["authorization"]:
        return None
    return bearer_of(str(content["authorization"])) or ""


def bearer_of(header: str) -> str | None:
    """The token of an `Authorization: Bearer` header; None when it is none."""
    found = _BEARER.fullmatch(header)
    return found[1] if found else None


def _wrong_kind(wanted: str) -> Refusal:
    code = grpc.StatusCode.INVALID_ARGUMENT
    return Refusal(code, "FRAME_KIND_WRONG", f"this WebSocket takes {wanted}", close_code=WRONG_KIND)


def _unreadable_json(text: str | bytes, message: Message) -> Refusal:
    name = message.DESCRIPTOR.name
    fault = fault_in(text, message.DESCRIPTOR) or Fault("", f"a {name} as canonical protobuf JSON")
    refusal = _unreadable(f"{fault.field or name}: must be {fault.allowed}")
    if fault.field:
        refusal.violations = (Violation(fault.field, f"must be {fault.allowed}"),)
    return refusal


def _unreadable(message: str) -> Refusal:
    return Refusal(grpc.StatusCode.INVALID_ARGUMENT, REASON, message, close_code=UNREADABLE)
