"""A conversation over a real channel: what comes, in which order, in which form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.server.caller import (
    QUIET,
    SOUND_ONLY,
    check_order,
    conversation,
    kind,
    media,
    served,
)
from tth.media.decode import FrameDecoder
from tth.model.media import VideoCodec
from tth.testing.harness import RunningServer
from tth.v1 import media_pb2
from tth.v1.converse_pb2 import (
    TURN_OUTCOME_COMPLETED,
    ConverseResponse,
)

pytestmark = pytest.mark.server


def pcm_of(events: Sequence[ConverseResponse]) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """All sound of some events."""
    return np.concatenate([np.frombuffer(e.audio_chunk.data, np.int16) for e in events if kind(e) == "audio_chunk"])


def spoken_hz(events: Sequence[ConverseResponse]) -> float:
    """The mock voice's tone."""
    pcm = pcm_of(events)
    return float(np.argmax(np.abs(np.fft.rfft(pcm))) * 24_000 / len(pcm))


@served()
async def test_a_turn_has_its_order(server: RunningServer) -> None:
    """turn_started, then text, sound and pictures, then metrics and turn_complete; every number adds up."""
    async with conversation(server, media=media(media_pb2.VIDEO_CODEC_JPEG)) as caller:
        await caller.text("Hello world.", client_seq=7)
        turn = await caller.turn()
        await caller.finish()
        check_order(caller.events)
        assert kind(caller.events[0]) == "session_state"
        assert caller.events[0].seq == 1
        names = {kind(event) for event in turn}
        assert names >= {"text_delta", "speaking", "word_timing", "audio_chunk", "video_frame", "turn_complete"}
        assert all(event.schema_version == "1.0" and event.session_id == caller.session_id for event in caller.events)
        assert all(event.timestamp_ms > 0 for event in caller.events)
        assert caller.events[-1].ack_client_seq == 7
        started, complete, metrics = turn[0].turn_started, turn[-1].turn_complete, turn[-2].turn_metrics
        assert started.turn_index == 1
        assert started.synthetic
        assert list(started.adapters) == ["llm=mock_llm", "tts=mock_tts", "avatar=mock_avatar"]
        assert complete.text == "Hello world."
        assert "".join(e.text_delta.text for e in turn) == "Hello world."
        assert [e.word_timing.word for e in turn if kind(e) == "word_timing"] == ["Hello", "world."]
        chunks = [event.audio_chunk for event in turn if kind(event) == "audio_chunk"]
        assert all(chunk.sample_count * 2 == len(chunk.data) > 0 for chunk in chunks)
        assert all(chunk.duration_us == round(chunk.sample_count / 0.024) > 0 for chunk in chunks)
        assert [chunk.chunk_index for chunk in chunks] == list(range(len(chunks)))
        assert [chunk.last for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
        assert chunks[0].pts_us >= started.media_start_pts_us
        assert complete.audio_end_pts_us == chunks[-1].pts_us + chunks[-1].duration_us
        assert metrics.outcome == TURN_OUTCOME_COMPLETED
        assert metrics.audio_chunk_count == len(chunks)
        assert metrics.video_frame_count == sum(kind(event) == "video_frame" for event in turn)
        assert metrics.first_audio_ms > 0
        assert metrics.HasField("first_video_ms")
        assert not metrics.HasField("stop_latency_ms")


CODECS = [
    (media_pb2.VIDEO_CODEC_H264, VideoCodec.H264),
    (media_pb2.VIDEO_CODEC_JPEG, VideoCodec.JPEG),
    (media_pb2.VIDEO_CODEC_RAW_RGB24, VideoCodec.RAW_RGB24),
]


@pytest.mark.parametrize(("wire", "codec"), CODECS)
def test_every_frame_says_its_codec_and_decodes(wire: media_pb2.VideoCodec, codec: VideoCodec) -> None:
    """H.264, JPEG and raw frames become pictures again, the first one of a stream by itself."""

    @served()
    async def check(server: RunningServer) -> None:
        async with conversation(server, media=media(wire)) as caller:
            await caller.text("Hello.")
            await caller.turn()
            await caller.finish()
            frames = [event.video_frame for event in caller.events if kind(event) == "video_frame"]
            decoder = FrameDecoder(codec)
            pictures = [decoder.decode(frame.data, frame.width_px, frame.height_px) for frame in frames]
            assert frames[0].keyframe
            assert bool(frames[0].codec_config) == (codec is VideoCodec.H264)
            assert all(frame.codec == wire for frame in frames)
            assert all(picture is not None and picture.shape == (64, 64, 3) for picture in pictures)
            assert [frame.frame_index for frame in frames] == list(range(len(frames)))
            assert all(frame.duration_us == 40_000 for frame in frames)

    check()


@served()
async def test_no_video_means_no_frames(server: RunningServer) -> None:
    """VIDEO_CODEC_NONE: sound, text and words only, and nothing between turns."""
    async with conversation(server, media=SOUND_ONLY) as caller:
        await caller.text("Hello.")
        await caller.turn()
        await caller.finish()
        assert not {kind(event) for event in caller.events} & {"video_frame", "motion_frame"}


@served()
async def test_motion_without_pictures(server: RunningServer) -> None:
    """Who draws the head itself gets 52 weights for every slot and no picture."""
    async with conversation(server, media=media(media_pb2.VIDEO_CODEC_NONE, motion=True)) as caller:
        await caller.next_of("motion_frame")  # idle
        await caller.text("Hello.")
        turn = await caller.turn()
        motion = [event.motion_frame for event in turn if kind(event) == "motion_frame"]
        assert all(len(frame.blendshapes) == 52 for frame in motion)
        assert any(max(frame.blendshapes) > 0 for frame in motion)
        assert not any(kind(event) == "video_frame" for event in caller.events)
        assert turn[-2].turn_metrics.motion_frame_count == len(motion)


@served()
async def test_idle_frames_before_and_after_a_turn(server: RunningServer) -> None:
    """The person is there before the first word and goes on living after the last, on one clock."""
    async with conversation(server, media=media(media_pb2.VIDEO_CODEC_JPEG)) as caller:
        before = await caller.next_of("video_frame")
        await caller.text("Hello.")
        turn = await caller.turn()
        after = await caller.until(lambda e: kind(e) == "video_frame" and not e.turn_id)
        check_order(caller.events)
        assert not before.turn_id
        assert before.video_frame.kind == after.video_frame.kind == media_pb2.FRAME_KIND_IDLE
        kinds = {event.video_frame.kind for event in turn if kind(event) == "video_frame"}
        assert media_pb2.FRAME_KIND_SPEAKING in kinds


@served()
async def test_idle_mode_none_sends_nothing_between_turns(server: RunningServer) -> None:
    """Who asks for no idle frames gets pictures in turns only."""
    async with conversation(server, media=media(media_pb2.VIDEO_CODEC_JPEG), controls=QUIET) as caller:
        await caller.text("Hello.")
        await caller.turn()
        await caller.finish()
        assert all(event.turn_id for event in caller.events if kind(event) == "video_frame")
