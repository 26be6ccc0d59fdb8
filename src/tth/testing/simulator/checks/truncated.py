"""What a realtime model is told of how much of its answers was heard: it has a memory of its own, which nobody sees."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tth.session.terms import OverlapPolicy
from tth.testing.simulator.cast import Truncation
from tth.testing.simulator.checks.heard import MAX_WORDS_OFF, NEVER_BEGUN
from tth.testing.simulator.checks.texts import word_ends
from tth.testing.simulator.recording import Got, Recording
from tth.testing.simulator.world import World
from tth.v1.converse_pb2 import TEXT_MODE_TALK


def as_told(recording: Recording, world: World) -> Iterator[str]:
    """Each time that the client is told how much of an answer was heard, so is the model, in the same words; of an
    answer that was heard to its end neither hears anything. Where a language model answers there is nobody to tell."""
    for turn_id, events in recording.known_turns.items():
        first = events[0]
        is_answer = first.kind == "turn_started" and first.body.mode == TEXT_MODE_TALK
        if not is_answer or recording.has_hole(events[-1].seq):
            continue  # what was said of it is not all known
        if any(first.stream < fork.stream or first.seq <= fork.last_seq for fork in recording.forks):
            continue  # it began with another server: the model of this one has never heard of it
        told = [one.body.heard_text for one in _statements(recording, turn_id, events)]
        cuts = [one.heard_text for one in recording.cast.truncations if one.turn_id == turn_id]
        may_not_have_begun = world.overlap is OverlapPolicy.QUEUE and len(events) <= NEVER_BEGUN
        if cuts != (told if world.realtime else []) and not (may_not_have_begun and not cuts):
            yield f"{turn_id}: the client is told {told} to be heard, the model {cuts}"


def _statements(recording: Recording, turn_id: str, events: list[Got]) -> list[Got]:
    """What the client is told of how much was heard of this turn, where that is not all of it."""
    stopped = [one for one in events if one.kind == "turn_stopped"]
    return [*stopped, *(one for one in recording.of_kind["turn_heard"] if one.body.turn_id == turn_id)]


def in_its_sound(recording: Recording, world: World) -> Iterator[str]:
    """The samples after which the model is to cut its sound hold the words that it is told, more than half of each."""
    for cut in recording.cast.truncations:
        said = recording.cast.sounds.get(cut.turn_id)
        if said is not None and said.is_whole:
            told, held = _words_told(recording, cut), _words_held(recording, cut)
            off = 0 if said.has_word_times else MAX_WORDS_OFF
            if abs(told - held) > off:
                yield f"{cut.turn_id}: cut to {told} words, {cut.heard_samples} samples hold {held}"


def _words_told(recording: Recording, cut: Truncation) -> int:
    text = recording.cast.replies.get(cut.turn_id, "")
    return sum(end <= len(cut.heard_text) for end in word_ends(recording, cut.turn_id, text))


def _words_held(recording: Recording, cut: Truncation) -> int:
    said = recording.cast.sounds[cut.turn_id]
    sound = np.frombuffer(b"".join(said.pcm), np.int16)[: max(0, cut.heard_samples)]
    counts = np.bincount(sound, minlength=len(recording.cast.words))
    return sum(counts[word.number] > word.sample_count / 2 for word in said.words)
