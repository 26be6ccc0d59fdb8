"""A real server and a real gateway before it, both on loopback in this process, and clients that speak to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
from google.protobuf import json_format
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.server.caller import QUIET, SOUND_ONLY, run
from tth.config.schema import GatewaySettings
from tth.gateway.life import Gateway
from tth.server.app import TthServer
from tth.testing.fast_time import DEFAULT_FACTOR
from tth.testing.harness import RunningServer, make_server, running_server
from tth.v1.controls_pb2 import Controls
from tth.v1.converse_pb2 import TEXT_MODE_SAY, ConverseRequest, ConverseResponse, UserText
from tth.v1.media_pb2 import MediaPreferences
from tth.v1.tth_service_pb2 import CreateSessionRequest, CreateSessionResponse

PROTO, JSON = "tth.v1.proto", "tth.v1.json"
TOKEN = "sesame-4711"
"""Of the gateways here that want one."""
SETTINGS = GatewaySettings(port=0, drain_s=4.0)
TERMINAL = ("turn_complete", "turn_stopped")


@dataclass(frozen=True, slots=True)
class House:
    """Both, and where."""

    server: RunningServer
    gateway: Gateway
    http: httpx.AsyncClient

    @property
    def address(self) -> str:
        """ "127.0.0.1:port" of the gateway."""
        return self.gateway.address.removeprefix("http://").rstrip("/")

    async def session(self, controls: Controls = QUIET, media: MediaPreferences | None = None) -> CreateSessionResponse:
        """Open one through the gateway."""
        request = CreateSessionRequest(controls=controls, media=media)
        answer = await self.http.post("/v1/sessions", content=json_format.MessageToJson(request))
        assert answer.status_code == 200, answer.text
        return json_format.Parse(answer.content, CreateSessionResponse())

    async def attached(self, session_id: str, wanted: bool) -> None:
        """Wait until the server says so of this session."""
        while True:
            answer = (await self.http.get(f"/v1/sessions/{session_id}")).json()
            if answer.get("attached", False) is wanted:
                return
            await asyncio.sleep(0.1)

    async def empty(self) -> None:
        """Wait until the gateway has no conversation any more."""
        while True:
            if not self.gateway.conversation_count:
                return
            await asyncio.sleep(0.1)

    @asynccontextmanager
    async def socket(self, session_id: str, protocol: str | None = PROTO, **options: Any) -> AsyncIterator[Line]:
        """A WebSocket to a session; nothing has been said yet."""
        offered = [Subprotocol(protocol)] if protocol else None
        settings = {"max_size": None, "open_timeout": None, "close_timeout": 8, "ping_interval": None} | options
        url = f"ws://{self.address}/v1/sessions/{session_id}/stream"
        async with connect(url, subprotocols=offered, **settings) as connection:
            yield Line(connection, session_id)


class Line:
    """A client's end of one WebSocket."""

    def __init__(self, connection: ClientConnection, session_id: str) -> None:
        self.connection = connection
        self.session_id = session_id
        self.events: list[ConverseResponse] = []

    async def send(self, **fields: Any) -> None:
        """One message to the session, in the subprotocol that was agreed on."""
        message = ConverseRequest(**{"session_id": self.session_id, **fields})
        is_text = self.connection.subprotocol == JSON
        await self.connection.send(json_format.MessageToJson(message) if is_text else message.SerializeToString())

    async def say(self, text: str, **fields: Any) -> None:
        """A text to be spoken."""
        await self.send(user_text=UserText(text=text, mode=TEXT_MODE_SAY), **fields)

    async def next_event(self) -> ConverseResponse:
        """The next message of the server. Raises ConnectionClosed."""
        frame = await self.connection.recv()
        if isinstance(frame, str):
            event = json_format.Parse(frame, ConverseResponse())
        else:
            event = ConverseResponse.FromString(frame)
        self.events.append(event)
        return event

    async def next_of(self, *kinds: str) -> ConverseResponse:
        """The next message with one of these payloads."""
        while (event := await self.next_event()).WhichOneof("payload") not in kinds:
            pass
        return event

    async def turn(self) -> list[ConverseResponse]:
        """All events up to the next end of a turn, those of the turn."""
        end = await self.next_of(*TERMINAL)
        return [event for event in self.events if event.turn_id == end.turn_id]

    async def ending(self) -> tuple[int, str]:
        """Read on until the gateway closes: code and reason."""
        try:
            while True:
                await self.next_event()
        except ConnectionClosed as closed:
            if closed.rcvd is None:
                raise  # cut without a close frame
            return closed.rcvd.code, closed.rcvd.reason


async def check_alive(house: House) -> None:
    """Somebody else holds a conversation as if nothing had been."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    session = await house.session(media=SOUND_ONLY)
    async with house.socket(session.session_id, additional_headers=headers) as line:
        await line.say("Still here.")
        assert (await line.turn())[-1].HasField("turn_complete")


HouseTest = Callable[[House], Coroutine[Any, Any, None]]


@asynccontextmanager
async def gateway_before(target: str, settings: GatewaySettings = SETTINGS) -> AsyncIterator[Gateway]:
    """A gateway before a server, until the context is left."""
    gateway = Gateway(replace(settings, target=target))
    gateway.bind()
    serving = asyncio.create_task(gateway.serve(), name="gateway")
    try:
        yield gateway
    finally:
        gateway.request_stop()
        await serving


@asynccontextmanager
async def house(server: TthServer, settings: GatewaySettings = SETTINGS) -> AsyncIterator[House]:
    """Server and gateway, until the context is left."""
    async with (
        running_server(server) as running,
        gateway_before(running.target, settings) as gateway,
        httpx.AsyncClient(base_url=gateway.address, timeout=None, headers=_headers(settings)) as http,
    ):
        yield House(running, gateway, http)


def _headers(settings: GatewaySettings) -> dict[str, str]:
    return {"authorization": f"Bearer {TOKEN}"} if settings.tokens else {}


def housed(
    make: Callable[[], TthServer] = make_server, *, errors: int = 0, factor: float = DEFAULT_FACTOR, **settings: Any
) -> Callable[[HouseTest], Callable[[], None]]:
    """Make a test of an async function that is given a house. factor: how fast its time runs; settings: of the gateway
    that differ."""

    def decorate(test: HouseTest) -> Callable[[], None]:
        async def main() -> None:
            async with house(make(), replace(SETTINGS, **settings)) as found:
                await test(found)

        def test_function() -> None:
            run(main(), errors=errors, factor=factor)

        test_function.__name__ = test.__name__
        test_function.__doc__ = test.__doc__
        return test_function

    return decorate
