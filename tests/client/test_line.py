"""A conversation over more than one call: scripted servers that lose it, and a real one behind a line that is cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import grpc
import pytest
from grpc_status import rpc_status

from tests.client.server import Peer, ScriptedService, audio, refusal, serving
from tth.client import LineState, ResumePoint, TthClient, TthRpcError, media
from tth.client.conversation import Conversation
from tth.client.line import ABOVE_ALL
from tth.testing.harness import running_server
from tth.v1.converse_pb2 import (
    GO_AWAY_ACTION_DISCONNECT,
    GO_AWAY_ACTION_RECONNECT,
    GO_AWAY_ACTION_RESUME,
    TEXT_MODE_SAY,
    ConverseRequest,
    ConverseResponse,
    GoAway,
    PlaybackPosition,
    SessionState,
    TextDelta,
    TurnComplete,
    TurnStarted,
)

pytestmark = pytest.mark.server

LIMIT_S = 20.0
UNAVAILABLE, ABORTED, NOT_FOUND = 14, 10, 5
Call = Callable[[Peer], Awaitable[None]]
Body = Callable[[Conversation], Awaitable[None]]


class Lost(Exception):
    """This call ends with a status."""

    def __init__(self, code: int, reason: str = "GONE") -> None:
        self.code, self.reason = code, reason


def event(seq: int, ack: int = 0, **payload: Any) -> ConverseResponse:
    return ConverseResponse(seq=seq, ack_client_seq=ack, **payload)


def state(seq: int, handle: str = "h", ack: int = 0, *, resumed: bool = False) -> ConverseResponse:
    return event(seq, ack, session_state=SessionState(resume_handle=handle, resumed=resumed))


def talk(calls: list[Call], body: Body, resume: ResumePoint | None = None, **more: Any) -> None:
    """Serve one script for each call, in order; one call more than there are scripts fails the test."""
    left = iter(calls)

    async def script(peer: Peer) -> None:
        try:
            await next(left)(peer)
        except Lost as lost:
            await peer.context.abort_with_status(status_of(lost))

    async def run() -> None:
        async with (
            asyncio.timeout(LIMIT_S),
            serving(ScriptedService(script)) as target,
            TthClient(target) as client,
            client.converse("" if resume else "s_1", resume=resume, **more) as conversation,
        ):
            await body(conversation)

    asyncio.run(run())
    assert list(left) == []


def status_of(lost: Lost) -> Any:
    return rpc_status.to_status(refusal(lost.code, lost.reason, "scripted"))


async def first_message(peer: Peer) -> ConverseRequest:
    message = await peer.receive()
    assert message is not None
    return message


def test_a_lost_call_is_resumed() -> None:
    """With the newest handle, the last event taken and where the player stood; what was not taken is sent again."""

    async def first(peer: Peer) -> None:
        await first_message(peer)
        await peer.context.write(state(1, "h1", ack=1))
        assert (await peer.expect("user_text")).client_seq == 2
        assert (await peer.expect("control_update")).client_seq == 3
        await peer.expect("playback_report")
        await peer.context.write(ConverseResponse(seq=2, ack_client_seq=2, turn_id="a", turn_started=TurnStarted()))
        raise Lost(UNAVAILABLE)

    async def second(peer: Peer) -> None:
        message = await first_message(peer)
        assert message.client_seq == 0
        assert message.resume.resume_handle == "h1"
        assert message.resume.last_seq == 2
        assert message.resume.playback.audio_pts_us == 77
        await peer.context.write(event(2, 2, text_delta=TextDelta(text="twice")))  # taken before
        await peer.context.write(event(5, 2, turn_id="a", text_delta=TextDelta(text="missed")))
        await peer.context.write(state(6, "h2", ack=2, resumed=True))
        again = await first_message(peer)
        assert again.WhichOneof("payload") == "control_update"
        assert again.client_seq == 3
        assert (await peer.expect("user_text")).client_seq == 5
        await peer.context.write(event(7, 5, turn_id="b", turn_complete=TurnComplete()))

    async def body(conversation: Conversation) -> None:
        await conversation.say("one", turn_id="a")
        await conversation.update(ramp_ms=1)
        await conversation.report_playback(PlaybackPosition(audio_pts_us=77))
        seen = []
        async for got in conversation.events():
            seen.append(got.seq)
            if got.seq == 2:
                assert conversation.state is LineState.OPEN
            if got.WhichOneof("payload") == "session_state" and got.session_state.resumed:
                assert conversation.resumed_count == 1
                assert conversation.ended_turn_id == "a"  # its end was lost, and it has one all the same
                await conversation.say("two", turn_id="b")
        assert seen == [1, 2, 5, 6, 7]
        assert conversation.state is LineState.ENDED
        point = conversation.resume_point
        assert point is not None
        assert (point.resume_handle, point.last_seq, point.client_seq) == ("h2", 7, 5)
        assert "h2" not in repr(point)

    talk([first, second], body)


@pytest.mark.parametrize(
    ("code", "reason"), [(ABORTED, "SESSION_TAKEN_OVER"), (NOT_FOUND, "SESSION_NOT_FOUND"), (8, "SLOW_CONSUMER")]
)
def test_what_is_over_is_not_tried_again(code: int, reason: str) -> None:
    """Above all not a session that another client has taken up."""

    async def only(peer: Peer) -> None:
        await first_message(peer)
        await peer.context.write(state(1))
        raise Lost(code, reason)

    async def body(conversation: Conversation) -> None:
        with pytest.raises(TthRpcError, match=reason):
            async for _ in conversation.events():
                pass
        assert conversation.state is LineState.ENDED

    talk([only], body)


@pytest.mark.parametrize("action", [GO_AWAY_ACTION_DISCONNECT, GO_AWAY_ACTION_RECONNECT])
def test_who_is_sent_away_for_good_stays_away(action: Any) -> None:
    """The session ends with that call."""

    async def only(peer: Peer) -> None:
        await first_message(peer)
        await peer.context.write(state(1))
        await peer.context.write(event(2, go_away=GoAway(action=action)))
        raise Lost(UNAVAILABLE, "DRAINING")

    async def body(conversation: Conversation) -> None:
        with pytest.raises(TthRpcError, match="DRAINING"):
            async for _ in conversation.events():
                pass

    talk([only], body)


def test_who_is_sent_elsewhere_comes_again() -> None:
    """go_away with RESUME, then UNAVAILABLE: another server answers."""

    async def one(peer: Peer) -> None:
        await first_message(peer)
        await peer.context.write(state(1))
        await peer.context.write(event(2, go_away=GoAway(action=GO_AWAY_ACTION_RESUME)))
        raise Lost(UNAVAILABLE, "DRAINING")

    async def busy(peer: Peer) -> None:
        await first_message(peer)
        raise Lost(UNAVAILABLE, "STORE_UNAVAILABLE")

    async def other(peer: Peer) -> None:
        assert (await first_message(peer)).resume.last_seq == 2
        await peer.context.write(state(3, resumed=True))

    async def body(conversation: Conversation) -> None:
        assert [got.seq async for got in conversation.events()] == [1, 2, 3]

    talk([one, busy, other], body)


@pytest.mark.parametrize("handle", ["h", ""])
def test_it_can_be_switched_off(handle: str) -> None:
    """By `reconnect_s=0`; and without a handle there is nothing to come back with."""

    async def only(peer: Peer) -> None:
        await first_message(peer)
        await peer.context.write(state(1, handle))
        raise Lost(UNAVAILABLE)

    async def body(conversation: Conversation) -> None:
        with pytest.raises(TthRpcError, match="GONE"):
            async for _ in conversation.events():
                pass

    talk([only], body, reconnect_s=0.0 if handle else 60.0)


def test_a_half_close_is_said_again() -> None:
    """What had been said before it comes first, also on the new call."""

    async def first(peer: Peer) -> None:
        await first_message(peer)
        await peer.context.write(state(1, ack=1))
        await peer.expect("user_text")
        assert await peer.receive() is None
        raise Lost(UNAVAILABLE)

    async def second(peer: Peer) -> None:
        await first_message(peer)
        await peer.context.write(state(2, ack=1, resumed=True))
        assert (await peer.expect("user_text")).user_text.text == "bye"
        assert await peer.receive() is None
        await peer.context.write(event(3, 2, turn_id="a", turn_complete=TurnComplete()))

    async def body(conversation: Conversation) -> None:
        await conversation.say("bye", turn_id="a")
        await conversation.finish()
        assert [got.seq async for got in conversation.events()] == [1, 2, 3]

    talk([first, second], body)


def test_another_client_goes_on_from_a_point() -> None:
    """It begins with resume; its numbers are above those of the one before, whatever they were."""

    async def only(peer: Peer) -> None:
        message = await first_message(peer)
        assert (message.session_id, message.resume.resume_handle, message.resume.last_seq) == ("s_9", "h9", 40)
        assert message.resume.playback.audio_pts_us == 5
        await peer.context.write(event(41, 7, text_delta=TextDelta(text="missed")))
        await peer.context.write(state(42, "h10", ack=7, resumed=True))
        assert (await peer.expect("user_text")).client_seq > ABOVE_ALL
        await peer.context.write(event(43, ABOVE_ALL + 2, turn_id="b", turn_complete=TurnComplete()))

    async def body(conversation: Conversation) -> None:
        turn_id = await conversation.say("hello", turn_id="b")
        assert [got.seq async for got in conversation.events_of(turn_id)] == [41, 42, 43]

    talk([only], body, ResumePoint("s_9", "h9", 40, playback=PlaybackPosition(audio_pts_us=5)))


def test_what_waits_unread_is_not_claimed() -> None:
    """A client that stops with events in its queue has not taken them: whoever goes on from there gets them again."""

    async def only(peer: Peer) -> None:
        await first_message(peer)
        await peer.context.write(state(1, "h1", ack=1))
        await peer.context.write(event(2, 1, turn_id="a", text_delta=TextDelta(text="One.")))
        await peer.context.write(event(3, 1, turn_id="a", turn_complete=TurnComplete()))

    async def body(conversation: Conversation) -> None:
        async with aclosing(conversation.events()) as events:
            assert (await anext(events)).seq == 1
            await asyncio.wait([task for task in asyncio.all_tasks() if task.get_name() == "tth-conversation"])
            assert conversation.state is LineState.ENDED  # all of it has arrived
            assert last_seq(conversation) == 1
            assert (await anext(events)).seq == 2
        await conversation.close(drain_s=0)
        assert last_seq(conversation) == 2

    def last_seq(conversation: Conversation) -> int:
        point = conversation.resume_point
        assert point is not None
        return point.last_seq

    talk([only], body)


def test_nothing_is_left_when_it_is_closed_while_it_is_lost() -> None:
    """Also in the pause before the next try."""

    async def only(peer: Peer) -> None:
        await first_message(peer)
        await peer.context.write(state(1))
        await peer.context.write(audio("a", 0))
        raise Lost(UNAVAILABLE)

    async def run() -> None:
        service = ScriptedService(only)
        async with asyncio.timeout(LIMIT_S), serving(service) as target, TthClient(target) as client:
            conversation = client.converse("s_1")
            await conversation.__aenter__()
            await anext(conversation.events())
            service.script = gone
            await service.ended.wait()
            await conversation.close(drain_s=0.01)
            assert conversation.state is LineState.ENDED
            assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("tth-conversation")]

    async def gone(peer: Peer) -> None:
        await peer.context.abort_with_status(status_of(Lost(UNAVAILABLE)))

    asyncio.run(run())


class Wire:
    """A line to a server that can be cut: every connection through it is gone at once."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        self._open |= {writer, back}
        async with asyncio.TaskGroup() as group:
            for source, target in ((reader, back), (there, writer)):
                group.create_task(self._carry(source, target))

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                target.write(data)
                await target.drain()
        except OSError:
            pass
        finally:
            target.close()
            self._open.discard(target)

    def cut(self) -> None:
        for writer in tuple(self._open):
            writer.transport.abort()


@asynccontextmanager
async def wired(port: int) -> AsyncIterator[tuple[Wire, str]]:
    """A wire and its near end's address."""
    wire = Wire(port)
    async with await asyncio.start_server(wire.serve, "127.0.0.1", 0) as server:
        yield wire, f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        wire.cut()


def test_a_cut_line_costs_a_turn_and_no_more() -> None:
    """A real server: the turn that ran has ended for both, what the client says next is said once, nothing is lost."""

    async def run() -> None:
        async with running_server() as server, wired(server.server.port) as (wire, target), TthClient(target) as client:
            session = await client.create_session(media=media(video="none"))
            async with client.converse(session.session_id) as conversation:
                await conversation.say("one two three four five six. " * 20, mode=TEXT_MODE_SAY, turn_id="a")
                seqs, ends = list[int](), list[str]()
                async for got in conversation.events():
                    seqs.append(got.seq)
                    name = got.WhichOneof("payload") or ""
                    if name in ("turn_complete", "turn_stopped"):
                        ends.append(f"{got.turn_id} {name}")
                    if name == "audio_chunk" and got.turn_id == "a" and not conversation.resumed_count:
                        wire.cut()
                        await conversation.say("And on.", mode=TEXT_MODE_SAY, turn_id="b")
                        break
                async for got in conversation.events_of("b"):
                    seqs.append(got.seq)
                    name = got.WhichOneof("payload") or ""
                    if name in ("turn_complete", "turn_stopped"):
                        ends.append(f"{got.turn_id} {name}")
                assert ends == ["a turn_stopped", "b turn_complete"]
                assert seqs == sorted(set(seqs))
                assert conversation.resumed_count == 1
            seen = server.server.sessions.get(session.session_id)
            assert seen.turns.count == 2

    async def bounded() -> None:
        async with asyncio.timeout(LIMIT_S):
            await run()

    asyncio.run(bounded())


def test_the_first_refusal_is_the_answer() -> None:
    """A session that does not exist is not looked for again and again."""

    async def run() -> None:
        async with (
            asyncio.timeout(LIMIT_S),
            running_server() as server,
            TthClient(server.target) as client,
            client.converse(resume=ResumePoint("s_none", "x")) as conversation,
        ):
            with pytest.raises(TthRpcError) as refused:
                await anext(conversation.events())
            assert refused.value.code is grpc.StatusCode.NOT_FOUND

    asyncio.run(run())
