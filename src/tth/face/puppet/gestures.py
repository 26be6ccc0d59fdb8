"""What a FaceState asks of the puppet, as the numbers its kernels take. Pure; lengths in eye distances.

Tests: tests/face/puppet/test_gestures.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tth.face.parameters import GAZE_FULL_DEG, INDEX, FaceState
from tth.face.puppet.shapes import BENDING_SHAPES
from tth.face.sculpt.maths import smoothstep

F32 = NDArray[np.float32]

WEIGHT_MOST = 1.3
"""Shapes beyond this would fold the picture over itself."""
TURN_MOST_DEG = (26.0, 22.0, 40.0)
"""Yaw, pitch and roll that a picture's turn approaches and never reaches, because it has no other side to show."""
SIDESTEP_PER_DEG = 0.0008
"""A turning head also moves a little to that side, as the sculpted one does."""
BREATH_RISE = 0.032
"""How far the shoulders rise with a full breath."""
EYEBALL_TO_IRIS = 2.05
"""Radius of an eyeball in radii of its iris (human: 12 mm to 5.9 mm)."""
_ARKIT_AT = np.array([INDEX[name] for name in BENDING_SHAPES if name in INDEX])


def bending_weights(state: FaceState) -> F32:
    """How much of each of BENDING_SHAPES, (n,): ARKit's as given up to WEIGHT_MOST, the correctives from them."""
    weights = np.zeros(len(BENDING_SHAPES), np.float32)
    weights[: len(_ARKIT_AT)] = np.clip(state.weights[_ARKIT_AT], 0.0, WEIGHT_MOST)
    jaw = min(max(state.weight("jawOpen"), 0.0), WEIGHT_MOST)
    lower = _both(state, "mouthLowerDown")
    weights[BENDING_SHAPES.index("mouthClose")] = min(weights[BENDING_SHAPES.index("mouthClose")], jaw)
    weights[BENDING_SHAPES.index("smileOpen")] = _both(state, "mouthSmile") * min(2.2 * jaw + lower, 1.0)
    return weights


def head_rotation(state: FaceState) -> tuple[float, ...]:
    """Rotation matrix by rows (9 numbers) of picture axes (x right, y down, z to the viewer): pitch, yaw, then roll."""
    angles = (state.yaw_deg, -state.pitch_deg, state.roll_deg)
    yaw, pitch, roll = (math.radians(b * math.tanh(a / b)) for a, b in zip(angles, TURN_MOST_DEG, strict=True))
    cy, sy, cp, sp, cr, sr = (f(angle) for angle in (yaw, pitch, roll) for f in (math.cos, math.sin))
    return (
        cr * cy, -cr * sy * sp - sr * cp, cr * sy * cp - sr * sp,
        sr * cy, -sr * sy * sp + cr * cp, sr * sy * cp + cr * sp,
        -sy, -cy * sp, cy * cp,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class EyeMove:
    """What one eye does."""

    upper: float
    """Upper lid: 0 at rest, 1 shut, negative wider."""
    lower: float
    """Lower lid: how far up, in eye openings; negative = down."""
    right: float
    """Shift of the iris to the right of the picture, in radii of the eyeball."""
    down: float


def eye_move(state: FaceState, side: str) -> EyeMove:
    """Lids and gaze of side "left" or "right"; lids follow the gaze, smiles and squints narrow the eye."""
    name = side.capitalize()
    outwards = state.weight(f"eyeLookOut{name}") - state.weight(f"eyeLookIn{name}")
    upwards = min(max(state.weight(f"eyeLookUp{name}") - state.weight(f"eyeLookDown{name}"), -1.0), 1.0)
    right = min(max(outwards, -1.0), 1.0) * (1 if side == "left" else -1)
    blink, squint, wide = (
        min(max(state.weight(f"{shape}{name}"), 0.0), 1.0) for shape in ("eyeBlink", "eyeSquint", "eyeWide")
    )
    cheek = min(max(state.weight(f"cheekSquint{name}") + 0.35 * state.weight(f"mouthSmile{name}"), 0.0), 1.3)
    open_ = 1 - blink
    follow = min(max(-upwards * math.radians(GAZE_FULL_DEG) * 1.1, -0.25), 0.55)
    upper = blink + open_ * (0.16 * squint + 0.05 * cheek - 0.28 * wide + 0.6 * follow)
    lower = open_ * (0.22 * squint + 0.09 * cheek - 0.06 * wide - 0.10 * follow)
    full = math.sin(math.radians(GAZE_FULL_DEG))
    return EyeMove(min(max(upper, -0.35), 1.0), lower, right * full, -upwards * full)


@dataclass(frozen=True, slots=True)
class TongueMove:
    """What the tongue does. ARKit has one shape for it: up to 0.4 the tip rises behind the upper teeth (as in d, n, l),
    then it comes forward."""

    lift: float
    out: float


def tongue_move(state: FaceState) -> TongueMove:
    """As the sculpted head's tongue."""
    tongue = state.weight("tongueOut")
    forward = float(smoothstep(0.55, 1.0, tongue))
    return TongueMove(min(max(tongue / 0.4, 0.0), 1.0) * (1 - 0.65 * forward), forward)


def light_in_mouth(state: FaceState) -> float:
    """Rounded lips shade the teeth; parted lips let light in."""
    rounded = min(state.weight("mouthPucker") + 0.6 * state.weight("mouthFunnel"), 1.0)
    parted = state.weight("jawOpen") + 0.6 * (_both(state, "mouthUpperUp") + _both(state, "mouthLowerDown"))
    smiling = 0.25 * _both(state, "mouthSmile")
    return (1 - 0.35 * max(rounded, 0.0)) * (0.72 + 0.33 * float(smoothstep(0.0, 0.35, parted + smiling)))


def _both(state: FaceState, name: str) -> float:
    """Mean of a left and a right shape, 0..WEIGHT_MOST."""
    return min(max((state.weight(f"{name}Left") + state.weight(f"{name}Right")) / 2, 0.0), WEIGHT_MOST)
