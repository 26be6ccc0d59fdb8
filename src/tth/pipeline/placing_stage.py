"""Puts sound on the media clock and fills the holes: the one place where a turn's time is decided.

While the reply is being thought up, and whenever the voice is late, the person on the picture goes on living.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from tth.adapters.base import AvatarInput
from tth.core.pacing import frame_samples
from tth.core.turn import TurnState
from tth.model.media import FrameKind, SilenceSpan, SpeechChunk, SpeechSpan, ms_to_samples
from tth.pipeline.turn_state import TurnInProgress
from tth.pipeline.voice_stage import ClauseBegins, ClauseEnds, Spoken, SpokenQueue

TAIL_SAMPLES = ms_to_samples(240)
"""Silence behind the last word in which the mouth comes to rest; six frames at 25 fps."""
FEED_CAPACITY = 512
"""Spans an avatar may lag behind: about twenty seconds of speech. Beyond that it is given up for the turn."""


class AvatarFeed:
    """The spans on their way to the avatar. Never blocks the sound: an avatar that lags too far is given up."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[AvatarInput | None] = asyncio.Queue(FEED_CAPACITY)
        self.is_open = True

    def offer(self, item: AvatarInput) -> None:
        """Hand a span over, unless the avatar has been given up."""
        if not self.is_open:
            return
        try:
            self._queue.put_nowait(item)
        except asyncio.QueueFull:
            self.is_open = False

    async def put(self, item: AvatarInput) -> None:
        """As `offer`, but waits for room: for batches, where nothing may be lost."""
        if self.is_open:
            await self._queue.put(item)

    async def end(self) -> None:
        """No more spans."""
        if self.is_open:
            await self._queue.put(None)

    def give_up(self) -> None:
        """Nobody reads any more; wakes whoever waits for room."""
        self.is_open = False
        while not self._queue.empty():
            self._queue.get_nowait()

    async def spans(self) -> AsyncIterator[AvatarInput]:
        """What the avatar reads."""
        while (item := await self._queue.get()) is not None:
            yield item


class PlacingStage:
    """Speech in, spans out to the sound sender and to the avatar."""

    def __init__(
        self,
        turn: TurnInProgress,
        spoken: SpokenQueue,
        sound: asyncio.Queue[SpeechSpan | None],
        feed: AvatarFeed | None,
    ) -> None:
        self._turn = turn
        self._spoken = spoken
        self._sound = sound
        self._feed = feed
        self._pace = turn.plan.pace
        self._timeline = turn.timeline
        self._frame_samples = frame_samples(turn.plan.controls.fps)

    async def run(self) -> None:
        """Place everything, then a tail in which the mouth comes to rest."""
        clause: ClauseBegins | None = None
        clause_start, had_words = 0, False
        while (item := await self._next(is_speaking=clause is not None)) is not None:
            match item:
                case ClauseBegins():
                    clause, had_words = item, False
                    self._timeline.begin_clause()
                    self._catch_up()
                    clause_start = self._timeline.end_sample
                case ClauseEnds():
                    if clause is not None and not had_words:
                        text = clause.clause.text or self._turn.text
                        self._turn.ledger.add_clause(
                            clause.clause.offset, text, clause_start, self._timeline.end_sample
                        )
                    clause = None
                case SpeechChunk():
                    assert clause is not None
                    had_words = had_words or bool(item.words)
                    await self._place(item, clause)
        await self._feed_avatar(self._timeline.place_silence(TAIL_SAMPLES, FrameKind.IDLE))
        if self._feed is not None:
            await self._feed.end()
        await self._sound.put(None)

    async def _next(self, *, is_speaking: bool) -> Spoken | None:
        """The next piece of speech; silence is placed for as long as it takes when someone is watching.

        is_speaking: in the middle of a clause, where a hole is heard; it is made at the last moment only.
        """
        lead_samples = 0 if is_speaking else self._pace.lead_samples
        if not (self._pace.live and self._feed is not None):
            return await self._spoken.get()
        while True:
            if not self._spoken.empty():
                return self._spoken.get_nowait()
            delay_s = self._turn.venue.media_clock.delay_until_s(
                self._timeline.end_sample, lead_samples, self._turn.now_s()
            )
            try:
                async with asyncio.timeout(delay_s):
                    return await self._spoken.get()
            except TimeoutError:
                await self._feed_avatar(self._timeline.place_silence(self._frame_samples, FrameKind.THINKING))

    def _catch_up(self) -> None:
        """Sound that comes late starts now, not in the past."""
        if self._pace.live and (hole := self._turn.position() - self._timeline.end_sample) > 0:
            silence = self._timeline.place_silence(hole, FrameKind.THINKING)
            if self._feed is not None:
                self._feed.offer(silence)

    async def _place(self, chunk: SpeechChunk, clause: ClauseBegins) -> None:
        await self._turn.wait_until_due(self._timeline.end_sample, self._pace.synthesis_ahead_samples)
        self._catch_up()
        span = self._timeline.place(chunk, clause.clause.offset, clause.control_revision)
        self._turn.ledger.add_speech(span.start_sample, len(span.pcm))
        await self._sound.put(span)
        await self._feed_avatar(span)

    async def _feed_avatar(self, span: SpeechSpan | SilenceSpan) -> None:
        if self._feed is None:
            return
        self._turn.reach(TurnState.AVATAR)
        change, self._turn.pending_change = self._turn.pending_change, None
        for item in (change, span):
            if item is None:
                continue
            if self._pace.live:
                self._feed.offer(item)
            else:
                await self._feed.put(item)
