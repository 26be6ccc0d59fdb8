"""A turn into a file: the same events a client would get, placed by their own time.

Tests: tests/pipeline/test_file_sink.py.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tth.media.mov import MovWriter
from tth.media.mp4 import Mp4Writer
from tth.media.wav import WavWriter
from tth.model.controls import Controls
from tth.model.events import (
    AudioChunk,
    ErrorEvent,
    Event,
    TurnComplete,
    TurnMetrics,
    TurnStopped,
    VideoFrame,
    WordSpoken,
)
from tth.model.media import WordTiming


class FileSink:
    """Implements `Sink` for one turn without a listener. Nothing waits, so nothing can be cut."""

    def __init__(self, path: Path, controls: Controls) -> None:
        """path: ends in .mp4 (H.264 and sound), .mov (PNG and sound) or .wav (sound only); appears when `close`
        succeeds."""
        size = controls.resolution
        self._writer: Mp4Writer | WavWriter
        if path.suffix == ".wav":
            self._writer = WavWriter(path)
        else:
            film = MovWriter if path.suffix == ".mov" else Mp4Writer
            self._writer = film(path, size.width_px, size.height_px, controls.fps)
        self.metrics: TurnMetrics | None = None
        self.error: ErrorEvent | None = None
        self.end: TurnComplete | TurnStopped | None = None
        self.words: list[WordTiming] = []
        self.media_end_sample = 0

    def emit(self, event: Event, turn_id: str = "") -> None:
        """See `Sink.emit`."""
        match event:
            case AudioChunk():
                self._writer.add_pcm(np.frombuffer(event.data, "<i2"), event.start_sample)
                self.media_end_sample = max(self.media_end_sample, event.start_sample + event.sample_count)
            case VideoFrame():
                assert isinstance(self._writer, Mp4Writer)
                self._writer.add_frame(event.data, event.start_sample, event.keyframe)
                self.media_end_sample = max(self.media_end_sample, event.start_sample + event.sample_count)
            case WordSpoken():
                self.words.append(event.timing)
            case TurnMetrics():
                self.metrics = event
            case ErrorEvent():
                self.error = event
            case TurnComplete() | TurnStopped():
                self.end = event
            case _:
                pass

    def cut(self, turn_id: str) -> list[Event]:
        """See `Sink.cut`: everything has been written already."""
        return []

    def close(self) -> None:
        """Finish the file after a turn that was completed, throw it away after any other."""
        if isinstance(self.end, TurnComplete):
            self._writer.close()
        else:
            self._writer.abort()
