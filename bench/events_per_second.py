"""How many events one server process delivers to one client and to fifty, as fast as it goes; and what one costs then.

All clients share one process, as busy as the server, so this is what
server and clients reach together. Sessions of 50 seconds of speech that may be sent far ahead.
"""

from __future__ import annotations

import asyncio
import time

import grpc

from bench.child import Child, running
from bench.cpu_per_event import MEDIA, SENTENCE, TARGET, UNPACED
from bench.figures import Figure
from bench.ready import READY
from bench.run import Run
from bench.stream import session

NAME = "events_per_second"


async def measure(run: Run) -> list[Figure]:
    """One client, then fifty."""
    figures: list[Figure] = []
    async with running("bench.serve", (*READY, *UNPACED)) as child:
        await _all(child, 1, 4)  # fills caches
        for clients in (1, run.count(50, 2)):
            rounds = run.count(8 if clients == 1 else 1, 1)
            count, took_s, cpu_s = 0, 0.0, 0.0
            for number in range(rounds):
                begin_s, begin_cpu_s = time.perf_counter(), child.cpu_s()
                count += await _all(child, clients, run.count(19, 4))
                took_s += time.perf_counter() - begin_s
                cpu_s += child.cpu_s() - begin_cpu_s
                run.progress.now(number, rounds)
            people = "1 client" if clients == 1 else f"{clients} clients"
            cost_us = cpu_s / count * 1e6
            figures.append(Figure(NAME, f"delivered to {people}", "1/s", count / took_s, count))
            figures.append(Figure(NAME, f"server CPU per event, {people}", "us", cost_us, count, target=TARGET))
    return figures


async def _all(child: Child, clients: int, sentences: int) -> int:
    """Events delivered to all clients, one whole turn each."""
    async with grpc.aio.insecure_channel(child.address) as channel, asyncio.TaskGroup() as group:
        tasks = [group.create_task(_one(channel, sentences)) for _ in range(clients)]
    return sum(task.result() for task in tasks)


async def _one(channel: grpc.aio.Channel, sentences: int) -> int:
    async with session(channel, MEDIA) as stream:
        await stream.whole_turn(SENTENCE * sentences)
        return stream.event_count
