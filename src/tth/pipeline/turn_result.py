"""What is left of a turn that has ended. Tests: tests/pipeline/test_turn_result.py."""

from __future__ import annotations

from dataclasses import dataclass

from tth.model.events import TurnMetrics, TurnOutcome
from tth.model.media import samples_to_ms


@dataclass(frozen=True, slots=True)
class TurnResult:
    """How it ended, what was heard, and what it took."""

    metrics: TurnMetrics
    """As they were sent."""
    text: str
    """All of its text."""
    heard_text: str
    """What the listener heard of it; all of it when the turn was completed."""
    heard_sample: int
    """Media clock up to which it was heard."""
    error_reason: str = ""

    @property
    def outcome(self) -> TurnOutcome:
        return self.metrics.outcome

    def figures(self) -> dict[str, object]:
        """What a log line says of it."""
        metrics = self.metrics
        times = {
            "first_text_ms": metrics.first_text_ms,
            "first_audio_ms": metrics.first_audio_ms,
            "first_video_ms": metrics.first_video_ms,
            "drift_p95_ms": metrics.drift.p95_abs_ms if metrics.drift is not None else None,
        }
        return {
            **{name: None if value is None else round(value, 1) for name, value in times.items()},
            "audio_ms": round(samples_to_ms(metrics.audio_samples)),
            "frames": metrics.video_frame_count,
        }
