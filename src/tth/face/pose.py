"""How the head turns on the neck: what a FaceState's angles do to the vertices."""

from __future__ import annotations

from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray

from tth.face.raster.deform import fill_neck_turns, turn_head
from tth.face.sculpt.maths import Floats
from tth.face.sculpt.sculpture import HEAD_PIVOT

F32 = NDArray[np.float32]

NECK_SHARES = np.linspace(0.0, 1.0, 5)
"""Head weights at which the turn of the neck is computed; in between it is the polynomial through these: off by less
than 0.01 mm in a picture's turns of up to 45 degrees."""
_POLYNOMIAL = np.ascontiguousarray(np.linalg.inv(np.vander(NECK_SHARES, increasing=True)))
SIDESTEP_MM_PER_DEG = 0.05
"""A turning head also moves a little to that side."""
DRAPE_TURNS = (
    (24.0, 0.0, 0.0),
    (-24.0, 0.0, 0.0),
    (0.0, 16.0, 0.0),
    (0.0, -16.0, 0.0),
    (0.0, 0.0, 16.0),
    (0.0, 0.0, -16.0),
)
"""Yaw, pitch and roll at which what hangs from the head is laid anew (sculpt/drape.py)."""
_DRAPE_SHARES = np.array(DRAPE_TURNS) / (np.array(DRAPE_TURNS) ** 2).sum(1, keepdims=True)
DRAPE_MOST = 1.8
"""Further turns than this many times DRAPE_TURNS move hanging hair no more."""


def one_rotation(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Floats:
    """What sculpt.maths.rotation gives for three numbers, ten times as fast."""
    yaw, pitch, roll = radians(yaw_deg), radians(pitch_deg), radians(roll_deg)
    cy, sy, cp, sp, cr, sr = cos(yaw), sin(yaw), cos(pitch), sin(pitch), cos(roll), sin(roll)
    return np.array((
        (cy * cr + sy * sp * sr, sy * sp * cr - cy * sr, sy * cp),
        (cp * sr, cp * cr, -sp),
        (cy * sp * sr - sy * cr, sy * sr + cy * sp * cr, cy * cp),
    ))  # fmt: skip


def head_turn(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Floats:
    """Rotation (3, 3) of the head for angles as in FaceState."""
    return one_rotation(yaw_deg, -pitch_deg, -roll_deg)


def drape_weights(yaw_deg: float, pitch_deg: float, roll_deg: float) -> F32:
    """Weights (6,) of the displacements that belong to DRAPE_TURNS, for angles as in FaceState."""
    shares = _DRAPE_SHARES @ (yaw_deg, pitch_deg, roll_deg)
    return np.asarray(np.minimum(np.maximum(shares, 0.0), DRAPE_MOST), np.float32)


def neck_turns(yaw_deg: float, pitch_deg: float, roll_deg: float) -> F32:
    """The rotation (3, 3) of what follows the head by 0..1 of its turn, as polynomials of that share: (5, 9), row k
    belongs to its k-th power."""
    turns = np.empty((len(NECK_SHARES), 9))
    fill_neck_turns(radians(yaw_deg), radians(-pitch_deg), radians(-roll_deg), NECK_SHARES, _POLYNOMIAL, turns)
    return turns.astype(np.float32)


def pose_head(points: F32, head_weight: F32, turns: F32, yaw_deg: float) -> None:
    """Turn points (3, n) in place; turns: from `neck_turns`."""
    turn_head(points, head_weight, turns, HEAD_PIVOT, np.array([yaw_deg * SIDESTEP_MM_PER_DEG, 0, 0], np.float32))
