"""Hours in small: a real server with the embedded voice and face, people who talk, interrupt, update, get lost and come
back, and once a second a look at what must not grow.

Verdict by figures. Drift: how late pictures come to a client against the sound's clock, p95 over all of them. Memory:
the least-squares line through the second half of the run rises by at most 2 % of its mean over that half. Counts
(tasks, threads, file descriptors, sessions): the same line rises by at most 1, beyond two standard errors of it.
`out/soak.png` shows it all. Tests: tests/bench/test_soak.py.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import numpy as np

from bench.child import Child, running
from bench.figures import Figure, Target, distribution
from bench.run import Run
from bench.soak_people import PEOPLE, Diary, Person
from tth.media.plot import BLUE, GREEN, ORANGE, PURPLE, RED, SKY, Curve, Curves, Plot, draw_plot
from tth.media.png import save_small_png
from tth.v1 import tth_service_pb2
from tth.v1.tth_service_pb2_grpc import TthServiceStub

NAME = "soak"
PLOT = Path("out/soak.png")
MINUTES, QUICK_MINUTES = 30.0, 0.5
DRIFT = Target(40, "p95")
GROWTH = Target(2)
LEAK = Target(1)
NONE = Target(0)
SETTLE_S = 3.0
"""Until everybody is there."""
STALE_S = 0.5
BUILD_S = 300.0
"""For a machine on which nobody has been drawn yet: heads are built behind a server that serves already."""
SIZE = "128x128"
"""Small pictures: it is not the painter that is measured."""
COUNTS = ("tasks", "threads", "files", "sessions")


@dataclass(frozen=True, slots=True)
class Look:
    """The server and its clients in one second."""

    at_s: float
    """Since the run began."""
    rss_mb: float
    """Of the server."""
    workers_mb: float
    """Of the processes that it has started: the voice's."""
    tasks: int
    threads: int
    files: int
    sessions: int
    lag_ms: float
    """How late the server's event loop was at most."""
    drift_p95_ms: float
    """Of the pictures that came in this second; the figure before where none came."""


@dataclass(slots=True)
class Watch:
    """Looks once a second."""

    child: Child
    diary: Diary
    looks: list[Look] = field(default_factory=list)

    async def until(self, seconds: float, progress: Callable[[int, int], None]) -> None:
        """Look until the time is over."""
        loop = asyncio.get_running_loop()
        begin_s = loop.time()
        while loop.time() - begin_s < seconds:
            line = await self.child.lines.readline()
            if not line:
                raise RuntimeError("the server ended in the middle of the soak")
            if loop.time() - begin_s > STALE_S:  # said while nobody listened
                self._look(json.loads(line), loop.time() - begin_s)
            progress(round(loop.time() - begin_s), round(seconds))

    def _look(self, told: dict[str, float], at_s: float) -> None:
        drifts = self.diary.take_drifts()
        before = self.looks[-1].drift_p95_ms if self.looks else 0.0
        process = self.child.process
        workers = process.children(recursive=True)
        self.looks.append(
            Look(
                at_s,
                process.memory_info().rss / 2**20,
                sum(worker.memory_info().rss for worker in workers) / 2**20,
                int(told["tasks"]),
                process.num_threads(),
                process.num_fds(),
                int(told["sessions"]),
                told["lag_ms"],
                float(np.percentile(drifts, 95)) if drifts else before,
            )
        )


async def measure(run: Run) -> list[Figure]:
    """Talk and look, draw, judge."""
    seconds = 60 * (run.minutes or (QUICK_MINUTES if run.quick else MINUTES))
    diary = Diary()
    arguments = ("--profile", "offline", "--stats", "--set", f"defaults.controls.render.resolution={SIZE}")
    async with (
        running("bench.serve", arguments) as child,
        grpc.aio.insecure_channel(child.address) as channel,
        asyncio.TaskGroup() as group,
    ):
        people = [Person(channel, kind, random.Random(number), diary) for number, kind in enumerate(PEOPLE)]
        lives = [group.create_task(person.live(), name=f"person {number}") for number, person in enumerate(people)]
        await _built(channel)
        await asyncio.sleep(SETTLE_S)
        watch = Watch(child, diary)
        await watch.until(seconds, run.progress.now)
        for life in lives:
            life.cancel()
    draw(watch.looks, diary, PLOT)
    return figures(watch.looks, diary)


async def _built(channel: grpc.aio.Channel) -> None:
    """Wait until the server is not building anybody any more. Raises TimeoutError."""
    stub = TthServiceStub(channel)
    async with asyncio.timeout(BUILD_S):
        while True:
            health = await stub.Health(tth_service_pb2.HealthRequest(include_components=True))
            if not any(part.detail for part in health.components if part.component.startswith("avatar/")):
                return
            await asyncio.sleep(1)


def figures(looks: Sequence[Look], diary: Diary) -> list[Figure]:
    """The verdict."""
    lags = [look.lag_ms for look in looks]
    found = [
        distribution(NAME, "drift: pictures late at the client", "ms", diary.drifts_ms, DRIFT),
        distribution(NAME, "drift: p95 of each turn, as the server says", "ms", diary.turn_drifts_ms),
        distribution(NAME, "sound late at the client", "ms", diary.sound_late_ms),
        Figure(NAME, "memory: growth over the second half", "%", growth_percent(looks), len(looks), target=GROWTH),
        Figure(NAME, "memory: mean of the second half", "MiB", _mean_rss_mb(looks), len(looks)),
        Figure(NAME, "memory of its workers at the end", "MiB", looks[-1].workers_mb, len(looks)),
        *(
            Figure(NAME, f"{name}: rise over the second half", "", leak(looks, name), len(looks), target=LEAK)
            for name in COUNTS
        ),
        distribution(NAME, "server's event loop late, each second's worst", "ms", lags),
    ]
    for name, count in diary.happened.items():
        is_bad = name in ("stale events", "errors", "gaps")
        found.append(Figure(NAME, name, "", count, count, target=NONE if is_bad else None))
    return found


def growth_percent(looks: Sequence[Look]) -> float:
    """How much the line through the second half's memory rises over that half, in percent of its mean; at least 0."""
    half = looks[len(looks) // 2 :]
    rise, _ = rise_of([look.at_s for look in half], [look.rss_mb for look in half])
    return max(0.0, rise / _mean_rss_mb(looks) * 100)


def leak(looks: Sequence[Look], name: str) -> float:
    """The same of a count, as a number: what is left of its rise when two standard errors are taken off, for counts
    go up and down with what people do; at least 0."""
    half = looks[len(looks) // 2 :]
    rise, error = rise_of([look.at_s for look in half], [getattr(look, name) for look in half])
    return max(0.0, rise - 2 * error)


def rise_of(times_s: Sequence[float], values: Sequence[float]) -> tuple[float, float]:
    """(rise, its standard error) of the least-squares line from the first to the last time; 0 for fewer than three."""
    if len(times_s) < 3:
        return 0.0, 0.0
    x, y = np.array(times_s), np.array(values, float)
    slope, start = np.polyfit(x, y, 1)
    rest = y - (start + slope * x)
    error = np.sqrt((rest**2).sum() / (len(x) - 2) / ((x - x.mean()) ** 2).sum())
    length = x[-1] - x[0]
    return float(slope * length), float(error * length)


def _mean_rss_mb(looks: Sequence[Look]) -> float:
    return float(np.mean([look.rss_mb for look in looks[len(looks) // 2 :]]))


def draw(looks: Sequence[Look], diary: Diary, path: Path) -> None:
    """The curves, as a picture."""
    times = np.array([look.at_s for look in looks])

    def curve(name: str, colour: tuple[int, int, int], *, filled: bool = False) -> Curve:
        return Curve(
            name.split("_")[0], times, np.array([float(getattr(look, name)) for look in looks]), colour, filled
        )

    def panel(title: str, unit: str, least: float, *curves: Curve) -> Curves:
        highest = max(float(c.values.max()) for c in curves)
        return Curves(title, curves, 0, max(least, float(np.ceil(highest * 1.1))), unit)

    panels = (
        panel("drift p95", " ms", 40, curve("drift_p95_ms", BLUE)),
        panel("memory", " MB", 100, curve("rss_mb", ORANGE, filled=True), curve("workers_mb", SKY)),
        panel("tasks", "", 50, curve("tasks", GREEN)),
        panel("counts", "", 20, curve("threads", PURPLE), curve("files", SKY), curve("sessions", RED)),
        panel("loop late", " ms", 20, curve("lag_ms", RED)),
    )
    turns, minutes = diary.happened["turns"], times[-1] / 60
    title = f"{minutes:.3g} minutes, {len(PEOPLE)} people, {turns} turns"
    path.parent.mkdir(parents=True, exist_ok=True)
    save_small_png(draw_plot(Plot("Soak", title, float(times[-1]) + 1e-3, panels)), path)
