"""docs/protocol.md: what its pictures say that the server sends is what it sends, in that order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.server.caller import LONG, Caller, calling, kind, media, resuming, served
from tth.testing.harness import RunningServer
from tth.v1 import media_pb2
from tth.v1.converse_pb2 import ConverseResponse, PauseTurn, ResumeTurn
from tth.v1.tth_service_pb2 import CreateSessionRequest, CreateSessionResponse

pytestmark = pytest.mark.server

DOCUMENT = Path(__file__).parents[2] / "docs" / "protocol.md"
EVENTS = {field.name for field in ConverseResponse.DESCRIPTOR.oneofs_by_name["payload"].fields}


def pictured(heading: str) -> list[str]:
    """The events that the picture below a heading shows the server sending, in order."""
    section = DOCUMENT.read_text("utf-8").split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    sent = re.findall(r"^\s*S-->>C: (\w+)", section, re.MULTILINE)
    return [name for name in sent if name not in ("session_id", "status")]


def check_in_order(heading: str, events: Sequence[ConverseResponse]) -> None:
    """The picture's events are among those that came, each behind the one before it."""
    wanted = pictured(heading)
    assert set(wanted) <= EVENTS, "the picture shows an event that the contract does not have"
    seen = iter([kind(event) for event in events])
    for position, name in enumerate(wanted):
        assert name in seen, f"{heading}: no {name} behind {wanted[:position]}"


async def session(server: RunningServer) -> CreateSessionResponse:
    return await server.stub.CreateSession(CreateSessionRequest(media=media(media_pb2.VIDEO_CODEC_JPEG)))


async def idle_picture(caller: Caller) -> None:
    """Somebody is there, and does not speak."""
    await caller.until(lambda event: kind(event) == "video_frame" and not event.turn_id)


@served()
async def test_a_turn(server: RunningServer) -> None:
    made = await session(server)
    async with calling(server, made.session_id) as caller:
        await idle_picture(caller)
        await caller.talk("one two three four five six")
        await caller.turn()
        await idle_picture(caller)
        await caller.finish()
        check_in_order("A turn", caller.events)


@served()
async def test_an_interrupt(server: RunningServer) -> None:
    made = await session(server)
    async with calling(server, made.session_id) as caller:
        await caller.text(LONG, turn_id="a")
        await caller.next_of("audio_chunk")
        await caller.interrupt("a")
        await caller.turn("a")
        await idle_picture(caller)
        await caller.text("four", turn_id="b")
        await caller.turn("b")
        check_in_order("An interrupt", caller.events)


@served()
async def test_a_pause(server: RunningServer) -> None:
    made = await session(server)
    async with calling(server, made.session_id) as caller:
        await caller.text(LONG, turn_id="a")
        await caller.next_of("speaking")
        await caller.send(pause_turn=PauseTurn())
        await caller.next_of("turn_paused")
        await caller.next_of("video_frame")
        await caller.send(resume_turn=ResumeTurn())
        await caller.next_of("turn_resumed")
        await caller.next_of("audio_chunk")
        await caller.interrupt("a")
        await caller.turn("a")
        check_in_order("A pause", caller.events)


@served()
async def test_a_resume(server: RunningServer) -> None:
    made = await session(server)
    async with calling(server, made.session_id) as first:
        await first.text(LONG, turn_id="a")
        await first.next_of("audio_chunk")
    await server.server.sessions.get(made.session_id).detached()
    async with resuming(server, made.session_id, made.resume_handle, first.events[-1].seq) as second:
        await second.next_of("session_state")
        await idle_picture(second)
        check_in_order("A resume", [*first.events, *second.events])
