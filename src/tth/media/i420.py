"""RGB into planar YUV 4:2:0, as H.264 takes it: BT.709, limited range.

One compiled pass (0.09 ms at 512x512) where its machine code is at hand, else five of OpenCV's (0.33 ms), because who
encodes a picture must not wait seconds for a compiler. `compile_conversion` makes the code once per machine. Both give
the same picture to one step in 255. Tests: tests/media/test_i420.py.
"""

from __future__ import annotations

from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tth.kernels.jit import U8, U16, Kernel, i32, inlined, kernel, u8, u16
from tth.model.media import I420Picture, Picture

FROM_RGB: NDArray[np.float32] = np.array(
    # ITU-R BT.709-6, item 3.2-3.4, scaled to 219 steps of luma and 224 of chroma.
    [
        [0.2126 * 219 / 255, 0.7152 * 219 / 255, 0.0722 * 219 / 255, 16],
        [-0.2126 / 1.8556 * 224 / 255, -0.7152 / 1.8556 * 224 / 255, 0.5 * 224 / 255, 128],
        [0.5 * 224 / 255, -0.7152 / 1.5748 * 224 / 255, -0.0722 / 1.5748 * 224 / 255, 128],
    ],
    np.float32,
)


class I420Converter:
    """For RGB pictures of one size. One thread at a time."""

    def __init__(self, width_px: int, height_px: int) -> None:
        """Even sides."""
        self._shape = (height_px * 3 // 2, width_px)
        self._is_compiled = cast(Kernel, to_i420).is_compiled_for(*_arguments(np.zeros((2, 2, 3), np.uint8)))
        self._channels = np.empty((2, 3, width_px), np.uint8)
        self._sums = np.empty((3, width_px // 2), np.uint16)
        if not self._is_compiled:
            self._full = np.empty((height_px, width_px, 3), np.uint8)
            self._half = np.empty((height_px // 2, width_px // 2, 3), np.uint8)

    def convert(self, picture: Picture) -> I420Picture:
        """picture: RGB of its size, C-contiguous; may be written to as soon as this returns."""
        converted = I420Picture(np.empty(self._shape, np.uint8))
        if self._is_compiled:
            to_i420(_as_rows(picture), self._channels, self._sums, *converted.planes())
        else:
            self._convert_with_opencv(picture, *converted.planes())
        return converted

    def _convert_with_opencv(self, picture: Picture, y: U8, u: U8, v: U8) -> None:
        """One matrix over the picture, then chroma of half the size by area averaging."""
        cv2.transform(picture, FROM_RGB, dst=self._full)
        cv2.resize(self._full, self._half.shape[1::-1], dst=self._half, interpolation=cv2.INTER_AREA)
        cv2.extractChannel(self._full, 0, dst=y)
        cv2.extractChannel(self._half, 1, dst=u)
        cv2.extractChannel(self._half, 2, dst=v)


def compile_conversion() -> None:
    """Compile the conversion for this machine: a second or two the first time, some milliseconds when it is kept."""
    to_i420(*_arguments(np.zeros((2, 2, 3), np.uint8)))


def _arguments(picture: Picture) -> tuple[Any, ...]:
    """Those of the kernel for a small picture."""
    height_px, width_px, _ = picture.shape
    channels, sums = np.empty((2, 3, width_px), np.uint8), np.empty((3, width_px // 2), np.uint16)
    converted = I420Picture(np.empty((height_px * 3 // 2, width_px), np.uint8))
    return (_as_rows(picture), channels, sums, *converted.planes())


def _as_rows(picture: Picture) -> NDArray[np.uint8]:
    """Not to be written to: code that is compiled so takes both kinds."""
    rows = picture.reshape(picture.shape[0], -1)
    rows.flags.writeable = False
    return rows


@inlined
def weighted(r: np.int32, g: np.int32, b: np.int32, red: np.int32, green: np.int32, blue: np.int32) -> np.int32:
    """One chroma of four pixels: their sums per channel, weights in 1/262144."""
    both = i32(i32(r * red) + i32(g * green))
    return i32(i32(both + i32(b * blue)) + i32(128 * 65536 + 32768)) >> i32(16)


@kernel
def to_i420(picture: U8, channels: U8, sums: U16, y_plane: U8, u_plane: U8, v_plane: U8) -> None:
    """Two rows at a time: apart by channel, luma of each pixel, chroma of each four.

    picture: (height, 3 * width). channels (2, 3, width) and sums (3, width / 2): room to work in. Planes: (height,
    width), twice (height / 2, width / 2). Weights are FROM_RGB's, of luma in 1/256, which 16 bits have room for; those
    of chroma add up to nothing, so that grey stays grey.
    """
    width = y_plane.shape[1]
    for pair in range(y_plane.shape[0] // 2):
        for side in range(2):
            row, luma = picture[2 * pair + side], y_plane[2 * pair + side]
            red, green, blue = channels[side, 0], channels[side, 1], channels[side, 2]
            for x in range(width):
                red[x] = row[3 * x]
                green[x] = row[3 * x + 1]
                blue[x] = row[3 * x + 2]
            for x in range(width):
                both = u16(u16(u16(red[x]) * u16(47)) + u16(u16(green[x]) * u16(157)))
                luma[x] = u8(u16(both + u16(u16(u16(blue[x]) * u16(16)) + u16(16 * 256 + 128))) >> u16(8))
        for channel in range(3):
            upper, lower, total = channels[0, channel], channels[1, channel], sums[channel]
            for x in range(width // 2):
                above = u16(u16(upper[2 * x]) + u16(upper[2 * x + 1]))
                total[x] = u16(above + u16(u16(lower[2 * x]) + u16(lower[2 * x + 1])))
        reds, greens, blues = sums[0], sums[1], sums[2]
        u_row, v_row = u_plane[pair], v_plane[pair]
        for x in range(width // 2):
            r, g, b = i32(reds[x]), i32(greens[x]), i32(blues[x])
            u_row[x] = u8(weighted(r, g, b, i32(-1648), i32(-5548), i32(7196)))
            v_row[x] = u8(weighted(r, g, b, i32(7196), i32(-6536), i32(-660)))
