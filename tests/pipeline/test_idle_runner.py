"""The person between turns."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import groupby, pairwise
from random import Random

import pytest

from tests.pipeline.faulty_avatar import Fault, FaultyAvatar
from tests.pipeline.stage import AHEAD_MS, SMALL, Scene, make_scene
from tth.adapters.base import TurnContext
from tth.core.pacing import live_pace
from tth.errors import AdapterUnavailable
from tth.model.events import DegradedMode, IdleClip, VideoFrame
from tth.model.media import FrameKind, MediaPreferences, VideoCodec, ms_to_samples, samples_to_ms
from tth.pipeline.idle_runner import IdleRunner
from tth.testing.scripted import ScriptedAvatar, every, fail
from tth.testing.simulator.avatar import AvatarTraits, SimulatedAvatar
from tth.testing.simulator.cast import Cast
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline


def idle(scene: Scene, fps: int = 25, kind: FrameKind = FrameKind.IDLE, clip_s: int | None = None) -> IdleRunner:
    assert scene.sessions.avatar is not None
    return IdleRunner(
        scene.venue,
        scene.sessions.avatar,
        replace(SMALL, fps=fps),
        MediaPreferences(video_codec=VideoCodec.RAW_RGB24),
        TurnContext("s_test", "", 0),
        live_pace(AHEAD_MS),
        None,
        kind,
        clip_s,
    )


async def run_for(runner: IdleRunner, seconds: float) -> None:
    task = asyncio.create_task(runner.run())
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.wait([task])
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("fps", [1, 7, 25, 30, 60])
def test_frames_come_at_their_rate_just_in_time(fps: int) -> None:
    """Idle frames follow each other without a hole, none late and none more than two frames early."""

    async def main() -> Scene:
        scene = make_scene(avatar=ScriptedAvatar())
        await run_for(idle(scene, fps), 4.0)
        return scene

    scene = run_virtual(main())
    frames = scene.sink.of(VideoFrame)
    assert 4 * fps - 1 <= len(frames) <= 4 * fps + 4
    for before, after in pairwise(frames):
        assert after.start_sample == before.start_sample + before.sample_count
    for at_s, _, frame in scene.sink.entries:
        assert isinstance(frame, VideoFrame)
        ahead_ms = samples_to_ms(frame.start_sample) - at_s * 1000
        assert -0.1 <= ahead_ms <= 2000 / fps + 61
    assert {frame.kind for frame in frames} == {FrameKind.IDLE}


def test_it_goes_on_behind_what_was_sent() -> None:
    """After a turn whose media was sent ahead, the idle frames wait for their time and leave no hole."""

    async def main() -> Scene:
        scene = make_scene(avatar=ScriptedAvatar())
        scene.venue.media_clock.sent(24_000)
        await run_for(idle(scene), 2.0)
        return scene

    scene = run_virtual(main())
    assert scene.sink.of(VideoFrame)[0].start_sample == 24_000
    assert scene.sink.times_s(VideoFrame)[0] >= 0.9


def test_controls_reach_the_face() -> None:
    """A change of controls shows on the next frames, without a new stream."""

    async def main() -> Scene:
        scene = make_scene(avatar=ScriptedAvatar())
        runner = idle(scene)
        task = asyncio.create_task(runner.run())
        await asyncio.sleep(1.0)
        runner.change_controls(SMALL, 7, 100)
        await asyncio.sleep(1.0)
        task.cancel()
        await asyncio.wait([task])
        return scene

    scene = run_virtual(main())
    revisions = [frame.control_revision for frame in scene.sink.of(VideoFrame)]
    assert revisions[0] == 0
    assert revisions[-1] == 7


@pytest.mark.parametrize("error", [AdapterUnavailable("down"), ValueError("bug")])
def test_broken_avatar_is_told(error: Exception) -> None:
    """The session goes on without pictures; the client knows why there are none."""

    async def main() -> Scene:
        scene = make_scene(avatar=ScriptedAvatar([*every(0, 5), fail(error)]))
        await idle(scene).run()
        return scene

    scene = run_virtual(main())
    assert [d.component for d in scene.sink.of(DegradedMode)] == ["avatar"]
    assert len(scene.sink.of(VideoFrame)) == 5


@pytest.mark.parametrize("fps", [1, 7, 25, 30])
def test_a_clip_is_announced_sent_once_and_over(fps: int) -> None:
    """Its length and number before its first picture; so many, no more; then the runner ends by itself."""

    async def main() -> Scene:
        scene = make_scene(avatar=ScriptedAvatar())
        await asyncio.sleep(1.0)
        await idle(scene, fps, clip_s=4).run()
        assert len(asyncio.all_tasks()) == 1
        return scene

    scene = run_virtual(main())
    events = [event for _, _, event in scene.sink.entries]
    clip, *frames = events
    assert isinstance(clip, IdleClip)
    assert (clip.start_sample, clip.sample_count, clip.frame_count) == (24_000, 96_000, 4 * fps)
    starts = [frame.start_sample for frame in frames if isinstance(frame, VideoFrame)]
    assert len(starts) == len(frames) == 4 * fps
    assert starts[0] == 24_000
    assert all(24_000 <= start < 24_000 + 96_000 for start in starts)


def test_the_person_listens_when_told_to() -> None:
    """From the next frames on, in the same stream; and stops listening."""

    async def main() -> Scene:
        scene = make_scene(avatar=ScriptedAvatar())
        runner = idle(scene)
        task = asyncio.create_task(runner.run())
        for kind in (FrameKind.LISTENING, FrameKind.IDLE):
            await asyncio.sleep(1.0)
            runner.kind = kind
        await asyncio.sleep(1.0)
        task.cancel()
        await asyncio.wait([task])
        return scene

    frames = run_virtual(main()).sink.of(VideoFrame)
    kinds = [(kind, len(list(group))) for kind, group in groupby(frame.kind for frame in frames)]
    assert [kind for kind, _ in kinds] == [FrameKind.IDLE, FrameKind.LISTENING, FrameKind.IDLE]
    assert all(24 <= count <= 29 for _, count in kinds)


def test_of_changes_that_nobody_takes_the_newest_is_kept() -> None:
    """An avatar that hangs does not let them pile up."""

    async def main() -> Scene:
        scene = make_scene(avatar=ScriptedAvatar())
        runner = idle(scene)
        for revision in range(1000):
            runner.change_controls(SMALL, revision, 100)
        await run_for(runner, 1.0)
        return scene

    assert {frame.control_revision for frame in run_virtual(main()).sink.of(VideoFrame)} == {999}


@pytest.mark.parametrize("has_begun", [False, True])
def test_no_player_begins_in_the_past(has_begun: bool) -> None:
    """An avatar whose first frames come late, all at once: the first that is sent is one of the present, and so is the
    first one behind what a player threw away."""

    async def main() -> Scene:
        scene = make_scene(avatar=SimulatedAvatar(Cast(Random(1), 0.0), AvatarTraits(stall_ms=700)))
        if has_begun:
            scene.venue.media_clock.sent(2400)
            scene.venue.media_clock.skip_to_end(scene.venue.clock.now_s())
        await run_for(idle(scene), 2.0)
        return scene

    scene = run_virtual(main())
    first, *others = scene.sink.of(VideoFrame)
    at_s = scene.sink.times_s(VideoFrame)[0]
    assert scene.venue.media_clock.position(at_s) - first.start_sample <= ms_to_samples(100)
    assert all(frame.dropped_before_count == 0 for frame in others)


def test_an_avatar_at_the_end_of_a_long_way_is_seen() -> None:
    """Its pictures are always late by the same, so it is not waited for one that is not."""

    async def main() -> Scene:
        scene = make_scene(avatar=FaultyAvatar(Fault(delay_s=0.3)))
        await run_for(idle(scene), 2.0)
        return scene

    scene = run_virtual(main())
    first, at_s = scene.sink.of(VideoFrame)[0], scene.sink.times_s(VideoFrame)[0]
    assert at_s <= 0.4
    assert 0.2 <= at_s - samples_to_ms(first.start_sample) / 1000 <= 0.3


def test_an_avatar_that_begins_anew_gets_one_stretch_of_time() -> None:
    """One whose clock is far from the sound's is begun anew; what it is given then has neither hole nor overlap."""

    async def main() -> Scene:
        avatar = SimulatedAvatar(Cast(Random(1), 0.0), AvatarTraits(early_ms=400))
        scene = make_scene(avatar=avatar)
        await run_for(idle(scene, fps=4), 6.0)
        return scene

    scene = run_virtual(main())
    assert [told for told in scene.sink.of(DegradedMode) if told.reason == "INTERNAL"] == []
    assert scene.sink.of(VideoFrame)[-1].start_sample > 5 * 24_000  # and it is shown to the end
