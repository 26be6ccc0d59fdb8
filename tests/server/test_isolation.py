"""Two sessions on one server, however their commands are mixed: neither sees, stops or changes what is the other's."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.server.caller import SOUND_ONLY, TERMINAL, Caller, calling, check_order, kind, resuming, served
from tth.testing.harness import RunningServer
from tth.v1.controls_pb2 import Controls, Emotion
from tth.v1.converse_pb2 import (
    TEXT_MODE_SAY,
    TEXT_MODE_TALK,
    ControlUpdate,
    EndTurn,
    Interrupt,
    PlaybackPosition,
    PlaybackReport,
    UserText,
)
from tth.v1.tth_service_pb2 import CreateSessionRequest, GetSessionRequest

pytestmark = pytest.mark.server

NAMES = ("alpha", "beta")
ACTIONS = ("say", "ask", "part", "end", "interrupt", "cross interrupt", "cross end", "report", "update", "cross resume")
STEPS = st.lists(st.tuples(st.integers(0, 1), st.sampled_from(ACTIONS)), min_size=2, max_size=14)


class Side:
    """One of the two: its session, its stream, and its words, that nobody else says."""

    def __init__(self, name: str, caller: Caller, handle: str) -> None:
        self.name = name
        self.caller = caller
        self.handle = handle
        self.turn_count = 0

    def message(self, action: str, other: Side) -> dict[str, Any]:
        """What is sent for a step."""
        text = f"{self.name} {self.name}. " * 3
        turn_id = f"{self.name}-{self.turn_count}"
        match action:
            case "say" | "ask" | "part":
                self.turn_count += 1
                mode = TEXT_MODE_TALK if action == "ask" else TEXT_MODE_SAY
                turn_id = f"{self.name}-{self.turn_count}"
                return {"user_text": UserText(text=text, mode=mode, partial=action == "part"), "turn_id": turn_id}
            case "end":
                return {"end_turn": EndTurn(), "turn_id": turn_id}
            case "interrupt":
                return {"interrupt": Interrupt(), "turn_id": turn_id}
            case "cross interrupt":
                return {"interrupt": Interrupt(), "turn_id": f"{other.name}-{other.turn_count}"}
            case "cross end":
                return {"end_turn": EndTurn(), "turn_id": f"{other.name}-{other.turn_count}"}
            case "report":
                return {"playback_report": PlaybackReport(position=PlaybackPosition(audio_pts_us=10**12))}
            case _:
                happy = Controls(emotion=Emotion(intensity=0.9 if self.name == "alpha" else 0.1))
                return {"control_update": ControlUpdate(controls=happy)}


async def is_refused(server: RunningServer, session_id: str, handle: str) -> bool:
    """A stream with somebody else's handle ends as if the session did not exist."""
    async with resuming(server, session_id, handle) as thief:
        status = await thief.status()
        return status == (grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND") and not thief.events


def check_alone(side: Side, other: Side) -> None:
    """Nothing of the other's is in what came: not its id, its handle, its turns, its words."""
    events = side.caller.events
    assert {event.session_id for event in events} == {side.caller.session_id}
    raw = b"".join(event.SerializeToString() for event in events if kind(event) != "audio_chunk")
    for mark in (other.caller.session_id, other.handle, other.name):
        assert mark.encode() not in raw
    check_order(events)
    intensities = {e.control_ack.report.effective.emotion.intensity for e in events if kind(e) == "control_ack"}
    assert len(intensities) <= 1


@settings(max_examples=12)
@given(STEPS)
def test_two_sessions_know_nothing_of_each_other(steps: list[tuple[int, str]]) -> None:
    """Every step of one leaves the other as it was; at the end both are alive and have had their own turns."""

    @served()
    async def check(server: RunningServer) -> None:
        made = [
            await server.stub.CreateSession(CreateSessionRequest(request_id=name, media=SOUND_ONLY)) for name in NAMES
        ]
        assert made[0].session_id != made[1].session_id
        async with calling(server, made[0].session_id) as one, calling(server, made[1].session_id) as two:
            sides = [
                Side(name, caller, reply.resume_handle)
                for name, caller, reply in zip(NAMES, (one, two), made, strict=True)
            ]
            for who, action in steps:
                side, other = sides[who], sides[1 - who]
                if action == "cross resume":
                    assert await is_refused(server, other.caller.session_id, side.handle)
                else:
                    await side.caller.send(**side.message(action, other))
            for side, other in zip(sides, reversed(sides), strict=True):
                await side.caller.text(f"{side.name}.", turn_id="last")
                await side.caller.turn("last")
                seen = await server.stub.GetSession(GetSessionRequest(session_id=side.caller.session_id))
                assert seen.turn_count == side.turn_count + 1 - refused_turns(side)
                check_alone(side, other)

    check()


def refused_turns(side: Side) -> int:
    """Parts of a text that belong to the turn before, or texts that were refused: no turns of their own."""
    ends = {event.turn_id for event in side.caller.events if kind(event) in TERMINAL}
    return side.turn_count + 1 - len(ends)
