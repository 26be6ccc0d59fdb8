"""One person, one motion: idle, thinking, speaking and interrupted follow each other without a jump. Virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.session.scene import Recording, talking
from tth.adapters.avatar import embedded_face
from tth.adapters.llm import mock_llm
from tth.adapters.registry import Adapters
from tth.adapters.tts import mock_tts
from tth.face.limits import speed_limit_per_s
from tth.face.parameters import INDEX
from tth.model.commands import Interrupt, PauseTurn, ResumeTurn, UpdateControls
from tth.model.controls import ControlPatch, EmotionLabel, Framing, Resolution
from tth.model.events import MotionFrame, TurnComplete, TurnPaused, TurnResumed, TurnStopped
from tth.model.media import SAMPLE_RATE_HZ, FrameKind, MediaPreferences, VideoCodec, ms_to_samples
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline

MOTION = MediaPreferences(video_codec=VideoCodec.NONE, motion=True)
TEXT = "Many words that are spoken one after the other without any pause between them at all."
SLOT = 960
ANGRY = {"emotion_label": EmotionLabel.ANGRY, "emotion_intensity": 1.0}
CLOSED = 0.08
"""Jaw against lips: what a mouth at rest may be open by."""


def adapters() -> Adapters:
    return Adapters(
        llm=mock_llm.build(mock_llm.Settings()),
        tts=mock_tts.build(mock_tts.Settings()),
        avatar=embedded_face.build(embedded_face.Settings()),
    )


@dataclass
class Watched:
    """What was sent, and how far the listener had come when each `turn_stopped` was."""

    sink: Recording
    positions: list[int] = field(default_factory=list)


def interrupted(after_ms: list[int], **wishes: object) -> Watched:
    """A session whose turns are interrupted so long after their beginning; every second one is a question."""

    async def main() -> Watched:
        async with talking(adapters(), MOTION) as scene:
            watched = Watched(scene.sink)
            await asyncio.sleep(0.5)
            for number, pause_ms in enumerate(after_ms):
                await (scene.talk(TEXT) if number % 2 else scene.say(TEXT))
                if number == 1:
                    await scene.send(UpdateControls(ControlPatch(**wishes), (), 250))  # type: ignore[arg-type]
                await asyncio.sleep(pause_ms / 1000)
                watched.positions.append(scene.conversation.media_clock.position(asyncio.get_running_loop().time()))
                await scene.send(Interrupt())
                await asyncio.sleep(0.4)
            return watched

    return run_virtual(main())


def seen(watched: Watched) -> list[tuple[int, MotionFrame]]:
    """The faces that are shown, each with the time that has passed on the screen: what an interrupt or a pause makes
    void is thrown away, and what comes next is shown at once."""
    shown: list[tuple[int, MotionFrame]] = []
    skipped, void_from, positions = 0, None, iter(watched.positions)
    for _, event in watched.sink.entries:
        if isinstance(event, TurnPaused | TurnStopped):
            position = event.heard_sample if isinstance(event, TurnPaused) else next(positions)
            shown = [(at, frame) for at, frame in shown if frame.start_sample < position]
            void_from = position if void_from is None else void_from  # nothing was shown since the one before
        elif isinstance(event, MotionFrame):
            if void_from is not None:
                skipped, void_from = skipped + max(0, event.start_sample - void_from), None
            shown.append((event.start_sample - skipped, event))
    return shown


def check_motion(watched: Watched) -> None:
    """No part faster than a face can move, and every slot with its face."""
    frames = seen(watched)
    fastest = speed_limit_per_s()[: len(frames[0][1].face.weights)]
    for (before_sample, before), (after_sample, after) in pairwise(frames):
        assert after_sample - before_sample < 3 * SLOT
        seconds = max(after_sample - before_sample, SLOT) / SAMPLE_RATE_HZ  # the last one seen may be cut short
        moved = np.abs(after.face.weights.astype(float) - before.face.weights)
        assert (moved <= fastest * (seconds + 0.021) + 1e-3).all()


def opening(frame: MotionFrame) -> float:
    weights = frame.face.weights
    return float(weights[INDEX["jawOpen"]] - weights[INDEX["mouthClose"]])


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.integers(0, 2500), min_size=1, max_size=3),
    st.sampled_from(
        [
            {"emotion_label": EmotionLabel.SURPRISED, "emotion_intensity": 1.0},
            {"resolution": Resolution(96, 64), "framing": Framing.HEAD},
            {"background": "green", "motion_gain": 0.0},
        ]
    ),
)
def test_the_motion_never_jumps(after_ms: list[int], wishes: dict[str, object]) -> None:
    """No part faster than a face can move, whatever stops or changes when; every slot has its face."""
    check_motion(interrupted(after_ms, **wishes))


@pytest.mark.parametrize("after_ms", [300, 700, 1150, 1600, 2222])
def test_an_interrupted_mouth_is_closed_within_120_ms(after_ms: int) -> None:
    """Counted from the first face behind the interrupt; before it the mouth was open."""
    events = [
        event for _, event in interrupted([after_ms]).sink.entries if isinstance(event, MotionFrame | TurnStopped)
    ]
    (at,) = (index for index, event in enumerate(events) if isinstance(event, TurnStopped))
    before, after = ([e for e in part if isinstance(e, MotionFrame)] for part in (events[:at], events[at:]))
    assert max(map(opening, before)) > 0.1
    closed = [frame for frame in after if frame.start_sample >= after[0].start_sample + ms_to_samples(120)]
    assert len(closed) >= 5
    assert max(map(opening, closed)) < CLOSED
    assert not any(frame.kind is FrameKind.SPEAKING for frame in after)


def held(after_ms: list[int], held_ms: list[int], **wishes: object) -> Watched:
    """A session whose one turn is held so long after its beginning, and after each time that it went on."""

    async def main() -> Watched:
        async with talking(adapters(), MOTION) as scene:
            await asyncio.sleep(0.5)
            await scene.say(TEXT)
            for number, (run_ms, pause_ms) in enumerate(zip(after_ms, held_ms, strict=False)):
                await asyncio.sleep(run_ms / 1000)
                await scene.send(PauseTurn())
                await asyncio.sleep(pause_ms / 2000)
                if number == 0:
                    await scene.send(UpdateControls(ControlPatch(**wishes), (), 250))  # type: ignore[arg-type]
                await asyncio.sleep(pause_ms / 2000)
                await scene.send(ResumeTurn())
            await scene.sink.until(TurnComplete)
            await asyncio.sleep(0.4)
            return Watched(scene.sink)

    return run_virtual(main())


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.integers(0, 1500), min_size=1, max_size=3),
    st.lists(st.integers(0, 900), min_size=1, max_size=3),
    st.sampled_from([ANGRY, {"motion_gain": 2.0}]),
)
@example([820, 82, 0], [182, 853, 38], ANGRY)  # held again before it has gone on
def test_the_motion_never_jumps_around_a_pause(
    after_ms: list[int], held_ms: list[int], wishes: dict[str, object]
) -> None:
    """Speaking, listening and speaking again: one motion, every slot with its face."""
    check_motion(held(after_ms, held_ms, **wishes))


def test_held_again_before_it_has_gone_on() -> None:
    """The faces of somebody who listened have been seen: they are not void, though no sound came with them."""
    events = [event for _, event in held([1000, 0], [800, 400]).sink.entries]
    first, second = [event for event in events if isinstance(event, TurnPaused)]
    seen_for = [e for e in events[events.index(first) : events.index(second)] if isinstance(e, MotionFrame)]
    assert len(seen_for) >= 20
    assert seen_for[-3].start_sample <= second.heard_sample <= seen_for[-1].start_sample + SLOT


@pytest.mark.parametrize("after_ms", [700, 1600])
def test_somebody_who_is_held_listens(after_ms: int) -> None:
    """The mouth is closed within 120 ms and stays so until the speech goes on; the face turns to the other one."""
    sink = held([after_ms], [2000]).sink
    events = [event for _, event in sink.entries if isinstance(event, MotionFrame | TurnPaused | TurnResumed)]
    (paused,) = (index for index, event in enumerate(events) if isinstance(event, TurnPaused))
    (resumed,) = (event for event in events if isinstance(event, TurnResumed))
    after = [e for e in events[paused:] if isinstance(e, MotionFrame) and e.start_sample < resumed.start_sample - SLOT]
    closed = [frame for frame in after if frame.start_sample >= after[0].start_sample + ms_to_samples(120)]
    assert len(closed) >= 40
    assert max(map(opening, closed)) < CLOSED
    assert {frame.kind for frame in after} == {FrameKind.LISTENING}
    later = [e for e in events[paused:] if isinstance(e, MotionFrame) and e.start_sample > resumed.start_sample]
    assert max(map(opening, later)) > 0.1
    rolls = [frame.face.roll_deg for frame in after]
    assert abs(rolls[-1] - rolls[0]) > 1, "the listener's tilt"
