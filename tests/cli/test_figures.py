"""A turn's metrics for people."""

from __future__ import annotations

import pytest

from tth.cli import figures
from tth.v1 import controls_pb2 as pb
from tth.v1 import converse_pb2

pytestmark = pytest.mark.unit


def result(path: str, outcome: pb.ControlOutcome, requested: str = "1", effective: str = "1") -> pb.ControlResult:
    return pb.ControlResult(path=path, outcome=outcome, requested=requested, effective=effective)


def test_what_did_not_happen_is_a_dash_and_zero_is_zero() -> None:
    """The two are different."""
    metrics = converse_pb2.TurnMetrics(first_text_ms=0.0)
    assert figures.ms(metrics, "first_text_ms") == "0"
    assert figures.ms(metrics, "first_audio_ms") == "-"
    assert figures.drift_ms(metrics) == "-"


def test_the_summary_names_every_figure_and_every_downgrade() -> None:
    """The stop only where there was one."""
    report = pb.ControlReport(
        results=[
            result("emotion.label", pb.CONTROL_OUTCOME_APPLIED, "happy", "happy"),
            result("character.speech_rate", pb.CONTROL_OUTCOME_CLAMPED, "4", "2.5"),
        ]
    )
    drift = converse_pb2.DriftStats(p95_abs_ms=12.34)
    metrics = converse_pb2.TurnMetrics(
        first_text_ms=3, first_audio_ms=20, first_video_ms=60, drift=drift, audio_ms=2500, control_report=report
    )
    assert figures.summary(metrics) == (
        "first text 3 · sound 20 · picture 60 ms · drift p95 12.3 ms · 2.5 s spoken"
        " · character.speech_rate clamped: 4 -> 2.5"
    )
    metrics.stop_latency_ms = 0.25
    assert "stopped in 0.2 ms" in figures.summary(metrics)
    metrics.degraded_frame_count, metrics.lowest_level = 12, "low"
    assert "12 frames below full quality, down to low" in figures.summary(metrics)
    assert figures.applied(report) == ["emotion.label=happy"]


def test_a_stop_says_what_was_heard_last() -> None:
    """The end of it."""
    stopped = converse_pb2.TurnStopped(outcome=converse_pb2.TURN_OUTCOME_INTERRUPTED, heard_text="a b c")
    assert figures.stop_summary(stopped) == 'interrupted; heard until "...a b c"'
