"""How many live sessions one server carries that listen to sound and motion at the pace of speech.

A session keeps its pace when as many events come as its seconds have; one that falls behind falls behind for good.
The number of sessions grows in steps until one does. All clients share one process, which has to keep up as well: on
a machine with two cores it needs about one of them.
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
SETTLE_S = 2.0
HELD = Target(200, at_least=True)
EVENTS_PER_S = 25 + 25 + 3.125
"""Of one session: sound, motion, words."""


async def measure(run: Run) -> list[Figure]:
    """Steps of fifty, up to the target."""
    figures: list[Figure] = []
    held = 0
    for people in (50, 100, 150, 200) if not run.quick else (4,):
        kept, cpu_s, took_s, count = await _step(run, people)
        load, cost_us = cpu_s / took_s * 100, cpu_s / count * 1e6
        figures.append(
            Figure(NAME, f"server with {people} live sessions, {kept} keep their pace", "% core", load, count)
        )
        figures.append(
            Figure(NAME, f"server CPU per event, {people} live sessions", "us", cost_us, count, target=TARGET)
        )
        if kept < people:
            break
        held = people
    return [Figure(NAME, "live sessions that all keep their pace", "", held, len(figures) // 2, target=HELD), *figures]


async def _step(run: Run, people: int) -> tuple[int, float, float, int]:
    """Sessions that kept their pace, the server's CPU seconds, seconds, events."""
    seconds = run.count(12, 1)
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
        await asyncio.sleep(SETTLE_S)
        begin_s, begin_cpu_s = time.perf_counter(), child.cpu_s()
        begin_counts = [stream.event_count for stream in streams]
        for second in range(seconds):
            await asyncio.sleep(1)
            run.progress.now(second, seconds)
        took_s, cpu_s = time.perf_counter() - begin_s, child.cpu_s() - begin_cpu_s
        counts = [stream.event_count - begin for stream, begin in zip(streams, begin_counts, strict=True)]
        finish.set()
    return sum(count >= EVENTS_PER_S * took_s * 0.95 for count in counts), cpu_s, took_s, sum(counts)


async def _person(
    channel: grpc.aio.Channel, streams: list[Stream], ready: asyncio.Barrier, finish: asyncio.Event, delay_s: float
) -> None:
    await asyncio.sleep(delay_s)
    async with session(channel, MEDIA) as stream:
        streams.append(stream)
        await stream.say(SENTENCE * 19)
        await ready.wait()
        await finish.wait()
