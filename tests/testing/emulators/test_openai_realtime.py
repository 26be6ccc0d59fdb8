"""The emulated Realtime interface, held against OpenAI's own client."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Coroutine
from typing import Any

import openai
import pytest
from openai.resources.realtime.realtime import AsyncRealtimeConnection as Connection
from websockets.exceptions import ConnectionClosed

from tests.testing.emulators.sdk import checked
from tth.testing.emulators.faults import Fault, FaultKind
from tth.testing.emulators.openai import OpenAiEmulator
from tth.testing.emulators.openai_realtime import EXPIRED_REASON, RealtimeSettings

pytestmark = pytest.mark.server

MODEL = "gpt-realtime-2.1-mini"
HELLO: dict[str, Any] = {
    "type": "message",
    "role": "user",
    "content": [{"type": "input_text", "text": "Good day to you"}],
}
Main = Callable[[OpenAiEmulator, openai.AsyncOpenAI], Coroutine[Any, Any, None]]


def run(main: Main, **settings: Any) -> None:
    """Run with an emulator and a client for it."""

    async def whole() -> None:
        async with (
            OpenAiEmulator(realtime=RealtimeSettings(**settings)).running() as emulator,
            openai.AsyncOpenAI(api_key=emulator.key, base_url=emulator.base_url, max_retries=0) as client,
        ):
            async with asyncio.timeout(20):
                await main(emulator, client)
            assert emulator.realtime.open_count == 0

    asyncio.run(whole())


async def until(connection: Connection, kind: str) -> list[Any]:
    """Events up to the first of this type; each is one that the client's types accept."""
    found: list[Any] = []
    while not found or found[-1].type != kind:
        event = await connection.recv()
        if event.type != "weather.changed":  # type: ignore[comparison-overlap]
            found.append(checked(event))
    return found


async def ask(connection: Connection, **response: Any) -> list[Any]:
    """Everything of one response."""
    await connection.response.create(response=response)  # type: ignore[arg-type]
    return await until(connection, "response.done")


async def error_of(connection: Connection, event: dict[str, Any]) -> Any:
    """What is said against an event; the connection goes on."""
    await connection.send({"event_id": "mine", **event})  # type: ignore[arg-type]
    error = (await until(connection, "error"))[-1].error
    assert error.event_id == "mine"
    return error


def sound_in(events: list[Any]) -> bytes:
    return b"".join(base64.b64decode(event.delta) for event in events if event.type == "response.output_audio.delta")


def words_in(events: list[Any]) -> str:
    return "".join(event.delta for event in events if event.type == "response.output_audio_transcript.delta")


@pytest.mark.parametrize("message_count", [1, 3])
def test_the_ladder(message_count: int) -> None:
    """Every event in its order, ids that fit together, sound of the right length though cut at odd bytes."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        async with client.realtime.connect(model=MODEL) as connection:
            created = (await until(connection, "session.created"))[0]
            assert created.session.expires_at > 0
            await connection.conversation.item.create(item=HELLO)  # type: ignore[arg-type]
            added = await until(connection, "conversation.item.done")
            assert [event.type for event in added][-2:] == ["conversation.item.added", "conversation.item.done"]
            events = await ask(connection)
            assert words_in(events) == "You said: Good day to you"
            assert len(sound_in(events)) == 2 * 24 * 50 * len("Yousaid:Gooddaytoyou")
            assert any(len(base64.b64decode(event.delta)) % 2 for event in events if "audio.delta" in event.type)
            items = [event.item.id for event in events if event.type == "response.output_item.added"]
            assert len(set(items)) == message_count
            ids = [event.event_id for event in events]
            assert len(set(ids)) == len(ids)
            first = [event.type for event in events if getattr(event, "item_id", items[0]) == items[0]]
            names = [name for name in dict.fromkeys(first) if name != "rate_limits.updated"]
            assert names[:4] == [
                *("response.created", "response.output_item.added"),
                *("conversation.item.added", "response.content_part.added"),
            ]
            done = events[-1].response
            assert (done.status, len(done.output)) == ("completed", message_count)
            assert done.usage.total_tokens == done.usage.input_tokens + done.usage.output_tokens > 0

    run(main, message_count=message_count)


def test_rate_limits_come_before_or_behind() -> None:
    """And events that nobody has heard of anywhere between."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        places = set()
        async with client.realtime.connect(model=MODEL) as connection:
            for _ in range(8):
                events = await ask(connection)
                places.add(any(event.type == "rate_limits.updated" for event in events[:3]))
        assert places == {True, False}

    run(main, has_strange_events=True)


def test_a_session_is_changed_or_not_at_all() -> None:
    """One wrong field discards the whole update."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        async with client.realtime.connect(model=MODEL) as connection:
            await connection.session.update(session={"type": "realtime", "audio": {"output": {"voice": "marin"}}})
            session = (await until(connection, "session.updated"))[-1].session
            assert (session.audio.output.voice, session.audio.output.speed) == ("marin", 1.0)
            for session, code, param in (
                ({"instructions": "x"}, "missing_required_parameter", "session.type"),
                ({"type": "realtime", "voice": "ash"}, "unknown_parameter", "session.voice"),
                ({"type": "realtime", "temperature": 0.8}, "unknown_parameter", "session.temperature"),
                ({"type": "realtime", "output_modalities": ["text", "audio"]}, "invalid_value", None),
                ({"type": "realtime", "audio": {"output": {"voice": "nova"}}}, "invalid_value", None),
                ({"type": "realtime", "audio": {"output": {"speed": 2}}}, "decimal_out_of_range", None),
            ):
                session = {**session, "instructions": "changed"}
                error = await error_of(connection, {"type": "session.update", "session": session})
                assert error.code == code
                assert param in (None, error.param)
            await connection.session.update(session={"type": "realtime"})
            assert (await until(connection, "session.updated"))[-1].session.instructions != "changed"
        async with client.realtime.connect(model="gpt-realtime-1.5") as connection:
            session = {"type": "realtime", "reasoning": {"effort": "low"}}
            assert (await error_of(connection, {"type": "session.update", "session": session})).code == "invalid_value"

    run(main)


def test_one_response_at_a_time() -> None:
    """Into the conversation; beside it as many as one likes, which leave no trace there."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        emulator.word_s = 0.02
        async with client.realtime.connect(model=MODEL) as connection:
            await connection.conversation.item.create(item=HELLO)  # type: ignore[arg-type]
            await connection.response.create()
            await until(connection, "response.created")
            error = await error_of(connection, {"type": "response.create"})
            assert error.code == "conversation_already_has_active_response"
            aside: dict[str, Any] = {"conversation": "none", "input": [HELLO], "metadata": {"req": "42"}}
            await connection.response.create(response=aside)  # type: ignore[arg-type]
            done: dict[bool, Any] = {}
            events = []
            while len(done) < 2:
                events += await until(connection, "response.done")
                done[events[-1].response.conversation_id is None] = events[-1].response
            assert done[True].metadata == {"req": "42"}
            assert done[False].status == done[True].status == "completed"
            ours = {item.id for item in done[False].output}
            mirrored = {event.item.id for event in events if event.type == "conversation.item.done"}
            assert mirrored == ours

    run(main)


def test_cancel_truncate_delete() -> None:
    """What was generated stays until it is cut; what was not heard is forgotten."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        emulator.word_s = 0.02
        async with client.realtime.connect(model=MODEL) as connection:
            assert (await error_of(connection, {"type": "response.cancel"})).code == "response_cancel_not_active"
            await connection.conversation.item.create(item=HELLO)  # type: ignore[arg-type]
            await connection.response.create()
            events = await until(connection, "response.output_audio.delta")
            await connection.response.cancel(response_id=events[-1].response_id)
            events += await until(connection, "response.done")
            done = events[-1].response
            assert (done.status, done.status_details.reason) == ("cancelled", "client_cancelled")
            assert 0 < len(sound_in(events)) < 2 * 24 * 50 * 20
            item_id, length_ms = done.output[0].id, len(sound_in(events)) // 48
            cut = {"type": "conversation.item.truncate", "item_id": item_id, "content_index": 0}
            assert (await error_of(connection, {**cut, "audio_end_ms": length_ms + 5000})).code == "invalid_value"
            assert "Only model output" in (await error_of(connection, {**cut, "audio_end_ms": 0})).message
            await connection.conversation.item.truncate(item_id=item_id, content_index=0, audio_end_ms=40)
            assert (await until(connection, "conversation.item.truncated"))[-1].audio_end_ms == 40
            await connection.conversation.item.retrieve(item_id=item_id)
            item = (await until(connection, "conversation.item.retrieved"))[-1].item
            assert item.content[0].transcript is None
            await connection.conversation.item.delete(item_id=item_id)
            await until(connection, "conversation.item.deleted")
            gone = {"type": "conversation.item.delete", "item_id": item_id}
            assert (await error_of(connection, gone)).code == "item_not_found"

    run(main)


def test_a_voice_that_was_heard_is_fixed() -> None:
    """The same voice may be said again."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        async with client.realtime.connect(model=MODEL) as connection:
            await ask(connection)
            for voice, accepted in (("alloy", True), ("marin", False)):
                session: Any = {"type": "realtime", "audio": {"output": {"voice": voice}}}
                if accepted:
                    await connection.session.update(session=session)
                    await until(connection, "session.updated")
                else:
                    error = await error_of(connection, {"type": "session.update", "session": session})
                    assert (error.code, error.param) == ("cannot_update_voice", None)

    run(main)


@pytest.mark.parametrize(
    ("kind", "status", "told"),
    [
        (FaultKind.RATE_LIMITED, "failed", "rate_limit_exceeded"),
        (FaultKind.NO_QUOTA, "failed", "insufficient_quota"),
        (FaultKind.ERROR_MIDWAY, "failed", "server_error"),
        (FaultKind.REFUSED_CONTENT, "incomplete", "content_filter"),
        (FaultKind.EMPTY_ANSWER, "completed", None),
        (FaultKind.WRONG_ORDER, "completed", None),
        (FaultKind.SPLIT_BYTES, "completed", None),
    ],
)
def test_responses_that_fail(kind: FaultKind, status: str, told: str | None) -> None:
    """Each still ends with `response.done`, and the connection goes on."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        async with client.realtime.connect(model=MODEL) as connection:
            await until(connection, "session.created")
            emulator.faults.add(kind)
            await connection.conversation.item.create(item=HELLO)  # type: ignore[arg-type]
            response = (await ask(connection))[-1].response
            assert response.status == status
            details = response.status_details
            error = details and details.error
            assert (error.code if error else details and details.reason) == told
            assert (await ask(connection))[-1].response.status == "completed"

    run(main)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (FaultKind.DISCONNECT, None),
        (FaultKind.HALF_EVENT, None),
        (FaultKind.EARLY_END, 1000),
        (FaultKind.EXPIRED, 1001),
    ],
)
def test_connections_that_end(kind: FaultKind, code: int | None) -> None:
    """In the middle of a response, behind a good beginning."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        async with client.realtime.connect(model=MODEL) as connection:
            await until(connection, "session.created")
            emulator.faults.add(Fault(kind, after=2))
            await connection.response.create()
            await until(connection, "response.output_audio_transcript.delta")
            with pytest.raises(ConnectionClosed) as closed:
                await until(connection, "response.done")
            received = closed.value.rcvd
            assert (received.code if received else None) == code

    run(main)


def test_old_age() -> None:
    """A connection lives for so long, whatever it is doing."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        async with client.realtime.connect(model=MODEL) as connection:
            with pytest.raises(ConnectionClosed) as closed:
                await until(connection, "response.done")
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1001, EXPIRED_REASON)

    run(main, max_age_s=0.05)


@pytest.mark.parametrize(
    ("model", "key", "header", "kind", "code", "reason"),
    [
        (MODEL, "wrong", None, None, 3000, "invalid_request_error.invalid_api_key"),
        (MODEL, None, "realtime=v1", None, 4000, "invalid_request_error.beta_api_shape_disabled"),
        ("gpt-4o", None, None, None, 4000, "invalid_request_error.invalid_model"),
        ("gpt-4o-realtime-preview", None, None, None, 4004, "invalid_request_error.model_not_found"),
        (MODEL, None, None, FaultKind.NO_QUOTA, 1013, "insufficient_quota.insufficient_quota"),
    ],
)
def test_refused_connections(
    model: str, key: str | None, header: str | None, kind: FaultKind | None, code: int, reason: str
) -> None:
    """All are upgraded; then comes an error, and the end."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        if kind is not None:
            emulator.faults.add(kind)
        client = client.with_options(api_key=key or emulator.key)
        headers = {"OpenAI-Beta": header} if header else {}
        async with client.realtime.connect(model=model, extra_headers=headers) as connection:
            event = await connection.recv()
            assert checked(event).type == "error"
            with pytest.raises(ConnectionClosed) as closed:
                await connection.recv()
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (code, reason)

    run(main)


def test_what_is_no_event() -> None:
    """Errors that leave the connection as it is."""

    async def main(emulator: OpenAiEmulator, client: openai.AsyncOpenAI) -> None:
        async with client.realtime.connect(model=MODEL) as connection:
            await until(connection, "session.created")
            for frame, code in (
                ("{oops", "invalid_json"),
                (b"\x00", "invalid_event"),
                ('{"type": "x"}', "invalid_value"),
            ):
                await connection._connection.send(frame)
                assert (await until(connection, "error"))[-1].error.code == code
            item = {**HELLO, "content": [{"type": "text", "text": "beta"}]}
            assert (
                await error_of(connection, {"type": "conversation.item.create", "item": item})
            ).code == "invalid_value"
            speed = {"type": "response.create", "response": {"speed": 1.2}}
            assert (await error_of(connection, speed)).param == "response.speed"
            assert (await ask(connection))[-1].response.status == "completed"

    run(main)
