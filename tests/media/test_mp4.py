"""What is written into an MP4 comes out of it again, at the right time. Everything is checked by demuxing the file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.media.pictures import grey, moving_pictures, tone
from tth.media.encode import H264Encoder
from tth.media.mp4 import Mp4Writer, ResolutionChanged
from tth.model.media import SAMPLE_RATE_HZ

pytestmark = pytest.mark.unit

FPS = 25
FRAME = SAMPLE_RATE_HZ // FPS
ONE_S = SAMPLE_RATE_HZ


@dataclass(frozen=True)
class Read:
    """A file as a player sees it: times in seconds from its beginning."""

    frame_times_s: list[float]
    frame_levels: list[float]
    pcm: NDArray[np.float32]
    audio_start_s: float
    durations_s: dict[str, float]
    codecs: dict[str, str]


def read(path: Path) -> Read:
    with av.open(str(path)) as file:
        durations: dict[str, float] = {s.type: float((s.duration or 0) * (s.time_base or 0)) for s in file.streams}
        codecs: dict[str, str] = {s.type: s.codec_context.name for s in file.streams}
        times, levels, sound, start = [], [], [np.zeros(0, np.float32)], 0.0
        if file.streams.video:
            for picture in file.decode(video=0):
                times.append(float(picture.time or 0.0))
                levels.append(float(picture.to_ndarray(format="rgb24").mean()))
    with av.open(str(path)) as file:
        if file.streams.audio:
            for index, chunk in enumerate(file.decode(audio=0)):
                start = float(chunk.time or 0.0) if index == 0 else start
                sound.append(np.asarray(chunk.to_ndarray()[0], np.float32))
    return Read(times, levels, np.concatenate(sound), start, durations, codecs)


def onset_s(result: Read, threshold: float = 0.2) -> float:
    """When the sound first becomes loud."""
    return result.audio_start_s + int(np.argmax(np.abs(result.pcm) > threshold)) / SAMPLE_RATE_HZ


def first_bright_s(result: Read) -> float:
    """When the picture first becomes bright."""
    return next(t for t, level in zip(result.frame_times_s, result.frame_levels, strict=True) if level > 128)


def test_a_flash_and_a_beep_at_the_same_time_stay_together(tmp_path: Path) -> None:
    """The AAC encoder's delay does not move sound against picture: the offset is below 5 ms."""
    path = tmp_path / "a.mp4"
    with Mp4Writer(path, 128, 96, FPS) as writer:
        for index in range(50):
            writer.add_picture(grey(220 if index >= 25 else 20), index * FRAME)
        writer.add_pcm(np.zeros(ONE_S, np.int16), 0)
        writer.add_pcm(tone(1.0, 1000.0, 0.8), ONE_S)
    result = read(path)
    assert abs(onset_s(result) - first_bright_s(result)) < 0.005
    assert abs(first_bright_s(result) - 1.0) < 1e-6


@pytest.mark.parametrize("video_first", [True, False])
def test_media_that_begin_at_different_times_keep_their_distance(tmp_path: Path, video_first: bool) -> None:
    """The file begins with the earlier one; the order in which they arrive does not matter."""
    path = tmp_path / "a.mp4"
    picture_at, sound_at = (70 * ONE_S, 71 * ONE_S) if video_first else (71 * ONE_S, 70 * ONE_S)
    with Mp4Writer(path, 128, 96, FPS) as writer:
        for index in range(50):
            writer.add_picture(grey(200), picture_at + index * FRAME)
        writer.add_pcm(tone(2.0, 440.0, 0.8), sound_at)
    result = read(path)
    assert abs((first_bright_s(result) - onset_s(result)) - (picture_at - sound_at) / ONE_S) < 0.005
    assert min(first_bright_s(result), onset_s(result)) < 0.005


def test_received_frames_are_kept_bit_for_bit(tmp_path: Path) -> None:
    """No second encoding: the pictures decode to exactly what the received stream decodes to."""
    path = tmp_path / "a.mp4"
    encoder = H264Encoder(128, 96, FPS)
    units = [encoder.encode(picture) for picture in moving_pictures(30)]
    with Mp4Writer(path, 128, 96, FPS) as writer:
        for index, unit in enumerate(units):
            writer.add_frame(unit.data, index * FRAME, unit.keyframe)
    decoder = av.CodecContext.create("h264", "r")
    received = [frame for unit in units for frame in decoder.decode(av.Packet(unit.data))] + decoder.decode(None)
    with av.open(str(path)) as file:
        written = list(file.decode(video=0))
    assert len(written) == 30
    for mine, theirs in zip(written, received, strict=True):
        assert isinstance(theirs, av.VideoFrame)
        assert np.array_equal(mine.to_ndarray(), theirs.to_ndarray())


def test_a_hole_in_the_sound_becomes_silence(tmp_path: Path) -> None:
    """What comes after it stays where the clock placed it."""
    path = tmp_path / "a.mp4"
    with Mp4Writer(path, 128, 96, FPS) as writer:
        writer.add_pcm(tone(0.5, 440.0, 0.8), 0)
        writer.add_pcm(tone(0.5, 440.0, 0.8), 2 * ONE_S)
    result = read(path)
    quiet = result.pcm[int(0.6 * ONE_S) : int(1.9 * ONE_S)]
    loud = result.pcm[int(2.1 * ONE_S) : int(2.4 * ONE_S)]
    assert np.abs(quiet).max() < 0.01
    assert np.sqrt(np.mean(loud**2)) > 0.4


def test_sound_that_overlaps_is_cut_at_its_front(tmp_path: Path) -> None:
    """Nothing moves to the back because a piece came twice."""
    path = tmp_path / "a.mp4"
    with Mp4Writer(path, 128, 96, FPS) as writer:
        writer.add_pcm(tone(1.0), 0)
        writer.add_pcm(tone(1.0), ONE_S // 2)
        writer.add_pcm(tone(0.1), 0)
    assert abs(read(path).durations_s["audio"] - 1.5) < 0.001


def test_a_hole_in_the_pictures_becomes_a_longer_frame(tmp_path: Path) -> None:
    """The frames after it stay where the clock placed them."""
    path = tmp_path / "a.mp4"
    with Mp4Writer(path, 128, 96, FPS) as writer:
        for index in [0, 1, 2, 40, 41]:
            writer.add_picture(grey(100), index * FRAME)
    result = read(path)
    assert result.frame_times_s == pytest.approx([index / FPS for index in [0, 1, 2, 40, 41]], abs=1e-6)
    assert result.durations_s["video"] == pytest.approx(42 / FPS, abs=1e-3)


@pytest.mark.parametrize(("video_s", "audio_s"), [(2, 1), (1, 2)])
def test_both_tracks_end_together(tmp_path: Path, video_s: int, audio_s: int) -> None:
    """The shorter one gets silence, or keeps its last picture."""
    path = tmp_path / "a.mp4"
    with Mp4Writer(path, 128, 96, FPS) as writer:
        writer.add_pcm(tone(audio_s), 0)
        for index in range(video_s * FPS):
            writer.add_picture(grey(100), index * FRAME)
    durations = read(path).durations_s
    assert durations["audio"] == pytest.approx(2.0, abs=0.002)
    assert durations["video"] == pytest.approx(2.0, abs=0.002)


def test_a_file_without_sound_has_one_track(tmp_path: Path) -> None:
    """No silent track is invented."""
    path = tmp_path / "a.mp4"
    with Mp4Writer(path, 128, 96, FPS) as writer:
        writer.add_picture(grey(100), 0)
    assert read(path).codecs == {"video": "h264"}


def test_a_file_without_pictures_has_one_track(tmp_path: Path) -> None:
    """Sound alone is a good recording."""
    path = tmp_path / "a.mp4"
    with Mp4Writer(path, 128, 96, FPS) as writer:
        writer.add_pcm(tone(0.5), 5 * ONE_S)
    result = read(path)
    assert result.codecs == {"audio": "aac"}
    assert result.durations_s["audio"] == pytest.approx(0.5, abs=0.002)


def test_nothing_gives_no_file(tmp_path: Path) -> None:
    """close says so; nothing is left behind."""
    writer = Mp4Writer(tmp_path / "a.mp4", 128, 96, FPS)
    assert writer.close() is False
    assert list(tmp_path.iterdir()) == []


def test_frames_before_the_first_key_frame_are_left_out_and_counted(tmp_path: Path) -> None:
    """They cannot be decoded."""
    path = tmp_path / "a.mp4"
    encoder = H264Encoder(128, 96, FPS)
    pictures = moving_pictures(6)
    units = [encoder.encode(picture, force_keyframe=index == 3) for index, picture in enumerate(pictures)]
    with Mp4Writer(path, 128, 96, FPS) as writer:
        for index, unit in enumerate(units[1:], start=1):
            writer.add_frame(unit.data, index * FRAME, unit.keyframe)
    assert (writer.frame_count, writer.skipped_frame_count) == (3, 2)
    assert len(read(path).frame_times_s) == 3


def test_a_frame_that_goes_back_in_time_follows_its_predecessor(tmp_path: Path) -> None:
    """The file stays in order and no frame is lost."""
    path = tmp_path / "a.mp4"
    with Mp4Writer(path, 128, 96, FPS) as writer:
        for start in [0, 2 * FRAME, FRAME, 3 * FRAME]:
            writer.add_picture(grey(100), start)
    times = read(path).frame_times_s
    assert times == sorted(times)
    assert times[2] == pytest.approx(2 / FPS, abs=0.001)
    assert len(times) == 4


def test_a_picture_of_another_size_is_refused_and_the_file_stays_good(tmp_path: Path) -> None:
    """One track has one size; what was written before can be kept."""
    path = tmp_path / "a.mp4"
    writer = Mp4Writer(path, 128, 96, FPS)
    writer.add_picture(grey(100), 0)
    with pytest.raises(ResolutionChanged, match=r"128x96.*64x64"):
        writer.add_picture(grey(100, 64, 64), FRAME)
    with pytest.raises(ResolutionChanged, match="changed"):
        writer.add_frame(H264Encoder(64, 64, FPS).encode(grey(100, 64, 64)).data, FRAME, True)
    assert writer.close()
    assert len(read(path).frame_times_s) == 1


def test_a_stream_of_another_size_than_announced_is_refused(tmp_path: Path) -> None:
    """Already at its first key frame."""
    writer = Mp4Writer(tmp_path / "a.mp4", 64, 64, FPS)
    with pytest.raises(ResolutionChanged, match=r"64x64.*128x96"):
        writer.add_frame(H264Encoder(128, 96, FPS).encode(grey(100)).data, 0, True)


def test_the_file_has_its_name_only_when_it_is_finished(tmp_path: Path) -> None:
    """A reader never sees half a file, and an older file survives a failure."""
    path = tmp_path / "a.mp4"
    path.write_bytes(b"older")
    writer = Mp4Writer(path, 128, 96, FPS)
    with pytest.raises(ZeroDivisionError), writer:
        _write_and_fail(writer)
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


def _write_and_fail(writer: Mp4Writer) -> None:
    writer.add_picture(grey(100), 0)
    writer.add_pcm(tone(0.5), 0)
    raise ZeroDivisionError


def test_closing_twice_is_fine(tmp_path: Path) -> None:
    """The second time there is nothing to do."""
    writer = Mp4Writer(tmp_path / "a.mp4", 128, 96, FPS)
    writer.add_picture(grey(100), 0)
    assert writer.close() is True
    assert writer.close() is False
    writer.abort()
    assert (tmp_path / "a.mp4").exists()


def test_what_is_cut_out_leaves_no_hole(tmp_path: Path) -> None:
    """Dark and silent, then bright and loud from 1.0 s on; of that 0.4 s are cut, and it goes on grey and silent."""
    path = tmp_path / "a.mp4"
    with Mp4Writer(path, 128, 96, FPS, revocable_samples=ONE_S) as writer:
        for index in range(50):
            writer.add_picture(grey(220 if index >= 25 else 20), index * FRAME)
            loud = tone(0.04, 1000.0, 0.8)
            writer.add_pcm(loud if index >= 25 else np.zeros(FRAME, np.int16), index * FRAME)
        at = round(1.6 * ONE_S)
        assert writer.cut(at) == round(0.4 * ONE_S)
        assert writer.cut(at + ONE_S) == 0
        assert writer.frame_count == 40
        for index in range(50, 75):
            writer.add_picture(grey(120), index * FRAME)
        writer.add_pcm(tone(0.5, 1000.0, 0.8), 65 * FRAME)
    result = read(path)
    assert len(result.frame_times_s) == 65
    assert np.allclose(np.diff(result.frame_times_s), 0.04, atol=1e-6)
    bright = [at for at, level in zip(result.frame_times_s, result.frame_levels, strict=True) if level > 180]
    assert (round(bright[0], 3), round(bright[-1], 3)) == (1.0, 1.56)
    loud_s = result.audio_start_s + np.flatnonzero(np.abs(result.pcm) > 0.2) / SAMPLE_RATE_HZ
    assert abs(loud_s[0] - 1.0) < 0.01
    assert abs(loud_s[loud_s < 1.9][-1] - 1.6) < 0.01
    assert abs(loud_s[loud_s > 1.9][0] - 2.2) < 0.01, "what comes later is earlier by what was cut"


def test_what_has_left_memory_stays(tmp_path: Path) -> None:
    """A cut that reaches further back than was foreseen takes what is left."""
    with Mp4Writer(tmp_path / "a.mp4", 128, 96, FPS, revocable_samples=10 * FRAME) as writer:
        writer.add_pcm(np.zeros(100 * FRAME, np.int16), 0)
        for index in range(100):
            writer.add_picture(grey(100), index * FRAME)
        assert writer.cut(0) == 10 * FRAME
        assert Mp4Writer(tmp_path / "b.mp4", 128, 96, FPS).cut(0) == 0
    assert len(read(tmp_path / "a.mp4").frame_times_s) == 90
