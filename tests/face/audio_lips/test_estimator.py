"""The mouth from sound alone: what holds for any sound. Of speech: test_lips_measured.py."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.face.scripts import FRAME, hum
from tth.face.audio_lips.estimator import SOUND_LOOKAHEAD_SAMPLES, AudioMouth
from tth.face.visemes import Mouth, aperture
from tth.model.media import Pcm, ms_to_samples

pytestmark = pytest.mark.unit

START = 777
SOUND = hum(1200)


def mouths(sound: AudioMouth, to_sample: int, from_sample: int = START) -> list[Mouth]:
    return [sound.mouth_at(at) for at in range(from_sample, to_sample, FRAME)]


def heard(pcm: Pcm, edges: list[int]) -> list[Mouth]:
    """The mouths of a sound that comes in these pieces, each asked for as soon as it is final."""
    sound, out, asked = AudioMouth(), [], START
    for begin, end in itertools.pairwise(sorted({0, *edges, len(pcm)})):
        sound.add(START + begin, pcm[begin:end])
        while asked <= START + end - SOUND_LOOKAHEAD_SAMPLES:
            out.append(sound.mouth_at(asked))
            sound.forget(asked)
            asked += FRAME
    sound.end()
    return [*out, *mouths(sound, START + len(pcm), asked)]


@settings(max_examples=20)
@given(st.lists(st.integers(1, len(SOUND) - 1), max_size=12))
def test_the_cut_into_pieces_does_not_matter(edges: list[int]) -> None:
    """Exactly the same mouths, each as soon as 60 ms more are known."""
    assert heard(SOUND, edges) == heard(SOUND, [])


def test_the_look_ahead_is_60_ms() -> None:
    """What comes later changes nothing, what comes sooner does."""
    at = START + ms_to_samples(600)
    answers = []
    for ms in (20, 60, 61, 400):
        sound = AudioMouth()
        known = at - START + ms_to_samples(ms)
        sound.add(START, np.concatenate([SOUND[:known], hum(1200, seed=9)[: len(SOUND) - known]]))
        answers.append(mouths(sound, at + 1, at % FRAME)[-1])
    assert answers[1] == answers[2] == answers[3]
    assert answers[0] != answers[1]


def test_sound_ends_in_a_shut_mouth() -> None:
    """Behind the end of the sound, before its beginning, and where there never was any."""
    sound = AudioMouth()
    assert aperture(sound.mouth_at(0).shapes) == 0
    sound.add(START, SOUND)
    sound.end()
    for at in (0, START + len(SOUND)):
        mouth = sound.mouth_at(at)
        assert aperture(mouth.shapes) == 0
        assert (mouth.viseme, mouth.level, mouth.coverage) == ("sil", 0, 0)


@pytest.mark.parametrize("level", [0, 3, 30])
def test_silence_and_hiss_leave_the_mouth_shut(level: int) -> None:
    """Down from -60 dBFS nobody speaks."""
    pcm = np.random.default_rng(1).integers(-level, level + 1, 48000).astype(np.int16)
    sound = AudioMouth()
    sound.add(0, pcm)
    sound.end()
    assert max(aperture(mouth.shapes) for mouth in mouths(sound, 48000, 0)) < 0.05


@settings(max_examples=20)
@given(st.integers(1, len(SOUND) - 1), st.booleans())
def test_a_cut_leaves_no_trace(at: int, has_listened: bool) -> None:
    """Sound that was cut away counts for nothing, whether it was read before or not; what follows is a new sound."""
    plain, cut = AudioMouth(), AudioMouth()
    plain.add(START, SOUND[:at])
    plain.cut(START + at)  # nothing to cut
    cut.add(START, SOUND)
    if has_listened:
        mouths(cut, START + len(SOUND))
    cut.cut(START + at)
    for sound in (plain, cut):
        sound.end()
        sound.add(START + at, SOUND)
        sound.end()
    end = START + at + len(SOUND)
    assert mouths(cut, end, START + at) == mouths(plain, end, START + at)


def test_what_came_before_a_cut_can_still_be_asked() -> None:
    """The sound that is left ends in silence."""
    sound = AudioMouth()
    sound.add(0, SOUND)
    mouths(sound, len(SOUND), 0)
    sound.cut(12000)
    rest = [sound.mouth_at(at) for at in range(9600, 14000, FRAME)]
    assert len({mouth.level for mouth in rest[:2]}) == 2
    assert all(aperture(mouth.shapes) == 0 for mouth in rest[3:])


def test_forgetting_changes_nothing_that_can_be_asked() -> None:
    """Only what is long over goes."""
    one, two = AudioMouth(), AudioMouth()
    for begin in range(0, len(SOUND), FRAME):
        for sound in (one, two):
            sound.add(begin, SOUND[begin : begin + FRAME])
    for at in range(0, len(SOUND), FRAME):
        two.forget(at)
        assert one.mouth_at(at) == two.mouth_at(at)


def test_reading_begins_half_a_second_before_it_is_needed() -> None:
    """Where phonemes said all until then, older sound does not matter."""
    one, two = AudioMouth(), AudioMouth()
    begin = ms_to_samples(700) - ms_to_samples(500)
    one.add(0, SOUND)
    two.add(0, np.concatenate([hum(1200, seed=5)[: begin - 1], SOUND[begin - 1 :]]))
    since = ms_to_samples(700)
    asked = range(since, since + 9600, FRAME)
    assert [one.mouth_at(at, since) for at in asked] == [two.mouth_at(at, since) for at in asked]


@settings(max_examples=20)
@given(st.integers(0, 99), st.sampled_from([1, 400, 12000, 32767]))
def test_the_mouth_is_always_legal(seed: int, loudness: int) -> None:
    """Any sound: every weight is a number in 0..1, visemes add up to 1."""
    sound = AudioMouth()
    sound.add(0, (hum(400, seed) / 12000.0 * loudness).astype(np.int16))
    sound.end()
    for mouth in mouths(sound, 9600, 0):
        assert all(0 <= weight <= 1 for weight in (*mouth.shapes, mouth.level))
        assert sum(mouth.visemes) == pytest.approx(1)
        assert min(mouth.lips_s, mouth.teeth_s, mouth.sibilant_s) >= 0
