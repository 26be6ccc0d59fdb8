"""Where the features of one face lie: the average face stretched to this person's. Lengths in millimetres."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tth.face.look import FaceShape
from tth.face.sculpt.maths import Floats, smoothstep

EYE_LEVEL = -14.0
"""The lower face is scaled below this height of the average face ..."""
LOWER_SPAN = 98.0
"""... over this length; the neck below just follows."""
SHOULDER_LIFT = 18.0
"""Raises the clothes; a shorter lower face lifts them further, or the neck would grow."""
BROW_LEVEL = 26.0
"""The skull is scaled above this height."""


def on_face(shape: FaceShape, y: ArrayLike) -> Floats:
    """Height on the average face -> height on this one."""
    y = np.asarray(y, float)
    below = np.clip(EYE_LEVEL - y, 0, LOWER_SPAN)
    above = np.clip(y - BROW_LEVEL, 0, None)
    return np.asarray(y + (1 - shape.lower_face) * below - (1 - shape.upper_skull) * above)


def on_average(shape: FaceShape, y: ArrayLike) -> Floats:
    """Height on this face -> height on the average one; inverse of `on_face`."""
    y = np.asarray(y, float)
    below = EYE_LEVEL - y
    shifted = y - (1 - shape.lower_face) * LOWER_SPAN
    y = np.where(
        below <= 0, y, np.where(below < LOWER_SPAN * shape.lower_face, EYE_LEVEL - below / shape.lower_face, shifted)
    )
    return np.where(y > BROW_LEVEL, BROW_LEVEL + (y - BROW_LEVEL) / shape.upper_skull, y)


def height(shape: FaceShape, y: float) -> float:
    """`on_face` for one number."""
    return float(on_face(shape, y))


def mouth_line(shape: FaceShape) -> float:
    """Height of the line between the lips."""
    return height(shape, shape.mouth_height)


def jaw_line(z: ArrayLike) -> Floats:
    """Height of the jaw's lower edge at this depth, on the average face."""
    return np.asarray(-108 + 23 * smoothstep(0, -65, z))


def eye_centre(shape: FaceShape, side: int) -> Floats:
    """Centre of an eyeball; side +1 = the person's left (right in the picture), -1 = right."""
    return np.array([side * shape.eye_spacing, shape.eye_height, 0.4 - shape.eye_radius - shape.eye_depth])


def shoulder_lift(shape: FaceShape) -> float:
    """How far the clothes are raised."""
    return SHOULDER_LIFT + 0.8 * LOWER_SPAN * (0.93 - shape.lower_face)
