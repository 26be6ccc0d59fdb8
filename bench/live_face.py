"""One live session at 512x512 and 25 frames/s, in H.264 over gRPC: what the server takes of a core, idle and speaking.

The same with a painter that costs nothing tells what is not painting: motion, threads, the encoder, protobuf, gRPC.
"""

from __future__ import annotations

import asyncio

import grpc

from bench.child import Child, running
from bench.figures import Figure, Target
from bench.run import Run
from bench.stream import session, wishes
from tth.v1 import media_pb2

NAME = "live_face"
PICTURE_TIMEOUT_S = 60.0
SETTLE_S = 1.0
SENTENCE = "This is a sentence of some length that is spoken at an ordinary pace so that there is something to see. "
FACES = {
    "painted": ("--profile", "offline", "--set", "adapters.avatar.embedded_face.look=anna"),
    "not painted": ("--profile", "offline", "--set", "roles.avatar.adapter=unpainted"),
}


async def measure(run: Run) -> list[Figure]:
    """Idle and speaking, with the embedded face and without its painting."""
    figures: list[Figure] = []
    for name, arguments in FACES.items():
        target = Target(17.0) if name == "painted" else None
        async with (
            running("bench.serve", arguments) as child,
            grpc.aio.insecure_channel(child.address) as channel,
            session(channel, wishes(media_pb2.VIDEO_CODEC_H264)) as stream,
        ):
            async with asyncio.timeout(PICTURE_TIMEOUT_S):
                await stream.has_picture.wait()
            figures.append(await _load(run, child, f"one live session of 512x512, {name}, idle", target))
            await stream.say(SENTENCE * 6)
            figures.append(await _load(run, child, f"one live session of 512x512, {name}, speaking", target))
    return figures


async def _load(run: Run, child: Child, what: str, target: Target | None) -> Figure:
    seconds = run.count(12, 1)
    await asyncio.sleep(SETTLE_S)
    begin_s = child.cpu_s()
    for second in range(seconds):
        await asyncio.sleep(1)
        run.progress.now(second, seconds)
    return Figure(NAME, what, "% core", (child.cpu_s() - begin_s) / seconds * 100, seconds, target=target)
