"""WebSockets that are used wrongly in every way one can think of: an end that says why, and nobody else is harmed."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import socket
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from tests.gateway.house import JSON, PROTO, TERMINAL, TOKEN, House, Line, check_alive, housed
from tests.server.caller import LONG, SOUND_ONLY, media
from tth.adapters.registry import Adapters
from tth.adapters.tts import mock_tts
from tth.model.secret import Secret
from tth.server.app import ServerOptions, TthServer
from tth.testing.harness import make_server
from tth.testing.scripted import ScriptedAvatar
from tth.v1 import media_pb2
from tth.v1.controls_pb2 import IDLE_MODE_NONE, Controls, Render, Resolution
from tth.v1.converse_pb2 import TEXT_MODE_SAY, ConverseRequest, Ping

pytestmark = pytest.mark.server

SECRET = "the user's own words"


def said(ending: tuple[int, str]) -> tuple[int, str]:
    """Code and reason, without the words for people."""
    code, text = ending
    assert len(text.encode()) <= 123
    assert SECRET not in text
    return code, text.partition(":")[0]


@pytest.mark.parametrize(
    ("protocol", "frame", "ending"),
    [
        (PROTO, "hello", (1003, "FRAME_KIND_WRONG")),
        (PROTO, "{}", (1003, "FRAME_KIND_WRONG")),
        (JSON, b"hello", (1003, "FRAME_KIND_WRONG")),
        (JSON, b"", (1003, "FRAME_KIND_WRONG")),
        (PROTO, b"\xff\xff\xff\xff", (1007, "MESSAGE_UNREADABLE")),
        (PROTO, b"\x12\x02\xc3\x28", (1007, "MESSAGE_UNREADABLE")),
        (JSON, "{", (1007, "MESSAGE_UNREADABLE")),
        (JSON, "", (1007, "MESSAGE_UNREADABLE")),
        (JSON, "[]", (1007, "MESSAGE_UNREADABLE")),
        (JSON, json.dumps({"userText": {"text": 1, SECRET: SECRET}}), (1007, "MESSAGE_UNREADABLE")),
        (JSON, json.dumps({"userText": {"mode": SECRET}}), (1007, "MESSAGE_UNREADABLE")),
        (JSON, "[" * 50_000, (1007, "MESSAGE_UNREADABLE")),
        (PROTO, b"\x00" * 70_000, (1009, "")),
        (JSON, " " * 70_000, (1009, "")),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_frame_that_is_no_message(
    protocol: str, frame: str | bytes, ending: tuple[int, str], *, is_first: bool
) -> None:
    """As the first one and in the middle of a conversation."""

    async def test(house: House) -> None:
        session = await house.session(media=SOUND_ONLY)
        async with house.socket(session.session_id, protocol) as line:
            if not is_first:
                await line.send(ping=Ping(client_time_ms=1))
                await line.next_of("pong")
            await line.connection.send(frame)
            code, reason = said(await line.ending())
            assert (code, reason if ending[1] else "") == ending
        await check_alive(house)

    housed(max_request_bytes=65_536)(test)()


@housed()
async def test_a_message_in_parts(house: House) -> None:
    """As RFC 6455 allows, but not in any number: 1009."""
    session = await house.session(media=SOUND_ONLY)
    good = ConverseRequest(session_id=session.session_id, ping=Ping(client_time_ms=1)).SerializeToString()
    async with house.socket(session.session_id) as line:
        await line.connection.send([good[:3], good[3:9], good[9:]])
        await line.next_of("pong")
        await line.connection.send([bytes([byte]) for byte in good * 100])
        assert (await line.ending())[0] == 1009
    await check_alive(house)


@housed()
async def test_a_text_that_is_not_utf8(house: House) -> None:
    """1007, as RFC 6455 wants it."""
    session = await house.session(media=SOUND_ONLY)
    async with house.socket(session.session_id, JSON) as line:
        await line.connection.send(b'{"userText": {"text": "\xff"}}', text=True)
        assert (await line.ending())[0] == 1007
    await check_alive(house)


@housed()
async def test_a_fault_in_json_is_named(house: House) -> None:
    """The field and what is allowed, as far as a close frame holds it."""
    session = await house.session(media=SOUND_ONLY)
    async with house.socket(session.session_id, JSON) as line:
        await line.connection.send('{"userText": {"partial": 1}}')
        assert await line.ending() == (1007, "MESSAGE_UNREADABLE: user_text.partial: must be true or false")


@housed()
async def test_subprotocols(house: House) -> None:
    """Of several that are offered the first known one; where none is known, the handshake is refused."""
    session = await house.session(media=SOUND_ONLY)
    url = f"ws://{house.address}/v1/sessions/{session.session_id}/stream"
    async with connect(url, subprotocols=[Subprotocol("graphql-ws"), Subprotocol(JSON), Subprotocol(PROTO)]) as found:
        assert found.subprotocol == JSON
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url, subprotocols=[Subprotocol("graphql-ws")]):
            pass
    answer = refused.value.response
    assert answer.status_code == 400
    assert json.loads(answer.body)["reason"] == "SUBPROTOCOL_UNKNOWN"


@housed()
async def test_a_session_that_is_not_there(house: House) -> None:
    """4005, the server's reason."""
    async with house.socket("s_none") as line:
        await line.say("Hello?")
        assert said(await line.ending()) == (4005, "SESSION_NOT_FOUND")


@housed()
async def test_a_message_for_another_session(house: House) -> None:
    """The path says whose WebSocket it is."""
    session = await house.session(media=SOUND_ONLY)
    async with house.socket(session.session_id) as line:
        await line.send(session_id="s_other")
        assert said(await line.ending()) == (4003, "INVALID_REQUEST")


@housed()
async def test_a_path_that_is_no_conversation(house: House) -> None:
    """The handshake is answered with 404."""
    for path in ("/v1/sessions", "/stream", "/"):
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"ws://{house.address}{path}"):
                pass
        assert refused.value.response.status_code == 404
        assert json.loads(refused.value.response.body)["reason"] == "PATH_NOT_FOUND"


@housed(first_message_s=1.0)
async def test_a_client_that_says_nothing(house: House) -> None:
    """It has a while for its first message."""
    session = await house.session(media=SOUND_ONLY)
    async with house.socket(session.session_id) as line:
        assert said(await line.ending()) == (4003, "FIRST_MESSAGE_MISSING")
    await check_alive(house)


# ---- who may


@housed(tokens=Secret(TOKEN), first_message_s=2.0)
async def test_tokens(house: House) -> None:
    """In a header or a first text frame of either subprotocol; without one nothing reaches the server."""
    session = await house.session(media=SOUND_ONLY)
    for protocol in (PROTO, JSON):
        async with house.socket(session.session_id, protocol) as line:
            await line.connection.send(json.dumps({"authorization": f"Bearer {TOKEN}"}))
            await line.say("Hello.")
            await line.turn()
    wrong: list[Any] = [
        ConverseRequest(session_id=session.session_id).SerializeToString(),
        json.dumps({"authorization": "Bearer wrong"}),
        json.dumps({"authorization": f"Basic {TOKEN}"}),
        json.dumps({"authorization": {"token": TOKEN}}),
        json.dumps({"authorization": "Bearer " + "x" * 5000}),
        json.dumps({"authorization": f"Bearer {TOKEN}", "more": 1}),
        "hello",
    ]
    for frame in wrong:
        async with house.socket(session.session_id) as line:
            await line.connection.send(frame)
            code, text = await line.ending()
            assert (code, text.partition(":")[0]) == (4016, "UNAUTHENTICATED")
            assert TOKEN not in text
    async with house.socket(session.session_id, additional_headers={"authorization": "Bearer wrong"}) as line:
        await line.send()
        assert said(await line.ending()) == (4016, "UNAUTHENTICATED")
    async with house.socket(session.session_id) as line:
        await line.connection.send(json.dumps({"authorization": f"Bearer {TOKEN}"}))
        assert said(await line.ending()) == (4003, "FIRST_MESSAGE_MISSING")
    await check_alive(house)


@housed(lambda: make_server(options=ServerOptions(tokens=(TOKEN,))))
async def test_a_gateway_without_tokens_hands_the_callers_on(house: House) -> None:
    """Then it is the server that knows them."""
    shown = {"authorization": f"Bearer {TOKEN}"}
    assert (await house.http.post("/v1/sessions", json={})).json()["reason"] == "UNAUTHENTICATED"
    session_id = (await house.http.post("/v1/sessions", json={}, headers=shown)).json()["sessionId"]
    async with house.socket(session_id) as line:
        await line.send()
        assert said(await line.ending()) == (4016, "UNAUTHENTICATED")
    async with house.socket(session_id, JSON) as line:
        await line.connection.send(json.dumps({"authorization": f"Bearer {TOKEN}"}))
        await line.send()
        await line.next_of("session_state")


@housed(
    lambda: make_server(options=ServerOptions(tokens=("inner",))), tokens=Secret(TOKEN), target_token=Secret("inner")
)
async def test_a_gateway_with_a_token_of_its_own(house: House) -> None:
    """The callers' are its business, and the server sees the gateway's alone."""
    await check_alive(house)


@housed()
async def test_a_page_of_another_site(house: House) -> None:
    """The handshake is refused with 403."""
    session = await house.session(media=SOUND_ONLY)
    url = f"ws://{house.address}/v1/sessions/{session.session_id}/stream"
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url, origin="https://evil.example"):  # type: ignore[arg-type]
            pass
    assert refused.value.response.status_code == 403
    assert json.loads(refused.value.response.body)["reason"] == "ORIGIN_NOT_ALLOWED"
    async with connect(url, origin=f"http://{house.address}"):  # type: ignore[arg-type]
        pass


# ---- how much, how fast


@housed(max_connections=3)
async def test_too_many_conversations(house: House) -> None:
    """429 for the one too many; when one has gone there is room again."""
    session = await house.session(media=SOUND_ONLY)
    async with house.socket(session.session_id), house.socket("a"):
        async with house.socket("b"):
            with pytest.raises(InvalidStatus) as refused:
                async with house.socket("c"):
                    pass
            assert refused.value.response.status_code == 429
            content = json.loads(refused.value.response.body)
            assert (content["reason"], content["retry_after_ms"]) == ("LIMIT_EXCEEDED", 1000)
        await check_alive(house)


PICTURES = Controls(render=Render(resolution=Resolution(width_px=192, height_px=192), idle_mode=IDLE_MODE_NONE))


def pictures(stalled_s: float) -> TthServer:
    adapters = Adapters(tts=mock_tts.build(mock_tts.Settings(20)), avatar=ScriptedAvatar())
    return make_server(adapters, ServerOptions(outbox_stalled_s=stalled_s))


def narrow_socket(house: House) -> socket.socket:
    """A connection that holds a few kilobytes only, as a thin line does."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    host, port = house.address.split(":")
    made.connect((host, int(port)))
    made.setblocking(False)
    return made


def raw(house: House) -> Any:
    return house.session(controls=PICTURES, media=media(media_pb2.VIDEO_CODEC_RAW_RGB24))


@housed(lambda: pictures(60.0), factor=2.0)
async def test_a_slow_reader_is_known_to_the_server(house: House) -> None:
    """It is told `degraded_mode`, loses pictures and nothing else; a neighbour loses nothing at all."""
    session, neighbour = await raw(house), await raw(house)
    text = "one two three four five six seven eight nine ten. " * 6

    async def read_slowly(line: Line) -> None:
        while True:
            if (await line.next_event()).WhichOneof("payload") in TERMINAL:
                return
            await asyncio.sleep(0.05)

    async with (
        house.socket(session.session_id, sock=narrow_socket(house), max_queue=1) as slow,
        house.socket(neighbour.session_id) as quick,
    ):
        await slow.say(text)
        await quick.say(text)
        reading = asyncio.create_task(read_slowly(slow))
        whole = await quick.turn()
        await reading
    assert slow.events[-1].HasField("turn_complete")
    assert {event.degraded_mode.reason for event in slow.events if event.degraded_mode.active} == {"SLOW_READER"}
    assert not [event for event in quick.events if event.HasField("degraded_mode")]

    def sound(events: list[Any]) -> int:
        return sum(event.audio_chunk.sample_count for event in events)

    def seen(events: list[Any]) -> int:
        return sum(event.HasField("video_frame") for event in events)

    assert sound(slow.events) == sound(whole)
    assert seen(slow.events) < seen(whole)


@housed(lambda: pictures(4.0))
async def test_a_client_that_reads_nothing(house: House) -> None:
    """It is given up; its connection is cut, its session is free again, and others go on."""
    session = await raw(house)
    host, port = house.address.split(":")
    reader, writer = await asyncio.open_connection(sock=narrow_socket(house), limit=1024)
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    writer.write(
        f"GET /v1/sessions/{session.session_id}/stream HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    assert b"101" in await reader.readline()
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    said_text = ConverseRequest(session_id=session.session_id)
    said_text.user_text.text = LONG
    said_text.user_text.mode = TEXT_MODE_SAY
    payload = said_text.SerializeToString()
    writer.write(b"\x82\xfe" + len(payload).to_bytes(2, "big") + bytes(4) + payload)
    await house.attached(session.session_id, True)
    await check_alive(house)
    await house.attached(session.session_id, False)
    await house.empty()
    writer.transport.resume_reading()  # type: ignore[attr-defined]
    while await reader.read(65_536):
        pass
    writer.close()


@housed(ping_s=1.0)
async def test_a_client_that_answers_no_ping(house: House) -> None:
    """A line that has gone dead without a word is found out."""
    session = await house.session(media=SOUND_ONLY)
    async with house.socket(session.session_id) as line:
        await line.send()
        await line.next_of("session_state")
        line.connection.transport.pause_reading()
        await house.attached(session.session_id, False)
        line.connection.transport.abort()


@housed(lambda: make_server(options=ServerOptions(drain_s=0.0)))
async def test_the_server_is_lost(house: House) -> None:
    """1001 where it went in order, 4014 when nobody answers any more; nothing hangs."""
    session = await house.session(media=SOUND_ONLY)
    async with house.socket(session.session_id) as line:
        await line.say(LONG)
        await line.next_of("audio_chunk")
        house.server.server.request_stop()
        assert said(await line.ending()) == (1001, "DRAINING")
        assert [event for event in line.events if event.HasField("go_away")]
    while True:
        async with house.socket(session.session_id) as line:
            await line.send()
            ending = said(await line.ending())
        if ending == (4014, "UNREACHABLE"):
            break
        assert ending in ((1001, "DRAINING"), (4005, "SESSION_NOT_FOUND"))  # it is not quite gone yet


@housed()
async def test_fifty_at_once(house: House) -> None:
    """Every one gets its whole turn, in order."""

    async def talk(number: int) -> None:
        session = await house.session(media=SOUND_ONLY)
        async with house.socket(session.session_id, PROTO if number % 5 else JSON) as line:
            await line.say("One two three.")
            assert (await line.turn())[-1].HasField("turn_complete")
        assert [event.seq for event in line.events] == list(range(1, len(line.events) + 1))

    async with asyncio.TaskGroup() as group:
        for number in range(50):
            group.create_task(talk(number))


@housed(max_request_bytes=65_536)
async def test_whatever_is_sent(house: House) -> None:
    """Chance: messages that are cut, mixed up or nothing; each WebSocket ends with a code that says so, or goes on."""
    chance = random.Random(4711)
    session = await house.session(media=SOUND_ONLY)
    good = ConverseRequest(session_id=session.session_id, ping=Ping(client_time_ms=1)).SerializeToString()
    for _ in range(150):
        data = bytearray(good if chance.random() < 0.7 else chance.randbytes(chance.randrange(64)))
        for _ in range(chance.randrange(4)):
            data[chance.randrange(len(data)) :][:1] = b""
            data.insert(chance.randrange(len(data) + 1), chance.randrange(256))
        frame = bytes(data) if chance.random() < 0.7 else data.decode("latin-1")
        async with house.socket(session.session_id, chance.choice([PROTO, JSON])) as line:
            await line.connection.send(frame)
            await line.connection.send(frame)
            await line.connection.close()
    await check_alive(house)


@housed(tokens=Secret(TOKEN))
async def test_the_log_holds_no_text_and_no_token(house: House) -> None:
    """Whatever goes well or wrong."""
    lines: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.getMessage()} {vars(record)}")

    keeper, logger = Keeper(logging.DEBUG), logging.getLogger()
    logger.addHandler(keeper)
    before = logging.getLogger("tth").level
    logging.getLogger("tth").setLevel(logging.DEBUG)
    try:
        session = await house.session(media=SOUND_ONLY)
        async with house.socket(session.session_id, JSON) as line:
            await line.connection.send(json.dumps({"authorization": f"Bearer {TOKEN}"}))
            await line.say(SECRET)
            await line.turn()
            await line.connection.send(f'{{"userText": "{SECRET}"}}')
            await line.ending()
        await house.http.post("/v1/sessions", content=f'{{"{SECRET}": 1}}')
        await house.http.get(f"/{SECRET}?token={TOKEN}")
    finally:
        logger.removeHandler(keeper)
        logging.getLogger("tth").setLevel(before)
    ours = [line for line in lines if "tth.gateway" in line]
    assert len(ours) >= 1
    assert not [line for line in lines if TOKEN in line and "httpx" not in line and "websockets.client" not in line]
    assert not [line for line in ours if SECRET in line]
