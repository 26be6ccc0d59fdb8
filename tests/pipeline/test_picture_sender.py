"""Frames on their way out: an avatar that is too slow gives fewer pictures, not later ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tests.pipeline.stage import Scene, make_scene, spoken
from tth.adapters.avatar.slots import cut_slots
from tth.adapters.base import (
    Avatar,
    AvatarInput,
    AvatarSession,
    Capabilities,
    Deployment,
    Persona,
    SessionContext,
    TurnContext,
)
from tth.core.reader import ReaderLevel
from tth.media.decode import FrameDecoder
from tth.model.controls import Controls
from tth.model.events import AudioChunk, DegradedMode, TurnMetrics, VideoFrame
from tth.model.media import DrawnFrame, I420Picture, PictureQuality, VideoCodec, ms_to_samples, samples_to_ms
from tth.pipeline.picture_sender import GIVES_WAY_S
from tth.testing.scripted import ScriptedAvatar, ScriptedVoice, every
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline


GREY = np.full((96, 64), 128, np.uint8)
"""64 x 64, planar YUV 4:2:0."""


class Draughtsman(Avatar):
    """Takes its time over every picture and leaves out what it is told to."""

    name = "draughtsman"
    wishes_i420 = False
    capabilities = Capabilities("slow", Deployment.EMBEDDED)

    def __init__(self, *drawing_ms: float, steps: bool = False) -> None:
        """drawing_ms: for each picture in turn; the last one for all further ones. steps: it can draw with less
        detail, each step in half the time."""
        self.drawing_ms = list(drawing_ms)
        self.steps = steps
        self.drawn_count = 0

    def open_session(self, context: SessionContext, persona: Persona, draw: bool) -> AvatarSession:
        return _Drawing(self)


class _Drawing(AvatarSession):
    def __init__(self, avatar: Draughtsman) -> None:
        self.avatar = avatar
        self.not_before_sample = 0
        self.quality = PictureQuality.FULL

    def may_give_i420(self) -> None:
        self.avatar.wishes_i420 = True

    def ease(self, quality: PictureQuality) -> None:
        if self.avatar.steps:
            self.quality = quality

    def hurry(self, before_sample: int) -> None:
        self.not_before_sample = max(self.not_before_sample, before_sample)

    async def infer_stream(
        self, spans: AsyncIterator[AvatarInput], control: Controls, context: TurnContext
    ) -> AsyncGenerator[DrawnFrame, None]:
        picture = np.zeros((64, 64, 3), np.uint8)
        async for slot in cut_slots(spans, control):
            if slot.start_sample < self.not_before_sample:
                continue
            quality = self.quality
            if quality is PictureQuality.HALF_RATE:
                self.not_before_sample = slot.start_sample + 2 * slot.sample_count
            times = self.avatar.drawing_ms
            share = 0.5 ** min(2, tuple(PictureQuality).index(quality))
            draw_s = times[min(self.avatar.drawn_count, len(times) - 1)] / 1000 * share
            await asyncio.sleep(draw_s)
            self.avatar.drawn_count += 1
            frame = DrawnFrame(slot.start_sample, slot.sample_count, slot.kind, picture, quality=quality, draw_s=draw_s)
            yield replace(frame, picture=None, i420=I420Picture(GREY)) if self.avatar.wishes_i420 else frame


def speak(
    *drawing_ms: float,
    seconds: int = 6,
    steps: bool = False,
    reader: ReaderLevel = ReaderLevel.FULL,
    avatar: Avatar | None = None,
    video: VideoCodec = VideoCodec.H264,
    idle_ms: int = 0,
) -> Scene:
    """A turn of so many seconds with that draughtsman, or another avatar. idle_ms: so much was shown ahead before."""

    async def main() -> Scene:
        voice = ScriptedVoice(every(0, *[spoken(40) for _ in range(25 * seconds)]))
        scene = make_scene(tts=voice, avatar=avatar or Draughtsman(*drawing_ms, steps=steps), video=video)
        scene.venue.health.reader = reader
        scene.venue.media_clock.sent(ms_to_samples(idle_ms))
        await scene.runner().run()
        return scene

    return run_virtual(main())


@pytest.mark.parametrize("codec", [VideoCodec.H264, VideoCodec.JPEG, VideoCodec.PNG])
def test_converted_pictures_are_asked_for_where_they_go_to_h264(codec: VideoCodec) -> None:
    """They are shown like any others; for other codecs pictures stay RGB."""
    draughtsman = Draughtsman(1)
    scene = speak(seconds=1, avatar=draughtsman, video=codec)
    assert draughtsman.wishes_i420 is (codec is VideoCodec.H264)
    assert len(scene.sink.of(VideoFrame)) >= 25
    data = [FrameDecoder(codec).decode(event.data, 64, 64) for event in scene.sink.of(VideoFrame)[:1]]
    expected = (128 - 16) * 255 / 219 if codec is VideoCodec.H264 else 0
    assert all(picture is not None and abs(float(picture.mean()) - expected) < 2 for picture in data)


def metrics(scene: Scene) -> TurnMetrics:
    return scene.sink.of(TurnMetrics)[0]


def lateness_ms(scene: Scene) -> list[float]:
    """Of each frame at the moment it was sent; negative = in time."""
    return [
        at_s * 1000 - samples_to_ms(event.start_sample)
        for at_s, _, event in scene.sink.entries
        if isinstance(event, VideoFrame)
    ]


def test_quick_enough_loses_nothing() -> None:
    """30 ms a picture at 25 fps: every slot has its own, in time once the start has been made up for."""
    scene = speak(30)
    assert metrics(scene).dropped_frame_count == 0
    assert max(lateness_ms(scene)[3:]) <= 0.1


def test_a_first_picture_that_is_early_lets_the_sound_go_first() -> None:
    """Both lie ready behind idle frames that were sent ahead: people wait for the sound."""
    scene = speak(0, seconds=1, idle_ms=80)
    assert scene.sink.times_s(VideoFrame)[0] - scene.sink.times_s(AudioChunk)[0] == pytest.approx(GIVES_WAY_S)


def test_a_first_picture_that_is_late_waits_for_nobody() -> None:
    assert speak(30, seconds=1).sink.times_s(VideoFrame)[0] == pytest.approx(0.03)


@pytest.mark.parametrize("drawing_ms", [60, 100, 150])
def test_too_slow_gives_fewer_pictures_in_time(drawing_ms: float) -> None:
    """Nearly every picture that is drawn is shown, at its time; the lateness does not grow."""
    scene = speak(drawing_ms)
    late = lateness_ms(scene)
    assert max(late) < drawing_ms + 40
    assert float(np.median(late)) <= 45
    assert len(late) > 0.7 * 6000 / drawing_ms
    sent = metrics(scene)
    assert sent.dropped_frame_count + sent.video_frame_count >= 150
    assert sent.achieved_fps is not None
    assert sent.achieved_fps < 1000 / drawing_ms + 2


def test_catches_up_after_a_stall() -> None:
    """One picture takes a second; those that follow are in time again at once."""
    scene = speak(30, 30, 30, 1000, 30)
    late = lateness_ms(scene)
    behind = [value for value in late if value > 45]
    assert len(behind) <= 2
    assert max(late[-50:]) <= 0.1


def test_missing_pictures_count_as_drift() -> None:
    """What the viewer sees too long is in the figures: a stall of a second is a second of drift at its end."""
    drift = metrics(speak(30, 30, 30, 1000, 30)).drift
    assert drift is not None
    assert drift.max_abs_ms > 400
    assert drift.mean_ms > 0


def test_sound_is_not_kept_waiting() -> None:
    """However slow the pictures are, each chunk leaves before it is due."""
    scene = speak(150)
    for at_s, _, event in scene.sink.entries:
        if isinstance(event, AudioChunk):
            assert samples_to_ms(event.start_sample) >= at_s * 1000 - 1


def degraded(scene: Scene) -> list[tuple[bool, str]]:
    return [(event.active, event.level) for event in scene.sink.of(DegradedMode)]


@pytest.mark.parametrize(
    ("drawing_ms", "steps"),
    [(30, []), (60, ["reduced"]), (100, ["reduced", "low"]), (250, ["reduced", "low", "half_rate"])],
)
def test_a_slow_machine_draws_less_well_and_says_so(drawing_ms: float, steps: list[str]) -> None:
    """As far down as it must, one step after the other; then pictures are in time and nearly none is left out."""
    scene = speak(drawing_ms, seconds=20, steps=True)
    assert degraded(scene) == [(True, step) for step in steps]
    assert max(lateness_ms(scene)[-100:]) <= 45
    sent = metrics(scene)
    assert sent.lowest_level == (steps[-1] if steps else "")
    assert (sent.degraded_frame_count > 0) is bool(steps)
    assert sent.degraded_frame_count <= sent.video_frame_count
    last = [event for event in scene.sink.of(VideoFrame) if event.start_sample > 10 * 24_000]
    gaps = {second.start_sample - first.start_sample for first, second in pairwise(last)}
    assert gaps == ({1920} if steps[-1:] == ["half_rate"] else {960})


def test_a_machine_that_is_quick_again_draws_well_again() -> None:
    """The end of it is told, once; nobody is told twice."""
    scene = speak(*[100] * 60, 10, seconds=30, steps=True)
    assert degraded(scene) == [(True, "reduced"), (True, "low"), (True, "reduced"), (False, "full")]
    assert scene.sink.of(VideoFrame)[-1].quality is PictureQuality.FULL


def test_an_avatar_with_one_quality_is_asked_in_vain() -> None:
    """Nothing is told that was not done; it leaves out pictures as before."""
    scene = speak(100, seconds=10)
    assert degraded(scene) == []
    assert metrics(scene).degraded_frame_count == 0


@pytest.mark.parametrize(("reader", "slots"), [(ReaderLevel.HALF_RATE, 2), (ReaderLevel.QUARTER_RATE, 4)])
def test_for_a_slow_reader_fewer_pictures_are_drawn(reader: ReaderLevel, slots: int) -> None:
    """Not drawn and thrown away; each in time, the others counted. The machine is not taken for slow by it."""
    draughtsman = Draughtsman(20, steps=True)
    scene = speak(reader=reader, avatar=draughtsman)
    frames = scene.sink.of(VideoFrame)
    assert {after.start_sample - before.start_sample for before, after in pairwise(frames)} == {960 * slots}
    assert draughtsman.drawn_count == len(frames)
    assert {frame.dropped_before_count for frame in frames[1:]} == {slots - 1}
    assert max(lateness_ms(scene)[3:]) <= 0.1
    sent = metrics(scene)
    assert sent.achieved_fps == pytest.approx(25 / slots, rel=0.05)
    unseen = sent.dropped_frame_count - sum(frame.dropped_before_count for frame in frames)
    assert 0 <= unseen < slots  # behind the last picture
    assert sent.degraded_frame_count == 0


def test_an_avatar_that_takes_no_hint_is_thinned_out_before_encoding() -> None:
    """The same for the reader: every second picture."""
    scene = speak(reader=ReaderLevel.HALF_RATE, avatar=ScriptedAvatar())
    frames = scene.sink.of(VideoFrame)
    assert {after.start_sample - before.start_sample for before, after in pairwise(frames)} == {1920}
    assert [frame.frame_index for frame in frames] == list(range(len(frames)))
