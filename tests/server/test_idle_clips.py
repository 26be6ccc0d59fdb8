"""Clips over the wire: a player that loops them always has something to show, and the stream stays alive."""

from __future__ import annotations

import pytest

from tests.server.caller import check_order, conversation, kind, media, served
from tth.client import IdleLoop
from tth.server.app import ServerOptions, TthServer
from tth.testing.harness import RunningServer, make_server, mock_adapters
from tth.v1 import media_pb2
from tth.v1.controls_pb2 import CONTROL_OUTCOME_APPLIED, IDLE_MODE_CLIP, Controls, Render
from tth.v1.tth_service_pb2 import CreateSessionRequest

pytestmark = pytest.mark.server

CLIPS = Controls(render=Render(idle_mode=IDLE_MODE_CLIP))
JPEG = media(media_pb2.VIDEO_CODEC_JPEG)


def lively() -> TthServer:
    """Shows life each three seconds."""
    return make_server(mock_adapters(), ServerOptions(heartbeat_s=3.0))


@served()
async def test_clips_are_what_was_asked_for(server: RunningServer) -> None:
    """Applied, not substituted."""
    reply = await server.stub.CreateSession(CreateSessionRequest(media=JPEG, controls=CLIPS))
    (found,) = reply.control_report.results
    assert (found.path, found.outcome) == ("render.idle_mode", CONTROL_OUTCOME_APPLIED)


@served(lively)
async def test_a_clip_then_signs_of_life_then_a_turn_then_a_clip(server: RunningServer) -> None:
    """In between the player has a picture for every moment."""
    async with conversation(server, media=JPEG, controls=CLIPS) as caller:
        states = [await caller.next_of("session_state") for _ in range(4)]
        first = [event.video_frame for event in caller.events if kind(event) == "video_frame"]
        missing = sum(frame.dropped_before_count for frame in first)
        slots = 1 + round((first[-1].pts_us - first[0].pts_us) / first[0].duration_us)
        assert len(first) + missing - first[0].dropped_before_count == slots <= 100  # each is there, or is counted
        assert states[-1].session_state.pts_us > first[-1].pts_us + 4_000_000
        loop: IdleLoop[int] = IdleLoop()
        for event in caller.events:
            loop.take(event, event.video_frame.frame_index)
        assert loop.end_us is not None
        looped = [picture for _, picture in loop.between(0, states[-1].session_state.pts_us)]
        assert looped[0] == first[-2].frame_index
        await caller.text("Hello.")
        await caller.turn()
        clip = await caller.next_of("idle_clip")
        check_order(caller.events)
        turn = [e.video_frame.pts_us for e in caller.events if kind(e) == "video_frame" and e.turn_id]
        assert clip.idle_clip.pts_us > turn[-1]
        assert not clip.turn_id
