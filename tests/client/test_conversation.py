"""The conversation over a real channel, against a scripted server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import grpc
import pytest

from tests.client.server import Peer, Script, ScriptedService, audio, refusal, serving, video
from tth.client import Conversation, TthClient, TthRpcError, controls
from tth.v1 import converse_pb2 as pb
from tth.v1 import errors_pb2, media_pb2
from tth.v1.converse_pb2 import ConverseResponse

pytestmark = pytest.mark.server


def talk(script: Script, body: Callable[[Conversation, ScriptedService], Awaitable[None]]) -> None:
    """Run one conversation; the server's handler must have ended afterwards."""

    async def run() -> None:
        service = ScriptedService(script)
        async with serving(service) as target, TthClient(target) as client:
            async with client.converse("s_1") as conversation:
                await body(conversation, service)
            async with asyncio.timeout(5):
                await service.ended.wait()

    asyncio.run(run())


def text(turn_id: str, words: str) -> ConverseResponse:
    return ConverseResponse(turn_id=turn_id, text_delta=pb.TextDelta(text=words))


def complete(turn_id: str) -> ConverseResponse:
    return ConverseResponse(turn_id=turn_id, turn_complete=pb.TurnComplete())


def stopped(turn_id: str) -> ConverseResponse:
    return ConverseResponse(turn_id=turn_id, turn_stopped=pb.TurnStopped(outcome=pb.TURN_OUTCOME_INTERRUPTED))


async def until_half_close(peer: Peer) -> None:
    while await peer.receive() is not None:
        pass


def test_messages_carry_what_the_contract_asks_for() -> None:
    """Session id, version, numbering and the client's own turn id, in the order of the calls."""
    received: list[pb.ConverseRequest] = []

    async def script(peer: Peer) -> None:
        while (message := await peer.receive()) is not None:
            received.append(message)

    async def body(conversation: Conversation, service: ScriptedService) -> None:
        wish = controls(emotion="happy")
        turn_id = await conversation.say("Hello", mode=pb.TEXT_MODE_SAY, controls=wish, partial=True)
        await conversation.say(" world", mode=pb.TEXT_MODE_SAY, partial=True, turn_id=turn_id)
        await conversation.end_turn()
        await conversation.update(controls(rate=0.0), clear_paths=("emotion.valence",), ramp_ms=0)
        await conversation.interrupt(reason="enough")
        await conversation.report_playback(pb.PlaybackPosition(turn_id=turn_id, audio_pts_us=0))
        await conversation.pause()
        await conversation.resume()
        assert {m.turn_id for m in received if m.HasField("user_text")} <= {turn_id}

    talk(script, body)
    assert [m.WhichOneof("payload") for m in received] == [
        *("ping", "user_text", "user_text", "end_turn", "control_update"),
        *("interrupt", "playback_report", "pause_turn", "resume_turn"),
    ]
    assert {(m.session_id, m.schema_version) for m in received} == {("s_1", "1.0")}
    assert [m.client_seq for m in received] == list(range(1, 10))
    assert len({m.turn_id for m in received[1:4]}) == 1
    update = received[4].control_update
    assert update.controls.character.HasField("speech_rate")
    assert (list(update.clear_paths), update.HasField("ramp_ms")) == (["emotion.valence"], True)
    assert received[5].turn_id == received[1].turn_id


def test_events_of_a_turn_end_with_its_terminal_event() -> None:
    """What follows stays for the next reader."""

    async def script(peer: Peer) -> None:
        turn_id = (await peer.expect("user_text")).turn_id
        await peer.send(text(turn_id, "Hi"), video("", 0), complete("other"), complete(turn_id), text("", "later"))
        await until_half_close(peer)

    async def body(conversation: Conversation, service: ScriptedService) -> None:
        turn_id = await conversation.say("Hello")
        kinds = [event.WhichOneof("payload") async for event in conversation.events_of(turn_id)]
        assert kinds == ["text_delta", "video_frame", "turn_complete", "turn_complete"]
        assert conversation.turn_id == ""
        assert (await anext(conversation.events())).text_delta.text == "later"

    talk(script, body)


def test_a_refused_text_ends_its_turn_with_the_error() -> None:
    """Nobody waits for a turn that will never be; an error about something else ends nothing."""

    async def script(peer: Peer) -> None:
        update, said = await peer.expect("control_update"), await peer.expect("user_text")
        for seq in (update.client_seq, said.client_seq):
            error = errors_pb2.Error(scope=errors_pb2.ERROR_SCOPE_MESSAGE, client_seq=seq)
            await peer.send(ConverseResponse(error=error))
        started = ConverseResponse(turn_id=(await peer.expect("user_text")).turn_id, turn_started=pb.TurnStarted())
        await peer.send(started)
        late = errors_pb2.Error(
            scope=errors_pb2.ERROR_SCOPE_MESSAGE, client_seq=(await peer.expect("end_turn")).client_seq
        )
        await peer.send(ConverseResponse(error=late), complete(started.turn_id))
        await until_half_close(peer)

    async def body(conversation: Conversation, service: ScriptedService) -> None:
        await conversation.update(controls(rate=99))
        turn_id = await conversation.say(" ")
        assert len([event async for event in conversation.events_of(turn_id)]) == 2
        assert conversation.turn_id == ""
        turn_id = await conversation.say("Hello", partial=True)
        await conversation.end_turn()
        kinds = [event.WhichOneof("payload") async for event in conversation.events_of(turn_id)]
        assert kinds == ["turn_started", "error", "turn_complete"]

    talk(script, body)


def test_a_timeout_around_the_wait_for_an_event_loses_nothing() -> None:
    """The stream lives on and the next event is the next one."""

    async def script(peer: Peer) -> None:
        await peer.expect("user_text")
        await peer.send(text("a", "1"), text("a", "2"))
        await until_half_close(peer)

    async def body(conversation: Conversation, service: ScriptedService) -> None:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.001):
                    await anext(conversation.events())
        await conversation.say("go")
        assert [(await anext(conversation.events())).text_delta.text for _ in range(2)] == ["1", "2"]

    talk(script, body)


def test_media_of_an_interrupted_turn_are_dropped_and_counted() -> None:
    """Its figures and its end still come; so does the next turn."""

    async def script(peer: Peer) -> None:
        turn_id = (await peer.expect("user_text")).turn_id
        await peer.send(audio(turn_id, 0))
        await peer.expect("interrupt")
        metrics = ConverseResponse(turn_id=turn_id, turn_metrics=pb.TurnMetrics())
        jpeg = video(turn_id, 0, codec=media_pb2.VIDEO_CODEC_JPEG)
        await peer.send(audio(turn_id, 20_000), jpeg, text(turn_id, "x"), metrics, stopped(turn_id))
        turn_id = (await peer.expect("user_text")).turn_id
        await peer.send(audio(turn_id, 40_000), complete(turn_id))
        await until_half_close(peer)

    async def body(conversation: Conversation, service: ScriptedService) -> None:
        first = await conversation.say("one")
        assert (await anext(conversation.events())).HasField("audio_chunk")
        await conversation.interrupt()
        kinds = [event.WhichOneof("payload") async for event in conversation.events_of(first)]
        assert kinds == ["turn_metrics", "turn_stopped"]
        assert conversation.stale_count == 3
        second = await conversation.say("two")
        kinds = [event.WhichOneof("payload") async for event in conversation.events_of(second)]
        assert kinds == ["audio_chunk", "turn_complete"]

    talk(script, body)


def test_after_dropped_h264_frames_pictures_begin_again_with_a_key_frame() -> None:
    """A frame that leans on a dropped one would show garbage."""

    async def script(peer: Peer) -> None:
        turn_id = (await peer.expect("user_text")).turn_id
        await peer.expect("interrupt")
        await peer.send(video(turn_id, 0), stopped(turn_id))
        await peer.send(video("", 1), video("", 2), video("", 3, keyframe=True), video("", 4), complete("end"))
        await until_half_close(peer)

    async def body(conversation: Conversation, service: ScriptedService) -> None:
        await conversation.say("one")
        await conversation.interrupt()
        events = [event async for event in conversation.events_of("end")]
        assert [event.video_frame.pts_us for event in events if event.HasField("video_frame")] == [3, 4]
        assert (conversation.stale_count, conversation.undecodable_count) == (1, 2)

    talk(script, body)


def test_finish_lets_the_running_turn_end() -> None:
    """Half-close, then read to the end of the stream."""

    async def script(peer: Peer) -> None:
        turn_id = (await peer.expect("user_text")).turn_id
        assert await peer.receive() is None
        await peer.send(text(turn_id, "Bye"), complete(turn_id))

    async def body(conversation: Conversation, service: ScriptedService) -> None:
        await conversation.say("Goodbye")
        await conversation.finish()
        assert len([event async for event in conversation.events()]) == 2
        with pytest.raises(RuntimeError, match="closed"):
            await conversation.say("more")

    talk(script, body)


def test_a_refused_stream_raises_what_the_server_said() -> None:
    """From `events`, and from sending after it."""

    async def script(peer: Peer) -> None:
        await peer.context.abort(grpc.StatusCode.NOT_FOUND, "no such session")

    async def body(conversation: Conversation, service: ScriptedService) -> None:
        with pytest.raises(TthRpcError, match="no such session") as caught:
            await anext(conversation.events())
        assert caught.value.code is grpc.StatusCode.NOT_FOUND
        with pytest.raises(TthRpcError, match="no such session"):
            await conversation.say("anybody?")

    talk(script, body)


def test_sending_after_the_server_ended_the_stream_is_an_error() -> None:
    """Not a silent loss."""

    async def script(peer: Peer) -> None:
        await peer.receive()

    async def body(conversation: Conversation, service: ScriptedService) -> None:
        assert [event async for event in conversation.events()] == []
        with pytest.raises(TthRpcError, match="STREAM_ENDED"):
            await conversation.say("anybody?")

    talk(script, body)


@pytest.mark.parametrize("drain_s", [0.0, 0.05])
def test_close_ends_the_call_even_when_the_server_goes_on(drain_s: float) -> None:
    """Nothing is left running, on no side; events that nobody read are thrown away."""

    async def script(peer: Peer) -> None:
        while True:
            await peer.send(audio("a", 0))

    async def body(conversation: Conversation, service: ScriptedService) -> None:
        await anext(conversation.events())
        before = asyncio.all_tasks()
        await conversation.close(drain_s)
        await conversation.close(drain_s)
        left = {task.get_name() for task in asyncio.all_tasks() & before}
        assert not any(name.startswith("tth-conversation") for name in left)

    talk(script, body)


def test_leaving_the_client_closes_conversations_that_were_left_open() -> None:
    """The channel is never closed under a running read."""

    async def script(peer: Peer) -> None:
        await until_half_close(peer)

    async def run() -> None:
        service = ScriptedService(script)
        async with serving(service) as target:
            async with TthClient(target) as client:
                conversation = client.converse("s_1")
                await conversation.__aenter__()
            async with asyncio.timeout(5):
                await service.ended.wait()
            with pytest.raises(RuntimeError, match="closed"):
                await conversation.ping()

    asyncio.run(run())


def test_a_slow_reader_holds_back_the_server_and_loses_nothing() -> None:
    """The queue here is bounded; the rest waits in the transport, then in the server."""
    sent = 0
    count = 3000

    async def script(peer: Peer) -> None:
        nonlocal sent
        await peer.expect("user_text")
        for index in range(count):
            await peer.send(audio("a", index))
            sent += 1
        await peer.send(complete("a"))

    async def body(conversation: Conversation, service: ScriptedService) -> None:
        await conversation.say("go")
        first = await anext(conversation.events())
        assert sent < count
        rest = [event.audio_chunk.pts_us async for event in conversation.events_of("a")]
        assert [first.audio_chunk.pts_us, *rest] == [*range(count), 0]

    talk(script, body)


def test_a_server_that_does_not_read_holds_back_the_sender() -> None:
    """256 messages wait here, the transport takes some more; then sending waits."""
    sent = 0

    async def script(peer: Peer) -> None:
        await asyncio.Event().wait()

    async def flood(conversation: Conversation) -> None:
        nonlocal sent
        while True:
            await conversation.say("x" * 4000)
            sent += 1

    async def body(conversation: Conversation, service: ScriptedService) -> None:
        flooding = asyncio.create_task(flood(conversation))
        before = -1
        while sent > before:  # no more than before in a quarter of a second
            before = sent
            await asyncio.sleep(0.25)
        flooding.cancel()
        await asyncio.wait([flooding])
        assert 256 <= sent < 4000  # the transport's share depends on its windows
        await conversation.close(drain_s=0)

    talk(script, body)


def test_the_status_details_reach_the_caller() -> None:
    """Reason and fields of a refusal in the middle of the stream."""

    async def script(peer: Peer) -> None:
        from grpc_status import rpc_status

        await peer.receive()
        status = refusal(3, "INVALID_REQUEST", "bad", ("user_text.text", "1..4000 code points"))
        await peer.context.abort_with_status(rpc_status.to_status(status))

    async def body(conversation: Conversation, service: ScriptedService) -> None:
        with pytest.raises(TthRpcError) as caught:
            await anext(conversation.events())
        assert (caught.value.reason, caught.value.violations[0].field) == ("INVALID_REQUEST", "user_text.text")

    talk(script, body)


def test_what_a_pause_made_void_does_not_come() -> None:
    """Media on their way when it is asked for wait for the answer; what lies before it comes, and what follows."""

    async def script(peer: Peer) -> None:
        turn_id = (await peer.expect("user_text")).turn_id
        await peer.send(audio(turn_id, 0))
        asked = await peer.expect("pause_turn")
        assert asked.turn_id == turn_id
        assert asked.pause_turn.playback.audio_pts_us == 30_000
        paused = ConverseResponse(turn_id=turn_id, turn_paused=pb.TurnPaused(pts_us=30_000))
        await peer.send(
            audio(turn_id, 20_000), audio(turn_id, 40_000), text(turn_id, "x"), paused, video(turn_id, 60_000)
        )
        assert (await peer.expect("resume_turn")).HasField("resume_turn")
        resumed = ConverseResponse(turn_id=turn_id, turn_resumed=pb.TurnResumed(pts_us=100_000))
        await peer.send(resumed, audio(turn_id, 100_000), complete(turn_id))
        await until_half_close(peer)

    async def body(conversation: Conversation, service: ScriptedService) -> None:
        turn_id = await conversation.say("one")
        assert (await anext(conversation.events())).HasField("audio_chunk")
        await conversation.pause(playback=pb.PlaybackPosition(audio_pts_us=30_000))
        events = []
        async for event in conversation.events():
            events.append(event)
            if event.HasField("video_frame"):
                break
        assert [event.WhichOneof("payload") for event in events] == [
            "text_delta",
            "audio_chunk",
            "turn_paused",
            "video_frame",
        ]
        assert (events[1].audio_chunk.pts_us, events[1].audio_chunk.sample_count) == (20_000, 240)
        await conversation.resume()
        rest = [event.WhichOneof("payload") async for event in conversation.events_of(turn_id)]
        assert rest == ["turn_resumed", "audio_chunk", "turn_complete"]

    talk(script, body)


def test_a_refused_pause_loses_nothing() -> None:
    """Also when the reader leaves in between, and when the stream ends without an answer."""

    async def script(peer: Peer) -> None:
        turn_id = (await peer.expect("user_text")).turn_id
        asked = await peer.expect("pause_turn")
        error = errors_pb2.Error(scope=errors_pb2.ERROR_SCOPE_MESSAGE, client_seq=asked.client_seq)
        await peer.send(audio(turn_id, 0), audio(turn_id, 20_000), ConverseResponse(error=error))
        await peer.expect("pause_turn")
        await peer.send(audio(turn_id, 40_000))

    async def body(conversation: Conversation, service: ScriptedService) -> None:
        await conversation.say("one")
        await conversation.pause()
        kinds = [(await anext(conversation.events())).WhichOneof("payload") for _ in range(3)]
        assert kinds == ["audio_chunk", "audio_chunk", "error"]
        await conversation.pause()
        assert [event.audio_chunk.pts_us async for event in conversation.events()] == [40_000]

    talk(script, body)
