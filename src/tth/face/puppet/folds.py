"""Shading that comes with expressions and turns: gains by which the picture's light is multiplied.

A fold is a ratio image, light with the fold over light without it (Liu, Shan & Zhang, "Expressive expression mapping
with ratio images", 2001). A rendered portrait brings its own; for a photograph they are made here from the landmarks:
strokes and bumps on the skin, lit as the face is. Two more maps hold what turning the head does to the light.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tth.face.parameters import FaceState
from tth.face.puppet.landmarks import FaceFrame, Floats, Points
from tth.face.puppet.portrait_look import FOLDS

F32 = NDArray[np.float32]

CELLS_PER_EYE_DISTANCE = 48.0
GAIN_MOST = 0.55
"""Largest change by one map, as the natural logarithm of light."""
TURNS = ("yaw", "pitch")
GAINS = (*FOLDS, *TURNS)
"""Rows of all arrays of gains."""
TURN_GAIN = 0.75
"""Most that a turn does to the light per radian: less than the fit says, because a face is lit from all sides."""
VALLEY_DARKNESS = 9.0
"""How much of the light a crease of a given depth (in eye distances) keeps out; chosen by eye."""


@dataclass(frozen=True, slots=True)
class FoldGrid:
    """The part of a picture that folds, as a small map with the picture's axes."""

    left: float
    top: float
    cell_px: float
    width: int
    height: int

    def centres(self) -> Floats:
        """Pixels of the picture at the cells' centres, (height, width, 2)."""
        row, column = np.mgrid[0 : self.height, 0 : self.width]
        return np.stack([self.left + (column + 0.5) * self.cell_px, self.top + (row + 0.5) * self.cell_px], -1)


def fold_grid(frame: FaceFrame, points: Points) -> FoldGrid:
    """A box around the face, from above the hairline to below the chin."""
    names = ("left_temple", "right_temple", "left_jaw", "right_jaw", "chin", "hairline")
    corners = np.array([points[name] for name in names])
    margin = 0.2 * frame.eye_distance_px
    left, top = corners.min(0) - margin
    right, bottom = corners.max(0) + margin
    cell = frame.eye_distance_px / CELLS_PER_EYE_DISTANCE
    return FoldGrid(float(left), float(top), cell, int((right - left) / cell), int((bottom - top) / cell))


def resampled(grid: FoldGrid, picture: NDArray[np.generic], picture_width_px: float) -> F32:
    """A map or picture that covers the whole portrait, in the grid's cells."""
    scale = picture.shape[1] / picture_width_px
    at = (grid.centres() * scale - 0.5).astype(np.float32)
    image: F32 = picture.astype(np.float32)
    if scale * grid.cell_px > 1.5:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.4 * scale * grid.cell_px), np.float32)
    return np.asarray(
        cv2.remap(image, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32
    )


def fold_gains(at: Points, place: Floats, normal: Floats, light: Floats, own: Mapping[str, F32]) -> F32:
    """Logarithmic gains of all GAINS, (len(GAINS), h, w).

    at: landmarks, and place: cells (h, w, 2), both in face coordinates; normal (h, w, 3) and light (4,) as in
    depth.py; own: ratio images that the look brings, in the grid's cells.
    """
    skin = _skin_mask(at, place)
    heights = _heights(at, place[..., 0], place[..., 1])
    maps = []
    for name in FOLDS:
        gain = np.log(np.clip(own[name], 0.4, 2.0)) if name in own else _lit(heights[name], normal, light)
        maps.append(np.clip(gain, -GAIN_MOST, GAIN_MOST) * skin)
    maps += [TURN_GAIN * np.tanh(turn) * skin for turn in _turned(normal, light)]
    return np.asarray(maps, np.float32)


def gain_weights(state: FaceState) -> F32:
    """How strongly each of GAINS shows, (len(GAINS),); folds come late and add up. Turns are in radians."""
    w = state.weight

    def both(name: str) -> float:
        return w(f"{name}Left") + w(f"{name}Right")

    folds = {
        "smile_left": w("mouthSmileLeft") + 0.3 * w("mouthDimpleLeft"),
        "smile_right": w("mouthSmileRight") + 0.3 * w("mouthDimpleRight"),
        "brows_up": min(0.5 * w("browInnerUp") + 0.3 * both("browOuterUp"), 1.3) ** 1.7,
        "brows_down": 0.5 * both("browDown"),
        "sneer": 0.5 * both("noseSneer") + 0.25 * both("mouthUpperUp"),
        "chin": 0.35 * both("mouthFrown") + w("mouthShrugLower") + 0.15 * both("mouthPress") + 0.3 * w("mouthPucker"),
        "puff": w("cheekPuff"),
        "squint": 0.5 * both("cheekSquint") + 0.25 * both("eyeSquint"),
        "jaw_open": w("jawOpen") * (1 - min(w("mouthClose"), 1.0)),
        "pucker": w("mouthPucker") + 0.7 * w("mouthFunnel"),
    }
    folds = {name: min(max(value, 0.0), 1.5) for name, value in folds.items()}
    turns = [math.radians(20 * math.tanh(angle / 20)) for angle in (state.yaw_deg, state.pitch_deg)]
    return np.array([*(folds[name] for name in FOLDS), *turns], np.float32)


def _lit(height: Floats, normal: Floats, light: Floats) -> Floats:
    """Gain of a relief on the skin: light by its slope, less light in its creases."""
    down, right = np.gradient(height * CELLS_PER_EYE_DISTANCE)
    bent = normal - np.stack([right, down, np.zeros_like(right)], -1)
    bent /= np.linalg.norm(bent, axis=-1, keepdims=True)
    before, after = (np.maximum(light[0] + n @ light[1:], 0.15) for n in (normal, bent))
    crease = np.maximum(cv2.GaussianBlur(height, (0, 0), 0.06 * CELLS_PER_EYE_DISTANCE) - height, 0)
    gain = np.log(after / before) - VALLEY_DARKNESS * crease
    return np.asarray(cv2.GaussianBlur(gain, (0, 0), 0.012 * CELLS_PER_EYE_DISTANCE))


def _turned(normal: Floats, light: Floats) -> tuple[Floats, Floats]:
    """Change of the logarithm of light per radian of yaw and of pitch (as in FaceState: right and up)."""
    x, y, z = normal[..., 0], normal[..., 1], normal[..., 2]
    now = np.maximum(light[0] + normal @ light[1:], 0.25)
    by_yaw = light[1] * z - light[3] * x
    by_pitch = -light[2] * z + light[3] * y
    return by_yaw / now, by_pitch / now


def _skin_mask(at: Points, place: Floats) -> Floats:
    """1 on the face, softly 0 at the borders of the map."""
    middle_x = (at["left_temple"][0] + at["right_temple"][0]) / 2
    half = (at["left_temple"][0] - at["right_temple"][0]) / 2
    top, chin = at["hairline"][1], at["chin"][1]
    away = np.hypot((place[..., 0] - middle_x) / half, (place[..., 1] - (top + chin) / 2) / ((chin - top) / 2))
    return np.asarray(np.clip((1.12 - away) / 0.25, 0, 1))


class _Skin:
    """Bumps and strokes on a face, in face coordinates."""

    def __init__(self, x: Floats, y: Floats) -> None:
        self.x, self.y = x, y

    def bump(self, x: float, y: float, width: float, height: float) -> Floats:
        return np.asarray(np.exp(-(((self.x - x) / width) ** 2) - ((self.y - y) / height) ** 2))

    def stroke(self, points: list[tuple[float, float]], width: float) -> Floats:
        """A soft line through the points that fades at its ends."""
        line = np.array(points, float)
        out = np.zeros_like(self.x)
        t = np.linspace(0, len(line) - 1, 24)
        path = np.stack([np.interp(t, np.arange(len(line)), line[:, axis]) for axis in (0, 1)], 1)
        for k, (x, y) in enumerate(path):
            fade = min(1.0, 0.25 + 3.0 * min(k, len(path) - 1 - k) / len(path))
            out = np.maximum(out, fade * np.exp(-((self.x - x) ** 2 + (self.y - y) ** 2) / width**2))
        return np.asarray(cv2.GaussianBlur(out, (0, 0), 0.5))


def _heights(at: Points, x: Floats, y: Floats) -> dict[str, Floats]:
    """Relief of every fold at full strength, in eye distances; proportions as on rendered heads, 2026-11."""
    skin = _Skin(x, y)
    parts = {name: np.zeros_like(x) for name in FOLDS}
    for side, sign in (("right", -1.0), ("left", 1.0)):
        own = {name.removeprefix(f"{side}_"): point for name, point in at.items() if name.startswith(side)}
        _add_side(parts, skin, own, at, side, sign)
    lip, chin = at["lower_lip_bottom"], at["chin"]
    brow_y = (at["left_brow_middle"][1] + at["right_brow_middle"][1]) / 2
    for k, share in enumerate((0.34, 0.54, 0.74)):
        line_y = brow_y + share * (at["hairline"][1] - brow_y)
        reach = np.clip(1 - (np.abs(x) / (0.62 - 0.06 * k)) ** 4, 0, 1)
        parts["brows_up"] -= 0.012 * np.exp(-(((y - line_y + 0.018 * np.cos(6 * x + k)) / 0.022) ** 2)) * reach
    parts["brows_down"] += 0.010 * skin.bump(0, at["left_brow_inner"][1], 0.045, 0.10)
    parts["chin"] -= 0.018 * skin.bump(lip[0], lip[1] + 0.09, 0.22, 0.035)
    parts["chin"] += 0.020 * skin.bump(chin[0], chin[1] - 0.17, 0.15, 0.09)
    parts["pucker"] += 0.025 * skin.bump(float(at["lip_seam"][0]), float(at["lip_seam"][1]), 0.24, 0.165)
    return parts


def _add_side(parts: dict[str, Floats], skin: _Skin, own: Points, at: Points, side: str, sign: float) -> None:
    """The folds of one half of the face."""
    corner, wing, outer, brow = own["mouth_corner"], own["nostril"], own["eye_outer"], own["brow_inner"]
    eye = (own["eye_inner"] + outer) / 2
    low = own["eye_bottom"][1]

    def point(base: Floats, x: float, y: float) -> tuple[float, float]:
        return (float(base[0]) + sign * x, float(base[1]) + y)

    middle = (corner + wing) / 2
    nasolabial = skin.stroke([point(wing, 0.02, -0.03), point(middle, 0.13, -0.03), point(corner, 0.16, 0.0)], 0.036)
    bag = skin.stroke([(own["eye_inner"][0], low + 0.07), (eye[0], low + 0.11), (outer[0], low + 0.08)], 0.027)
    crow = sum(
        (skin.stroke([point(outer, 0.05, d), point(outer, 0.18, 2.2 * d - 0.02)], 0.015) for d in (-0.05, 0.0, 0.05)),
        np.zeros_like(skin.x),
    )
    apple = skin.bump(*point(eye, 0.05, 0.45), 0.19, 0.17)
    parts[f"smile_{side}"] += (
        -0.030 * nasolabial + 0.034 * apple - 0.007 * crow - 0.012 * bag
        - 0.016 * skin.bump(*point(corner, 0.055, -0.045), 0.035, 0.06)
        + 0.006 * skin.bump(*point(corner, 0.135, -0.03), 0.045, 0.09)
    )  # fmt: skip
    frown = [point(brow, -0.06, 0.14), point(brow, -0.05, 0.03), point(brow, -0.08, -0.09)]
    parts["brows_down"] += -0.016 * skin.stroke(frown, 0.025) + 0.014 * skin.bump(*point(brow, 0.06, 0.05), 0.12, 0.06)
    wrinkle = [point(wing, 0.0, -0.14), point(wing, 0.045, -0.04), point(wing, 0.13, 0.11)]
    parts["sneer"] += -0.028 * skin.stroke(wrinkle, 0.033) + 0.016 * skin.bump(*point(wing, 0.10, -0.13), 0.09, 0.09)
    for down in (0.02, 0.09, 0.16):
        parts["sneer"] -= 0.011 * skin.stroke([(sign * 0.06, down), (sign * 0.14, down + 0.04)], 0.015)
    parts["chin"] -= 0.014 * skin.stroke([point(corner, 0.03, 0.045), point(corner, 0.07, 0.19)], 0.027)
    parts["puff"] += 0.085 * skin.bump(sign * 0.57, (at["nose_base"][1] + corner[1]) / 2, 0.27, 0.28)
    parts["squint"] += -0.016 * bag - 0.010 * crow + 0.016 * skin.bump(eye[0], low + 0.05, 0.21, 0.042)
    parts["jaw_open"] += -0.025 * skin.bump(*point(corner, 0.27, -0.2), 0.13, 0.30) - 0.011 * nasolabial
    around = [point(corner, -0.03, -0.13), point(corner, 0.045, 0.0), point(corner, -0.03, 0.13)]
    parts["pucker"] -= 0.014 * skin.stroke(around, 0.037)
