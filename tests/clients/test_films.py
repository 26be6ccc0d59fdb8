"""A film in place of pictures: as many as the wire had, each at its time."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from clients.conformance.cases import Evidence, judge
from clients.conformance.truth import Turn, only_turn

pytestmark = pytest.mark.e2e

_TICKS_PER_S = 1000


def _film(path: Path, turn: Turn, *, left_out: int | None = None, late_ms: int = 0) -> None:
    """The turn's pictures, encoded anew. late_ms: how much later the second half is seen."""
    with av.open(str(path), "w") as file:
        first = turn.frames[0]
        stream = file.add_stream("libx264", rate=25, options={"preset": "ultrafast", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = first.width_px, first.height_px, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, _TICKS_PER_S)
        for index, item in enumerate(turn.frames):
            if index == left_out:
                continue
            with av.open(io.BytesIO(item.data), "r", format="mjpeg") as picture:
                frame = next(picture.decode(video=0))
            late = late_ms if 2 * index >= len(turn.frames) else 0
            frame.pts, frame.time_base = (item.pts_us - first.pts_us) // 1000 + late, Fraction(1, _TICKS_PER_S)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def _shown(evidence: Evidence, folder: Path, **changes: int) -> list[str]:
    turn = only_turn(evidence.wire)
    assert isinstance(turn, Turn)
    _film(folder / "turn.mp4", turn, **changes)
    (folder / "turn.wav").write_bytes((evidence.output / "turn.wav").read_bytes())
    return judge("save", replace(evidence, output=folder, answer={**evidence.answer, "video": "turn.mp4"}))


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
