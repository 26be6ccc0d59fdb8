"""What was encoded is heard where it was, from the first packet on."""

from __future__ import annotations

import numpy as np
import pytest

from tests.media.sounds import lag_samples, likeness, speech_like
from tth.media.opus import PACKET_SAMPLES, OpusDecoder, OpusEncoder
from tth.model.media import SAMPLE_RATE_HZ, Pcm

pytestmark = pytest.mark.unit


def through(pcm: Pcm, decoder: OpusDecoder) -> tuple[Pcm, int]:
    """One run encoded and decoded, and how many bytes it took."""
    encoder = OpusEncoder()
    skip, heard, size = encoder.delay_samples, [], 0
    for start in range(0, len(pcm) - PACKET_SAMPLES + 1, PACKET_SAMPLES):
        data = encoder.encode(pcm[start : start + PACKET_SAMPLES])
        size += len(data)
        heard.append(decoder.decode(data, skip, PACKET_SAMPLES - skip))
        skip = 0
    return np.concatenate(heard), size


def test_each_sample_comes_out_where_it_went_in() -> None:
    """Not one earlier or later, in every tenth of a second, the first one too; and it sounds like it."""
    pcm = speech_like(3.0)
    heard, _ = through(pcm, OpusDecoder())
    assert len(heard) == len(pcm) - OpusEncoder().delay_samples
    window = SAMPLE_RATE_HZ // 10
    for start in range(0, len(heard) - window, window):
        said = pcm[start : start + window]
        assert lag_samples(said, heard[start : start + window]) == 0, start
        assert likeness(said, heard[start : start + window]) > 0.95, start


def test_it_is_a_tenth_of_the_sound() -> None:
    """No more than was promised, and no less than half of it: silence alone is smaller."""
    _, size = through(speech_like(4.0), OpusDecoder())
    assert 2_000 < size / 4.0 < 4_400
    _, silent = through(np.zeros(4 * SAMPLE_RATE_HZ, np.int16), OpusDecoder())
    assert silent / 4.0 < 500


def test_a_run_needs_nothing_from_before_it() -> None:
    """A decoder that heard something else before, or something broken, gives it to the sample as a new one does."""
    pcm, used = speech_like(0.5, seed=1), OpusDecoder()
    fresh, _ = through(pcm, OpusDecoder())
    through(speech_like(0.5, seed=2), used)
    with pytest.raises(ValueError, match="Opus"):
        used.decode(b"\xff" * 40, 0, 480)
    again, _ = through(pcm, used)
    assert np.array_equal(fresh, again)


def test_more_than_a_packet_holds_is_refused() -> None:
    """In both directions."""
    encoder = OpusEncoder()
    with pytest.raises(ValueError, match="480"):
        encoder.encode(np.zeros(481, np.int16))
    with pytest.raises(ValueError, match="samples"):
        OpusDecoder().decode(encoder.encode(np.zeros(480, np.int16)), encoder.delay_samples, 480)
