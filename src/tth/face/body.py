"""The vertices of a sculpted person as a FaceState wants them: shapes, lids, jaw, hanging hair, turn of the head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tth.face import gaze
from tth.face.parameters import BLENDSHAPES, INDEX, FaceState
from tth.face.pose import drape_weights, neck_turns, pose_head
from tth.face.raster.deform import add_shapes, turn_jaw, turn_normals, unit_normals
from tth.face.raster.eyes import UNIFORMS
from tth.face.sculpt.sculpture import JAW_FULL_RAD, JAW_PIVOT, JAW_SLIDE, SHAPES, Sculpture, Section

F32 = NDArray[np.float32]

JAW_OPEN_MOST = 1.2
WEIGHT_MOST = 2.0
"""Shapes beyond this would tear the face, and could push points behind the camera."""


class Body:
    """Moves the vertices of one person; one painter's own."""

    def __init__(self, sculpture: Sculpture) -> None:
        self.sculpture = sculpture
        self._rest_points = np.ascontiguousarray(sculpture.points.T)
        self._rest_normals = np.ascontiguousarray(sculpture.normals.T)
        self._lids = gaze.lids_of(sculpture, 0), gaze.lids_of(sculpture, 1)
        self.points = self._rest_points.copy()
        """After `move`: (3, n), millimetres. Eyeballs do not turn: their gaze is painted onto them."""
        self.normals = np.zeros_like(self.points)
        """Unit normals, (3, n)."""
        self.eye_uniforms = np.zeros((2, UNIFORMS), np.float32)
        """What the eye kernel must know; here the margins of the lids."""

    def move(self, state: FaceState, moves: tuple[gaze.EyeMove, gaze.EyeMove], breath_level: float) -> None:
        """Rest -> expression -> pose. moves: of the eyes in this state; breath_level: 0..1, in place of the state's."""
        s, points = self.sculpture, self.points
        points[:] = self._rest_points
        add_shapes(points, s.shape_start, s.shape_index, s.shape_offset, _shape_weights(state, breath_level))
        for eye in (0, 1):
            gaze.move_lids(self._lids[eye], points, moves[eye], self.eye_uniforms[eye])
        jaw = jaw_open(state)
        turn_jaw(points, s.jaw_weight, np.float32(jaw * JAW_FULL_RAD), JAW_PIVOT, np.float32(jaw) * JAW_SLIDE)
        skin = s.range_of(Section.SKIN)
        turns = neck_turns(state.yaw_deg, state.pitch_deg, state.roll_deg)
        pose_head(points, s.head_weight, turns, state.yaw_deg)
        turn_normals(skin.stop, self._rest_normals, s.head_weight, turns, self.normals)
        unit_normals(points, s.skin_triangles, skin.stop, self.normals)


def eye_moves(state: FaceState) -> tuple[gaze.EyeMove, gaze.EyeMove]:
    """Of the left and the right eye."""
    return gaze.eye_move(state, 0), gaze.eye_move(state, 1)


def light_in_mouth(state: FaceState) -> float:
    """Teeth and tongue get lighter as the lips part."""
    parted = _both(state, "mouthUpperUp") + 0.4 * _both(state, "mouthSmile") + _both(state, "mouthLowerDown")
    rounded = min(max(state.weight("mouthPucker") + 0.3 * state.weight("mouthFunnel"), 0.0), 1.0)  # lips cast a shade
    return (0.55 + 0.6 * _soft_step(0.0, 0.35, jaw_open(state) + 0.6 * parted)) * (1 - 0.9 * rounded) ** 2


def jaw_open(state: FaceState) -> float:
    """As far as the jaw can."""
    return min(max(state.weight("jawOpen"), 0.0), JAW_OPEN_MOST)


def _soft_step(low: float, high: float, x: float) -> float:
    """sculpt.maths.smoothstep for one number."""
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)


def _both(state: FaceState, name: str) -> float:
    """Mean of a left and a right shape."""
    return (state.weight(f"{name}Left") + state.weight(f"{name}Right")) / 2


def _shape_weights(state: FaceState, breath_level: float) -> F32:
    """Weights of all SHAPES: those of ARKit as given, the helpers from them."""
    tongue = state.weight("tongueOut")
    # the tip first rises behind the upper teeth (as in d, n, l), then comes forward between them (as in th)
    lift = min(max(tongue / 0.4, 0.0), 1.0) * (1 - 0.65 * _soft_step(0.4, 0.95, tongue))
    shut = 1 - _soft_step(0.04, 0.13, jaw_open(state) + 0.25 * _both(state, "mouthLowerDown"))
    weights = np.zeros(len(SHAPES), np.float32)
    weights[: len(BLENDSHAPES)] = np.minimum(np.maximum(state.weights, 0.0), WEIGHT_MOST)
    weights[INDEX["tongueOut"]] = min(max((tongue - 0.35) / 0.65, 0.0), 1.0)
    drape = drape_weights(state.yaw_deg, state.pitch_deg, state.roll_deg)
    weights[len(BLENDSHAPES) :] = lift, shut, breath_level, *drape
    return weights
