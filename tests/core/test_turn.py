"""The states of a turn."""

from __future__ import annotations

import pytest

from tth.core.turn import END_STATES, IllegalTransition, TurnMachine, TurnState
from tth.model.events import TurnOutcome

pytestmark = pytest.mark.unit
RUNNING = [state for state in TurnState if state.is_running]


def test_stages_only_move_up() -> None:
    """A stage that reports late does not take the turn back."""
    machine = TurnMachine()
    machine.reach(TurnState.TTS)
    machine.reach(TurnState.LLM)
    assert machine.state is TurnState.TTS
    machine.reach(TurnState.STREAMING)
    assert machine.state.label == "streaming"


@pytest.mark.parametrize("state", RUNNING)
@pytest.mark.parametrize("outcome", list(TurnOutcome))
def test_every_running_state_can_end_in_every_way(state: TurnState, outcome: TurnOutcome) -> None:
    """Each outcome leads to the state that belongs to it, from anywhere."""
    machine = TurnMachine()
    machine.reach(state)
    assert machine.end(outcome) is END_STATES[outcome]
    assert machine.state.is_terminal


def test_nothing_follows_the_end() -> None:
    """A turn that has ended neither goes on nor ends again."""
    machine = TurnMachine()
    machine.reach(TurnState.PREPARING)
    machine.end(TurnOutcome.COMPLETED)
    with pytest.raises(IllegalTransition, match="completed -> llm"):
        machine.reach(TurnState.LLM)
    with pytest.raises(IllegalTransition):
        machine.end(TurnOutcome.FAILED)


@pytest.mark.parametrize("state", [TurnState.IDLE, TurnState.COMPLETED, TurnState.ERROR])
def test_only_stages_can_be_reached(state: TurnState) -> None:
    """Idle and the ends are not stages."""
    with pytest.raises(IllegalTransition):
        TurnMachine().reach(state)


def test_a_turn_that_never_ran_cannot_end() -> None:
    """Ending needs a beginning."""
    with pytest.raises(IllegalTransition):
        TurnMachine().end(TurnOutcome.COMPLETED)
