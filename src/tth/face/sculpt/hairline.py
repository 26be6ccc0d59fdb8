"""Where hair meets skin, for each cut: painted roots and geometry start from the same line."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tth.face.look import HairLook, HairStyle
from tth.face.sculpt.maths import Floats, bell, smoothstep

NONE = 400.0
"""A height that no head reaches."""


@dataclass(frozen=True)
class Hairline:
    """The line on the average face."""

    azimuth_deg: tuple[float, ...]
    """0 = front, 180 = back."""
    height: tuple[float, ...]
    """Millimetres above the eyes at these azimuths."""
    strength: float
    """How much of the hair's colour the scalp takes, 0..1."""
    upper: tuple[float, ...] = (NONE,)
    """Where the hair of a bald crown ends above, at the same azimuths (or one for all)."""
    recede: float = 0.0
    """How far the front has drawn back, millimetres."""

    def at(self, azimuth_deg: Floats) -> Floats:
        """Height of the line at these azimuths."""
        azimuth = np.abs(azimuth_deg)
        corners = 0.45 + 0.65 * bell(azimuth - 33, 16)  # first above the temples
        back = self.recede * corners * smoothstep(62, 46, azimuth)
        return np.asarray(np.interp(azimuth, self.azimuth_deg, self.height) + back)

    def top_at(self, azimuth_deg: Floats) -> Floats:
        """Height at which the hair ends above."""
        if len(self.upper) == 1:
            return np.full_like(azimuth_deg, self.upper[0])
        return np.asarray(np.interp(np.abs(azimuth_deg), self.azimuth_deg, self.upper))


# fmt: off
_LONG = Hairline((0, 14, 28, 42, 52, 60, 75, 90, 180), (79, 78, 74, 60, 38, 14, -20, -30, -80), 0.95)
_SHORT = Hairline(
    (0, 14, 28, 40, 50, 58, 64, 72, 82, 96, 120, 180), (79, 78, 72, 56, 36, 14, -14, -26, -4, 4, -44, -76), 0.9)
_BACK = Hairline(
    (0, 14, 28, 42, 52, 60, 68, 78, 88, 100, 120, 180), (80, 79.5, 74, 58, 38, 16, -10, -8, 8, 4, -44, -76), 0.95)
_CURLY = Hairline(
    (0, 14, 28, 42, 52, 60, 68, 78, 88, 100, 120, 180), (80, 79, 73, 58, 40, 18, -6, -6, 6, 0, -46, -76), 0.95)
_BALDING = Hairline(
    (0, 60, 64, 72, 82, 96, 120, 180), (NONE, NONE, -14, -26, -4, 4, -44, -76), 0.8,
    (-100, -100, 12, 30, 44, 52, 56, 56))
_NONE = Hairline((0, 180), (NONE, NONE), 0.0)
# fmt: on
HAIRLINES: dict[HairStyle, Hairline] = {
    "long": _LONG,
    "short": _SHORT,
    "bun": _BACK,
    "ponytail": _BACK,
    "curly": _CURLY,
    "cropped": _SHORT,
    "balding": _BALDING,
    "bald": _NONE,
}  # fmt: skip


def hairline(look: HairLook) -> Hairline:
    """The line of one person."""
    line = HAIRLINES[look.style]
    return replace(line, recede=look.recede)
