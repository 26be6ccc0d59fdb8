"""One refusal, two ways to show it."""

from __future__ import annotations

import json

import grpc
import pytest

from tth.client.errors import TthRpcError, Violation
from tth.gateway.refusal import (
    HTTP_STATUS,
    MAX_CLOSE_REASON_BYTES,
    End,
    Refusal,
    body_of,
    cut_reason,
    end_of,
    headers_of,
    http_status_of,
    of_rpc,
)

pytestmark = pytest.mark.unit

CODE = grpc.StatusCode


def test_every_status_has_its_http_status() -> None:
    """None of gRPC's is missing."""
    assert set(HTTP_STATUS) == set(CODE)


@pytest.mark.parametrize(
    ("refusal", "close_code", "http_status"),
    [
        (Refusal(CODE.NOT_FOUND, "SESSION_NOT_FOUND", "gone"), 4005, 404),
        (Refusal(CODE.UNAUTHENTICATED, "UNAUTHENTICATED", "no"), 4016, 401),
        (Refusal(CODE.ABORTED, "SESSION_TAKEN_OVER", "another"), 4010, 409),
        (Refusal(CODE.UNAVAILABLE, "STARTING", "soon"), 4014, 503),
        (Refusal(CODE.UNAVAILABLE, "DRAINING", "going"), 1001, 503),
        (Refusal(CODE.INVALID_ARGUMENT, "A", "b", close_code=1007, http_status=413), 1007, 413),
    ],
)
def test_codes(refusal: Refusal, close_code: int, http_status: int) -> None:
    """4000 and the number of the status, unless there is a better word."""
    assert end_of(refusal) == End(close_code, f"{refusal.reason}: {refusal.message}")
    assert http_status_of(refusal) == http_status


def test_a_reason_fits_into_a_close_frame() -> None:
    """Cut between characters, whatever they weigh."""
    for text in ("x" * 500, "é" * 500, "汉" * 500, "a" + "😀" * 100):
        cut = cut_reason(text)
        assert MAX_CLOSE_REASON_BYTES - 3 <= len(cut.encode()) <= MAX_CLOSE_REASON_BYTES
        assert text.startswith(cut)


def test_the_body_and_the_headers() -> None:
    """All that is known, in JSON; the time to wait also for programs that do not read it."""
    refusal = Refusal(CODE.RESOURCE_EXHAUSTED, "CAPACITY", "full", (Violation("a.b", "must be c"),), 1500)
    assert json.loads(body_of(refusal)) == {
        "code": "RESOURCE_EXHAUSTED",
        "reason": "CAPACITY",
        "message": "full",
        "field_violations": [{"field": "a.b", "description": "must be c"}],
        "retry_after_ms": 1500,
    }
    assert headers_of(refusal)["retry-after"] == "2"
    assert "retry_after_ms" not in json.loads(body_of(Refusal(CODE.INTERNAL, "INTERNAL", "x")))


def test_the_transports_own_words_stay_here() -> None:
    """They hold the server's address."""
    refusal = of_rpc(TthRpcError(CODE.UNAVAILABLE, "UNAVAILABLE", "failed to connect to 10.0.0.7:50051"))
    assert (refusal.reason, refusal.retry_after_ms) == ("UNREACHABLE", 1000)
    assert "10.0.0.7" not in str(refusal)
