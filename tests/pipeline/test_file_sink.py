"""A turn into a file."""

from __future__ import annotations

import asyncio
import wave
from dataclasses import replace
from pathlib import Path

import av
import pytest

from tests.pipeline.stage import SMALL, make_scene, spoken
from tth.model.events import TurnComplete, TurnOutcome, TurnStopped
from tth.model.media import VideoCodec
from tth.pipeline.file_sink import FileSink
from tth.testing.scripted import ScriptedAvatar, ScriptedVoice, every, hang
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline
SECOND = every(0, *[spoken(40) for _ in range(25)])


async def make(path: Path, voice: ScriptedVoice, video: VideoCodec, stop: bool = False) -> FileSink:
    scene = make_scene(tts=voice, avatar=ScriptedAvatar(), video=video)
    sink = FileSink(path, SMALL)
    scene.venue = replace(scene.venue, sink=sink)
    runner = scene.runner(live=False, video=video)
    task = asyncio.create_task(runner.run())
    if stop:
        for _ in range(20):
            await asyncio.sleep(0)
        runner.stop(TurnOutcome.CANCELLED, 0.0)
    await task
    sink.close()
    return sink


def run(path: Path, voice: ScriptedVoice, video: VideoCodec, stop: bool = False) -> FileSink:
    return run_virtual(make(path, voice, video, stop))


def test_mp4_has_both_tracks(tmp_path: Path) -> None:
    """A completed turn leaves sound and pictures of the same length."""
    sink = run(tmp_path / "a.mp4", ScriptedVoice(SECOND), VideoCodec.H264)
    assert isinstance(sink.end, TurnComplete)
    with av.open(str(tmp_path / "a.mp4")) as file:
        assert {stream.type for stream in file.streams} == {"video", "audio"}
        assert sum(1 for _ in file.decode(video=0)) == 31  # 25 of speech, 6 of rest


def test_wav_has_the_sound(tmp_path: Path) -> None:
    """25 chunks of speech and one of silence, 24 kHz mono."""
    run(tmp_path / "a.wav", ScriptedVoice(SECOND), VideoCodec.NONE)
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (24_000, 1, 26 * 960)


def test_stopped_turn_leaves_no_file(tmp_path: Path) -> None:
    """Half a file is not an artefact."""
    sink = run(tmp_path / "a.wav", ScriptedVoice([*SECOND, hang()]), VideoCodec.NONE, stop=True)
    assert isinstance(sink.end, TurnStopped)
    assert list(tmp_path.iterdir()) == []
