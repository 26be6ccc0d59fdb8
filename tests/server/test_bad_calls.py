"""Calls that cannot be served: bytes that are no message, first messages without a session, requests out of range."""

from __future__ import annotations

import math
from typing import Any

import grpc
import pytest

from tests.server.caller import (
    Caller,
    calling,
    check_alive,
    conversation,
    fields_of,
    kind,
    new_session,
    reason_of,
    served,
)
from tth.server.app import ServerOptions, TthServer
from tth.session.store import SessionLimits
from tth.testing.harness import RunningServer, make_server
from tth.v1.controls_pb2 import Character, Controls, Emotion
from tth.v1.converse_pb2 import TEXT_MODE_SAY, ConverseRequest, ConverseResponse, Resume, UserText
from tth.v1.media_pb2 import MediaPreferences
from tth.v1.tth_service_pb2 import CreateSessionRequest, EndSessionRequest, GenerateRequest

pytestmark = pytest.mark.server

MARK = "SECRETWORD"
"""Stands in every bad text: it may appear in no answer."""
TEXT = "user_text.text"

UNKNOWN_SOUND = MediaPreferences.FromString(b"\x08\x63")  # audio_codec = 99
UNKNOWN_CODEC = MediaPreferences.FromString(b"\x18\x63")  # video_codec = 99
RAW_PATH = "/tth.v1.TthService/Converse"


def raw_call(server: RunningServer) -> Any:
    """A Converse call that sends bytes as they are."""
    return server.channel.stream_stream(
        RAW_PATH, request_serializer=bytes, response_deserializer=ConverseResponse.FromString
    )()


NOT_UTF8 = ConverseRequest(session_id="MARK").SerializeToString().replace(b"MARK", b"\xff\xfe\xff\xfe")


@pytest.mark.parametrize("data", [NOT_UTF8, b"\xff\xff\xff"], ids=["not UTF-8", "no message"])
@pytest.mark.parametrize("is_first", [True, False])
def test_bytes_that_are_no_message_end_the_stream(data: bytes, is_first: bool) -> None:
    """INVALID_ARGUMENT with a reason and without the parser's words; the session takes another stream."""

    @served()
    async def check(server: RunningServer) -> None:
        session_id = await new_session(server)
        call = raw_call(server)
        caller = Caller(call, session_id)
        if not is_first:
            await call.write(ConverseRequest(session_id=session_id).SerializeToString())
        await call.write(data)
        await caller.read_all()
        assert await caller.status() == (grpc.StatusCode.INVALID_ARGUMENT, "MESSAGE_UNREADABLE")
        assert "Error parsing" not in str(caller.error)
        async with calling(server, session_id) as again:
            await check_alive(again)

    check()


@served()
async def test_a_unary_message_that_is_none(server: RunningServer) -> None:
    """The same for calls with one request."""
    call: Any = server.channel.unary_unary("/tth.v1.TthService/CreateSession", request_serializer=bytes)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call(b"\xff\xff\xff")
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert reason_of(refused.value) == "MESSAGE_UNREADABLE"


@served()
async def test_a_payload_of_the_future(server: RunningServer) -> None:
    """A field number nobody knows yet: answered, first or later, and the stream goes on."""
    session_id = await new_session(server)
    future = ConverseRequest(session_id=session_id, client_seq=1).SerializeToString() + b"\xa2\x06\x03abc"  # field 100
    call = raw_call(server)
    caller = Caller(call, session_id)
    await call.write(future)
    await call.write(future)
    message = ConverseRequest(user_text=UserText(text="Hello.", mode=TEXT_MODE_SAY))
    await call.write(message.SerializeToString())
    await call.done_writing()
    await caller.read_all()
    assert [e.error.reason for e in caller.events if kind(e) == "error"] == ["UNKNOWN_PAYLOAD"] * 2
    assert caller.events[-1].turn_complete.text == "Hello."


FIRST = [
    ("empty", {"session_id": ""}, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"),
    ("unknown", {"session_id": "s_" + MARK}, grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND"),
    ("schema", {"schema_version": "2.0"}, grpc.StatusCode.FAILED_PRECONDITION, "SCHEMA_UNSUPPORTED"),
    ("words for a schema", {"schema_version": MARK}, grpc.StatusCode.FAILED_PRECONDITION, "SCHEMA_UNSUPPORTED"),
    ("wrong handle", {"resume": Resume(resume_handle=MARK)}, grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND"),
]


@pytest.mark.parametrize(("message", "code", "reason"), [row[1:] for row in FIRST], ids=[row[0] for row in FIRST])
def test_a_first_message_that_cannot_be_used(message: dict[str, Any], code: grpc.StatusCode, reason: str) -> None:
    """The stream ends with a status that says why; the session waits for a better one."""

    @served()
    async def check(server: RunningServer) -> None:
        session_id = await new_session(server)
        async with calling(server, session_id, greet=False) as caller:
            await caller.send(**message)
            assert await caller.status() == (code, reason)
            assert MARK not in str(caller.error)
        async with calling(server, session_id) as caller:
            await check_alive(caller)

    check()


@served()
async def test_a_stream_without_a_message(server: RunningServer) -> None:
    """Half-closed at once: there is nothing to serve."""
    async with calling(server, "", greet=False) as caller:
        await caller.call.done_writing()
        assert await caller.status() == (grpc.StatusCode.INVALID_ARGUMENT, "FIRST_MESSAGE_MISSING")


@served(lambda: make_server(options=ServerOptions(first_message_s=0.5)))
async def test_a_stream_that_never_says_whose_it_is(server: RunningServer) -> None:
    """It is not kept open for ever."""
    async with calling(server, "", greet=False) as caller:
        await caller.call.wait_for_connection()
        assert await caller.status() == (grpc.StatusCode.INVALID_ARGUMENT, "FIRST_MESSAGE_MISSING")


@served()
async def test_a_session_id_that_changes(server: RunningServer) -> None:
    """The stream ends, its turn gets its terminal event first; neither session is harmed."""
    other_id = await new_session(server)
    async with conversation(server) as caller:
        await caller.text("one two three four five six seven eight " * 5)
        await caller.next_of("audio_chunk")
        await caller.send(session_id=other_id)
        assert await caller.status() == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
        assert caller.error is not None
        assert list(fields_of(caller.error)) == ["session_id"]
        assert kind(caller.events[-1]) == "turn_stopped"
        for session_id in (caller.session_id, other_id):
            async with calling(server, session_id) as again:
                await check_alive(again)


@served()
async def test_a_second_stream_is_refused(server: RunningServer) -> None:
    """The first one does not notice."""
    async with conversation(server) as first:
        await first.text("one two three four five six seven eight")
        await first.next_of("audio_chunk")
        async with calling(server, first.session_id) as second:
            assert await second.status() == (grpc.StatusCode.FAILED_PRECONDITION, "SESSION_ATTACHED")
        assert kind((await first.turn())[-1]) == "turn_complete"


@served()
async def test_an_ended_session_takes_no_stream(server: RunningServer) -> None:
    """NOT_FOUND, as for one that never was."""
    session_id = await new_session(server)
    await server.stub.EndSession(EndSessionRequest(session_id=session_id))
    async with calling(server, session_id) as caller:
        assert await caller.status() == (grpc.StatusCode.NOT_FOUND, "SESSION_NOT_FOUND")


CREATE = [
    ({"overlap_policy": 9}, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", "overlap_policy"),
    ({"schema_version": "2.1"}, grpc.StatusCode.FAILED_PRECONDITION, "SCHEMA_UNSUPPORTED", ""),
    ({"request_id": "x" * 129}, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST", "request_id"),
    ({"language_code": MARK * 4}, grpc.StatusCode.INVALID_ARGUMENT, "LANGUAGE_INVALID", "language_code"),
    (
        {"media": UNKNOWN_SOUND},
        grpc.StatusCode.INVALID_ARGUMENT,
        "INVALID_REQUEST",
        "media.audio_codec",
    ),
    (
        {"media": UNKNOWN_CODEC},
        grpc.StatusCode.INVALID_ARGUMENT,
        "INVALID_REQUEST",
        "media.video_codec",
    ),
    (
        {"media": MediaPreferences(audio_sample_rate_hz=44_100)},
        grpc.StatusCode.INVALID_ARGUMENT,
        "INVALID_REQUEST",
        "media.audio_sample_rate_hz",
    ),
    (
        {"controls": Controls(character=Character(persona_id=MARK))},
        grpc.StatusCode.INVALID_ARGUMENT,
        "CONTROL_INVALID",
        "controls.character.persona_id",
    ),
]


@pytest.mark.parametrize(("request_fields", "code", "reason", "wrong_field"), CREATE)
def test_create_session_names_what_is_wrong(
    request_fields: dict[str, Any], code: grpc.StatusCode, reason: str, wrong_field: str
) -> None:
    """A status with reason, field and range; no session is left behind."""

    @served()
    async def check(server: RunningServer) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await server.stub.CreateSession(CreateSessionRequest(**request_fields))
        assert refused.value.code() is code
        assert reason_of(refused.value) == reason
        assert list(fields_of(refused.value)) == ([wrong_field] if wrong_field else [])
        assert MARK not in str(refused.value)
        assert len(server.server.sessions) == 0

    check()


GENERATE = [
    ({"user_text": UserText()}, "TEXT_EMPTY", TEXT),
    ({"user_text": UserText(text=MARK, partial=True)}, "PARTIAL_IN_BATCH", ""),
    ({"user_text": UserText(text="!?", mode=TEXT_MODE_SAY)}, "NOTHING_SPEAKABLE", TEXT),
    ({"user_text": UserText(text=MARK), "wait_ms": -1}, "INVALID_REQUEST", "wait_ms"),
    ({"user_text": UserText(text=MARK), "wait_ms": 60_001}, "INVALID_REQUEST", "wait_ms"),
    ({"user_text": UserText(text=MARK), "format": 9}, "INVALID_REQUEST", "format"),
    (
        {"user_text": UserText(text=MARK, controls=Controls(emotion=Emotion(valence=math.nan)))},
        "CONTROL_INVALID",
        "user_text.controls.emotion.valence",
    ),
]


@pytest.mark.parametrize(("request_fields", "reason", "wrong_field"), GENERATE)
def test_generate_names_what_is_wrong(request_fields: dict[str, Any], reason: str, wrong_field: str) -> None:
    """A status with reason and field; no job is made."""

    @served()
    async def check(server: RunningServer) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await server.stub.Generate(GenerateRequest(**request_fields))
        assert reason_of(refused.value) == reason
        assert list(fields_of(refused.value)) == ([wrong_field] if wrong_field else [])
        assert MARK not in str(refused.value)

    check()


def two_seats() -> TthServer:
    return make_server(options=ServerOptions(limits=SessionLimits(max_sessions=2)))


@served(two_seats)
async def test_one_session_too_many(server: RunningServer) -> None:
    """RESOURCE_EXHAUSTED with the time to wait; a session that ends makes room."""
    first = await new_session(server)
    await new_session(server)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await new_session(server)
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert reason_of(refused.value) == "CAPACITY"
    await server.stub.EndSession(EndSessionRequest(session_id=first))
    assert await new_session(server)
