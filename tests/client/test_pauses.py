"""What a pause keeps back, and what of it comes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.client.server import audio, video
from tth.client.pauses import Pauses
from tth.v1 import converse_pb2 as pb
from tth.v1 import errors_pb2, media_pb2
from tth.v1.converse_pb2 import ConverseResponse

pytestmark = pytest.mark.unit

SOUND = np.arange(960, dtype="<i2")
"""40 ms."""


def paused(pts_us: int, turn_id: str = "a") -> ConverseResponse:
    return ConverseResponse(turn_id=turn_id, turn_paused=pb.TurnPaused(pts_us=pts_us))


def refused(client_seq: int) -> ConverseResponse:
    error = errors_pb2.Error(scope=errors_pb2.ERROR_SCOPE_MESSAGE, reason="NO_ACTIVE_TURN", client_seq=client_seq)
    return ConverseResponse(error=error)


def word(offset: int, pts_us: int) -> ConverseResponse:
    return ConverseResponse(turn_id="a", word_timing=media_pb2.WordTiming(word="w", offset=offset, pts_us=pts_us))


def asked() -> Pauses:
    pauses = Pauses()
    pauses.ask("a", 7)
    return pauses


def test_without_a_pause_all_passes() -> None:
    """At once."""
    pauses, event = Pauses(), audio("a", 0, SOUND.tobytes())
    assert pauses.take(event) == [event]


def test_what_lies_behind_the_pause_is_dropped() -> None:
    """Sound is cut at the sample; pictures, motion and words by their beginning."""
    pauses = asked()
    whole, cut, void = (audio("a", at, SOUND.tobytes()) for at in (0, 40_000, 80_000))
    for event in (whole, cut, void, video("a", 40_000), video("a", 80_000), word(0, 50_000), word(4, 70_000)):
        assert pauses.take(event) == []
    *heard, answer = pauses.take(paused(60_000))
    assert answer == paused(60_000)
    assert [(event.WhichOneof("payload")) for event in heard] == [
        "audio_chunk",
        "audio_chunk",
        "video_frame",
        "word_timing",
    ]
    assert heard[0].audio_chunk.sample_count == 960
    assert heard[1].audio_chunk.data == SOUND[:480].tobytes()
    assert (heard[1].audio_chunk.sample_count, heard[1].audio_chunk.duration_us) == (480, 20_000)
    assert pauses.void_count == 3
    later = audio("a", 200_000, SOUND.tobytes())
    assert pauses.take(later) == [later]


def test_of_a_packet_less_counts() -> None:
    """Opus cannot be cut: the decoder is told to take fewer samples of it."""
    pauses, packet = asked(), audio("a", 40_000)
    packet.audio_chunk.MergeFrom(
        media_pb2.AudioChunk(data=b"packet", codec=media_pb2.AUDIO_CODEC_OPUS, skip_sample_count=60, last=True)
    )
    packet.audio_chunk.sample_count, packet.audio_chunk.duration_us = 420, 17_500
    pauses.take(packet)
    (heard, _) = pauses.take(paused(50_000))
    chunk = heard.audio_chunk
    assert (chunk.data, chunk.skip_sample_count, chunk.sample_count) == (b"packet", 60, 240)
    assert (chunk.duration_us, chunk.last) == (10_000, False)


def test_a_refusal_brings_everything_back() -> None:
    """In its order, before the error; another message's refusal does not."""
    pauses = asked()
    events = [audio("a", 0), video("a", 0), audio("a", 20_000)]
    for event in events:
        pauses.take(event)
    assert pauses.take(refused(6)) == [refused(6)]
    assert pauses.take(refused(7)) == [*events, refused(7)]
    assert pauses.void_count == 0


def test_a_turn_that_ended_first() -> None:
    """Its last media come before its end: all of them where it was complete, what was heard where it was stopped."""
    pauses, sound = asked(), audio("a", 40_000)
    pauses.take(sound)
    end = ConverseResponse(turn_id="a", turn_complete=pb.TurnComplete())
    assert pauses.take(end) == [sound, end]
    assert pauses.take(refused(7)) == [refused(7)]
    pauses = asked()
    pauses.take(sound)
    stop = ConverseResponse(turn_id="a", turn_stopped=pb.TurnStopped(heard_pts_us=40_000))
    assert pauses.take(stop) == [stop]


def test_others_are_not_kept_back() -> None:
    """Text of the turn, idle pictures, other turns; and a stream that ends gives back what is left."""
    pauses = asked()
    text = ConverseResponse(turn_id="a", text_delta=pb.TextDelta(text="x"))
    for event in (text, video("", 0), audio("b", 0)):
        assert pauses.take(event) == [event]
    pauses.take(audio("a", 0))
    assert pauses.give_up() == [audio("a", 0)]
    assert pauses.give_up() == []
