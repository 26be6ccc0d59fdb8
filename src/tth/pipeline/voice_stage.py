"""Clauses into sound: one clause after the other, no further ahead of the listener than the pace allows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeAlias

from tth.adapters.base import LlmInput, RealtimeOutput, TextPiece, TtsInput, Used
from tth.adapters.moderation import Moment
from tth.core.clauses import Clause
from tth.core.speakable import has_speakable
from tth.core.turn import TurnState
from tth.errors import InvalidRequest, StatusCode, invalid_field
from tth.model.events import ErrorEvent, ErrorScope, TextDelta
from tth.model.media import SpeechChunk
from tth.pipeline.deadline import watched
from tth.pipeline.turn_state import TurnInProgress


@dataclass(frozen=True, slots=True)
class ClauseBegins:
    """The chunks that follow belong to this clause."""

    clause: Clause
    control_revision: int


@dataclass(frozen=True, slots=True)
class ClauseEnds:
    """All chunks of the clause have come."""


Spoken: TypeAlias = ClauseBegins | SpeechChunk | ClauseEnds
SpokenQueue: TypeAlias = "asyncio.Queue[Spoken | None]"


async def run_voice_stage(turn: TurnInProgress, clauses: asyncio.Queue[Clause | None], spoken: SpokenQueue) -> None:
    """Speak every clause; ends the queue with None. Raises InvalidRequest when the whole text had nothing to say."""
    has_spoken = False
    left_out: list[Clause] = []
    while (clause := await clauses.get()) is not None:
        await turn.wait_until_due(turn.timeline.end_sample, turn.plan.pace.synthesis_ahead_samples)
        await turn.check(clause.text, Moment.OUTPUT)
        turn.reach(TurnState.TTS)
        if await _speak(turn, clause, spoken):
            has_spoken = True
        elif has_speakable(clause.text):
            left_out.append(clause)
        if has_spoken and left_out:
            await turn.let_go()
            for mute in left_out:
                turn.emit(_clause_not_speakable(mute))
            left_out.clear()
    if not has_spoken:
        raise nothing_speakable()
    await spoken.put(None)


def nothing_speakable() -> InvalidRequest:
    """The whole text gave no sound."""
    return invalid_field("user_text.text", "text that the voice can speak in this language", "NOTHING_SPEAKABLE")


async def _speak(turn: TurnInProgress, clause: Clause, spoken: SpokenQueue) -> bool:
    """One clause; False when the voice could say nothing of it."""
    assert turn.sessions.tts is not None
    budgets = turn.venue.budgets
    request = TtsInput(clause.text, turn.plan.persona, clause.is_last)
    turn.tally.spoken_character_count += len(clause.text)
    stream = turn.sessions.tts.infer_stream(request, turn.controls, turn.plan.context)
    begun = False
    async with aclosing(watched(stream, budgets.tts_first_chunk_ms, budgets.silence_ms, "tts")) as chunks:
        asked_s = turn.now_s()
        async for chunk in chunks:
            turn.tally.voice_busy_s += turn.now_s() - asked_s
            if isinstance(chunk, Used):
                turn.take_note(chunk)
                asked_s = turn.now_s()
                continue
            if not begun:
                begun = True
                await spoken.put(ClauseBegins(clause, turn.revision))
                await spoken.put(chunk)
                await asyncio.sleep(0)  # it is sent before the next one is asked for, which may lie ready as well
            else:
                await spoken.put(chunk)
            asked_s = turn.now_s()
    if begun:
        await spoken.put(ClauseEnds())
    return begun


def _clause_not_speakable(clause: Clause) -> ErrorEvent:
    return ErrorEvent(
        StatusCode.INVALID_ARGUMENT,
        "CLAUSE_NOT_SPEAKABLE",
        "a part of the text cannot be spoken in this language and was left out of the sound",
        ErrorScope.MESSAGE,
        metadata={"offset": str(clause.offset), "length": str(len(clause.text))},
    )


async def run_realtime_stage(turn: TurnInProgress, question: str, spoken: SpokenQueue) -> None:
    """One model gives text and sound together: the reply is one long clause."""
    assert turn.sessions.realtime is not None
    budgets = turn.venue.budgets
    prompt = LlmInput(question, turn.plan.history, turn.plan.persona)
    stream: AsyncGenerator[RealtimeOutput, None] = turn.sessions.realtime.infer_stream(
        prompt, turn.controls, turn.plan.context
    )
    begun = False
    async with aclosing(watched(stream, budgets.llm_first_text_ms, budgets.silence_ms, "realtime")) as outputs:
        async for output in outputs:
            if isinstance(output, TextPiece):
                turn.reach(TurnState.LLM)
                await turn.let_go()
                turn.emit(TextDelta(output.text, len(turn.text)))
                turn.text += output.text
                continue
            if not isinstance(output, SpeechChunk):
                turn.take_note(output)
                continue
            turn.reach(TurnState.TTS)
            if not begun:
                await spoken.put(ClauseBegins(Clause("", 0, True), turn.revision))
                begun = True
            await spoken.put(output)
    if not begun:
        raise nothing_speakable()
    await turn.let_go()
    turn.emit(TextDelta("", len(turn.text), last=True))
    await spoken.put(ClauseEnds())
    await spoken.put(None)
