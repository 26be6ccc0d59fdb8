"""What a provider answers, as an error of ours."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.adapters.provider_errors import (
    MAX_RETRY_AFTER_MS,
    ErrorNames,
    Source,
    error_names,
    provider_error,
    retry_after_ms,
    status_in,
)
from tth.errors import (
    AdapterAuthFailed,
    AdapterError,
    AdapterQuotaExceeded,
    AdapterRateLimited,
    AdapterRejected,
    AdapterTimeout,
    AdapterUnavailable,
)

pytestmark = pytest.mark.unit

SOURCE = Source("llm", "some_model")
NAMES = ErrorNames(quota=frozenset({"insufficient_quota"}), busy=frozenset({"overloaded"}))


@pytest.mark.parametrize(
    ("status", "names", "kind", "retryable"),
    [
        (400, (), AdapterRejected, False),
        (401, (), AdapterAuthFailed, False),
        (402, (), AdapterQuotaExceeded, False),
        (403, (), AdapterAuthFailed, False),
        (404, (), AdapterRejected, False),
        (408, (), AdapterTimeout, True),
        (409, (), AdapterUnavailable, True),
        (422, (), AdapterRejected, False),
        (429, (), AdapterRateLimited, True),
        (429, ("insufficient_quota",), AdapterQuotaExceeded, False),
        (500, (), AdapterUnavailable, True),
        (504, (), AdapterTimeout, True),
        (529, ("overloaded",), AdapterUnavailable, True),
        (None, (), AdapterUnavailable, True),
        (None, ("insufficient_quota",), AdapterQuotaExceeded, False),
    ],
)
def test_what_it_means(status: int | None, names: tuple[str, ...], kind: type[AdapterError], retryable: bool) -> None:
    """The body's own name is believed before the status: quota comes as 429 and is never worth a retry."""
    error = provider_error(SOURCE, status, names, NAMES)
    assert type(error) is kind
    assert error.retryable is retryable
    assert (error.role, error.adapter) == ("llm", "some_model")


def test_only_names_are_repeated() -> None:
    """What could be a sentence, a key or a text of the user is not."""
    error = provider_error(SOURCE, 400, ("x" * 200, "bad_\nname", "unsupported_value"), NAMES)
    assert "unsupported_value" in error.message
    assert "xxx" not in error.message
    assert "\n" not in error.message


@pytest.mark.parametrize(
    ("headers", "waits_ms"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2000),
        ({"retry-after": "0.25"}, 250),
        ({"retry-after-ms": "120", "retry-after": "9"}, 120),
        ({"retry-after": "Fri, 20 Nov 2026 10:00:05 GMT"}, 5000),
        ({"retry-after": "Fri, 20 Nov 2026 09:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "999999999"}, MAX_RETRY_AFTER_MS),
    ],
)
def test_when_to_come_again(headers: dict[str, str], waits_ms: int | None) -> None:
    """Milliseconds before seconds before dates; nonsense is nothing."""
    assert retry_after_ms(headers, now_s=1_795_168_800.0) == waits_ms


def test_a_refusal_for_good_tells_no_time() -> None:
    """Who must not come again is not told when."""
    assert provider_error(SOURCE, 401, (), NAMES, {"retry-after": "2"}).retry_after_ms is None
    assert provider_error(SOURCE, 429, (), NAMES, {"retry-after": "2"}).retry_after_ms == 2000


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"error": {"message": "m", "type": "t", "code": "c"}}, ("c", "t")),
        ({"error": {"message": "m", "type": "t", "code": 400}}, ("t",)),
        ({"error": "Unauthorized"}, ("Unauthorized",)),
        ({"type": "error", "error": {"type": "rate", "details": {"error_code": "spend"}}}, ("spend", "rate")),
        ({"detail": {"status": "s", "code": "c", "type": "t"}}, ("s", "c", "t")),
        ({"detail": [{"loc": ["body"], "msg": "m"}]}, ()),
        ({"detail": "text"}, ("text",)),
        (["x"], ()),
    ],
)
def test_names_in_bodies(body: object, names: tuple[str, ...]) -> None:
    """The shapes that the providers use."""
    assert error_names(json.dumps(body).encode()) == names


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"error": {"code": 500}}, 500),
        ({"error": {"code": "429"}}, 429),
        ({"code": 503}, 503),
        ({"error": {"code": "server_error"}}, None),
        ({"error": {"code": 7}}, None),
        ({"error": {"code": 50000}}, None),
        ({"error": "500"}, None),
        ([500], None),
    ],
)
def test_a_status_in_a_stream(body: object, status: int | None) -> None:
    """Compatible servers give it as a number or as digits."""
    assert status_in(body) == status


def test_advice_against_a_retry_is_taken() -> None:
    """The provider knows better; advice for one changes nothing."""
    assert not provider_error(SOURCE, 500, (), NAMES, {"x-should-retry": "false"}).retryable
    assert not provider_error(SOURCE, 400, (), NAMES, {"x-should-retry": "true"}).retryable


@given(st.binary(max_size=200))
def test_any_body_can_be_looked_at(body: bytes) -> None:
    """Pages of gateways, cut or empty bodies: no names, no exception."""
    assert isinstance(error_names(body), tuple)
