"""Films: as many pictures as the wire had, each at its time, and the sound with them."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from film import write_film

from clients.conformance.cases import Evidence, judge
from clients.conformance.truth import Turn, only_turn
from tth.v1.media_pb2 import AudioChunk

pytestmark = pytest.mark.e2e

_US = Fraction(1, 1_000_000)


def _film(
    path: Path, turn: Turn, *, left_out: int | None = None, late_ms: int = 0, sound_late_ms: int = 0, volume: int = 1
) -> None:
    """The turn. late_ms: how much later the second half of its pictures is seen; volume: 0 is silence."""
    begin_us = min(turn.frames[0].pts_us, turn.audio[0].pts_us)
    with av.open(io.BytesIO(turn.frames[0].data), format="h264") as first, av.open(str(path), "w") as file:
        video = file.add_stream_from_template(first.streams.video[0])
        audio = file.add_stream("aac", rate=24_000, layout="mono")
        for index, item in enumerate(turn.frames):
            late_us = 1000 * late_ms if 2 * index >= len(turn.frames) else 0
            packet = av.Packet(item.data)
            packet.stream, packet.time_base, packet.is_keyframe = video, _US, item.keyframe
            packet.pts = packet.dts = item.pts_us - begin_us + late_us
            if index != left_out:
                file.mux(packet)
        for chunk in turn.audio:
            piece = av.AudioFrame("s16", "mono", chunk.sample_count)
            piece.planes[0].update(chunk.data if volume else bytes(len(chunk.data)))
            piece.sample_rate, piece.time_base = 24_000, Fraction(1, 24_000)
            piece.pts = (chunk.pts_us - begin_us + 1000 * sound_late_ms) * 24 // 1000
            file.mux(audio.encode(piece))
        file.mux(audio.encode(None))


def _shown(evidence: Evidence, folder: Path, **changes: int) -> list[str]:
    turn = only_turn(evidence.wire)
    assert isinstance(turn, Turn)
    _film(folder / "turn.mp4", turn, **changes)
    (folder / "turn.wav").write_bytes((evidence.output / "turn.wav").read_bytes())
    return judge("save", replace(evidence, output=folder))


def test_a_true_film(honest: dict[str, Evidence], tmp_path: Path) -> None:
    """Nothing to complain about."""
    assert _shown(honest["save"], tmp_path) == []


def test_a_picture_that_is_missing(honest: dict[str, Evidence], tmp_path: Path) -> None:
    """It is counted."""
    assert "pictures can be decoded" in _shown(honest["save"], tmp_path, left_out=3)[0]


def test_pictures_at_another_time(honest: dict[str, Evidence], tmp_path: Path) -> None:
    """More than half a frame is seen."""
    assert "not seen at their pts_us" in _shown(honest["save"], tmp_path, late_ms=30)[0]


def test_what_is_no_film(honest: dict[str, Evidence], tmp_path: Path) -> None:
    """It cannot be decoded, which is said."""
    evidence = replace(honest["save"], output=tmp_path, answer={**honest["save"].answer, "video": "turn.mp4"})
    (tmp_path / "turn.wav").write_bytes((honest["save"].output / "turn.wav").read_bytes())
    (tmp_path / "turn.mp4").write_bytes(b"no film")
    assert "cannot be decoded" in judge("save", evidence)[0]


@pytest.mark.parametrize("sound_late_ms", [40, 200])
def test_sound_at_another_time(sound_late_ms: int, honest: dict[str, Evidence], tmp_path: Path) -> None:
    """A frame of it is heard."""
    assert "sound begins" in _shown(honest["save"], tmp_path, sound_late_ms=sound_late_ms)[0]


def test_the_film_that_the_stubs_alone_make(honest: dict[str, Evidence], tmp_path: Path) -> None:
    """What is said again half a second later is heard then, and nothing between."""
    turn = only_turn(honest["save"].wire)
    assert isinstance(turn, Turn)
    again = [AudioChunk.FromString(chunk.SerializeToString()) for chunk in turn.audio]
    for chunk in again:
        chunk.pts_us += turn.audio[-1].pts_us + turn.audio[-1].duration_us - turn.audio[0].pts_us + 500_000
    write_film(tmp_path / "film.mp4", turn.frames, [*turn.audio, *again])
    with av.open(str(tmp_path / "film.mp4")) as file:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
    begin = round((turn.audio[0].pts_us - min(turn.audio[0].pts_us, turn.frames[0].pts_us)) * 24 / 1000)
    length = sum(chunk.sample_count for chunk in turn.audio)
    between = heard[begin + length + 2_400 : begin + length + 9_600]
    assert np.abs(between).max() < 0.01
    first, second = heard[begin : begin + length], heard[begin + length + 12_000 : begin + 2 * length + 12_000]
    assert np.corrcoef(first, second)[0, 1] > 0.95


def test_a_film_begins_with_a_key_frame(honest: dict[str, Evidence], tmp_path: Path) -> None:
    """Nothing could be seen of another one."""
    turn = only_turn(honest["save"].wire)
    assert isinstance(turn, Turn)
    with pytest.raises(ValueError, match="key frame"):
        write_film(tmp_path / "film.mp4", turn.frames[1:], turn.audio)


def test_another_sound(honest: dict[str, Evidence], tmp_path: Path) -> None:
    """Silence, say."""
    assert "not that of the wire" in _shown(honest["save"], tmp_path, volume=0)[0]
