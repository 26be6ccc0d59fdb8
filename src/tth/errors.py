"""The one tree of errors and the one table from error to gRPC status.

    TTHError                  reason, retryable, safe message, field violations
      InvalidRequest          the caller's mistake; names the field              INVALID_ARGUMENT
      Unsupported             asked for something that this server has not       UNIMPLEMENTED
      SchemaUnsupported       a contract of another major version                FAILED_PRECONDITION
      SessionNotFound         unknown, ended or expired                          NOT_FOUND
      JobNotFound             unknown or forgotten                               NOT_FOUND
      Conflict                the thing is in the wrong state for this           FAILED_PRECONDITION
      Unauthenticated         no token, or one that is not known                 UNAUTHENTICATED
      LimitExceeded           too much, too many; retry_after_ms                 RESOURCE_EXHAUSTED
      TakenOver               another stream goes on with the session            ABORTED
      Draining                the server is going away                           UNAVAILABLE
      ServerLost              the server of a turn is gone                       UNAVAILABLE
      StoreDown               what other servers know cannot be looked up        UNAVAILABLE
      AdapterError            role, adapter, cause
        AdapterUnavailable    could not start, connect or go on                  UNAVAILABLE
        AdapterTimeout        a named budget was exceeded                        DEADLINE_EXCEEDED
        AdapterSilent         connected, but no output                           UNAVAILABLE
        AdapterRejected       refused the input; not retryable                   FAILED_PRECONDITION
        ContentRefused        refused for what it is about                       FAILED_PRECONDITION
        AdapterAuthFailed     the provider does not know our key                 FAILED_PRECONDITION
        AdapterRateLimited    too many requests just now; retry_after_ms         RESOURCE_EXHAUSTED
        AdapterQuotaExceeded  paid for, used up; trying again does not help      RESOURCE_EXHAUSTED
        AdapterProtocolError  output that breaks its own contract                INTERNAL
      InternalError           a bug of ours; carries an incident id              INTERNAL
      ConfigError             at start only, never on the wire

`message` is safe to send: it holds no user text and no secret. Errors carry data; nobody parses their text.
The catalogue of reasons for readers is docs/errors.md, checked against this file by tests/test_errors.py.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import IntEnum


class StatusCode(IntEnum):
    """google.rpc.Code values in use."""

    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One field that is wrong and what is allowed there."""

    field: str
    allowed: str


@dataclass(eq=False)
class TTHError(Exception):
    """Base of everything TTH raises on purpose."""

    message: str
    reason: str = ""
    violations: tuple[FieldViolation, ...] = ()
    retryable: bool = False
    retry_after_ms: int | None = None
    metadata: dict[str, str] = field(default_factory=dict)

    code = StatusCode.INTERNAL

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}" if self.reason else self.message


@dataclass(eq=False)
class InvalidRequest(TTHError):
    reason: str = "INVALID_REQUEST"
    code = StatusCode.INVALID_ARGUMENT


def invalid_field(path: str, allowed: str, reason: str = "INVALID_REQUEST") -> InvalidRequest:
    """The caller's mistake in one field: names it and says what is allowed. The value itself is not repeated."""
    return InvalidRequest(f"{path}: must be {allowed}", reason, (FieldViolation(path, allowed),))


@dataclass(eq=False)
class Unsupported(TTHError):
    reason: str = "NOT_IMPLEMENTED"
    code = StatusCode.UNIMPLEMENTED


@dataclass(eq=False)
class SchemaUnsupported(TTHError):
    reason: str = "SCHEMA_UNSUPPORTED"
    code = StatusCode.FAILED_PRECONDITION


@dataclass(eq=False)
class SessionNotFound(TTHError):
    """The same for an id that never was, one that is over, and a handle that does not fit: nobody learns which."""

    message: str = "session_id: no such session; it may have ended or expired"
    reason: str = "SESSION_NOT_FOUND"
    code = StatusCode.NOT_FOUND


@dataclass(eq=False)
class JobNotFound(TTHError):
    reason: str = "JOB_NOT_FOUND"
    code = StatusCode.NOT_FOUND


@dataclass(eq=False)
class Conflict(TTHError):
    reason: str = "CONFLICT"
    code = StatusCode.FAILED_PRECONDITION


@dataclass(eq=False)
class Unauthenticated(TTHError):
    reason: str = "UNAUTHENTICATED"
    code = StatusCode.UNAUTHENTICATED


@dataclass(eq=False)
class LimitExceeded(TTHError):
    reason: str = "LIMIT_EXCEEDED"
    code = StatusCode.RESOURCE_EXHAUSTED


@dataclass(eq=False)
class TakenOver(TTHError):
    """Whoever gets this must not come again by itself: two clients would take the session from each other for ever."""

    message: str = "another stream has taken up this session"
    reason: str = "SESSION_TAKEN_OVER"
    code = StatusCode.ABORTED


@dataclass(eq=False)
class StoreDown(TTHError):
    reason: str = "STORE_UNAVAILABLE"
    retryable: bool = True
    code = StatusCode.UNAVAILABLE


@dataclass(eq=False)
class ServerLost(TTHError):
    message: str = "the server that spoke this turn is gone"
    reason: str = "SERVER_LOST"
    retryable: bool = True
    code = StatusCode.UNAVAILABLE


@dataclass(eq=False)
class Draining(TTHError):
    reason: str = "DRAINING"
    retryable: bool = True
    code = StatusCode.UNAVAILABLE


@dataclass(eq=False)
class AdapterError(TTHError):
    """Something outside our code failed. `role` and `adapter` say which."""

    role: str = ""
    adapter: str = ""
    reason: str = "ADAPTER_FAILED"


@dataclass(eq=False)
class AdapterUnavailable(AdapterError):
    reason: str = "ADAPTER_UNAVAILABLE"
    retryable: bool = True
    code = StatusCode.UNAVAILABLE


@dataclass(eq=False)
class AdapterTimeout(AdapterError):
    reason: str = "ADAPTER_TIMEOUT"
    retryable: bool = True
    code = StatusCode.DEADLINE_EXCEEDED


@dataclass(eq=False)
class AdapterSilent(AdapterError):
    reason: str = "ADAPTER_SILENT"
    retryable: bool = True
    code = StatusCode.UNAVAILABLE


@dataclass(eq=False)
class AdapterRejected(AdapterError):
    reason: str = "ADAPTER_REJECTED"
    code = StatusCode.FAILED_PRECONDITION


@dataclass(eq=False)
class ContentRefused(AdapterError):
    reason: str = "CONTENT_REFUSED"
    code = StatusCode.FAILED_PRECONDITION


@dataclass(eq=False)
class AdapterAuthFailed(AdapterError):
    reason: str = "ADAPTER_AUTH"
    code = StatusCode.FAILED_PRECONDITION


@dataclass(eq=False)
class AdapterRateLimited(AdapterError):
    reason: str = "ADAPTER_RATE_LIMITED"
    retryable: bool = True
    code = StatusCode.RESOURCE_EXHAUSTED


@dataclass(eq=False)
class AdapterQuotaExceeded(AdapterError):
    reason: str = "ADAPTER_QUOTA"
    code = StatusCode.RESOURCE_EXHAUSTED


@dataclass(eq=False)
class AdapterProtocolError(AdapterError):
    reason: str = "ADAPTER_PROTOCOL"
    code = StatusCode.INTERNAL


@dataclass(eq=False)
class InternalError(TTHError):
    """A bug of ours. The incident id joins what the caller sees to what the log holds."""

    message: str = "internal error"
    reason: str = "INTERNAL"
    metadata: dict[str, str] = field(default_factory=lambda: {"incident": secrets.token_hex(6)})
    code = StatusCode.INTERNAL


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing that is wrong in the configuration."""

    where: str
    """file:line, or the name of the environment variable."""
    key: str
    """Path, such as server.port; empty when it is about the file as a whole."""
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.where, self.key, self.message) if part)


@dataclass(eq=False)
class ConfigError(TTHError):
    """Every problem of the configuration at once; the server does not start."""

    message: str = "the configuration is not usable"
    reason: str = "CONFIG"
    problems: tuple[ConfigProblem, ...] = ()

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  {problem}" for problem in self.problems)])
