"""Real speech, measured in the faces that are shown at 25 fps: from phonemes, and from sound alone.

The limits leave room for other sentences and voices; the figures themselves stand in docs/motion.md.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from tests.face.spoken import sentences, shown
from tools.lips import sounds
from tools.lips.corpus import Said
from tools.lips.evaluate import SHUT, closures, energy_lag, lips_on_teeth, score, seen, silent, vowels_apart
from tth.model.media import ms_to_samples

pytestmark = pytest.mark.embedded


@pytest.mark.parametrize("speech_rate", [1.0, 2.0, 4.0])
def test_from_phonemes_lips_touch_on_every_bilabial(speech_rate: float) -> None:
    """On every p, b and m of every language, also of speech four times as fast."""
    met, count, *_ = np.sum([closures(one) for one in shown(True, speech_rate)], axis=0)
    assert count > 25
    assert met == count


def test_from_phonemes_the_lower_lip_meets_the_teeth() -> None:
    """On every f and v."""
    meets = [met for one in shown(True) for met in lips_on_teeth(one)]
    assert len(meets) > 8
    assert all(meets)


@pytest.mark.parametrize("with_phonemes", [True, False])
def test_lips_open_with_the_energy_of_the_sound(with_phonemes: bool) -> None:
    """Their cross-correlation is highest within one frame, and plainly positive."""
    correlation, lag = energy_lag(shown(with_phonemes))
    assert abs(lag) <= 1
    assert correlation > 0.45


@pytest.mark.parametrize(("with_phonemes", "least"), [(True, 0.2), (False, 0.12)])
def test_vowels_are_told_apart(with_phonemes: bool, least: float) -> None:
    """Any two of i, e, a, o, u, on average over the sentences, by the sum of all shapes' differences."""
    means = vowels_apart(shown(with_phonemes))
    assert len(means) == 5
    for one, other in combinations(means, 2):
        assert float(np.abs(means[one] - means[other]).sum()) > least, (one, other)


@pytest.mark.parametrize("with_phonemes", [True, False])
def test_the_mouth_is_shut_in_silence(with_phonemes: bool) -> None:
    """Before, after and in pauses."""
    for one in shown(with_phonemes):
        quiet = silent(one.said, one.times, ms_to_samples(150))
        assert (one.openings[quiet] <= SHUT).all()


def test_from_sound_alone_the_mouth_does_what_phonemes_say() -> None:
    """Jaw, opening and rounding go together with those of the phoneme path; most bilabials close."""
    found = score(shown(True), shown(False))
    assert found.jaw > 0.7
    assert found.opening > 0.65
    assert found.rounding > 0.6
    assert found.closed_on_pbm > 0.7
    assert found.pbm_when_closed > 0.55
    assert 0.7 < found.size < 1.3


def test_from_sound_alone_noise_does_not_move_a_silent_mouth() -> None:
    """Also with pink noise 20 dB below the voice; the jaw still follows the speech."""
    rng = np.random.default_rng(1)
    noisy = [
        Said(sounds.with_noise(one.sound, sounds.noise(len(one.sound), rng, 1.0), 20), one.phonemes)
        for one in sentences()
    ]
    found = score(shown(True), [seen(one, False) for one in noisy])
    assert found.shut_in_silence > 0.9
    assert found.jaw > 0.6


def test_from_sound_alone_loudness_does_not_matter() -> None:
    """A voice 20 dB quieter opens the mouth as far."""
    quiet = [Said(one.sound * np.float32(0.1), one.phonemes) for one in sentences()]
    found = score(shown(False), [seen(one, False) for one in quiet])
    assert found.opening > 0.8
    assert found.size > 0.7
