"""What the listener heard, what the server says of it, and what the conversation remembers.

A model of its own: words are counted in the samples that the simulated player had played, and a language model tells
what it was given as history.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from tth.adapters.base import Speaker, Utterance
from tth.model.media import ms_to_samples, us_to_samples
from tth.testing.simulator.checks.pauses import held_at_end, pieces_of
from tth.testing.simulator.checks.sound import TAIL_SAMPLES
from tth.testing.simulator.checks.texts import heard_words, text_of, word_ends
from tth.testing.simulator.recording import TERMINAL, Got, Pause, Recording, Stop
from tth.testing.simulator.world import World
from tth.v1.converse_pb2 import TEXT_MODE_TALK, TurnOutcome

MAX_WORDS_OFF = 1
FAR = 2**62
"""Behind all sound."""
NEAR_MS = 250
"""How far an estimate may be from what a client hears that plays at once and never has to wait."""
_BOUNDARIES = frozenset(("turn_started", "turn_paused", *TERMINAL))
_BY_CLIENT = {TurnOutcome.TURN_OUTCOME_INTERRUPTED: False, TurnOutcome.TURN_OUTCOME_SUPERSEDED: True}


def _stopped(recording: Recording, world: World) -> Iterator[tuple[list[Got], Stop | None]]:
    """Turns that were stopped, and what the client did to stop it, if it is known for certain."""
    for turn_id, events in recording.known_turns.items():
        if events[0].kind != "turn_started" or events[-1].kind != "turn_stopped":
            continue
        by_text = _BY_CLIENT.get(events[-1].body.outcome)
        asked = [stop for stop in recording.stops if stop.turn_id in ("", turn_id) and stop.by_text == by_text]
        begun_s = events[0].at_s - world.uplink_ms / 1000 - world.record_s
        since_s = begun_s + 1e-6 if recording.is_prompt(events[0]) else 0.0
        asked = [stop for stop in asked if since_s - 2e-6 <= stop.at_s <= events[-1].at_s]
        texts = [one for one in recording.sent if one.kind == "user_text" and since_s < one.at_s <= events[-1].at_s]
        is_text_certain = not by_text or len(texts) <= 1  # a text may also have been the last part of this one
        is_certain = asked and all(stop.turn_id for stop in asked) and is_text_certain
        yield events, asked[0] if is_certain else None


def as_played(recording: Recording, world: World) -> Iterator[str]:
    """Where the position was told, what is said to be heard is what was played up to it, give or take a word."""
    for events, stop in _stopped(recording, world):
        body, pause = events[-1].body, held_at_end(events)
        if pause is not None:
            yield from _up_to_pause(events, pause)
        if stop is not None and (stop.told_sample is not None or pause is not None):
            if pause is not None:  # whatever was told then
                stop = replace(stop, told_sample=FAR)  # it may come only now
            yield from is_near(recording, events, body.heard_text, stop, 0)
    for one in recording.of_kind["turn_heard"]:
        events = recording.of_turn.get(one.body.turn_id, [])
        due_s = one.at_s - world.uplink_ms / 1000  # what else it may be due to knows nothing of the player
        asked: list[Stop | Pause] = [*recording.stops, *recording.pauses]
        stops = [stop for stop in asked if -0.002 < due_s - stop.at_s < 0.002 + world.record_s]
        if one.is_again or recording.streams[one.stream].was_going(one.at_s):
            continue  # it answers a client that has come back, or says what was known when it was lost
        if (not events or events[-1].kind != "turn_complete") and not recording.has_hole(0, one.seq):
            yield f"turn_heard of {one.body.turn_id}, which was not completed"
        elif not recording.streams[one.stream].is_quick:
            continue  # which interrupt it answers cannot be told
        elif _is_due_to_text(recording, one):
            continue  # a text says nothing of a position, whatever was said beside it
        elif stops and not one.body.heard_is_estimate and all(stop.told_sample is not None for stop in stops):
            wrong = [list(is_near(recording, events, one.body.heard_text, stop, 0)) for stop in stops]
            yield from min(wrong, key=len)  # the first that the server took did it


def _is_due_to_text(recording: Recording, one: Got) -> bool:
    """The stop that goes with this `turn_heard`, and follows it at once, is that of a turn which another one took the
    place of."""
    behind = (event for event in recording.told if event.seq > one.seq and event.kind in _BOUNDARIES)
    first = next(behind, None)
    return (
        first is not None
        and first.kind == "turn_stopped"
        and first.at_s == one.at_s
        and first.body.outcome == TurnOutcome.TURN_OUTCOME_SUPERSEDED
    )


def _up_to_pause(events: list[Got], pause: Got) -> Iterator[str]:
    """A turn that ends while it is held was heard up to there, whatever was told at its end."""
    body = events[-1].body
    if body.heard_pts_us != pause.body.pts_us:
        yield f"{events[0].turn_id} was held at {pause.body.pts_us} us, and is said to be heard to {body.heard_pts_us}"
    if body.heard_is_estimate != pause.body.is_estimate:
        yield f"{events[0].turn_id}: heard_is_estimate is {body.heard_is_estimate}, that of its pause was not"


def is_near(
    recording: Recording, events: list[Got], heard_text: str, stop: Stop | Pause, slack_samples: int
) -> Iterator[str]:
    """heard_text against what was played up to the told position, or what was played in truth where none was told."""
    turn_id, length = events[0].turn_id, len(heard_text)
    said = recording.cast.sounds.get(turn_id)
    if said is not None and not said.is_whole:
        return
    told = sum(end <= length for end in word_ends(recording, turn_id, text_of(events)))
    until = stop.played_sample if stop.told_sample is None else stop.told_sample
    came_by_s = stop.at_s if until <= stop.played_sample else None
    least = heard_words(recording, events, until - slack_samples, came_by_s) - MAX_WORDS_OFF
    most = heard_words(recording, events, until + slack_samples, None if slack_samples else came_by_s) + MAX_WORDS_OFF
    if not least <= told <= most:
        yield f"{turn_id}: {told} words are said to be heard, {least} to {most} would be right at sample {until}"


def estimates(recording: Recording, world: World) -> Iterator[str]:
    """Without a position from the client it is an estimate, and called one; it stays within what was sent, and for a
    client that plays at once it is right to a quarter of a second."""
    has_reported = any(one.kind == "playback_report" for one in recording.sent)
    for events, stop in _stopped(recording, world):
        turn_id, terminal = events[0].turn_id, events[-1].body
        since_s = events[0].at_s - world.uplink_ms / 1000 - world.record_s if recording.is_prompt(events[0]) else 0.0
        asked: list[Stop | Pause] = [*recording.stops, *recording.pauses]
        asked = [one for one in asked if since_s - 1e-6 <= one.at_s <= events[-1].at_s]
        has_told = any(one.told_sample is not None for one in asked)
        if held_at_end(events) is not None:
            continue  # `as_played` looks at it
        if stop is not None and stop.told_sample is not None and terminal.heard_is_estimate:
            yield f"{turn_id}: the position was told, but is called an estimate"
        if not has_told and not has_reported and not terminal.heard_is_estimate:
            yield f"{turn_id}: nobody told a position, but it is not called an estimate"
        begin, heard_at = us_to_samples(events[0].body.media_start_pts_us), us_to_samples(terminal.heard_pts_us)
        if not begin <= heard_at <= max(begin, us_to_samples(terminal.audio_end_pts_us)):
            yield f"{turn_id}: heard until {heard_at}, which is not within the turn's sound"
        if stop is None or stop.told_sample is not None or not recording.is_prompt(events[-1]):
            continue
        if world.reports == "exact" or not has_reported:
            slack = ms_to_samples(NEAR_MS + world.uplink_ms + (world.report_ms if stop.reported else 0))
            at_begin = replace(stop, played_sample=max(stop.played_sample, begin))  # not before it began
            yield from is_near(recording, events, terminal.heard_text, at_begin, slack)


NEVER_BEGUN = 3
"""Events of a turn that waited and was given back: seen to begin, its metrics, its end. The one before it is still the
last that anybody heard."""


class _Entry(NamedTuple):
    """What the memory is to hold in one place."""

    speaker: Speaker
    text: str
    interrupted: bool | None
    """None: its turn's end was never told, and it was heard as far as anything of it is known to have been sent."""

    def is_in(self, utterance: Utterance) -> bool:
        """It is remembered so."""
        is_cut = utterance.interrupted if self.interrupted is None else self.interrupted
        return utterance == Utterance(self.speaker, self.text, is_cut)


def remembered(recording: Recording, world: World) -> Iterator[str]:
    """Every question to the model came with what was said and heard before, in order; nothing else. That holds over
    streams that resume, to the word."""
    questions = {one.turn_id: one for one in recording.cast.asked}
    expected: list[_Entry | None] = []
    known_seq = 0  # up to where everything is known
    last_turn: str | None = ""  # None: its end was lost
    texts: dict[str, str] = {}  # of each turn that has ended, as it is remembered
    for one in recording.told:
        if recording.has_hole(known_seq, one.seq):
            expected, last_turn = _unsure(expected), None
        known_seq = one.seq
        if one.kind == "turn_started":
            asked = questions.get(one.turn_id)
            if asked is not None and (wrong := _differs(asked.history, expected)):
                yield f"{one.turn_id}: {wrong}"
        elif one.kind in TERMINAL:
            expected += _entries(recording, recording.of_turn[one.turn_id][0], one)
            texts[one.turn_id] = one.body.text if one.kind == "turn_complete" else one.body.heard_text
            if one.kind == "turn_complete" or len(recording.of_turn[one.turn_id]) > NEVER_BEGUN:
                last_turn = one.turn_id
        elif one.kind == "turn_heard":
            if last_turn not in (None, one.body.turn_id):
                yield f"turn_heard is about {one.body.turn_id}, the last turn was {last_turn}"
            events = recording.of_turn.get(one.body.turn_id, [])
            expected = _corrected(expected, texts.get(one.body.turn_id), one, events, world)
            texts[one.body.turn_id] = one.body.heard_text


def _entries(recording: Recording, first: Got, terminal: Got) -> list[_Entry | None]:
    """What a turn leaves in the memory; None stands for what is not known, or was never asked."""
    questions = {one.turn_id: one.question for one in recording.cast.asked}
    turn_id = first.turn_id
    if first.kind != "turn_started":
        return [None]
    entries: list[_Entry | None] = []
    if first.body.mode == TEXT_MODE_TALK:
        entries.append(_Entry(Speaker.USER, questions[turn_id], False) if turn_id in questions else None)
    text = terminal.body.text if terminal.kind == "turn_complete" else terminal.body.heard_text
    if text.strip():
        entries.append(_Entry(Speaker.PERSON, text, terminal.kind == "turn_stopped"))
    return entries


def _unsure(expected: list[_Entry | None]) -> list[_Entry | None]:
    """A client was lost: there may be turns that it never saw, and of the last two it may not have heard the ends."""
    spoken = [at for at, one in enumerate(expected) if one is not None and one.speaker is Speaker.PERSON]
    return [None if at in spoken[-2:] else one for at, one in enumerate(expected)] + [None]


def _corrected(
    expected: list[_Entry | None], remembered: str | None, one: Got, events: list[Got], world: World
) -> list[_Entry | None]:
    """What was remembered last was heard only so far, or, by a client that has come back, further than was known."""
    heard_text = one.body.heard_text
    if remembered is None or remembered == heard_text:
        return expected  # not known; or the rest had no words in it
    entry = [_Entry(Speaker.PERSON, heard_text, _is_interrupted(one, events, world))] if heard_text.strip() else []
    if not remembered.strip():
        return [*expected, *entry]
    places = [at for at, old in enumerate(expected) if old is not None and _is_said(old, remembered)]
    if not places:
        return expected
    return [*expected[: places[-1]], *entry, *expected[places[-1] + 1 :]]


def _is_interrupted(one: Got, events: list[Got], world: World) -> bool | None:
    """Whether a turn of which so much was heard ends before its speech did; None where that is not known."""
    heard_at = us_to_samples(one.body.heard_pts_us)
    if events and events[-1].kind in TERMINAL:
        return events[-1].kind == "turn_stopped" or heard_at < speech_end_of(events[-1], world)
    is_more = any(piece.end > heard_at for piece in pieces_of(events) if not piece.chunk.body.last)
    return True if is_more else None


def speech_end_of(terminal: Got, world: World) -> int:
    """Of a turn that was completed: where its speech ends, in samples."""
    return us_to_samples(terminal.body.audio_end_pts_us) - TAIL_SAMPLES[world.media.audio_codec]


def _is_said(one: _Entry, text: str) -> bool:
    return one.speaker is Speaker.PERSON and one.text == text


def _differs(history: tuple[Utterance, ...], expected: list[_Entry | None]) -> str:
    """What is wrong, or "". A None stands for any number of entries: those of turns that the client never saw."""
    reachable = {0}
    for wanted in expected:
        if wanted is None:
            reachable = set(range(min(reachable), len(history) + 1))
        else:
            reachable = {at + 1 for at in reachable if at < len(history) and wanted.is_in(history[at])}
        if not reachable:
            return f"the model's history lacks what was heard: {wanted and (wanted.speaker, wanted.interrupted)}"
    return "" if len(history) in reachable else f"the model's history has {len(history)} entries"


def prompt(recording: Recording, world: World) -> Iterator[str]:
    """A quick client has `turn_stopped` as soon as its interrupt has arrived."""
    for events, stop in _stopped(recording, world):
        if stop is None or stop.by_text or not recording.is_prompt(events[-1]):
            continue
        late_s = events[-1].at_s - stop.at_s - world.uplink_ms / 1000
        if late_s > 0.001 + world.record_s:
            yield f"{events[0].turn_id}: stopped {late_s * 1000:.0f} ms after the interrupt had arrived"
