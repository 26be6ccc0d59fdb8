"""From what a provider answers to our tree of errors: by status, with the hints in headers and body.

A provider's adapter gives the names that its bodies use for quota, keys and the like; the rest is common. Nothing of a
body is ever repeated in a message: it may quote the user's text or the key.
Tests: tests/adapters/test_provider_errors.py.
"""

from __future__ import annotations

import email.utils
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tth.errors import (
    AdapterAuthFailed,
    AdapterError,
    AdapterQuotaExceeded,
    AdapterRateLimited,
    AdapterRejected,
    AdapterTimeout,
    AdapterUnavailable,
    ContentRefused,
)

MAX_RETRY_AFTER_MS = 3_600_000
_A_NAME = re.compile(r"[\w.+-]{1,64}", re.ASCII)
"""A provider's own error name that is passed on."""


@dataclass(frozen=True, slots=True)
class ErrorNames:
    """Names (codes, types, statuses) that one provider's error bodies use, whatever the HTTP status."""

    quota: frozenset[str] = frozenset()
    auth: frozenset[str] = frozenset()
    rate: frozenset[str] = frozenset()
    busy: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    rejected: frozenset[str] = frozenset()
    advice: Mapping[str, str] = field(default_factory=dict)
    """What to do about an error of this name, for its message."""


@dataclass(frozen=True, slots=True)
class Source:
    """Who failed."""

    role: str
    adapter: str


def provider_error(
    source: Source,
    status: int | None,
    names: tuple[str, ...],
    known: ErrorNames,
    headers: Mapping[str, str] | None = None,
) -> AdapterError:
    """The error for one answer.

    status: of HTTP, None inside a stream. names: what the body calls the error, most telling first; they are matched
    with `known` before the status is looked at. headers: lower-case names; for retry-after, and x-should-retry where it
    advises against it.
    """
    kind = _by_name(names, known) or _by_status(status)
    name = next((name for name in names if _A_NAME.fullmatch(name)), "")  # a text may quote the user
    said = f" ({name})" if name else ""
    said += "".join(f"; {known.advice[name]}" for name in names if name in known.advice)
    at = f"HTTP {status}" if status is not None else "an error in its stream"
    error = kind(f"{source.adapter} answered with {at}{said}", role=source.role, adapter=source.adapter)
    if headers and headers.get("x-should-retry") == "false":
        error.retryable = False
    if error.retryable and headers:
        error.retry_after_ms = retry_after_ms(headers)
    return error


def retry_after_ms(headers: Mapping[str, str], now_s: float | None = None) -> int | None:
    """What `retry-after-ms` or `retry-after` (seconds or an HTTP date) says, 0..3600000; None when nothing usable.

    now_s: Unix time, for a date; None = dates are not understood.
    """
    for name, factor in (("retry-after-ms", 1), ("retry-after", 1000)):
        text = headers.get(name, "").strip()
        try:
            value = float(text) * factor
        except ValueError:
            value = _until_ms(text, now_s) if name == "retry-after" else -1.0
        if 0 <= value < float("inf"):
            return min(round(value), MAX_RETRY_AFTER_MS)
    return None


def error_names(body: bytes) -> tuple[str, ...]:
    """What a JSON error body calls its error; () for anything else.

    Understands {"error": {"code", "type"}}, {"error": "name"}, {"detail": {"status", "code", "type"}}, nested
    {"error": {"details": {"error_code"}}} and a flat {"code", "type"}; numbers are no names.
    """
    try:
        parsed = json.loads(body)
    except ValueError:
        return ()
    return names_in(parsed)


def names_in(parsed: Any) -> tuple[str, ...]:
    """The same for a body that has been parsed."""
    if not isinstance(parsed, dict):
        return ()
    inner = parsed.get("error", parsed.get("detail", parsed))
    if isinstance(inner, str):
        return (inner,)
    if not isinstance(inner, dict):
        return ()
    details = inner.get("details")
    found = [details.get("error_code")] if isinstance(details, dict) else []
    found += [inner.get(key) for key in ("status", "code", "type")]
    return tuple(name for name in found if isinstance(name, str) and name)


def status_in(body: Any) -> int | None:
    """The HTTP status that a frame of a stream gives as its error's code, as a number or as digits; None without."""
    inner = body.get("error", body) if isinstance(body, dict) else None
    code = inner.get("code") if isinstance(inner, dict) else None
    text = str(code)
    return int(text) if text.isascii() and text.isdecimal() and 400 <= int(text[:4]) <= 599 else None


def _until_ms(date: str, now_s: float | None) -> float:
    if now_s is None:
        return -1.0
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(date).timestamp() - now_s) * 1000)
    except (TypeError, ValueError):
        return -1.0


def _by_name(names: tuple[str, ...], known: ErrorNames) -> type[AdapterError] | None:
    for name in names:
        for group, kind in (
            (known.quota, AdapterQuotaExceeded),
            (known.auth, AdapterAuthFailed),
            (known.rate, AdapterRateLimited),
            (known.busy, AdapterUnavailable),
            (known.refused, ContentRefused),
            (known.rejected, AdapterRejected),
        ):
            if name in group:
                return kind
    return None


def _by_status(status: int | None) -> type[AdapterError]:
    if status is None or status >= 500 or status in (409, 425, 499):
        return AdapterTimeout if status == 504 else AdapterUnavailable
    return {
        401: AdapterAuthFailed,
        402: AdapterQuotaExceeded,
        403: AdapterAuthFailed,
        408: AdapterTimeout,
        429: AdapterRateLimited,
    }.get(status, AdapterRejected)
