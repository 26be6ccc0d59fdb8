"""How many live sessions one server carries: 200 at once that listen to sound and motion at the pace of speech.

A session keeps its pace when as many events come as its seconds have; one that falls behind falls behind for good.
All clients share one process, which has to keep up as well.
"""

from __future__ import annotations

import asyncio
import time

import grpc

from bench.child import running
from bench.cpu_per_event import MEDIA, SENTENCE, TARGET
from bench.figures import Figure, Target
from bench.ready import READY
from bench.run import Run
from bench.stream import Stream, session

NAME = "sessions"
SETTLE_S = 3.0
EVENTS_PER_S = 25 + 25 + 3.125
"""Of one session: sound, motion, words."""


async def measure(run: Run) -> list[Figure]:
    """All sessions speak at once for some seconds."""
    people, seconds = run.count(200, 4), run.count(15, 1)
    async with (
        running("bench.serve", (*READY, "--set", "server.max_sessions=1000")) as child,
        grpc.aio.insecure_channel(child.address) as channel,
        asyncio.TaskGroup() as group,
    ):
        streams: list[Stream] = []
        ready, finish = asyncio.Barrier(people + 1), asyncio.Event()
        for number in range(people):
            group.create_task(_person(channel, streams, ready, finish, number * 0.01))
        await ready.wait()
        await asyncio.sleep(SETTLE_S if not run.quick else 0.5)
        begin_s, begin_cpu_s = time.perf_counter(), child.cpu_s()
        begin_counts = [stream.event_count for stream in streams]
        for second in range(seconds):
            await asyncio.sleep(1)
            run.progress.now(second, seconds)
        took_s, cpu_s = time.perf_counter() - begin_s, child.cpu_s() - begin_cpu_s
        counts = [stream.event_count - begin for stream, begin in zip(streams, begin_counts, strict=True)]
        finish.set()
    kept = sum(count >= EVENTS_PER_S * took_s * 0.95 for count in counts)
    cost_us = cpu_s / sum(counts) * 1e6
    all_of_them = Target(people, at_least=True)
    return [
        Figure(NAME, "live sessions that keep their pace (sound, motion, words)", "", kept, people, target=all_of_them),
        Figure(NAME, f"server with {people} sessions", "% core", cpu_s / took_s * 100, sum(counts)),
        Figure(NAME, f"server CPU per event, {people} live sessions", "us", cost_us, sum(counts), target=TARGET),
    ]


async def _person(
    channel: grpc.aio.Channel, streams: list[Stream], ready: asyncio.Barrier, finish: asyncio.Event, delay_s: float
) -> None:
    await asyncio.sleep(delay_s)
    async with session(channel, MEDIA) as stream:
        streams.append(stream)
        await stream.say(SENTENCE * 19)
        await ready.wait()
        await finish.wait()
