"""A whole server in this process, over a real channel on loopback: for tests of clients, adapters and the server.

    async with running_server() as server:
        reply = await server.stub.CreateSession(CreateSessionRequest())

With mock adapters and `run_fast` a spoken sentence takes some tens of milliseconds. Leaving the context drains the
server as SIGTERM would. Tests: tests/testing/test_harness.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import grpc

from tth.adapters.avatar import mock_avatar
from tth.adapters.base import AdapterSpec, Persona
from tth.adapters.llm import mock_llm
from tth.adapters.registry import Adapters
from tth.adapters.tts import mock_tts
from tth.config.schema import Config
from tth.config.wiring import build_server, full_registry
from tth.control.personas import PersonaConfig
from tth.model.controls import Controls, Resolution
from tth.server.app import EncodeThreads, ServerOptions, TthServer
from tth.server.models import ModelCatalogue
from tth.session.engine import Engine
from tth.session.snapshot_store import SessionStore
from tth.testing.virtual_time import VirtualClock
from tth.v1.tth_service_pb2_grpc import TthServiceStub

if TYPE_CHECKING:
    from tth.v1.tth_service_pb2_grpc import TthServiceAsyncStub

SMALL = Resolution(64, 64)
"""The smallest picture of the contract: drawing and encoding it costs next to nothing."""


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that is ready, and a channel to it."""

    server: TthServer
    target: str
    """ "127.0.0.1:port"."""
    channel: grpc.aio.Channel
    stub: TthServiceAsyncStub


def mock_adapters(ms_per_character: float = 20.0, reply: str = "You said: {text}") -> Adapters:
    """Language model, voice and avatar that are known to the sample."""
    return Adapters(
        llm=mock_llm.build(mock_llm.Settings(reply=reply)),
        tts=mock_tts.build(mock_tts.Settings(ms_per_character=ms_per_character)),
        avatar=mock_avatar.build(mock_avatar.Settings()),
    )


def make_server(
    adapters: Adapters | None = None,
    options: ServerOptions | None = None,
    store: SessionStore | None = None,
    **engine: Any,
) -> TthServer:
    """A server of these adapters that is not yet running. Inside the event loop that it will run on only.

    engine: fields of `Engine` that differ. By default two personas, small pictures and the loop's own clock.
    """
    adapters = adapters or mock_adapters()
    made = Engine(
        adapters=adapters,
        personas={name: PersonaConfig(Persona(name, look=name)) for name in ("default", "other")},
        clock=VirtualClock(),
        encode_offload=EncodeThreads(1),
        base_controls=Controls(resolution=SMALL),
    )
    known = tuple((AdapterSpec(a.role, a.name, "", ""), a.capabilities, True) for a in adapters)
    made = replace(made, **engine)
    return TthServer(made, options or ServerOptions(), ModelCatalogue("test", known, made.personas), store)


@asynccontextmanager
async def running_server(
    source: TthServer | Config | Adapters | None = None, *, drains: bool = True
) -> AsyncIterator[RunningServer]:
    """Run a server of a configuration, of some adapters, or a given one, until the context is left.

    drains: False = the context's body or somebody else stops the server; it is only waited for. A `Config` brings the
    machine's clock, so it belongs on an ordinary event loop. Raises what `TthServer.run` raises.
    """
    server = _server_of(source)
    ready = asyncio.Event()
    running = asyncio.create_task(server.run(lambda port: None, ready.set), name="server")
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if running.done():
        await running
    target = f"127.0.0.1:{server.port}"
    try:
        async with grpc.aio.insecure_channel(target) as channel:
            yield RunningServer(server, target, channel, TthServiceStub(channel))
    finally:
        if drains:
            server.request_stop()
        await running


def _server_of(source: TthServer | Config | Adapters | None) -> TthServer:
    match source:
        case TthServer():
            return source
        case Config():
            config = replace(source, server=replace(source.server, host="127.0.0.1", port=0))
            return build_server(config, full_registry())
        case _:
            return make_server(source)
