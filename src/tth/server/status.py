"""From the error tree to a gRPC status with machine-readable details: the one place that does it.

Details: google.rpc.ErrorInfo always; BadRequest with field violations and RetryInfo where they apply.
"""

from __future__ import annotations

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from tth.errors import TTHError

DOMAIN = "tth"


def to_status(error: TTHError) -> grpc.Status:
    """The status for `context.abort_with_status`."""
    details: list[any_pb2.Any] = []
    _pack(details, error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata))
    if error.violations:
        violations = [
            error_details_pb2.BadRequest.FieldViolation(field=v.field, description=f"must be {v.allowed}")
            for v in error.violations
        ]
        _pack(details, error_details_pb2.BadRequest(field_violations=violations))
    if error.retry_after_ms is not None:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(error.retry_after_ms)
        _pack(details, error_details_pb2.RetryInfo(retry_delay=delay))
    message = status_pb2.Status(code=int(error.code), message=f"{error.reason}: {error.message}", details=details)
    status: grpc.Status = rpc_status.to_status(message)
    return status


def _pack(details: list[any_pb2.Any], message: error_details_pb2.ErrorInfo) -> None:
    packed = any_pb2.Any()
    packed.Pack(message)
    details.append(packed)
