"""What a turn leaves behind, and what its client says of it when it comes back."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tth.adapters.base import Speaker, Utterance
from tth.model.controls import ControlReport, Controls
from tth.model.events import TextMode, TurnHeard, TurnMetrics, TurnOutcome
from tth.pipeline.turn_record import TurnRecord
from tth.pipeline.turn_result import TurnResult
from tth.session.history import History
from tth.session.memory import Memory

pytestmark = pytest.mark.unit

TEXT = "one two three four"


@dataclass(frozen=True)
class Spoken:
    """Four words of 1000 samples each, from 10000 on, of which some were sent."""

    turn_id: str = "t_1"
    mode: TextMode = TextMode.TALK
    start_sample: int = 10_000
    speech_end_sample: int = 14_000

    def heard_until(self, sample: int) -> str:
        return " ".join(TEXT.split()[: max(0, sample - 10_000) // 1000])

    def speech_samples_until(self, sample: int) -> int:
        return sample - 10_000

    def record(self, heard_sample: int, *, is_told: bool) -> TurnRecord:
        raise NotImplementedError


def memory_of(outcome: TurnOutcome, heard_text: str, turn: Spoken | None = None) -> Memory:
    memory = Memory(History(), None)
    metrics = TurnMetrics(ControlReport(1, Controls()), outcome)
    memory.take(turn or Spoken(), TurnResult(metrics, TEXT, heard_text, 0), "And?")
    return memory


def person(memory: Memory) -> Utterance | None:
    """What it said last, as the history has it."""
    last = memory.history.snapshot()[-1]
    return last if last.speaker is Speaker.PERSON else None


def test_a_client_that_heard_more_than_was_thought() -> None:
    """It played what it had in hand: the history grows to what it says, cut at a word."""
    memory = memory_of(TurnOutcome.CANCELLED, "one", Spoken(speech_end_sample=13_000))
    memory.lose()
    assert memory.regain(12_500) == TurnHeard("t_1", "one two", 12_500, False)
    assert person(memory) == Utterance(Speaker.PERSON, "one two", interrupted=True)


def test_nobody_heard_more_than_was_sent() -> None:
    """A position beyond the end is the end; what was never sent is not heard."""
    memory = memory_of(TurnOutcome.CANCELLED, "one", Spoken(speech_end_sample=13_000))
    memory.lose()
    assert memory.regain(10**9) == TurnHeard("t_1", "one two three", 13_000, False)
    assert person(memory) == Utterance(Speaker.PERSON, "one two three", interrupted=True)


def test_a_turn_that_was_heard_to_its_end_after_all() -> None:
    """It had been sent completely: nothing is interrupted then."""
    memory = memory_of(TurnOutcome.COMPLETED, TEXT)
    assert memory.cut(12_000, is_estimate=True) == TurnHeard("t_1", "one two", 12_000, True)
    memory.lose()
    assert memory.regain(14_000) == TurnHeard("t_1", TEXT, 14_000, False)
    assert person(memory) == Utterance(Speaker.PERSON, TEXT)


def test_a_turn_of_which_nothing_was_thought_to_be_heard() -> None:
    """There was no trace of it; now there is."""
    memory = memory_of(TurnOutcome.CANCELLED, "")
    memory.lose()
    assert memory.regain(11_000) is not None
    assert person(memory) == Utterance(Speaker.PERSON, "one", interrupted=True)
    assert len(memory.history.snapshot()) == 2


def test_less_than_was_thought() -> None:
    """Down to nothing; positions before the turn are its start."""
    memory = memory_of(TurnOutcome.CANCELLED, "one two")
    memory.lose()
    assert memory.regain(0) == TurnHeard("t_1", "", 10_000, False)
    assert person(memory) is None


@pytest.mark.parametrize("sample", [None, 12_000])
def test_nothing_new_is_not_told(sample: int | None) -> None:
    """A client that says nothing, or what was known."""
    memory = memory_of(TurnOutcome.CANCELLED, "one two")
    memory.lose()
    assert memory.regain(sample) is None
    assert person(memory) == Utterance(Speaker.PERSON, "one two", interrupted=True)


def test_a_client_that_was_gone_before_it_was_missed() -> None:
    """By the clock it had heard everything; it says that it had not."""
    memory = memory_of(TurnOutcome.COMPLETED, TEXT)
    assert not memory.is_settled
    memory.lose()
    assert memory.regain(12_000) == TurnHeard("t_1", "one two", 12_000, False)
    assert person(memory) == Utterance(Speaker.PERSON, "one two", interrupted=True)


def test_an_interrupt_is_not_undone() -> None:
    """What the client itself cut off, it did not hear; and a loss is asked about once."""
    memory = memory_of(TurnOutcome.INTERRUPTED, "one")
    assert memory.regain(13_000) is None
    memory.lose()
    assert memory.regain(None) is None
    assert memory.regain(13_000) is None
    assert person(memory) == Utterance(Speaker.PERSON, "one", interrupted=True)


def test_before_any_turn_there_is_nothing_to_mend() -> None:
    """A session may be lost before anything was said."""
    memory = Memory(History(), None)
    memory.lose()
    assert memory.regain(1) is None
    assert memory.cut(1, is_estimate=True) is None
    assert memory.last_turn_id == ""
