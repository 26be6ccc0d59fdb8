"""Chooses the cut of hair and knows where each cut meets the skin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tth.face.look import HairLook, HairStyle
from tth.face.sculpt.hair_bun import bun_hair
from tth.face.sculpt.hair_curly import curly_hair
from tth.face.sculpt.hair_long import long_hair
from tth.face.sculpt.hair_short import short_hair
from tth.face.sculpt.maths import Floats, Randoms
from tth.face.sculpt.mesh import Part, join, wound_like_normals
from tth.face.sculpt.scalp import Scalp


@dataclass(frozen=True)
class Hairline:
    """Where the painted roots begin on the average face."""

    azimuth_deg: tuple[float, ...]
    """0 = front, 180 = back."""
    height: tuple[float, ...]
    """Millimetres above the eyes at these azimuths."""
    strength: float
    """How much of the hair's colour the scalp takes, 0..1."""

    def at(self, azimuth_deg: Floats) -> Floats:
        """Height of the line at these azimuths."""
        return np.asarray(np.interp(azimuth_deg, self.azimuth_deg, self.height))


# fmt: off
HAIRLINES: dict[HairStyle, Hairline] = {
    "long": Hairline((0, 14, 28, 42, 52, 60, 75, 90, 180), (79, 78, 74, 60, 38, 14, -20, -30, -80), 0.95),
    "short": Hairline(
        (0, 14, 28, 40, 50, 58, 64, 72, 82, 96, 120, 180), (79, 78, 72, 56, 36, 14, -14, -26, -4, 4, -44, -76), 0.9),
    "bun": Hairline(
        (0, 14, 28, 42, 52, 60, 68, 78, 88, 100, 120, 180), (80, 79.5, 74, 58, 38, 16, -10, -8, 8, 4, -44, -76), 0.95),
    "curly": Hairline(
        (0, 14, 28, 42, 52, 60, 68, 78, 88, 100, 120, 180), (80, 79, 73, 58, 40, 18, -6, -6, 6, 0, -46, -76), 0.95),
}
# fmt: on


def build_hair(look: HairLook, scalp: Scalp, rng: Randoms) -> Part:
    """The hair of one person: normals, tangents, uv, brightness and a piece number for every lock."""
    match look.style:
        case "long":
            parts = long_hair(scalp, look, rng)
        case "short":
            parts = short_hair(scalp, look.volume, rng)
        case "bun":
            parts = bun_hair(scalp, look.volume, rng)
        case "curly":
            parts = curly_hair(scalp, look.volume, rng)
    return join([wound_like_normals(part) for part in parts])
