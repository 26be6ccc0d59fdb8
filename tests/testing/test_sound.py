"""Measuring speech."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tth.testing.sound import largest_step, mean_pitch_hz, pitch_track_hz, speaking_s

pytestmark = pytest.mark.unit

RATE_HZ = 24_000


def buzz(pitch_hz: float, seconds: float = 0.5) -> NDArray[np.float64]:
    """Something like a vowel: harmonics that fall off."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.asarray(sum(np.sin(2 * np.pi * pitch_hz * k * time_s) / k for k in range(1, 12)))


@pytest.mark.parametrize("pitch_hz", [55.0, 100.0, 210.0, 420.0])
def test_pitch_is_found(pitch_hz: float) -> None:
    """Within one percent, from the deepest to the highest voice."""
    assert mean_pitch_hz(buzz(pitch_hz), RATE_HZ) == pytest.approx(pitch_hz, rel=0.01)


def test_noise_and_silence_have_no_pitch() -> None:
    """Nothing voiced, nothing found."""
    noise = np.random.default_rng(1).standard_normal(RATE_HZ)
    assert len(pitch_track_hz(noise, RATE_HZ)) == 0
    assert len(pitch_track_hz(np.zeros(RATE_HZ), RATE_HZ)) == 0
    assert len(pitch_track_hz(np.zeros(10), RATE_HZ)) == 0
    assert np.isnan(mean_pitch_hz(np.zeros(RATE_HZ), RATE_HZ))


def test_speaking_time_is_without_silence() -> None:
    """Silence before and behind does not count."""
    padded = np.concatenate((np.zeros(5000), buzz(100), np.zeros(9000)))
    assert speaking_s(padded, RATE_HZ) == pytest.approx(0.5, abs=0.01)
    assert speaking_s(np.zeros(100), RATE_HZ) == 0


def test_the_largest_step() -> None:
    """A click is the largest jump, also between extremes of int16."""
    assert largest_step(np.array([0, 3, -32768, 32767], np.int16)) == 65535
