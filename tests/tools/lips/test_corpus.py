"""What the network is taught."""

from __future__ import annotations

import numpy as np
import pytest

from tests.face.scripts import hum, phonemes
from tools.lips import sounds
from tools.lips.corpus import CLIP_SAMPLES, CLIP_STEPS, Said, joined, wanted_at
from tth.face.audio_lips.network import FIRST_STEP_SAMPLES, LEVEL, STEP_SAMPLES, VISEMES_END
from tth.face.phonemes import VISEMES
from tth.model.media import ms_to_samples

pytestmark = pytest.mark.unit


def test_the_teacher_says_what_phonemes_say() -> None:
    """In the middle of an m the lips touch, in an a the jaw is open, afterwards there is silence."""
    wanted = wanted_at(phonemes("a:200:2 m:100 u:200"), CLIP_STEPS)

    def at(ms: float) -> int:
        return round((ms_to_samples(ms) - FIRST_STEP_SAMPLES) / STEP_SAMPLES)

    assert wanted[at(250), VISEMES_END] == 1
    assert wanted[at(100), VISEMES_END] == 0
    assert wanted[at(100), 0] > 0.25
    assert wanted[at(400), 2] > 0.5
    assert wanted[at(900), LEVEL + 1 + VISEMES.index("sil")] > 0.99
    assert np.allclose(wanted[:, LEVEL + 1 : VISEMES_END].sum(axis=1), 1, atol=1e-5)


def test_utterances_are_joined_with_their_phonemes() -> None:
    """Each clip is exactly six seconds, and each phoneme stays with its sound."""
    rng = np.random.default_rng(1)
    marked = np.zeros(ms_to_samples(700), np.float32)
    marked[ms_to_samples(300)] = 1
    pieces = [Said(marked, phonemes("_:300 p:100 _:300"))] * 30
    clips = list(joined(pieces, rng))
    assert len(clips) >= 2
    for clip in clips:
        assert len(clip.sound) == CLIP_SAMPLES
        begins = [p.start_sample for p in clip.phonemes if p.ipa == "p"]
        assert begins == np.flatnonzero(clip.sound == 1).tolist()


@pytest.mark.parametrize("seed", range(4))
def test_what_happens_to_a_voice_moves_nothing_in_time(seed: int) -> None:
    """The levels of an altered sound still go together best at no delay."""
    sound = hum(3000).astype(np.float32) / np.float32(32768)
    rng = np.random.default_rng(seed)
    altered = sounds.altered(sound, rng, sounds.noise(len(sound), rng), np.arange(0, len(sound), 2400))
    assert np.isfinite(altered).all()
    assert len(altered) == len(sound)
    block = ms_to_samples(20)
    count = len(sound) // block
    one, other = (
        np.log(np.sqrt((x[: count * block].reshape(count, block) ** 2).mean(axis=1)) + 1e-3) for x in (sound, altered)
    )
    likeness = {lag: float(np.corrcoef(one[10:-10], np.roll(other, -lag)[10:-10])[0, 1]) for lag in range(-5, 6)}
    best = max(likeness, key=lambda lag: likeness[lag])
    assert abs(best) <= 1
