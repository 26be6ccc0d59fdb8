"""Pictures with an alpha channel: the encoders that carry it, and what becomes of it where a codec has none.

As in `tth.media.encode`, one thread at a time. Milliseconds and sizes: docs/face.md. Tests: tests/media/test_alpha.py.
"""

from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from tth.media.encoded_picture import EncodedPicture
from tth.model.controls import GREEN_RGB
from tth.model.media import Picture

WEBP_QUALITY = 90
"""Of the colours, 0..100; alpha is always exact. A tenth of the bytes of PNG; no artefact at full size (2026-11)."""
_PNG_FLAGS = (cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP)
"""Quickest by measurement: 8 ms at 512x512, where OpenCV's own choice takes 14 ms for the same bytes (2026-11)."""


def over(picture: Picture, rgb: tuple[int, int, int] = GREEN_RGB) -> Picture:
    """The picture on one colour: RGB. One without alpha is returned as it is."""
    if picture.shape[2] == 3:
        return picture
    alpha = picture[..., 3:].astype(np.uint16)
    colour = np.array(rgb, np.uint16)
    return ((picture[..., :3] * alpha + colour * (255 - alpha) + 127) // 255).astype(np.uint8)


class PngEncoder:
    """Every frame a PNG file: RGB, or RGBA where the picture has alpha. Lossless."""

    def __init__(self, width_px: int, height_px: int, fps: int) -> None:
        self._size = (height_px, width_px)

    def encode(self, picture: Picture, force_keyframe: bool = False) -> EncodedPicture:
        """See `VideoEncoder.encode`; takes RGBA as well."""
        check_picture(picture, self._size)
        to_bgr = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
        done, data = cv2.imencode(".png", cv2.cvtColor(picture, to_bgr), _PNG_FLAGS)
        assert done
        return EncodedPicture(data.tobytes(), True)

    def close(self) -> None:
        """Nothing to give back."""


class WebpEncoder:
    """Every frame a WebP file, with alpha where the picture has it."""

    def __init__(self, width_px: int, height_px: int, fps: int) -> None:
        self._size = (height_px, width_px)
        self._context: VideoCodecContext | None = None
        self._format = ""

    def encode(self, picture: Picture, force_keyframe: bool = False) -> EncodedPicture:
        """See `VideoEncoder.encode`; takes RGBA as well."""
        check_picture(picture, self._size)
        given, wanted = ("rgba", "yuva420p") if picture.shape[2] == 4 else ("rgb24", "yuv420p")
        if self._context is None or wanted != self._format:
            self._context, self._format = _open_webp(picture.shape[1], picture.shape[0], wanted), wanted
        frame = VideoFrame.from_ndarray(picture, format=given).reformat(format=wanted)
        if given == "rgba":  # swscale rounds alpha by one step
            plane = frame.planes[3]
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            rows[: plane.height, : plane.width] = picture[..., 3]
        (packet,) = self._context.encode(frame)
        return EncodedPicture(bytes(packet), True)

    def close(self) -> None:
        """See `VideoEncoder.close`."""
        self._context = None


def _open_webp(width_px: int, height_px: int, pixel_format: str) -> VideoCodecContext:
    context = av.CodecContext.create("libwebp", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = width_px, height_px, pixel_format
    context.time_base = Fraction(1, 1000)  # of no meaning: every frame is a file of its own
    context.thread_count = 1
    # compression_level is libwebp's `method`: 0 is 7 ms at 512x512, 1 is 13 ms for the same bytes.
    context.options = {"quality": str(WEBP_QUALITY), "compression_level": "0"}
    context.open()
    return context


class RawAlphaEncoder:
    """Four bytes a pixel; a picture without alpha is opaque."""

    def __init__(self, width_px: int, height_px: int, fps: int) -> None:
        self._size = (height_px, width_px)

    def encode(self, picture: Picture, force_keyframe: bool = False) -> EncodedPicture:
        """See `VideoEncoder.encode`; takes RGBA as well."""
        check_picture(picture, self._size)
        whole = picture if picture.shape[2] == 4 else cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA)
        return EncodedPicture(whole.tobytes(), True)

    def close(self) -> None:
        """Nothing to give back."""


def check_picture(picture: Picture, size: tuple[int, int]) -> None:
    """Raises ValueError unless it is RGB or RGBA of this (height, width), contiguous."""
    shapes = ((*size, 3), (*size, 4))
    if picture.shape not in shapes or picture.dtype != np.uint8 or not picture.flags.c_contiguous:
        raise ValueError(f"picture must be C-contiguous uint8 of shape {shapes}, not {picture.dtype} {picture.shape}")
