"""From opening the stream to the first picture of the person, who has not been asked anything yet.

H.264 at 512x512 on one core; the session is created just before, as a client does, and not counted.
"""

from __future__ import annotations

import asyncio

import grpc

from bench.child import running
from bench.figures import Figure, Target, distribution
from bench.run import Run
from bench.stream import session, wishes
from tth.v1 import media_pb2

NAME = "open_to_first_picture"
PICTURE_TIMEOUT_S = 20.0


async def measure(run: Run) -> list[Figure]:
    """The mock avatar, then the embedded face."""
    return [await _of(run, "offline_mock", None), await _of(run, "offline", Target(300.0, "p95"))]


async def _of(run: Run, profile: str, target: Target | None) -> Figure:
    trials = run.count(30, 2)
    samples: list[float] = []
    async with (
        running("bench.serve", ("--profile", profile), one_core=True) as child,
        grpc.aio.insecure_channel(child.address) as channel,
    ):
        for number in range(trials):
            async with session(channel, wishes(media_pb2.VIDEO_CODEC_H264)) as stream:
                async with asyncio.timeout(PICTURE_TIMEOUT_S):
                    await stream.has_picture.wait()
                samples.append((stream.first_picture_s - stream.opened_s) * 1000)
            run.progress.now(number, trials)
    return distribution(NAME, f"stream opened to first picture, profile {profile}, one core", "ms", samples, target)
