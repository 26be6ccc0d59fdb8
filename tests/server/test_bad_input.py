"""What a caller can get wrong: each gets an answer that names the field and what is allowed, and costs nobody else."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.server.caller import Caller, check_alive, conversation, kind, served
from tth.adapters.registry import Adapters
from tth.server.app import TthServer
from tth.testing.harness import RunningServer, make_server
from tth.testing.scripted import ScriptedVoice, every, tone
from tth.v1.controls_pb2 import Character, Controls, Emotion, Render, Resolution
from tth.v1.converse_pb2 import (
    TEXT_MODE_SAY,
    TEXT_MODE_TALK,
    ControlUpdate,
    EndTurn,
    Interrupt,
    PauseTurn,
    Resume,
    ResumeTurn,
    UserText,
)
from tth.v1.errors_pb2 import ERROR_SCOPE_MESSAGE

pytestmark = pytest.mark.server

MARK = "SECRETWORD"
"""Stands in every bad text: it may appear in no answer."""
INVALID, PRECONDITION, UNIMPLEMENTED = 3, 9, 12


@dataclass(frozen=True)
class Bad:
    """A message that is refused."""

    name: str
    message: dict[str, Any]
    reason: str
    wrong_field: str = ""
    allowed: str = ""
    """Stands in the violation's description."""
    code: int = INVALID
    before: dict[str, Any] = field(default_factory=dict)
    """A message that is sent first."""

    def __str__(self) -> str:
        return self.name


def said(text: str, **more: Any) -> dict[str, Any]:
    return {"user_text": UserText(**{"text": text, "mode": TEXT_MODE_SAY, **more})}


def bad_controls() -> list[Bad]:
    """Every control with values that are no numbers or lie outside, at both places where they are sent."""
    ranges = [
        ("emotion", "intensity", "0..1", (-0.1, 1.1)),
        ("emotion", "valence", "-1..1", (-1.1, 1.1)),
        ("emotion", "arousal", "-1..1", (-1.1, 1.1)),
        ("character", "speech_rate", "0.25..4", (0.24, 4.1)),
        ("character", "pitch_shift", "-1..1", (-1.1, 1.1)),
        ("character", "expressivity", "0..1", (-0.1, 1.1)),
        ("character", "motion_gain", "0..2", (-0.1, 2.1)),
    ]
    types: dict[str, Any] = {"emotion": Emotion, "character": Character}
    found = []
    for group, name, allowed, outside in ranges:
        for value in (math.nan, math.inf, -math.inf, *outside):
            controls = Controls(**{group: types[group](**{name: value})})
            path = f"{group}.{name}"
            update = {"control_update": ControlUpdate(controls=controls)}
            title = f"{path}={value}"
            found.append(Bad(title, update, "CONTROL_INVALID", f"control_update.controls.{path}", allowed))
            text = said("Hello", controls=controls)
            found.append(Bad(f"text {title}", text, "CONTROL_INVALID", f"user_text.controls.{path}", allowed))
    return found


def bad_values() -> list[Bad]:
    """Controls that are no plain numbers."""
    values: list[tuple[str, Controls, str]] = [
        ("emotion.label", Controls(emotion=Emotion(label=99)), "NEUTRAL, HAPPY"),  # type: ignore[arg-type]
        ("character.persona_id", Controls(character=Character(persona_id=MARK)), "one of default, other"),
        ("character.persona_id", Controls(character=Character(persona_id="")), "one of default, other"),
        ("render.fps", Controls(render=Render(fps=0)), "1..60"),
        ("render.fps", Controls(render=Render(fps=61)), "1..60"),
        ("render.latency_mode", Controls(render=Render(latency_mode=9)), "LOW"),  # type: ignore[arg-type]
        ("render.idle_mode", Controls(render=Render(idle_mode=9)), "FRAMES"),  # type: ignore[arg-type]
        ("render.background", Controls(render=Render(background=MARK)), '"#rrggbb"'),
        *(
            (
                "render.resolution",
                Controls(render=Render(resolution=Resolution(width_px=width, height_px=height))),
                "even width_px and height_px, 64..1024",
            )
            for width, height in ((0, 0), (65, 64), (64, 65), (1026, 64), (64, 62), (-64, 64))
        ),
    ]
    return [
        Bad(
            f"{path} {number}",
            said("Hello", controls=controls),
            "CONTROL_INVALID",
            f"user_text.controls.{path}",
            allowed,
        )
        for number, (path, controls, allowed) in enumerate(values)
    ]


TEXT = "user_text.text"
TALK = {"mode": TEXT_MODE_TALK}
BAD_MESSAGES = [
    Bad("empty", said(""), "TEXT_EMPTY", TEXT, "1..4000"),
    Bad("empty talk", said("", **TALK), "TEXT_EMPTY", TEXT, "1..4000"),
    Bad("white space", said(" \n\t\u3000"), "TEXT_EMPTY", TEXT, "1..4000"),
    Bad("too long", said(MARK + "x" * 4000), "TEXT_TOO_LONG", TEXT, "1..4000"),
    Bad("too long in parts", said(MARK), "TEXT_TOO_LONG", TEXT, "1..4000", before=said("x" * 3995, partial=True)),
    Bad("bell", said(MARK + "\a"), "TEXT_INVALID", TEXT, "without control characters"),
    Bad("nul", said(MARK + "\0"), "TEXT_INVALID", TEXT, "without control characters"),
    Bad("escape", said("\x1b[31m" + MARK), "TEXT_INVALID", TEXT, "without control characters"),
    Bad("c1 control", said(MARK + "\x85"), "TEXT_INVALID", TEXT, "without control characters"),
    Bad("punctuation", said("?!... --"), "NOTHING_SPEAKABLE", TEXT, "letter or number"),
    Bad("emoji", said("😀🎉👩‍🚀"), "NOTHING_SPEAKABLE", TEXT, "letter or number"),
    Bad("mode", said(MARK, mode=9), "INVALID_REQUEST", "user_text.mode", "TALK, SAY"),
    Bad(
        "mode of a part",
        said(MARK, **TALK),
        "INVALID_REQUEST",
        "user_text.mode",
        "same",
        before=said("A", partial=True),
    ),
    Bad(
        "controls of a part",
        said(MARK, controls=Controls(emotion=Emotion(intensity=1))),
        "INVALID_REQUEST",
        "user_text.controls",
        "first part",
        before=said("A", partial=True),
    ),
    Bad("language", said(MARK, language_code="x; " + MARK), "LANGUAGE_INVALID", "user_text.language_code", "zh-CN"),
    Bad("long turn_id", {**said(MARK), "turn_id": MARK * 9}, "INVALID_REQUEST", "turn_id", "64 printable"),
    Bad("turn_id with a line", {**said(MARK), "turn_id": "a\nb"}, "INVALID_REQUEST", "turn_id", "64 printable"),
    Bad("no turn", {"interrupt": Interrupt()}, "NO_ACTIVE_TURN", code=PRECONDITION),
    Bad("another turn", {"interrupt": Interrupt(), "turn_id": MARK}, "NO_ACTIVE_TURN", code=PRECONDITION),
    Bad("reason", {"interrupt": Interrupt(reason=MARK * 30)}, "INVALID_REQUEST", "interrupt.reason", "200 code points"),
    Bad("no input", {"end_turn": EndTurn()}, "NO_INPUT", code=PRECONDITION),
    Bad("ramp", {"control_update": ControlUpdate(ramp_ms=-1)}, "INVALID_REQUEST", "control_update.ramp_ms", "0..10000"),
    Bad("long ramp", {"control_update": ControlUpdate(ramp_ms=10_001)}, "INVALID_REQUEST", "control_update.ramp_ms"),
    Bad(
        "clear_paths",
        {"control_update": ControlUpdate(clear_paths=["emotion.label", MARK])},
        "CONTROL_INVALID",
        "control_update.clear_paths[1]",
        "emotion.intensity",
    ),
    Bad("nothing", {"client_seq": 3}, "UNKNOWN_PAYLOAD"),
    Bad("schema", {**said(MARK), "schema_version": "2.0"}, "SCHEMA_UNSUPPORTED", code=PRECONDITION),
    Bad("pause", {"pause_turn": PauseTurn()}, "NO_ACTIVE_TURN", code=PRECONDITION),
    Bad("resume_turn", {"resume_turn": ResumeTurn()}, "NOT_PAUSED", code=PRECONDITION),
    Bad("late resume", {"resume": Resume(resume_handle=MARK)}, "INVALID_REQUEST"),
    *bad_values(),
]


async def check_refused(caller: Caller, bad: Bad, number: int) -> None:
    """The error that belongs to this message: its place, its reason, the field and what is allowed."""
    if bad.before:
        await caller.send(**bad.before)
    await caller.send(**{"client_seq": number, **bad.message})
    error = await caller.refusal()
    assert error.reason == bad.reason
    assert error.code == bad.code
    assert error.scope == ERROR_SCOPE_MESSAGE
    assert error.domain == "tth"
    assert error.client_seq == bad.message.get("client_seq", number)
    assert MARK not in str(error)
    assert [violation.field for violation in error.field_violations] == ([bad.wrong_field] if bad.wrong_field else [])
    if bad.wrong_field:
        assert bad.allowed in error.field_violations[0].description
        assert f"{bad.wrong_field}: must be" in error.message
        assert bad.allowed in error.message


@pytest.mark.parametrize("bad", BAD_MESSAGES, ids=str)
def test_a_message_that_cannot_be_used_is_answered(bad: Bad) -> None:
    """One message-scope error; nothing else changes, the session and its neighbours go on."""

    @served()
    async def check(server: RunningServer) -> None:
        async with conversation(server) as caller, conversation(server) as neighbour:
            await caller.next_of("session_state")
            await check_refused(caller, bad, 5)
            await check_alive(caller)
            assert not [e for e in caller.events if kind(e) == "error"][1:]
            await neighbour.text("I heard nothing of it.")
            assert kind((await neighbour.turn())[-1]) == "turn_complete"
            assert not any(kind(event) == "error" for event in neighbour.events)

    check()


@served()
async def test_every_control_is_checked_everywhere(server: RunningServer) -> None:
    """NaN, infinity and both sides of every range, in updates and with texts; then the session still speaks."""
    async with conversation(server) as caller:
        for number, bad in enumerate(bad_controls(), 1):
            await check_refused(caller, bad, number)
        await check_alive(caller)


@served()
async def test_all_wrong_fields_are_named_at_once(server: RunningServer) -> None:
    """Three mistakes, one answer."""
    wrong = Controls(
        emotion=Emotion(intensity=2), character=Character(persona_id=MARK, speech_rate=math.nan), render=Render(fps=0)
    )
    async with conversation(server) as caller:
        await caller.text("Hello", controls=wrong)
        error = await caller.refusal()
        assert [violation.field for violation in error.field_violations] == [
            "user_text.controls.emotion.intensity",
            "user_text.controls.character.persona_id",
            "user_text.controls.character.speech_rate",
            "user_text.controls.render.fps",
        ]


@served()
async def test_a_used_turn_id_is_refused(server: RunningServer) -> None:
    """A name belongs to one turn."""
    async with conversation(server) as caller:
        await caller.text("One.", turn_id="mine")
        await caller.turn()
        await caller.text("Two.", turn_id="mine")
        error = await caller.refusal()
        assert (error.reason, error.code) == ("TURN_ID_USED", PRECONDITION)
        await check_alive(caller)


@served()
async def test_an_interrupt_for_another_turn_stops_nothing(server: RunningServer) -> None:
    """Neither the running turn nor the text that is being typed."""
    async with conversation(server) as caller:
        await caller.text("Half a ", TEXT_MODE_TALK, partial=True, turn_id="typed")
        await caller.interrupt("another")
        assert (await caller.refusal()).reason == "NO_ACTIVE_TURN"
        await caller.text("question?", TEXT_MODE_TALK, turn_id="typed")
        assert (await caller.turn())[-1].turn_complete.text == "You said: Half a question?"


@served()
async def test_an_interrupt_drops_what_is_being_typed(server: RunningServer) -> None:
    """With no turn running, the text in the making is what is meant; end_turn finds nothing afterwards."""
    async with conversation(server) as caller:
        await caller.text("Half a ", TEXT_MODE_TALK, partial=True)
        await caller.interrupt()
        await caller.end_turn()
        assert (await caller.refusal()).reason == "NO_INPUT"
        await check_alive(caller)


@served()
async def test_blank_parts_are_no_question(server: RunningServer) -> None:
    """White space in parts is refused when the text is complete, whoever completes it."""
    async with conversation(server) as caller:
        await caller.text("  ", TEXT_MODE_TALK, partial=True)
        await caller.end_turn()
        assert (await caller.refusal()).reason == "TEXT_EMPTY"
        await caller.text("  ", TEXT_MODE_TALK, partial=True)
        await caller.finish()
        assert caller.events[-1].error.reason == "TEXT_EMPTY"


@served()
async def test_a_growing_text_without_a_word_fails_its_turn(server: RunningServer) -> None:
    """Only when it is complete can a SAY text be known to have nothing to say: the turn ends with the reason."""
    async with conversation(server) as caller:
        await caller.text("... ", partial=True)
        await caller.end_turn()
        turn = await caller.turn()
        assert turn[-1].turn_stopped.error_reason == "NOTHING_SPEAKABLE"
        assert turn[-3].error.field_violations[0].field == TEXT
        await check_alive(caller)


def without_words() -> TthServer:
    """A voice that can speak the second clause only."""
    silent: list[Any] = []
    voice = ScriptedVoice(silent, silent, [*every(0, tone(100))], silent)
    return make_server(Adapters(tts=voice))


@served(without_words)
async def test_a_script_that_the_voice_cannot_speak(server: RunningServer) -> None:
    """A whole text of it fails its turn; a clause of it is left out and said to be."""
    async with conversation(server) as caller:
        await caller.text("ꙮꙮꙮ " + MARK)
        turn = await caller.turn()
        assert turn[-1].turn_stopped.error_reason == "NOTHING_SPEAKABLE"
        assert TEXT in turn[-3].error.message
        await caller.text("ꙮꙮꙮ ꙮꙮꙮ. And this is spoken.")
        error = await caller.refusal()
        assert (error.reason, error.metadata["offset"]) == ("CLAUSE_NOT_SPEAKABLE", "0")
        assert kind((await caller.turn())[-1]) == "turn_complete"
        assert not any(MARK in str(event) for event in caller.events if kind(event) == "error")
