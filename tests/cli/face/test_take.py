"""A performance without a server."""

from __future__ import annotations

import asyncio
import wave
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.face.scripts import fastest, gap
from tth.adapters.base import ControlChange, Persona
from tth.cli.face.take import Line, Take, frames_of, from_sound, persona_for, read_wav, speak
from tth.face.parameters import FaceState
from tth.model.controls import Controls, EmotionLabel
from tth.model.media import DrawnFrame, FrameKind

pytestmark = pytest.mark.embedded

HAPPY = Controls(emotion_label=EmotionLabel.HAPPY, emotion_intensity=1.0)


@pytest.fixture(scope="module")
def two_lines() -> Take:
    """A neutral and a happy line."""
    return asyncio.run(speak([Line("Maybe."), Line("Papa came home.", HAPPY)], Persona("default")))


async def _frames(take: Take, seed: int = 1) -> list[DrawnFrame]:
    return [frame async for frame in frames_of(take, Persona("default"), seed, draw=False)]


def _faces(frames: list[DrawnFrame]) -> list[tuple[int, FaceState]]:
    return [(frame.start_sample, frame.face) for frame in frames if frame.face is not None]


def test_the_media_clock_has_no_hole(two_lines: Take) -> None:
    """Silence, line, pause, line, silence; the change of controls lies in the pause."""
    spans = [item for item in two_lines.inputs if not isinstance(item, ControlChange)]
    assert spans[0].start_sample == 0
    assert all(before.end_sample == after.start_sample for before, after in pairwise(spans))
    (change,) = (item for item in two_lines.inputs if isinstance(item, ControlChange))
    assert two_lines.lines[0].end_sample < change.start_sample < two_lines.lines[1].start_sample
    assert len(two_lines.pcm) == two_lines.sample_count
    assert [word.word for word in two_lines.words] == ["Maybe", "Papa", "came", "home"]


def test_the_face_speaks_and_then_smiles(two_lines: Take) -> None:
    """Frames cover the whole take, the mouth moves in the lines, the second line is happy."""
    frames = asyncio.run(_frames(two_lines))
    assert len(frames) == -(-two_lines.sample_count // 960)
    speaking = [frame.face for frame in frames if frame.kind is FrameKind.SPEAKING and frame.face]
    assert max(map(gap, speaking)) > 0.2
    assert frames[-1].face is not None
    assert frames[-1].face.weight("mouthSmileLeft") > 0.5
    assert fastest(_faces(frames)) <= 1.001


def test_the_same_seed_gives_the_same_faces(two_lines: Take) -> None:
    """And another one another life."""
    first, again, other = (_faces(asyncio.run(_frames(two_lines, seed))) for seed in (1, 1, 2))
    assert all(np.array_equal(a.weights, b.weights) for (_, a), (_, b) in zip(first, again, strict=True))
    assert any(a.yaw_deg != b.yaw_deg for (_, a), (_, b) in zip(first, other, strict=True))


def test_sound_alone_moves_the_lips(two_lines: Take) -> None:
    """As for a voice that tells no phonemes."""
    frames = asyncio.run(_frames(from_sound(two_lines.pcm, Controls())))
    assert max(gap(frame.face) for frame in frames if frame.face) > 0.1


def test_a_wav_of_another_rate_is_understood(tmp_path: Path) -> None:
    """Stereo at 48 kHz becomes mono at 24 kHz of the same length and level."""
    path = tmp_path / "a.wav"
    tone = (8000 * np.sin(np.arange(48000) * 2 * np.pi * 200 / 48000)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 48000, 0, "NONE", ""))
        file.writeframes(np.stack([tone, tone], 1).tobytes())
    pcm = read_wav(path)
    assert len(pcm) == pytest.approx(24000, abs=2)
    assert np.abs(pcm[2000:-2000]).max() == pytest.approx(8000, rel=0.02)


def test_what_is_no_wav_is_told(tmp_path: Path) -> None:
    """With its name."""
    path = tmp_path / "a.wav"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match=r"a\.wav: not a WAV file"):
        read_wav(path)


def test_a_look_has_the_voice_of_its_persona() -> None:
    """One that nobody wears has none of its own."""
    assert persona_for("marco").voices["espeak"] == "m3"
    assert persona_for("somebody.yaml") == Persona("somebody", look="somebody.yaml")
