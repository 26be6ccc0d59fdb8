"""Draws the embedded face: from a FaceState to a picture, on one CPU core.

How the head is made: docs/face.md. Tests: tests/face/test_painter.py.
"""

from __future__ import annotations

from math import isfinite
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tth.face import gaze
from tth.face.backdrop import CLEAR, Backdrop, Clear, studio_backdrop
from tth.face.body import Body, eye_moves, light_in_mouth
from tth.face.look import load_look
from tth.face.parameters import FaceState
from tth.face.plate import Plate, Plates, make_plate, no_plate
from tth.face.pose import head_turn
from tth.face.raster.deform import project
from tth.face.raster.fragments import band_rows, room_for_fragments
from tth.face.raster.light import Lit, light_hair, light_harmonics, light_skin
from tth.face.raster.resolve import Textures, resolve, spread_colours, surfaces_of
from tth.face.raster.shade import packed_texture
from tth.face.raster.zbuffer import MAX_TRIANGLES, rasterise, room_for_setups
from tth.face.sculpt.sculpture import CLOTH_SURFACE, SHAPES, Sculpture, Section
from tth.face.sculpt.store import load_sculpture
from tth.face.shot import Shot
from tth.face.stage import AMBIENT, LIGHTS, camera, px_per_mm
from tth.face.views import view_of

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

BREATH_STEP_PX = 1 / 4
"""The chest rises in steps of this, as fine as the rows of samples, so that it is not drawn in every frame."""
CLOTH_SHEEN = 0.75
HAIR_GAINS = np.array([0.05, 1.7], np.float32)
"""Strength of the hair's white and coloured highlights."""


class _Canvas:
    """Everything of one painter that changes from frame to frame."""

    def __init__(self, sculpture: Sculpture, backdrop: Backdrop) -> None:
        height_px, width_px, _ = backdrop.shape
        n = len(sculpture.points)
        self.screen = np.zeros((n, 4), np.float32)
        self.vertex = np.zeros((n, 8), np.float32)
        self.vertex[:, 4:6] = sculpture.uv
        for eye, section in enumerate((Section.EYE_LEFT, Section.EYE_RIGHT)):
            part = sculpture.range_of(section)
            self.vertex[part, :3] = sculpture.normals[part]  # for eyeballs the light columns hold the direction
            self.vertex[part, 3] = eye
        self.keys = np.zeros(width_px * height_px * 4, np.int32)
        self.setups = room_for_setups()
        self.clothes = np.zeros((height_px, width_px, 4), np.uint8)
        """Where clothes are drawn before they are put on a plate; above them it is never written to."""
        self.picture = backdrop.copy()
        self.drawn = np.array([width_px, 0, height_px, 0], np.int32)
        """Box (left, right, top, bottom) of the picture that differs from the plate."""


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
        self.size_px = shot.width_px, shot.height_px
        drawn = shot.as_drawn()
        self._drawn_px = drawn.width_px, drawn.height_px
        self._backdrop = _backdrop(sculpture, shot, backdrop)
        self._body, self._canvas = Body(sculpture), _Canvas(sculpture, self._backdrop)
        self._plates, self._breath_step = Plates(), -1
        self._plate = self._nothing = no_plate(drawn.width_px, drawn.height_px)
        self._first_cloth = int(np.searchsorted(sculpture.surface == CLOTH_SURFACE, True))
        self._cloth_order = np.arange(self._first_cloth, len(sculpture.triangles), dtype=np.int32)
        self._screen_row = self._canvas.screen.reshape(-1)
        self._view, self._view_order = -1, np.zeros(0, np.int32)
        self._fragments, self._band_rows = room_for_fragments(drawn.width_px), band_rows(drawn.width_px)
        self._camera = camera(drawn)
        self._breath_steps = max(round(_breath_rise_mm(sculpture) * px_per_mm(drawn) / BREATH_STEP_PX), 1)
        self._surfaces = surfaces_of(sculpture.triangles, sculpture.surface, sculpture.material)
        self._textures = _textures(sculpture, px_per_mm(drawn))
        self._chest_light = _light_harmonics(np.eye(3, dtype=np.float32))
        self._tangents = np.ascontiguousarray(sculpture.hair_tangents.T)
        parts = (
            slice(0, sculpture.range_of(Section.EYE_LEFT).start),
            sculpture.range_of(Section.CLOTH),
            sculpture.range_of(Section.HAIR),
        )
        self._lit_head, self._lit_cloth, self._lit_hair = (_lit(sculpture, part, self._chest_light) for part in parts)

    def paint(self, state: FaceState) -> NDArray[np.uint8]:
        """The picture of this state: RGB, uint8 (height, width, 3); RGBA where the backdrop is CLEAR, see `Painter`.

        The same state always gives the same picture. The array is reused: valid until the next call; copy to keep.
        Weights are cut to 0..2. Some milliseconds of one core; call it off the event loop.

        Raises ValueError if the state holds anything that is not a finite number.
        """
        _require_finite(state)
        moves = eye_moves(state)
        step = round(min(max(state.breath, 0.0), 1.0) * self._breath_steps)
        self._body.move(state, moves, step / self._breath_steps)
        project(self._body.points, self._camera, self._screen_row)
        self._light(state, moves)
        if step != self._breath_step:
            self._show_plate(self._plates.of(step) or self._draw_plate(step))
            self._breath_step = step
        picture = self._draw_head(self._in_view(state))
        return picture if self._drawn_px == self.size_px else _resized(picture, self.size_px)

    def vertices(self, state: FaceState) -> F32:
        """Where `paint` puts the vertices of the sculpture, (n, 3), millimetres; for measurements and exports.

        The breath is exact here, where `paint` goes in steps of a fraction of a pixel. Eyeballs do not turn: their gaze
        is painted onto them. Raises ValueError as `paint` does.
        """
        _require_finite(state)
        self._body.move(state, eye_moves(state), min(max(state.breath, 0.0), 1.0))
        return self._body.points.T.copy()

    def _light(self, state: FaceState, moves: tuple[gaze.EyeMove, gaze.EyeMove]) -> None:
        """Light every vertex, and tell the eyes where light and viewer are."""
        s, c, normals = self.sculpture, self._canvas, self._body.normals
        turn = head_turn(state.yaw_deg, state.pitch_deg, state.roll_deg)
        turned = turn.astype(np.float32)
        moved = _light_harmonics(turned) - self._chest_light
        light_skin(0, self._lit_head, normals, LIGHTS, moved, AMBIENT, np.float32(0.0), c.vertex)
        light_hair(
            s.range_of(Section.HAIR).start, self._lit_hair, normals, self._tangents, turned, LIGHTS,
            moved, AMBIENT, HAIR_GAINS, c.vertex,
        )  # fmt: skip
        mouth = slice(s.range_of(Section.TEETH_UPPER).start, s.range_of(Section.TONGUE).stop)
        c.vertex[mouth, :4] *= (light_in_mouth(state) * s.mouth_depth)[:, None]
        for eye in (0, 1):
            gaze.set_eye_light(self._body.eye_uniforms[eye], eye, moves[eye], turn, gaze.iris_radius(s, eye))

    def _draw_plate(self, step: int) -> Plate:
        """Paint the clothes over the backdrop, from the vertices as they stand, and keep that."""
        s, c = self.sculpture, self._canvas
        width, height = self._drawn_px
        cloth = s.range_of(Section.CLOTH)
        still, sheen = np.zeros((3, 9), np.float32), np.float32(CLOTH_SHEEN)
        light_skin(cloth.start, self._lit_cloth, self._body.normals, LIGHTS, still, AMBIENT, sheen, c.vertex)
        rasterise(c.screen, s.triangles, s.two_sided, self._cloth_order, width, height, c.keys, c.setups)
        top = min(int(c.setups.around[2]), height - 1)
        nearness = (c.keys.reshape(height, -1)[top:] >> 16).astype(np.int16)
        self._resolve(np.array([0, width, top, height], np.int32), self._nothing, MAX_TRIANGLES, c.clothes)
        plate = make_plate(top, c.clothes[top:].copy(), nearness, self._backdrop)
        self._plates.keep(step, plate)
        return plate

    def _show_plate(self, plate: Plate) -> None:
        """Put it in place of the one before."""
        picture, top = _flat(self._canvas.picture), self._plate.top
        picture[top : plate.top] = _flat(self._backdrop)[top : plate.top]
        picture[plate.top :] = plate.picture
        self._plate = plate

    def _in_view(self, state: FaceState) -> I32:
        """Triangles of the head that this view shows."""
        view = view_of(state.yaw_deg, state.pitch_deg, state.roll_deg)
        if view != self._view:
            seen_in = self.sculpture.seen_in[: self._first_cloth]
            self._view, self._view_order = view, np.flatnonzero(seen_in & (1 << view)).astype(np.int32)
        return self._view_order

    def _draw_head(self, order: I32) -> U8:
        """Paint everything else over the plate. order: triangles."""
        s, c = self.sculpture, self._canvas
        width, height = self._drawn_px
        rasterise(c.screen, s.triangles, s.two_sided, order, width, height, c.keys, c.setups)
        box, before = c.setups.around, c.drawn
        both = np.concatenate([np.minimum(box, before)[0::2], np.maximum(box, before)[1::2]])[[0, 2, 1, 3]]
        self._resolve(both, self._plate, self._first_cloth, c.picture)
        c.drawn = box.copy()
        if c.picture.shape[2] == 4:
            spread_colours(c.picture)
        return c.picture

    def _resolve(self, box: I32, plate: Plate, first_behind: int, picture: U8) -> None:
        """Colour what the keys say, and clear them."""
        c = self._canvas
        resolve(
            c.keys, box, self._band_rows, plate.nearness, first_behind, self._surfaces, c.screen, c.vertex,
            self._textures, self._body.eye_uniforms, plate.clothes, _flat(self._backdrop), plate.picture,
            picture.shape[2], self._fragments, _flat(picture),
        )  # fmt: skip


def _flat(picture: U8) -> U8:
    """(height, width, channels) as (height, width * channels)."""
    return picture.reshape(picture.shape[0], -1)


def load_painter(look_name_or_path: str | Path, shot: Shot, *, cache_dir: Path | None = None) -> SculptedPainter:
    """A painter for one person: a name from `list_looks()` or the path of a look file.

    The first use of a look builds it (some seconds) and caches it in cache_dir (None: the user's cache); later uses
    read it. The first picture of a process loads machine code; the first on a machine compiles it (some seconds).
    For many sessions with one person, load the sculpture once and construct `SculptedPainter` for each.

    Raises LookError for a bad look.
    """
    return SculptedPainter(load_sculpture(load_look(look_name_or_path), cache_dir), shot)


def _breath_rise_mm(sculpture: Sculpture) -> float:
    """How far the breath moves the chest at most."""
    at = SHAPES.index("breath")
    moves = sculpture.shape_offset[sculpture.shape_start[at] : sculpture.shape_start[at + 1], :2]
    return float(np.abs(moves).max(initial=0.0))


def _require_finite(state: FaceState) -> None:
    """NaN would send the compiled kernels anywhere."""
    angles = (state.yaw_deg, state.pitch_deg, state.roll_deg, state.breath)
    if not (np.isfinite(state.weights).all() and all(map(isfinite, angles))):
        raise ValueError("the state of a face must be finite numbers")


def _backdrop(sculpture: Sculpture, shot: Shot, backdrop: Backdrop | Clear | None) -> Backdrop:
    """In the pixels that are drawn."""
    drawn = shot.as_drawn()
    if backdrop is None:
        return studio_backdrop(sculpture.backdrop, drawn)
    if backdrop is CLEAR:
        return np.zeros((drawn.height_px, drawn.width_px, 4), np.uint8)
    if backdrop.shape != (shot.height_px, shot.width_px, 3) or backdrop.dtype != np.uint8:
        raise ValueError(f"backdrop must be uint8 of shape {(shot.height_px, shot.width_px, 3)}, not {backdrop.shape}")
    return backdrop if drawn == shot else _resized(backdrop, (drawn.width_px, drawn.height_px))


def _resized(picture: U8, size_px: tuple[int, int]) -> U8:
    """Enlarged smoothly, or made smaller by the mean of what falls together."""
    import cv2  # here, because a start at full detail does without

    method = cv2.INTER_LINEAR if size_px[0] > picture.shape[1] else cv2.INTER_AREA
    return np.asarray(cv2.resize(picture, size_px, interpolation=method), np.uint8)


def _textures(sculpture: Sculpture, scale: float) -> Textures:
    """Packed, with the skin's texture whose texels are about as large as the picture's pixels: neither shimmer nor
    blur. scale: pixels per mm."""
    skin = sculpture.skin_texture_small
    if scale > 0.8:
        skin = sculpture.skin_texture_large if scale > 1.9 else sculpture.skin_texture_medium
    return Textures(
        packed_texture(skin), skin.shape[1], skin.shape[0],
        packed_texture(sculpture.eye_texture), sculpture.eye_texture.shape[0],
        packed_texture(sculpture.hair_texture), sculpture.hair_texture.shape[0],
    )  # fmt: skip


def _lit(sculpture: Sculpture, part: slice, chest_light: F32) -> Lit:
    """The vertices of one part as light_skin and light_hair want them."""
    s = sculpture
    visibility = np.ascontiguousarray(s.visibility[part].T)
    base = np.ascontiguousarray(chest_light @ visibility)
    return Lit(
        visibility, base, s.openness[part], s.head_weight[part], s.gloss[part], np.ascontiguousarray(s.tint[part].T)
    )


def _light_harmonics(turn: F32) -> F32:
    """Harmonics (3, 9) of the lights' directions as seen by a head turned by `turn`."""
    out = np.empty((3, 9), np.float32)
    light_harmonics(LIGHTS, turn, out)
    return out
