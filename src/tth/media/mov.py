"""Writes what was spoken and shown into a QuickTime file that keeps the alpha channel: for editing, not for sending.

PNG frames go in as they came (no second encoding); sound stays 16-bit PCM. FFmpeg, QuickTime and the usual editors read
it. Everything else is as in `tth.media.mp4`. Tests: tests/media/test_mov.py.
"""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream

from tth.media.alpha import PngEncoder
from tth.media.encode import VideoEncoder
from tth.media.mp4 import TIME_BASE, FilmFormat, Mp4Writer, ResolutionChanged
from tth.model.media import Picture


class MovWriter(Mp4Writer):
    """One file; `add_frame` takes PNG files, `add_picture` RGB or RGBA."""

    _FORMAT = FilmFormat("mov", "pcm_s16le")

    def _make_encoder(self, fps: int) -> VideoEncoder:
        return PngEncoder(*self._size, fps)

    def _fitting(self, picture: Picture) -> Picture:
        return picture

    def _check_parameters(self, keyframe: bytes) -> None:
        if self._track is not None:
            return
        picture = cv2.imdecode(np.frombuffer(keyframe, np.uint8), cv2.IMREAD_UNCHANGED)
        if picture is None or (picture.shape[1], picture.shape[0]) != self._size:
            found = "no picture" if picture is None else f"{picture.shape[1]}x{picture.shape[0]}"
            raise ResolutionChanged(f"the file is {self._size[0]}x{self._size[1]}, the frame is {found}")
        self._track = _PngTrack(self._size, self._fps)


class _PngTrack:
    def __init__(self, size: tuple[int, int], fps: int) -> None:
        self._size = size
        self._fps = fps

    def add_to(self, container: OutputContainer) -> VideoStream:
        """See `Track.add_to`."""
        stream = container.add_stream("png", rate=Fraction(self._fps))
        stream.width, stream.height = self._size
        stream.pix_fmt = "rgba"
        stream.time_base = TIME_BASE
        return stream
