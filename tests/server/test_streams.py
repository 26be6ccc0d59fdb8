"""What ends a stream, and what one stream leaves for the next."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.server.caller import (
    LONG,
    Caller,
    calling,
    check_order,
    conversation,
    kind,
    media,
    new_session,
    served,
    with_model,
)
from tth.testing.harness import RunningServer
from tth.testing.scripted import ScriptedModel, every
from tth.v1 import media_pb2
from tth.v1.controls_pb2 import Controls, Render
from tth.v1.converse_pb2 import (
    TEXT_MODE_SAY,
    TEXT_MODE_TALK,
    ControlUpdate,
    EndTurn,
    Interrupt,
    Ping,
    PlaybackPosition,
    UserText,
)
from tth.v1.tth_service_pb2 import GetSessionRequest

pytestmark = pytest.mark.server


@served()
async def test_half_close_finishes_the_running_turn(server: RunningServer) -> None:
    """Nothing more to say does not mean stop: the turn is spoken to its end, then the stream ends with OK."""
    async with conversation(server, media=media(media_pb2.VIDEO_CODEC_JPEG)) as caller:
        await caller.text("A whole sentence, spoken to its end.")
        await caller.next_of("turn_started")
        await caller.finish()
        check_order(caller.events)
        assert caller.events[-1].turn_complete.text == "A whole sentence, spoken to its end."
        assert (await caller.status())[0] is grpc.StatusCode.OK


@pytest.mark.parametrize("mode", [1, 2])
def test_half_close_ends_a_growing_text(mode: int) -> None:
    """A text in parts that was never ended is spoken as far as it came."""

    @served()
    async def check(server: RunningServer) -> None:
        async with conversation(server) as caller:
            await caller.text("Half a ", mode, partial=True)  # type: ignore[arg-type]
            await caller.text("sentence", mode, partial=True)  # type: ignore[arg-type]
            await caller.finish()
            assert caller.events[-1].turn_complete.text.endswith("Half a sentence")

    check()


@served()
async def test_a_second_stream_goes_on(server: RunningServer) -> None:
    """seq, media time and turn numbers go on from stream to stream; the first frame is a key frame again."""
    session_id = await new_session(server, media=media(media_pb2.VIDEO_CODEC_H264))
    streams: list[Caller] = []
    for _ in range(2):
        async with calling(server, session_id) as caller:
            await caller.text("Hello again.")
            await caller.turn()
            await caller.finish()
            streams.append(caller)
    first, second = (stream.events for stream in streams)
    check_order([*first, *second])
    assert [event.turn_complete.text for event in second if kind(event) == "turn_complete"]  # idle frames may follow it
    assert {event.turn_id for event in second} == {"", "t_2"}
    frames = [event.video_frame for event in second if kind(event) == "video_frame"]
    assert frames[0].keyframe
    assert frames[0].codec_config


@served(lambda: with_model(list(every(0, "First answer.")), list(every(0, "Second answer."))))
async def test_history_outlives_a_stream(server: RunningServer) -> None:
    """The second stream's question comes with the first stream's exchange."""
    session_id = await new_session(server)
    for question in ("One?", "Two?"):
        async with calling(server, session_id) as caller:
            await caller.talk(question)
            await caller.finish()
    model = server.server.engine.adapters.llm
    assert isinstance(model, ScriptedModel)
    history = model.player.calls[1].prompt.history  # type: ignore[union-attr]
    assert [utterance.text for utterance in history] == ["One?", "First answer."]


@served()
async def test_a_half_typed_question_does_not_outlive_its_stream(server: RunningServer) -> None:
    """What somebody typed who then vanished is not put in front of the next question."""
    session_id = await new_session(server)
    async with calling(server, session_id) as caller:
        await caller.text("Half a ", TEXT_MODE_TALK, partial=True, client_seq=1)
        await caller.send(ping=Ping(client_time_ms=1))
        await caller.next_of("pong")
    await server.server.sessions.get(session_id).stopped()
    async with calling(server, session_id) as caller:
        await caller.talk("Whole?")
        assert (await caller.turn())[-1].turn_complete.text == "You said: Whole?"


@served()
async def test_ping_is_answered_past_the_media(server: RunningServer) -> None:
    """A pong gives back the client's time and the server's two."""
    async with conversation(server) as caller:
        await caller.text(LONG)
        await caller.send(ping=Ping(client_time_ms=1234))
        pong = (await caller.next_of("pong")).pong
        assert pong.client_time_ms == 1234
        assert 0 < pong.server_receive_ms <= pong.server_send_ms
        await caller.interrupt()
        await caller.turn()


@served()
async def test_get_session_tells_what_runs(server: RunningServer) -> None:
    """attached, state and the current turn, during a turn and after it."""
    async with conversation(server) as caller:
        request = GetSessionRequest(session_id=caller.session_id)
        await caller.text(LONG, turn_id="mine")
        await caller.next_of("audio_chunk")
        during = await server.stub.GetSession(request)
        await caller.interrupt()
        await caller.turn()
        after = await server.stub.GetSession(request)
        assert (during.state, during.current_turn_id, during.attached) == ("streaming", "mine", True)
        assert (after.state, after.current_turn_id, after.turn_count) == ("idle", "", 1)


@served()
async def test_a_cancelled_call_leaves_the_session_usable(server: RunningServer) -> None:
    """The turn of a client that vanished is cancelled; the session takes another stream."""
    session_id = await new_session(server, media=media(media_pb2.VIDEO_CODEC_JPEG))
    async with calling(server, session_id) as caller:
        await caller.text(LONG)
        await caller.next_of("audio_chunk")
    await server.server.sessions.get(session_id).stopped()
    async with calling(server, session_id) as caller:
        await caller.text("Back again.")
        assert (await caller.turn())[-1].turn_complete.text == "Back again."


RANDOM = st.lists(
    st.sampled_from(
        [
            {"user_text": UserText(text="Hello there.", mode=TEXT_MODE_SAY)},
            {"user_text": UserText(text="What?", mode=TEXT_MODE_TALK)},
            {"user_text": UserText(text="In parts, ", mode=TEXT_MODE_SAY, partial=True)},
            {"user_text": UserText(text="\a")},
            {"end_turn": EndTurn()},
            {"interrupt": Interrupt()},
            {"interrupt": Interrupt(playback=PlaybackPosition(audio_pts_us=-1))},
            {"control_update": ControlUpdate(controls=Controls(render=Render(fps=10)))},
            {"control_update": ControlUpdate(controls=Controls(render=Render(fps=0)))},
            {"ping": Ping(client_time_ms=1)},
            {"schema_version": "9.9"},
            {},
        ]
    ),
    max_size=10,
)


@settings(max_examples=15)
@given(RANDOM)
def test_any_messages_keep_the_order(messages: list[dict[str, Any]]) -> None:
    """Whatever is sent, as fast as it goes: the stream is whole, ends with OK, and every ping has its pong."""

    @served()
    async def check(server: RunningServer) -> None:
        async with conversation(server, media=media(media_pb2.VIDEO_CODEC_JPEG)) as caller:
            for message in messages:
                await caller.send(**message)
            await caller.finish()
            check_order(caller.events)
            assert await caller.status() == (grpc.StatusCode.OK, "")
            assert sum(kind(e) == "pong" for e in caller.events) == sum("ping" in message for message in messages)

    check()
