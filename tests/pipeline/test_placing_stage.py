"""Where speech lies: at once where the voice is prompt, and with somebody living on the picture where it is late."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.pipeline.stage import SMALL, Scene, make_scene, spoken
from tth.model.events import AudioChunk, TurnStarted, VideoFrame
from tth.model.media import FrameKind, SpeechChunk, ms_to_samples, samples_to_ms
from tth.testing.scripted import Script, ScriptedAvatar, ScriptedVoice, every, wait
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline


def run_watched(text: str, *scripts: Script[SpeechChunk], fps: int = 25) -> Scene:
    """Speak a text, clause by clause as scripted, by somebody who is seen."""

    async def main() -> Scene:
        scene = make_scene(tts=ScriptedVoice(*scripts), avatar=ScriptedAvatar())
        await scene.runner(text, controls=replace(SMALL, fps=fps)).run()
        return scene

    return run_virtual(main())


@pytest.mark.parametrize("fps", [7, 25])
@pytest.mark.parametrize("first_ms", [1, 20, 54, 500])
@pytest.mark.parametrize("passes", [0, 1, 10])
def test_a_prompt_voice_is_heard_without_a_hole(passes: int, first_ms: float, fps: int) -> None:
    """From the turn's first sample on, also behind a clause that ends before silence would have to be decided, and
    though the event loop goes round a few times until its sound is here."""
    first, second = ([*[wait(0)] * passes, *every(0, spoken(ms))] for ms in (first_ms, 300))
    scene = run_watched("One is here. Two is there.", first, second, fps=fps)
    (started,) = scene.sink.of(TurnStarted)
    one, two, _ = scene.sink.of(AudioChunk)
    assert one.start_sample == started.media_start_sample
    assert two.start_sample == one.start_sample + one.sample_count
    assert {frame.kind for frame in scene.sink.of(VideoFrame)} == {FrameKind.SPEAKING, FrameKind.IDLE}


@pytest.mark.parametrize("is_one_clause", [False, True])
def test_the_face_lives_on_while_the_voice_is_late(is_one_clause: bool) -> None:
    """Every slot has its picture in time, and the speech goes on within a slot of the moment in which it came."""
    early, late = every(0, spoken(400)), [wait(2000), *every(0, spoken(400))]
    scripts = ([*early, *late], every(0, spoken(40))) if is_one_clause else (early, late)
    scene = run_watched("One is here. Two is there.", *scripts)
    second = scene.sink.of(AudioChunk)[1]
    assert 2000 <= samples_to_ms(second.start_sample) <= 2000 + 40 + 60
    frames = [(at_s, event) for at_s, _, event in scene.sink.entries if isinstance(event, VideoFrame)]
    assert [frame.start_sample for _, frame in frames] == [number * ms_to_samples(40) for number in range(len(frames))]
    hole = [(at_s, frame) for at_s, frame in frames if ms_to_samples(400) <= frame.start_sample < second.start_sample]
    assert {frame.kind for _, frame in hole} == {FrameKind.THINKING}
    assert all(at_s <= samples_to_ms(frame.start_sample) / 1000 + 1e-6 for at_s, frame in hole)
