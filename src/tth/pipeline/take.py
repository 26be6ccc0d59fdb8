"""The media half of a turn, in one go: from its beginning, or from where it was held, to its end or the next pause.

Text and voice go on over all takes of a turn; what is placed, drawn and sent belongs to one of them. A pause cuts the
take: nothing more of it passes, and the next one begins, held. Tests: tests/pipeline/test_pausing.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from tth.core.pacing import frame_samples
from tth.model.events import Event
from tth.model.media import FrameKind, SpeechSpan
from tth.pipeline.avatar_feed import AvatarFeed
from tth.pipeline.turn_state import TurnInProgress

SOUND_CAPACITY = 512


class Take:
    """One take: what its stages share, and their tasks."""

    def __init__(self, turn: TurnInProgress) -> None:
        """It begins at the end of the turn's timeline."""
        self._turn = turn
        self.start_sample = turn.timeline.end_sample
        """Where its speech begins at the earliest."""
        self.video_start_sample = self.start_sample
        self.sound: asyncio.Queue[SpeechSpan | None] = asyncio.Queue(SOUND_CAPACITY)
        self.feed = AvatarFeed() if turn.has_pictures else None
        self.is_open = True
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        self._cut: asyncio.Future[None] | None = None

    def emit(self, event: Event) -> bool:
        """Hand an event on; False when the take was cut or the turn has ended, and it was dropped."""
        if not self.is_open:
            self._turn.tally.stale_count += 1
            return False
        return self._turn.emit(event)

    def leave_out(self, until_sample: int) -> None:
        """Nobody is shown up to here, where that is a picture or more: its face was still being made. Pictures of the
        past would come all at once, and a player that starts with the first of them be late with everything."""
        plan, timeline = self._turn.plan, self._turn.timeline
        hole = until_sample - timeline.end_sample
        is_new = timeline.end_sample == timeline.start_sample  # nothing was fed: it has not been held meanwhile
        if plan.pace.live and is_new and hole >= frame_samples(plan.controls.fps):
            timeline.place_silence(hole, FrameKind.THINKING)
            self.start_sample = self.video_start_sample = timeline.end_sample

    def go_on(self, start_sample: int) -> None:
        """It was held until now: its speech begins at `start_sample`, with silence up to there."""
        timeline = self._turn.timeline
        self.start_sample = start_sample
        if (hole := start_sample - timeline.end_sample) > 0:
            silence = timeline.place_silence(hole, FrameKind.LISTENING)
            if self.feed is not None:
                self.feed.offer(silence)

    def cut(self) -> None:
        """End it now, wherever it is."""
        self.is_open = False
        tasks, self._tasks = self._tasks, ()
        for task in tasks:
            task.cancel()
        if self._cut is not None and not self._cut.done():
            self._cut.set_result(None)

    async def watch(self, sound: Collection[asyncio.Task[None]], pictures: asyncio.Task[None] | None) -> None:
        """Wait for its end: of all its tasks, or, when it is cut, of those that make sound. An avatar may take a moment
        to let go, and the next take's silence need not wait for that."""
        self._cut = asyncio.get_running_loop().create_future()
        self._tasks = (*sound, pictures) if pictures is not None else tuple(sound)
        try:
            await asyncio.wait(sound)
            if pictures is not None:
                await asyncio.wait([pictures, self._cut], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._tasks = ()  # they and this hold each other
