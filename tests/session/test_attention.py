"""What the person does while nobody speaks: listens to who types, thinks while the answer is made, idles."""

from __future__ import annotations

import asyncio
from itertools import groupby

import pytest

from tests.session.scene import Scene, seen, talking, voice
from tth.adapters.registry import Adapters
from tth.model.commands import EndTurn, Interrupt
from tth.model.controls import Controls, IdleMode, Resolution
from tth.model.events import IdleClip, TurnComplete, VideoFrame
from tth.model.media import FrameKind, MediaPreferences, VideoCodec
from tth.testing.scripted import ScriptedAvatar, ScriptedModel, every, wait
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline

RAW = MediaPreferences(video_codec=VideoCodec.RAW_RGB24)


def kinds(scene: Scene) -> list[FrameKind]:
    """What was shown, one after the other."""
    return [kind for kind, _ in groupby(frame.kind for frame in scene.sink.of(VideoFrame))]


def test_the_person_listens_while_a_text_is_typed() -> None:
    """From its first part to its end; then it thinks, speaks, and idles again."""

    async def main() -> None:
        model = ScriptedModel([wait(700), *every(0, "Fine.")])
        async with talking(Adapters(llm=model, tts=voice(), avatar=ScriptedAvatar()), RAW) as scene:
            await asyncio.sleep(1)
            await scene.talk("How ", partial=True)
            await asyncio.sleep(1)
            await scene.talk("are you?", partial=True)
            await asyncio.sleep(1)
            assert kinds(scene) == [FrameKind.IDLE, FrameKind.LISTENING]
            await scene.send(EndTurn())
            await scene.sink.until(TurnComplete)
            await asyncio.sleep(1)
            told = kinds(scene)
            assert told[1:3] == [FrameKind.LISTENING, FrameKind.THINKING]
            assert told[-2:] == [FrameKind.SPEAKING, FrameKind.IDLE]

    run_virtual(main())


def test_a_text_that_is_dropped_is_listened_to_no_more() -> None:
    """An interrupt takes it back."""

    async def main() -> None:
        async with talking(seen(), RAW) as scene:
            await scene.talk("How ", partial=True)
            await asyncio.sleep(1)
            await scene.send(Interrupt())
            await asyncio.sleep(1)
            assert kinds(scene)[-2:] == [FrameKind.LISTENING, FrameKind.IDLE]

    run_virtual(main())


def test_who_types_during_a_turn_is_listened_to_after_it() -> None:
    """The face belongs to the turn until then."""

    async def main() -> None:
        async with talking(seen(), RAW) as scene:
            await scene.say("One two three.")
            await scene.talk("How ", partial=True)
            await scene.sink.until(TurnComplete)
            await asyncio.sleep(2)
            assert kinds(scene)[-1] is FrameKind.LISTENING

    run_virtual(main())


def test_clips_come_after_each_turn_and_for_who_types() -> None:
    """At the beginning, behind the turn, while somebody types, and when that is over; each is four seconds long."""

    async def main() -> None:
        clips = Controls(resolution=Resolution(64, 64), idle_mode=IdleMode.CLIP)
        async with talking(seen(), RAW, base_controls=clips) as scene:
            await asyncio.sleep(20)
            assert len(scene.sink.of(VideoFrame)) == 100
            await scene.say("One.")
            await scene.sink.until(TurnComplete)
            await asyncio.sleep(20)
            await scene.talk("How ", partial=True)
            await asyncio.sleep(20)
            await scene.send(Interrupt())
            await asyncio.sleep(20)
            announced = scene.sink.of(IdleClip)
            assert [clip.frame_count for clip in announced] == [100] * 4
            idle = [event for turn, event in scene.sink.entries if not turn and isinstance(event, VideoFrame)]
            for clip in announced:
                inside = [f for f in idle if 0 <= f.start_sample - clip.start_sample < clip.sample_count]
                assert len(inside) == 100
            assert len(idle) == 400
            assert [kind for kind, _ in groupby(frame.kind for frame in idle)] == [
                FrameKind.IDLE,
                FrameKind.LISTENING,
                FrameKind.IDLE,
            ]

    run_virtual(main())
