"""Colour and weave of the garment."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tools.looks.jit import Floats
from tools.looks.noise import fractal
from tools.looks.person import Person


class Cloth(NamedTuple):
    """The garment's look at each pixel."""

    albedo: Floats
    """(h, w, 3)"""
    height: Floats
    """(h, w): height of yarn and wrinkles, decimetres."""


def paint_cloth(person: Person, place: Floats) -> Cloth:
    """Ribbed knit, or smooth cotton with a few soft creases."""
    colour = person.colours.linear("cloth")
    if person.garment == "knit":
        across = np.arctan2(place[..., 0], place[..., 2] + 0.6) * 26.0 * math.pi
        rib = np.abs(np.sin(across)) ** 0.7
        stitch = 0.5 + 0.5 * np.sin((place[..., 1] * 34.0 + 0.5 * np.abs(np.sin(across))) * 2 * math.pi)
        height = rib * (0.8 + 0.2 * stitch)
        tone = 0.62 + 0.55 * (0.55 * height + 0.45 * fractal(place, 70.0, 2, 5))
        return Cloth((colour * tone[..., None]).astype(np.float32), (height * 0.016).astype(np.float32))
    stretched = (place * np.array([1.0, 0.55, 1.0])).astype(np.float32)
    creases = fractal(stretched, 2.6, 2, person.seed + 61)
    weave = fractal(place, 130.0, 1, 5)
    tone = 0.88 + 0.16 * (weave - 0.5) + 0.20 * (creases - 0.3)
    height = 0.05 * creases + 0.0010 * weave
    return Cloth((colour * tone[..., None]).astype(np.float32), height.astype(np.float32))
