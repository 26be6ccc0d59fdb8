"""Where a turn's text comes from, and how it becomes clauses for the voice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from tth.adapters.base import LlmInput, LlmOutput, TextPiece
from tth.core.clauses import Clause, ClauseCutter
from tth.core.turn import TurnState
from tth.model.events import TextDelta
from tth.pipeline.deadline import watched
from tth.pipeline.turn_state import TurnInProgress


class GivenText:
    """The caller's own text, in one part or many (`partial`). Bounded by the contract's 4,000 code points."""

    def __init__(self, text: str, is_complete: bool) -> None:
        self._parts: asyncio.Queue[str | None] = asyncio.Queue()
        self.text = ""
        """All parts so far."""
        self.is_complete = False
        self.is_whole = is_complete
        """It came in one part."""
        self.add(text)
        if is_complete:
            self.complete()

    def add(self, text: str) -> None:
        """One more part. Not after `complete`."""
        assert not self.is_complete
        self.text += text
        self._parts.put_nowait(text)

    @property
    def code_points(self) -> int:
        return len(self.text)

    def complete(self) -> None:
        """No more parts. Idempotent."""
        if not self.is_complete:
            self.is_complete = True
            self._parts.put_nowait(None)

    async def pieces(self) -> AsyncGenerator[TextPiece, None]:
        """The parts as they come; the wait is bounded by the turn's own budget, for a person may be typing."""
        while (part := await self._parts.get()) is not None:
            yield TextPiece(part)


def model_text(turn: TurnInProgress, question: str) -> AsyncGenerator[LlmOutput, None]:
    """The language model's reply to `question`."""
    assert turn.sessions.llm is not None
    prompt = LlmInput(question, turn.plan.history, turn.plan.persona)
    budgets = turn.venue.budgets
    stream = turn.sessions.llm.infer_stream(prompt, turn.controls, turn.plan.context)
    return watched(stream, budgets.llm_first_text_ms, budgets.silence_ms, "llm")


async def run_text_stage(
    turn: TurnInProgress,
    pieces: AsyncGenerator[TextPiece, None] | AsyncGenerator[LlmOutput, None],
    clauses: asyncio.Queue[Clause | None],
    *,
    is_whole: bool = False,
) -> None:
    """Send the text on as it comes and cut it into clauses; ends the queue with None.

    is_whole: there is one piece only, so it is sent as the last: one event less before the first sound.
    """
    cutter = ClauseCutter(turn.plan.context.language_code, turn.controls.latency_mode)
    async with aclosing(pieces) as stream:
        async for piece in stream:
            if not isinstance(piece, TextPiece):
                turn.take_note(piece)
                continue
            turn.reach(TurnState.LLM)
            await turn.let_go()
            turn.emit(TextDelta(piece.text, len(turn.text), last=is_whole))
            turn.text += piece.text
            await _hand_on(cutter.feed(piece.text), clauses)
    if not is_whole:
        await turn.let_go()
        turn.emit(TextDelta("", len(turn.text), last=True))
    await _hand_on(cutter.finish(), clauses)
    await clauses.put(None)


async def _hand_on(found: Iterator[Clause], clauses: asyncio.Queue[Clause | None]) -> None:
    """The voice begins with a clause before the next one is looked for: a whole text has many."""
    for clause in found:
        await clauses.put(clause)
        await asyncio.sleep(0)
