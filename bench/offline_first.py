"""The offline profile as a person meets it: text to first sound and to the first picture on which the mouth speaks.

Embedded model, voice and face, H.264 at 512x512, server and voice on one core; the client has the other one.
"""

from __future__ import annotations

import asyncio

import grpc

from bench.child import running
from bench.figures import Figure, Target, distribution
from bench.run import Run
from bench.stream import Stream, session, wishes
from tth.v1 import media_pb2

NAME = "offline_first"
GAP_S = 0.7
"""Between turns: the person idles again, and the clock has caught up with what was sent ahead."""
TARGETS = {"audio_chunk": Target(50.0, "p95"), "speaking_frame": Target(80.0, "p95")}
SAYINGS = (
    "Hello! It is good to see you.",
    "The train leaves at a quarter past nine from platform three.",
    "I am not sure about that, but let me think.",
    "What a lovely morning, the sun is out at last.",
    "Please take a seat, the doctor will be with you soon.",
)
QUESTIONS = (
    "Hello, who are you?",
    "What is your favourite colour?",
    "I had a bad day at work.",
    "What is three times seventeen?",
    "Tell me something about the sea.",
)


async def measure(run: Run) -> list[Figure]:
    """SAY and TALK turns in one conversation, each stopped as soon as the person speaks."""
    turns = run.count(40, 3)
    figures: list[Figure] = []
    async with (
        running("bench.serve", ("--profile", "offline"), one_core=True) as child,
        grpc.aio.insecure_channel(child.address) as channel,
    ):
        for label, texts, talk in (("SAY", SAYINGS, False), ("TALK", QUESTIONS, True)):
            samples: dict[str, list[float]] = {name: [] for name in TARGETS}
            async with session(channel, wishes(media_pb2.VIDEO_CODEC_H264)) as stream:
                for number in range(turns + 1):
                    times = await _turn(stream, texts[number % len(texts)], talk=talk)
                    if number:  # the first one fills caches
                        for name, took_ms in times.items():
                            samples[name].append(took_ms)
                    run.progress.now(number, turns)
            for name, what in (("audio_chunk", "first sound"), ("speaking_frame", "first speaking frame")):
                title = f"{label}: text to {what}, one core"
                figures.append(distribution(NAME, title, "ms", samples[name], TARGETS[name]))
    return figures


async def _turn(stream: Stream, text: str, *, talk: bool) -> dict[str, float]:
    await asyncio.sleep(GAP_S)
    turn = await stream.say(text, talk=talk)
    await asyncio.sleep(GAP_S)
    if not turn.over.is_set():
        await stream.interrupt()
    async with asyncio.timeout(10):
        await turn.over.wait()
    return {name: turn.ms_to(name) for name in TARGETS}
