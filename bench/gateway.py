"""What the gateway adds: the same server, asked over plain gRPC and through a gateway of its own process.

Latency: a ping there and back, one message each way, and the first sound of a turn. CPU: of the gateway for each event
that it carries, with the server's beside it, as fast as it goes and live. And fifty WebSockets at once at the pace of
speech. The clients are the bare stub of the other benchmarks and the `websockets` library: what each takes to parse is
in the latencies.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import grpc
import httpx
from google.protobuf import json_format
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from bench.child import Child, running
from bench.cpu_per_event import SENTENCE, UNPACED
from bench.figures import Figure, Target, distribution
from bench.ready import READY
from bench.run import Run
from bench.sessions import EVENTS_PER_S, SETTLE_S
from bench.stream import Stream, session, wishes
from tth.v1.converse_pb2 import ConverseRequest, ConverseResponse
from tth.v1.media_pb2 import MediaPreferences
from tth.v1.tth_service_pb2 import CreateSessionRequest

NAME = "gateway"
PROTO, JSON = "tth.v1.proto", "tth.v1.json"
TEXT = "Yes."
GAP_S = 0.002
MEDIA = wishes(motion=True)
PEOPLE = 50
HELD = Target(PEOPLE, at_least=True)
Sessions = Callable[[MediaPreferences], AbstractAsyncContextManager[Stream]]


class SocketCall:
    """A WebSocket that looks like a call of the stub, as far as `Stream` looks."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def write(self, message: ConverseRequest) -> None:
        if self._connection.subprotocol == JSON:
            await self._connection.send(json_format.MessageToJson(message, indent=None))
        else:
            await self._connection.send(message.SerializeToString())

    async def __aiter__(self) -> AsyncGenerator[ConverseResponse, None]:
        while True:
            try:
                frame = await self._connection.recv()
            except ConnectionClosed:
                return
            if isinstance(frame, str):
                yield json_format.Parse(frame, ConverseResponse())
            else:
                yield ConverseResponse.FromString(frame)

    async def done_writing(self) -> None:
        await self._connection.close()


async def measure(run: Run) -> list[Figure]:
    """Latency, then CPU without a pause, then fifty live."""
    figures: list[Figure] = []
    async with _both() as (server, gateway), grpc.aio.insecure_channel(server.address) as channel:
        ways = _by_grpc(channel), _by_socket(gateway, PROTO)
        figures += await _in_turns(run, "ping and pong", run.count(500, 5), _ping, *ways)
        figures += await _in_turns(run, "text to first sound", run.count(200, 5), _first_sound, *ways)
    async with _both(UNPACED) as (server, gateway), grpc.aio.insecure_channel(server.address) as channel:
        for label, sessions in (
            ("plain gRPC", _by_grpc(channel)),
            ("through the gateway", _by_socket(gateway, PROTO)),
            ("through the gateway, as JSON", _by_socket(gateway, JSON)),
        ):
            figures += await _flood(run, label, server, gateway, sessions)
    async with _both() as (server, gateway), grpc.aio.insecure_channel(server.address) as channel:
        for label, sessions in (("plain gRPC", _by_grpc(channel)), ("WebSockets", _by_socket(gateway, PROTO))):
            figures += await _live(run, label, server, gateway, sessions)
    return figures


@asynccontextmanager
async def _both(settings: tuple[str, ...] = ()) -> AsyncIterator[tuple[Child, Child]]:
    async with (
        running("bench.serve", (*READY, *settings)) as server,
        running("bench.gateway_serve", (server.address,)) as gateway,
    ):
        yield server, gateway


def _by_grpc(channel: grpc.aio.Channel) -> Sessions:
    return lambda media: session(channel, media)


def _by_socket(gateway: Child, protocol: str) -> Sessions:
    @asynccontextmanager
    async def opened(media: MediaPreferences) -> AsyncIterator[Stream]:
        base = f"http://{gateway.address}/v1/sessions"
        asked = json_format.MessageToDict(CreateSessionRequest(media=media))
        async with httpx.AsyncClient(timeout=60) as http:
            session_id = str((await http.post(base, json=asked)).raise_for_status().json()["sessionId"])
            url = f"ws://{gateway.address}/v1/sessions/{session_id}/stream"
            offered = [Subprotocol(protocol)]
            async with connect(url, subprotocols=offered, compression=None, max_size=None, proxy=None) as connection:
                stream = Stream(SocketCall(connection), session_id)
                reading = asyncio.create_task(stream.read())
                try:
                    await stream.attach()
                    yield stream
                finally:
                    reading.cancel()
                    await asyncio.wait([reading])
            await http.delete(f"{base}/{session_id}")

    return opened


async def _ping(stream: Stream) -> float:
    return await stream.ping()


async def _first_sound(stream: Stream) -> float:
    return (await stream.first_sound(TEXT)).ms_to("audio_chunk")


async def _in_turns(
    run: Run, title: str, count: int, sample: Callable[[Stream], Awaitable[float]], plain: Sessions, through: Sessions
) -> list[Figure]:
    """One after the other on both ways, so that what else the machine does falls on both alike."""
    ways: tuple[list[float], list[float]] = ([], [])
    async with plain(wishes()) as direct, through(wishes()) as carried:
        for number in range(count + 5):
            for stream, samples in zip((direct, carried), ways, strict=True):
                await asyncio.sleep(GAP_S)
                took_ms = await sample(stream)
                if number >= 5:  # the first ones fill caches
                    samples.append(took_ms)
            run.progress.now(number, count)
    added = [after - before for before, after in zip(*ways, strict=True)]
    return [
        distribution(NAME, f"{title}: plain gRPC", "ms", ways[0]),
        distribution(NAME, f"{title}: through the gateway", "ms", ways[1]),
        distribution(NAME, f"{title}: added, each against the one before it", "ms", added),
    ]


async def _flood(run: Run, label: str, server: Child, gateway: Child, sessions: Sessions) -> list[Figure]:
    """Microseconds of each program for an event, one client, as fast as it goes."""
    repeats, count = run.count(8, 1), 0
    begin_s = (0.0, 0.0)
    for number in range(repeats + 1):
        if number == 1:  # the first session fills caches
            begin_s = server.cpu_s(), gateway.cpu_s()
        async with sessions(MEDIA) as stream:
            await stream.whole_turn(SENTENCE * run.count(19, 4))
            count += stream.event_count if number else 0
        run.progress.now(number, repeats)
    return _costs(f"one client, as fast as it goes, {label}", server, gateway, begin_s, count)


async def _live(run: Run, label: str, server: Child, gateway: Child, sessions: Sessions) -> list[Figure]:
    """Fifty at the pace of speech: how many keep it, and what an event costs."""
    seconds, streams = run.count(10, 1), list[Stream]()
    ready, finish = asyncio.Barrier(PEOPLE + 1), asyncio.Event()

    async def person() -> None:
        async with sessions(MEDIA) as stream:
            streams.append(stream)
            await stream.say(SENTENCE * 19)
            await ready.wait()
            await finish.wait()

    async with asyncio.TaskGroup() as group:
        for _ in range(PEOPLE):
            group.create_task(person())
        await ready.wait()
        await asyncio.sleep(SETTLE_S)
        begin_s, began_s = (server.cpu_s(), gateway.cpu_s()), time.perf_counter()
        counts = [stream.event_count for stream in streams]
        for second in range(seconds):
            await asyncio.sleep(1)
            run.progress.now(second, seconds)
        took_s = time.perf_counter() - began_s
        counts = [stream.event_count - before for stream, before in zip(streams, counts, strict=True)]
        figures = _costs(f"{PEOPLE} live, {label}", server, gateway, begin_s, sum(counts))
        finish.set()
    kept = sum(count >= EVENTS_PER_S * took_s * 0.95 for count in counts)
    return [Figure(NAME, f"{PEOPLE} live, {label}: that keep their pace", "", kept, PEOPLE, target=HELD), *figures]


def _costs(label: str, server: Child, gateway: Child, begin_s: tuple[float, float], count: int) -> list[Figure]:
    spent = (("server", server.cpu_s() - begin_s[0]), ("gateway", gateway.cpu_s() - begin_s[1]))
    shown = spent if "gRPC" not in label else spent[:1]
    return [Figure(NAME, f"{label}: CPU of the {name} for an event", "us", s / count * 1e6, count) for name, s in shown]
