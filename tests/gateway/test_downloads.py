"""Ranges of files."""

from __future__ import annotations

import pytest

from tth.gateway.downloads import Span, span_of
from tth.gateway.refusal import Refusal

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, (0, 100)),
        ("bytes=0-", (0, 100)),
        ("bytes=10-19", (10, 20)),
        ("bytes=99-", (99, 100)),
        ("bytes=50-500", (50, 100)),
        ("bytes=-10", (0, 100)),
        ("bytes=0-1,5-6", (0, 100)),
        ("pages=1-2", (0, 100)),
        ("nonsense", (0, 100)),
    ],
)
def test_ranges(header: str | None, span: tuple[int, int]) -> None:
    """One that begins at a byte; all of the file for what is not understood, as RFC 9110 allows."""
    found = span_of(header, 100)
    assert (found.start, found.stop) == span
    assert found.is_whole is (span == (0, 100))


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=500-600", "bytes=20-10"])
def test_ranges_that_hold_nothing(header: str) -> None:
    """They are refused."""
    with pytest.raises(Refusal) as refused:
        span_of(header, 100)
    assert refused.value.http_status == 416


def test_a_file_that_is_not_there_has_no_range() -> None:
    """The server says what is wrong with it."""
    assert span_of("bytes=5-", 0) == Span(0, 0, 0)
