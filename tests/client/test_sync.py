"""The client without an event loop, over a real channel, against a scripted server in a thread."""

from __future__ import annotations

import asyncio
import inspect
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.client.server import Peer, ScriptedService, audio, refusal, serving
from tth.client import Conversation, TthClient, TthRpcError, controls
from tth.client.sync import SyncClient, SyncConversation
from tth.v1 import tth_service_pb2 as pb
from tth.v1.converse_pb2 import ConverseResponse, SessionState, TextDelta, TurnComplete, TurnStopped

pytestmark = pytest.mark.server


@contextmanager
def served(service: ScriptedService) -> Iterator[str]:
    """Serve from a loop in a thread, as a server in another process would."""
    loop, address, stop = asyncio.new_event_loop(), list[str](), asyncio.Event()
    is_up = threading.Event()

    async def keep() -> None:
        async with serving(service) as target:
            address.append(target)
            is_up.set()
            await stop.wait()

    def main() -> None:
        loop.run_until_complete(keep())
        loop.close()

    thread = threading.Thread(target=main)
    thread.start()
    assert is_up.wait(10)
    try:
        yield address[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def _done(turn_id: str) -> ConverseResponse:
    return ConverseResponse(turn_id=turn_id, turn_complete=TurnComplete())


async def _one_turn(peer: Peer) -> None:
    text = await peer.expect("user_text")
    delta = ConverseResponse(turn_id=text.turn_id, text_delta=TextDelta(text=text.user_text.text.upper()))
    await peer.send(delta, audio(text.turn_id, 0), _done(text.turn_id))


def test_a_turn() -> None:
    """Said, heard, and over."""
    service = ScriptedService(_one_turn)
    service.answers["CreateSession"] = pb.CreateSessionResponse(session_id="s_1")
    with served(service) as target, SyncClient(target) as client:
        session = client.create_session(controls(emotion="happy"))
        with client.converse(session.session_id) as conversation:
            turn_id = conversation.say("hello")
            events = list(conversation.events_of(turn_id))
            assert conversation.session_id == "s_1"
    assert [event.WhichOneof("payload") for event in events] == ["text_delta", "audio_chunk", "turn_complete"]
    assert events[0].text_delta.text == "HELLO"
    assert service.requests[0].controls == controls(emotion="happy")


def test_a_refusal_is_the_same_error() -> None:
    """With field and range."""
    service = ScriptedService()
    service.answers["CreateSession"] = refusal(3, "CONTROL_INVALID", "bad", ("controls.emotion.intensity", "0..1"))
    with (
        served(service) as target,
        SyncClient(target) as client,
        pytest.raises(TthRpcError, match=r"controls\.emotion\.intensity: 0\.\.1"),
    ):
        client.create_session(controls(intensity=7))


def test_nobody_answers() -> None:
    """The same error as from the other client; nothing is left running."""
    before = threading.active_count()
    with pytest.raises(TthRpcError, match="no server answers at 127"), SyncClient("127.0.0.1:1", connect_timeout_s=0.2):
        pass
    assert threading.active_count() == before


def test_one_thread_reads_and_another_interrupts() -> None:
    """What is stale is dropped."""

    async def script(peer: Peer) -> None:
        text = await peer.expect("user_text")
        await peer.send(audio(text.turn_id, 0))
        await peer.expect("interrupt")
        await peer.send(audio(text.turn_id, 40_000), ConverseResponse(turn_id=text.turn_id, turn_stopped=TurnStopped()))

    with served(ScriptedService(script)) as target, SyncClient(target) as client, client.converse("s_1") as talk:
        turn_id = talk.say("hello")
        seen = []
        for event in talk.events_of(turn_id):
            seen.append(event.WhichOneof("payload"))
            if len(seen) == 1:
                thread = threading.Thread(target=talk.interrupt)
                thread.start()
                thread.join()
        assert seen == ["audio_chunk", "turn_stopped"]
        assert talk.stale_count == 1


def test_a_wait_can_be_bounded_and_loses_nothing() -> None:
    """What comes later comes out of the next `events`."""
    go = threading.Event()

    async def script(peer: Peer) -> None:
        await peer.send(ConverseResponse(session_state=SessionState()))
        await asyncio.to_thread(go.wait, 10)
        await peer.send(audio("c_1", 0))

    with served(ScriptedService(script)) as target, SyncClient(target) as client, client.converse("s_1") as talk:
        events = talk.events(timeout_s=0.1)
        assert next(events).HasField("session_state")
        with pytest.raises(TimeoutError):
            next(events)
        go.set()
        assert [event.seq for event in talk.events()] == [2]


def test_ctrl_c_ends_the_wait() -> None:
    """And the conversation can still be closed, or gone on with."""
    main = threading.get_ident()

    async def script(peer: Peer) -> None:
        await peer.expect("user_text")
        signal.pthread_kill(main, signal.SIGINT)
        await peer.expect("interrupt")
        await peer.send(audio("c_1", 0))

    with served(ScriptedService(script)) as target, SyncClient(target) as client, client.converse("s_1") as talk:

        def listen() -> None:
            talk.say("hello", turn_id="c_1")
            for _ in talk.events():
                pass

        with pytest.raises(KeyboardInterrupt):
            listen()
        talk.interrupt("c_2")
        assert [event.turn_id for event in talk.events()] == ["c_1"]


def test_a_loop_that_was_left() -> None:
    """May be left and entered again, and forgotten behind the client."""

    async def script(peer: Peer) -> None:
        await peer.send(audio("c_1", 0), audio("c_1", 40_000), audio("c_1", 80_000))

    with served(ScriptedService(script)) as target, SyncClient(target) as client, client.converse("s_1") as talk:
        for event in talk.events():
            assert event.seq == 1
            break
        left = talk.events()
        assert next(left).seq == 2
    del left


def test_it_must_be_entered(tmp_path: Path) -> None:
    """Else it says so."""
    client = SyncClient("127.0.0.1:1")
    with pytest.raises(RuntimeError, match='"with SyncClient'):
        client.download("j_1", tmp_path / "file")


@pytest.mark.parametrize(("sync", "plain"), [(SyncClient, TthClient), (SyncConversation, Conversation)])
def test_it_has_all_that_the_other_has(sync: type, plain: type) -> None:
    """With the same arguments; a channel belongs to a loop, and is not handed out. Events have a limit beside."""
    own_ways = {"channel", "events", "events_of", "converse"}
    for name, member in inspect.getmembers(plain):
        if name.startswith("_") or name in own_ways:
            continue
        assert hasattr(sync, name), name
        if inspect.isfunction(member):
            assert inspect.signature(getattr(sync, name)) == inspect.signature(member)
            assert getattr(sync, name).__doc__ == member.__doc__
