"""`tth face play`: a film, looked at and listened to after decoding."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tth.cli.face.caption import Caption
from tth.cli.face.play import LINES
from tth.cli.main import main
from tth.model.controls import EmotionLabel

pytestmark = pytest.mark.embedded


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Anna says "Papa." in every emotion, small."""
    path = tmp_path_factory.mktemp("film") / "new" / "anna.mp4"
    words = ["--text", "Papa.", "--size", "128x128", "--fps", "25", "--no-caption", "-o", str(path)]
    assert main(["face", "play", *words]) == 0
    return path


def _decoded(path: Path) -> tuple[list[NDArray[np.uint8]], NDArray[np.float64], float, float]:
    """Pictures, sound, and how long each track plays in seconds."""
    with av.open(str(path)) as file:
        pictures = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
        video, audio = file.streams.video[0], file.streams.audio[0]
        lengths = [float((track.duration or 0) * (track.time_base or 0)) for track in (video, audio)]
        file.seek(0)
        sound = np.concatenate([frame.to_ndarray().ravel() for frame in file.decode(audio=0)])
    return [np.asarray(picture, np.uint8) for picture in pictures], sound.astype(np.float64), lengths[0], lengths[1]


def test_sound_and_pictures_are_equally_long(film: Path) -> None:
    """Within one frame, and there is a picture for each 40 ms."""
    pictures, _, video_s, audio_s = _decoded(film)
    assert abs(video_s - audio_s) <= 0.04
    assert len(pictures) == pytest.approx(video_s * 25, abs=1)


def test_pictures_move_when_there_is_sound(film: Path) -> None:
    """The lower face changes about three times as much in sound as in silence, at least twice."""
    pictures, sound, _, audio_s = _decoded(film)
    rate = len(sound) / audio_s
    mouth = [picture[64:92, 40:88].astype(float) for picture in pictures]
    change = np.array([np.abs(after - before).mean() for before, after in pairwise(mouth)])
    level = np.array(
        [np.sqrt((sound[int(i * rate / 25) : int((i + 1) * rate / 25)] ** 2).mean()) for i in range(len(change))]
    )
    loud = level > 0.2 * level.max()
    assert change[loud].mean() > 2 * np.median(change[~loud])


def test_the_same_seed_makes_the_same_film(film: Path, tmp_path: Path) -> None:
    """Byte for byte in its pictures."""
    again = tmp_path / "again.mp4"
    words = ["--text", "Papa.", "--size", "128x128", "--fps", "25", "--no-caption", "-o", str(again)]
    assert main(["face", "play", *words]) == 0
    assert all(np.array_equal(a, b) for a, b in zip(_decoded(film)[0], _decoded(again)[0], strict=True))


def test_every_emotion_has_a_line() -> None:
    """Seven different ones."""
    assert {EmotionLabel(label) for label, _ in LINES} == set(EmotionLabel)
    assert len({text for _, text in LINES}) == len(LINES)


@pytest.mark.parametrize("side", [128, 512, 1024])
def test_a_caption_stands_in_the_corner_and_leaves_the_rest(side: int) -> None:
    """Light letters on a dark plate; the picture that was given is not written on."""
    grey = np.full((side, side, 3), 128, np.uint8)
    written = Caption("surprised").written_on(grey)
    changed = np.argwhere((written != grey).any(2))
    assert (grey == 128).all()
    assert written.min() < 90
    assert written.max() > 200
    assert changed[:, 0].min() > 0.6 * side
    assert changed[:, 1].max() < 0.99 * side
