"""Eyes of a picture: where lids and irises are, what shut lids look like, and the eyeball that the lids hide.

A rendered portrait brings all of it; for a photograph it is made here from the open eyes. Everything works on a patch
of the picture around both eyes. Tests: tests/face/puppet/test_prepare.py, test_painter.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tth.face.puppet.landmarks import Floats, Points
from tth.face.puppet.portrait_look import EyeOutline
from tth.face.sculpt.maths import smoothstep

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

LID_STEPS = 64
MEETING = 0.82
"""Where the lids meet when they shut, from the upper (0) to the lower margin (1)."""
IRIS_SHARE = 0.13
"""Radius of an iris in eye distances, where it cannot be found; of a human 0.095, of a drawn face 0.15."""
IRIS_EDGE = 4
"""Width of the edge of an iris in steps of its search."""
IRISES_DIFFER = 0.12
"""Share by which two irises of one person seem to differ at most."""
ROOM_MOST = 0.2
"""Skin above the lid that moves with it, in eye distances at most."""
LASH_COLOUR = np.array([34.0, 26.0, 26.0])


@dataclass(frozen=True, slots=True)
class EyeShape:
    """One eye in pixels of its picture: a frame along the corners (t 0..1 to the right, v down) and the lid margins."""

    corner: Floats
    """Corner on the left of the picture, (2,)."""
    axis: Floats
    """Unit vector to the other corner, (2,)."""
    length: float
    upper: Floats
    """v of the upper lid's margin at LID_STEPS places t, (LID_STEPS,)."""
    lower: Floats
    room_above: float
    """How far the skin above the margin stretches when the lid moves."""
    room_below: float
    iris: Floats
    """Centre, (2,)."""
    iris_radius: float

    @property
    def down(self) -> Floats:
        """Unit vector across the axis."""
        return np.array([-self.axis[1], self.axis[0]])


def eye_shape(points: Points, side: str, eye_distance_px: float, outline: EyeOutline | None) -> EyeShape:
    """The eye of side "left" or "right" from the landmarks, or from its exact lids."""
    names = ("outer", "inner") if side == "right" else ("inner", "outer")
    start, end = (points[f"{side}_eye_{name}"] for name in names)
    length = float(np.hypot(*(end - start)))
    axis = (end - start) / length
    down = np.array([-axis[1], axis[0]])
    top, bottom = points[f"{side}_eye_top"], points[f"{side}_eye_bottom"]
    if outline is None:
        upper, lower = (_lid(p - start, axis, down, length, power) for p, power in ((top, 0.72), (bottom, 0.85)))
    else:
        upper, lower = (_traced(curve - start, axis, down, length) for curve in (outline.upper_lid, outline.lower_lid))
    brow = points[f"{side}_brow_middle"]
    room = min(0.62 * float(abs((top - brow) @ down)), ROOM_MOST * eye_distance_px)
    return EyeShape(
        start, axis, length, upper, lower, room, 0.16 * eye_distance_px,
        (top + bottom) / 2, IRIS_SHARE * eye_distance_px,
    )  # fmt: skip


def _lid(point: Floats, axis: Floats, down: Floats, length: float, power: float) -> Floats:
    """A curve from corner to corner through the middle of a lid."""
    t = np.linspace(0, 1, LID_STEPS)
    peak = np.clip(point @ axis / length, 0.3, 0.7)
    u = np.where(t < peak, 0.5 * t / peak, 0.5 + 0.5 * (t - peak) / (1 - peak))
    return np.asarray((point @ down) * (4 * u * (1 - u)) ** power)


def _traced(curve: Floats, axis: Floats, down: Floats, length: float) -> Floats:
    return np.interp(np.linspace(0, 1, LID_STEPS), curve @ axis / length, curve @ down)


@dataclass(frozen=True, slots=True)
class Iris:
    """A circle in a picture, in pixels."""

    centre: Floats
    radius: float
    clarity: float
    """Step of light at its edge, in grey levels."""


def find_irises(picture: U8, eyes: Sequence[EyeShape], eye_distance_px: float) -> list[EyeShape]:
    """Both eyes with their irises as the picture (RGB) shows them. They are equally large: where two sizes are found,
    the clearer one holds."""
    found = [_find_iris(picture, eye, eye_distance_px, None) for eye in eyes]
    clearest = max(found, key=lambda iris: iris.clarity)
    for number, (eye, iris) in enumerate(zip(eyes, found, strict=True)):
        if abs(iris.radius / clearest.radius - 1) > IRISES_DIFFER:
            found[number] = _find_iris(picture, eye, eye_distance_px, clearest.radius)
    return [replace(eye, iris=iris.centre, iris_radius=iris.radius) for eye, iris in zip(eyes, found, strict=True)]


def _find_iris(picture: U8, eye: EyeShape, eye_distance_px: float, radius_px: float | None) -> Iris:
    """The circle with the strongest step from coloured to white, judged where lids do not hide it.

    White counts as bright and without colour, so that a pale iris is told from the white, and the pupil from neither.
    radius_px: None = to be found.
    """
    angles = np.radians(np.concatenate([np.arange(-35, 36, 7), np.arange(145, 216, 7)]))
    rays = np.cos(angles)[:, None] * eye.axis + np.sin(angles)[:, None] * eye.down
    radii = np.arange(0.055, 0.185, 0.004) * eye_distance_px
    low, high = picture.min(-1).astype(np.float32), picture.max(-1).astype(np.float32)
    smooth = cv2.GaussianBlur(low - 1.5 * (high - low), (0, 0), max(0.006 * eye_distance_px, 0.7))
    middles = (radii[IRIS_EDGE:] + radii[:-IRIS_EDGE]) / 2
    allowed = np.ones(len(middles), bool) if radius_px is None else np.abs(middles - radius_px) < 0.08 * radius_px
    best_score, best = -np.inf, Iris(eye.iris, eye.iris_radius, 0.0)
    for right in np.linspace(-0.10, 0.10, 21) * eye_distance_px:
        for down in np.linspace(-0.03, 0.03, 5) * eye_distance_px:
            centre = eye.iris + right * eye.axis + down * eye.down
            probes = (centre + radii[:, None, None] * rays[None] - 0.5).astype(np.float32)
            rings = cv2.remap(smooth, probes[..., 0], probes[..., 1], cv2.INTER_LINEAR)
            sides = [rings[:, part].mean(1) for part in (np.s_[:11], np.s_[11:])]
            steps = [side[IRIS_EDGE:] - side[:-IRIS_EDGE] for side in sides]
            edge = 0.75 * np.minimum(*steps) + 0.25 * (steps[0] + steps[1]) / 2
            at = int(np.where(allowed, edge, -np.inf).argmax())
            score = float(edge[at]) - 2.0 * abs(right) / eye_distance_px
            if score > best_score:
                best_score, best = score, Iris(centre, float(middles[at]), float(edge[at]))
    return best


@dataclass(frozen=True, slots=True)
class _EyeGrid:
    """Every pixel of a patch in the frame of one eye."""

    t: Floats
    v: Floats
    upper: Floats
    lower: Floats

    @staticmethod
    def over(patch: U8, eye: EyeShape) -> _EyeGrid:
        height, width = patch.shape[:2]
        row, column = np.mgrid[0:height, 0:width]
        away = np.stack([column + 0.5, row + 0.5], -1) - eye.corner
        t = away @ eye.axis / eye.length
        steps = np.linspace(0, 1, LID_STEPS)
        return _EyeGrid(t, away @ eye.down, np.interp(t, steps, eye.upper), np.interp(t, steps, eye.lower))


def _sampled(patch: U8, eye: EyeShape, t: Floats, v: Floats) -> F32:
    """Colours at places in an eye's frame."""
    at = (eye.corner + (t * eye.length)[..., None] * eye.axis + v[..., None] * eye.down - 0.5).astype(np.float32)
    picked = cv2.remap(patch, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(picked, np.float32)


def shut_lids(patch: U8, eye: EyeShape, pixel: float) -> U8:
    """The patch with this eye shut: the upper lid's skin stretched down, a line of lashes, a shadow below.

    pixel: what counts as one pixel, so that blurs fit the size of the face.
    """
    g = _EyeGrid.over(patch, eye)
    inside = np.clip(g.t, 0, 1)
    bulge = np.sin(np.pi * inside)
    meet = g.upper + MEETING * (g.lower - g.upper)
    top, bottom = g.upper - eye.room_above, g.lower + eye.room_below
    above = np.clip((g.v - top) / np.maximum(meet - top, 1), 0, 1)
    skin_end = g.upper - 0.10 * eye.length  # the lashes' own strip is not stretched
    from_above = top + above * np.maximum(skin_end - top, 1)
    from_below = g.lower + (g.v - meet) * (eye.room_below / np.maximum(bottom - meet, 1))
    v = np.where(g.v < meet, from_above, np.maximum(from_below, g.lower + 1.5 * pixel))
    lid = _sampled(patch, eye, g.t, v)
    body = np.clip((g.v - g.upper + 2 * pixel) / (4 * pixel), 0, 1) * np.clip((meet - g.v) / (2 * pixel), 0, 1)
    smooth = cv2.GaussianBlur(lid, (0, 0), 3.0 * pixel)
    lid += 0.6 * body[..., None] * (smooth - lid)
    round_ = 0.06 * np.exp(-(((g.v - g.upper - 0.35 * (meet - g.upper)) / (0.4 * np.maximum(meet - g.upper, 1))) ** 2))
    ends = np.clip(g.t / 0.1, 0, 1) * np.clip((1 - g.t) / 0.1, 0, 1)
    shadow = 0.25 * np.exp(-np.clip(g.v - meet, 0, None) / (0.05 * eye.length)) * (g.v > meet) * ends
    lid *= ((1 + round_ * bulge * body) * (1 - shadow))[..., None]
    line = np.exp(-(((g.v - meet) / (0.016 * eye.length + 0.5 * pixel)) ** 2)) * ends * (0.55 + 0.45 * bulge)
    lid += (LASH_COLOUR - lid) * (0.85 * line)[..., None]
    edge = np.clip((g.v - top) / (6 * pixel), 0, 1) * np.clip((bottom - g.v) / (6 * pixel), 0, 1)
    edge = edge * smoothstep(-0.26, -0.06, g.t) * smoothstep(1.26, 1.06, g.t)
    return np.asarray(np.clip(patch + edge[..., None] * (lid - patch), 0, 255), np.uint8)


def bare_eyeball(patch: U8, eye: EyeShape, pixel: float) -> U8:
    """The patch with this eyeball laid bare: what the lids hide is made up from what is seen.

    A hidden piece of iris is taken at the same radius from a visible angle, for an iris is nearly radial; hidden white
    is taken from beside the iris.
    """
    g = _EyeGrid.over(patch, eye)
    margin = 0.05 * eye.length
    steps = np.linspace(0, 1, LID_STEPS)
    x = g.t * eye.length

    def is_seen(x: Floats, v: Floats) -> NDArray[np.bool_]:
        upper, lower = (np.interp(x / eye.length, steps, lid) for lid in (eye.upper, eye.lower))
        across = (x > 0.03 * eye.length) & (x < 0.97 * eye.length)
        return np.asarray((v > upper + margin) & (v < lower - 0.5 * margin) & across)

    iris_x, iris_v = (eye.iris - eye.corner) @ eye.axis, (eye.iris - eye.corner) @ eye.down
    radius, angle = np.hypot(x - iris_x, g.v - iris_v), np.arctan2(g.v - iris_v, x - iris_x)
    hidden = ~is_seen(x, g.v)
    to_find = hidden & (radius < 1.15 * eye.iris_radius)
    from_x, from_v = x.copy(), g.v.copy()
    sideways = np.where(np.abs(angle) > np.pi / 2, np.pi, 0.0)
    for tried in (
        -angle,
        *(sign * (sideways + turn) for turn in np.radians([0, 12, -12, 25, -25]) for sign in (1, -1)),
    ):
        there_x, there_v = iris_x + radius * np.cos(tried), iris_v + radius * np.sin(tried)
        use = to_find & is_seen(there_x, there_v)
        from_x, from_v = np.where(use, there_x, from_x), np.where(use, there_v, from_v)
        to_find &= ~use
    white = (hidden & (radius >= 1.15 * eye.iris_radius)) | to_find
    beside = np.where(x < iris_x, -1.0, 1.0) * 1.25 * eye.iris_radius + iris_x
    column = np.clip(
        np.where(np.abs(x - iris_x) > 1.2 * eye.iris_radius, x, beside), 0.12 * eye.length, 0.88 * eye.length
    )
    upper, lower = (np.interp(column / eye.length, steps, lid) for lid in (eye.upper, eye.lower))
    height = np.clip(g.v, upper + 0.35 * (lower - upper), upper + 0.75 * (lower - upper))
    from_x, from_v = np.where(white, column, from_x), np.where(white, height, from_v)
    ball = _sampled(patch, eye, from_x / eye.length, from_v)
    ball = np.where(white[..., None], cv2.GaussianBlur(ball, (0, 0), 1.2 * pixel), ball)
    part = (np.abs(g.t - 0.5) < 0.50) & (np.abs(g.v) < eye.length * 0.55)
    return np.where(part[..., None], ball, patch).astype(np.uint8)


def white_of_eye(patch: U8, eye: EyeShape) -> Floats | None:
    """Median colour (3,) of what is seen of the eye's white; None if too little is seen."""
    g = _EyeGrid.over(patch, eye)
    height = np.maximum(g.lower - g.upper, 1e-3)
    place = (g.v - g.upper) / height
    at = np.stack([g.t * eye.length, g.v], -1) - [
        (eye.iris - eye.corner) @ eye.axis,
        (eye.iris - eye.corner) @ eye.down,
    ]
    beside = np.hypot(at[..., 0], at[..., 1]) > 1.15 * eye.iris_radius
    seen = beside & (place > 0.35) & (place < 0.85) & (g.t > 0.1) & (g.t < 0.9)
    return np.asarray(np.median(patch[seen], 0), float) if int(seen.sum()) > 12 else None
