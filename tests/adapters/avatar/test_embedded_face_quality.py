"""The embedded avatar on a machine that is too slow: scripted painters, virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import TypeVar

import numpy as np
import pytest

from tests.pipeline.stage import Scene, make_scene, spoken
from tth.adapters.avatar.embedded_face import EmbeddedFace, Settings
from tth.face.parameters import FaceState
from tth.face.shot import Detail, Shot
from tth.model.controls import Controls, Resolution
from tth.model.events import DegradedMode, TurnMetrics, VideoFrame
from tth.model.media import Picture
from tth.testing.scripted import ScriptedVoice, every
from tth.testing.virtual_time import VirtualClock, run_virtual

pytestmark = pytest.mark.pipeline

T = TypeVar("T")
MAKING_S = 0.08
"""Of a painter."""
SHARES = {Detail.FULL: 1.0, Detail.REDUCED: 0.5, Detail.LOW: 0.25}


@dataclass
class SlowPainter:
    """A picture of one grey that tells its detail."""

    shot: Shot
    cost_s: float

    @property
    def size_px(self) -> tuple[int, int]:
        return self.shot.width_px, self.shot.height_px

    def paint(self, state: FaceState, /) -> Picture:
        grey = 200 - 50 * tuple(Detail).index(self.shot.detail)
        return np.full((self.shot.height_px, self.shot.width_px, 3), grey, np.uint8)


@dataclass
class SlowMachine:
    """One drawing thread that takes its time, as a studio and as what runs the work."""

    full_s: Callable[[float], float]
    """Seconds for a picture in full, at a time."""
    asked: list[tuple[Shot, str]] = field(default_factory=list)
    free_s: float = 0.0

    def painter(self, look: str, shot: Shot, background: str) -> SlowPainter:
        self.asked.append((shot, background))
        return SlowPainter(shot, SHARES[shot.detail])

    def is_built(self, look: str) -> bool:
        return True

    def work(self, task: Callable[[], T], /) -> asyncio.Future[T]:
        loop = asyncio.get_running_loop()
        assert isinstance(task, partial)
        shares = [argument.cost_s for argument in task.args if isinstance(argument, SlowPainter)]
        cost_s = shares[0] * self.full_s(loop.time()) if shares else MAKING_S
        self.free_s = max(self.free_s, loop.time()) + cost_s
        done: asyncio.Future[T] = loop.create_future()
        loop.call_at(self.free_s, lambda: done.set_result(task()))
        return done


def speak(machine: SlowMachine, seconds: int) -> Scene:
    """A turn of so many seconds on that machine."""

    async def main() -> Scene:
        avatar = EmbeddedFace(Settings(), machine, clock=VirtualClock(), work=machine.work)
        voice = ScriptedVoice(every(0, *[spoken(40) for _ in range(25 * seconds)]))
        scene = make_scene(tts=voice, avatar=avatar)
        await scene.runner(controls=Controls(resolution=Resolution(64, 64), background="#102030")).run()
        return scene

    return run_virtual(main())


def test_it_draws_with_less_detail_when_the_machine_is_too_slow() -> None:
    """The same shot before the same wall; the other painter is made while the first goes on drawing."""
    machine = SlowMachine(lambda _: 0.1)
    scene = speak(machine, 20)
    assert [(shot.detail, background) for shot, background in machine.asked] == [
        (detail, "#102030") for detail in (Detail.FULL, Detail.REDUCED, Detail.LOW)
    ]
    assert [event.level for event in scene.sink.of(DegradedMode)] == ["reduced", "low"]
    frames = scene.sink.of(VideoFrame)
    greys = [int(np.frombuffer(frame.data, np.uint8)[0]) for frame in frames]
    assert greys == sorted(greys, reverse=True)
    assert set(greys) == {200, 150, 100}
    settled = [frame.start_sample for frame in frames if frame.start_sample > 10 * 24_000]
    assert {b - a for a, b in pairwise(settled)} == {960}
    assert scene.sink.of(TurnMetrics)[0].lowest_level == "low"


def test_at_half_the_rate_every_second_slot_has_a_picture() -> None:
    """When not even the least detail is quick enough."""
    frames = speak(SlowMachine(lambda _: 0.25), 20).sink.of(VideoFrame)
    settled = [frame for frame in frames if frame.start_sample > 12 * 24_000]
    assert {b.start_sample - a.start_sample for a, b in pairwise(settled)} == {1920}
    assert {frame.dropped_before_count for frame in settled} == {1}


def test_it_comes_back_to_full_detail() -> None:
    """A painter that was used before is used again."""
    machine = SlowMachine(lambda now_s: 0.1 if now_s < 8 else 0.01)
    scene = speak(machine, 30)
    assert [(event.active, event.level) for event in scene.sink.of(DegradedMode)] == [
        (True, "reduced"),
        (True, "low"),
        (True, "reduced"),
        (False, "full"),
    ]
    assert len(machine.asked) == 3


def test_a_quick_machine_is_left_alone() -> None:
    """Not a word, and one painter."""
    machine = SlowMachine(lambda _: 0.02)
    scene = speak(machine, 10)
    assert scene.sink.of(DegradedMode) == []
    assert len(machine.asked) == 1
