"""What the network hears."""

from __future__ import annotations

import numpy as np
import pytest

from tests.face.scripts import hum
from tools.lips import training
from tth.face.audio_lips.features import BANDS, F32, HOP_SAMPLES, WINDOW_SAMPLES, Leveller, log_mel, mel_matrix
from tth.model.media import SAMPLE_RATE_HZ

pytestmark = pytest.mark.unit


def tone(hz: float, level: float = 0.3, count: int = SAMPLE_RATE_HZ) -> F32:
    return (level * np.sin(2 * np.pi * hz * np.arange(count) / SAMPLE_RATE_HZ)).astype(np.float32)


@pytest.mark.parametrize("hz", [150, 600, 2500, 6000])
def test_a_tone_is_heard_in_the_band_that_holds_it(hz: float) -> None:
    """The loudest band is the one whose triangle weighs this frequency most, or its neighbour."""
    bins_hz = np.arange(mel_matrix().shape[0]) * SAMPLE_RATE_HZ / 768
    band = int(np.argmax(mel_matrix()[int(np.argmin(np.abs(bins_hz - hz)))]))
    assert abs(int(np.argmax(log_mel(tone(hz)).mean(axis=0))) - band) <= 1


def test_frames_are_whole_windows() -> None:
    """One every 10 ms, none before the first 25 ms are there."""
    assert log_mel(tone(300)[: WINDOW_SAMPLES - 1]).shape == (0, BANDS)
    assert log_mel(tone(300)[: WINDOW_SAMPLES + 3 * HOP_SAMPLES]).shape == (4, BANDS)


def test_a_frame_depends_on_its_own_samples_only() -> None:
    """Made alone, with the sample before it, it is the same as made with all others."""
    sound = np.random.default_rng(1).uniform(-0.5, 0.5, 6000).astype(np.float32)
    begin = 5 * HOP_SAMPLES
    alone = log_mel(sound[begin : begin + WINDOW_SAMPLES], float(sound[begin - 1]))
    assert np.allclose(alone[0], log_mel(sound)[5], atol=1e-4)


def levelled(sound: F32) -> F32:
    return Leveller(np.zeros(BANDS, np.float32)).level(log_mel(sound))


def hummed(ms: float) -> F32:
    return hum(ms).astype(np.float32) / np.float32(32768)


def test_loudness_does_not_matter_once_the_level_is_found() -> None:
    """Up within a syllable; 20 dB down takes some seconds, so that a pause is not turned up."""
    sound = hummed(9000)
    loud, quiet = levelled(sound), levelled(sound * np.float32(0.1))
    louder = levelled(sound * np.float32(3))
    assert float(np.abs(louder - loud)[60:].mean()) < 0.3
    assert float(np.abs(quiet - loud)[-100:].mean()) < 0.3 < float(np.abs(quiet - loud)[60:160].mean())


def test_silence_stays_far_below_speech() -> None:
    """The level does not fall so fast that a pause of half a second is turned up."""
    sound = np.concatenate([hummed(1000), np.zeros(SAMPLE_RATE_HZ // 2, np.float32)])
    assert float(levelled(sound)[-5:].mean()) < float(levelled(sound)[40:90].mean()) - 3


def test_many_voices_side_by_side_are_levelled_as_each_alone() -> None:
    """The training's way and the service's way are one."""
    mean = np.linspace(-1, 1, BANDS).astype(np.float32)
    heard = np.stack([log_mel(hummed(1500)), log_mel(tone(900, 0.01, 36000))]).astype(np.float16)
    both = training.levelled(heard, mean)
    for voice in (0, 1):
        alone = Leveller(mean).level(heard[voice].astype(np.float32))
        assert np.allclose(both[voice], alone, atol=0.02)  # the training keeps float16
