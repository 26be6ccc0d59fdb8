"""Faults are named by field and by what is allowed, and nothing of the value is repeated."""

from __future__ import annotations

import json

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st

from tth.gateway.json_faults import Fault, fault_in
from tth.v1.converse_pb2 import ConverseRequest
from tth.v1.tth_service_pb2 import CreateSessionRequest, CreateSessionResponse, GenerateRequest

pytestmark = pytest.mark.unit

MODES = "one of TEXT_MODE_UNSPECIFIED, TEXT_MODE_TALK, TEXT_MODE_SAY"


@pytest.mark.parametrize(
    ("content", "field", "allowed"),
    [
        ([], "", "a JSON object"),
        ({"userText": "hello"}, "user_text", "a JSON object"),
        ({"userText": {"text": 5}}, "user_text.text", "a text"),
        ({"user_text": {"mode": "SAY"}}, "user_text.mode", MODES),
        ({"userText": {"partial": "true"}}, "user_text.partial", "true or false"),
        ({"clientSeq": "x"}, "client_seq", "a whole number of 64 bits"),
        ({"clientSeq": 2**63}, "client_seq", "a whole number of 64 bits"),
        ({"clientSeq": "1.5"}, "client_seq", "a whole number of 64 bits"),
        ({"clientSeq": "NaN"}, "client_seq", "a whole number of 64 bits"),
        ({"userText": {"mode": True}}, "user_text.mode", MODES),
        ({"userText": {"mode": 1.7}}, "user_text.mode", MODES),
        ({"controlUpdate": {"rampMs": 1.5}}, "control_update.ramp_ms", "a whole number of 32 bits"),
        ({"controlUpdate": {"clearPaths": "a"}}, "control_update.clear_paths", "a list"),
        ({"controlUpdate": {"clearPaths": ["a", 1]}}, "control_update.clear_paths[1]", "a text"),
        ({"controlUpdate": {"controls": {"emotion": {"valence": "warm"}}}}, "control_update.controls.emotion.valence", "a number"),  # noqa: E501
    ],
)  # fmt: skip
def test_the_first_fault_is_named(content: object, field: str, allowed: str) -> None:
    """Its path in the contract's names, and what is allowed."""
    text = json.dumps(content)
    assert fault_in(text, ConverseRequest.DESCRIPTOR) == Fault(field, allowed)


def test_an_unknown_field_is_answered_with_those_that_exist() -> None:
    """And the unknown name, which may be anything, is not repeated."""
    fault = fault_in('{"resolution": {"secret words": 1}}', CreateSessionRequest.DESCRIPTOR)
    assert fault is not None
    assert "languageCode" in fault.allowed
    assert "secret" not in fault.allowed


def test_whole_numbers_may_be_texts() -> None:
    """As protobuf's JSON mapping has it, also with an exponent."""
    for text in ("7", "-7", "7.0", "1e2"):
        assert fault_in(json.dumps({"clientSeq": text}), ConverseRequest.DESCRIPTOR) is None


def test_what_is_no_json_is_said_to_be_none() -> None:
    """Also where it is deep beyond reason."""
    for text in ("", "{", "[" * 100_000, b"\xff"):
        assert fault_in(text, ConverseRequest.DESCRIPTOR) == Fault("", "one JSON object")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from([field.json_name for field in GenerateRequest.DESCRIPTOR.fields])


@given(content=st.dictionaries(NAMES, JSON_VALUES, max_size=4))
def test_it_agrees_with_the_reader(content: dict[str, object]) -> None:
    """Whatever protobuf's reader takes has no fault; it never fails itself."""
    text = json.dumps(content)
    fault = fault_in(text, GenerateRequest.DESCRIPTOR)
    try:
        json_format.Parse(text, GenerateRequest())
    except (json_format.ParseError, ValueError, OverflowError, AttributeError, TypeError):
        return
    assert fault is None or _is_bent(content.get("format")) or _has_list_for_object(content)


def _is_bent(value: object) -> bool:
    """protobuf's reader for Python makes a number of whatever an enum is given: 1 of true and of 1.7, 0 of 2**40. Its
    JSON mapping knows names and whole numbers of 32 bits, and so do readers of other languages: we say it is none."""
    if isinstance(value, str):
        return value != value.strip()
    is_whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
    return isinstance(value, int | float) and not (is_whole and -(2**31) <= value < 2**31)


def _has_list_for_object(content: object) -> bool:
    """protobuf's reader takes an empty list for an empty message; we say that it is none."""
    return isinstance(content, dict) and any(
        isinstance(value, list) or _has_list_for_object(value) for value in content.values()
    )


def test_times_and_bytes() -> None:
    """As canonical protobuf JSON has them."""
    good = '{"expireTime": "2026-11-20T10:00:00Z"}'
    assert fault_in(good, CreateSessionResponse.DESCRIPTOR) is None
    bad = '{"expireTime": 5}'
    assert fault_in(bad, CreateSessionResponse.DESCRIPTOR) == Fault(
        "expire_time", "a time such as 2026-11-20T10:00:00Z"
    )
