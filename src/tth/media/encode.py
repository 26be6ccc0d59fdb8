"""Pictures into frames on the wire: one encoder per stream, one picture in, one frame out, no delay.

The caller runs `encode` in a worker thread (it takes 1-2 ms at 512x512 and releases the GIL while it works) and never
from two threads at once. Times and pacing are not its business. Tests: tests/media/test_encode.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Protocol

import av
import numpy as np
import simplejpeg
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from tth.media import annexb
from tth.media.alpha import PngEncoder, RawAlphaEncoder, WebpEncoder
from tth.media.encoded_picture import EncodedPicture
from tth.media.i420 import I420Converter
from tth.model.media import I420Picture, Picture, VideoCodec

__all__ = [
    "EncodedPicture",
    "H264Encoder",
    "JpegEncoder",
    "RawEncoder",
    "VideoEncoder",
    "make_encoder",
]

KEYFRAME_INTERVAL_S = 2
"""A client that joins late or lost a frame waits at most this long. Usual for live streams (HLS segments: 2 s)."""
H264_CRF = "23"
"""x264's own default quality; 1.4 Mbit/s for the embedded face at 512x512 and 25 fps (the demo, 2026-11)."""
_BT709 = 1
"""AVColorPrimaries, AVColorTransferCharacteristic and AVColorSpace all call BT.709 number 1."""
_LIMITED_RANGE = 1
"""AVCOL_RANGE_MPEG: luma 16..235."""
JPEG_QUALITY = 85
"""Artefacts around the eyes become visible below 80 (by eye, 2026-11)."""


class VideoEncoder(Protocol):
    """What the engine asks of an encoder. One thread at a time."""

    def encode(self, picture: Picture, force_keyframe: bool = False) -> EncodedPicture:
        """Encode one picture now; nothing is held back.

        picture: RGB, uint8, shape (height_px, width_px, 3), C-contiguous; where the codec has alpha also RGBA, shape
        (height_px, width_px, 4). Raises ValueError for any other.
        """
        ...

    def close(self) -> None:
        """Give the codec's memory back. Idempotent; `encode` must not be called afterwards."""
        ...


def make_encoder(codec: VideoCodec, width_px: int, height_px: int, fps: int) -> VideoEncoder:
    """An encoder for one stream of pictures of one size. Sides must be even.

    Raises ValueError for VideoCodec.NONE: a stream without pictures needs no encoder.
    """
    if codec is VideoCodec.NONE:
        raise ValueError("VideoCodec.NONE has no encoder")
    return _ENCODERS[codec](width_px, height_px, fps)


class H264Encoder:
    """x264 in its fastest, delay-free form; Annex B with SPS and PPS in every key frame."""

    def __init__(self, width_px: int, height_px: int, fps: int) -> None:
        _check_even(width_px, height_px)
        self._shape = (height_px, width_px, 3)
        self._i420_shape = (height_px * 3 // 2, width_px)
        self._converter = I420Converter(width_px, height_px)
        self._next_index = 0
        self._config = b""
        self._context: VideoCodecContext | None = _open_x264(width_px, height_px, fps)

    def encode(self, picture: Picture | I420Picture, force_keyframe: bool = False) -> EncodedPicture:
        """See `VideoEncoder.encode`; takes I420 as well."""
        if isinstance(picture, I420Picture):
            _check_picture(picture.data, self._i420_shape)
        else:
            _check_picture(picture, self._shape)
            picture = self._converter.convert(picture)
        if self._context is None:
            raise ValueError("encode after close")
        frame = _frame_of(picture)
        frame.pts = self._next_index
        frame.pict_type = PictureType.I if force_keyframe else PictureType.NONE
        self._next_index += 1
        (packet,) = self._context.encode(frame)
        data = bytes(packet)
        config = annexb.parameter_sets(data) if packet.is_keyframe else b""
        changed = config if config != self._config else b""
        self._config = config or self._config
        return EncodedPicture(data, packet.is_keyframe, changed)

    def close(self) -> None:
        """See `VideoEncoder.close`."""
        self._context = None


def _frame_of(picture: I420Picture) -> VideoFrame:
    """The picture for x264, which makes a copy before it returns."""
    if picture.height_px % 4 == 0:
        frame = VideoFrame.from_numpy_buffer(picture.data, "yuv420p")  # the same memory
    else:  # PyAV takes the height for a multiple of 4
        frame = VideoFrame(picture.width_px, picture.height_px, "yuv420p")
        for plane, rows in zip(frame.planes, picture.planes(), strict=True):
            lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            lines[: rows.shape[0], : rows.shape[1]] = rows
    frame.colorspace, frame.color_range = _BT709, _LIMITED_RANGE
    return frame


def _open_x264(width_px: int, height_px: int, fps: int) -> VideoCodecContext:
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = width_px, height_px, "yuv420p"
    context.time_base, context.framerate = Fraction(1, fps), Fraction(fps)
    context.gop_size = KEYFRAME_INTERVAL_S * fps
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    context.color_range = _LIMITED_RANGE
    context.thread_count = 1  # many sessions share the machine; a second thread only adds delay at this size
    # Annex B and headers in every key frame are what the FFmpeg wrapper does when no global header is asked for.
    context.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": H264_CRF, "forced-idr": "1"}
    context.open()
    return context


class JpegEncoder:
    """Every frame a picture of its own."""

    def __init__(self, width_px: int, height_px: int, fps: int) -> None:
        self._shape = (height_px, width_px, 3)

    def encode(self, picture: Picture, force_keyframe: bool = False) -> EncodedPicture:
        """See `VideoEncoder.encode`."""
        _check_picture(picture, self._shape)
        data = simplejpeg.encode_jpeg(
            picture, quality=JPEG_QUALITY, colorspace="RGB", colorsubsampling="420", fastdct=True
        )
        return EncodedPicture(data, True)

    def close(self) -> None:
        """Nothing to give back."""


class RawEncoder:
    """The bytes of the picture as they are."""

    def __init__(self, width_px: int, height_px: int, fps: int) -> None:
        self._shape = (height_px, width_px, 3)

    def encode(self, picture: Picture, force_keyframe: bool = False) -> EncodedPicture:
        """See `VideoEncoder.encode`."""
        _check_picture(picture, self._shape)
        return EncodedPicture(picture.tobytes(), True)

    def close(self) -> None:
        """Nothing to give back."""


_ENCODERS: Mapping[VideoCodec, Callable[[int, int, int], VideoEncoder]] = {
    VideoCodec.H264: H264Encoder,
    VideoCodec.JPEG: JpegEncoder,
    VideoCodec.RAW_RGB24: RawEncoder,
    VideoCodec.PNG: PngEncoder,
    VideoCodec.WEBP: WebpEncoder,
    VideoCodec.RAW_RGBA32: RawAlphaEncoder,
}


def _check_even(width_px: int, height_px: int) -> None:
    if width_px % 2 or height_px % 2:
        raise ValueError(f"H.264 in 4:2:0 needs even sides, not {width_px}x{height_px}")


def _check_picture(picture: Picture, shape: tuple[int, ...]) -> None:
    if picture.shape != shape or picture.dtype != np.uint8 or not picture.flags.c_contiguous:
        raise ValueError(f"picture must be C-contiguous uint8 of shape {shape}, not {picture.dtype} {picture.shape}")
