"""CPU time of the server for one event on the wire, all in: engine, protobuf, gRPC, kernel.

Ready adapters; sessions of 50 seconds of speech that may be sent far ahead, so that thousands of events follow each
other without a pause; and the same live, at the pace at which people listen, where every event has its own timer and
its own wake-up. Beside it, messages of the same sizes through grpc.aio alone.
"""

from __future__ import annotations

import asyncio
import json

import grpc

from bench import bare
from bench.child import Child, running
from bench.figures import Figure, Target
from bench.ready import READY
from bench.run import Run
from bench.stream import Stream, session, wishes

NAME = "cpu_per_event"
TARGET = Target(60.0)
SENTENCE = "This is a sentence of some eight words. "
UNPACED = ("--set", "pacing.balanced_max_ahead_ms=60000", "--set", "server.outbox_events=65536")
MEDIA = wishes(motion=True)
LIVE_SESSIONS = 20


async def measure(run: Run) -> list[Figure]:
    """Without a pause, live, and gRPC alone."""
    async with running("bench.serve", (*READY, *UNPACED)) as child:
        flood, count, sizes = await _flood(run, child)
    async with running("bench.serve", READY) as child:
        live, live_count = await _live(run, child)
    async with running("bench.bare") as child:
        alone, alone_count = await _bare(run, child, sizes)
        paced, paced_count = await _bare_live(run, child, sizes)
    return [
        Figure(NAME, "sound, motion, words; one client, as fast as it goes", "us", flood, count, target=TARGET),
        Figure(NAME, f"the same live, {LIVE_SESSIONS} sessions", "us", live, live_count, target=TARGET),
        Figure(NAME, "grpc.aio alone: the same sizes from bytes, one client", "us", alone, alone_count),
        Figure(NAME, f"grpc.aio alone: the same live, {LIVE_SESSIONS} streams", "us", paced, paced_count),
    ]


async def _flood(run: Run, child: Child) -> tuple[float, int, list[int]]:
    """Microseconds for an event, events, and their sizes in one session."""
    repeats = run.count(12, 1)
    count, sizes = 0, []
    async with grpc.aio.insecure_channel(child.address) as channel:
        begin_s = 0.0
        for number in range(repeats + 1):
            if number == 1:  # the first session fills caches
                begin_s = child.cpu_s()
            async with session(channel, MEDIA) as stream:
                stream.sizes = [] if number == 0 else None
                await stream.whole_turn(SENTENCE * run.count(19, 4))
                if number == 0:
                    sizes = stream.sizes or []
                else:
                    count += stream.event_count
            run.progress.now(number, repeats)
        return (child.cpu_s() - begin_s) / count * 1e6, count, sizes


async def _live(run: Run, child: Child) -> tuple[float, int]:
    seconds = run.count(10, 1)
    async with grpc.aio.insecure_channel(child.address) as channel, asyncio.TaskGroup() as group:
        streams: list[Stream] = []
        ready, finish = asyncio.Barrier(LIVE_SESSIONS + 1), asyncio.Event()
        for _ in range(LIVE_SESSIONS):
            group.create_task(_talker(channel, streams, ready, finish))
        await ready.wait()
        await asyncio.sleep(1.5)  # until the first second ahead has been sent and the pace is steady
        begin_s, begin_count = child.cpu_s(), sum(stream.event_count for stream in streams)
        for second in range(seconds):
            await asyncio.sleep(1)
            run.progress.now(second, seconds)
        count = sum(stream.event_count for stream in streams) - begin_count
        cost_us = (child.cpu_s() - begin_s) / count * 1e6
        finish.set()
    return cost_us, count


async def _talker(
    channel: grpc.aio.Channel, streams: list[Stream], ready: asyncio.Barrier, finish: asyncio.Event
) -> None:
    """One session that speaks until it is told to finish."""
    async with session(channel, MEDIA) as stream:
        streams.append(stream)
        await stream.say(SENTENCE * 19)
        await ready.wait()
        await finish.wait()


async def _bare(run: Run, child: Child, sizes: list[int]) -> tuple[float, int]:
    repeats, count = run.count(12, 1), 0
    async with grpc.aio.insecure_channel(child.address) as channel:
        call: bare.BytesCall = channel.stream_stream(bare.FLOOD)()
        begin_s = child.cpu_s()
        for number in range(repeats):
            await call.write(json.dumps(sizes).encode())
            for _ in sizes:
                await call.read()
            count += len(sizes)
            run.progress.now(number, repeats)
        cost_us = (child.cpu_s() - begin_s) / count * 1e6
        call.cancel()
    return cost_us, count


async def _bare_live(run: Run, child: Child, sizes: list[int]) -> tuple[float, int]:
    seconds, count = run.count(10, 1), 0

    async def read(channel: grpc.aio.Channel, delay_s: float) -> None:
        nonlocal count
        await asyncio.sleep(delay_s)  # sessions of people do not beat in time
        call: bare.BytesCall = channel.stream_stream(bare.PACE)()
        await call.write(json.dumps(sizes).encode())
        while True:
            await call.read()
            count += 1

    async with grpc.aio.insecure_channel(child.address) as channel, asyncio.TaskGroup() as group:
        readers = [
            group.create_task(read(channel, bare.PACE_S * number / LIVE_SESSIONS)) for number in range(LIVE_SESSIONS)
        ]
        await asyncio.sleep(0.5)
        begin_s, begin_count = child.cpu_s(), count
        for second in range(seconds):
            await asyncio.sleep(1)
            run.progress.now(second, seconds)
        cost_us = (child.cpu_s() - begin_s) / (count - begin_count) * 1e6
        for reader in readers:
            reader.cancel()
        return cost_us, count - begin_count
