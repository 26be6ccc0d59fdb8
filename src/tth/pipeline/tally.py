"""Counts what one turn emits and when its firsts happened; becomes the turn's one metrics record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from tth.model.controls import ControlReport
from tth.model.events import (
    AudioChunk,
    DriftStats,
    Event,
    MotionFrame,
    TextDelta,
    TurnMetrics,
    TurnOutcome,
    VideoFrame,
)
from tth.model.media import SAMPLE_RATE_HZ, FrameKind, PictureQuality

_STEPS = tuple(PictureQuality)


@dataclass(slots=True)
class Tally:
    """One turn's running figures. Times are clock seconds."""

    taken_s: float
    started_s: float | None = None
    first_text_s: float | None = None
    first_audio_s: float | None = None
    first_video_s: float | None = None
    text_delta_count: int = 0
    audio_chunk_count: int = 0
    video_frame_count: int = 0
    motion_frame_count: int = 0
    dropped_frame_count: int = 0
    audio_samples: int = 0
    repeated_samples: int = 0
    """Of those: speech that was sent before a pause, not heard, and sent again behind it."""
    audio_end_sample: int = 0
    video_start_sample: int | None = None
    video_end_sample: int = 0
    motion_end_sample: int = 0
    voice_busy_s: float = 0.0
    spoken_character_count: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micro_usd: int | None = None
    """None = no provider's price is known."""
    ends_before: defaultdict[type, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Where each medium ended before each of its events: for those that are taken back, behind a hole, too."""
    by_quality: dict[PictureQuality, int] = field(default_factory=dict)
    """Video frames; whoever is not in it has none."""
    stale_count: int = 0
    """Events that arrived after the turn had ended and were dropped."""

    def count(self, event: Event, now_s: float) -> None:
        """Note an event that is handed to the transport at `now_s`."""
        match event:
            case AudioChunk():
                if self.first_audio_s is None:
                    self.first_audio_s = now_s
                self.audio_chunk_count += 1
                self.audio_samples += event.sample_count
                self.ends_before[AudioChunk].append(self.audio_end_sample)
                self.audio_end_sample = event.start_sample + event.sample_count
            case VideoFrame():
                self._frame(event.kind, event.start_sample, now_s)
                self.video_frame_count += 1
                self.by_quality[event.quality] = self.by_quality.get(event.quality, 0) + 1
                self.ends_before[VideoFrame].append(self.video_end_sample)
                self.video_end_sample = event.start_sample + event.sample_count
            case MotionFrame():
                self._frame(event.kind, event.start_sample, now_s)
                self.motion_frame_count += 1
                self.ends_before[MotionFrame].append(self.motion_end_sample)
                self.motion_end_sample = event.start_sample + event.sample_count
            case TextDelta():
                if self.first_text_s is None:
                    self.first_text_s = now_s
                self.text_delta_count += 1
            case _:
                pass

    @property
    def sent_end_sample(self) -> int:
        """End of everything of the turn that was sent, sound and pictures."""
        return max(self.audio_end_sample, self.video_end_sample, self.motion_end_sample)

    def add_used(self, input_tokens: int | None, output_tokens: int | None, cost_micro_usd: int | None) -> None:
        """What a provider counted for one of its calls; None = it did not say."""
        self.input_tokens += input_tokens or 0
        self.output_tokens += output_tokens or 0
        if cost_micro_usd is not None:
            self.cost_micro_usd = (self.cost_micro_usd or 0) + cost_micro_usd

    def take_back(self, unsent: Sequence[Event]) -> None:
        """Events that were counted and, being forgotten by the sink, never sent; oldest first."""
        for event in reversed(unsent):
            match event:
                case AudioChunk():
                    self.audio_end_sample = self.ends_before[AudioChunk].pop()
                    self.audio_samples -= event.sample_count
                    self.audio_chunk_count -= 1
                case VideoFrame():
                    self.video_end_sample = self.ends_before[VideoFrame].pop()
                    self.video_frame_count -= 1
                    self.by_quality[event.quality] -= 1
                    self.dropped_frame_count += 1
                case MotionFrame():
                    self.motion_end_sample = self.ends_before[MotionFrame].pop()
                    self.motion_frame_count -= 1
                case TextDelta():
                    self.text_delta_count -= 1
                case _:
                    pass
        if not self.text_delta_count:
            self.first_text_s = None
        if not self.audio_chunk_count:
            self.first_audio_s = None
        if not self.video_frame_count and not self.motion_frame_count:
            self.first_video_s = None

    def _frame(self, kind: FrameKind, start_sample: int, now_s: float) -> None:
        if self.video_start_sample is None:
            self.video_start_sample = start_sample
        if kind is FrameKind.SPEAKING and self.first_video_s is None:
            self.first_video_s = now_s

    def metrics(
        self,
        outcome: TurnOutcome,
        report: ControlReport,
        adapters: tuple[str, ...],
        drift: DriftStats | None,
        now_s: float,
        stop_asked_s: float | None,
    ) -> TurnMetrics:
        """The record, as of `now_s`."""
        audio_s = (self.audio_samples - self.repeated_samples) / SAMPLE_RATE_HZ
        degraded = {q: count for q, count in self.by_quality.items() if count and q is not PictureQuality.FULL}
        return TurnMetrics(
            control_report=report,
            outcome=outcome,
            first_text_ms=self._since_taken_ms(self.first_text_s),
            first_audio_ms=self._since_taken_ms(self.first_audio_s),
            first_video_ms=self._since_taken_ms(self.first_video_s),
            stop_latency_ms=None if stop_asked_s is None else (now_s - stop_asked_s) * 1000,
            queue_ms=self._since_taken_ms(self.started_s),
            achieved_fps=self._fps(),
            real_time_factor=self.voice_busy_s / audio_s if audio_s else None,
            drift=drift,
            text_delta_count=self.text_delta_count,
            audio_chunk_count=self.audio_chunk_count,
            video_frame_count=self.video_frame_count,
            motion_frame_count=self.motion_frame_count,
            dropped_frame_count=self.dropped_frame_count,
            audio_samples=self.audio_samples,
            total_ms=(now_s - self.taken_s) * 1000,
            spoken_character_count=self.spoken_character_count,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cost_micro_usd=self.cost_micro_usd,
            adapters=adapters,
            degraded_frame_count=sum(degraded.values()),
            lowest_level=max(degraded, key=_STEPS.index, default=""),
        )

    def _since_taken_ms(self, at_s: float | None) -> float | None:
        return None if at_s is None else (at_s - self.taken_s) * 1000

    def _fps(self) -> float | None:
        if self.video_start_sample is None or self.video_end_sample <= self.video_start_sample:
            return None
        return self.video_frame_count * SAMPLE_RATE_HZ / (self.video_end_sample - self.video_start_sample)
