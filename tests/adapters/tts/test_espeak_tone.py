"""Equaliser, room and level of the embedded voice."""

from __future__ import annotations

import numpy as np
import pytest

from tth.adapters.tts import espeak_tone

pytestmark = pytest.mark.unit

RATE_HZ = 24_000


def sine(frequency_hz: float, seconds: float = 1.0, amplitude: float = 0.3) -> espeak_tone.Sound:
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (amplitude * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)


def gain_db(frequency_hz: float, brightness_db: float = 0.0) -> float:
    kernel = espeak_tone.response(RATE_HZ, brightness_db, room=False)
    spectrum = np.abs(np.fft.rfft(kernel, 48_000))
    return float(20 * np.log10(spectrum[round(frequency_hz * 2)]))


def rms_db(sound: espeak_tone.Sound) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(sound.astype(np.float64) ** 2))))


def test_the_equaliser_is_gentle() -> None:
    """Rumble goes, speech stays within 3 dB, the buzz at 3.6 kHz is lowered."""
    assert gain_db(40) < -9
    assert all(abs(gain_db(frequency_hz)) < 3 for frequency_hz in (150, 300, 1000, 2000, 3000, 5000))
    assert gain_db(3600) < gain_db(1000) - 1.5


def test_brightness_moves_the_treble_only() -> None:
    """6 dB of brightness are heard at 5 kHz and hardly at 300 Hz."""
    assert gain_db(5000, 6.0) - gain_db(5000) == pytest.approx(6, abs=1)
    assert gain_db(300, 6.0) - gain_db(300) == pytest.approx(0, abs=0.5)


def test_the_direct_sound_stays_in_time() -> None:
    """A click comes out where it went in: the filter's own delay is taken back."""
    click = np.zeros(4000, np.float32)
    click[1500] = 1
    assert int(np.argmax(np.abs(espeak_tone.shape(click, espeak_tone.response(RATE_HZ))))) == 1500


def test_blocks_leave_no_seams() -> None:
    """A long sound is filtered in blocks with the same result as in one piece."""
    sound = np.random.default_rng(1).standard_normal(50_000).astype(np.float32)
    kernel = espeak_tone.response(RATE_HZ)
    whole = np.convolve(sound, kernel)[espeak_tone.delay_samples() :][: len(sound)]
    np.testing.assert_allclose(espeak_tone.shape(sound, kernel), whole, atol=1e-3)


def test_shape_keeps_the_length() -> None:
    """Short, long and empty clauses come back as long as they were."""
    kernel = espeak_tone.response(RATE_HZ)
    assert [len(espeak_tone.shape(np.zeros(n, np.float32), kernel)) for n in (0, 1, 100, 40_000)] == [0, 1, 100, 40_000]


def test_the_room_is_soft_and_dies_away() -> None:
    """What the room adds is 20 dB below the voice and gone after a fifth of a second."""
    dry, wet = espeak_tone.response(RATE_HZ, room=False), espeak_tone.response(RATE_HZ)
    added = wet.copy()
    added[: len(dry)] -= dry
    assert rms_db(added) + 10 * np.log10(len(added)) < rms_db(dry) + 10 * np.log10(len(dry)) - 18
    assert len(wet) < 0.2 * RATE_HZ


def test_every_clause_has_the_same_level() -> None:
    """Loud and quiet clauses come out at -20 dBFS."""
    for amplitude in (0.01, 0.3, 0.9):
        assert rms_db(espeak_tone.level(sine(300, amplitude=amplitude), RATE_HZ)) == pytest.approx(-20, abs=0.2)


def test_loudness_of_an_emotion_survives() -> None:
    """A gain in dB is a gain in dB of the result."""
    quiet, loud = (rms_db(espeak_tone.level(sine(300), RATE_HZ, gain)) for gain in (-4.0, 4.0))
    assert loud - quiet == pytest.approx(8, abs=0.2)


def test_pauses_do_not_count() -> None:
    """A clause with a long silence inside is as loud as one without."""
    silence = np.zeros(2 * RATE_HZ, np.float32)
    with_pause = np.concatenate((sine(300), silence, sine(300)))
    assert espeak_tone.active_rms(with_pause, RATE_HZ) == pytest.approx(
        espeak_tone.active_rms(sine(300), RATE_HZ), rel=0.02
    )


def test_no_sample_passes_the_peak() -> None:
    """However loud: at most -1 dBFS; and below the knee nothing is touched."""
    peaky = np.zeros(RATE_HZ, np.float32)
    peaky[::4000] = 1
    assert np.abs(espeak_tone.level(peaky, RATE_HZ, 20)).max() <= 10 ** (espeak_tone.PEAK_DBFS / 20) + 1e-6
    quiet = sine(300, amplitude=0.4)
    np.testing.assert_array_equal(espeak_tone.limit(quiet), quiet)


def test_the_limiter_bends_and_does_not_break() -> None:
    """Through the knee the curve is monotone and has no step."""
    ramp = np.linspace(0, 3, 30_001).astype(np.float32)
    steps = np.diff(espeak_tone.limit(ramp))
    assert steps.min() >= 0
    assert steps.max() <= 1.01e-4


def test_silence_stays_silence() -> None:
    """Nothing is divided by nothing."""
    assert not espeak_tone.level(np.zeros(1000, np.float32), RATE_HZ).any()
    assert espeak_tone.active_rms(np.zeros(0, np.float32), RATE_HZ) == 0.0
