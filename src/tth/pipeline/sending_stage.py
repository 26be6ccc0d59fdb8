"""The last stage: sound and pictures leave at the time the audio clock allows, side by side."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from tth.adapters.base import AvatarInput
from tth.core.turn import TurnState
from tth.errors import AdapterError, InternalError
from tth.model.events import AudioChunk, Speaking, WordSpoken
from tth.model.media import DrawnFrame, SpeechSpan, WordTiming, ms_to_samples
from tth.pipeline.avatar_feed import AvatarFeed
from tth.pipeline.deadline import watched
from tth.pipeline.picture_sender import PictureSender
from tth.pipeline.sound_packer import Packet
from tth.pipeline.take import Take
from tth.pipeline.turn_state import TurnInProgress

log = logging.getLogger(__name__)

PACKER_RESERVE_SAMPLES = ms_to_samples(20)
"""Sound that only waits for more to be packed with goes out by itself when it is due within this."""


class SendingStage:
    """Sends the spans and frames of one take."""

    def __init__(self, turn: TurnInProgress, take: Take) -> None:
        self._turn = turn
        self._take = take
        self._pace = turn.plan.pace
        self._packer = turn.venue.make_packer(turn.plan.media.audio_codec)
        self._words: deque[WordTiming] = deque()
        """Those that no chunk has brought yet."""
        self._video_end = take.video_start_sample
        self._waits_for_picture = take.feed is not None
        self._picture_moved = asyncio.Event()

    # ---- sound

    async def send_sound(self) -> None:
        """Every span, in order, none ever dropped."""
        turn, take, packer = self._turn, self._take, self._packer
        end_sample: int | None = None
        while (span := await self._next_span()) is not None:
            await turn.wait_until_due(span.start_sample, self._pace.ahead_samples)
            await self._wait_for_picture(span.start_sample)
            if not turn.speaks:
                turn.reach(TurnState.STREAMING)
                take.emit(Speaking(True, span.start_sample))
            self._words.extend(span.words)
            self._send_packets(packer.pack(span.pcm, span.start_sample, span.control_revision))
            end_sample = span.end_sample
        self._send_packets(packer.finish())
        if turn.speaks and end_sample is not None:
            take.emit(Speaking(False, end_sample))
        if turn.tally.audio_chunk_count and turn.sound_end_sample is None:
            await self._mark_the_end(take.start_sample if end_sample is None else end_sample)

    async def _next_span(self) -> SpeechSpan | None:
        """The next one; None behind the last. What waits for it in the packer does so as long as nobody misses it."""
        sound, waits_from = self._take.sound, self._packer.waits_from
        if waits_from is not None and self._pace.live and sound.empty():
            clock, now_s = self._turn.venue.media_clock, self._turn.now_s()
            try:
                async with asyncio.timeout(clock.delay_until_s(waits_from, PACKER_RESERVE_SAMPLES, now_s)):
                    return await sound.get()
            except TimeoutError:
                self._send_packets(self._packer.finish())
        return await sound.get()

    async def _mark_the_end(self, sample: int) -> None:
        """By a chunk of real silence, so that no speech waits to learn that it was the last."""
        turn, packer = self._turn, self._packer
        await turn.wait_until_due(sample, self._pace.ahead_samples)
        silence = np.zeros(packer.mark_samples, np.int16)
        turn.sound_end_sample = sample + len(silence)
        self._send_packets([*packer.pack(silence, sample, turn.revision), *packer.finish()], last=True)

    def _send_words(self) -> None:
        """Behind the sound with which they begin: it is what people wait for."""
        waits_from = self._packer.waits_from
        while self._words and (waits_from is None or self._words[0].start_sample < waits_from):
            timing = self._words.popleft()
            if self._turn.plan.media.word_timings:
                self._take.emit(WordSpoken(timing))

    def _send_packets(self, packets: Sequence[Packet], *, last: bool = False) -> None:
        for packet in packets:
            chunk = AudioChunk(
                packet.data,
                packet.start_sample,
                packet.sample_count,
                self._turn.tally.audio_chunk_count,
                last,
                packet.control_revision,
                self._packer.codec,
                packet.skip_sample_count,
            )
            if self._take.emit(chunk):
                self._turn.venue.media_clock.sent(packet.start_sample + packet.sample_count)
        self._send_words()

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
        feed = self._take.feed
        assert feed is not None
        try:
            await self._send_pictures(feed)
            if not feed.is_open:
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
            feed.give_up()

    def _lose_pictures(self, reason: str) -> None:
        self._turn.has_pictures = False
        venue = self._turn.venue
        venue.tell(venue.health.lost(reason, "the turn goes on in sound alone"))

    async def _send_pictures(self, feed: AvatarFeed) -> None:
        turn, plan = self._turn, self._turn.plan
        avatar, budgets = turn.sessions.avatar, turn.venue.budgets
        assert avatar is not None
        # While nothing is fed (a batch that waits for its model), an avatar has nothing to say: the longer of both.
        silence_ms = max(budgets.avatar_first_frame_ms, budgets.silence_ms) if self._pace.live else budgets.turn_ms

        def draw(spans: AsyncIterator[AvatarInput], fps: int) -> AsyncGenerator[DrawnFrame, None]:
            drawn = avatar.infer_stream(spans, replace(turn.controls, fps=fps), plan.context)
            return watched(drawn, silence_ms, silence_ms, "avatar")

        sender = PictureSender(
            turn.venue, avatar, turn.drift, plan.media, self._pace, plan.controls.fps, self._take.emit
        )
        try:
            await sender.send(feed.spans, draw, self._picture_sent)
        finally:
            turn.tally.dropped_frame_count += sender.left_out_count

    def _picture_sent(self, end_sample: int) -> None:
        self._video_end = end_sample
        self._picture_moved.set()
        self._turn.venue.media_clock.sent(end_sample)
