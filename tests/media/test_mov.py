"""A film that keeps its alpha. Everything is checked by demuxing the file."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from tests.media.pictures import grey, tone
from tests.media.test_alpha import person
from tests.media.test_mp4 import onset_s, read
from tth.media.alpha import PngEncoder
from tth.media.mov import MovWriter
from tth.media.mp4 import ResolutionChanged
from tth.model.media import SAMPLE_RATE_HZ, Picture

pytestmark = pytest.mark.unit

FRAME = SAMPLE_RATE_HZ // 25


def pictures(path: Path) -> list[Picture]:
    with av.open(str(path)) as file:
        return [np.asarray(frame.to_ndarray(format="rgba"), np.uint8) for frame in file.decode(video=0)]


def test_alpha_and_sound_come_back_exactly(tmp_path: Path) -> None:
    """PNG frames go in as they are, pictures are encoded; sound is placed by its time."""
    path, given = tmp_path / "a.mov", person()
    with MovWriter(path, 128, 96, 25) as film:
        film.add_pcm(np.zeros(10 * FRAME, np.int16), 0)
        film.add_pcm(tone(0.2, 1000.0, 0.8), 10 * FRAME)
        for index in range(12):
            if index % 2:
                film.add_picture(given, index * FRAME)
            else:
                film.add_frame(PngEncoder(128, 96, 25).encode(given).data, index * FRAME, True)
    found = read(path)
    assert found.codecs == {"video": "png", "audio": "pcm_s16le"}
    assert found.frame_times_s == pytest.approx([index / 25 for index in range(12)], abs=1e-4)
    assert onset_s(found) == pytest.approx(0.4, abs=0.001)
    assert all(np.array_equal(shown, given) for shown in pictures(path))


def test_a_frame_of_another_size_is_refused(tmp_path: Path) -> None:
    """One track has one size, from the first frame on; what is no picture begins no track."""
    film = MovWriter(tmp_path / "a.mov", 128, 96, 25)
    with pytest.raises(ResolutionChanged, match=r"128x96.*64x64"):
        film.add_frame(PngEncoder(64, 64, 25).encode(grey(9, 64, 64)).data, 0, True)
    with pytest.raises(ResolutionChanged, match="no picture"):
        film.add_frame(b"nothing", 0, True)
    with pytest.raises(ResolutionChanged):
        film.add_picture(grey(9, 64, 64), 0)
    assert not film.close()
