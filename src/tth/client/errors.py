"""What a caller of the client catches: one class, with what the server said as data.

Tests: tests/client/test_errors.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2
from grpc_status import rpc_status

UNREACHABLE = "UNREACHABLE"
"""The client's own reason: no connection to the address came about."""
_HANGS_UP = ("Socket closed", "Connection reset")
"""How the transport words a server that took the connection and did not like it."""
_RETRYABLE = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED})


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that was refused."""

    field: str
    """Path in the message, for example "controls.emotion.intensity"."""
    allowed: str
    """What would be accepted."""


@dataclass(eq=False)
class TthRpcError(Exception):
    """A call or a stream that ended badly."""

    code: grpc.StatusCode
    reason: str
    """UPPER_SNAKE from the server's catalogue (docs/errors.md), or UNREACHABLE, or the name of the gRPC code."""
    message: str
    violations: tuple[Violation, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    retry_after_ms: int | None = None
    """How long to wait before trying again, where the server says so."""

    @property
    def retryable(self) -> bool:
        """The same call may succeed later."""
        return self.code in _RETRYABLE

    @property
    def refused_input(self) -> bool:
        """The caller must change what it asked for."""
        return self.code is grpc.StatusCode.INVALID_ARGUMENT

    def __str__(self) -> str:
        lines = [f"{self.message} ({self.reason})"]
        lines += [f"  {item.field}: {item.allowed}" for item in self.violations if item.field not in self.message]
        return "\n".join(lines)


def is_untrusted(cause: str) -> bool:
    """The transport says that the server's certificate is not one that we trust, or not one of its host."""
    return "CERTIFICATE_VERIFY_FAILED" in cause or "Verification Check failed" in cause


def unreachable(target: str, waited_s: float, cause: str) -> TthRpcError:
    """No connection to `target` came about within `waited_s`; cause: what the transport says, or empty."""
    cause = cause.rpartition("last error: ")[2]
    if is_untrusted(cause):
        text = (
            f"the certificate of {target} is not trusted: is it signed by the CA given here, for this name? ({cause})"
        )
    elif "WRONG_VERSION_NUMBER" in cause:
        text = f"{target} speaks no TLS ({cause})"
    elif any(sign in cause for sign in _HANGS_UP):
        text = f"{target} hangs up: does it want TLS, or a certificate of yours? (waited {waited_s:g} s; {cause})"
    else:
        text = f"no server answers at {target} (waited {waited_s:g} s{cause and '; '}{cause})"
    return TthRpcError(grpc.StatusCode.UNAVAILABLE, UNREACHABLE, text)


def from_grpc(error: grpc.aio.AioRpcError) -> TthRpcError:
    """What the server said, from the status and its details (ErrorInfo, BadRequest, RetryInfo).

    Never fails on odd details."""
    code = error.code()
    reason, metadata, violations = code.name, dict[str, str](), list[Violation]()
    retry_after_ms: int | None = None
    try:
        status = rpc_status.from_call(error)
    except (ValueError, DecodeError):
        status = None
    for detail in status.details if status is not None else ():
        info, bad_request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        retry = error_details_pb2.RetryInfo()
        if detail.Is(info.DESCRIPTOR) and detail.Unpack(info):
            reason, metadata = info.reason or reason, dict(info.metadata)
        elif detail.Is(bad_request.DESCRIPTOR) and detail.Unpack(bad_request):
            violations += [Violation(item.field, item.description) for item in bad_request.field_violations]
        elif detail.Is(retry.DESCRIPTOR) and detail.Unpack(retry):
            retry_after_ms = retry.retry_delay.ToMilliseconds()
    message = (error.details() or code.name).removeprefix(f"{reason}: ")
    return TthRpcError(code, reason, message, tuple(violations), metadata, retry_after_ms)
