"""A turn's metrics for people. Tests: tests/cli/test_figures.py."""

from __future__ import annotations

from tth.v1 import controls_pb2
from tth.v1.converse_pb2 import TurnMetrics, TurnOutcome, TurnStopped

NOTHING = "-"
"""Did not happen; not the same as 0."""


def outcome_word(outcome: int) -> str:
    """ "completed", "interrupted" and so on."""
    return TurnOutcome.Name(TurnOutcome.ValueType(outcome)).removeprefix("TURN_OUTCOME_").lower()


def ms(message: TurnMetrics, name: str) -> str:
    """One optional duration of a turn, or a dash."""
    return f"{getattr(message, name):.0f}" if message.HasField(name) else NOTHING


def drift_ms(message: TurnMetrics) -> str:
    """The 95th percentile of |picture against sound|, or a dash."""
    return f"{message.drift.p95_abs_ms:.1f}" if message.HasField("drift") else NOTHING


def summary(message: TurnMetrics) -> str:
    """One line under a turn."""
    parts = [
        f"first text {ms(message, 'first_text_ms')}",
        f"sound {ms(message, 'first_audio_ms')}",
        f"picture {ms(message, 'first_video_ms')} ms",
        f"drift p95 {drift_ms(message)} ms",
        f"{message.audio_ms / 1000:.1f} s spoken",
    ]
    if message.HasField("stop_latency_ms"):
        parts.append(f"stopped in {message.stop_latency_ms:.1f} ms")
    if message.degraded_frame_count:
        parts.append(f"{message.degraded_frame_count} frames below full quality, down to {message.lowest_level}")
    changed = downgraded(message.control_report)
    return " · ".join([*parts, *changed])


def stop_summary(message: TurnStopped) -> str:
    """How a stopped turn ended, for its listener."""
    return f'{outcome_word(message.outcome)}; heard until "...{message.heard_text[-40:]}"'


def applied(report: controls_pb2.ControlReport) -> list[str]:
    """Controls that were done as asked: "path=value"."""
    done = controls_pb2.CONTROL_OUTCOME_APPLIED
    return [f"{item.path}={item.effective}" for item in report.results if item.outcome == done]


def downgraded(report: controls_pb2.ControlReport) -> list[str]:
    """Controls that were not done as asked: "path outcome: requested -> effective"."""
    return [
        f"{item.path} {_outcome(item.outcome)}: {item.requested} -> {item.effective}"
        for item in report.results
        if item.outcome != controls_pb2.CONTROL_OUTCOME_APPLIED
    ]


def _outcome(outcome: controls_pb2.ControlOutcome) -> str:
    return controls_pb2.ControlOutcome.Name(outcome).removeprefix("CONTROL_OUTCOME_").lower()
