"""Sculpted heads alone, without encoder: milliseconds of CPU for a picture of every person, with less detail, and how
long a new process takes to its first picture when head and machine code are in the cache.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np

from bench.figures import Figure, Target, distribution
from bench.run import Run
from tth.face.look import list_sculpted_looks, load_look
from tth.face.painter import SculptedPainter
from tth.face.parameters import INDEX, FaceState, neutral_weights
from tth.face.sculpt.sculpture import Sculpture
from tth.face.sculpt.store import load_sculpture
from tth.face.shot import Detail, Shot

NAME = "painter"
FPS = 25
START_MS = 300.0
"""What a second start may take."""
FIRST_PICTURE = """
import time
from tth.face.painter import load_painter
from tth.face.parameters import FaceState
from tth.face.shot import Shot
load_painter("anna", Shot(512, 512)).paint(FaceState())
print(time.process_time() * 1000)
"""


async def measure(run: Run) -> list[Figure]:
    """All people at 512x512 and 256x256, one of them with less detail, and the start."""
    figures = []
    seconds = run.count(6, 1)
    heads = {name: load_sculpture(load_look(name)) for name in list_sculpted_looks()}
    for side_px in (512, 256):
        shot = Shot(side_px, side_px)
        medians = {}
        for name, head in heads.items():
            figure = _painted(f"{name}, {side_px}x{side_px}", head, shot, seconds)
            medians[name] = figure.value
            figures.append(figure)
        worst = max(medians, key=lambda name: medians[name])
        label = f"median of the people, {side_px}x{side_px} (worst: {worst}, {medians[worst]:.2f})"
        figures.append(Figure(NAME, label, "ms", float(np.median(list(medians.values()))), len(medians)))
        figures += [
            _painted(
                f"anna, {side_px}x{side_px}, detail {detail}", heads["anna"], replace(shot, detail=detail), seconds
            )
            for detail in (Detail.REDUCED, Detail.LOW)
        ]
    return [*figures, *_start(run.count(7, 2))]


def _painted(label: str, head: Sculpture, shot: Shot, seconds: int) -> Figure:
    """CPU of this thread for a picture of someone who speaks, moves and breathes."""
    painter = SculptedPainter(head, shot)
    painter.paint(_face(0))
    samples = []
    for frame in range(seconds * FPS):
        face = _face(frame)
        begin_s = time.thread_time()
        painter.paint(face)
        samples.append((time.thread_time() - begin_s) * 1000)
    return distribution(NAME, label, "ms", samples)


def _face(frame: int) -> FaceState:
    """A mouth of speech, the sway of a head, four seconds to a breath."""
    t = frame / FPS
    weights = neutral_weights()
    weights[INDEX["jawOpen"]] = 0.25 * abs(np.sin(9 * t))
    weights[INDEX["mouthSmileLeft"]] = weights[INDEX["mouthSmileRight"]] = 0.3
    return FaceState(
        weights, 6 * np.sin(1.1 * t), 3 * np.sin(1.7 * t), 2 * np.sin(0.9 * t), 0.5 - 0.5 * np.cos(1.57 * t)
    )


def _start(count: int) -> list[Figure]:
    """CPU and wall time of new processes up to their first picture."""
    cpu_ms, wall_ms = [], []
    command = [sys.executable, "-c", FIRST_PICTURE]
    # As installed: Python keeps its compiled modules, unless this very variable is set.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(command, capture_output=True, check=True, env=environment)
    for _ in range(count):
        begin_s = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        wall_ms.append((time.perf_counter() - begin_s) * 1000)
        cpu_ms.append(float(done.stdout))
    return [
        distribution(NAME, "new process to its first picture, 512x512, wall", "ms", wall_ms, Target(START_MS)),
        distribution(NAME, "  CPU of it", "ms", cpu_ms),
    ]
