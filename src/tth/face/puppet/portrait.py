"""A picture made ready to be moved: the result of the preparation and the content of the cache.

Immutable and without a size: painters of any shot and in any thread share it. How it is made: prepare.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tth.face.array_record import Arrays, frozen
from tth.face.puppet.eyes import LID_STEPS, EyeShape
from tth.face.puppet.folds import GAINS
from tth.face.puppet.landmarks import LANDMARKS, FaceFrame, Floats, Points, face_frame

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]
I32 = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Portrait:
    """A person in one picture with all that the puppet needs. Arrays are read-only. Pixels are those of `picture`."""

    picture: U8
    """RGBA, (h, w, 4): alpha is the person where there is a matte, else 255. Colours reach past the matte."""
    wall: U8
    """The background as if nobody stood before it, RGB (h, w, 3); 1 x 1 without a matte."""
    eye_patch: I32
    """Corners of the two patches below: left, top, right, bottom, (4,)."""
    shut_eyes: U8
    """RGB of the patch with shut eyes."""
    eyeballs: U8
    """RGB of the patch without lids."""
    depth: F32
    """Eye distances towards the viewer, a small map over the picture."""
    head: F32
    """Share of the head's turn, 0..1, a map of the same size."""
    gains: F32
    """Logarithmic gains of folds and turns, (len(GAINS), h, w)."""
    gain_place: F64
    """Left, top and cell size of the gains' map in pixels, (3,)."""
    landmarks: F64
    """In the order of LANDMARKS, (29, 2)."""
    eyes: F64
    """Of the right eye and the left: corner x, y, axis x, y, length, room above, room below, (2, 7)."""
    lids: F64
    """Margins of the upper and lower lids of the right eye and the left, (2, 2, LID_STEPS)."""
    irises: F64
    """Centre x, y and radius of the right iris and the left, (2, 3)."""
    seam: F64
    """The line between the lips from left to right, (n, 2)."""
    tooth_tone: F64
    """Factors of teeth and tongue that match the picture's light, (3,)."""
    lash_length: F64
    """Height of the strip of lashes above the upper lids, in eye lengths, (1,)."""

    @property
    def has_matte(self) -> bool:
        """Whether the person can stand before another background, or none."""
        return bool(self.wall.shape[0] > 1)

    @property
    def points(self) -> Points:
        """Landmarks by name."""
        return {name: self.landmarks[at] for at, name in enumerate(LANDMARKS)}

    @property
    def frame(self) -> FaceFrame:
        """The face's own coordinates."""
        return face_frame(self.points)

    def eye(self, number: int) -> EyeShape:
        """The right eye (0, on the left of the picture) or the left (1)."""
        row, iris = self.eyes[number], self.irises[number]
        return EyeShape(
            row[0:2], row[2:4], float(row[4]), self.lids[number, 0], self.lids[number, 1], float(row[5]), float(row[6]),
            iris[:2], float(iris[2]),
        )  # fmt: skip


def eye_row(eye: EyeShape) -> Floats:
    """One row of `Portrait.eyes`."""
    return np.array([*eye.corner, *eye.axis, eye.length, eye.room_above, eye.room_below])


def frozen_portrait(arrays: Arrays) -> Portrait:
    """A Portrait from arrays by field name, made read-only and checked. Raises ValueError if they do not fit."""
    portrait = frozen(Portrait, arrays)
    shapes = {
        "landmarks": (len(LANDMARKS), 2), "eyes": (2, 7), "lids": (2, 2, LID_STEPS), "irises": (2, 3),
        "eye_patch": (4,), "gain_place": (3,), "tooth_tone": (3,), "lash_length": (1,),
    }  # fmt: skip
    wrong = [name for name, shape in shapes.items() if getattr(portrait, name).shape != shape]
    if wrong or len(portrait.gains) != len(GAINS) or portrait.depth.shape != portrait.head.shape:
        raise ValueError(f"portrait is inconsistent: {', '.join(wrong) or 'maps'}")
    if portrait.shut_eyes.shape != portrait.eyeballs.shape or portrait.picture.shape[2:] != (4,):
        raise ValueError("portrait is inconsistent: pictures")
    return portrait
