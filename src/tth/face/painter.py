"""Draws the embedded face: from a FaceState to a picture, on one CPU core.

Importing this imports numba; `tth.face` itself does not. How the head is made: docs/face.md. Tests:
tests/face/test_painter.py.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tth.face import gaze
from tth.face.backdrop import CLEAR, Backdrop, Clear, studio_backdrop
from tth.face.look import load_look
from tth.face.parameters import BLENDSHAPES, INDEX, FaceState
from tth.face.pose import drape_weights, head_turn, pose_head
from tth.face.raster.deform import add_shapes, project, turn_jaw, vertex_normals
from tth.face.raster.light import harmonics, light_hair, light_skin
from tth.face.raster.pixels import UNIFORMS, packed_texture, paint_eyes, resolve, spread_colours
from tth.face.raster.zbuffer import rasterise
from tth.face.sculpt.maths import Floats, smoothstep
from tth.face.sculpt.sculpture import (
    CLOTH_SURFACE,
    JAW_FULL_RAD,
    JAW_PIVOT,
    JAW_SLIDE,
    SHAPES,
    Sculpture,
    Section,
)
from tth.face.sculpt.store import load_sculpture
from tth.face.shot import Shot
from tth.face.stage import AMBIENT, LIGHTS, camera, px_per_mm

F32 = NDArray[np.float32]

JAW_OPEN_MOST = 1.2
WEIGHT_MOST = 2.0
"""Shapes beyond this would tear the face, and could push points behind the camera."""
BREATH_STEPS = 16
"""The chest rises in so many steps, each a seventh of a pixel at 512x512, so that it is not drawn in every frame."""
CLOTH_SHEEN = 0.75
HAIR_GAINS = np.array([0.05, 1.7], np.float32)
"""Strength of the hair's white and coloured highlights."""
EYE_PIXELS_SHARE = 12
"""Eyeballs cover at most one pixel in this many."""


class _Canvas:
    """Everything of one painter that changes from frame to frame."""

    def __init__(self, sculpture: Sculpture, width_px: int, height_px: int, channels: int) -> None:
        n = len(sculpture.points)
        hair = sculpture.range_of(Section.HAIR)
        self.points = sculpture.points.copy()
        self.normals = sculpture.normals.copy()
        self.screen = np.zeros((n, 3), np.float32)
        self.vertex = np.zeros((n, 8), np.float32)
        self.vertex[:, 6:8] = sculpture.uv
        for eye, section in enumerate((Section.EYE_LEFT, Section.EYE_RIGHT)):
            part = sculpture.range_of(section)
            self.vertex[part, 2:5] = sculpture.normals[part]  # for eyeballs the light columns hold the direction
            self.vertex[part, 5] = eye
        self.second_shine = np.zeros(max(hair.stop - hair.start, 1), np.float32)
        self.keys = np.zeros(width_px * height_px * 4, np.int32)
        self.picture = np.zeros((height_px, width_px, channels), np.uint8)
        self.eye_pixels = np.zeros(width_px * height_px // EYE_PIXELS_SHARE, np.int32)
        self.eye_values = np.zeros((len(self.eye_pixels), 5), np.float32)
        self.eye_uniforms = np.zeros((2, UNIFORMS), np.float32)


class _Torso:
    """The clothes alone, kept from frame to frame: neither the head's turn nor the face changes them, only breath."""

    def __init__(self, sculpture: Sculpture, width_px: int, height_px: int, channels: int) -> None:
        self.first_triangle = int(np.searchsorted(sculpture.surface == CLOTH_SURFACE, True))
        self.breath_step = -1
        self.keys = np.zeros(width_px * height_px * 4, np.int32)
        self.picture = np.zeros((height_px, width_px, channels), np.uint8)
        self.first_key = 0
        """Keys before this one are empty: the clothes begin further down."""


class SculptedPainter:
    """Paints one person in one shot.

    Not thread-safe: one painter per session. Painters of many sessions may share a Sculpture and run in different
    threads at once: the work is done with the interpreter lock released.
    """

    def __init__(self, sculpture: Sculpture, shot: Shot, backdrop: Backdrop | Clear | None = None) -> None:
        """backdrop: of the shot's size; None = the look's own studio wall; CLEAR = none, and pictures are RGBA.

        Whatever the aspect, the person is centred and fills the shorter side, undistorted.
        """
        self.sculpture = sculpture
        width_px, height_px = shot.width_px, shot.height_px
        self.size_px = (width_px, height_px)
        channels = 4 if backdrop is CLEAR else 3
        self._canvas = _Canvas(sculpture, width_px, height_px, channels)
        self._backdrop = _backdrop(sculpture, shot, backdrop)
        self._camera = camera(shot)
        self._skin_texture = packed_texture(_fitting_texture(sculpture, px_per_mm(shot)))
        self._eye_texture = packed_texture(sculpture.eye_texture)
        self._chest_light = _light_harmonics(np.eye(3))
        self._torso = _Torso(sculpture, width_px, height_px, channels)

    def paint(self, state: FaceState) -> NDArray[np.uint8]:
        """The picture of this state: RGB, uint8 (height, width, 3); RGBA where the backdrop is CLEAR, see `Painter`.

        The same state always gives the same picture. The array is reused: valid until the next call; copy to keep.
        Weights are cut to 0..2. About 10 ms of one core at 512x512; call it off the event loop.

        Raises ValueError if the state holds anything that is not a finite number.
        """
        _require_finite(state)
        turn = head_turn(state.yaw_deg, state.pitch_deg, state.roll_deg)
        self._deform(state)
        self._pose(state)
        self._light(state, turn)
        if self._torso.breath_step != _breath_step(state):
            self._draw_torso()
            self._torso.breath_step = _breath_step(state)
        return self._draw()

    def vertices(self, state: FaceState) -> F32:
        """Where `paint` puts the vertices of the sculpture, (n, 3), millimetres; for measurements and exports.

        Eyeballs do not turn: their gaze is painted onto them. Raises ValueError as `paint` does.
        """
        _require_finite(state)
        self._deform(state)
        self._pose(state)
        return self._canvas.points.copy()

    def _deform(self, state: FaceState) -> None:
        """Rest -> expression: shapes, lids, jaw."""
        s, c = self.sculpture, self._canvas
        c.points[:] = s.points
        add_shapes(c.points, s.shape_start, s.shape_index, s.shape_offset, _shape_weights(state))
        for eye in (0, 1):
            gaze.move_lids(s, c.points, eye, gaze.eye_move(state, eye), c.eye_uniforms[eye])
        jaw = _jaw_open(state)
        turn_jaw(c.points, s.jaw_weight, np.float32(jaw * JAW_FULL_RAD), JAW_PIVOT, np.float32(jaw) * JAW_SLIDE)

    def _pose(self, state: FaceState) -> None:
        """Turn the head, compute the skin's normals, project."""
        s, c = self.sculpture, self._canvas
        skin = s.range_of(Section.SKIN)
        c.normals[skin.stop :] = s.normals[skin.stop :]
        pose_head(c.points, c.normals, skin.stop, s.head_weight, state.yaw_deg, state.pitch_deg, state.roll_deg)
        vertex_normals(c.points[skin], s.skin_triangles, c.normals[skin])
        project(c.points, self._camera, c.screen, c.vertex)

    def _light(self, state: FaceState, turn: Floats) -> None:
        """Light every vertex, and tell the eyes where light and viewer are."""
        s, c = self.sculpture, self._canvas
        head_light = _light_harmonics(turn)
        hair = s.range_of(Section.HAIR)
        self._light_skin(slice(0, s.range_of(Section.EYE_LEFT).start), head_light, sheen=0.0)
        light_hair(
            hair.start, hair.stop, c.normals, s.hair_tangents, s.visibility, s.openness, s.head_weight,
            turn.astype(np.float32), s.tint, LIGHTS, self._chest_light, head_light, AMBIENT, HAIR_GAINS, c.vertex,
            c.second_shine,
        )  # fmt: skip
        mouth = slice(s.range_of(Section.TEETH_UPPER).start, s.range_of(Section.TONGUE).stop)
        c.vertex[mouth, 2:6] *= (_light_in_mouth(state) * s.mouth_depth)[:, None]
        for eye in (0, 1):
            move = gaze.eye_move(state, eye)
            gaze.set_eye_light(c.eye_uniforms[eye], eye, move, turn, gaze.iris_radius(s, eye))

    def _light_skin(self, part: slice, head_light: F32, sheen: float) -> None:
        s, c = self.sculpture, self._canvas
        light_skin(
            part.start, part.stop, c.normals, s.visibility, s.openness, s.head_weight, s.gloss, s.tint, LIGHTS,
            self._chest_light, head_light, AMBIENT, np.float32(sheen), c.vertex,
        )  # fmt: skip

    def _draw_torso(self) -> None:
        """Paint the clothes into their own layer, from the vertices as they stand."""
        s, c, torso = self.sculpture, self._canvas, self._torso
        width, height = self.size_px
        cloth = s.range_of(Section.CLOTH)
        self._light_skin(cloth, self._chest_light, CLOTH_SHEEN)
        torso.keys[:] = 0
        rasterise(c.screen, s.triangles, s.two_sided, torso.first_triangle, len(s.triangles), width, height, torso.keys)
        top = int(np.clip(c.screen[cloth, 1].min(), 0, height - 1))
        torso.first_key = top * width * 4
        c.keys[:] = torso.keys
        self._resolve(torso.picture, first_still=len(s.triangles))

    def _draw(self) -> NDArray[np.uint8]:
        """Find what is visible and colour it."""
        s, c, torso = self.sculpture, self._canvas, self._torso
        width, height = self.size_px
        c.keys[torso.first_key :] = torso.keys[torso.first_key :]
        rasterise(c.screen, s.triangles, s.two_sided, 0, torso.first_triangle, width, height, c.keys)
        count = self._resolve(c.picture, torso.first_triangle)
        paint_eyes(count, c.eye_pixels, c.eye_values, c.eye_uniforms, self._eye_texture, c.picture)
        if c.picture.shape[2] == 4:
            spread_colours(c.picture)
        return c.picture

    def _resolve(self, picture: NDArray[np.uint8], first_still: int) -> int:
        """Colour what the keys say, and clear them; the number of eyeball pixels that remain to be painted."""
        s, c = self.sculpture, self._canvas
        return resolve(
            c.keys, s.triangles, s.surface, s.material, c.vertex, c.second_shine, s.range_of(Section.HAIR).start,
            self._skin_texture, s.hair_texture, self._backdrop, self._torso.picture, first_still, picture,
            c.eye_pixels, c.eye_values,
        )  # fmt: skip


def load_painter(look_name_or_path: str | Path, shot: Shot, *, cache_dir: Path | None = None) -> SculptedPainter:
    """A painter for one person: a name from `list_looks()` or the path of a look file.

    The first use of a look builds it (some seconds) and caches it in cache_dir (None: the user's cache); later uses
    read it. The first picture of a process loads machine code; the first on a machine compiles it (some seconds).
    For many sessions with one person, load the sculpture once and construct `SculptedPainter` for each.

    Raises LookError for a bad look.
    """
    return SculptedPainter(load_sculpture(load_look(look_name_or_path), cache_dir), shot)


def _require_finite(state: FaceState) -> None:
    """NaN would send the compiled kernels anywhere."""
    angles = (state.yaw_deg, state.pitch_deg, state.roll_deg, state.breath)
    if not (np.isfinite(state.weights).all() and np.isfinite(angles).all()):
        raise ValueError("the state of a face must be finite numbers")


def _backdrop(sculpture: Sculpture, shot: Shot, backdrop: Backdrop | Clear | None) -> Backdrop:
    if backdrop is None:
        return studio_backdrop(sculpture.backdrop, shot)
    if backdrop is CLEAR:
        return np.zeros((shot.height_px, shot.width_px, 4), np.uint8)
    if backdrop.shape != (shot.height_px, shot.width_px, 3) or backdrop.dtype != np.uint8:
        raise ValueError(f"backdrop must be uint8 of shape {(shot.height_px, shot.width_px, 3)}, not {backdrop.shape}")
    return backdrop


def _fitting_texture(sculpture: Sculpture, scale: float) -> NDArray[np.uint8]:
    """The texture whose texels are about as large as the picture's pixels: neither shimmer nor blur.

    scale: pixels per mm.
    """
    if scale > 1.9:
        return sculpture.skin_texture_large
    return sculpture.skin_texture_medium if scale > 0.8 else sculpture.skin_texture_small


def _light_harmonics(turn: Floats) -> F32:
    """Harmonics (3, 9) of the lights' directions as seen by a head turned by `turn`."""
    out = np.zeros((3, 9), np.float32)
    directions = (LIGHTS[:, :3] @ turn).astype(np.float32)
    for light in range(3):
        harmonics(directions[light], out[light])
    return out


def _both(state: FaceState, name: str) -> float:
    """Mean of a left and a right shape."""
    return (state.weight(f"{name}Left") + state.weight(f"{name}Right")) / 2


def _jaw_open(state: FaceState) -> float:
    return min(max(state.weight("jawOpen"), 0.0), JAW_OPEN_MOST)


def _breath_step(state: FaceState) -> int:
    return round(min(max(state.breath, 0.0), 1.0) * BREATH_STEPS)


def _shape_weights(state: FaceState) -> F32:
    """Weights of all SHAPES: those of ARKit as given, the helpers from them."""
    tongue = state.weight("tongueOut")
    # the tip first rises behind the upper teeth (as in d, n, l), then comes forward between them (as in th)
    lift = min(max(tongue / 0.4, 0.0), 1.0) * (1 - 0.65 * float(smoothstep(0.4, 0.95, tongue)))
    shut = 1 - float(smoothstep(0.04, 0.13, _jaw_open(state) + 0.25 * _both(state, "mouthLowerDown")))
    weights = np.zeros(len(SHAPES), np.float32)
    weights[: len(BLENDSHAPES)] = np.clip(state.weights, 0.0, WEIGHT_MOST)
    weights[INDEX["tongueOut"]] = min(max((tongue - 0.35) / 0.65, 0.0), 1.0)
    drape = drape_weights(state.yaw_deg, state.pitch_deg, state.roll_deg)
    weights[len(BLENDSHAPES) :] = lift, shut, _breath_step(state) / BREATH_STEPS, *drape
    return weights


def _light_in_mouth(state: FaceState) -> float:
    """Teeth and tongue get lighter as the lips part."""
    parted = _both(state, "mouthUpperUp") + 0.4 * _both(state, "mouthSmile") + _both(state, "mouthLowerDown")
    rounded = min(max(state.weight("mouthPucker") + 0.3 * state.weight("mouthFunnel"), 0.0), 1.0)  # lips cast a shade
    return (0.55 + 0.6 * float(smoothstep(0.0, 0.35, _jaw_open(state) + 0.6 * parted))) * (1 - 0.9 * rounded) ** 2
