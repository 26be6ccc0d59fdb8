"""The points and curves that the puppet needs, exact because they come from the geometry.

"Left" is the person's left, on the right of the picture, where x is positive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tools.looks.asymmetry import Asymmetry
from tools.looks.face_hair import brow_arc
from tools.looks.fields import lid_heights
from tools.looks.jit import Floats
from tools.looks.march import Camera
from tools.looks.person import Person
from tools.looks.portrait import Sitting
from tools.looks.relief import lip_curves
from tools.looks.sculpt import EYE_Z, LID_THICKNESS, lid_parameters
from tools.looks.volume import Volume, front_depth

SIDES = {"right": -1, "left": 1}
_LID_POINTS, _SEAM_POINTS = 33, 65


@dataclass(frozen=True, slots=True)
class FacePoints:
    """Places in the portrait, in its pixels: x right, y down, (0, 0) its upper left corner."""

    landmarks: Mapping[str, Floats]
    """(2,) each; names as in docs/own-face.md."""
    irises: Mapping[str, tuple[float, float, float]]
    """Centre x, y and radius by side."""
    lids: Mapping[str, tuple[Floats, Floats]]
    """Upper and lower margin by side, (n, 2) each, left to right in the picture."""
    lip_seam: Floats
    """(n, 2), left to right in the picture."""


def find_points(sitting: Sitting) -> FacePoints:
    """All points of a sitting, in pixels of the reduced picture."""
    person, body = sitting.person, sitting.place.body
    camera = sitting.camera()
    moved = Asymmetry(person)

    def seen(places: Floats) -> Floats:
        return moved.moved(camera, camera.project(places)) / sitting.quality.oversample

    def on_skin(x: Floats | float, y: Floats | float) -> Floats:
        xs, ys = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        return seen(np.stack([xs, ys, front_depth(body, xs, ys)], -1))

    lids = {side: _lids(person, sign, seen) for side, sign in SIDES.items()}
    points: dict[str, Floats] = {}
    for side, sign in SIDES.items():
        points |= _eye_points(side, lids[side])
        points |= _side_points(person, body, side, sign, on_skin, seen)
    n, m = person.nose.y, person.mouth
    curves = lip_curves(person, np.array([0.0]))
    points |= {
        "nose_tip": on_skin(0, -0.275 + n),
        "nose_base": on_skin(0, -0.385 + n),
        "upper_lip_top": on_skin(0, curves.top[0]),
        "lip_seam": on_skin(0, curves.seam[0]),
        "lower_lip_bottom": on_skin(0, curves.bottom[0]),
        "chin": seen(_chin(person, body)),
        "hairline": on_skin(0, 0.585 + person.hair.recede * 0.9),
    }
    xs = np.linspace(-m.half_width, m.half_width, _SEAM_POINTS)
    seam = on_skin(xs, lip_curves(person, xs).seam)
    return FacePoints(points, _irises(person, camera, sitting.quality.oversample, seen), lids, seam)


def _lids(person: Person, sign: int, seen) -> tuple[Floats, Floats]:  # type: ignore[no-untyped-def]  # a local projection
    lid = lid_parameters(person)
    u = np.linspace(0, 1, _LID_POINTS)
    heights = np.array([lid_heights(a, lid) for a in u])
    x = lid[0] * (2 * u - 1)
    r = person.eyes.radius + LID_THICKNESS + 0.004
    z = EYE_Z + np.sqrt(np.clip(r * r - x**2 - heights.mean(1) ** 2, 0.0005, None))
    out = []
    for column, thickness in ((0, -0.007), (1, 0.0)):  # the upper margin is seen from below
        curve = seen(np.stack([sign * (person.eyes.x + x), heights[:, column] + thickness, z], -1))
        out.append(curve[np.argsort(curve[:, 0])])
    return out[0], out[1]


def _eye_points(side: str, lids: tuple[Floats, Floats]) -> dict[str, Floats]:
    inner, outer = (-1, 0) if side == "right" else (0, -1)
    upper, lower = lids
    middle = len(upper) // 2
    return {
        f"{side}_eye_inner": (upper[inner] + lower[inner]) / 2,
        f"{side}_eye_outer": (upper[outer] + lower[outer]) / 2,
        f"{side}_eye_top": upper[middle],
        f"{side}_eye_bottom": lower[middle],
    }


def _side_points(person: Person, body: Volume, side: str, sign: int, on_skin, seen) -> dict[str, Floats]:  # type: ignore[no-untyped-def]  # local projections
    arc = brow_arc(person, np.array([0.02, 0.52, 0.98]))
    brows = on_skin(sign * arc.x, arc.y)
    m, n = person.mouth, person.nose
    out = {f"{side}_brow_{where}": brows[i] for i, where in enumerate(("inner", "middle", "outer"))}
    out[f"{side}_nostril"] = on_skin(sign * 0.137 * n.width, -0.31 + n.y)
    out[f"{side}_mouth_corner"] = on_skin(sign * m.half_width, m.y + m.smile)
    for name, y in (("jaw", m.y), ("temple", -0.02)):
        out[f"{side}_{name}"] = seen(np.array([sign * _edge(body, y), y, 0.12]))
    return out


def _edge(body: Volume, y: float) -> float:
    """Distance from the middle to the edge of the face at a height; ears are not counted."""
    x = np.linspace(0.3, 0.85, 220)
    inside = front_depth(body, x, np.full_like(x, y)) > 0.10
    return float(x[inside][-1])


def _chin(person: Person, body: Volume) -> Floats:
    """The lowest point of the chin before the throat begins."""
    y = np.linspace(person.head.chin_y + 0.02, person.head.chin_y - 0.35, 200)
    z = front_depth(body, np.zeros_like(y), y)
    last = int(np.argmax(z < person.head.chin_z - 0.05)) - 1
    return np.array([0.0, y[last], z[last]])


def _irises(person: Person, camera: Camera, oversample: float, seen) -> dict[str, tuple[float, float, float]]:  # type: ignore[no-untyped-def]  # a local projection
    radius_px = person.eyes.iris * camera.px_per_unit() / oversample
    out = {}
    for side, sign in SIDES.items():
        x, y = seen(np.array([sign * person.eyes.x, 0.0, EYE_Z + person.eyes.radius]))
        out[side] = (float(x), float(y), float(radius_px))
    return out
