"""From events to text and sound."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.adapters.base import TextPiece
from tth.adapters.realtime.openai_realtime_reply import Reply
from tth.model.media import SpeechChunk

pytestmark = pytest.mark.unit


def sound(data: bytes, item_id: str = "item_1", kind: str = "response.output_audio.delta") -> dict[str, str]:
    return {"type": kind, "item_id": item_id, "delta": base64.b64encode(data).decode()}


def words(text: str, item_id: str = "item_1") -> dict[str, str]:
    return {"type": "response.output_audio_transcript.delta", "item_id": item_id, "delta": text}


@given(st.lists(st.integers(-32768, 32767), max_size=200), st.lists(st.integers(1, 50), max_size=20))
def test_any_cut_gives_the_same_sound(samples: list[int], cuts: list[int]) -> None:
    """Half a sample waits for its other half; no chunk is empty."""
    data = np.array(samples, "<i2").tobytes()
    reply, at, got = Reply("t_1"), 0, list[np.ndarray]()
    for length in [*cuts, len(data)]:
        piece = data[at : at + length]
        at += len(piece)
        output = reply.take(sound(piece)) if piece else None
        if output is not None:
            assert isinstance(output, SpeechChunk)
            assert len(output.pcm)
            got.append(output.pcm)
    assert np.concatenate([np.zeros(0, np.int16), *got]).tolist() == samples
    assert [item.samples for item in reply.items] == ([len(samples)] if samples else [])


def test_messages_are_kept_apart() -> None:
    """Each has its own half sample, and a new one begins a new word."""
    reply = Reply("t_1")
    texts = [
        reply.take(words("Let me see.")),
        reply.take(words("Yes", "item_2")),
        reply.take(words(", indeed", "item_2")),
    ]
    assert texts == [TextPiece("Let me see."), TextPiece(" Yes"), TextPiece(", indeed")]
    assert reply.take(sound(b"\x01")) is None
    second = reply.take(sound(b"\x02\x00", "item_2"))
    assert isinstance(second, SpeechChunk)
    assert second.pcm.tolist() == [2]
    assert [(item.item_id, item.samples) for item in reply.items] == [("item_1", 0), ("item_2", 1)]


def test_names_of_older_servers() -> None:
    """Compatible servers that still speak as the interface did before."""
    reply = Reply("t_1")
    assert isinstance(reply.take(sound(b"\x01\x00", kind="response.audio.delta")), SpeechChunk)
    text = {"type": "response.audio_transcript.delta", "item_id": "item_1", "delta": "Hi"}
    assert reply.take(text) == TextPiece("Hi")


@pytest.mark.parametrize(
    "event", [{}, {"type": "weather.changed"}, {"type": "response.output_audio.delta", "delta": 7}]
)
def test_what_brings_nothing(event: dict[str, object]) -> None:
    """Events of other kinds and shapes are passed over."""
    assert Reply("t_1").take(event) is None


def test_what_is_no_sound() -> None:
    """It is an error: noise would be worse."""
    with pytest.raises(ValueError, match="base64"):
        Reply("t_1").take({"type": "response.output_audio.delta", "item_id": "item_1", "delta": "*!*"})
