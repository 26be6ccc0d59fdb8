"""What engine and gRPC add to the first sound: adapters that answer at once, a real server, one client on loopback.

From just before the text is written to the first audio chunk being parsed in the client. Turns are apart, as in a
conversation, so that the server sleeps before each. The limit measured beside it is one message there and back
through grpc.aio alone.
"""

from __future__ import annotations

import asyncio
import time

import grpc

from bench import echo
from bench.child import running
from bench.figures import Figure, Target, distribution
from bench.ready import READY
from bench.run import Run
from bench.stream import session, wishes
from tth.v1 import media_pb2

NAME = "added_latency"
GAP_S = 0.1
TARGET = Target(1.5)
TEXT = "Yes."
SMALL = wishes(media_pb2.VIDEO_CODEC_RAW_RGB24, motion=True)


async def measure(run: Run) -> list[Figure]:
    """Sound alone; with an avatar whose idle frames the turn has to relieve; gRPC alone."""
    figures: list[Figure] = []
    turns = run.count(200, 5)
    async with running("bench.serve", READY) as child, grpc.aio.insecure_channel(child.address) as channel:
        for label, media, talk in (
            ("SAY, sound alone", wishes(), False),
            ("TALK, sound alone", wishes(), True),
            ("SAY, with avatar (motion)", wishes(motion=True), False),
        ):
            samples, heard = await _turns(run, channel, media, turns, talk=talk)
            figures.append(distribution(NAME, f"text to first sound: {label}", "ms", samples, TARGET))
            figures.append(distribution(NAME, f"  of which in the engine: {label}", "ms", heard))
    async with running("bench.echo") as child, grpc.aio.insecure_channel(child.address) as channel:
        figures.append(
            distribution(NAME, "grpc.aio alone: one message there and back", "ms", await _echo(run, channel))
        )
    return figures


async def _turns(
    run: Run, channel: grpc.aio.Channel, media: media_pb2.MediaPreferences, turns: int, *, talk: bool
) -> tuple[list[float], list[float]]:
    """Milliseconds to the first sound as the client sees them and as the server's own record has them."""
    seen: list[float] = []
    recorded: list[float] = []
    async with session(channel, media) as stream:
        for number in range(turns + 3):
            await asyncio.sleep(GAP_S)
            turn = await stream.whole_turn(TEXT, talk=talk)
            assert turn.metrics is not None
            if number >= 3:  # the first ones fill caches
                seen.append(turn.ms_to("audio_chunk"))
                recorded.append(turn.metrics.first_audio_ms)
            run.progress.now(number, turns)
    return seen, recorded


async def _echo(run: Run, channel: grpc.aio.Channel) -> list[float]:
    samples: list[float] = []
    turns = run.count(200, 5)
    call: echo.BytesCall = channel.stream_stream(echo.ECHO)()
    for number in range(turns + 3):
        await asyncio.sleep(GAP_S)
        begin_s = time.perf_counter()
        await call.write(b"x" * 100)
        await call.read()
        if number >= 3:
            samples.append((time.perf_counter() - begin_s) * 1000)
        run.progress.now(number, turns)
    call.cancel()
    return samples
