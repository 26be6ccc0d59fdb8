"""What is written into a WAV file comes out of it again."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from tests.media.pictures import tone
from tth.media.wav import WavWriter
from tth.model.media import SAMPLE_RATE_HZ, Pcm

pytestmark = pytest.mark.unit


def read(path: Path) -> Pcm:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, SAMPLE_RATE_HZ)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)


def test_sound_is_written_sample_by_sample(tmp_path: Path) -> None:
    """The file begins with the first piece, wherever the clock stands."""
    pcm = tone(0.25)
    with WavWriter(tmp_path / "a.wav") as writer:
        writer.add_pcm(pcm[:1000], 5_000)
        writer.add_pcm(pcm[1000:], 6_000)
    assert np.array_equal(read(tmp_path / "a.wav"), pcm)


def test_a_hole_becomes_silence_and_an_overlap_is_cut(tmp_path: Path) -> None:
    """Every sample stays where the clock placed it."""
    ones = np.ones(100, np.int16)
    with WavWriter(tmp_path / "a.wav") as writer:
        writer.add_pcm(ones, 0)
        writer.add_pcm(2 * ones, 150)
        writer.add_pcm(3 * ones, 200)
    expected = np.concatenate([ones, 0 * ones[:50], 2 * ones, 3 * ones[50:]])
    assert np.array_equal(read(tmp_path / "a.wav"), expected)


def test_nothing_gives_no_file(tmp_path: Path) -> None:
    """close says so."""
    writer = WavWriter(tmp_path / "a.wav")
    writer.add_pcm(np.zeros(0, np.int16), 0)
    assert writer.close() is False
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    """No file and no part of one."""
    with pytest.raises(ZeroDivisionError), WavWriter(tmp_path / "a.wav") as writer:
        _write_and_fail(writer)
    assert list(tmp_path.iterdir()) == []


def _write_and_fail(writer: WavWriter) -> None:
    writer.add_pcm(tone(0.1), 0)
    raise ZeroDivisionError
