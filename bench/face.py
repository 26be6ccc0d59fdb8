"""The embedded face on one core: milliseconds of CPU for a frame that is performed, painted and encoded as H.264, and
for the encoder alone. In this process, as fast as it goes; the voice is a drone with a mouth that opens and closes.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing, contextmanager
from types import MappingProxyType

import numpy as np

from bench.figures import Figure, Target
from bench.run import Run
from tth.adapters.avatar.embedded_face import Settings, build
from tth.adapters.base import Avatar, AvatarInput, Persona, SessionContext, TurnContext
from tth.media.encode import H264Encoder
from tth.model.controls import Controls, Resolution
from tth.model.media import I420Picture, PhonemeTiming, SpeechSpan

NAME = "face"
FPS = 25
SLOT_SAMPLES = 960
SOUNDS = ("h", "ə", "l", "oʊ", "w", "ɜː", "l", "d")
FRAMES_PER_S: Mapping[int, float] = MappingProxyType({512: 150, 256: 350})
"""Targets on one core, by the side of the picture."""
FRAMES_PER_BATCH = 25
"""Figures are medians over batches of a second of speech, so that a neighbour on the machine weighs little."""


async def measure(run: Run) -> list[Figure]:
    """512x512 and 256x256."""
    with one_core():
        avatar = build(Settings())
        await avatar.load()
        await avatar.warmup()
        figures = await drawn_figures(run, avatar, NAME, target_fps=FRAMES_PER_S)
        await avatar.aclose()
    return figures


async def drawn_figures(run: Run, avatar: Avatar, name: str, target_fps: Mapping[int, float]) -> list[Figure]:
    """What a frame and a session cost at both sizes; target_fps: by side; that of a session holds for 512x512."""
    figures: list[Figure] = []
    for side_px in (512, 256):
        target = Target(round(1000 / target_fps[side_px], 2)) if side_px in target_fps else None
        most = Target(17.0) if side_px == 512 else None
        whole, alone, count = await _at(run, avatar, side_px)
        size = f"{side_px}x{side_px}"
        figures += [
            Figure(name, f"frame performed, painted, encoded, {size}", "ms", whole, count, target=target),
            Figure(name, f"  of which H.264, {size}", "ms", alone, count),
            Figure(name, f"one session of {FPS} frames/s, {size}", "% core", whole * FPS / 10, count, target=most),
        ]
    return figures


async def _at(run: Run, avatar: Avatar, side_px: int) -> tuple[float, float, int]:
    """Milliseconds of CPU per frame with the encoder, of the encoder alone, and frames."""
    seconds = run.count(16, 2)
    controls = Controls(fps=FPS, resolution=Resolution(side_px, side_px))
    session = avatar.open_session(SessionContext("bench"), Persona("default"), draw=True)
    session.may_give_i420()  # as the pipeline says where pictures go to H.264
    encoder = H264Encoder(side_px, side_px, FPS)
    whole_ms: list[float] = []
    alone_ms: list[float] = []
    begin_s, alone_s, count = time.process_time(), 0.0, 0
    drawn = session.infer_stream(_spans(seconds), controls, TurnContext("bench", "bench", 1))
    async with aclosing(drawn) as frames:
        async for frame in frames:
            assert frame.i420 is not None
            alone_s += _encode_s(encoder, frame.i420)
            count += 1
            if count % FRAMES_PER_BATCH == 0:
                now_s = time.process_time()
                whole_ms.append((now_s - begin_s) * 1000 / FRAMES_PER_BATCH)
                alone_ms.append(alone_s * 1000 / FRAMES_PER_BATCH)
                begin_s, alone_s = now_s, 0.0
                run.progress.now(count, seconds * FPS)
    encoder.close()
    await session.aclose()
    return statistics.median(whole_ms), statistics.median(alone_ms), count


def _encode_s(encoder: H264Encoder, picture: I420Picture) -> float:
    """Of this thread alone: the next picture is being drawn in another."""
    begin_s = time.thread_time()
    encoder.encode(picture)
    return time.thread_time() - begin_s


async def _spans(seconds: int) -> AsyncIterator[AvatarInput]:
    """Speech: a sound of the mouth every 80 ms, loud and soft in turn."""
    wave = np.sin(np.arange(SLOT_SAMPLES) * 2 * np.pi * 180 / 24_000)
    for slot in range(seconds * FPS):
        start = slot * SLOT_SAMPLES
        level = 4000 + 4000 * np.sin(slot / 3)
        sounds = (PhonemeTiming(SOUNDS[slot // 2 % len(SOUNDS)], start, 2 * SLOT_SAMPLES),) if slot % 2 == 0 else ()
        yield SpeechSpan(start, (wave * level).astype(np.int16), sounds)


@contextmanager
def one_core() -> Iterator[None]:
    """This thread and those it starts on one core, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
