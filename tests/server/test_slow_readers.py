"""Clients that read more slowly than media come: what they lose, what they never lose, what they are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise

import grpc
import pytest

from tests.server.caller import QUIET, SOUND_ONLY, Caller, check_order, conversation, kind, media, new_session, served
from tth.adapters.registry import Adapters
from tth.adapters.tts import mock_tts
from tth.server.app import ServerOptions, TthServer
from tth.testing.harness import RunningServer, make_server
from tth.testing.scripted import ScriptedAvatar
from tth.v1 import media_pb2
from tth.v1.controls_pb2 import Controls, Render, Resolution
from tth.v1.converse_pb2 import ConverseResponse, DegradedMode, Ping
from tth.v1.tth_service_pb2_grpc import TthServiceStub

pytestmark = pytest.mark.server

SMALL_WINDOW = (("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 16_384))
"""The transport then holds tens of kilobytes, less than a second of sound and pictures, in place of megabytes."""
SPEECH = "one two three four five six seven eight nine ten. " * 8
"""About eight seconds at 20 ms a character."""
PICTURES = Controls(render=Render(resolution=Resolution(width_px=96, height_px=96)))


def patient() -> TthServer:
    return make_server(Adapters(tts=mock_tts.build(mock_tts.Settings(20)), avatar=ScriptedAvatar()))


def hasty() -> TthServer:
    """Gives a client up after four seconds, and shows life each two."""
    adapters = Adapters(tts=mock_tts.build(mock_tts.Settings(20)), avatar=ScriptedAvatar())
    return make_server(adapters, ServerOptions(outbox_stalled_s=4.0, heartbeat_s=2.0))


class SlowCaller(Caller):
    """Rests behind each event that it has read."""

    rest_s: Callable[[ConverseResponse], float] = staticmethod(lambda event: 0.0)

    async def read_all(self) -> None:
        try:
            while (event := await self.call.read()) is not grpc.aio.EOF:
                assert isinstance(event, ConverseResponse)
                self.note(event)
                await asyncio.sleep(self.rest_s(event))
        except grpc.aio.AioRpcError as error:
            self.error = error
        finally:
            self.note_end()


@asynccontextmanager
async def slow_conversation(
    server: RunningServer, rest_s: Callable[[ConverseResponse], float], codec: media_pb2.VideoCodec
) -> AsyncIterator[SlowCaller]:
    """A stream over a channel with a small window."""
    session_id = await new_session(server, media=media(codec), controls=PICTURES)
    async with grpc.aio.insecure_channel(server.target, options=SMALL_WINDOW) as channel:
        call = TthServiceStub(channel).Converse()
        caller = SlowCaller(call, session_id)
        caller.rest_s = rest_s
        reader = asyncio.create_task(caller.read_all())
        try:
            await caller.send()
            yield caller
        finally:
            call.cancel()
            reader.cancel()
            await asyncio.wait([reader])


def transport(events: list[ConverseResponse]) -> list[DegradedMode]:
    """What was told of the reader."""
    modes = [event.degraded_mode for event in events if kind(event) == "degraded_mode"]
    return [mode for mode in modes if mode.component == "transport"]


@pytest.mark.parametrize("codec", [media_pb2.VIDEO_CODEC_RAW_RGB24, media_pb2.VIDEO_CODEC_H264])
def test_a_slow_reader_loses_pictures_only_and_is_told(codec: media_pb2.VideoCodec) -> None:
    """It hears every sample and reads every word; what it lost is counted, where it lost it and in the turn's figures;
    no H.264 frame comes that cannot be decoded."""

    @served(patient)
    async def check(server: RunningServer) -> None:
        rests = {"video_frame": 0.12}
        async with slow_conversation(server, lambda event: rests.get(kind(event), 0.0), codec) as caller:
            await caller.text(SPEECH)
            turn = await caller.turn()
            check_order(caller.events)
            chunks = [event.audio_chunk for event in turn if kind(event) == "audio_chunk"]
            assert all(a.pts_us + a.duration_us == b.pts_us for a, b in pairwise(chunks))
            assert "".join(e.text_delta.text for e in turn if kind(e) == "text_delta").strip() == SPEECH.strip()
            frames = [event.video_frame for event in turn if kind(event) == "video_frame"]
            metrics = turn[-2].turn_metrics
            assert metrics.video_frame_count == len(frames)
            assert metrics.dropped_frame_count > len(frames) / 2
            told = transport(caller.events)
            assert [mode.level for mode in told][:2] == ["newest_only", "half_rate"]
            assert all(mode.active and mode.reason == "SLOW_READER" and mode.action for mode in told[:2])
            check_gaps(caller.events)

    check()


def check_gaps(events: list[ConverseResponse]) -> None:
    """A frame that does not follow the one before it says how many are missing, and can be decoded."""
    frames = [event.video_frame for event in events if kind(event) == "video_frame"]
    for before, after in pairwise(frames):
        if after.frame_index != before.frame_index + 1:
            assert after.keyframe
            assert after.dropped_before_count >= after.frame_index - before.frame_index - 1


@served(patient)
async def test_who_reads_again_gets_everything_again(server: RunningServer) -> None:
    """Two seconds of sleep between turns: told, and told when it is over; then picture follows picture again. (That
    none is left out any more: test_outbox.py, where no machine can be too slow.)"""
    rests = [2.0]
    async with slow_conversation(
        server, lambda event: rests.pop() if kind(event) == "video_frame" and rests else 0.0, media_pb2.VIDEO_CODEC_JPEG
    ) as caller:
        over = await caller.until(lambda e: bool(transport([e])) and not e.degraded_mode.active)
        assert over.degraded_mode.level == "full"
        assert not over.turn_id
        await caller.text("one two three four five six.")
        await caller.turn()
        before = (await caller.next_of("video_frame")).video_frame
        while (after := (await caller.next_of("video_frame")).video_frame).frame_index != before.frame_index + 1:
            before = after
        assert after.dropped_before_count == 0
        check_order(caller.events)
        check_gaps(caller.events)


@served(hasty)
async def test_who_reads_far_too_slowly_is_given_up(server: RunningServer) -> None:
    """Five events a second are less than the sound alone: each write succeeds, but what waits grows too old."""
    async with slow_conversation(server, lambda event: 0.2, media_pb2.VIDEO_CODEC_JPEG) as caller:
        await caller.text(SPEECH * 4)
        assert await caller.status() == (grpc.StatusCode.RESOURCE_EXHAUSTED, "SLOW_CONSUMER")
        check_told_in_order(caller.events)


def check_told_in_order(events: list[ConverseResponse]) -> None:
    """seq without gaps, however it ended."""
    assert [event.seq for event in events] == list(range(1, len(events) + 1))


@served(patient)
async def test_notices_pass_what_waits(server: RunningServer) -> None:
    """A pong overtakes the media that wait for the client: only what is being written goes before it."""
    rests = {"audio_chunk": 0.2, "video_frame": 0.2}
    async with slow_conversation(
        server, lambda event: rests.get(kind(event), 0.0), media_pb2.VIDEO_CODEC_RAW_RGB24
    ) as caller:
        await caller.text(SPEECH)
        await caller.until(lambda event: bool(transport([event])))
        await caller.send(ping=Ping(client_time_ms=1))
        pong = await caller.next_of("pong")
        taken_ms = pong.pong.server_receive_ms
        between = [event for event in caller.events if taken_ms < event.timestamp_ms and event.seq < pong.seq]
        assert sum(kind(event) != "degraded_mode" for event in between) <= 1
        waited = await caller.next_of("audio_chunk")  # sound that was made long before it could be sent
        assert waited.timestamp_ms >= pong.timestamp_ms


@served(hasty)
async def test_a_quiet_stream_shows_life(server: RunningServer) -> None:
    """Nothing to send for two seconds: session_state, again and again; one that talks needs none."""
    async with conversation(server, media=SOUND_ONLY, controls=QUIET) as caller:
        states = [await caller.next_of("session_state") for _ in range(4)]
        assert [event.seq for event in states] == [1, 2, 3, 4]
        gaps_ms = [later.timestamp_ms - earlier.timestamp_ms for earlier, later in pairwise(states)]
        assert all(2000 <= gap_ms < 3500 for gap_ms in gaps_ms)
        assert states[-1].session_state.pts_us > states[0].session_state.pts_us
    async with conversation(server, media=media(media_pb2.VIDEO_CODEC_JPEG)) as caller:
        for _ in range(100):  # four seconds of idle pictures
            await caller.next_of("video_frame")
        assert sum(kind(event) == "session_state" for event in caller.events) == 1
