"""Phonemes with times -> the mouth at any moment: dominance blending, then contacts that must happen.

Every sound pulls lips and jaw towards its own targets with a strength that fades around its time (Cohen & Massaro,
"Modeling coarticulation in synthetic visual speech", 1993); the mouth is the weighted mean. Lips that must touch are
then led to the touch by caps that fall no faster than the shape may move, so a follower limited to
`MouthRules.speed_limit_per_s` always arrives in time. All pure functions of media time; amounts stand in phonemes.csv
and visemes.yaml. Knows nothing of spans, emotion or pictures. Tests: tests/face/test_visemes.py.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from tth.face import yaml_text
from tth.face.phonemes import VISEMES, Contact, Sound, SoundKind, sounds_of
from tth.model.media import SAMPLE_RATE_HZ, PhonemeTiming, ms_to_samples

MOUTH_SHAPES: tuple[str, ...] = (
    "jawOpen", "mouthClose", "mouthPucker", "mouthFunnel", "mouthStretch", "mouthUpperUp", "mouthLowerDown",
    "mouthPress",
)  # fmt: skip
"""What speech moves, ARKit names; those that have a left and a right move both."""

LOOKAHEAD_SAMPLES = ms_to_samples(100)
"""No phoneme that starts later than this after a moment changes the mouth at that moment."""
UNTOLD_LOOKAHEAD_SAMPLES = ms_to_samples(60)
"""The same where phonemes say nothing yet: a voice that brings none does not wait for those that could still come."""
_FAR_S = 1e3
# Pull of the closed, relaxed mouth: wins where no sound is near, and is not felt beside one.
_REST_DOMINANCE = 0.06
# Part of a phoneme, from its middle, in which its own target rules alone; longer sounds hold longer, up to 300 ms.
_CORE_SHARE = 0.5
_CORE_MAX_SAMPLES = ms_to_samples(300)
_PRESS_REACH_S = 0.05
# Further than this behind a phoneme nothing is known of the mouth; within half of it all is. Before one, as far as it
# is foreseen there.
_UNCOVERED_SAMPLES = ms_to_samples(90)
_NEAR_AHEAD_SAMPLES, _NEAR_AFTER_SAMPLES = ms_to_samples(30), ms_to_samples(45)
_LOOKBACK_SAMPLES = ms_to_samples(130)
# Where the lips part again within a bilabial stop, as a share of the phoneme: voiceless ones are followed by breath.
_RELEASE_SHARE = {"voiceless": 0.65, "aspirated": 0.5, "voiced": 0.85}


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a sound is felt before and after its core, in samples."""

    ahead: float
    after: float


@dataclass(frozen=True, slots=True)
class MouthRules:
    """The numbers of visemes.yaml."""

    reaches: Mapping[str, Reach]
    speed_limit_per_s: tuple[float, ...]
    """Full ranges per second, in the order of MOUTH_SHAPES."""
    stress_jaw_gain: tuple[float, ...]
    bilabial_jaw_max: float
    labiodental_jaw_max: float
    labiodental_upper_min: float
    sibilant_jaw_max: float
    contact_min_samples: int


@cache
def mouth_rules() -> MouthRules:
    """The constants of visemes.yaml; shared by all."""
    content: dict[str, Any] = yaml_text.parsed(files("tth.face").joinpath("visemes.yaml").read_text(encoding="utf-8"))
    assert tuple(content["visemes"]) == VISEMES
    samples_per_ms = SAMPLE_RATE_HZ / 1000
    return MouthRules(
        {
            name: Reach(reach["ahead"] * samples_per_ms, reach["after"] * samples_per_ms)
            for name, reach in content["reach_ms"].items()
        },
        tuple(content["speed_limit_per_s"][name] for name in MOUTH_SHAPES),
        tuple(content["stress_jaw_gain"]),
        content["bilabial_jaw_max"],
        content["labiodental_jaw_max"],
        content["labiodental_upper_min"],
        content["sibilant_jaw_max"],
        ms_to_samples(content["contact_min_ms"]),
    )


@dataclass(slots=True)
class Mouth:
    """The mouth at one moment as speech wants it."""

    shapes: list[float]
    """Weights 0..1 in the order of MOUTH_SHAPES, contacts held."""
    visemes: list[float]
    """Weights of VISEMES; they add up to 1."""
    level: float = 0.0
    """How much of the mouth belongs to speech: 0 silent .. 1 in the middle of a sound."""
    coverage: float = 0.0
    """How far phonemes, pauses included, say what the mouth does: 0 where none is near."""
    lips_s: float = _FAR_S
    """Seconds to the nearest moment at which the lips must touch each other; 0 = now."""
    teeth_s: float = _FAR_S
    """The same for the lower lip and the upper teeth."""
    sibilant_s: float = _FAR_S
    """The same for the nearly shut jaw of s and sh."""

    @property
    def viseme(self) -> str:
        """The strongest viseme."""
        return VISEMES[self.visemes.index(max(self.visemes))]


def aperture(shapes: Iterable[float]) -> float:
    """Visible gap between the lips from the MOUTH_SHAPES; 0 or less = they touch."""
    jaw, close, _, _, _, upper, lower, _ = shapes
    return jaw - close + 0.5 * (upper + lower)


def hold_contacts(shapes: list[float], mouth: Mouth) -> list[float]:
    """The shapes with every contact around `mouth`'s moment held: caps and floors that open with time distance.

    shapes: weights in the order of MOUTH_SHAPES, from speech alone or with a smile added; may lie above 1.
    """
    rules = mouth_rules()
    jaw_speed, close_speed, _, funnel_speed, _, upper_speed, lower_speed, _ = rules.speed_limit_per_s
    jaw, close, pucker, funnel, stretch, upper, lower, press = shapes
    lips_s, teeth_s = mouth.lips_s, mouth.teeth_s
    jaw = min(
        jaw,
        rules.bilabial_jaw_max + jaw_speed * lips_s,
        rules.labiodental_jaw_max + jaw_speed * teeth_s,
        rules.sibilant_jaw_max + jaw_speed * mouth.sibilant_s,
    )
    upper = min(max(upper, rules.labiodental_upper_min - upper_speed * teeth_s), upper_speed * lips_s)
    lower = min(lower, lower_speed * lips_s, lower_speed * teeth_s)
    funnel = min(funnel, 0.1 + funnel_speed * lips_s)
    # Closing is led no faster than the jaw, so that the difference of the two meets the contact in time.
    close = min(jaw, max(close, rules.bilabial_jaw_max - min(jaw_speed, close_speed) * lips_s))
    return [min(max(value, 0.0), 1.0) for value in (jaw, close, pucker, funnel, stretch, upper, lower, press)]


@dataclass(slots=True)
class _Segment:
    """One sound on the media clock. Times in samples, may be fractional."""

    start: float
    end: float
    core_start: float
    core_end: float
    jaw_reach: Reach
    round_reach: Reach
    lips_reach: Reach
    viseme_reach: Reach
    sound: Sound
    jaw: float
    close_share: float
    contact_start: float
    contact_end: float
    visemes: tuple[tuple[int, float], ...]


class MouthTrack:
    """The sounds of a conversation as they become known, and the mouth they ask for at any moment.

    Phonemes come in order of time and without overlap. Memory is bounded by calling `forget`.
    """

    def __init__(self) -> None:
        self._rules = mouth_rules()
        self._segments: list[_Segment] = []
        self._starts: list[float] = []

    def add(self, phonemes: Iterable[PhonemeTiming]) -> None:
        """Take more phonemes; each starts where the last one ended or later (an overlap is cut off the later one)."""
        for phoneme in phonemes:
            start = max(float(phoneme.start_sample), self._segments[-1].end if self._segments else -math.inf)
            end = float(phoneme.start_sample + phoneme.sample_count)
            if end - start < 1:
                continue
            for sound in sounds_of(phoneme.ipa):
                stop = start + sound.share * (end - start) if sound.share < 1 else end
                self._append(_segment(sound, start, stop, phoneme.stress, self._rules))
                start = stop

    def cut(self, at_sample: int) -> None:
        """Forget every sound from `at_sample` on; one that is being spoken there ends there."""
        keep = bisect_left(self._starts, at_sample)
        del self._segments[keep:], self._starts[keep:]
        if self._segments and self._segments[-1].end > at_sample:
            last = self._segments.pop()
            self._starts.pop()
            last.end = float(at_sample)
            last.core_end = min(last.core_end, last.end)
            last.core_start = min(last.core_start, last.end)
            last.contact_end = min(last.contact_end, last.end)
            self._append(last)

    def forget(self, before_sample: int) -> None:
        """Drop sounds that cannot move the mouth at `before_sample` or later."""
        keep = bisect_left(self._starts, before_sample - _LOOKBACK_SAMPLES)
        while keep and self._segments[keep - 1].end > before_sample - _LOOKBACK_SAMPLES:
            keep -= 1
        del self._segments[:keep], self._starts[:keep]

    @property
    def end_sample(self) -> float:
        """Where the last known sound ends; -inf: there is none."""
        return self._segments[-1].end if self._segments else -math.inf

    def told_to_sample(self, sample: int) -> float:
        """Where the newest sound that has begun by `sample` ends; -inf: none has."""
        begun = bisect_right(self._starts, sample)
        return self._segments[begun - 1].end if begun else -math.inf

    def covered_to_sample(self, sample: int, to_sample: int) -> float:
        """From `sample` on, how far sounds alone say what the mouth does, looked at as far as `to_sample`."""
        position = bisect_right(self._starts, sample + _NEAR_AHEAD_SAMPLES)
        told_to = self._segments[position - 1].end + _NEAR_AFTER_SAMPLES if position else -math.inf
        while position < len(self._starts) and self._starts[position] - _NEAR_AHEAD_SAMPLES <= told_to < to_sample:
            told_to = self._segments[position].end + _NEAR_AFTER_SAMPLES
            position += 1
        return max(sample, told_to)

    def mouth_at(self, sample: int, visible_to_sample: float = math.inf) -> Mouth:
        """The mouth that speech asks for at `sample`, not limited in speed.

        visible_to_sample: sounds that start there or later are not foreseen. In any case nothing is that starts later
        than LOOKAHEAD_SAMPLES after `sample`, or UNTOLD_LOOKAHEAD_SAMPLES where no sound tells of `sample` itself; in
        between the sight shrinks gradually.
        """
        told_to = min(sample, self.told_to_sample(sample))
        foreseen_to = max(sample + UNTOLD_LOOKAHEAD_SAMPLES, told_to + LOOKAHEAD_SAMPLES)
        last = bisect_left(self._starts, min(foreseen_to, visible_to_sample))
        first = last
        while first and self._segments[first - 1].end > sample - _LOOKBACK_SAMPLES:
            first -= 1
        if first == last:
            return Mouth([0.0] * len(MOUTH_SHAPES), [1.0, *[0.0] * (len(VISEMES) - 1)])
        return _blend(self._segments[first:last], sample)

    def _append(self, segment: _Segment) -> None:
        self._segments.append(segment)
        self._starts.append(segment.start)


def _blend(near: list[_Segment], sample: int) -> Mouth:
    """Weighted mean of the targets of the segments around `sample`, then the contacts."""
    jaw_sum = round_sum = lips_sum = _REST_DOMINANCE
    jaw = pucker = funnel = stretch = upper = lower = close_share = press = level = coverage = 0.0
    visemes = [0.0] * len(VISEMES)
    visemes[0] = 1e-3
    mouth = Mouth([], visemes)
    for segment in near:
        shape = segment.sound.articulation
        before, after = segment.core_start - sample, sample - segment.core_end
        felt = _felt(segment.jaw_reach, before, after)
        pull = felt * shape.jaw_dominance
        jaw_sum += pull
        jaw += pull * segment.jaw
        coverage = max(coverage, _covered(segment.start - sample, sample - segment.end))
        if shape.rule is not Contact.PAUSE:
            level = max(level, felt)
        pull = _felt(segment.round_reach, before, after) * shape.round_dominance
        round_sum += pull
        pucker += pull * shape.pucker
        funnel += pull * shape.funnel
        stretch += pull * shape.stretch
        pull = _felt(segment.lips_reach, before, after) * shape.lip_dominance
        lips_sum += pull
        upper += pull * shape.upper
        lower += pull * shape.lower
        close_share += pull * segment.close_share
        pull = _felt(segment.viseme_reach, before, after)
        for position, share in segment.visemes:
            visemes[position] += pull * share
        if shape.rule is not Contact.FREE:
            press = max(press, _meet(mouth, segment, sample))
    total = sum(visemes)
    mouth.visemes = [weight / total for weight in visemes]
    mouth.level, mouth.coverage = level, coverage
    jaw /= jaw_sum
    close = 0.75 * close_share / lips_sum * jaw
    shapes = [jaw, close, pucker / round_sum, funnel / round_sum, stretch / round_sum]
    mouth.shapes = hold_contacts([*shapes, upper / lips_sum, lower / lips_sum, press], mouth)
    return mouth


def _covered(before: float, after: float) -> float:
    """How far a sound says what the mouth does `before` its start or `after` its end, in samples: 1 near, 0 far."""
    far, near = UNTOLD_LOOKAHEAD_SAMPLES, _NEAR_AHEAD_SAMPLES
    if after > 0:
        before, far, near = after, _UNCOVERED_SAMPLES, _NEAR_AFTER_SAMPLES
    return min(max((far - before) / (far - near), 0.0), 1.0)


def _felt(reach: Reach, before: float, after: float) -> float:
    """Dominance of a segment, 1 in its core, falling to 0 at its reach; `before`, `after`: samples to the core."""
    part = before / reach.ahead if before > 0 else after / reach.after if after > 0 else 0.0
    if part >= 1:
        return 0.0
    rest = 1 - part * part
    return rest * rest


def _meet(mouth: Mouth, segment: _Segment, sample: int) -> float:
    """Note the distance to this segment's contact in `mouth`; return how hard the lips press because of it."""
    away_s = max(segment.contact_start - sample, sample - segment.contact_end, 0.0) / SAMPLE_RATE_HZ
    rule = segment.sound.articulation.rule
    if rule is Contact.BILABIAL:
        mouth.lips_s = min(mouth.lips_s, away_s)
    elif rule is Contact.LABIODENTAL:
        mouth.teeth_s = min(mouth.teeth_s, away_s)
    elif rule is Contact.SIBILANT:
        mouth.sibilant_s = min(mouth.sibilant_s, away_s)
    return segment.sound.articulation.press * max(0.0, 1 - away_s / _PRESS_REACH_S)


def _segment(sound: Sound, start: float, end: float, stress: int, rules: MouthRules) -> _Segment:
    """Place one sound, with its core, its contact and its reach."""
    shape = sound.articulation
    if shape.rule is Contact.BILABIAL and shape.kind is SoundKind.STOP and sound.share == 1:
        manner = "aspirated" if sound.is_aspirated else "voiceless" if shape.ipa == "p" else "voiced"
        closed_end = start + _RELEASE_SHARE[manner] * (end - start)
    else:
        closed_end = end
    margin = 0.5 * (1 - _CORE_SHARE) * min(closed_end - start, _CORE_MAX_SAMPLES)
    contact_start, contact_end = _contact(shape.rule, start, closed_end, rules.contact_min_samples)
    close_shares = {Contact.BILABIAL: 1.0, Contact.LABIODENTAL: 0.3, Contact.NARROW: 0.6}
    gain = rules.stress_jaw_gain[stress] if shape.kind is SoundKind.VOWEL else 1.0
    around = rules.reaches["rounded" if shape.is_rounded else "round"]
    return _Segment(
        start=start,
        end=closed_end,
        core_start=start + margin,
        core_end=closed_end - margin,
        jaw_reach=rules.reaches["jaw"],
        # A short sound's core is so close to its start that the widest reach would need more than the look-ahead.
        round_reach=Reach(min(around.ahead, LOOKAHEAD_SAMPLES + margin), around.after),
        lips_reach=rules.reaches["lips"],
        viseme_reach=rules.reaches["viseme"],
        sound=sound,
        jaw=shape.jaw * gain,
        close_share=close_shares.get(shape.rule, 0.0),
        contact_start=contact_start,
        contact_end=contact_end,
        visemes=_viseme_shares(sound),
    )


def _contact(rule: Contact, start: float, end: float, min_samples: int) -> tuple[float, float]:
    """When the contact holds: a closure lasts as long as its sound, the others are reached inside it."""
    inset = {Contact.LABIODENTAL: 0.2, Contact.SIBILANT: 0.25}.get(rule, 0.0) * (end - start)
    widen = max(0.0, 0.5 * (min_samples - (end - start - 2 * inset)))
    return start + inset - widen, end - inset + widen


def _viseme_shares(sound: Sound) -> tuple[tuple[int, float], ...]:
    shape = sound.articulation
    if shape.rule is Contact.TRANSPARENT:
        return ()
    first = (VISEMES.index(shape.viseme), 1 - shape.share)
    return (first, (VISEMES.index(shape.second), shape.share)) if shape.second else (first,)
