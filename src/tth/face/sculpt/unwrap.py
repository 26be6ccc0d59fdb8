"""The skin laid flat: where each point lies on the skin texture, and what is known about each texel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tth.face.raster.zbuffer import rasterise
from tth.face.sculpt.maths import Floats
from tth.face.sculpt.skin import Skin

PLAIN_SKIN = -1.3
"""`lid_at` and `lip_at` of texels far from lids and lips."""


@dataclass(frozen=True)
class UnwrappedSkin:
    """Rest-pose attributes for each texel, all (size, size); zero outside the skin."""

    points: Floats
    """Positions in millimetres, (size, size, 3)."""
    covered: NDArray[np.bool_]
    """Where there is skin."""
    lid_at: Floats
    lid_upper: Floats
    """Sine of the ring angle: positive on the upper lid."""
    lip_side: Floats
    lip_at: Floats


def texture_place(domain: Floats) -> Floats:
    """Nominal surface millimetres (n, 2) -> texture coordinates 0..1, with most texels on the face."""
    a, b = domain[:, 0], domain[:, 1]
    u = 0.5 + np.sign(a) * np.interp(np.abs(a), [0, 60, 105, 236], [0, 0.30, 0.44, 0.5])
    v = np.interp(-b, [-150, -85, 118, 262], [0, 0.10, 0.90, 1])
    return np.stack([u, v], 1)


def unwrap(skin: Skin, size: int) -> UnwrappedSkin:
    """Draw the rest-pose attributes of the skin into texture space."""
    place = texture_place(skin.domain)
    flat = np.full((len(place), 4), 0.7, np.float32)
    flat[:, :2] = place * size
    triangles = skin.triangles.astype(np.int32)
    keys = np.zeros(size * size * 4, np.int32)
    rasterise(
        flat, triangles, np.ones(len(triangles), np.uint8), np.arange(len(triangles), dtype=np.int32), size, size, keys
    )
    nearest = keys.reshape(size, size, 4).max(-1)
    covered = nearest > 0
    corners = triangles[nearest[covered] & 0xFFFF]
    weights = _barycentric(flat[:, :2].astype(float), corners, covered)

    def drawn(values: Floats) -> Floats:
        picture = np.zeros((size, size, *values.shape[1:]))
        shares = weights if values.ndim == 1 else weights[..., None]
        picture[covered] = (values[corners] * shares).sum(1)
        return picture

    main_corner = corners[np.arange(len(corners)), weights.argmax(1)]
    lid_upper = np.zeros((size, size))
    lid_upper[covered] = np.sin(skin.lid_angle)[main_corner]  # blending an angle would be wrong at its seam
    lid_at, lip_at = (np.where(at < -5, PLAIN_SKIN, at) for at in (skin.lid_at, skin.lip_at))
    return UnwrappedSkin(drawn(skin.points), covered, drawn(lid_at), lid_upper, drawn(skin.lip_side), drawn(lip_at))


def _barycentric(place: Floats, corners: NDArray[np.int32], covered: NDArray[np.bool_]) -> Floats:
    """Weights (k, 3) of the corners at the centres of the covered texels."""
    row, column = np.nonzero(covered)
    px, py = column + 0.5, row + 0.5
    x0, x1, x2 = place[corners, 0].T
    y0, y1, y2 = place[corners, 1].T
    area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
    area = np.where(np.abs(area) < 1e-9, 1e-9, area)
    first = np.clip(((x1 - px) * (y2 - py) - (x2 - px) * (y1 - py)) / area, 0, 1)
    second = np.clip(((x2 - px) * (y0 - py) - (x0 - px) * (y2 - py)) / area, 0, 1)
    weights = np.stack([first, second, np.clip(1 - first - second, 0, 1)], 1)
    return np.asarray(weights / weights.sum(1, keepdims=True))
