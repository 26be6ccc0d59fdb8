"""A turn that is held and goes on, over the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

import numpy as np
import pytest

from tests.server.caller import SOUND_ONLY, Caller, check_alive, check_order, conversation, kind, media, run, served
from tth.client import PlaybackClock, TthClient
from tth.media.decode import FrameDecoder
from tth.model.media import VideoCodec, us_to_samples
from tth.testing.harness import RunningServer, make_server, running_server
from tth.v1 import media_pb2
from tth.v1.controls_pb2 import LATENCY_MODE_LOW, Controls, Render
from tth.v1.converse_pb2 import (
    TEXT_MODE_SAY,
    TURN_OUTCOME_INTERRUPTED,
    ConverseResponse,
    PauseTurn,
    PlaybackPosition,
    ResumeTurn,
    Speaking,
)
from tth.v1.tth_service_pb2 import GetSessionRequest

pytestmark = pytest.mark.server

TEXT = "One two three four five six. Seven eight nine ten eleven. Twelve thirteen fourteen fifteen. " * 3
"""Five seconds, of which 400 ms are sent ahead: a machine that stalls has not sent it all before a pause arrives."""
LOW = Controls(render=Render(latency_mode=LATENCY_MODE_LOW))


def heard(events: Sequence[ConverseResponse]) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """What a client plays that throws away what a pause makes void; the mark at the end is not speech."""
    pieces: list[tuple[int, np.ndarray[tuple[int], np.dtype[np.int16]]]] = []
    for event in events:
        match kind(event):
            case "audio_chunk" if not event.audio_chunk.last:
                pcm = np.frombuffer(event.audio_chunk.data, np.int16)
                pieces.append((us_to_samples(event.audio_chunk.pts_us), pcm))
            case "turn_paused":
                end = us_to_samples(event.turn_paused.pts_us)
                pieces = [(at, pcm[: max(0, end - at)]) for at, pcm in pieces]
            case _:
                pass
    return np.concatenate([pcm for _, pcm in pieces])


async def state_of(server: RunningServer, caller: Caller) -> str:
    return (await server.stub.GetSession(GetSessionRequest(session_id=caller.session_id))).state


@served()
async def test_the_speech_goes_on_at_the_same_sample(server: RunningServer) -> None:
    """What is heard of a turn that is held twice is what is heard of one that is not, sample by sample."""
    async with conversation(server, controls=LOW) as caller:
        await caller.text(TEXT, turn_id="plain")
        plain = heard(await caller.turn("plain"))
        await caller.text(TEXT, turn_id="held")
        for number in range(2):
            await caller.until(lambda event: kind(event) == "word_timing" and event.turn_id == "held")
            await asyncio.sleep(0.15)
            await caller.send(pause_turn=PauseTurn(), turn_id="held")
            paused = (await caller.next_of("turn_paused")).turn_paused
            assert paused.is_estimate
            assert await state_of(server, caller) == "paused"
            count = len(caller.events)
            await asyncio.sleep(0.5)
            assert not [kind(event) for event in caller.events[count:] if event.turn_id]
            await caller.send(resume_turn=ResumeTurn())
            resumed = await caller.next_of("turn_resumed")
            assert resumed.turn_id == "held"
            assert resumed.turn_resumed.paused_ms >= 400
            chunk = (await caller.next_of("audio_chunk")).audio_chunk
            assert chunk.pts_us == resumed.turn_resumed.pts_us
            assert await state_of(server, caller) != "paused", number
        turn = await caller.turn("held")
        assert kind(turn[-1]) == "turn_complete"
        assert np.array_equal(heard(turn), plain)
        phases = [event.speaking.phase for event in turn if kind(event) == "speaking"]
        assert phases == [Speaking.PHASE_STARTED, Speaking.PHASE_FINISHED] * 3
        check_order(caller.events)
        await check_alive(caller)


def seen(server: RunningServer) -> AbstractAsyncContextManager[Caller]:
    """A session with pictures."""
    return conversation(server, media=media(media_pb2.VIDEO_CODEC_H264, motion=True), controls=LOW)


def is_speaking(event: ConverseResponse) -> bool:
    return kind(event) == "video_frame" and event.video_frame.kind == media_pb2.FRAME_KIND_SPEAKING


def test_the_listener_is_seen_from_a_key_frame_on() -> None:
    """A decoder that throws away what is void goes on with the next frame; a key frame again when the speech does."""

    async def main() -> None:
        async with running_server(make_server()) as server, seen(server) as caller:
            await caller.text(TEXT, turn_id="held")
            shown = await caller.until(is_speaking)
            position = PlaybackPosition(audio_pts_us=shown.video_frame.pts_us)
            await caller.send(pause_turn=PauseTurn(playback=position))
            paused = await caller.next_of("turn_paused")
            first = await caller.next_of("video_frame")
            assert first.turn_id == "held"
            assert first.video_frame.keyframe
            assert first.video_frame.kind == media_pb2.FRAME_KIND_LISTENING
            await asyncio.sleep(0.5)
            await caller.send(resume_turn=ResumeTurn())
            turn = await caller.turn("held")
            check_order(caller.events)
            frames = [e.video_frame for e in turn[turn.index(paused) :] if kind(e) == "video_frame"]
            decoder = FrameDecoder(VideoCodec.H264)
            pictures = [decoder.decode(f.data, f.width_px, f.height_px) for f in frames]
            assert all(picture is not None for picture in pictures)
            kinds = list(dict.fromkeys(frame.kind for frame in frames))
            assert kinds[:2] == [media_pb2.FRAME_KIND_LISTENING, media_pb2.FRAME_KIND_SPEAKING]

    run(main(), factor=2.0)  # pictures have their time: on a busy machine a faster one would leave them out


@served()
async def test_a_held_turn_is_stopped(server: RunningServer) -> None:
    """As any other; it was heard up to where it was held."""
    async with conversation(server, controls=LOW) as caller:
        await caller.text(TEXT, turn_id="held")
        await caller.next_of("audio_chunk")
        await asyncio.sleep(0.3)
        await caller.send(pause_turn=PauseTurn())
        paused = (await caller.next_of("turn_paused")).turn_paused
        await caller.interrupt("held")
        stopped = (await caller.turn("held"))[-1].turn_stopped
        assert stopped.outcome == TURN_OUTCOME_INTERRUPTED
        assert stopped.heard_pts_us == paused.pts_us
        assert stopped.heard_is_estimate
        await caller.send(resume_turn=ResumeTurn())
        assert (await caller.refusal()).reason == "NOT_PAUSED"
        await check_alive(caller)


@served()
async def test_the_shipped_client(server: RunningServer) -> None:
    """It hands on what was heard, once; media on their way when it pauses are sorted out by it."""
    long_text = TEXT * 2  # most of it is not even made when the last pause comes
    async with TthClient(server.target) as client:
        session = await client.create_session(LOW, media=SOUND_ONLY)
        async with client.converse(session.session_id) as talk:
            turn_id = await talk.say(long_text, mode=TEXT_MODE_SAY)
            plain = heard([event async for event in talk.events_of(turn_id)])
            turn_id = await talk.say(long_text, mode=TEXT_MODE_SAY)
            clock, events, pauses = PlaybackClock(), [], 0
            loop = asyncio.get_running_loop()
            async for event in talk.events_of(turn_id):
                events.append(event)
                clock.take(event, loop.time())
                match kind(event):
                    case "word_timing" if pauses < 3 and len(events) % 5 == 0:
                        pauses += 1
                        await asyncio.sleep(0.05 * pauses)
                        await talk.pause(playback=clock.report(loop.time()))
                    case "turn_paused":
                        await talk.resume()
                    case "error":
                        raise AssertionError(event.error)
            assert pauses == 3
            assert np.array_equal(heard(events), plain)
            paused_us = [event.turn_paused.pts_us for event in events if kind(event) == "turn_paused"]
            assert len(paused_us) == 3
