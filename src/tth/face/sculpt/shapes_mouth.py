"""Blendshapes of mouth and lower cheeks as displacement fields, named and meant as in Apple ARKit.

Source of the meanings: ARFaceAnchor.BlendShapeLocation in Apple's documentation. Amounts chosen by eye.
"""

from __future__ import annotations

import numpy as np

from tth.face.sculpt.maths import Floats
from tth.face.sculpt.shape_space import ShapeSpace


def mouth_shapes(s: ShapeSpace) -> dict[str, Floats]:
    """Name -> displacement (n, 3) in millimetres at weight 1."""
    shapes = {"mouthPucker": _pucker(s), "mouthFunnel": _funnel(s)}
    shapes |= s.halves("mouthSmile", _smile(s)) | s.halves("mouthFrown", _frown(s))
    shapes |= s.halves("mouthPress", _press(s)) | s.halves("mouthUpperUp", _upper_up(s))
    shapes |= s.halves("mouthLowerDown", _lower_down(s))
    pull = s.across**1.3 * s.around
    far = s.across**2 * s.around
    shapes |= s.halves("mouthStretch", s.vector(s.sign_x * 8.0 * pull, -3.0 * far, -3.2 * far))
    shapes |= s.halves("mouthDimple", s.vector(s.sign_x * 2.5 * s.corner, 0.6 * s.corner, -3.5 * s.corner))
    shapes |= _rolls(s) | _shrugs(s)
    aside = s.vector(7 * s.around * (1 - 0.2 * s.across))
    shapes |= {"mouthLeft": aside, "mouthRight": -aside}
    return shapes


def jaw_oval(s: ShapeSpace) -> Floats:
    """The lips pull in a little as the jaw drops, so that the mouth becomes an oval."""
    return s.vector(-s.sign_x * 3.0 * s.across * s.around, 0, -1.0 * s.near * s.across)


def cheek_apple(s: ShapeSpace) -> Floats:
    """Where a smile lifts the cheek."""
    return s.blob(37, -30, 12, 11)


def _smile(s: ShapeSpace) -> Floats:
    """Corners out, up and back; cheeks rise; the fold beside the nose deepens."""
    a, inner = s.across, 1 - s.across**2
    pull = a**1.3 * s.around
    move = s.vector(
        s.sign_x * 8.6 * pull, (6.8 * a**2.4 - 0.3) * s.around, -4.2 * a**2 * s.around - 0.9 * s.near
    ) + s.vector(0, -s.upper * s.near * 0.9 * inner + s.lower * s.near * 0.6 * inner)
    cheek = cheek_apple(s)
    move += s.vector(s.sign_x * 1.6 * cheek, 4.6 * cheek, 3.4 * cheek)
    fold = s.fold(17, -41, s.half_mouth + 11, s.mouth_y - 3, 5.4)
    pouch = s.blob(s.half_mouth + 14, s.mouth_y + 8, 7, 9)
    move += s.vector(-s.sign_x * 0.3 * fold, 0, -1.15 * fold) + s.vector(s.sign_x * 0.5 * pouch, 0, 1.6 * pouch)
    wing = s.blob(13, -40, 5, 5)
    return move + s.vector(s.sign_x * 1.2 * wing, 0.4 * wing)


def _frown(s: ShapeSpace) -> Floats:
    """Corners down; the lower lip swells a little in the middle."""
    low = np.exp(-(((s.abs_x - s.half_mouth) / 12) ** 2) - ((s.above_mouth + 2) / 12) ** 2) * s.front * s.outer
    middle = s.near * s.lower * 1.2 * (1 - s.across**2)
    move = s.vector(s.sign_x * 1.5 * s.corner, -6.8 * low, -1.2 * s.corner) + s.vector(0, middle, middle)
    fold = s.fold(s.half_mouth + 3, s.mouth_y - 5, s.half_mouth - 1, s.mouth_y - 20, 3)
    return move + s.vector(0, 0, -1.3 * fold)


def _pucker(s: ShapeSpace) -> Floats:
    """A kiss: narrow and forward, lips together."""
    narrow = -s.sign_x * s.half_mouth * 0.30 * np.minimum(s.reach, 1.0) ** 0.9 * s.within(14)
    move = s.vector(narrow, 0, 6.5 * (1 - 0.5 * s.across**2) * s.within(13))
    return move + s.vector(0, (0.7 * s.lower - 1.0 * s.upper) * s.near * (1 - s.across**2))


def _funnel(s: ShapeSpace) -> Floats:
    """As in "oh": narrow and forward, lips apart."""
    narrow = -s.sign_x * s.half_mouth * 0.18 * np.minimum(s.reach, 1.0) * s.within(14)
    move = s.vector(narrow, 0, 5.2 * s.around * (1 - 0.4 * s.across**2))
    apart = (s.upper * 5.0 - s.lower * 4.4) * s.near * np.sqrt(np.clip(1 - s.across**2.2, 0, 1))
    return move + s.vector(0, apart) + s.vector(0, 0, 2.2 * np.clip(s.red, 0, 1) ** 2 * s.outer)


def _middle(s: ShapeSpace) -> Floats:
    return np.asarray(np.clip(1 - s.across**2, 0, 1))


def _press(s: ShapeSpace) -> Floats:
    """Lips pressed flat."""
    squeeze = np.clip(1.15 - np.clip(s.red, 0, 1), 0.15, 1)
    dy = (-s.upper * 2.2 + s.lower * 3.0) * s.near * _middle(s) * squeeze
    move = s.vector(0, dy, -2.0 * s.near * (1 - 0.5 * s.across))
    return move + s.vector(s.sign_x * 1.2 * s.corner, 0, -1.0 * s.corner)


def _rolls(s: ShapeSpace) -> dict[str, Floats]:
    """The red of a lip turned in over the teeth."""
    turned = np.clip((s.red + 0.1) / 1.1, 0, 1)
    upper, lower = turned * (s.lip_side > 0), turned * (s.lip_side < 0)
    middle, above, below = _middle(s), s.near * s.upper, s.near * s.lower
    inwards_upper = -5.0 * upper**0.8 * middle * s.outer - 1.5 * above * (1 - upper)
    inwards_lower = -5.0 * lower**0.8 * middle * s.outer - 0.4 * below * (1 - lower)
    return {
        "mouthRollUpper": s.vector(0, -above * 1.5 * middle * (1 - upper), inwards_upper),
        "mouthRollLower": s.vector(0, below * 2.6 * middle * (1 - lower * 0.6), inwards_lower),
    }


def _upper_up(s: ShapeSpace) -> Floats:
    """The upper lip lifts from the teeth; the wings of the nose and the cheek follow."""
    move = s.vector(0, s.upper * 5.6 * s.within(8) * (1 - 0.75 * s.across**2), s.upper * s.near * 0.6)
    cheek = s.blob(26, -42, 9, 9)
    fold = s.fold(17, -43, s.half_mouth + 8, s.mouth_y + 2, 3)
    return move + s.vector(0, 1.6 * s.blob(13, -42, 6, 7) + cheek, 0.8 * cheek - 1.2 * fold)


def _lower_down(s: ShapeSpace) -> Floats:
    """The lower lip drops from the teeth."""
    dy = -s.lower * 6.0 * s.within(7) * (1 - 0.8 * s.across**2)
    return s.vector(s.sign_x * 0.6 * s.near * s.lower, dy, s.lower * s.near * 0.5)


def _shrugs(s: ShapeSpace) -> dict[str, Floats]:
    """The chin pushes the lower lip up; the upper lip gives way."""
    lift = (s.lower * 3.6 * np.exp(-((s.distance / 10) ** 2)) + 1.6 * s.blob(0, -96, 14, 8)) * s.front * s.outer
    forward = s.lower * s.near * 1.8 + 1.0 * s.blob(0, -94, 13, 9)
    return {
        "mouthShrugLower": s.vector(0, lift, forward),
        "mouthShrugUpper": s.vector(0, s.upper * 2.4 * s.near, s.upper * s.near * 1.2),
    }
