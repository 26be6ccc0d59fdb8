"""A chat over a real channel against a scripted server."""

from __future__ import annotations

import asyncio

import pytest

from tests.client.server import Peer, Script, ScriptedService, audio, serving
from tth.cli.chat_room import ChatRoom
from tth.cli.terminal import Terminal
from tth.client import TthClient, TthRpcError, controls
from tth.v1 import controls_pb2, converse_pb2, errors_pb2
from tth.v1.converse_pb2 import ConverseResponse

pytestmark = pytest.mark.server


class Room:
    """A chat whose lines the server's script can type."""

    def __init__(self, script: Script, *, typed: bool) -> None:
        self.lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._script = script
        self._typed = typed

    async def run(self) -> None:
        service = ScriptedService(self._script)
        async with (
            serving(service) as target,
            TthClient(target) as client,
            client.converse("s_1") as conversation,
            asyncio.timeout(20),
        ):
            await ChatRoom(conversation, Terminal(), None, typed=self._typed).run(self.lines)


def run(script: Script, *lines: str | None, typed: bool) -> None:
    async def body() -> None:
        room = Room(script, typed=typed)
        for line in lines:
            room.lines.put_nowait(line)
        await room.run()

    asyncio.run(body())


def said(turn_id: str, text: str) -> ConverseResponse:
    return ConverseResponse(turn_id=turn_id, text_delta=converse_pb2.TextDelta(text=text))


def ended(turn_id: str) -> list[ConverseResponse]:
    metrics = converse_pb2.TurnMetrics(first_audio_ms=12)
    return [
        ConverseResponse(turn_id=turn_id, turn_metrics=metrics),
        ConverseResponse(turn_id=turn_id, turn_complete=converse_pb2.TurnComplete()),
    ]


async def answer(peer: Peer) -> converse_pb2.ConverseRequest:
    request = await peer.expect("user_text")
    await peer.send(said(request.turn_id, "Indeed. "), *ended(request.turn_id))
    return request


def test_lines_of_a_pipe_wait_for_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    """One turn after the other, nothing is interrupted; text on stdout, figures on stderr."""
    texts: list[str] = []

    async def script(peer: Peer) -> None:
        for _ in range(2):
            texts.append((await answer(peer)).user_text.text)
        assert await peer.receive() is None

    run(script, "one", "", "/say two", None, typed=False)
    printed = capsys.readouterr()
    assert texts == ["one", "two"]
    assert printed.out == "Indeed. \nIndeed. \n"
    assert "> one" in printed.err
    assert printed.err.count("sound 12") == 2


def test_typing_while_the_person_speaks_interrupts() -> None:
    """With the position of the playback; then the new text is said."""
    room: Room

    async def script(peer: Peer) -> None:
        first = await peer.expect("user_text")
        await peer.send(audio(first.turn_id, 0, bytes(96_000)))
        room.lines.put_nowait("stop, I know")
        interrupt = await peer.expect("interrupt")
        assert interrupt.turn_id == first.turn_id
        second = await peer.expect("user_text")
        assert second.user_text.text == "stop, I know"
        stopped = converse_pb2.TurnStopped(outcome=converse_pb2.TURN_OUTCOME_INTERRUPTED)
        await peer.send(ConverseResponse(turn_id=first.turn_id, turn_stopped=stopped), *ended(second.turn_id))
        room.lines.put_nowait("/quit")
        while await peer.receive() is not None:
            pass

    async def body() -> None:
        nonlocal room
        room = Room(script, typed=True)
        room.lines.put_nowait("tell me a story")
        await room.run()

    asyncio.run(body())


def test_the_person_is_held_and_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    """With the position of the playback; both answers are shown."""
    room: Room

    async def script(peer: Peer) -> None:
        turn_id = (await peer.expect("user_text")).turn_id
        await peer.send(audio(turn_id, 0, bytes(96_000)))
        await peer.expect("playback_report")
        room.lines.put_nowait("/pause")
        asked = await peer.expect("pause_turn")
        assert asked.turn_id == turn_id
        assert asked.pause_turn.playback.HasField("audio_pts_us")
        await peer.send(ConverseResponse(turn_id=turn_id, turn_paused=converse_pb2.TurnPaused(pts_us=1)))
        room.lines.put_nowait("/resume")
        while (message := await peer.receive()) is not None and not message.HasField("resume_turn"):
            assert message.WhichOneof("payload") in ("ping", "playback_report")
        await peer.send(ConverseResponse(turn_id=turn_id, turn_resumed=converse_pb2.TurnResumed(paused_ms=1500)))
        await peer.send(*ended(turn_id))
        room.lines.put_nowait("/quit")
        while await peer.receive() is not None:
            pass

    async def body() -> None:
        nonlocal room
        room = Room(script, typed=True)
        room.lines.put_nowait("tell me a story")
        await room.run()

    asyncio.run(body())
    printed = capsys.readouterr().err
    assert "/resume lets them go on" in printed
    assert "after 1.5 s" in printed


def test_commands_change_the_person(capsys: pytest.CaptureFixture[str]) -> None:
    """What the server cannot do as asked is said; a wrong word stays here."""

    async def script(peer: Peer) -> None:
        emotion = await peer.expect("control_update")
        assert emotion.control_update.controls == controls(emotion="happy", intensity=0.5)
        clamped = controls_pb2.ControlResult(
            path="emotion.intensity",
            outcome=controls_pb2.CONTROL_OUTCOME_CLAMPED,
            requested="0.5",
            effective="0.4",
        )
        report = controls_pb2.ControlReport(results=[clamped])
        await peer.send(ConverseResponse(control_ack=converse_pb2.ControlAck(report=report)))
        persona = await peer.expect("control_update")
        assert persona.control_update.controls == controls(persona="casual")
        assert await peer.receive() is None

    lines = ("/emotion happy 0.5", "/emotion odd", "/emotion happy 7", "/persona casual", "/sing", "/help", None)
    run(script, *lines, typed=False)
    printed = capsys.readouterr()
    assert "emotion.intensity clamped: 0.5 -> 0.4" in printed.err
    assert "/emotion: 'odd' is none of: neutral" in printed.err
    assert "/emotion: must be 0..1" in printed.err
    assert "/sing: not understood" in printed.err
    assert "/persona casual" in printed.out


def test_a_refused_line_does_not_hold_up_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    """Its error is shown."""

    async def script(peer: Peer) -> None:
        refused = await peer.expect("user_text")
        error = errors_pb2.Error(
            reason="TEXT_EMPTY",
            message="no text",
            scope=errors_pb2.ERROR_SCOPE_MESSAGE,
            client_seq=refused.client_seq,
            field_violations=[errors_pb2.FieldViolation(field="user_text.text", description="1..4000")],
        )
        await peer.send(ConverseResponse(error=error))
        await answer(peer)
        assert await peer.receive() is None

    run(script, "...", "hello", None, typed=False)
    assert "no text (TEXT_EMPTY); user_text.text: 1..4000" in capsys.readouterr().err


def test_a_broken_stream_ends_the_chat() -> None:
    """With what the server said, even when nobody types."""

    async def script(peer: Peer) -> None:
        import grpc

        await peer.context.abort(grpc.StatusCode.UNAVAILABLE, "going away")

    with pytest.raises(TthRpcError, match="going away"):
        run(script, typed=True)
