"""The mouth of a voice that brings no phonemes: read from its sound, 60 ms ahead at most, in any language.

Sound comes in pieces and is read when a mouth is asked for, so voices with phonemes cost nothing here. Gives the same
`Mouth` as the phonemes do. Pure. Tests: tests/face/audio_lips/test_estimator.py.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

from tth.face.audio_lips.network import CONTACTS, LEVEL, SHAPES_END, STEP_SAMPLES, Weights, shipped_weights
from tth.face.audio_lips.reader import Reader, Sound, Step
from tth.face.phonemes import VISEMES
from tth.face.visemes import Mouth, hold_contacts
from tth.model.media import SAMPLE_RATE_HZ, Pcm, ms_to_samples

SOUND_LOOKAHEAD_SAMPLES = ms_to_samples(60)
"""Nothing that is heard later than this after a moment changes the mouth at that moment."""
# Read before the moment at which phonemes end, so that the network has found its feet.
_WARM_UP_SAMPLES = ms_to_samples(500)
# A step is used from 10 ms before its moment, as soon as the look-ahead allows, and faded in over 10 ms.
_EARLY_SAMPLES = ms_to_samples(10)
# A contact that one step finds lasts from 10 ms before it to 32 ms after: as long as the shortest of the phoneme path,
# so that it is seen at 25 fps.
_CONTACT_SAMPLES = (_EARLY_SAMPLES, ms_to_samples(32))
# Probability from which a contact is taken for true, bilabial, labiodental, sibilant: chosen by measurement, so that
# about as many are missed as are made up. Below it, lips and jaw are led towards the contact from this far.
_CONTACT_FROM = (0.5, 0.5, 0.5)
_CONTACT_REACH_S = 0.08
_STEPS_KEPT = 5


class AudioMouth:
    """The sounds of a conversation as they come, and the mouth they ask for. Memory is bounded by `forget`."""

    def __init__(self, weights: Weights | None = None) -> None:
        """weights: None = those of the package, read when they are first needed."""
        self._weights = weights
        self._sounds: deque[Sound] = deque()
        self._cut_sample = -math.inf
        self._reader: Reader | None = None
        self._steps: deque[Step] = deque(maxlen=_STEPS_KEPT)

    def add(self, start_sample: int, pcm: Pcm) -> None:
        """Take more sound; pieces come in order. One that does not start where the last one ended is a new sound."""
        last = self._sounds[-1] if self._sounds else None
        if last is None or last.is_over or last.end_sample != start_sample:
            self.end()
            last = Sound(start_sample, start_sample)
            self._sounds.append(last)
        last.add(pcm)

    def end(self) -> None:
        """Silence follows the sound so far; what comes later is a new sound."""
        if self._sounds:
            self._sounds[-1].is_over = True

    def cut(self, at_sample: int) -> None:
        """Forget the sound from `at_sample` on; one that is being heard there ends there."""
        while self._sounds and self._sounds[-1].start_sample >= at_sample:
            self._sounds.pop()
        if self._sounds and self._sounds[-1].end_sample > at_sample:
            last = self._sounds[-1]
            last.end_sample, last.is_over = at_sample, True
            # What was read beyond the cut is taken back: the rest is read as if nobody had listened before.
            self._cut_sample, self._reader = at_sample, None

    def forget(self, before_sample: int) -> None:
        """Drop sound that cannot move the mouth at `before_sample` or later."""
        oldest = before_sample - 2 * _WARM_UP_SAMPLES
        while len(self._sounds) > 1 and self._sounds[0].end_sample <= oldest:
            self._sounds.popleft()
        if self._sounds:
            self._sounds[0].forget(oldest)

    def mouth_at(self, sample: int, since_sample: float = -math.inf) -> Mouth:
        """The mouth that the sound asks for at `sample`, contacts held, not limited in speed.

        Final when the sound is known for SOUND_LOOKAHEAD_SAMPLES more, or has ended. since_sample: from here on
        nobody but the sound says what the mouth does; reading starts half a second before. Ask in order of time, but
        for a `cut`. Coverage is 0: it is what phonemes say. Without sound the mouth is shut.
        """
        sound = next((one for one in reversed(self._sounds) if one.start_sample <= sample), None)
        if sound is None or sample >= sound.end_sample:
            return _shut()
        since_sample = max(since_sample, self._cut_sample if self._cut_sample == sound.end_sample else -math.inf)
        begin = int(max(sound.start_sample, since_sample - _WARM_UP_SAMPLES))
        if self._reader is None or self._reader.sound is not sound or self._reader.begin != begin:
            self._weights = self._weights or shipped_weights()
            self._reader = Reader(sound, begin, self._weights)
            self._steps.clear()
        while step := self._reader.next_step(sample + _EARLY_SAMPLES):
            self._steps.append(step)
        return _mouth(self._steps, sample)


def _mouth(steps: Iterable[Step], sample: int) -> Mouth:
    """Between the step before `sample` and the one after, with the contacts that any of the kept steps found."""
    before = after = None
    away = [math.inf] * len(CONTACTS)
    for step in steps:
        if step.sample <= sample or before is None:
            before = step
        after = step
        away = [min(pair) for pair in zip(away, _contacts_s(step, sample), strict=True)]
    if before is None or after is None:
        return _shut()
    share = min(max((sample - before.sample - STEP_SAMPLES + _EARLY_SAMPLES) / _EARLY_SAMPLES, 0.0), 1.0)
    shapes = [a + share * (b - a) for a, b in zip(before.shapes, after.shapes, strict=True)]
    visemes = [a + share * (b - a) for a, b in zip(before.visemes, after.visemes, strict=True)]
    mouth = Mouth(shapes[:SHAPES_END], visemes, shapes[LEVEL], 0.0, *away)
    mouth.shapes = hold_contacts(mouth.shapes, mouth)
    return mouth


def _contacts_s(step: Step, sample: int) -> list[float]:
    """Seconds from `sample` to each contact that this step finds; the less sure it is, the further away."""
    early, late = _CONTACT_SAMPLES
    outside_s = max(step.sample - early - sample, sample - step.sample - late, 0) / SAMPLE_RATE_HZ
    return [
        outside_s + _CONTACT_REACH_S * max(0.0, 1 - chance / least)
        for chance, least in zip(step.contacts, _CONTACT_FROM, strict=True)
    ]


def _shut() -> Mouth:
    return Mouth([0.0] * SHAPES_END, [1.0, *[0.0] * (len(VISEMES) - 1)])
