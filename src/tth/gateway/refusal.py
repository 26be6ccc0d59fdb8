"""What the gateway answers when it cannot do what was asked: one value, shown as HTTP or as a WebSocket's end.

The server's own errors pass through here unchanged. Pure. Tests: tests/gateway/test_refusal.py.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import grpc

from tth.client.errors import UNREACHABLE, TthRpcError, Violation

OK, GOING_AWAY, WRONG_KIND, UNREADABLE, TOO_BIG = 1000, 1001, 1003, 1007, 1009
"""Close codes of RFC 6455 that are used."""
OWN_CODES = 4000
"""Other ends: this and the number of the gRPC status."""
MAX_CLOSE_REASON_BYTES = 123
"""RFC 6455, section 5.5: a control frame holds 125 bytes, two of them the code."""
CLOSE_SPARE_S = 5.0
"""On top of what turns may take to end: for the ends themselves."""
DRAINING = "DRAINING"

HTTP_STATUS: Mapping[grpc.StatusCode, int] = MappingProxyType(
    {
        grpc.StatusCode.OK: 200,
        grpc.StatusCode.CANCELLED: 499,
        grpc.StatusCode.UNKNOWN: 500,
        grpc.StatusCode.INVALID_ARGUMENT: 400,
        grpc.StatusCode.DEADLINE_EXCEEDED: 504,
        grpc.StatusCode.NOT_FOUND: 404,
        grpc.StatusCode.ALREADY_EXISTS: 409,
        grpc.StatusCode.PERMISSION_DENIED: 403,
        grpc.StatusCode.UNAUTHENTICATED: 401,
        grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
        grpc.StatusCode.FAILED_PRECONDITION: 400,
        grpc.StatusCode.ABORTED: 409,
        grpc.StatusCode.OUT_OF_RANGE: 400,
        grpc.StatusCode.UNIMPLEMENTED: 501,
        grpc.StatusCode.INTERNAL: 500,
        grpc.StatusCode.UNAVAILABLE: 503,
        grpc.StatusCode.DATA_LOSS: 500,
    }
)
"""As google/rpc/code.proto maps them."""


@dataclass(eq=False)
class Refusal(Exception):
    """Why something was not done. `message` is for developers and holds nothing that a user said."""

    code: grpc.StatusCode
    reason: str
    """UPPER_SNAKE, of docs/errors.md."""
    message: str
    violations: tuple[Violation, ...] = ()
    retry_after_ms: int | None = None
    http_status: int | None = None
    """Where HTTP has a better word than the code's own, such as 405."""
    close_code: int | None = None
    """Where RFC 6455 has a better one than 4000 and the code's number."""

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


@dataclass(frozen=True, slots=True)
class End:
    """How a WebSocket is closed."""

    code: int
    reason: str = ""


def of_rpc(error: TthRpcError) -> Refusal:
    """What the server said, or that it could not be asked. The transport's own words name addresses: they stay here."""
    if error.code is grpc.StatusCode.UNAVAILABLE and error.reason == error.code.name:
        message = "the server behind the gateway cannot be reached"
        return Refusal(error.code, UNREACHABLE, message, retry_after_ms=1000)
    return Refusal(error.code, error.reason, error.message, error.violations, error.retry_after_ms)


def end_of(refusal: Refusal) -> End:
    """The close frame for a refusal. A server or gateway that goes away is 1001, for its client may come again."""
    code = refusal.close_code or (GOING_AWAY if refusal.reason == DRAINING else OWN_CODES + refusal.code.value[0])
    return End(code, cut_reason(str(refusal)))


def cut_reason(text: str) -> str:
    """As much as a close frame holds, whole characters only."""
    return text.encode("utf-8")[:MAX_CLOSE_REASON_BYTES].decode("utf-8", errors="ignore")


def http_status_of(refusal: Refusal) -> int:
    """The status of the HTTP answer."""
    return refusal.http_status or HTTP_STATUS[refusal.code]


def headers_of(refusal: Refusal) -> dict[str, str]:
    """Headers that say the same to programs which do not read the body."""
    headers = {"cache-control": "no-store"}
    if refusal.retry_after_ms is not None:
        headers["retry-after"] = str(max(1, math.ceil(refusal.retry_after_ms / 1000)))
    if refusal.code is grpc.StatusCode.UNAUTHENTICATED:
        headers["www-authenticate"] = "Bearer"
    return headers


def body_of(refusal: Refusal) -> bytes:
    """The JSON of the HTTP answer."""
    content: dict[str, object] = {
        "code": refusal.code.name,
        "reason": refusal.reason,
        "message": refusal.message,
        "field_violations": [{"field": one.field, "description": one.allowed} for one in refusal.violations],
    }
    if refusal.retry_after_ms is not None:
        content["retry_after_ms"] = refusal.retry_after_ms
    return json.dumps(content, ensure_ascii=False).encode()


def invalid(field: str, allowed: str, *, reason: str = "INVALID_REQUEST") -> Refusal:
    """The caller's mistake in one place: names it and says what is allowed. The value itself is not repeated."""
    message = f"{field}: must be {allowed}"
    return Refusal(grpc.StatusCode.INVALID_ARGUMENT, reason, message, (Violation(field, f"must be {allowed}"),))
