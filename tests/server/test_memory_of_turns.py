"""A session that is over is freed at once, with everything its turns held, and not when the collector of cycles happens
to look: a turn is a few hundred objects, too few for it to look soon, and tens of megabytes."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from tests.server.caller import LONG, Caller, calling, media, resuming, served
from tth.session.attendance import PUT_AWAY_S
from tth.testing.harness import RunningServer
from tth.v1 import media_pb2
from tth.v1.converse_pb2 import PauseTurn
from tth.v1.tth_service_pb2 import CreateSessionRequest, EndSessionRequest

pytestmark = pytest.mark.server


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Only counted references free anything meanwhile."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def completed(caller: Caller) -> None:
    await caller.text("one two three.", turn_id="a")
    await caller.turn("a")
    await caller.finish()


async def interrupted(caller: Caller) -> None:
    await caller.text(LONG, turn_id="a")
    await caller.next_of("audio_chunk")
    await caller.interrupt("a")
    await caller.turn("a")
    await caller.finish()


async def superseded(caller: Caller) -> None:
    await caller.text(LONG, turn_id="a")
    await caller.next_of("video_frame")
    await caller.text("one.", turn_id="b")
    await caller.turn("b")
    await caller.finish()


async def paused_and_lost(caller: Caller) -> None:
    await caller.text(LONG, turn_id="a")
    await caller.next_of("speaking")
    await caller.send(pause_turn=PauseTurn())
    await caller.next_of("turn_paused")
    await caller.next_of("video_frame")


async def lost(caller: Caller) -> None:
    await caller.text(LONG, turn_id="a")
    await caller.next_of("audio_chunk")


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("way", [completed, interrupted, superseded, paused_and_lost, lost])
def test_nothing_of_a_session_that_is_over_waits_for_the_collector(way: object) -> None:
    @served()
    async def check(server: RunningServer) -> None:
        assert callable(way)
        wanted = CreateSessionRequest(media=media(media_pb2.VIDEO_CODEC_RAW_RGB24))
        session_id = (await server.stub.CreateSession(wanted)).session_id
        freed = asyncio.Event()
        known = weakref.ref(server.server.sessions.get(session_id), lambda _: freed.set())
        async with calling(server, session_id) as caller:
            await way(caller)
        conversation = known()
        assert conversation is not None
        await conversation.detached()
        del conversation
        await server.stub.EndSession(EndSessionRequest(session_id=session_id))
        await freed.wait()  # what ended it has still to return; bounded by the limit of the test

    check()


@served()
async def test_a_session_that_was_left_gives_up_its_face_and_has_it_again_when_it_is_resumed(
    server: RunningServer,
) -> None:
    """After some seconds without a stream; the picture with which it goes on stands alone."""
    wanted = CreateSessionRequest(media=media(media_pb2.VIDEO_CODEC_H264))
    made = await server.stub.CreateSession(wanted)
    async with calling(server, made.session_id) as caller:
        await caller.next_of("video_frame")
        last_seq = caller.events[-1].seq
    conversation = server.server.sessions.get(made.session_id)
    await conversation.detached()
    alone = [conversation.attendance.is_left_alone]
    await asyncio.sleep(PUT_AWAY_S)  # of fast time
    alone.append(conversation.attendance.is_left_alone)
    await conversation.put_away()
    assert [*alone, conversation.attendance.is_left_alone] == [False, True, False]
    async with resuming(server, made.session_id, made.resume_handle, last_seq) as caller:
        assert (await caller.next_of("video_frame")).video_frame.keyframe
        await caller.text("one two three.", turn_id="a")
        assert [event for event in await caller.turn("a") if event.HasField("video_frame")]
