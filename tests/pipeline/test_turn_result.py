"""What is left of a turn, and what a log line says of it."""

from __future__ import annotations

import pytest

from tth.model.controls import ControlReport, Controls
from tth.model.events import DriftStats, TurnMetrics, TurnOutcome
from tth.model.media import SAMPLE_RATE_HZ
from tth.pipeline.turn_result import TurnResult

pytestmark = pytest.mark.unit


def test_what_did_not_happen_is_not_0() -> None:
    """Times to a tenth of a millisecond; None where there was none."""
    metrics = TurnMetrics(
        ControlReport(1, Controls()),
        TurnOutcome.FAILED,
        first_text_ms=12.34,
        drift=DriftStats(p95_abs_ms=3.21),
        audio_samples=SAMPLE_RATE_HZ,
        video_frame_count=7,
    )
    result = TurnResult(metrics, "", "", 0)
    assert result.outcome is TurnOutcome.FAILED
    assert result.figures() == {
        "first_text_ms": 12.3,
        "first_audio_ms": None,
        "first_video_ms": None,
        "drift_p95_ms": 3.2,
        "audio_ms": 1000,
        "frames": 7,
    }
