"""How fast an interrupt stops a turn, and that nothing of the turn follows its `turn_stopped`.

A long SAY with sound, pictures and motion is interrupted at a random moment, before its first sound or in the middle.
Measured from just before the interrupt is written to `turn_stopped` being parsed; the server's own figure is the
`stop_latency_ms` of its record.
"""

from __future__ import annotations

import asyncio
import random

import grpc

from bench.child import running
from bench.figures import Figure, Target, distribution
from bench.ready import READY
from bench.run import Run
from bench.stream import HeardTurn, Stream, session, wishes
from tth.v1 import controls_pb2, media_pb2

NAME = "interrupt_stop"
TEXT = "This is a sentence of some eight words. " * 12
LONGEST_WAIT_S = 0.2
SEED = 20261
STOP_TIMEOUT_S = 5.0
SMALL = controls_pb2.Render(resolution=controls_pb2.Resolution(width_px=128, height_px=128))


async def measure(run: Run) -> list[Figure]:
    """All trials in one conversation."""
    trials, chance = run.count(250, 10), random.Random(SEED)
    seen: list[float] = []
    turns: list[HeardTurn] = []
    media = wishes(media_pb2.VIDEO_CODEC_JPEG, motion=True)
    async with (
        running("bench.serve", READY) as child,
        grpc.aio.insecure_channel(child.address) as channel,
        session(channel, media, controls_pb2.Controls(render=SMALL)) as stream,
    ):
        for number in range(trials):
            turn, took_ms = await _trial(stream, chance.uniform(0, LONGEST_WAIT_S))
            seen.append(took_ms)
            turns.append(turn)
            run.progress.now(number, trials)
        await asyncio.sleep(0.2)  # whatever is stale has come by then
    stale = sum(turn.stale_count for turn in turns)
    own = [turn.metrics.stop_latency_ms for turn in turns if turn.metrics is not None]
    return [
        distribution(NAME, "interrupt written to turn_stopped received", "ms", seen),
        distribution(NAME, "the server's own stop time", "ms", own, Target(40.0, "p99")),
        Figure(NAME, "events of the turn after its turn_stopped", "", stale, trials, target=Target(0.0)),
    ]


async def _trial(stream: Stream, wait_s: float) -> tuple[HeardTurn, float]:
    turn = await stream.say(TEXT)
    await asyncio.sleep(wait_s)
    asked_s = await stream.interrupt()
    async with asyncio.timeout(STOP_TIMEOUT_S):
        await turn.over.wait()
    if "turn_stopped" not in turn.first_s:
        raise RuntimeError("the turn was not stopped")
    return turn, (turn.ended_s - asked_s) * 1000
