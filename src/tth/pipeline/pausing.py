"""What a pause does to a running turn: where it was held, and what of the unsent rest still goes out.

Tests: tests/pipeline/test_pausing.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tth.adapters.base import ControlChange
from tth.core.budget import Budgets
from tth.model.events import (
    AudioChunk,
    Event,
    MotionFrame,
    Speaking,
    TurnPaused,
    TurnResumed,
    VideoFrame,
    WordSpoken,
)
from tth.pipeline.turn_state import Hold, TurnInProgress


def hold_sample(turn: TurnInProgress, reported: int | None) -> int:
    """Up to which sample the turn was heard and seen. reported: what the client's listener hears; None = estimate.

    While sound is being heard, the report counts, else the media clock; never more than was sent. When all sound that
    was sent has been heard, the listener looks at somebody silent: then it is the clock, which knows of the pictures.
    """
    timeline, tally = turn.timeline, turn.tally
    sound_end = max(timeline.floor_sample, tally.audio_end_sample)
    if reported is not None and reported < sound_end:
        return max(timeline.floor_sample, reported)
    sent_end = max(sound_end, tally.sent_end_sample)
    unsent_speech = timeline.next_speech(sound_end)
    end = sent_end if unsent_speech is None else min(sent_end, unsent_speech)
    heard_at_least = timeline.floor_sample if reported is None else sound_end
    return max(heard_at_least, min(turn.position(), end))


def hold_turn(turn: TurnInProgress, reported: int | None) -> None:
    """Hold a turn whose take has been cut. One synchronous call: what ends its speech and `turn_paused` are with the
    sink when it returns, and the timeline stands where the next take begins, behind all that was sent."""
    venue, now_s = turn.venue, turn.now_s()
    heard_at, rest = _take_back(turn, venue.sink.cut(turn.plan.turn_id), reported)
    for event in rest:
        venue.sink.emit(event, turn.plan.turn_id)
    if turn.speaks:
        turn.emit(Speaking(False, max(heard_at, turn.speaks_since_sample)))
    turn.emit(TurnPaused(heard_at, reported is None))
    turn.hold_at(Hold(now_s, heard_at, reported is None))
    # The client drops what it has of this turn behind that sample: the next picture must stand alone, and comes now.
    venue.encoder.request_keyframe()
    venue.media_clock.skip_to_end(now_s)
    next_sample = venue.media_clock.next_start(now_s)
    if turn.sessions.avatar is not None:
        turn.sessions.avatar.unseen_from(heard_at)
    turn.timeline.rewind(heard_at, next_sample, turn.heard_code_points(heard_at))
    if turn.revision != turn.plan.report.control_revision:  # the next take's pictures must say so, too
        turn.pending_change = turn.pending_change or ControlChange(next_sample, turn.controls, turn.revision)


def let_turn_go(turn: TurnInProgress, start_sample: int) -> None:
    """Let a held turn go on; its speech does at `start_sample`."""
    assert turn.hold is not None
    paused_ms = (turn.now_s() - turn.hold.since_s) * 1000
    turn.go_on()
    turn.emit(TurnResumed(start_sample, paused_ms))


def _take_back(turn: TurnInProgress, unsent: Sequence[Event], reported: int | None) -> tuple[int, list[Event]]:
    """What the sink forgot at a pause: its media was never sent and comes again; the rest is to be sent all the same.

    Returns where the turn is held (`hold_sample`) and that rest, oldest first.
    """
    tally = turn.tally
    tally.take_back([event for event in unsent if isinstance(event, AudioChunk | VideoFrame | MotionFrame)])
    heard = hold_sample(turn, reported)
    tally.repeated_samples += turn.timeline.speech_before(tally.audio_end_sample) - turn.timeline.speech_before(heard)
    mark_is_lost = any(isinstance(event, AudioChunk) and event.last for event in unsent)
    if turn.sound_end_sample is not None and (mark_is_lost or turn.sound_end_sample > heard):
        turn.sound_end_sample = None
    code_points = turn.heard_code_points(heard)
    rest: list[Event] = []
    for event in reversed(unsent):
        if not _is_void(event, heard, code_points):
            rest.append(event)
        elif isinstance(event, Speaking):
            turn.speaks = not event.started
    return heard, rest[::-1]


def take_back_at_stop(turn: TurnInProgress, unsent: Sequence[Event]) -> None:
    """What the sink forgot at a stop was never sent: the figures and the ends must not count it. What answers the
    client is sent all the same: that the turn was held, that it went on, and who spoke until then."""
    turn.tally.take_back(unsent)
    marks = [at for at, event in enumerate(unsent, 1) if isinstance(event, TurnPaused | TurnResumed)]
    answered = marks[-1] if marks else 0
    for event in unsent[:answered]:
        if isinstance(event, Speaking | TurnPaused | TurnResumed):
            turn.venue.sink.emit(event, turn.plan.turn_id)
    for event in reversed(unsent[answered:]):
        if isinstance(event, Speaking):
            turn.speaks = not event.started


def _is_void(event: Event, heard: int, heard_code_points: int) -> bool:
    """It tells of sound or pictures that were not heard or seen, and comes again with them."""
    match event:
        case AudioChunk() | VideoFrame() | MotionFrame():
            return True
        case WordSpoken(timing):
            return timing.offset >= heard_code_points
        case Speaking(started, at_sample):
            return at_sample > heard or (started and at_sample == heard)
        case _:
            return False


class TurnDeadline:
    """How long a turn may take: its own budget while it goes on, that of a pause while it is held."""

    def __init__(self, budgets: Budgets) -> None:
        self._left_s = budgets.turn_ms / 1000  # of the turn's own, at `_since_s`
        self._pause_s = budgets.pause_ms / 1000
        self._since_s = 0.0
        self._is_held = False
        self._timeout: asyncio.Timeout | None = None

    def begin(self) -> asyncio.Timeout:
        """The context in which the turn runs; raises TimeoutError."""
        self._since_s = asyncio.get_running_loop().time()
        self._timeout = asyncio.timeout_at(self._ends_s())
        return self._timeout

    def end(self) -> None:
        """The turn is over. (A timeout knows its task, and that one its turn.)"""
        self._timeout = None

    def switch(self, *, is_held: bool) -> None:
        """It is held from now on, or goes on."""
        if self._timeout is not None:
            now_s = asyncio.get_running_loop().time()
            if not self._is_held:
                self._left_s -= now_s - self._since_s
            self._since_s = now_s
        self._is_held = is_held
        if self._timeout is not None and not self._timeout.expired():
            self._timeout.reschedule(self._ends_s())

    def _ends_s(self) -> float:
        return self._since_s + (self._pause_s if self._is_held else self._left_s)
