"""Speech faster, slower, higher, lower."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tth.media.sound_shift import PIECE, SEARCH, SoundShift
from tth.model.media import SAMPLE_RATE_HZ, Pcm

pytestmark = pytest.mark.unit


def vowel(pitch_hz: float, seconds: float) -> Pcm:
    """A buzz with a voice's harmonics, swelling and fading as syllables do."""
    time_s = np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    wave = sum(np.sin(2 * np.pi * pitch_hz * n * time_s) / n for n in range(1, 12))
    return (4000 * wave * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time_s))).astype(np.int16)


def shifted(pcm: Pcm, tempo: float, octaves: float, cut: int = 960) -> Pcm:
    """All of it, fed in pieces of so many samples."""
    shift = SoundShift(tempo, octaves)
    parts = [shift.feed(pcm[at : at + cut]) for at in range(0, len(pcm), cut)]
    return np.concatenate([*parts, shift.finish()])


def pitch_of(pcm: Pcm) -> float:
    """Hz, by the first high peak of the autocorrelation of the middle."""
    middle = pcm[len(pcm) // 4 : -len(pcm) // 4].astype(float)[:12_000]
    power = np.abs(np.fft.rfft(middle - middle.mean(), 2 * len(middle))) ** 2
    likeness: NDArray[np.float64] = np.fft.irfft(power)[: SAMPLE_RATE_HZ // 50]
    lags = np.arange(len(likeness))
    high = likeness > 0.8 * likeness[SAMPLE_RATE_HZ // 600 :].max()
    peaks = [
        at
        for at in lags[SAMPLE_RATE_HZ // 600 : -1]
        if high[at] and likeness[at] >= likeness[at - 1] and likeness[at] >= likeness[at + 1]
    ]
    return float(SAMPLE_RATE_HZ / peaks[0])


@pytest.mark.parametrize("pitch_hz", [85.0, 120.0, 220.0])
@pytest.mark.parametrize("tempo", [0.5, 0.8, 1.3, 2.0, 3.0])
def test_tempo_changes_the_length_and_not_the_pitch(pitch_hz: float, tempo: float) -> None:
    """Deep and high voices; the length is exact."""
    sound = vowel(pitch_hz, 2.0)
    out = shifted(sound, tempo, 0)
    assert len(out) == round(len(sound) / tempo)
    assert pitch_of(out) == pytest.approx(pitch_hz, rel=0.02)


@pytest.mark.parametrize("octaves", [-1.0, -0.4, 0.3, 1.0])
def test_pitch_changes_and_the_length_does_not(octaves: float) -> None:
    """By the octaves that were asked for."""
    sound = vowel(150, 2.0)
    out = shifted(sound, 1.0, octaves)
    assert len(out) == len(sound)
    assert pitch_of(out) == pytest.approx(150 * 2**octaves, rel=0.03)


def test_both_at_once() -> None:
    """Faster and higher."""
    sound = vowel(150, 2.0)
    out = shifted(sound, 1.6, 0.5)
    assert len(out) == round(len(sound) / 1.6)
    assert pitch_of(out) == pytest.approx(150 * 2**0.5, rel=0.03)


def test_nothing_asked_is_nothing_done() -> None:
    """To the sample."""
    sound = vowel(150, 0.5)
    assert np.array_equal(shifted(sound, 1.0, 0), sound)


@pytest.mark.parametrize("tempo", [0.5, 0.8, 1.3, 2.0])
def test_no_click_and_the_same_loudness(tempo: float) -> None:
    """Neighbouring samples differ as they did, and a second is as loud as it was."""
    sound = vowel(120, 2.0)
    out = shifted(sound, tempo, 0)
    assert np.abs(np.diff(out.astype(int))).max() <= 1.3 * np.abs(np.diff(sound.astype(int))).max()
    assert np.std(out) == pytest.approx(np.std(sound), rel=0.1)


@given(st.integers(1, 3000), st.sampled_from([(0.7, 0.0), (1.5, 0.0), (1.2, 0.5)]))
@settings(max_examples=25, deadline=None)
def test_how_it_was_cut_changes_nothing(cut: int, how: tuple[float, float]) -> None:
    """A voice's chunks are of any length."""
    sound = vowel(130, 0.4)
    assert np.array_equal(shifted(sound, *how, cut=cut), shifted(sound, *how, cut=len(sound)))


@pytest.mark.parametrize("tempo", [0.5, 1.5, 3.0])
def test_it_keeps_up(tempo: float) -> None:
    """What is held back is never more than a piece and its search."""
    sound = vowel(130, 2.0)
    shift, given_out = SoundShift(tempo, 0), 0
    for at in range(0, len(sound), 480):
        given_out += len(shift.feed(sound[at : at + 480]))
        behind = min(at + 480, len(sound)) - given_out * tempo
        assert behind <= 2 * PIECE + SEARCH + PIECE * tempo


@pytest.mark.parametrize("count", [0, 1, 100, PIECE])
def test_sounds_shorter_than_a_piece(count: int) -> None:
    """They have their length."""
    assert len(shifted(vowel(130, 1.0)[:count], 0.5, 0.0)) == 2 * count
    assert len(shifted(vowel(130, 1.0)[:count], 2.0, 0.5)) == round(count / 2)
