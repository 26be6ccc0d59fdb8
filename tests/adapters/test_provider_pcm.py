"""Sound from a network."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.sounds import wav
from tth.adapters.provider_pcm import CHUNK_SAMPLES, PcmReader, is_cut_short, pieces
from tth.model.media import SAMPLE_RATE_HZ, Pcm
from tth.testing.scripted import tone
from tth.testing.sound import mean_pitch_hz

pytestmark = pytest.mark.unit


def read(data: bytes, cuts: list[int], sample_rate_hz: int = SAMPLE_RATE_HZ) -> Pcm:
    """The bytes cut at these places."""
    reader, at, got = PcmReader(sample_rate_hz), 0, []
    for cut in [*sorted(cut % (len(data) + 1) for cut in cuts), len(data)]:
        got.append(reader.feed(data[at:cut]))
        at = cut
    return np.concatenate([*got, reader.finish()])


@given(st.lists(st.integers(-32768, 32767), max_size=40), st.lists(st.integers(0, 99), max_size=20))
def test_any_cut_gives_the_same_samples(samples: list[int], cuts: list[int]) -> None:
    """Also in the middle of a sample, and for sound that begins like a WAV file's name."""
    pcm = np.array(samples, np.int16)
    assert read(pcm.tobytes(), cuts).tolist() == samples
    begins = b"RIBB" + pcm.tobytes()
    assert read(begins, cuts).tobytes() == begins


def test_half_a_sample_at_the_end_is_left_out() -> None:
    """It would be a click."""
    assert read(b"\x01\x00\x02", []).tolist() == [1]


@pytest.mark.parametrize("rate_hz", [8000, 16_000, 22_050, 44_100, 48_000])
def test_other_rates(rate_hz: int) -> None:
    """Length and pitch stay, however the bytes were cut."""
    t = np.arange(rate_hz) / rate_hz
    data = (8000 * np.sin(2 * np.pi * 220 * t)).astype("<i2").tobytes()
    whole, cut = read(data, [], rate_hz), read(data, [1, 777, 5000, 5001, 9000], rate_hz)
    assert abs(len(whole) - SAMPLE_RATE_HZ) <= 1
    assert len(cut) == len(whole)
    assert np.abs(whole.astype(int) - cut).max() <= 3  # soxr dithers
    assert mean_pitch_hz(whole, SAMPLE_RATE_HZ) == pytest.approx(220, abs=1)


@given(st.lists(st.integers(0, 99), max_size=20))
def test_a_wav_file_says_its_own_rate(cuts: list[int]) -> None:
    """Its unknown length is not believed, other parts before the sound are skipped."""
    pcm = tone(3).pcm
    assert read(wav(pcm), cuts, 8000).tolist() == pcm.tolist()
    assert read(wav(pcm, extra=b"LIST" + struct.pack("<I", 3) + b"abc\0"), cuts, 8000).tolist() == pcm.tolist()


def test_a_wav_file_in_stereo_becomes_mono() -> None:
    """The mean of both sides."""
    pcm = np.array([100, 300, -5, 5], np.int16)
    assert read(wav(pcm, channels=2), []).tolist() == [200, 0]


def test_other_wav_files_are_refused() -> None:
    """Eight bits, floats, or a header that never ends."""
    with pytest.raises(ValueError, match="16-bit"):
        read(wav(np.zeros(4, np.int16), bits=8), [])
    with pytest.raises(ValueError, match="without sound"):
        read(b"RIFF....WAVE" + b"junk" + struct.pack("<I", 1 << 31) + bytes(70_000), [])


def test_pieces() -> None:
    """Long sound in chunks of 100 ms, nothing lost."""
    pcm = np.arange(2 * CHUNK_SAMPLES + 7).astype(np.int16)
    cut = list(pieces(pcm))
    assert [len(piece) for piece in cut] == [CHUNK_SAMPLES, CHUNK_SAMPLES, 7]
    assert np.concatenate(cut).tolist() == pcm.tolist()
    assert list(pieces(pcm[:0])) == []


def test_what_is_too_short() -> None:
    """Far below the pace of any speaker; faster speech may be shorter."""
    assert is_cut_short("Hello there", 10 * 480 - 1)
    assert not is_cut_short("Hello there", 10 * 480)
    assert not is_cut_short("Hello there", 5 * 480, speed=2.0)
    assert not is_cut_short("...", 0)
