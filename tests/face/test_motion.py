"""Blinks, glances, sway, nods and breath, by measurement."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.face.motion import ACCENT_SAMPLES, Life, chance
from tth.model.media import SAMPLE_RATE_HZ, FrameKind, ms_to_samples

pytestmark = pytest.mark.unit

MINUTES = 10
FRAMES = range(0, MINUTES * 60 * SAMPLE_RATE_HZ, 960)


def blink_starts(lids: list[float]) -> list[int]:
    shut = np.array(lids) > 0.5
    return np.flatnonzero(shut[1:] & ~shut[:-1]).tolist()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_blinks_come_as_often_as_in_life(seed: int) -> None:
    """At rest 12 to 22 a minute, irregular, each fully shut on some 25 fps frame and over in 400 ms."""
    life = Life(seed)
    lids = [life.blink_at(sample, ()) for sample in FRAMES]
    starts = blink_starts(lids)
    assert 12 <= len(starts) / MINUTES <= 22
    gaps_s = np.diff(starts) / 25
    assert gaps_s.min() > 0.5
    assert 0.3 < gaps_s.std() / gaps_s.mean() < 1.2
    for start in starts:
        assert max(lids[start : start + 10]) > 0.95
        assert min(lids[start : start + 10]) == 0


def test_speakers_blink_at_the_ends_of_clauses() -> None:
    """At about a third to a half of them, soon after, and never twice in a row."""
    life = Life(5)
    ends = range(SAMPLE_RATE_HZ, MINUTES * 60 * SAMPLE_RATE_HZ, 3 * SAMPLE_RATE_HZ)
    answered = 0
    for end in ends:
        with_end = [life.blink_at(s, [end]) for s in range(end, end + 12000, 960)]
        without = [life.blink_at(s, ()) for s in range(end, end + 12000, 960)]
        answered += with_end != without
        assert len(blink_starts(with_end)) <= 1
    assert 0.15 < answered / len(ends) < 0.6


def shares_away(kind: FrameKind) -> float:
    """Share of time in which the eyes are off the viewer."""
    life = Life(7)
    angles = np.array([life.gaze_at(sample, lambda _: kind) for sample in FRAMES[::5]])
    return float((np.hypot(*angles.T) > 4).mean())


def test_gaze_goes_with_what_the_person_does() -> None:
    """Listeners look at the viewer most, thinkers least."""
    listening, speaking, thinking = (
        shares_away(k) for k in (FrameKind.LISTENING, FrameKind.SPEAKING, FrameKind.THINKING)
    )
    assert listening < 0.15 < speaking < 0.4 < thinking


def test_saccades_are_fast_and_fixations_still() -> None:
    """Between jumps the target stands; a jump takes less than 60 ms."""
    life = Life(3)
    ms = ms_to_samples(1)
    angles = np.array([life.gaze_at(s, lambda _: FrameKind.IDLE) for s in range(0, 60 * SAMPLE_RATE_HZ, 4 * ms)])
    moving = (np.abs(np.diff(angles, axis=0)) > 1e-9).any(1)
    assert moving.mean() < 0.1
    runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[0], moving.astype(int), [0]]))))[::2]
    assert runs.max() * 4 <= 60


def test_sway_is_small_and_smooth() -> None:
    """Some degrees, below 3 degrees a second, and never quite still."""
    life = Life(11)
    poses = [life.sway_at(sample) for sample in FRAMES]
    angles = np.array([(p.yaw_deg, p.pitch_deg, p.roll_deg) for p in poses])
    assert (np.abs(angles).max(0) < 3).all()
    assert (np.abs(np.diff(angles, axis=0)).max(0) * 25 < 3).all()
    assert (angles.std(0) > 0.3).all()


def test_some_stressed_syllables_nod() -> None:
    """About half of them go down by 1.5 to 3.5 degrees and up again; some lift the brows."""
    life = Life(2)
    depths, lifts = [], []
    for start in range(0, 200 * SAMPLE_RATE_HZ, SAMPLE_RATE_HZ):
        moves = [life.accent_at(start + at, [start]) for at in range(0, ACCENT_SAMPLES + 1, 480)]
        depths.append(min(pose.pitch_deg for pose, _ in moves))
        lifts.append(max(lift for _, lift in moves))
        assert moves[0][0].pitch_deg == 0
        assert moves[-1][0].pitch_deg == pytest.approx(0, abs=0.02)
    nods = [depth for depth in depths if depth < 0]
    assert 0.4 < len(nods) / len(depths) < 0.7
    assert all(-3.5 < depth < -1.4 for depth in nods)
    assert 0.2 < sum(lift > 0 for lift in lifts) / len(lifts) < 0.5


def test_only_listeners_nod_by_themselves() -> None:
    """Every few seconds."""
    life = Life(2)
    listening = [life.backchannel_at(s, lambda _: FrameKind.LISTENING).pitch_deg for s in FRAMES]
    idle = [life.backchannel_at(s, lambda _: FrameKind.IDLE).pitch_deg for s in FRAMES]
    assert not any(idle)
    nods = len(blink_starts([-pitch / 3.5 for pitch in listening]))
    assert 6 <= nods / MINUTES <= 20


def test_breath_has_the_rhythm_of_rest() -> None:
    """12 to 18 breaths a minute, 0..1, smooth."""
    life = Life(4)
    chest = np.array([life.breath_at(sample, None) for sample in FRAMES])
    assert (chest >= 0).all()
    assert (chest <= 1).all()
    assert 12 <= len(blink_starts(chest.tolist())) / MINUTES <= 18
    assert np.abs(np.diff(chest)).max() * 25 < 1.6


def test_speech_uses_the_breath_up() -> None:
    """In quickly, out slowly."""
    life = Life(4)
    chest = [life.breath_at(ms_to_samples(ms), 0) for ms in (0, 500, 2000, 4500)]
    assert chest[0] < chest[3] < chest[2] < chest[1]


def test_the_same_seed_lives_the_same_life() -> None:
    """Whenever and however often it is asked; another seed lives another."""
    one, two, other = Life(9), Life(9), Life(10)
    late = 50 * SAMPLE_RATE_HZ
    before = [one.gaze_at(s, lambda _: FrameKind.IDLE) for s in range(0, late, 9600)]
    two.gaze_at(late, lambda _: FrameKind.IDLE)
    assert before == [two.gaze_at(s, lambda _: FrameKind.IDLE) for s in range(0, late, 9600)]
    assert before != [other.gaze_at(s, lambda _: FrameKind.IDLE) for s in range(0, late, 9600)]
    assert one.sway_at(late) == two.sway_at(late) != other.sway_at(late)


def test_forgetting_changes_nothing_later() -> None:
    """What lies before may go."""
    one, two = Life(9), Life(9)
    one.blink_at(200 * SAMPLE_RATE_HZ, ())
    one.gaze_at(200 * SAMPLE_RATE_HZ, lambda _: FrameKind.IDLE)
    one.forget(100 * SAMPLE_RATE_HZ)
    for sample in range(101 * SAMPLE_RATE_HZ, 130 * SAMPLE_RATE_HZ, 960):
        assert one.blink_at(sample, ()) == two.blink_at(sample, ())
        assert one.gaze_at(sample, lambda _: FrameKind.SPEAKING) == two.gaze_at(sample, lambda _: FrameKind.SPEAKING)


@given(st.integers(-(2**63), 2**63), st.integers(-(2**40), 2**40), st.integers(0, 9))
def test_chance_is_a_number_of_its_arguments(seed: int, key: int, stream: int) -> None:
    """In 0..1 and repeatable."""
    assert 0 <= chance(seed, key, stream) < 1
    assert chance(seed, key, stream) == chance(seed, key, stream)


def test_chance_is_even() -> None:
    """Every tenth of the range comes about as often."""
    counts = np.histogram([chance(1, key, 2) for key in range(10_000)], 10, (0, 1))[0]
    assert (np.abs(counts - 1000) < 150).all()
