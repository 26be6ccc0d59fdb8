"""How much each point follows the jaw and the head: smooth weights 0..1."""

from __future__ import annotations

import numpy as np

from tth.face.look import FaceShape
from tth.face.sculpt.maths import Floats, smoothstep
from tth.face.sculpt.proportions import jaw_line, mouth_line
from tth.face.sculpt.skin import Skin

CAVITY_BACK = 3.9
"""`lip_at` beyond which the mouth cavity hardly follows the jaw."""


def jaw_weight(skin: Skin, shape: FaceShape) -> Floats:
    """Share of the jaw's turn each skin point takes, (n,): 0 upper face .. 1 chin, in between at the corners."""
    x, y, z = skin.points.T
    line = mouth_line(shape)
    above = y - (line + smoothstep(-12, -85, z) * (-32 - line))  # height over a line from the mouth to the jaw's joint
    across = np.where(skin.lip_side != 0, np.abs(skin.lip_x), np.abs(x) / shape.mouth_half_width)
    upper_side = 0.50 * smoothstep(0.25, 1.0, across) ** 1.4
    lower_side = 1 - 0.50 * smoothstep(0.25, 1.0, across) ** 1.6
    upper = upper_side * smoothstep(24, 0, above)
    lower = lower_side + (1 - lower_side) * smoothstep(0, -22, above)
    upper_lip = upper_side * smoothstep(24, 0, np.maximum(above, 0))
    elsewhere = np.where(above >= 0, upper, lower)
    weight = np.where(skin.lip_side > 0, upper_lip, np.where(skin.lip_side < 0, lower, elsewhere))
    away = smoothstep(1.02, 1.9, across)  # beside the mouth: one smooth band
    weight = weight * (1 - away) + away * smoothstep(23, -23, above)
    weight = weight * smoothstep(-44, -6, y - jaw_line(z)) * smoothstep(-98, -76, z)
    return np.where(skin.lip_at > CAVITY_BACK, 0.3, weight)


def head_weight(points: Floats) -> Floats:
    """Share of the head's turn, (n,): 0 on the chest, 1 from the jaw up, smooth along the neck."""
    return smoothstep(-172, -112, points[:, 1] + 0.18 * (points[:, 2] + 60))
