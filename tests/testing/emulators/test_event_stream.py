"""Server-sent events on the wire."""

from __future__ import annotations

import pytest

from tth.testing.emulators.event_stream import event

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("data", "name", "wire"),
    [
        ({"a": 1}, "", b'data: {"a":1}\n\n'),
        ({"a": "\N{LATIN SMALL LETTER A WITH DIAERESIS}"}, "ping", b'event: ping\ndata: {"a":"\xc3\xa4"}\n\n'),
        ("[DONE]", "", b"data: [DONE]\n\n"),
    ],
)
def test_one_event(data: object, name: str, wire: bytes) -> None:
    """Text as it stands, else JSON; the name in front where there is one. Faults: test_openai_chat.py."""
    assert event(data, name) == wire
