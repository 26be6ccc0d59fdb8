"""What the simulated adapters share: how they behave, by chance, and what they really said and were told.

This is the other side of the proof: what a client hears is held against what a voice said here, and what a language
model is told of the conversation against what was heard of it. Tests: tests/testing/simulator/test_adapters.py.
"""

from __future__ import annotations

import re
from collections import ChainMap, Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

import numpy as np

from tth.adapters.base import SessionContext, Utterance
from tth.errors import AdapterError, AdapterProtocolError, AdapterRejected, AdapterUnavailable
from tth.model.media import Pcm, WordTiming, ms_to_samples
from tth.testing.simulator.texts import words_of

MAX_WORDS = 32_000
"""Each word of a conversation has a number of its own, which is the value of its samples."""


USUAL_MS, SLOW_MS = 1000 / 15, 200.0
"""What a code point takes in scripts with spaces and without."""
_UNSPACED = re.compile("[\u0e00-\u0eff\u2e80-\u9fff]")


class Fault(StrEnum):
    """What goes wrong in one call of an adapter."""

    NONE = "none"
    FAIL = "fail"
    """Raises before its first output."""
    FAIL_MIDWAY = "fail_midway"
    SILENT = "silent"
    """Gives nothing, for ever."""
    SILENT_MIDWAY = "silent_midway"
    BUG = "bug"
    """Raises what no adapter should."""
    NOTHING = "nothing"
    """Ends without output."""
    SHORT = "short"
    """Ends in the middle, as if that were all."""

    @property
    def is_midway(self) -> bool:
        return self in (Fault.FAIL_MIDWAY, Fault.SILENT_MIDWAY, Fault.SHORT)


_FAULTS = tuple(fault for fault in Fault if fault is not Fault.NONE)


@dataclass(frozen=True, slots=True)
class SaidWord:
    """A word as the voice said it."""

    number: int
    text: str
    clause_index: int
    """Of the turn's clauses that were spoken."""
    offset: int
    """Code points from the start of its clause."""
    sample_count: int


@dataclass(slots=True)
class TurnSound:
    """What one turn's voice gave, whether or not anybody got it."""

    clauses: list[str] = field(default_factory=list)
    words: list[SaidWord] = field(default_factory=list)
    pcm: list[bytes] = field(default_factory=list)
    is_prompt: bool = True
    """Nobody had to wait for it; so the sound has no holes."""
    is_whole: bool = True
    """The voice said all of what it was given: nobody can know which words it left out."""
    has_word_times: bool = True
    """Of every clause."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that a model got."""

    turn_id: str
    question: str
    history: tuple[Utterance, ...]


@dataclass(frozen=True, slots=True)
class Truncation:
    """A realtime model was told how much of an answer was heard."""

    turn_id: str
    heard_samples: int
    """Of its speech."""
    heard_text: str


@dataclass(frozen=True, slots=True)
class Speech:
    """A text as sound."""

    pcm: Pcm
    words: tuple[WordTiming, ...]


@dataclass(slots=True)
class Notes:
    """What the adapters were asked for and gave for one server's session. Another server that takes the session up has
    notes of its own: what the first one goes on with, while it does not know yet, is told to nobody."""

    sounds: dict[str, TurnSound] = field(default_factory=dict)
    replies: dict[str, str] = field(default_factory=dict)
    """By turn: what the model wrote, as far as it came."""
    asked: list[Asked] = field(default_factory=list)
    truncations: list[Truncation] = field(default_factory=list)

    def sound_of(self, turn_id: str) -> TurnSound:
        """The record of a turn's sound."""
        return self.sounds.setdefault(turn_id, TurnSound())


class Cast:
    """The adapters' common mind in one conversation."""

    def __init__(self, random: Random, fault_rate: float) -> None:
        """fault_rate: 0..1, of the calls go wrong."""
        self.random = random
        self.is_calm = False
        """Nothing goes wrong or takes time any more."""
        self.happened: Counter[str] = Counter()
        self.notes: list[Notes] = []
        """Of each server that had the session, in order."""
        self._contexts: list[SessionContext] = []  # by which they are known
        self.words: list[SaidWord] = [SaidWord(0, "", 0, 0, 0)]
        """By number; 0 is silence between words."""
        self.longest_slot_samples = 0
        """For so long one face is shown at most: a motion frame does not say for how long."""
        self._fault_rate = fault_rate

    def draw_fault(self, role: str, share: float = 1.0) -> Fault:
        """What goes wrong in a call that begins. share: of the usual rate."""
        if self.is_calm or self.random.random() >= self._fault_rate * share:
            return Fault.NONE
        fault = self.random.choice(_FAULTS)
        self.happened[f"{role} {fault}"] += 1
        return fault

    def error(self, role: str) -> AdapterError:
        """What an adapter may raise."""
        kind = self.random.choice((AdapterUnavailable, AdapterRejected, AdapterProtocolError))
        return kind(f"the simulated {role} failed", role=role)

    def notes_of(self, context: SessionContext) -> Notes:
        """The notes of the adapters that were opened with this very context."""
        for known, notes in zip(self._contexts, self.notes, strict=True):
            if known is context:
                return notes
        self._contexts.append(context)
        self.notes.append(Notes())
        return self.notes[-1]

    @property
    def sounds(self) -> Mapping[str, TurnSound]:
        """By turn: what its voice gave; of two servers that spoke a turn, for the one that had the session last."""
        return ChainMap(*(notes.sounds for notes in reversed(self.notes)))

    @property
    def replies(self) -> Mapping[str, str]:
        """By turn: what the model wrote; as above."""
        return ChainMap(*(notes.replies for notes in reversed(self.notes)))

    @property
    def asked(self) -> list[Asked]:
        """What the models were asked; as above."""
        by_turn = {one.turn_id: one for notes in self.notes for one in notes.asked}
        return list(by_turn.values())

    @property
    def truncations(self) -> list[Truncation]:
        """What realtime models were told of what was heard; as above."""
        last = {turn_id: notes for notes in self.notes for turn_id in notes.sounds}
        return [one for notes in self.notes for one in notes.truncations if last.get(one.turn_id, notes) is notes]

    def speak(self, sound: TurnSound, text: str, ms_per_character: float, *, with_times: bool) -> Speech:
        """Say a text and note it. Without word times every character takes equally long, so that a listener who
        knows nothing but the clause can tell where it is."""
        clause_index = len(sound.clauses)
        sound.clauses.append(text)
        sound.has_word_times = sound.has_word_times and with_times
        if not with_times:  # as fast as people speak, for nothing but that is known of such a voice
            ms_per_character = SLOW_MS if _UNSPACED.search(text[:40]) else USUAL_MS
        each = ms_to_samples(ms_per_character)
        values: list[int] = []
        counts: list[int] = []
        timings: list[WordTiming] = []
        at_offset = at_sample = 0
        for word in words_of(text):
            gap = (word.offset - at_offset) * each
            count = len(word.text) * each
            if with_times:
                gap = round(gap * self.random.uniform(0, 1))
                count = max(2, round(count * self.random.uniform(0.5, 1.5)))
            number = len(self.words) % MAX_WORDS
            said = SaidWord(number, word.text, clause_index, word.offset, count)
            self.words.append(said)
            sound.words.append(said)
            values += (0, number)
            counts += (gap, count)
            timings.append(WordTiming(word.text, word.offset, at_sample + gap, count))
            at_sample += gap + count
            at_offset = word.end
        values.append(0)
        counts.append((len(text) - at_offset) * each)
        pcm = np.repeat(np.array(values, np.int16), np.array(counts))
        return Speech(pcm, tuple(timings) if with_times else ())
