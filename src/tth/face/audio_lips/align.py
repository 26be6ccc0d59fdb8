"""When the sounds of a known text are spoken, for voices that give neither phoneme nor word times.

Waits for an adapter of such a voice, which would call it for each clause; today only tools/lips does (docs/motion.md).

The network says for every 20 ms what the lips may be doing; the sounds of the text are laid over that in their order so
that they fit best (Viterbi 1967), decided with a fixed delay. Order of trust: phoneme times, word times
(`tth.face.durations`), this, sound alone. Pure. Tests: tests/face/audio_lips/test_align.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tth.face.audio_lips.network import STEP_SAMPLES, Weights, shipped_weights
from tth.face.audio_lips.reader import Reader, Sound, Step
from tth.face.durations import Phone, typical_ms
from tth.face.phonemes import VISEMES, Contact, SoundKind, sounds_of
from tth.model.media import Pcm, PhonemeTiming, SpeechChunk, ms_to_samples, samples_to_ms

DELAY_MS = 200
"""How much later sound is decided than heard, besides the network's own 60 ms; a voice that is faster than it is heard
makes up for it. Shorter is less sure: docs/motion.md."""
# What is decided but goes on for longer than this is given out in pieces.
_LONGEST_HELD_SAMPLES = ms_to_samples(400)
# Weight of how common a viseme is; and of contacts, which the network hears best. Chosen by measurement.
_SHARE_POWER, _CONTACT_POWER = 0.7, 0.5
_CONTACT_SHARES = {Contact.BILABIAL: 0.1, Contact.LABIODENTAL: 0.05, Contact.SIBILANT: 0.1}
# Leaving out a sound of the text, which fast speakers do: natural logarithm of a chance.
_LEAVE_OUT = -5.0
_NEVER = -1e9
_LEAST = 1e-4


@dataclass(frozen=True, slots=True)
class _State:
    """One piece of a sound in the order of the text."""

    phone: int
    is_pause: bool


class Aligner:
    """One clause: its sounds are known, its sound comes piece by piece and leaves with phonemes."""

    def __init__(self, phones: Sequence[Phone], delay_ms: int = DELAY_MS, weights: Weights | None = None) -> None:
        """phones: in order, pauses where they may be made (between words), at least one. delay_ms: 20 or more."""
        weights = weights or shipped_weights()
        self._phones = [Phone(""), *phones, Phone("")]
        self._states, self._looks = _states(self._phones)
        self._pulls = np.array([[_contact(self._phones, s, rule) for s in self._states] for rule in _CONTACT_SHARES])
        shares = np.maximum(weights.viseme_shares, 1e-3) ** _SHARE_POWER
        self._looks = self._looks / shares
        stay = np.array([_stay(self._phones[state.phone]) for state in self._states])
        self._stay, self._go = np.log(stay), np.log(1 - stay)
        leave = [0.0 if state.is_pause else _LEAVE_OUT for state in self._states]
        self._leave = self._go[:-2] + np.array(leave[1:-1])
        self._scores: NDArray[np.float64] | None = None
        self._came_from: deque[NDArray[np.int8]] = deque(maxlen=max(1, round(delay_ms / 20)))
        self._sound = Sound(0, 0)
        self._reader = Reader(self._sound, 0, weights)
        self._read_to_sample = 0
        self._at_phone, self._begun_sample, self._given_sample = 0, 0, 0
        self._decided: list[PhonemeTiming] = []

    def add(self, pcm: Pcm) -> list[SpeechChunk]:
        """Take more sound of the clause; return what is decided: chunks in order, with phonemes, without holes.

        Times count from the start of the clause. The rest follows with later calls or `finish`.
        """
        self._sound.add(pcm)
        self._read()
        return self._given()

    def finish(self) -> list[SpeechChunk]:
        """No more sound: everything that is left."""
        self._sound.is_over = True
        self._read()
        if self._scores is not None:
            *_, before_last, last = range(len(self._states))  # the pause at the end may be left out
            ending = last if self._scores[last] > self._scores[before_last] else before_last
            if self._scores[ending] < _NEVER / 2:
                ending = int(np.argmax(self._scores))
            path = self._path(ending)
            for back, state in zip(range(len(path) - 1, -1, -1), path, strict=True):
                self._decide(state, self._read_to_sample - back * STEP_SAMPLES)
        self._close(self._sound.end_sample)
        return self._given()

    def _read(self) -> None:
        """Take in all steps that can be made; each decides what was spoken `delay_ms` before it."""
        while step := self._reader.next_step(self._sound.end_sample):
            scores = self._advance(step)
            self._read_to_sample = step.sample
            if len(self._came_from) == self._came_from.maxlen:
                spoken = self._path(int(np.argmax(scores)))[0]
                self._decide(spoken, step.sample - len(self._came_from) * STEP_SAMPLES)

    def _advance(self, step: Step) -> NDArray[np.float64]:
        """One step of the best ways through the states; returns how good each now is."""
        fits = self._fit(step)
        if self._scores is None:
            self._scores = np.full(len(fits), _NEVER)
            self._scores[:2] = fits[:2]
            return self._scores
        ways = np.full((3, len(fits)), _NEVER)
        ways[0] = self._scores + self._stay
        ways[1, 1:] = (self._scores + self._go)[:-1]
        ways[2, 2:] = self._scores[:-2] + self._leave
        best = ways.argmax(axis=0)
        self._came_from.append(best.astype(np.int8))
        self._scores = np.maximum(ways[best, np.arange(len(fits))] + fits, _NEVER)
        return self._scores

    def _fit(self, step: Step) -> NDArray[np.float64]:
        """How well each state fits what the network says of a moment."""
        fits = np.log(self._looks @ (np.array(step.visemes) + _LEAST))
        for pull, chance, share in zip(self._pulls, step.contacts, _CONTACT_SHARES.values(), strict=True):
            chance = min(max(chance, 0.02), 0.98)
            made, missing = np.log(chance / share), np.log((1 - chance) / (1 - share))
            fits += _CONTACT_POWER * np.where(pull > 0, made, np.where(pull < 0, missing, 0.0))
        return np.asarray(fits)

    def _path(self, state: int) -> list[int]:
        """The states of the last steps that lead to `state`, oldest first."""
        path = [state]
        for came_from in reversed(self._came_from):
            path.append(path[-1] - int(came_from[path[-1]]))
        return path[::-1]

    def _decide(self, state: int, moment: int) -> None:
        """At `moment` this state is being spoken; states never go back."""
        phone = max(self._states[state].phone, self._at_phone)
        border = min(max(moment - STEP_SAMPLES // 2, self._begun_sample), self._sound.end_sample)
        if phone > self._at_phone:
            left_out = [p for p in self._phones[self._at_phone + 1 : phone] if p.ipa]
            # Sounds that got no step of their own take the end of the one before, up to half of it.
            room = (border - self._begun_sample) // 2
            each = min(room // len(left_out), STEP_SAMPLES) if left_out else 0
            self._close(border - each * len(left_out))
            for short in left_out:
                self._give(short, self._begun_sample + each)
            self._at_phone = phone
        elif border - self._begun_sample > _LONGEST_HELD_SAMPLES:
            self._close(border)

    def _close(self, end: int) -> None:
        self._give(self._phones[self._at_phone], end)

    def _give(self, phone: Phone, end: int) -> None:
        """The sound that began at `_begun_sample` ends at `end`."""
        if end > self._begun_sample:
            self._decided.append(PhonemeTiming(phone.ipa, self._begun_sample, end - self._begun_sample, phone.stress))
            self._begun_sample = end

    def _given(self) -> list[SpeechChunk]:
        """The sound as far as it is decided, in one chunk."""
        begin, end = self._given_sample, self._begun_sample
        if end <= begin:
            return []
        phonemes, self._decided, self._given_sample = tuple(self._decided), [], end
        chunk = SpeechChunk(self._sound.samples(begin, end), phonemes)
        self._sound.forget(end - ms_to_samples(100))
        return [chunk]


def _states(phones: Sequence[Phone]) -> tuple[list[_State], NDArray[np.float64]]:
    """The pieces of all sounds, and what each looks like: weights of VISEMES, (states, visemes)."""
    states, looks = [], []
    for number, phone in enumerate(phones):
        for sound in sounds_of(phone.ipa):
            shape = sound.articulation
            look = np.zeros(len(VISEMES))
            if shape.rule is not Contact.TRANSPARENT:
                look[VISEMES.index(shape.viseme)] = 1 - shape.share
                if shape.second:
                    look[VISEMES.index(shape.second)] += shape.share
            states.append(_State(number, shape.kind is SoundKind.PAUSE))
            looks.append(look)
    for position in range(len(looks) - 2, -1, -1):
        if not looks[position].any():  # takes the shape of what follows
            looks[position] = looks[position + 1]
    return states, np.array(looks)


def _contact(phones: Sequence[Phone], state: _State, rule: Contact) -> int:
    """1: this state makes the contact; -1: it does not; 0: silence, in which lips may do either."""
    if state.is_pause:
        return 0
    return 1 if any(sound.articulation.rule is rule for sound in sounds_of(phones[state.phone].ipa)) else -1


def _stay(phone: Phone) -> float:
    """Chance to be in the same piece 20 ms later, from its usual duration."""
    return 1 - samples_to_ms(STEP_SAMPLES) / max(typical_ms(phone) / len(sounds_of(phone.ipa)), 30.0)
