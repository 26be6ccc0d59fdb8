"""Eyes and lids of one frame: how far the lids turn, where the eyes look, what the eye kernel must know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tth.face.parameters import GAZE_FULL_DEG, FaceState
from tth.face.pose import one_rotation
from tth.face.raster import eyes as layout
from tth.face.raster.deform import Lids, turn_lids
from tth.face.sculpt.maths import Floats
from tth.face.sculpt.sculpture import IRIS_RADIUS_MM, Sculpture
from tth.face.stage import AMBIENT, LIGHTS

F32 = NDArray[np.float32]
SIDES = ("Left", "Right")
"""Order of the eyes in all arrays: the person's left eye is at x > 0, right in the picture."""
CONVERGENCE_DEG = 1.2
"""Each eye turns inwards a little, as if looking at a screen."""
RESTING_LID = 0.09
"""The upper lid rests lower than modelled and covers the top of the iris: a fully seen iris stares."""
_VIEW_KEY_FILL = np.array([[0, 0, 1], LIGHTS[0, :3], LIGHTS[1, :3]], float)
_COLOURS = np.concatenate([LIGHTS[0, 3:] * 0.82, LIGHTS[1, 3:] * 1.1, AMBIENT[0] * 0.95 + 0.05])


@dataclass(frozen=True)
class EyeMove:
    """What one eye and its lids do."""

    right_deg: float
    up_deg: float
    upper_lid: float
    """Turn of the upper lid: 0 rest, 1 closed, negative wider."""
    lower_lid: float
    """The same for the lower lid; may overshoot in a squint."""


def eye_move(state: FaceState, eye: int) -> EyeMove:
    """Gaze and lids of eye 0 (left) or 1 (right): blink, squint, smile, wide eyes, and lids that follow the gaze."""
    side = SIDES[eye]
    outwards = state.weight(f"eyeLookOut{side}") - state.weight(f"eyeLookIn{side}")
    right_deg = GAZE_FULL_DEG * outwards * (1 if eye == 0 else -1)
    up_deg = GAZE_FULL_DEG * (state.weight(f"eyeLookUp{side}") - state.weight(f"eyeLookDown{side}"))
    blink = min(max(state.weight(f"eyeBlink{side}"), 0.0), 1.0)
    squint, wide = state.weight(f"eyeSquint{side}"), state.weight(f"eyeWide{side}")
    cheek = state.weight(f"cheekSquint{side}") + 0.45 * state.weight(f"mouthSmile{side}")
    follow = min(max(-np.radians(up_deg) * 1.1, -0.25), 0.55)
    open_ = 1 - blink
    upper = blink + open_ * (0.22 * squint + 0.03 * cheek - 0.24 * wide + follow * 0.6 + RESTING_LID)
    lower = blink + open_ * (1.7 * squint + 1.0 * cheek - 0.9 * wide - follow * 0.9)
    return EyeMove(right_deg, up_deg, min(max(upper, -0.35), 1.0), min(max(lower, -1.0), 2.6))


def lids_of(sculpture: Sculpture, eye: int) -> Lids:
    """What `move_lids` must know of eye 0 (left) or 1 (right)."""
    s = sculpture
    part = slice(int(s.lid_start[eye]), int(s.lid_start[eye + 1]))
    margins = s.margin_upper[eye], s.margin_lower[eye]
    return Lids(s.lid_index[part], s.lid_upper[part], s.lid_lower[part], *margins, s.eyes[eye])


def move_lids(lids: Lids, points: F32, move: EyeMove, uniforms: F32) -> None:
    """Turn the lids of one eye, in place, and note the height of their margins in its row of `uniforms`.

    points: vertices before jaw and head are turned, (3, n).
    """
    upper_line = uniforms[layout.UPPER_LID :][: layout.LID_STEPS]
    lower_line = uniforms[layout.LOWER_LID :][: layout.LID_STEPS]
    turn_lids(points, lids, np.float32(move.upper_lid), np.float32(move.lower_lid), upper_line, lower_line)


def set_eye_light(uniforms: F32, eye: int, move: EyeMove, turn: Floats, iris_radius: float) -> None:
    """Fill the rest of one eye's row: gaze, light and view as seen from the turned head and eye.

    turn (3, 3): rotation of the head; iris_radius: in eyeball radii.
    """
    inwards = -CONVERGENCE_DEG if eye == 0 else CONVERGENCE_DEG
    gaze = one_rotation(move.right_deg + inwards, -move.up_deg, 0.0)
    in_head = _VIEW_KEY_FILL @ turn
    in_eye = in_head @ gaze
    # one after the other as in the layout, from GAZE to VIEW: one assignment instead of nine
    uniforms[: layout.VIEW + 3] = np.concatenate((
        gaze.T.ravel(), (iris_radius,), in_eye[0, :2], in_head[1], in_head[2], in_eye[1, :2], _COLOURS, gaze[:, 2],
        in_head[0],
    ))  # fmt: skip


def iris_radius(sculpture: Sculpture, eye: int) -> float:
    """Radius of the iris in eyeball radii."""
    return IRIS_RADIUS_MM / float(sculpture.eyes[eye, 3])
