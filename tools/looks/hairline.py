"""Where the hair begins."""

from __future__ import annotations

import numpy as np

from tools.looks.jit import Floats
from tools.looks.person import Person

_ANGLE = (0.0, 0.30, 0.55, 0.80, 1.00, 1.20, 1.36, 1.50, 1.62, 1.95, 2.30, 3.15)
"""From the middle of the forehead around to the nape, radians."""
_HEIGHT = (0.585, 0.585, 0.56, 0.47, 0.32, 0.12, -0.12, -0.20, 0.14, 0.10, -0.45, -0.62)
"""Height of the hairline there: temples, sideburns, above the ear, nape."""


def above_hairline(person: Person, points: Floats) -> Floats:
    """How far each point (n, 3) lies inside the scalp, decimetres; negative outside."""
    angle = np.arctan2(np.abs(points[:, 0]), points[:, 2] + 0.05)
    height = np.interp(angle, _ANGLE, _HEIGHT)
    gone = np.exp(-(((angle - 0.55) / 0.3) ** 2)) + 0.9 * np.exp(-((angle / 0.35) ** 2))
    return np.asarray(points[:, 1] - height - person.hair.recede * gone)
