"""Frames from the wire into pictures, for clients and tests. Tests: tests/media/test_decode.py."""

from __future__ import annotations

import av
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from tth.media import annexb
from tth.model.media import Picture, VideoCodec


class FrameDecoder:
    """One stream of frames. A frame in gives its picture out at once; H.264 needs a key frame first.

    Not for use from two threads at once. About 1 ms for a frame of 512x512.
    """

    def __init__(self, codec: VideoCodec) -> None:
        self._codec = codec
        self._h264: VideoCodecContext | None = None

    def decode(self, data: bytes, width_px: int, height_px: int) -> Picture | None:
        """The picture: RGB, uint8, shape (height_px, width_px, 3); with alpha RGBA, (height_px, width_px, 4).

        None for an H.264 frame before the first key frame. Raises ValueError for data that is no frame of this codec
        or not of this size; the next key frame is decoded again.
        """
        if self._codec is VideoCodec.H264:
            picture = self._decode_h264(data)
        elif self._codec is VideoCodec.JPEG:
            found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB) if data else None
            if found is None:
                raise ValueError("not a JPEG picture")
            picture = np.asarray(found, np.uint8)
        elif self._codec is VideoCodec.RAW_RGB24:
            if len(data) != width_px * height_px * 3:
                raise ValueError(f"a raw frame of {width_px}x{height_px} has not {len(data)} bytes")
            picture = np.frombuffer(data, np.uint8).reshape(height_px, width_px, 3)
        elif self._codec is VideoCodec.RAW_RGBA32:
            if len(data) != width_px * height_px * 4:
                raise ValueError(f"a raw frame of {width_px}x{height_px} with alpha has not {len(data)} bytes")
            picture = np.frombuffer(data, np.uint8).reshape(height_px, width_px, 4)
        elif self._codec in (VideoCodec.PNG, VideoCodec.WEBP):
            picture = _decode_file(data)
        else:
            raise ValueError(f"{self._codec} has no pictures")
        if picture is not None and picture.shape[:2] != (height_px, width_px):
            raise ValueError(
                f"the frame says {width_px}x{height_px}, its picture is {picture.shape[1]}x{picture.shape[0]}"
            )
        return picture

    def _decode_h264(self, data: bytes) -> Picture | None:
        if self._h264 is None or annexb.parameter_sets(data):
            if not annexb.is_keyframe(data):
                return None
            # A fresh decoder at each key frame: nothing of a broken or older stream can leak into it.
            self._h264 = _open_h264()
        try:
            frames = self._h264.decode(av.Packet(data))
        except av.error.FFmpegError as error:
            self._h264 = None
            raise ValueError("not an H.264 access unit") from error
        if not frames:
            return None
        assert isinstance(frames[-1], VideoFrame)
        return np.asarray(frames[-1].to_ndarray(format="rgb24"), np.uint8)


def _decode_file(data: bytes) -> Picture:
    """A PNG or WebP file. OpenCV reads both with their alpha."""
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    if found is None or found.ndim != 3:
        raise ValueError("not a PNG or WebP picture in colour")
    to_rgb = cv2.COLOR_BGRA2RGBA if found.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(found, to_rgb), np.uint8)


def _open_h264() -> VideoCodecContext:
    context = av.CodecContext.create("h264", "r")
    assert isinstance(context, VideoCodecContext)
    context.thread_count = 1  # frame threads would hold pictures back
    context.options = {"flags": "low_delay"}
    return context
