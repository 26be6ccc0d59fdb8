"""Streams that are lost and gone on with: what is told again, what is dropped, who may, and who is sent away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

import grpc
import pytest

from tests.server.caller import (
    LONG,
    SOUND_ONLY,
    Caller,
    calling,
    check_alive,
    check_order,
    kind,
    media,
    resuming,
    served,
    with_model,
)
from tth.core.replay import ReplayLimits
from tth.errors import TakenOver
from tth.model.media import us_to_samples
from tth.server.app import ServerOptions, TthServer
from tth.session.resuming import Resuming
from tth.testing.harness import RunningServer, make_server
from tth.testing.scripted import ScriptedModel, every
from tth.v1 import media_pb2
from tth.v1.converse_pb2 import (
    TEXT_MODE_TALK,
    TURN_OUTCOME_CANCELLED,
    ConverseResponse,
    Ping,
    PlaybackPosition,
    UserText,
)
from tth.v1.tth_service_pb2 import CreateSessionRequest, EndSessionRequest, GetSessionRequest

pytestmark = pytest.mark.server

OF_THE_MOMENT = {
    "audio_chunk",
    "video_frame",
    "motion_frame",
    "idle_clip",
    "session_state",
    "degraded_mode",
    "go_away",
    "pong",
}


async def session(server: RunningServer, codec: media_pb2.VideoCodec | None = None) -> tuple[str, str]:
    """A fresh session's id and handle."""
    wanted = SOUND_ONLY if codec is None else media(codec)
    reply = await server.stub.CreateSession(CreateSessionRequest(media=wanted))
    return reply.session_id, reply.resume_handle


async def presented(server: RunningServer, session_id: str, pts_us: int) -> None:
    """Wait until a listener without any delay hears this: nobody can say that he has heard more."""
    conversation = server.server.sessions.get(session_id)
    now_s = conversation.engine.clock.now_s()
    await asyncio.sleep(conversation.media_clock.delay_until_s(us_to_samples(pts_us), 0, now_s))


async def detached(server: RunningServer, session_id: str) -> None:
    await server.server.sessions.get(session_id).detached()


def told(events: Sequence[ConverseResponse]) -> list[ConverseResponse]:
    """Those that can be told again."""
    return [event for event in events if kind(event) not in OF_THE_MOMENT]


@served()
async def test_what_was_missed_comes_again(server: RunningServer) -> None:
    """Everything but media behind the last event taken, as it was sent and in its order; then the state; then live."""
    session_id, handle = await session(server, media_pb2.VIDEO_CODEC_H264)
    async with calling(server, session_id) as first:
        await first.text("one two three four five six seven eight nine ten.", turn_id="a")
        await first.next_of("video_frame")
        taken = len(first.events)
        await first.text(LONG, turn_id="b")
        await first.until(lambda event: event.turn_id == "b" and kind(event) == "word_timing")
        sent, last_seq = list(first.events), first.events[taken - 1].seq
    await detached(server, session_id)
    async with resuming(server, session_id, handle, last_seq) as second:
        state = await second.next_of("session_state")
        again = second.events[:-1]
        assert again[: len(told(sent[taken:]))] == told(sent[taken:])
        assert [kind(event) for event in again if kind(event) in OF_THE_MOMENT] == []
        assert again[-1].turn_stopped.outcome == TURN_OUTCOME_CANCELLED
        assert [kind(event) for event in again[-2:]] == ["turn_metrics", "turn_stopped"]
        seqs = [event.seq for event in second.events]
        assert seqs == sorted(set(seqs))
        assert state.session_state.resumed
        assert not state.session_state.gap
        frame = (await second.next_of("video_frame")).video_frame
        assert frame.keyframe
        assert frame.pts_us > max(e.video_frame.pts_us for e in sent if kind(e) == "video_frame")
        await check_alive(second)
        check_order(second.events[len(again) :])


@served()
async def test_events_that_waited_when_the_stream_died_are_not_lost(server: RunningServer) -> None:
    """They were never sent; they get their numbers and come with the next stream."""
    session_id, handle = await session(server)
    async with calling(server, session_id) as first:
        await first.text(LONG, turn_id="a")
        await first.next_of("turn_started")
        last_seq = first.events[-1].seq
    await detached(server, session_id)
    async with resuming(server, session_id, handle, last_seq) as second:
        await second.next_of("session_state")
        turn = [event for event in (*first.events, *second.events) if event.turn_id == "a"]
        names = [kind(event) for event in turn if kind(event) not in OF_THE_MOMENT]
        assert names.count("turn_stopped") == names.count("turn_metrics") == 1
        assert names[0] == "turn_started"
        assert names[-1] == "turn_stopped"


COUNTING = "One two three four five six seven eight nine ten."


@served(lambda: with_model(list(every(0, COUNTING)), list(every(0, "Yes."))))
async def test_the_memory_is_what_the_client_says_it_heard(server: RunningServer) -> None:
    """It comes back and tells where it stood: history and client have the same text, cut at a word."""
    session_id, handle = await session(server)
    async with calling(server, session_id) as first:
        await first.text("Count.", TEXT_MODE_TALK, turn_id="a")
        words = [(await first.next_of("word_timing")).word_timing for _ in range(4)]
        heard_us = words[2].pts_us + words[2].duration_us
        await presented(server, session_id, heard_us)
    await detached(server, session_id)
    position = PlaybackPosition(audio_pts_us=heard_us)
    async with resuming(server, session_id, handle, first.events[-1].seq, position) as second:
        await second.text("Go on.", TEXT_MODE_TALK, turn_id="b")
        await second.turn("b")
    model = server.server.engine.adapters.llm
    assert isinstance(model, ScriptedModel)
    history = model.player.calls[1].prompt.history  # type: ignore[union-attr]
    assert [utterance.text for utterance in history] == ["Count.", "One two three"]
    assert history[1].interrupted
    told = [getattr(event, kind(event)) for event in second.events if kind(event) in ("turn_stopped", "turn_heard")]
    assert told[-1].heard_text == "One two three"  # by the one that stopped it, or that mended it


@served()
async def test_the_newer_stream_wins(server: RunningServer) -> None:
    """The old one ends with ABORTED and does not see the new one's turn; its own turn is stopped, and that is told."""
    session_id, handle = await session(server)
    async with calling(server, session_id) as old:
        await old.text(LONG, turn_id="a")
        await old.next_of("audio_chunk")
        async with resuming(server, session_id, handle, old.events[0].seq) as new:
            await new.next_of("session_state")
            assert "turn_stopped" in {kind(event) for event in new.events if event.turn_id == "a"}
            assert await old.status() == (grpc.StatusCode.ABORTED, "SESSION_TAKEN_OVER")
            await check_alive(new)
            assert not [event for event in old.events if event.turn_id == "alive"]


@served()
async def test_of_several_who_resume_at_once_the_last_one_has_it(server: RunningServer) -> None:
    """In whatever order they wake when the stream before has ended; the others hear that they were too early."""
    session_id, handle = await session(server)
    resuming_all = Resuming(server.server.sessions, server.server.engine, None)
    async with calling(server, session_id) as old:
        await old.next_of("session_state")
        asked = [asyncio.create_task(resuming_all.session_of(session_id, handle)) for _ in range(3)]
        first, second, third = await asyncio.gather(*asked, return_exceptions=True)
        assert isinstance(first, TakenOver)
        assert isinstance(second, TakenOver)
        assert third is server.server.sessions.get(session_id)


@served()
async def test_without_a_handle_a_second_stream_is_refused(server: RunningServer) -> None:
    """As ever; the first goes on."""
    session_id, _ = await session(server)
    async with calling(server, session_id) as old:
        await old.next_of("session_state")
        async with calling(server, session_id) as other:
            assert await other.status() == (grpc.StatusCode.FAILED_PRECONDITION, "SESSION_ATTACHED")
        await check_alive(old)


def deaf_client_server() -> TthServer:
    return make_server(options=ServerOptions(outbox_stalled_s=100.0))


@served(deaf_client_server)
async def test_a_client_that_does_not_read_is_not_waited_for(server: RunningServer) -> None:
    """Its successor has the session at once, though the server still hangs in a write to it."""
    reply = await server.stub.CreateSession(CreateSessionRequest(media=media(media_pb2.VIDEO_CODEC_RAW_RGB24)))
    call = server.stub.Converse()
    deaf = Caller(call, reply.session_id)
    await deaf.text(LONG)
    await call.read()
    conversation = server.server.sessions.get(reply.session_id)
    while conversation.resumption.last_seq < 20:
        await server.stub.GetSession(GetSessionRequest(session_id=reply.session_id))
    async with resuming(server, reply.session_id, reply.resume_handle) as new:
        await new.next_of("session_state")
        assert "turn_stopped" in {kind(event) for event in new.events}
        await check_alive(new)
    call.cancel()


@served()
async def test_of_many_that_resume_at_once_one_has_it(server: RunningServer) -> None:
    """All others end as taken over; the session is whole."""
    session_id, handle = await session(server)
    async with AsyncExitStack() as stack:
        callers = [await stack.enter_async_context(resuming(server, session_id, handle)) for _ in range(6)]
        ends = [asyncio.create_task(caller.status()) for caller in callers]
        while sum(end.done() for end in ends) < 5:
            await asyncio.wait([end for end in ends if not end.done()], return_when=asyncio.FIRST_COMPLETED)
        winner = next(caller for caller, end in zip(callers, ends, strict=True) if not end.done())
        assert {await end for end in ends if end.done()} == {(grpc.StatusCode.ABORTED, "SESSION_TAKEN_OVER")}
        await check_alive(winner)
        for end in ends:
            end.cancel()


@served()
async def test_repeated_messages_are_taken_once(server: RunningServer) -> None:
    """By their numbers; the acknowledgement tells which are in; those that are new are worked off."""
    session_id, handle = await session(server)
    async with calling(server, session_id) as first:
        await first.send(ping=Ping(client_time_ms=1), client_seq=1)
        await first.text("One.", turn_id="a", client_seq=2)
        end = (await first.turn("a"))[-1]
        assert end.ack_client_seq == 2
    await detached(server, session_id)
    async with resuming(server, session_id, handle, first.events[-1].seq) as second:
        assert (await second.next_of("session_state")).ack_client_seq == 2
        await second.text("One.", turn_id="a", client_seq=2)
        await second.text("Two.", turn_id="b", client_seq=3)
        await second.text("Two.", turn_id="b", client_seq=3)
        await second.turn("b")
        await second.send(ping=Ping(client_time_ms=2), client_seq=4)
        assert (await second.next_of("pong")).ack_client_seq == 4
        assert [kind(event) for event in second.events if kind(event) == "error"] == []
        assert {event.turn_id for event in second.events} == {"", "b"}


@served()
async def test_a_stream_that_does_not_resume_counts_from_one(server: RunningServer) -> None:
    """Its first message is no repetition of another stream's."""
    session_id, _ = await session(server)
    for turn_id in ("a", "b"):
        async with calling(server, session_id, greet=False) as caller:
            await caller.text("Hello.", turn_id=turn_id, client_seq=1)
            assert (await caller.turn(turn_id))[-1].ack_client_seq == 1
        await detached(server, session_id)


@served()
async def test_what_was_not_worked_off_is_not_acknowledged(server: RunningServer) -> None:
    """A refusal is an answer, so it counts; nothing is acknowledged before those in front of it."""
    session_id, _ = await session(server)
    async with calling(server, session_id, greet=False) as caller:
        await caller.send(user_text=UserText(text="\a"), client_seq=1)
        await caller.send(schema_version="9.9", client_seq=2)
        await caller.send(ping=Ping(client_time_ms=1), client_seq=3)
        errors = [await caller.next_of("error") for _ in range(2)]
        assert [event.error.client_seq for event in errors] == [1, 2]
        assert all(event.ack_client_seq >= event.error.client_seq for event in errors)
        assert (await caller.next_of("pong")).ack_client_seq == 3


@served()
async def test_handles_change_with_every_resume(server: RunningServer) -> None:
    """The one that was shown stays good, older ones do not; a wrong one looks like an unknown session."""
    session_id, first = await session(server)
    handles = [first]
    for _ in range(2):
        async with resuming(server, session_id, handles[-1]) as caller:
            handles.append((await caller.next_of("session_state")).session_state.resume_handle)
        await detached(server, session_id)
    async with resuming(server, session_id, handles[-2]) as caller:
        assert (await caller.next_of("session_state")).session_state.resumed
    assert len(set(handles)) == 3
    texts = set()
    for asked, handle in ((session_id, first), (session_id, "x"), (session_id, ""), ("s_none", handles[-1])):
        async with resuming(server, asked, handle) as caller:
            assert await caller.status() == (grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND")
            assert caller.error is not None
            texts.add(caller.error.details())
    assert len(texts) == 1


@served()
async def test_a_lost_ring_is_told(server: RunningServer) -> None:
    """So is a number that was never sent; the state says from where on nothing is missing."""
    session_id, handle = await session(server)
    async with calling(server, session_id) as first:
        for index in range(40):
            await first.text("one two three four five six.", turn_id=f"t{index}")
        await first.turn("t39")
    await detached(server, session_id)
    async with resuming(server, session_id, handle, 0) as second:
        state = await second.next_of("session_state")
        oldest = state.session_state.oldest_replayable_seq
        assert state.session_state.gap == (oldest > 1)
        assert all(event.seq >= oldest for event in second.events)
    await detached(server, session_id)
    async with resuming(server, session_id, state.session_state.resume_handle, 10**6) as third:
        beyond = await third.next_of("session_state")
        assert beyond.session_state.gap
        assert beyond.seq > state.seq
        assert [kind(event) for event in third.events] == ["session_state"]


def forgetful_server() -> TthServer:
    return make_server(replay=ReplayLimits(max_count=2))


@served(forgetful_server)
async def test_what_a_resume_itself_tells_displaces_nothing(server: RunningServer) -> None:
    """A ring that is full of what was missed: `turn_heard` needs a place in it, and the client gets all the same."""
    session_id, handle = await session(server)
    async with calling(server, session_id) as first:
        await first.text(LONG, turn_id="a")
        word = (await first.next_of("word_timing")).word_timing
        await presented(server, session_id, word.pts_us + word.duration_us)
    await detached(server, session_id)
    last_seq = server.server.sessions.get(session_id).resumption.last_seq - 2
    async with resuming(server, session_id, handle, last_seq, PlaybackPosition(audio_pts_us=0)) as second:
        state = await second.next_of("session_state")
        assert [kind(event) for event in second.events[:-1]] == ["turn_metrics", "turn_stopped", "turn_heard"]
        assert [event.seq for event in second.events] == list(range(last_seq + 1, last_seq + 5))
        assert not state.session_state.gap


@served()
async def test_an_ended_session_cannot_be_resumed(server: RunningServer) -> None:
    """Whatever the handle."""
    session_id, handle = await session(server)
    await server.stub.EndSession(EndSessionRequest(session_id=session_id))
    async with resuming(server, session_id, handle) as caller:
        assert await caller.status() == (grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND")


@served()
async def test_the_first_answer_is_given_again_with_its_handle(server: RunningServer) -> None:
    """CreateSession repeated with its request_id."""
    one, two = [await server.stub.CreateSession(CreateSessionRequest(request_id="r")) for _ in range(2)]
    assert one.session_id == two.session_id
    assert one.resume_handle == two.resume_handle != ""
