"""The library on the stubs alone, against scripts that a real server seldom plays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import grpc
import pytest
from tth_client import Client, Conversation, Session, TthError

from tests.client.server import Peer, Script, ScriptedService, audio, refusal, serving
from tth.v1 import converse_pb2, errors_pb2, media_pb2, tth_service_pb2
from tth.v1.converse_pb2 import ConverseResponse, SessionState, TurnStarted, TurnStopped

pytestmark = pytest.mark.server
NEW = Session("s_1", "secret")


def talk(script: Script, body: Callable[[Conversation], None]) -> None:
    """The library blocks, so it has a thread."""

    def blocking(target: str) -> None:
        with Client(target) as client, client.converse(NEW) as conversation:
            body(conversation)

    async def main() -> None:
        async with serving(ScriptedService(script)) as target:
            await asyncio.to_thread(blocking, target)

    asyncio.run(main())


def _state(*, resumed: bool = False) -> ConverseResponse:
    return ConverseResponse(session_state=SessionState(resume_handle="newer", resumed=resumed))


def _frame(turn_id: str, *, keyframe: bool) -> ConverseResponse:
    frame = media_pb2.VideoFrame(codec=media_pb2.VIDEO_CODEC_H264, keyframe=keyframe)
    return ConverseResponse(turn_id=turn_id, video_frame=frame)


def _stopped(turn_id: str) -> ConverseResponse:
    return ConverseResponse(turn_id=turn_id, turn_stopped=TurnStopped())


def test_stale_pictures_take_those_that_need_them_away() -> None:
    """H.264 goes on with a key frame; events that are no media are never stale."""

    async def script(peer: Peer) -> None:
        turn_id = (await peer.expect("user_text")).turn_id
        await peer.send(audio(turn_id, 0))
        await peer.expect("interrupt")
        await peer.send(_frame(turn_id, keyframe=False), _stopped(turn_id))
        await peer.send(_frame("", keyframe=False), _frame("", keyframe=True), _frame("", keyframe=False))

    def body(conversation: Conversation) -> None:
        turn_id = conversation.say("Hello.")
        seqs = []
        for event in conversation.events():
            seqs.append(event.seq)
            if event.seq == 1:
                conversation.interrupt(turn_id)
        assert seqs == [1, 3, 5, 6]
        assert (conversation.stale_dropped, conversation.generation) == (1, 1)

    talk(script, body)


def test_what_was_not_taken_is_said_again() -> None:
    """With its number, behind `resume`; what was of the moment is not; and events that come again are taken once."""
    streams: list[list[converse_pb2.ConverseRequest]] = []

    async def script(peer: Peer) -> None:
        streams.append([])
        if len(streams) == 1:
            streams[0].append(await peer.expect("user_text"))
            taken = audio("c_0", 0)
            taken.ack_client_seq = 1  # the ping
            await peer.send(_state(), taken)
            await peer.context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
        for _ in range(2):
            message = await peer.receive()
            assert message is not None
            streams[1].append(message)
        turn_id = streams[1][1].turn_id
        await peer.send(_state(), audio("c_0", 0), _state(resumed=True))
        await peer.send(ConverseResponse(turn_id=turn_id, turn_started=TurnStarted()), _stopped(turn_id))

    def body(conversation: Conversation) -> None:
        turn_id = conversation.say("Hello.")
        conversation.report_playback(converse_pb2.PlaybackPosition(audio_pts_us=7))
        assert [event.seq for event in conversation.events_of(turn_id)] == [1, 2, 3, 4, 5]
        assert conversation.connections == 2

    talk(script, body)
    resume, text = streams[1]
    assert (resume.resume.resume_handle, resume.resume.last_seq, resume.client_seq) == ("newer", 2, 0)
    assert (resume.session_id, resume.resume.playback.audio_pts_us) == ("s_1", 7)
    assert text == streams[0][0]


def test_a_refused_text_ends_its_turn() -> None:
    """There will be no other end."""

    async def script(peer: Peer) -> None:
        seq = (await peer.expect("user_text")).client_seq
        error = errors_pb2.Error(reason="TURN_RUNNING", scope=errors_pb2.ERROR_SCOPE_MESSAGE, client_seq=seq)
        await peer.send(ConverseResponse(error=error))
        await peer.receive()

    def body(conversation: Conversation) -> None:
        assert [event.error.reason for event in conversation.events_of(conversation.say("Hello."))] == ["TURN_RUNNING"]

    talk(script, body)


def test_it_does_not_come_back_when_it_was_sent_away() -> None:
    """go_away with DISCONNECT is the end of the session, however the stream ends."""

    async def script(peer: Peer) -> None:
        away = converse_pb2.GoAway(action=converse_pb2.GO_AWAY_ACTION_DISCONNECT)
        await peer.send(_state(), ConverseResponse(go_away=away))
        await peer.context.abort(grpc.StatusCode.UNAVAILABLE, "gone")

    def body(conversation: Conversation) -> None:
        with pytest.raises(TthError, match="UNAVAILABLE"):
            list(conversation.events())
        assert conversation.connections == 1

    talk(script, body)


def test_nothing_is_said_behind_the_end() -> None:
    """It says so; a queue that nobody empties is refused in the same way."""

    async def script(peer: Peer) -> None:
        await peer.receive()

    def body(conversation: Conversation) -> None:
        for _ in range(255):  # beside the first ping
            conversation.say("Hello.")
        with pytest.raises(TthError, match="takes no messages"):
            conversation.say("Hello.")
        conversation.close()
        with pytest.raises(TthError, match="is over"):
            conversation.say("Hello.")

    talk(script, body)


def test_errors_say_what_to_do() -> None:
    """Field and range; or that there is no server."""
    service = ScriptedService()
    service.answers["CreateSession"] = refusal(
        3, "CONTROL_INVALID", "CONTROL_INVALID: bad", ("controls.emotion.intensity", "must be 0..1")
    )

    def blocking(target: str) -> None:
        with Client(target) as client, pytest.raises(TthError) as caught:
            client.create_session()
        assert str(caught.value) == "bad (CONTROL_INVALID)\n  controls.emotion.intensity: must be 0..1"
        assert (caught.value.fields, caught.value.retryable) == ({"controls.emotion.intensity": "must be 0..1"}, False)
        with Client("127.0.0.1:1") as client, pytest.raises(TthError, match="is a server running there") as caught:
            client.create_session()
        assert caught.value.retryable

    async def main() -> None:
        async with serving(service) as target:
            await asyncio.to_thread(blocking, target)

    asyncio.run(main())


def test_a_token_goes_with_every_call() -> None:
    """As the bearer of each."""
    found = []

    async def script(peer: Peer) -> None:
        found.append(dict(peer.context.invocation_metadata() or ()).get("authorization"))

    async def main() -> None:
        service = ScriptedService(script)
        service.answers["CreateSession"] = tth_service_pb2.CreateSessionResponse(session_id="s_1")
        service.answers["EndSession"] = tth_service_pb2.EndSessionResponse()
        async with serving(service) as target:
            await asyncio.to_thread(blocking, target)
        assert service.requests[-1].session_id == "s_1"

    def blocking(target: str) -> None:
        with Client(target, token="t0p") as client, client.converse(Session.of(client.create_session())) as talking:
            assert list(talking.events()) == []
            client.end_session("s_1")

    asyncio.run(main())
    assert found == ["Bearer t0p"]
