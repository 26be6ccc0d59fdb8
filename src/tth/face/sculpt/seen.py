"""Baked once per person: which triangles each view of the head shows, see `tth.face.views`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tth.face.body import Body, eye_moves
from tth.face.parameters import INDEX, FaceState, neutral_weights
from tth.face.raster.deform import project
from tth.face.raster.materials import HAIR
from tth.face.raster.zbuffer import mark_seen, rasterise
from tth.face.sculpt.sculpture import Sculpture, Section
from tth.face.shot import Shot
from tth.face.stage import camera
from tth.face.views import ANY_VIEW, PITCH_EDGES_DEG, ROLL_MOST_DEG, VIEWS_PER_YAW, YAW_EDGES_DEG

Bits = NDArray[np.int64]
Flags = NDArray[np.bool_]
Pose = tuple[float, Mapping[str, float]]
"""Roll in degrees, and shapes; names without a side stand for both."""

SEEN_VIEW_SIZE = (620, 1024)
"""Width and height of the pictures that are looked at: as fine as any, and as tall as any shows the person."""
_LAUGH = {"jawOpen": 1.0, "mouthSmile": 0.6, "mouthUpperUp": 0.5, "mouthLowerDown": 0.5, "browInnerUp": 1.0,
          "browOuterUp": 1.0, "eyeWide": 1.0}  # fmt: skip
_KISS = {"mouthPucker": 1.0, "mouthFunnel": 0.4, "jawForward": 0.5, "browDown": 1.0, "noseSneer": 1.0, "eyeBlink": 1.0}
_PULL = {"jawOpen": 0.5, "mouthLeft": 1.0, "jawLeft": 1.0, "mouthFrown": 1.0, "mouthShrugLower": 1.0, "cheekPuff": 1.0}
_ALIKE: tuple[Pose, ...] = ((0, {}), (ROLL_MOST_DEG, {}), (-ROLL_MOST_DEG, {}))
_POSES = (
    (*_ALIKE, (0, _LAUGH), (-ROLL_MOST_DEG, _PULL)),
    (*_ALIKE, (0, _KISS), (ROLL_MOST_DEG, _LAUGH)),
)
"""Looked at in the corners of the views, which take turns as on a chessboard: every view has corners of both kinds."""
LARGE_MM = 6.0
"""A triangle of hair with such an edge leaves a hole that is noticed, a smaller one does not."""


def seen_in_views(sculpture: Sculpture) -> Bits:
    """For each triangle (t,) the views that show it: bit 1 << view."""
    corners = np.array([
        [_seen(sculpture, yaw, pitch, _POSES[(i + j) % 2]) for j, pitch in enumerate(PITCH_EDGES_DEG)]
        for i, yaw in enumerate(YAW_EDGES_DEG)
    ])  # fmt: skip
    seen = corners[:-1, :-1] | corners[:-1, 1:] | corners[1:, :-1] | corners[1:, 1:]
    bits = np.full(len(sculpture.triangles), 1 << ANY_VIEW, np.int64)
    careful = _careful(sculpture)
    for yaw, pitch in np.ndindex(seen.shape[:2]):
        in_view = seen[yaw, pitch]
        touched = np.zeros(len(sculpture.points), bool)
        touched[sculpture.triangles[in_view]] = True
        in_view = in_view | (touched[sculpture.triangles].any(1) & careful)
        bits |= in_view.astype(np.int64) << (yaw * VIEWS_PER_YAW + pitch)
    bits[_always_drawn(sculpture)] = -1
    return bits


def _seen(sculpture: Sculpture, yaw_deg: float, pitch_deg: float, poses: tuple[Pose, ...]) -> Flags:
    """Triangles (t,) that the camera sees in any of these poses."""
    s, body = sculpture, Body(sculpture)
    width, height = SEEN_VIEW_SIZE
    view = camera(Shot(width, height))
    every = np.arange(len(s.triangles), dtype=np.int32)
    seen = np.zeros(len(s.triangles), np.uint8)
    screen, keys = np.zeros((len(s.points), 4), np.float32), np.zeros(width * height * 4, np.int32)
    for roll_deg, shapes in poses:
        state = FaceState(_weights(shapes), yaw_deg, pitch_deg, roll_deg)
        body.move(state, eye_moves(state), 0.5)
        project(body.points, view, screen.ravel())
        rasterise(screen, s.triangles, s.two_sided, every, width, height, keys)
        mark_seen(keys, seen)
    return seen > 0


def _weights(shapes: Mapping[str, float]) -> NDArray[np.float32]:
    weights = neutral_weights()
    for name, weight in shapes.items():
        for side in ("", "Left", "Right"):
            if name + side in INDEX:
                weights[INDEX[name + side]] = weight
    return weights


def _careful(sculpture: Sculpture) -> Flags:
    """Triangles (t,) that are drawn beside any that is seen, for the faces that lie between those looked at."""
    corners = sculpture.points[sculpture.triangles]
    edges_mm = np.linalg.norm(corners - np.roll(corners, 1, 1), axis=2)
    return np.asarray((sculpture.material != HAIR) | (edges_mm.max(1) > LARGE_MM))


def _always_drawn(sculpture: Sculpture) -> Flags:
    """Triangles of what comes and goes with the expression."""
    corner = sculpture.triangles[:, 0]
    parts = (Section.LASHES_LEFT, Section.LASHES_RIGHT, Section.TEETH_UPPER, Section.TEETH_LOWER, Section.TONGUE,
             Section.EYE_LEFT, Section.EYE_RIGHT, Section.CLOTH)  # fmt: skip
    ranges = [sculpture.range_of(part) for part in parts]
    return np.asarray(np.any([(corner >= part.start) & (corner < part.stop) for part in ranges], 0))
