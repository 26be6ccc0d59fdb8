"""The states of a turn and of the session around it, and which follows which.

idle -> preparing -> llm -> tts -> avatar -> streaming -> completed | interrupted | error -> idle

Stages may be left out (a SAY turn has no llm, a sound-only session no avatar) but never run backwards. Every state
of a running turn can end in any of the three ends. Tests: tests/core/test_turn.py.
"""

from __future__ import annotations

from enum import IntEnum

from tth.model.events import TurnOutcome


class TurnState(IntEnum):
    """In order: a running turn only ever moves up."""

    IDLE = 0
    PREPARING = 1
    LLM = 2
    TTS = 3
    AVATAR = 4
    STREAMING = 5
    COMPLETED = 6
    INTERRUPTED = 7
    ERROR = 8

    @property
    def label(self) -> str:
        """As it stands on the wire."""
        return self.name.lower()

    @property
    def is_terminal(self) -> bool:
        return self >= TurnState.COMPLETED

    @property
    def is_running(self) -> bool:
        return TurnState.PREPARING <= self <= TurnState.STREAMING


class IllegalTransition(AssertionError):
    """A state was asked for that cannot follow: a bug of ours."""


class TurnMachine:
    """One turn's state."""

    def __init__(self) -> None:
        self.state = TurnState.IDLE

    def reach(self, state: TurnState) -> None:
        """Move up to a running stage; being there or past it already is fine, for stages overlap.

        Raises IllegalTransition for a turn that has ended and for a state that is not a running stage.
        """
        if self.state > TurnState.STREAMING or not TurnState.PREPARING <= state <= TurnState.STREAMING:
            raise IllegalTransition(f"{self.state.label} -> {state.label}")
        if state > self.state:
            self.state = state

    def end(self, outcome: TurnOutcome) -> TurnState:
        """Enter the end that belongs to `outcome`. Raises IllegalTransition unless a turn is running."""
        if not self.state.is_running:
            raise IllegalTransition(f"{self.state.label} -> {outcome}")
        self.state = END_STATES[outcome]
        return self.state


END_STATES: dict[TurnOutcome, TurnState] = {
    TurnOutcome.COMPLETED: TurnState.COMPLETED,
    TurnOutcome.INTERRUPTED: TurnState.INTERRUPTED,
    TurnOutcome.SUPERSEDED: TurnState.INTERRUPTED,
    TurnOutcome.CANCELLED: TurnState.INTERRUPTED,
    TurnOutcome.DRAINED: TurnState.INTERRUPTED,
    TurnOutcome.FAILED: TurnState.ERROR,
    TurnOutcome.EXPIRED: TurnState.ERROR,
}
