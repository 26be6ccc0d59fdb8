"""Blendshapes of cheeks, nose, brows and the skin around the eyes, named and meant as in Apple ARKit.

The lids themselves turn about the eyeball (rig.py); the shapes here are what the skin around them does.
"""

from __future__ import annotations

import numpy as np

from tth.face.sculpt.maths import Floats
from tth.face.sculpt.shape_space import ShapeSpace
from tth.face.sculpt.shapes_mouth import cheek_apple


def upper_face_shapes(s: ShapeSpace) -> dict[str, Floats]:
    """Name -> displacement (n, 3) in millimetres at weight 1."""
    puff = s.blob(42, -56, 14, 14) + 0.5 * s.blob(26, -58, 8, 10)
    cheek = cheek_apple(s)
    outer = np.exp(-0.5 * (((s.abs_x - 43) / 12) ** 2 + ((s.y - 21) / 9) ** 2)) * s.front
    shapes = {
        "cheekPuff": s.vector(s.sign_x * 5.5 * puff, 0, 5.5 * puff + 1.2 * s.near),
        "browInnerUp": _brow_inner_up(s),
    }
    shapes |= s.halves("cheekSquint", s.vector(s.sign_x * 0.8 * cheek, 4.2 * cheek, 2.6 * cheek - 0.3 * _crow_feet(s)))
    shapes |= s.halves("noseSneer", _sneer(s), 5)
    shapes |= s.halves("browDown", _brow_down(s), 3)
    shapes |= s.halves("browOuterUp", s.vector(0, 6.2 * outer + 1.2 * s.blob(44, 9, 9, 5), 0.8 * outer))
    return shapes | _eye_shapes(s)


def _sneer(s: ShapeSpace) -> Floats:
    """The wing of the nose rises, the bridge wrinkles."""
    wing, cheek = s.blob(12, -32, 6, 10), s.blob(22, -44, 8, 9)
    move = s.vector(s.sign_x * 0.5 * wing, 3.4 * wing + 1.8 * cheek, 0.8 * wing + 0.9 * cheek)
    wrinkle = np.exp(-(((s.y + 2) / 2.2) ** 2)) + np.exp(-(((s.y - 4) / 2.2) ** 2))
    wrinkle = wrinkle * np.exp(-((s.abs_x / 8) ** 2)) * s.front
    move += s.vector(0, 0, -1.0 * s.fold(15, -34, 30, -58, 3) - 0.8 * wrinkle)
    return move + s.vector(0, s.upper * 1.4 * s.near * (1 - 0.5 * s.across))


def _brow_inner_up(s: ShapeSpace) -> Floats:
    """The inner ends of the brows rise, the forehead wrinkles."""
    inner = np.exp(-0.5 * (((s.abs_x - 11) / 11) ** 2 + ((s.y - 20) / 9) ** 2)) * s.front
    move = s.vector(-s.sign_x * 1.0 * inner, 6.4 * inner + 1.6 * s.blob(24, 10, 9, 5), 0.9 * inner)
    lines = [np.exp(-(((s.y - level - 0.0048 * s.x * s.x) / 2.0) ** 2)) for level in (38, 46, 54)]
    wrinkles = np.sum(lines, 0) * np.exp(-((s.abs_x / 24) ** 2)) * s.front
    return move + s.vector(0, 0, -0.55 * wrinkles)


def _brow_down(s: ShapeSpace) -> Floats:
    """The brow lowers and draws inwards; two lines stand between the brows."""
    brow = np.exp(-0.5 * (((s.abs_x - 17) / 13) ** 2 + ((s.y - 18) / 8) ** 2)) * s.front
    outer = s.blob(34, 10, 11, 5)
    inwards = -s.sign_x * 3.4 * brow * np.exp(-((s.abs_x / 26) ** 2))
    move = s.vector(inwards, -6.4 * brow - 2.0 * outer, 1.8 * brow + 0.5 * outer)
    line = np.exp(-(((s.abs_x - 4.2 - 0.06 * (s.y - 14)) / 1.7) ** 2) - ((s.y - 20) / 8) ** 2) * s.front
    bulge = np.exp(-(((s.abs_x - 8.5) / 3) ** 2) - ((s.y - 19) / 7) ** 2) * s.front
    return move + s.vector(0, 0, bulge - 1.4 * line)


def _crow_feet(s: ShapeSpace) -> Floats:
    """Three lines that fan out from the outer corner of the eye."""
    corner = s.shape.eye_spacing + s.shape.eye_half_width + 3.5
    up = s.y - s.shape.eye_height
    lines = [np.exp(-(((up - k * (s.abs_x - corner + 6) * 0.6 + 1) / 1.5) ** 2)) for k in (-0.5, 0.25, 0.9)]
    return np.asarray(np.sum(lines, 0) * np.exp(-(((s.abs_x - corner) / 5) ** 2)) * s.front)


def _eye_shapes(s: ShapeSpace) -> dict[str, Floats]:
    """Squint and blink: the skin below and beside the eye."""
    eye_x, eye_y = s.shape.eye_spacing, s.shape.eye_height
    below = np.exp(-0.5 * (((s.abs_x - eye_x) / 17) ** 2 + ((s.y - eye_y + 14) / 6) ** 2)) * s.front
    beside = np.exp(-0.5 * (((s.abs_x - eye_x - 19) / 6) ** 2 + ((s.y - eye_y) / 9) ** 2)) * s.front
    squint = s.vector(-s.sign_x * 1.2 * beside, 2.4 * below, 1.2 * below + 0.6 * beside - 0.35 * _crow_feet(s))
    blink = s.vector(0, 0.5 * below - 1.2 * s.blob(eye_x, 14, 15, 5))
    return s.halves("eyeSquint", squint) | s.halves("eyeBlink", blink)
