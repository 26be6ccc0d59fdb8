"""From what was sent to what was heard: what a turn leaves in the conversation's history, and how it is mended later.

A turn that was sent completely may still be cut off while it is heard; one that was stopped because its client was lost
may turn out to have been heard further, when the client comes back and says so.
Tests: tests/session/test_heard.py, tests/session/test_memory.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from tth.adapters.base import RealtimeSession
from tth.model.events import TextMode, TurnHeard, TurnOutcome
from tth.pipeline.turn_record import TurnRecord
from tth.pipeline.turn_result import TurnResult
from tth.session.history import History


class SpokenTurn(Protocol):
    """A turn that has ended, as far as the memory needs it. Samples are media clock."""

    @property
    def turn_id(self) -> str: ...

    @property
    def mode(self) -> TextMode: ...

    @property
    def start_sample(self) -> int: ...

    @property
    def speech_end_sample(self) -> int:
        """Where the speech that was sent ends."""
        ...

    def heard_until(self, sample: int) -> str:
        """The part of its text that is heard at this sample, cut at a word."""
        ...

    def speech_samples_until(self, sample: int) -> int:
        """How much speech, without the silence between, is heard at this sample."""
        ...

    def record(self, heard_sample: int, *, is_told: bool) -> TurnRecord:
        """The same for another server."""
        ...


@dataclass(slots=True)
class _Ended:
    turn: SpokenTurn
    text: str
    """All that was sent of it."""
    is_whole: bool
    """Nothing of it was left unsent."""
    heard_text: str
    """As the history has it."""
    is_cut: bool
    """Its end was never to be heard: it was stopped, or its rest was cut off."""
    is_lost: bool = False
    """Because its client was: that one may have heard more than anybody here could know."""
    is_ours: bool = True
    """It was spoken by this server."""

    @property
    def is_open(self) -> bool:
        """What was heard of it is still for its client to say."""
        return self.is_lost or not self.is_cut


class Memory:
    """One conversation's."""

    def __init__(self, history: History, realtime: RealtimeSession | None) -> None:
        self.history = history
        self._realtime = realtime
        self._last: _Ended | None = None

    @property
    def last_turn_id(self) -> str:
        """ "" before any turn has ended."""
        return self._last.turn.turn_id if self._last is not None else ""

    @property
    def is_settled(self) -> bool:
        """What was heard of the last turn was decided by its client, or there was none."""
        return self._last is None or not self._last.is_open

    def forget(self) -> None:
        """The session is over. Its last turn, which knows its stream and so the session, is let go."""
        self._last = None

    def take(self, turn: SpokenTurn, result: TurnResult, question: str) -> None:
        """A turn has ended. question: what it answered; "" where nobody asked."""
        is_cut = result.outcome is not TurnOutcome.COMPLETED
        sent_text = turn.heard_until(turn.speech_end_sample) if is_cut else result.text
        self._last = _Ended(turn, sent_text, not is_cut, result.heard_text, is_cut)
        if question:
            self.history.add_user(question)
        self.history.add_person(result.heard_text, is_cut)
        if is_cut:
            self._truncate(turn, result.heard_sample, result.heard_text)

    def record(self, heard_sample: int) -> TurnRecord | None:
        """What another server needs to mend the history; None when there is nothing left to mend."""
        last = self._last
        if last is None or not last.is_open:
            return None
        outcome = TurnOutcome.COMPLETED if last.is_whole else TurnOutcome.CANCELLED
        record = last.turn.record(heard_sample, is_told=True)
        return replace(
            record, outcome=outcome, heard_text=last.heard_text, speech_end_sample=last.turn.speech_end_sample
        )

    def restore(self, turn: TurnRecord, heard_text: str) -> None:
        """The last turn of a server that is gone: what its client heard of it is not known for certain. The history
        has it already, and a realtime model of this server knows nothing of it."""
        is_whole = turn.outcome is TurnOutcome.COMPLETED
        text = turn.text if is_whole else turn.heard_until(turn.speech_end_sample)
        is_cut = not is_whole or heard_text != text
        self._last = _Ended(turn, text, is_whole, heard_text, is_cut, is_lost=True, is_ours=False)

    def cut(self, sample: int, *, is_estimate: bool) -> TurnHeard | None:
        """Of the last turn, nothing is heard behind this sample. None when all of it was, or it had been cut before."""
        last = self._last
        if last is None or last.is_cut or sample >= last.turn.speech_end_sample:
            return None
        last.is_cut = True
        sample = max(sample, last.turn.start_sample)
        heard_text = min(last.turn.heard_until(sample), last.heard_text, key=len)
        return self._mend(last, sample, heard_text, is_estimate=is_estimate)

    def lose(self) -> None:
        """The client of the last turn is gone, and has not said how much of it it heard."""
        if self._last is not None:
            self._last.is_lost = True

    def regain(self, sample: int | None) -> TurnHeard | None:
        """The client is back, and had heard so much of what it had in hand, whether it was lost or had said goodbye
        (None: it does not say). None when that is what the history has."""
        last = self._last
        if last is None or not last.is_open:
            return None
        last.is_lost = False
        if sample is None:
            return None
        sample = max(last.turn.start_sample, min(sample, last.turn.speech_end_sample))
        is_all = sample == last.turn.speech_end_sample
        heard_text = last.text if is_all else last.turn.heard_until(sample)
        if heard_text == last.heard_text:
            return None
        last.is_cut = not (is_all and last.is_whole)
        return self._mend(last, sample, heard_text, is_estimate=False)

    def _mend(self, last: _Ended, sample: int, heard_text: str, *, is_estimate: bool) -> TurnHeard:
        if heard_text != last.heard_text:
            self.history.correct_person(last.heard_text, heard_text, interrupted=last.is_cut)
            last.heard_text = heard_text
        if last.is_ours:
            self._truncate(last.turn, sample, heard_text)
        return TurnHeard(last.turn.turn_id, heard_text, sample, is_estimate)

    def _truncate(self, turn: SpokenTurn, heard_sample: int, heard_text: str) -> None:
        """A realtime model keeps a memory of its own: it must end where the listener's does."""
        if self._realtime is not None and turn.mode is TextMode.TALK:
            self._realtime.truncate(turn.turn_id, turn.speech_samples_until(heard_sample), heard_text)
