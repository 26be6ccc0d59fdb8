"""What a refusal looks like to a caller."""

from __future__ import annotations

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata

from tests.client.server import refusal
from tth.client.errors import TthRpcError, Violation, from_grpc, unreachable

pytestmark = pytest.mark.unit


def rpc_error(code: grpc.StatusCode, details: str, trailing: Metadata) -> AioRpcError:
    return AioRpcError(code, Metadata(), trailing, details)


def test_reason_fields_and_message_come_from_the_status_details() -> None:
    """And the text names each field with what is allowed."""
    status = refusal(3, "INVALID_REQUEST", "two things", ("a.b", "0..1"), ("c", "not empty"))
    trailing = Metadata(("grpc-status-details-bin", status.SerializeToString()))
    error = from_grpc(rpc_error(grpc.StatusCode.INVALID_ARGUMENT, "two things", trailing))
    assert (error.reason, error.refused_input, error.retryable) == ("INVALID_REQUEST", True, False)
    assert error.violations == (Violation("a.b", "0..1"), Violation("c", "not empty"))
    assert str(error) == "two things (INVALID_REQUEST)\n  a.b: 0..1\n  c: not empty"


def test_nothing_is_said_twice() -> None:
    """The server's message may begin with the reason and name the field already."""
    status = refusal(3, "TEXT_EMPTY", "TEXT_EMPTY: user_text.text: must be 1..4000", ("user_text.text", "1..4000"))
    trailing = Metadata(("grpc-status-details-bin", status.SerializeToString()))
    error = from_grpc(rpc_error(grpc.StatusCode.INVALID_ARGUMENT, status.message, trailing))
    assert str(error) == "user_text.text: must be 1..4000 (TEXT_EMPTY)"


@pytest.mark.parametrize("details", [b"\xff\xff", refusal(5, "OTHER", "another code").SerializeToString()])
def test_odd_details_are_left_aside(details: bytes) -> None:
    """What is known without them is still said."""
    trailing = Metadata(("grpc-status-details-bin", details))
    error = from_grpc(rpc_error(grpc.StatusCode.UNAVAILABLE, "gone", trailing))
    assert (error.reason, error.message, error.retryable) == ("UNAVAILABLE", "gone", True)


def test_a_status_without_details_has_the_name_of_its_code_as_reason() -> None:
    """Proxies and old servers send such."""
    error = from_grpc(rpc_error(grpc.StatusCode.INTERNAL, "", Metadata()))
    assert (error.reason, error.message) == ("INTERNAL", "INTERNAL")


def test_an_unreachable_server_is_named() -> None:
    """With how long was waited."""
    error: TthRpcError = unreachable("localhost:1", 2.5, "all failed; last error: refused")
    assert (error.reason, error.retryable) == ("UNREACHABLE", True)
    assert "localhost:1" in str(error)
    assert "(waited 2.5 s; refused)" in str(error)
    assert "(waited 2.5 s)" in str(unreachable("localhost:1", 2.5, ""))
