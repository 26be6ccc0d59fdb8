"""Frames between the embedded voice and its worker."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.adapters.tts.espeak_wire import LENGTHS, MAX_FRAME_BYTES, Frame, pack, read_frame, unpack_lengths

pytestmark = pytest.mark.unit


@given(st.dictionaries(st.text(), st.integers() | st.text()), st.binary())
def test_a_frame_survives_the_wire(header: dict[str, int | str], body: bytes) -> None:
    """What is packed is read back, text in any script and bytes of any value."""
    assert read_frame(io.BytesIO(pack(header, body))) == Frame(header, body)


def test_frames_follow_each_other() -> None:
    """The next frame starts where the last one ended."""
    stream = io.BytesIO(pack({"id": 1}, b"abc") + pack({"id": 2}))
    assert read_frame(stream) == Frame({"id": 1}, b"abc")
    assert read_frame(stream) == Frame({"id": 2})
    assert read_frame(stream) is None


@given(st.integers(0, 20))
def test_a_stream_that_breaks_off_is_at_its_end(kept_bytes: int) -> None:
    """Half a frame is no frame."""
    whole = pack({"id": 12345}, b"sound")
    assert kept_bytes < len(whole)
    assert read_frame(io.BytesIO(whole[:kept_bytes])) is None


def test_a_frame_without_measure_is_refused() -> None:
    """Garbage instead of lengths does not make anyone wait for gigabytes."""
    with pytest.raises(ValueError, match="too long"):
        unpack_lengths(LENGTHS.pack(MAX_FRAME_BYTES, 1))


def test_a_header_is_an_object() -> None:
    """JSON of another kind is refused."""
    with pytest.raises(ValueError, match="object"):
        read_frame(io.BytesIO(LENGTHS.pack(2, 0) + b"[]"))
