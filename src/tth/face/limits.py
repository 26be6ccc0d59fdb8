"""How fast a face may move, and the spring between two states of mind. Pure. Tests: tests/face/test_limits.py."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tth.face.expression import expand, mouth_positions
from tth.face.parameters import BLENDSHAPES, INDEX
from tth.face.visemes import mouth_rules

FaceVector = NDArray[np.float64]
"""A face as one vector: 52 weights, yaw, pitch, roll (degrees), breath; float64, shape (56,)."""

WEIGHT_COUNT = len(BLENDSHAPES)
YAW, PITCH, ROLL, BREATH = range(WEIGHT_COUNT, WEIGHT_COUNT + 4)
FACE_SIZE = WEIGHT_COUNT + 4

# Full ranges per second of what is not the mouth of speech. Lids and eyes are the fastest (VanderWerf et al. 2003;
# Bahill et al. 1975); spontaneous smiles take 200 ms and more (Schmidt, Cohn & Tian 2003).
_SPEEDS_PER_S = {"eyeBlink": 20.0, "eyeWide": 12.0, "mouthRollLower": 12.0, "mouthRollUpper": 12.0, "tongueOut": 12.0}
_OTHER_SPEED_PER_S = 6.0
_GAZE_SPEED_PER_S = 24.0
_HEAD_SPEED_DEG_PER_S = 90.0
_BREATH_SPEED_PER_S = 1.6

# Settles in some 0.4 s: chosen by eye, 2026-11.
_SPRING_PER_S = 9.0


@cache
def speed_limit_per_s() -> FaceVector:
    """The largest speed of each part of a face vector: full ranges, or degrees, per second. Read-only."""
    limits = np.full(FACE_SIZE, _OTHER_SPEED_PER_S)
    named = expand(_SPEEDS_PER_S)
    limits[:WEIGHT_COUNT] = np.where(named > 0, named, _OTHER_SPEED_PER_S)
    for positions, speed in zip(mouth_positions(), mouth_rules().speed_limit_per_s, strict=True):
        limits[list(positions)] = speed
    limits[[position for name, position in INDEX.items() if name.startswith("eyeLook")]] = _GAZE_SPEED_PER_S
    limits[YAW:BREATH] = _HEAD_SPEED_DEG_PER_S
    limits[BREATH] = _BREATH_SPEED_PER_S
    limits.flags.writeable = False
    return limits


def limited(face: FaceVector, before: FaceVector, dt_s: float) -> FaceVector:
    """`face`, but no further from `before` than the limits allow in `dt_s` seconds."""
    step = dt_s * speed_limit_per_s()
    return np.minimum(np.maximum(face, before - step), before + step)


def spring(level: float, speed: float, target: float, dt_s: float) -> tuple[float, float]:
    """One step of a critically damped spring from (level, speed per second) towards `target`; exact for any dt_s."""
    decay = math.exp(-_SPRING_PER_S * dt_s)
    away = level - target
    push = speed + _SPRING_PER_S * away
    return target + (away + push * dt_s) * decay, (speed - _SPRING_PER_S * push * dt_s) * decay
