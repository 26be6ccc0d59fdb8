"""The last stage: sound and pictures leave at the time the audio clock allows, side by side."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, suppress

from tth.core.turn import TurnState
from tth.errors import AdapterError, InternalError
from tth.model.events import AudioChunk, Speaking, WordSpoken
from tth.model.media import SpeechSpan, ms_to_samples
from tth.pipeline.deadline import watched
from tth.pipeline.picture_sender import PictureSender
from tth.pipeline.placing_stage import AvatarFeed
from tth.pipeline.turn_state import TurnInProgress

log = logging.getLogger(__name__)

LAST_CHUNK_SAMPLES = ms_to_samples(40)
"""The end of the sound is marked by a chunk of real silence, so that no speech waits to learn that it was the last."""


class SendingStage:
    """Sends one turn's spans and frames."""

    def __init__(self, turn: TurnInProgress, sound: asyncio.Queue[SpeechSpan | None], feed: AvatarFeed | None) -> None:
        self._turn = turn
        self._sound = sound
        self._feed = feed
        self._pace = turn.plan.pace
        self._video_end = turn.timeline.start_sample
        self._waits_for_picture = feed is not None
        self._picture_moved = asyncio.Event()

    # ---- sound

    async def send_sound(self) -> None:
        """Every span, in order, none ever dropped."""
        turn, chunk_index, end_sample = self._turn, 0, 0
        while (span := await self._sound.get()) is not None:
            await turn.wait_until_due(span.start_sample, self._pace.ahead_samples)
            await self._wait_for_picture(span.start_sample)
            if chunk_index == 0:
                turn.reach(TurnState.STREAMING)
                turn.emit(Speaking(True, span.start_sample))
            self._send_chunk(span.pcm.tobytes(), span.start_sample, len(span.pcm), chunk_index, span.control_revision)
            self._send_words(span)  # behind their sound: it is what people wait for
            end_sample, chunk_index = span.end_sample, chunk_index + 1
        if chunk_index:
            turn.emit(Speaking(False, end_sample))
            await turn.wait_until_due(end_sample, self._pace.ahead_samples)
            silence = bytes(2 * LAST_CHUNK_SAMPLES)
            self._send_chunk(silence, end_sample, LAST_CHUNK_SAMPLES, chunk_index, turn.revision, last=True)

    def _send_words(self, span: SpeechSpan) -> None:
        for timing in span.words:
            self._turn.ledger.add_word(timing)
            if self._turn.plan.media.word_timings:
                self._turn.emit(WordSpoken(timing))

    def _send_chunk(
        self, data: bytes, start_sample: int, sample_count: int, chunk_index: int, revision: int, *, last: bool = False
    ) -> None:
        chunk = AudioChunk(data, start_sample, sample_count, chunk_index, last, revision)
        if self._turn.emit(chunk):
            self._turn.venue.media_clock.sent(start_sample + sample_count)

    async def _wait_for_picture(self, start_sample: int) -> None:
        """Keep sound and picture side by side on the wire, as long as the sound does not become late by it."""
        turn = self._turn
        while self._waits_for_picture and start_sample - self._video_end > self._pace.audio_lead_samples:
            spare_s = turn.venue.media_clock.delay_until_s(start_sample, self._pace.reserve_samples, turn.now_s())
            if not self._pace.live or spare_s <= 0:
                return
            self._picture_moved.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(spare_s):
                    await self._picture_moved.wait()

    # ---- pictures

    async def send_pictures(self) -> None:
        """Every frame the drift controller keeps. Live, a broken avatar costs the pictures, not the turn."""
        assert self._feed is not None
        try:
            await self._send_pictures(self._feed)
            if not self._feed.is_open:
                raise AdapterError("the avatar lags too far behind", "AVATAR_TOO_SLOW", role="avatar")
        except AdapterError as error:
            if not self._pace.live:
                raise
            self._lose_pictures(error.reason)
        except asyncio.CancelledError:
            raise
        except Exception:
            if not self._pace.live:
                raise
            incident = InternalError()
            log.exception("avatar failed", extra={"incident": incident.metadata["incident"]})
            self._lose_pictures("INTERNAL")
        finally:
            self._waits_for_picture = False
            self._picture_moved.set()
            self._feed.give_up()

    def _lose_pictures(self, reason: str) -> None:
        venue = self._turn.venue
        venue.sink.emit(venue.health.lost(reason, "the turn goes on in sound alone"))

    async def _send_pictures(self, feed: AvatarFeed) -> None:
        turn = self._turn
        assert turn.sessions.avatar is not None
        budgets = turn.venue.budgets
        drawn = turn.sessions.avatar.infer_stream(feed.spans(), turn.plan.controls, turn.plan.context)
        # While nothing is fed (a batch that waits for its model), an avatar has nothing to say: the longer of both.
        silence_ms = max(budgets.avatar_first_frame_ms, budgets.silence_ms)
        if not self._pace.live:
            silence_ms = budgets.turn_ms
        sender = PictureSender(
            turn.venue, turn.sessions.avatar, turn.drift, turn.plan.media, self._pace, turn.plan.controls.fps, turn.emit
        )
        try:
            async with aclosing(watched(drawn, silence_ms, silence_ms, "avatar")) as frames:
                await sender.send(frames, self._picture_sent)
        finally:
            turn.tally.dropped_frame_count += sender.left_out_count

    def _picture_sent(self, end_sample: int) -> None:
        self._video_end = end_sample
        self._picture_moved.set()
        self._turn.venue.media_clock.sent(end_sample)
