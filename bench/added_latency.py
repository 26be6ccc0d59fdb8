"""What engine and gRPC add to the first sound: adapters that answer at once, a real server, one client on loopback.

From just before the text is written to the first audio chunk being parsed in the client; the turn is interrupted
then. Once with turns that follow each other closely, as on a server with many sessions, and once with pauses in which
the machine falls asleep and its caches go cold, as on a server with a single one. The limits measured beside it: one
message there and back through grpc.aio alone, and one there and four back, for the first sound is the fourth event of
a SAY turn (turn_started, text_delta, speaking, audio_chunk; a TALK turn has one text_delta more).
"""

from __future__ import annotations

import asyncio
import json
import time

import grpc

from bench import bare
from bench.child import running
from bench.figures import Figure, Target, distribution
from bench.ready import READY
from bench.run import Run
from bench.stream import session, wishes
from tth.v1 import media_pb2

NAME = "added_latency"
GAPS = {"2 ms apart": 0.002, "100 ms apart": 0.1}
TARGET = Target(1.5)
TEXT = "Yes."
FIRST_SOUND = 4
"""Which event of its SAY turn the first sound is."""


async def measure(run: Run) -> list[Figure]:
    """Sound alone; with an avatar whose idle frames the turn has to relieve; gRPC alone."""
    figures: list[Figure] = []
    async with running("bench.serve", READY) as child, grpc.aio.insecure_channel(child.address) as channel:
        for label, media, talk in (
            ("SAY, sound alone", wishes(), False),
            ("TALK, sound alone", wishes(), True),
            ("SAY, with avatar (motion)", wishes(motion=True), False),
        ):
            for gap, gap_s in GAPS.items():
                seen, recorded = await _turns(run, channel, media, gap_s, talk=talk)
                figures.append(distribution(NAME, f"text to first sound: {label}, {gap}", "ms", seen, TARGET))
                figures.append(distribution(NAME, "  of which until it is handed to gRPC", "ms", recorded))
    async with running("bench.bare") as child, grpc.aio.insecure_channel(child.address) as channel:
        for replies in (1, FIRST_SOUND):
            for gap, gap_s in GAPS.items():
                title = f"grpc.aio alone: one message there, {replies} back, {gap}"
                figures.append(distribution(NAME, title, "ms", await _bare(run, channel, replies, gap_s)))
    return figures


async def _turns(
    run: Run, channel: grpc.aio.Channel, media: media_pb2.MediaPreferences, gap_s: float, *, talk: bool
) -> tuple[list[float], list[float]]:
    """Milliseconds to the first sound as the client sees them and as the server's own record has them."""
    turns = run.count(200, 5)
    seen: list[float] = []
    recorded: list[float] = []
    async with session(channel, media) as stream:
        for number in range(turns + 3):
            await asyncio.sleep(gap_s)
            turn = await stream.first_sound(TEXT, talk=talk)
            assert turn.metrics is not None
            if number >= 3:  # the first ones fill caches
                seen.append(turn.ms_to("audio_chunk"))
                recorded.append(turn.metrics.first_audio_ms)
            run.progress.now(number, turns)
    return seen, recorded


async def _bare(run: Run, channel: grpc.aio.Channel, replies: int, gap_s: float) -> list[float]:
    samples: list[float] = []
    turns = run.count(200, 5)
    call: bare.BytesCall = channel.stream_stream(bare.FLOOD)()
    order = json.dumps([100] * replies).encode()
    for number in range(turns + 3):
        await asyncio.sleep(gap_s)
        begin_s = time.perf_counter()
        await call.write(order)
        for _ in range(replies):
            await call.read()
        if number >= 3:
            samples.append((time.perf_counter() - begin_s) * 1000)
        run.progress.now(number, turns)
    call.cancel()
    return samples
