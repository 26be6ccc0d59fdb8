"""A client that says goodbye, and one that is lost: to a reader of grpc.aio both look the same at first."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from tests.server.caller import SOUND_ONLY, calling, conversation, kind, new_session, served, with_model
from tth.adapters.base import LlmInput
from tth.testing.harness import RunningServer
from tth.testing.scripted import ScriptedModel, every
from tth.testing.simulator.transport import Reading, SimulatedCall
from tth.testing.virtual_time import run_virtual
from tth.v1.converse_pb2 import TEXT_MODE_TALK, ConverseRequest, ConverseResponse, Ping, UserText
from tth.v1.tth_service_pb2 import CreateSessionRequest

pytestmark = pytest.mark.server

LOST_OFTEN = 40
"""One lost stream in twelve ends for its reader before its handler is cancelled."""


@served(lambda: with_model())
async def test_a_stream_that_is_lost_says_no_goodbye(server: RunningServer) -> None:
    """What its client was typing is not taken for a question."""
    for _ in range(LOST_OFTEN):
        session_id = await new_session(server)
        async with calling(server, session_id) as caller:
            await caller.text("What if", TEXT_MODE_TALK, partial=True)
            await caller.send(ping=Ping(client_time_ms=1))
            await caller.next_of("pong")
        await server.server.sessions.get(session_id).detached()
    model = server.server.engine.adapters.llm
    assert isinstance(model, ScriptedModel)
    assert model.player.calls == []


@served()
async def test_a_half_close_is_answered(server: RunningServer) -> None:
    """With the session's state, also when there is nothing left to do."""
    async with conversation(server) as caller:
        await caller.next_of("session_state")
        await caller.finish()
        assert [kind(event) for event in caller.events] == ["session_state", "session_state"]


TEN = "One two three four five six seven eight nine ten. "


def note_end(sent: asyncio.Event, event: ConverseResponse) -> None:
    """All of a turn has come."""
    if kind(event) == "turn_complete":
        sent.set()


async def left(*, vanishes: bool) -> str:
    """What is remembered of two seconds of an answer, half of which was heard when its client left so."""
    server = with_model([*every(0, TEN * 2)], [*every(0, "Yes.")])
    await server.load()
    session = await server.service.CreateSession(CreateSessionRequest(media=SOUND_ONLY), None)  # type: ignore[arg-type]
    for _ in range(2):
        sent = asyncio.Event()
        call = SimulatedCall(Reading(), partial(note_end, sent))
        serving = asyncio.create_task(server.service.Converse(call, call))  # type: ignore[arg-type]
        text = UserText(text="Well?", mode=TEXT_MODE_TALK)
        call.send(ConverseRequest(session_id=session.session_id, user_text=text))
        await asyncio.wait_for(sent.wait(), 10)
        call.is_gone = vanishes
        call.half_close()
        await asyncio.wait_for(serving, 1)
    await server.stop()
    model = server.engine.adapters.llm
    assert isinstance(model, ScriptedModel)
    prompt = model.player.calls[1].prompt
    assert isinstance(prompt, LlmInput)
    return prompt.history[-1].text


def test_who_says_goodbye_plays_what_he_has() -> None:
    """So all of it is heard."""
    assert run_virtual(left(vanishes=False)) == (TEN * 2)


def test_who_is_lost_hears_no_more() -> None:
    """Though the stream had ended before it was cancelled; the media clock says what was heard."""
    heard = run_virtual(left(vanishes=True))
    assert heard.startswith("One two")
    assert len(heard) < len(TEN) * 1.5
