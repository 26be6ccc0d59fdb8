"""Puts sound on the media clock and fills the holes: the one place where a turn's time is decided.

While the reply is being thought up, whenever the voice is late, and while the turn is held, the person on the picture
goes on living.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tth.core.pacing import frame_samples
from tth.core.turn import TurnState
from tth.model.media import (
    SAMPLE_RATE_HZ,
    FrameKind,
    SilenceSpan,
    SpeechChunk,
    SpeechSpan,
    WordTiming,
    ms_to_samples,
)
from tth.pipeline.take import Take
from tth.pipeline.turn_state import TurnInProgress
from tth.pipeline.voice_stage import ClauseBegins, ClauseEnds, Spoken, SpokenQueue

T = TypeVar("T")

TAIL_SAMPLES = ms_to_samples(240)
"""Silence behind the last word in which the mouth comes to rest; six frames at 25 fps."""
HAND_OVER_S = 0.001
"""What lies ready is here within this; no silence is placed before it."""
REWIND_SAMPLES = ms_to_samples(10_000)
"""How far back a client may say that its listener is: speech is kept so long behind the moment at which it is due."""


class PlacingStage:
    """Speech in, spans out to the sound sender and to the avatar. One for the turn, whose takes run it in turns."""

    def __init__(self, turn: TurnInProgress, spoken: SpokenQueue, take: Take) -> None:
        self._turn = turn
        self._spoken = spoken
        self._take = take
        self._pace = turn.plan.pace
        self._timeline = turn.timeline
        self._frame_samples = frame_samples(turn.plan.controls.fps)
        # Where it is, for a take that is cut loses nothing.
        self._clause: ClauseBegins | None = None
        self._clause_start = 0  # in samples of the turn's speech
        self._has_words = False
        self._chunk: SpeechChunk | None = None  # has come and has no place yet
        self._is_spoken = False
        self._tidy_at = self._timeline.end_sample

    async def run(self, take: Take) -> None:
        """Place what was taken back by a pause, then everything that comes, then a tail in which the mouth comes to
        rest. Cancelled: the next call goes on from there."""
        self._take, turn = take, self._turn
        if turn.hold is not None:
            await self._meanwhile(FrameKind.LISTENING, self._pace.lead_samples, lambda: turn.hold is None, turn.let_go)
        await self._place_again()
        if self._chunk is not None:
            await self._place(self._chunk)
        while not self._is_spoken:
            item = await self._next()
            match item:
                case None:
                    self._is_spoken = True
                case ClauseBegins():
                    self._begin(item)
                case ClauseEnds():
                    self._end()
                case SpeechChunk():
                    self._chunk = item
                    await self._place(item)
        await self._feed_avatar(self._timeline.place_silence(TAIL_SAMPLES, FrameKind.IDLE))
        if take.feed is not None:
            await take.feed.end()
        await take.sound.put(None)

    async def _next(self) -> Spoken | None:
        """The next piece of speech. In the middle of a clause, where a hole is heard, one is made at the last moment
        only."""
        spoken = self._spoken
        if not spoken.empty():
            return spoken.get_nowait()
        lead_samples = 0 if self._clause is not None else self._pace.lead_samples
        return await self._meanwhile(FrameKind.THINKING, lead_samples, lambda: not spoken.empty(), spoken.get)

    async def _meanwhile(
        self, kind: FrameKind, lead_samples: int, is_here: Callable[[], bool], arrival: Callable[[], Awaitable[T]]
    ) -> T:
        """Wait for what arrives; silence is placed for as long as it takes when someone is watching.

        is_here: it has arrived, so nothing is placed before it any more, though the wait ended in the same moment.
        """
        if not (self._pace.live and self._take.feed is not None):
            return await arrival()
        while not is_here():
            delay_s = self._turn.venue.media_clock.delay_until_s(
                self._timeline.end_sample, lead_samples, self._turn.now_s()
            )
            try:
                async with asyncio.timeout(max(delay_s, HAND_OVER_S)):
                    return await arrival()
            except TimeoutError:
                if not is_here():
                    await self._feed_avatar(self._timeline.place_silence(self._frame_samples, kind))
        return await arrival()

    def _catch_up(self) -> None:
        """Sound that comes late starts now, not in the past."""
        if self._pace.live and (hole := self._turn.position() - self._timeline.end_sample) > 0:
            silence = self._timeline.place_silence(hole, FrameKind.THINKING)
            if self._take.feed is not None:
                self._take.feed.offer(silence)

    def _begin(self, clause: ClauseBegins) -> None:
        self._clause, self._has_words = clause, False
        self._timeline.begin_clause()
        self._catch_up()
        self._clause_start = self._timeline.speech_samples

    def _end(self) -> None:
        if self._clause is not None and not self._has_words:
            clause = self._clause.clause
            text = clause.text or self._turn.text
            self._turn.ledger.add_clause(clause.offset, text, self._clause_start, self._timeline.speech_samples)
        self._turn.ledger.end_words(self._timeline.speech_samples)  # a voice may have broken off
        self._clause = None

    async def _place_again(self) -> None:
        """What a pause took back. The first sample of it lies where `turn_resumed` says, so nothing is caught up
        before it."""
        is_first = True
        while self._timeline.has_taken_back:
            await self._turn.wait_until_due(self._timeline.end_sample, self._pace.synthesis_ahead_samples)
            if not is_first:
                self._catch_up()
            is_first = False
            await self._hand_out(self._timeline.place_again())

    async def _place(self, chunk: SpeechChunk) -> None:
        clause = self._clause
        assert clause is not None
        await self._turn.wait_until_due(self._timeline.end_sample, self._pace.synthesis_ahead_samples)
        self._catch_up()
        offset = clause.clause.offset
        for word in chunk.words:
            self._has_words = True
            start = word.start_sample + self._clause_start
            self._turn.ledger.add_word(WordTiming(word.word, word.offset + offset, start, word.sample_count))
        span = self._timeline.place(chunk, offset, clause.control_revision)
        self._chunk = None
        if not self._has_words:
            text = clause.clause.text or self._turn.text
            self._turn.ledger.grow_clause(offset, text, self._clause_start, self._timeline.speech_samples)
        await self._hand_out(span)

    async def _hand_out(self, span: SpeechSpan) -> None:
        if span.end_sample >= self._tidy_at:  # not for every chunk: it would cost more than the rest of placing it
            self._tidy_at = span.end_sample + SAMPLE_RATE_HZ
            self._timeline.forget(self._turn.position() - REWIND_SAMPLES if self._pace.live else span.end_sample)
        await self._take.sound.put(span)
        await self._feed_avatar(span)

    async def _feed_avatar(self, span: SpeechSpan | SilenceSpan) -> None:
        feed = self._take.feed
        if feed is None:
            return
        self._turn.reach(TurnState.AVATAR)
        change, self._turn.pending_change = self._turn.pending_change, None
        for item in (change, span):
            if item is None:
                continue
            if self._pace.live:
                feed.offer(item)
            else:
                await feed.put(item)
