"""The plate: backdrop and clothes, what is still while the head moves over it.

Neither the head's turn nor the face changes it; only the breath does, which moves the chest in steps. So the plates of
a breath are drawn once and kept. Tests: tests/face/test_plate.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tth.face.raster.resolve import compose

U8 = NDArray[np.uint8]
I16 = NDArray[np.int16]
I32 = NDArray[np.int32]

KEPT_BYTES = 16_000_000
"""Of one painter. A whole breath at 512x512 takes 14 MB; where it takes more, plates are drawn again now and then."""


@dataclass(frozen=True, slots=True)
class Plate:
    """How backdrop and clothes look at one step of the breath, from row `top` of the picture on; above is backdrop."""

    top: int
    clothes: U8
    """Clothes alone, straight alpha, (rows, width * 4)."""
    nearness: I16
    """Of the clothes at every sample, the upper half of the z-buffer's keys; 0 = nothing, (rows, width * 4)."""
    picture: U8
    """Both together, (rows, width * channels)."""

    @property
    def size_bytes(self) -> int:
        return self.clothes.nbytes + self.nearness.nbytes + self.picture.nbytes


def make_plate(top: int, clothes: U8, nearness: I16, backdrop: U8) -> Plate:
    """clothes (rows, width, 4) and nearness belong to the rows from `top` on; backdrop (height, width, 3) is the whole
    one, or has four channels and is clear."""
    rows = clothes.reshape(len(clothes), -1)
    if backdrop.shape[2] == 4:
        return Plate(top, rows, nearness, rows)
    picture = np.empty((len(rows), backdrop.shape[1] * 3), np.uint8)
    compose(rows, backdrop[top:].reshape(len(rows), -1), picture)
    return Plate(top, rows, nearness, picture)


def no_plate(width_px: int, height_px: int) -> Plate:
    """What is behind the clothes while they are drawn: nothing. Never written to, so it takes no memory."""
    clear = np.zeros((height_px, width_px * 4), np.uint8)
    return Plate(0, clear, np.zeros((1, width_px * 4), np.int16), clear)


class Plates:
    """Those of one painter by step of the breath, most recently used last."""

    def __init__(self) -> None:
        self._plates: dict[int, Plate] = {}

    def of(self, step: int) -> Plate | None:
        """The plate of this step, if it is kept."""
        plate = self._plates.pop(step, None)
        if plate is not None:
            self._plates[step] = plate
        return plate

    def keep(self, step: int, plate: Plate) -> None:
        """As many as there is room for, but this one always; those not used for longest go."""
        self._plates[step] = plate
        while len(self._plates) > 1 and sum(kept.size_bytes for kept in self._plates.values()) > KEPT_BYTES:
            del self._plates[next(iter(self._plates))]
