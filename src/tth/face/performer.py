"""Speech, emotion and life joined: what the face does at each moment of one conversation. Pure; reads no clock.

Fed with spans and changes of controls in order, asked for faces at increasing moments. After `cut` it goes back to
what was really shown. Tests: tests/face/test_performer.py.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from tth.face.demands import Demand, Demands
from tth.face.expression import Weights, blend_with_speech, expand, mouth_positions, sides, unevenness
from tth.face.limits import BREATH, FACE_SIZE, PITCH, WEIGHT_COUNT, YAW, FaceVector, limited, speed_limit_per_s, spring
from tth.face.lips import Lips
from tth.face.motion import ACCENT_SAMPLES, Life
from tth.face.parameters import INDEX, FaceState, set_gaze
from tth.face.phonemes import VISEMES, SoundKind, sounds_of
from tth.face.timeline import Timeline
from tth.face.visemes import Mouth, hold_contacts
from tth.model.controls import Controls
from tth.model.media import SAMPLE_RATE_HZ, FrameKind, PhonemeTiming, SilenceSpan, SpeechSpan, ms_to_samples

MEMORY_SAMPLES = 10 * SAMPLE_RATE_HZ
"""How far back `cut` may reach, and so how far ahead of what is shown faces may be made."""

# (yaw, pitch, roll) in degrees of the listening tilt (Heylen 2006) and the thinking look, and what the face adds;
# sideways parts go to the person's own side. Amounts chosen by eye, 2026-11.
_LISTENING_POSE, _THINKING_POSE = (1.0, -1.5, 3.5), (5.0, 3.0, 2.0)
_LISTENING_FACE = {"browInnerUp": 0.16, "browOuterUp": 0.1, "mouthSmile": 0.08}
_THINKING_FACE = {"browDown": 0.16, "eyeSquint": 0.22, "mouthPress": 0.22, "browInnerUp": 0.12}
_THINKING_MOUTH_ASIDE = 0.18
# Sway while listening, thinking, speaking: this much more than at rest.
_MORE_SWAY = (-0.3, -0.2, 0.4)
_STATES = (FrameKind.LISTENING, FrameKind.THINKING, FrameKind.SPEAKING)
# What the eight shapes of speech leave out: the lower lip under the teeth, lips rolled in, the tongue behind the upper
# teeth (as far as 0.4 the painter lifts its tip) and between them.
_FF_ROLL_LOWER, _PP_ROLL, _DD_TONGUE, _TH_TONGUE = 0.6, 0.22, 0.38, 0.68
_FF, _PP, _TH, _DD, _NN = (VISEMES.index(name) for name in ("FF", "PP", "TH", "DD", "nn"))
_JAW, _CLOSE = INDEX["jawOpen"], INDEX["mouthClose"]
_CLAUSE_END_MEMORY = ms_to_samples(500)
# What a face depends on lies at most this far back: the fixation before the present one began then.
_LOOKBACK_SAMPLES = 9 * SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class _Shown:
    """Everything of a computed face that the next one goes on from."""

    sample: int
    face: FaceVector
    states: tuple[tuple[float, float], ...]
    """(level 0..1, speed per second) of each of `_STATES`."""


class Performer:
    """The motion of one face over a whole conversation.

    The same seed and the same input give the same faces, however speech was cut into spans.
    """

    def __init__(self, seed: int = 0) -> None:
        self._timeline = Timeline()
        self._lips = Lips()
        self._life = Life(seed)
        self._unevenness = unevenness(abs(seed))
        self._accents: list[int] = []
        self._demands = Demands(Controls())
        self._shown: deque[_Shown] = deque()

    @property
    def end_sample(self) -> int:
        """Up to here it is known whether somebody speaks."""
        return self._timeline.end_sample

    @property
    def answerable_to_sample(self) -> float:
        """`face_at` is final for moments before this one: what may still come cannot change them."""
        known_to = self._timeline.end_sample
        return self._lips.final_to_sample(known_to) if self._timeline.is_speech_open else known_to

    def feed(self, span: SpeechSpan | SilenceSpan) -> None:
        """Take the next span. Raises ValueError for one that starts before the end of what is known: `cut` first."""
        self._timeline.add(span)
        self._lips.add(span)
        if isinstance(span, SpeechSpan):
            self._accents.extend(phoneme.start_sample for phoneme in span.phonemes if _is_accent(phoneme))

    def change(self, controls: Controls, start_sample: int, ramp_ms: float) -> None:
        """Move to `controls` from `start_sample` on, there after `ramp_ms`; the newest change wins.

        A change for a moment that was already computed starts at the last computed face; the very first, before any
        span, holds at once.
        """
        if controls == self._demands.controls:
            return
        if not self._shown and not self._timeline.end_sample:
            self._demands = Demands(controls)
            return
        start = max(start_sample, self._shown[-1].sample) if self._shown else start_sample
        self._demands.add(controls, start, ms_to_samples(ramp_ms))

    def cut(self, at_sample: int, unseen_from: int | None = None) -> None:
        """Drop everything from `at_sample` on, input and computed faces: only what lies before was really shown.

        unseen_from: of that, nobody has seen faces of this moment or later. The next face, at or behind `at_sample`,
        goes on from the last one that was seen, no faster than if it came right behind it.
        """
        seen_to = at_sample if unseen_from is None else min(at_sample, unseen_from)
        self._timeline.cut(seen_to)
        self._lips.cut(seen_to)
        self._demands.cut(at_sample)
        del self._accents[bisect_left(self._accents, seen_to) :]
        while self._shown and self._shown[-1].sample >= seen_to:
            self._shown.pop()
        if self._shown and seen_to < at_sample:
            last = self._shown[-1]
            self._shown[-1] = replace(last, sample=last.sample + at_sample - seen_to)

    def face_at(self, sample: int) -> tuple[FaceState, str]:
        """The face at `sample` and its strongest viseme.

        Call it for moments before `answerable_to_sample`; beyond what is known the person is silent. No part moves
        faster than `limits.speed_limit_per_s` from one call to the next. Raises ValueError unless `sample` is later
        than in the call before (but for a `cut`).
        """
        last = self._shown[-1] if self._shown else None
        if last and sample <= last.sample:
            raise ValueError(f"asked for a face at {sample} after the one at {last.sample}")
        kind = self._timeline.kind_at(sample)
        states = _next_states(last, kind, sample)
        levels = [level for level, _ in states]
        demand = self._demands.at(sample)
        is_speech, visible_to = kind is FrameKind.SPEAKING, self._timeline.visible_to_sample(sample)
        mouth = self._lips.mouth_at(sample, is_speech, visible_to)
        face = np.zeros(FACE_SIZE)
        self._feel(face, demand, levels)
        self._turn_head(face, sample, demand, levels)
        self._look(face, sample, min(demand.motion_gain, 1.0))
        _speak(face[:WEIGHT_COUNT], mouth, levels[2])
        if last:
            dt_s = (sample - last.sample) / SAMPLE_RATE_HZ
            face = limited(face, last.face, dt_s)
            _touch_lips(face, last.face, mouth, dt_s)
        self._shown.append(_Shown(sample, face, states))
        self._lips.forget_sound(sample)
        self._forget(sample - MEMORY_SAMPLES)
        return FaceState(face[:WEIGHT_COUNT].astype(np.float32), *face[YAW:].tolist()), mouth.viseme

    def _feel(self, face: FaceVector, demand: Demand, levels: list[float]) -> None:
        """Emotion, and what listening and thinking add to it."""
        listening, thinking = _state_faces()
        gain = demand.expressivity
        face[:WEIGHT_COUNT] = demand.weights + (gain * levels[0]) * listening + (gain * levels[1]) * thinking
        aside = "mouthLeft" if self._life.side > 0 else "mouthRight"
        face[INDEX[aside]] += gain * levels[1] * _THINKING_MOUTH_ASIDE
        face[:WEIGHT_COUNT] *= self._unevenness

    def _turn_head(self, face: FaceVector, sample: int, demand: Demand, levels: list[float]) -> None:
        """Sway, nods, posture and breath; brows that go with accents."""
        life, gain = self._life, demand.motion_gain
        first, end = bisect_left(self._accents, sample - ACCENT_SAMPLES), bisect_left(self._accents, sample + 1)
        nod, lift = life.accent_at(sample, self._accents[first:end])
        back = life.backchannel_at(sample, self._timeline.kind_at)
        sway = life.sway_at(sample)
        more = 1 + sum(amount * level for amount, level in zip(_MORE_SWAY, levels, strict=True))
        yaw, pitch, roll = demand.posture_deg
        for level, pose in ((levels[0], _LISTENING_POSE), (levels[1], _THINKING_POSE)):
            yaw += life.side * level * pose[0]
            pitch += level * pose[1]
            roll += life.side * level * pose[2]
        face[YAW] = gain * (yaw + more * sway.yaw_deg + nod.yaw_deg)
        face[PITCH] = gain * (pitch + more * sway.pitch_deg + nod.pitch_deg + back.pitch_deg)
        face[PITCH + 1] = gain * (roll + more * sway.roll_deg)
        stretch = self._timeline.stretch_at(sample)
        speech_start = stretch.start_sample if stretch and stretch.is_speech else None
        face[BREATH] = min(gain, 1.0) * life.breath_at(sample, speech_start)
        if lift:
            for position in _brow_positions():
                face[position] += lift * demand.expressivity

    def _look(self, face: FaceVector, sample: int, gaze_gain: float) -> None:
        """Eyes stay on what they look at while the head moves; lids blink."""
        right, up = self._life.gaze_at(sample, self._timeline.kind_at)
        right, up = gaze_gain * right - float(face[YAW]), gaze_gain * up - float(face[PITCH])
        set_gaze(face, right, up)  # type: ignore[arg-type]  # any float array will do
        shut = self._life.blink_at(sample, self._timeline.speech_ends(sample - _CLAUSE_END_MEMORY, sample))
        if shut:
            for position in sides("eyeBlink"):
                face[position] = max(face[position], shut)
            for position in sides("eyeWide"):
                face[position] *= 1 - shut

    def _forget(self, before_sample: int) -> None:
        """Bound the memory; a second's worth at a time."""
        if self._shown[0].sample >= before_sample - SAMPLE_RATE_HZ:
            return
        while self._shown[0].sample < before_sample:
            self._shown.popleft()
        needed = before_sample - _LOOKBACK_SAMPLES
        self._timeline.forget(needed)
        self._lips.forget(needed)
        self._demands.forget(needed)
        self._life.forget(needed)
        del self._accents[: bisect_left(self._accents, needed)]


def _speak(weights: Weights, mouth: Mouth, speaking: float) -> None:
    """Put speech into a face that feels, in place; contacts are held over both."""
    weights *= blend_with_speech(mouth, speaking)
    positions = mouth_positions()
    wanted = [shape + float(weights[at[0]]) for shape, at in zip(mouth.shapes, positions, strict=True)]
    for weight, at in zip(hold_contacts(wanted, mouth), positions, strict=True):
        for position in at:
            weights[position] = weight
    visemes = mouth.visemes
    weights[INDEX["mouthRollLower"]] += _FF_ROLL_LOWER * visemes[_FF] + _PP_ROLL * visemes[_PP]
    weights[INDEX["mouthRollUpper"]] += _PP_ROLL * visemes[_PP]
    weights[INDEX["tongueOut"]] += _TH_TONGUE * visemes[_TH] + _DD_TONGUE * (visemes[_DD] + visemes[_NN])
    np.minimum(np.maximum(weights, 0, out=weights), 1, out=weights)


def _touch_lips(face: FaceVector, before: FaceVector, mouth: Mouth, dt_s: float) -> None:
    """Lips that touch now close exactly the jaw that the limits allowed."""
    if mouth.lips_s == 0:
        step = dt_s * float(speed_limit_per_s()[_CLOSE])
        face[_CLOSE] = min(max(face[_JAW], before[_CLOSE] - step), before[_CLOSE] + step)


def _next_states(last: _Shown | None, kind: FrameKind, sample: int) -> tuple[tuple[float, float], ...]:
    targets = [1.0 if kind is state else 0.0 for state in _STATES]
    if last is None:
        return tuple((target, 0.0) for target in targets)
    dt_s = (sample - last.sample) / SAMPLE_RATE_HZ
    return tuple(
        spring(level, speed, target, dt_s) for (level, speed), target in zip(last.states, targets, strict=True)
    )


def _is_accent(phoneme: PhonemeTiming) -> bool:
    return phoneme.stress == 2 and sounds_of(phoneme.ipa)[0].articulation.kind is SoundKind.VOWEL


@cache
def _state_faces() -> tuple[Weights, Weights]:
    return expand(_LISTENING_FACE), expand(_THINKING_FACE)


@cache
def _brow_positions() -> tuple[int, ...]:
    return (*sides("browInnerUp"), *sides("browOuterUp"))
