"""The turn's one metrics record."""

from __future__ import annotations

import numpy as np
import pytest

from tth.face.parameters import FaceState
from tth.model.controls import ControlReport, Controls
from tth.model.events import AudioChunk, Event, MotionFrame, TextDelta, TurnMetrics, TurnOutcome, VideoFrame
from tth.model.media import FrameKind, VideoCodec
from tth.pipeline.tally import Tally

pytestmark = pytest.mark.unit
REPORT = ControlReport(1, Controls())


def frame(start_sample: int, kind: FrameKind) -> VideoFrame:
    return VideoFrame(b"x", VideoCodec.JPEG, 64, 64, start_sample, 960, 0, True, kind)


def metrics(tally: Tally, now_s: float = 12.0, stop_asked_s: float | None = None) -> TurnMetrics:
    return tally.metrics(TurnOutcome.COMPLETED, REPORT, (), None, now_s, stop_asked_s)


def test_what_did_not_happen_is_absent() -> None:
    """None, which is not 0."""
    record = metrics(Tally(10.0))
    assert record.first_text_ms is record.first_audio_ms is record.first_video_ms is record.stop_latency_ms is None
    assert record.achieved_fps is record.real_time_factor is None
    assert record.total_ms == pytest.approx(2000)


def test_firsts_count_from_the_text_being_taken() -> None:
    """The first of each kind, in milliseconds; a picture counts when the person speaks on it."""
    tally = Tally(10.0)
    tally.count(TextDelta("Hi", 0), 10.1)
    tally.count(frame(0, FrameKind.THINKING), 10.15)
    tally.count(AudioChunk(b"", 960, 960, 0), 10.2)
    tally.count(frame(960, FrameKind.SPEAKING), 10.3)
    tally.count(TextDelta(" there", 2), 10.4)
    record = metrics(tally)
    assert record.first_text_ms == pytest.approx(100)
    assert record.first_audio_ms == pytest.approx(200)
    assert record.first_video_ms == pytest.approx(300)
    assert (record.text_delta_count, record.audio_chunk_count, record.video_frame_count) == (2, 1, 2)


def test_frame_rate_shows_what_is_missing() -> None:
    """Every second frame left out is half of the rate."""
    tally = Tally(0.0)
    for index in range(0, 50, 2):
        tally.count(frame(960 * index, FrameKind.SPEAKING), 1.0)
    assert metrics(tally).achieved_fps == pytest.approx(12.5, abs=0.5)


def test_stop_latency() -> None:
    """From the stop being asked for to the record."""
    assert metrics(Tally(10.0), 12.0, 11.99).stop_latency_ms == pytest.approx(10)


def test_what_is_taken_back_never_was() -> None:
    """Sound, pictures and motion end where they ended before, also where a hole lay in between."""
    tally = Tally(10.0)
    tally.audio_end_sample = tally.video_end_sample = 500
    first, late = AudioChunk(b"", 960, 960, 0), AudioChunk(b"", 9600, 960, 1)
    picture = frame(4800, FrameKind.SPEAKING)
    faces = [MotionFrame(at, 960, FaceState(np.zeros(52, np.float32)), "sil", FrameKind.IDLE) for at in (2880, 8640)]
    events: list[Event] = [first, late, picture, *faces]
    for event in events:
        tally.count(event, 10.1)
    assert tally.sent_end_sample == 10_560
    tally.take_back([late, faces[1]])
    assert tally.sent_end_sample == 5760
    tally.take_back([picture])
    assert tally.sent_end_sample == 3840
    assert (tally.audio_end_sample, tally.video_end_sample) == (1920, 500)
    tally.take_back([first])
    assert tally.audio_end_sample == 500
    assert metrics(tally).first_audio_ms is None
