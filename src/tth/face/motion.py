"""Life: blinks, glances, breath, sway and nods, each a pure function of media time, a seed and what is being said.

Amounts are angles in degrees and weights 0..1 at motion_gain 1. Nothing here keeps state that depends on when or how
often it was asked. Sources stand at the constants. Tests: tests/face/test_motion.py.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from tth.model.media import SAMPLE_RATE_HZ, FrameKind, ms_to_samples

KindAt = Callable[[int], FrameKind]

# Gaps between blinks are log-normal (Carney & Hill 1982 among others). Median 3.1 s and sigma 0.55 give 17 a minute,
# the rate at rest; ends of clauses add to the 26 a minute of conversation (Bentivoglio et al. 1997).
_BLINK_GAP = (3.1, 0.55, 0.7, 12.0)
# Lids close in some 80 ms and open in twice that (VanderWerf et al. 2003). The hold lets every 25 fps stream see it.
_BLINK_CLOSE, _BLINK_HOLD, _BLINK_OPEN = ms_to_samples(80), ms_to_samples(45), ms_to_samples(170)
BLINK_SAMPLES = _BLINK_CLOSE + _BLINK_HOLD + _BLINK_OPEN
# Speakers blink at the ends of what they say (Nakano & Kitazawa 2010), here in this share of the cases.
_CLAUSE_BLINK_SHARE = 0.5
_CLAUSE_BLINK_DELAY_MAX = ms_to_samples(150)
_BLINK_REFRACTORY = ms_to_samples(900)

# Fixations of a second or so, log-normal (Lee, Badler & Badler, "Eyes alive", 2002).
_FIXATION_GAP = (1.1, 0.5, 0.35, 4.0)
# Share of fixations away from the viewer: listeners look at the speaker more than speakers at the listener (Argyle &
# Cook 1976); who thinks looks away (Glenberg et al. 1998). Amounts chosen by eye for a face that talks to its viewer.
_AWAY_SHARE: Mapping[FrameKind, float] = {
    FrameKind.IDLE: 0.22,
    FrameKind.LISTENING: 0.08,
    FrameKind.THINKING: 0.75,
    FrameKind.SPEAKING: 0.25,
}
# A saccade lasts 21 ms and 2.2 ms per degree (Carpenter 1988).
_SACCADE_BASE_S, _SACCADE_S_PER_DEG = 0.021, 0.0022

# Nods on stressed syllables (Hadar et al. 1983; Munhall et al. 2004): about every second one, up to this depth.
_NOD_SHARE, _NOD_DEG = 0.55, 3.2
_NOD_DOWN, _NOD_UP = ms_to_samples(150), ms_to_samples(360)
ACCENT_SAMPLES = _NOD_DOWN + _NOD_UP
_BROW_SHARE, _BROW_LIFT = 0.35, 0.3
# Listeners nod every few seconds.
_BACKCHANNEL_GAP = (4.5, 0.4, 2.0, 10.0)
_BACKCHANNEL_DEG = 3.5

_SWAY_DEG = (2.4, 1.3, 1.5)
_BREATH_S = 4.1
_SPEECH_BREATH_S, _INHALE_S = 4.6, 0.5


@dataclass(frozen=True, slots=True)
class Pose:
    """A turn of the head in degrees, signs as in `FaceState`."""

    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0


class _Events:
    """An endless, seeded sequence of moments with log-normal gaps; each has four random numbers in 0..1."""

    def __init__(self, seed: int, stream: int, gap: tuple[float, float, float, float]) -> None:
        """gap: median, sigma of the logarithm, least, most; seconds."""
        self._random = np.random.default_rng([seed, stream])
        self._gap = gap
        self._samples: list[int] = [-SAMPLE_RATE_HZ]
        self._draws: list[tuple[float, ...]] = [tuple(self._random.random(4).tolist())]

    def index_at(self, sample: int) -> int:
        """The last event at or before `sample`; the first event where all are later."""
        while self._samples[-1] <= sample:
            self._extend()
        return max(bisect_right(self._samples, sample) - 1, 0)

    def sample(self, index: int) -> int:
        return self._samples[index]

    def draws(self, index: int) -> tuple[float, ...]:
        return self._draws[index]

    def between(self, after_sample: int, to_sample: int) -> list[int]:
        """Events in (after_sample, to_sample]."""
        last = self.index_at(to_sample) + 1
        first = bisect_right(self._samples, after_sample)
        return self._samples[first:last]

    def forget(self, before_sample: int) -> None:
        """Drop events before the one that holds at `before_sample` and its predecessor."""
        keep = max(self.index_at(before_sample) - 1, 0)
        del self._samples[:keep], self._draws[:keep]

    def _extend(self) -> None:
        median_s, sigma, least_s, most_s = self._gap
        gaps_s = np.clip(self._random.lognormal(math.log(median_s), sigma, 64), least_s, most_s)
        self._samples.extend((self._samples[-1] + np.cumsum(gaps_s * SAMPLE_RATE_HZ).astype(np.int64)).tolist())
        self._draws.extend(tuple(row) for row in self._random.random((64, 4)).tolist())


class Life:
    """The involuntary motion of one person. The same seed lives the same life."""

    def __init__(self, seed: int) -> None:
        """seed: any whole number; negative ones count as their absolute value."""
        self._seed = abs(seed)
        self._blinks = _Events(self._seed, 1, _BLINK_GAP)
        self._fixations = _Events(self._seed, 2, _FIXATION_GAP)
        self._backchannels = _Events(self._seed, 3, _BACKCHANNEL_GAP)
        random = np.random.default_rng([self._seed, 4])
        self.side = 1.0 if random.random() < 0.5 else -1.0
        """To which side this person tilts and turns by habit: 1 right in the picture, -1 left."""
        self._phases = random.uniform(0, 2 * math.pi, (3, 3)).tolist()
        # Slow, incommensurate swings between 3 and 20 s.
        self._rates = (2 * math.pi * np.array([0.05, 0.13, 0.31]) * random.uniform(0.85, 1.15, (3, 3))).tolist()

    def blink_at(self, sample: int, clause_ends: Iterable[int]) -> float:
        """Lids: 0 open .. 1 shut. clause_ends: those of the last half second before `sample`."""
        shut = 0.0
        for start in self._blinks.between(sample - BLINK_SAMPLES, sample):
            shut = max(shut, _blink_shape(sample - start))
        for end in clause_ends:
            if chance(self._seed, end, 1) < _CLAUSE_BLINK_SHARE and not self._blinks.between(
                end - _BLINK_REFRACTORY, end + _BLINK_REFRACTORY
            ):
                delay = int(chance(self._seed, end, 2) * _CLAUSE_BLINK_DELAY_MAX)
                shut = max(shut, _blink_shape(sample - end - delay))
        return shut

    def gaze_at(self, sample: int, kind_at: KindAt) -> tuple[float, float]:
        """Where the eyes look, (right_deg, up_deg) in the picture; (0, 0) is the viewer.

        kind_at: must be able to answer for the last 9 s.
        """
        index = self._fixations.index_at(sample)
        start = self._fixations.sample(index)
        right, up = self._fixation(index, kind_at)
        if index == 0:
            return right, up
        from_right, from_up = self._fixation(index - 1, kind_at)
        way_deg = math.hypot(right - from_right, up - from_up)
        done = _ease((sample - start) / SAMPLE_RATE_HZ / (_SACCADE_BASE_S + _SACCADE_S_PER_DEG * way_deg))
        return from_right + done * (right - from_right), from_up + done * (up - from_up)

    def sway_at(self, sample: int) -> Pose:
        """The slow drift of a head that is held, not fixed; bounded by 2.4, 1.3 and 1.5 degrees."""
        time_s = sample / SAMPLE_RATE_HZ
        yaw, pitch, roll = (
            amount * (0.5 * math.sin(a * time_s + p) + 0.3 * math.sin(b * time_s + q) + 0.2 * math.sin(c * time_s + r))
            for amount, (a, b, c), (p, q, r) in zip(_SWAY_DEG, self._rates, self._phases, strict=True)
        )
        return Pose(yaw, pitch, roll)

    def accent_at(self, sample: int, stressed: Iterable[int]) -> tuple[Pose, float]:
        """What stressed syllables do: the head's nod, and the lift of the brows 0..1.

        stressed: starts of stressed vowels of the last ACCENT_SAMPLES before `sample`.
        """
        yaw = pitch = lift = 0.0
        for start in stressed:
            shape = _nod_shape(sample - start)
            if chance(self._seed, start, 3) < _NOD_SHARE:
                strength = 0.5 + 0.5 * chance(self._seed, start, 4)
                pitch -= _NOD_DEG * strength * shape
                yaw += 1.6 * (chance(self._seed, start, 5) - 0.5) * shape
            if chance(self._seed, start, 6) < _BROW_SHARE:
                lift = max(lift, _BROW_LIFT * shape)
        return Pose(yaw, max(pitch, -1.5 * _NOD_DEG)), lift

    def backchannel_at(self, sample: int, kind_at: KindAt) -> Pose:
        """The nod of a listener."""
        pitch = 0.0
        for start in self._backchannels.between(sample - ACCENT_SAMPLES, sample):
            if kind_at(start) is FrameKind.LISTENING:
                pitch -= _BACKCHANNEL_DEG * _nod_shape(sample - start)
        return Pose(0.0, pitch)

    def breath_at(self, sample: int, speech_start: int | None) -> float:
        """Chest, 0..1. speech_start: where the present run of speech began; None = silence.

        At rest 15 breaths a minute, in speech a quick breath in and a long one out (Winkworth et al. 1995).
        """
        if speech_start is None:
            time_s = sample / SAMPLE_RATE_HZ
            phase = 2 * math.pi * time_s / _BREATH_S + 0.5 * math.sin(0.27 * time_s + self._phases[0][0])
            return 0.5 - 0.5 * math.cos(phase + 0.4 * math.sin(phase))
        spent_s = ((sample - speech_start) / SAMPLE_RATE_HZ) % _SPEECH_BREATH_S
        if spent_s < _INHALE_S:
            return 0.1 + 0.65 * _ease(spent_s / _INHALE_S)
        return 0.75 - 0.65 * (spent_s - _INHALE_S) / (_SPEECH_BREATH_S - _INHALE_S)

    def forget(self, before_sample: int) -> None:
        """Drop what can no longer be asked for: moments before `before_sample`."""
        for events in (self._blinks, self._fixations, self._backchannels):
            events.forget(before_sample)

    def _fixation(self, index: int, kind_at: KindAt) -> tuple[float, float]:
        """Where fixation `index` looks, by what the person was doing when it began."""
        kind = kind_at(self._fixations.sample(index))
        whether, how_far, where, side = self._fixations.draws(index)
        if whether >= _AWAY_SHARE[kind]:
            # Between the viewer's eyes and mouth.
            return 2.4 * (how_far - 0.5), 1.6 * (where - 0.7)
        far_deg = 6 + 8 * how_far
        if kind is FrameKind.THINKING:
            sign = self.side if side < 0.75 else -self.side
            return sign * far_deg * (0.5 + 0.5 * where), 0.65 * far_deg * (1.2 - where)
        return far_deg * (1 if side < 0.5 else -1), 5 * (where - 0.65)


def chance(seed: int, key: int, stream: int) -> float:
    """A number in 0..1 that is random but always the same for the same arguments (splitmix64, Steele et al. 2014)."""
    mask = (1 << 64) - 1
    z = (seed * 0x9E3779B97F4A7C15 + key * 0xBF58476D1CE4E5B9 + stream * 0x94D049BB133111EB) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return float((z ^ (z >> 31)) >> 11) / (1 << 53)


def _ease(part: float) -> float:
    """Smooth step from 0 to 1; clipped."""
    part = min(max(part, 0.0), 1.0)
    return part * part * (3 - 2 * part)


def _blink_shape(since_samples: int) -> float:
    if since_samples < _BLINK_CLOSE + _BLINK_HOLD:
        return _ease(since_samples / _BLINK_CLOSE)
    return 1 - _ease((since_samples - _BLINK_CLOSE - _BLINK_HOLD) / _BLINK_OPEN)


def _nod_shape(since_samples: int) -> float:
    if since_samples < _NOD_DOWN:
        return _ease(since_samples / _NOD_DOWN)
    return 1 - _ease((since_samples - _NOD_DOWN) / _NOD_UP)
