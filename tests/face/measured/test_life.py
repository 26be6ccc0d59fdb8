"""Life over long stretches, measured in the faces that are sent: minutes of talk and silence."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.face.scripts import FRAME, fastest, phonemes, silence, speech
from tth.face.parameters import FaceState
from tth.face.performer import Performer
from tth.model.media import SAMPLE_RATE_HZ, FrameKind

pytestmark = pytest.mark.unit

MINUTES = 6
SENTENCE = "m:70 aɪ:150:2 n:60 eɪ:160:2 m:70 ɪ:80 z:90 æ:130:1 n:60 ə:90 s:90 oʊ:180:2 t:60 uː:200:1"


def lived(seed: int, *, talking: bool) -> tuple[list[tuple[int, FaceState]], list[int]]:
    """Faces at 25 fps, and where runs of speech ended. talking: sentences with pauses of one to three seconds."""
    performer, ends = Performer(seed), list[int]()
    pauses = np.random.default_rng(seed).uniform(1000, 3000, 2000)
    for pause_ms in pauses:
        if performer.end_sample >= MINUTES * 60 * SAMPLE_RATE_HZ:
            break
        performer.feed(silence(performer.end_sample, float(pause_ms) if talking else 5000, FrameKind.IDLE))
        if talking:
            performer.feed(speech(phonemes(SENTENCE, performer.end_sample)))
            ends.append(performer.end_sample)
    until = MINUTES * 60 * SAMPLE_RATE_HZ
    return [(sample, performer.face_at(sample)[0]) for sample in range(0, until, FRAME)], ends


def lids(faces: list[tuple[int, FaceState]]) -> NDArray[np.float64]:
    return np.array([face.weight("eyeBlinkLeft") for _, face in faces])


def blinks(shut: NDArray[np.float64]) -> list[tuple[int, int]]:
    """First and one-past-last frame of each blink."""
    closed = np.concatenate([[False], shut > 0.5, [False]]).astype(int)
    return list(zip(np.flatnonzero(np.diff(closed) == 1), np.flatnonzero(np.diff(closed) == -1), strict=True))


@pytest.fixture(scope="module")
def at_rest() -> list[tuple[int, FaceState]]:
    return lived(3, talking=False)[0]


@pytest.fixture(scope="module")
def in_talk() -> tuple[list[tuple[int, FaceState]], list[int]]:
    return lived(4, talking=True)


def test_blinks_are_as_often_and_as_uneven_as_in_life(
    at_rest: list[tuple[int, FaceState]], in_talk: tuple[list[tuple[int, FaceState]], list[int]]
) -> None:
    """12 to 22 a minute at rest and more in talk, 26 on average (Bentivoglio et al. 1997); gaps are log-normal: their
    logarithms scatter by 0.3 to 0.9 and lean to no side."""
    resting, talking = blinks(lids(at_rest)), blinks(lids(in_talk[0]))
    assert 12 <= len(resting) / MINUTES <= 22
    assert len(resting) < len(talking) <= 34 * MINUTES
    logarithms = np.log(np.diff([start for start, _ in resting]) / 25)
    assert 0.3 < logarithms.std() < 0.9
    assert abs(float((((logarithms - logarithms.mean()) / logarithms.std()) ** 3).mean())) < 1.0


def test_a_blink_is_shut_for_a_moment_and_whole(at_rest: list[tuple[int, FaceState]]) -> None:
    """The lids are more than half shut for 80 to 240 ms, and every blink shuts them wholly."""
    shut = lids(at_rest)
    for start, end in blinks(shut):
        assert 2 <= end - start <= 6
        assert shut[start:end].max() > 0.95


def test_who_ends_a_sentence_blinks_more_often(in_talk: tuple[list[tuple[int, FaceState]], list[int]]) -> None:
    """In the half second after the end of a sentence at least twice as many blinks begin as elsewhere
    (Nakano & Kitazawa 2010)."""
    faces, ends = in_talk
    starts = np.array([start for start, _ in blinks(lids(faces))]) * FRAME
    near = sum(bool(((starts >= end) & (starts < end + SAMPLE_RATE_HZ // 2)).any()) for end in ends)
    elsewhere = (len(starts) - near) / (MINUTES * 120 - len(ends))
    assert near / len(ends) > 2 * elsewhere


def test_nothing_is_too_fast_and_nothing_stands_still(
    at_rest: list[tuple[int, FaceState]], in_talk: tuple[list[tuple[int, FaceState]], list[int]]
) -> None:
    """No speed limit is broken in minutes of either; the head, the eyes and the breath move all the time."""
    for faces in (at_rest, in_talk[0]):
        assert fastest(faces) <= 1.001
        second = 25
        for start in range(0, len(faces) - second * 10, second * 10):
            part = [face for _, face in faces[start : start + second * 10]]
            assert np.ptp([face.yaw_deg for face in part]) > 0.05
            assert np.ptp([face.breath for face in part]) > 0.3
    weights = np.array([face.weights for _, face in at_rest])
    assert np.isfinite(weights).all()
