"""The one state of the embedded face: what a painter draws and what a `motion_frame` carries.

Nothing is drawn that is not in here, so a client that renders its own head from the same numbers shows the same
person doing the same thing. Tests: tests/face/test_parameters.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

# Apple ARKit `ARFaceAnchor.BlendShapeLocation`, alphabetical within a region; the order is the wire order of
# `MotionFrame.blendshapes` and must never change.
BLENDSHAPES: tuple[str, ...] = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft",
    "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight",
    "eyeSquintRight", "eyeWideRight", "jawForward", "jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel",
    "mouthPucker", "mouthLeft", "mouthRight", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft",
    "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight",
    "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "browDownLeft",
    "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff", "cheekSquintLeft",
    "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
INDEX: dict[str, int] = {name: position for position, name in enumerate(BLENDSHAPES)}

GAZE_FULL_DEG = 30.0
"""Eye rotation at weight 1 of an `eyeLook...` shape; about the range of a human eye before the head follows."""


def neutral_weights() -> NDArray[np.float32]:
    """A fresh all-zero weight vector, float32, shape (52,)."""
    return np.zeros(len(BLENDSHAPES), np.float32)


@dataclass(frozen=True, slots=True)
class FaceState:
    """Everything a painter needs for one frame. Angles are degrees in the viewer's picture."""

    weights: NDArray[np.float32] = field(default_factory=neutral_weights)
    """Blendshape weights 0..1, float32, shape (52,), in the order of `BLENDSHAPES`; gaze is in the eyeLook shapes."""
    yaw_deg: float = 0.0
    """Head turn; positive = towards the right edge of the picture."""
    pitch_deg: float = 0.0
    """Head nod; positive = looking up."""
    roll_deg: float = 0.0
    """Head tilt; positive = clockwise in the picture."""
    breath: float = 0.0
    """Chest, 0 = breathed out, 1 = breathed in."""

    def weight(self, name: str) -> float:
        """The weight of one named shape. Raises KeyError for a name that is not in `BLENDSHAPES`."""
        return float(self.weights.item(INDEX[name]))


def set_gaze(weights: NDArray[np.float32], right_deg: float, up_deg: float) -> None:
    """Write one gaze direction (both eyes parallel) into the eight eyeLook shapes of `weights`, in place.

    right_deg, up_deg: as seen in the picture; clipped at `GAZE_FULL_DEG`. "Left" shapes belong to the person's
    left eye, which is on the right of the picture.
    """
    side = min(max(right_deg / GAZE_FULL_DEG, -1.0), 1.0)
    rise = min(max(up_deg / GAZE_FULL_DEG, -1.0), 1.0)
    weights[INDEX["eyeLookOutLeft"]] = weights[INDEX["eyeLookInRight"]] = max(side, 0.0)
    weights[INDEX["eyeLookInLeft"]] = weights[INDEX["eyeLookOutRight"]] = max(-side, 0.0)
    weights[INDEX["eyeLookUpLeft"]] = weights[INDEX["eyeLookUpRight"]] = max(rise, 0.0)
    weights[INDEX["eyeLookDownLeft"]] = weights[INDEX["eyeLookDownRight"]] = max(-rise, 0.0)


def gaze_of(weights: NDArray[np.float32]) -> tuple[float, float]:
    """The mean gaze (right_deg, up_deg) held by the eyeLook shapes; inverse of `set_gaze`."""
    right = weights[INDEX["eyeLookOutLeft"]] + weights[INDEX["eyeLookInRight"]]
    left = weights[INDEX["eyeLookInLeft"]] + weights[INDEX["eyeLookOutRight"]]
    up = weights[INDEX["eyeLookUpLeft"]] + weights[INDEX["eyeLookUpRight"]]
    down = weights[INDEX["eyeLookDownLeft"]] + weights[INDEX["eyeLookDownRight"]]
    return float(right - left) / 2 * GAZE_FULL_DEG, float(up - down) / 2 * GAZE_FULL_DEG
