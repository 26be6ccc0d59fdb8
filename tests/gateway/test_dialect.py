"""Frames and messages."""

from __future__ import annotations

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st

from tth.gateway.dialect import Binary, Json, bearer_of, dialect_of, token_in
from tth.gateway.refusal import Refusal
from tth.v1.converse_pb2 import ConverseRequest, ConverseResponse, UserText
from tth.v1.media_pb2 import AudioChunk

pytestmark = pytest.mark.unit


@given(text=st.text(), number=st.integers(-(2**63), 2**63 - 1), partial=st.booleans())
def test_both_dialects_say_the_same(text: str, number: int, *, partial: bool) -> None:
    """A message in one and in the other is the same message for the server."""
    message = ConverseRequest(client_seq=number, user_text=UserText(text=text, partial=partial))
    data = message.SerializeToString()
    assert Binary().read(data) == (message, data)
    read, written = Json().read(json_format.MessageToJson(message))
    assert read == message
    assert ConverseRequest.FromString(written) == message


def test_unknown_fields_pass_untouched() -> None:
    """A newer client may speak with a newer server through an older gateway."""
    data = ConverseRequest(session_id="s").SerializeToString() + b"\xfa\x3f\x03new"
    assert Binary().read(data)[1] == data


def test_what_comes_down() -> None:
    """Bytes as they are; as JSON with bytes in base64."""
    message = ConverseResponse(seq=2**60, audio_chunk=AudioChunk(data=b"\x00\xff"))
    data = message.SerializeToString()
    assert Binary().write(data) is data
    text = Json().write(data)
    assert isinstance(text, str)
    assert json_format.Parse(text, ConverseResponse()) == message
    assert '"AP8="' in text


def test_which_one() -> None:
    """The client's first that is known, the binary one where it asks for none."""
    assert dialect_of([]).name == "tth.v1.proto"
    assert dialect_of(["x", "tth.v1.json", "tth.v1.proto"]).name == "tth.v1.json"
    with pytest.raises(Refusal) as refused:
        dialect_of(["x"])
    assert refused.value.reason == "SUBPROTOCOL_UNKNOWN"


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("Bearer a b", None),
        ("Bearer ", None),
        ("Bearer ä", None),
        ("Bearer " + "x" * 4097, None),
        ("Basic abc", None),
        ("", None),
    ],
)
def test_tokens_in_headers(header: str, token: str | None) -> None:
    """One word of what a header can hold."""
    assert bearer_of(header) == token


@pytest.mark.parametrize(
    ("frame", "token"),
    [
        ('{"authorization": "Bearer abc"}', "abc"),
        ('{"authorization": "nonsense"}', ""),
        ('{"authorization": 5}', ""),
        ('{"authorization": "Bearer abc", "sessionId": "s"}', None),
        ('{"sessionId": "s"}', None),
        ("[]", None),
        ("{", None),
        (b'{"authorization": "Bearer abc"}', None),
        ('{"authorization": "Bearer ' + "x" * 100_000 + '"}', None),
    ],
)
def test_tokens_in_first_messages(frame: str | bytes, token: str | None) -> None:
    """A text of this one field alone; an empty token where it shows something else. Everything else is a message."""
    assert token_in(frame) == token
