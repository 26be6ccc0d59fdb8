"""About a hundred points of a face that expressions move, derived from the 29 landmarks and the line of the lips.

The lips part along the seam, so there are two sets: points of the skin above it and points of the skin below it, which
agree away from the mouth. Chin points stay out of the upper set and nose points out of the lower one, or the skin
would fold over itself when the jaw drops. All in eye distances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tth.face.puppet.landmarks import Floats, Points

SEAM_STEPS = 9
"""Points along each of the four lines of the lips, corners included."""
LIP_LINES = frozenset({"seam_upper", "seam_lower", "lip_upper", "lip_lower"})


@dataclass(frozen=True, slots=True)
class ControlPoints:
    """Points by role; several share a name."""

    names: tuple[str, ...]
    positions: Floats
    """(n, 2)"""
    across: Floats
    """Along a lip: place from corner to corner, -1..1; elsewhere -1 (left in the picture), 0 (middle) or 1, (n,)."""
    is_upper: NDArray[np.bool_]
    """Belongs to the skin above the lips, bool (n,)."""
    is_lower: NDArray[np.bool_]
    """Belongs to the skin below the lips, bool (n,)."""
    mouth_centre: Floats
    mouth_half_width: float


class _Collector:
    """Points as they are named."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.positions: list[Floats] = []
        self.across: list[float] = []
        self.skins: list[str] = []

    def add(self, name: str, at: Floats | tuple[float, float], across: float, skin: str = "both") -> None:
        self.names.append(name)
        self.positions.append(np.array(at, float))
        self.across.append(across)
        self.skins.append(skin)


def bow(start: Floats, middle: Floats, end: Floats, t: Floats) -> Floats:
    """A smooth line from start over middle to end at t in -1..1, (len(t), 2)."""
    along = np.clip((middle - start) @ (end - start) / ((end - start) @ (end - start)), 0.15, 0.85)
    u = (t + 1) / 2
    rise = middle - (start + (end - start) * along)
    height = np.where(u < along, 1 - ((along - u) / along) ** 2, 1 - ((u - along) / (1 - along)) ** 2)
    return np.asarray(start + (end - start) * u[:, None] + height[:, None] * rise)


def control_points(at: Points, seam: Floats) -> ControlPoints:
    """All control points of one face. at: landmarks; seam: line between the lips from left to right, (n, 2)."""
    points = _Collector()
    centre = (at["left_mouth_corner"] + at["right_mouth_corner"]) / 2
    half_width = float(at["left_mouth_corner"][0] - at["right_mouth_corner"][0]) / 2
    _add_lips(points, at, seam)
    for side, sign in (("right", -1.0), ("left", 1.0)):
        own = {name.removeprefix(f"{side}_"): point for name, point in at.items() if name.startswith(side)}
        _add_lower_face(points, at, own, sign, float(centre[0]), half_width)
        _add_upper_face(points, at, own, sign)
        _add_surroundings(points, at, own, sign)
    _add_middle(points, at, float(centre[0]))
    skins = np.array(points.skins)
    return ControlPoints(
        tuple(points.names), np.array(points.positions), np.array(points.across), skins != "lower", skins != "upper",
        centre, half_width,
    )  # fmt: skip


def _add_lips(points: _Collector, at: Points, seam: Floats) -> None:
    t = np.linspace(-1, 1, SEAM_STEPS)
    u = np.linspace(-1, 1, len(seam))
    line = np.stack([np.interp(t, u, seam[:, 0]), np.interp(t, u, seam[:, 1])], 1)
    right, left = at["right_mouth_corner"], at["left_mouth_corner"]
    upper, lower = bow(right, at["upper_lip_top"], left, t), bow(right, at["lower_lip_bottom"], left, t)
    for i, across in enumerate(t):
        if abs(across) == 1:
            points.add("corner", line[i], across)
            continue
        points.add("seam_upper", line[i], across, "upper")
        points.add("lip_upper", upper[i], across, "upper")
        points.add("seam_lower", line[i], across, "lower")
        points.add("lip_lower", lower[i], across, "lower")


def _add_lower_face(points: _Collector, at: Points, own: Points, sign: float, middle: float, half_width: float) -> None:
    corner, jaw, wing, temple, lid = (own[k] for k in ("mouth_corner", "jaw", "nostril", "temple", "eye_bottom"))
    chin, base, lip_bottom = at["chin"], at["nose_base"], at["lower_lip_bottom"]
    philtrum_y = base[1] * 0.6 + at["upper_lip_top"][1] * 0.4
    points.add("philtrum", (middle + sign * half_width * 0.55, philtrum_y), sign, "upper")
    points.add("wing", wing, sign, "upper")
    points.add("nasolabial", corner * 0.55 + wing * 0.45 + np.array([sign * 0.06, 0]), sign)
    points.add("mouth_side", corner * 0.62 + jaw * 0.38, sign)
    points.add("apple", (lid[0] + sign * 0.05, lid[1] * 0.45 + corner[1] * 0.55 - 0.12), sign)
    points.add("cheek", (temple[0] * 0.55 + corner[0] * 0.45, base[1]), sign)
    points.add("jaw", jaw, sign)
    points.add("jaw_middle", jaw * 0.45 + chin * 0.55 + np.array([sign * 0.10, 0.03]), sign, "lower")
    points.add("chin_side", (chin[0] + sign * half_width * 0.75, chin[1] * 0.62 + lip_bottom[1] * 0.38), sign, "lower")
    points.add("temple", temple, sign)
    points.add("ear", temple * 0.55 + jaw * 0.45 + np.array([sign * 0.05, 0]), sign)


def _add_upper_face(points: _Collector, at: Points, own: Points, sign: float) -> None:
    lid = own["eye_bottom"]
    points.add("under_eye", (lid[0], lid[1] + 0.13), sign)
    for name in ("eye_inner", "eye_outer", "eye_top"):
        points.add("eye", own[name], sign)
    points.add("lower_lid", lid, sign)
    inner, middle, outer, top = own["brow_inner"], own["brow_middle"], own["brow_outer"], at["hairline"][1]
    points.add("brow_inner", inner, sign)
    points.add("brow_inner_half", (inner + middle) / 2, sign)
    points.add("brow_middle", middle, sign)
    points.add("brow_outer_half", (middle + outer) / 2, sign)
    points.add("brow_outer", outer, sign)
    points.add("forehead_inner", (inner[0] + sign * 0.04, inner[1] * 0.5 + top * 0.5), sign)
    points.add("forehead_outer", (middle[0], middle[1] * 0.55 + top * 0.45), sign)


def _add_surroundings(points: _Collector, at: Points, own: Points, sign: float) -> None:
    """Points that hold still, so that a face moves and a picture does not."""
    outer, temple, jaw, chin_y, top = own["brow_outer"], own["temple"], own["jaw"], at["chin"][1], at["hairline"][1]
    points.add("hold", (outer[0] * 1.08, outer[1] - 0.35), sign)
    points.add("hold", (sign * 0.5, top), sign)
    points.add("hold", temple + np.array([sign * 0.25, 0.1]), sign)
    points.add("hold", (jaw[0] * 1.35, jaw[1] + 0.1), sign)
    points.add("hold", (sign * 0.9, chin_y + 0.75), sign)
    points.add("neck", (sign * 0.38, chin_y + 0.38), sign)


def _add_middle(points: _Collector, at: Points, middle: float) -> None:
    chin, lip_bottom = at["chin"], at["lower_lip_bottom"]
    points.add("glabella", (0, (at["right_brow_inner"][1] + at["left_brow_inner"][1]) / 2 + 0.02), 0)
    points.add("bridge", (0, 0.12), 0)
    points.add("nose_tip", at["nose_tip"], 0, "upper")
    points.add("nose_base", at["nose_base"], 0, "upper")
    points.add("chin", chin, 0, "lower")
    points.add("chin_pad", (middle, chin[1] * 0.5 + lip_bottom[1] * 0.5), 0, "lower")
    points.add("lip_fold", (middle, chin[1] * 0.18 + lip_bottom[1] * 0.82), 0, "lower")
    points.add("hold", (0, at["hairline"][1] - 0.05), 0)
    points.add("hold", (0, at["hairline"][1] - 0.7), 0)
    points.add("hold", (0, chin[1] + 0.8), 0)
    points.add("throat", (0, chin[1] + 0.30), 0)
