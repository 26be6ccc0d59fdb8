"""The line between the lips, found in the picture: the dark path from corner to corner."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tth.face.puppet.control_points import bow
from tth.face.puppet.landmarks import Floats, Points

SEAM_POINTS = 65
REACH = 0.06
"""How far the line may lie from the landmarks' curve, in mouth widths."""
SMOOTHNESS = 6.0
STRAYING = 0.05
"""Costs of a step between neighbours, and of leaving the curve, per pixel squared; chosen by eye."""


def find_seam(grey: NDArray[np.uint8], points: Points) -> Floats:
    """The line from the right to the left corner of the mouth, (SEAM_POINTS, 2) in pixels.

    The cheapest path through the dark (dynamic programming, as in Viterbi's algorithm) near the curve that goes
    through the three landmarks; the corners stay where they are.
    """
    right, left = points["right_mouth_corner"], points["left_mouth_corner"]
    curve = bow(right, points["lip_seam"], left, np.linspace(-1, 1, SEAM_POINTS))
    width = float(np.hypot(*(left - right)))
    down = np.array([-(left - right)[1], (left - right)[0]]) / width
    reach = max(int(REACH * width), 2)
    offsets = np.linspace(-reach, reach, 4 * reach + 1)
    probes = (curve[:, None] + offsets[None, :, None] * down - 0.5).astype(np.float32)
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), max(0.008 * width, 0.8))
    darkness = cv2.remap(smooth, probes[..., 0], probes[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cost = np.asarray(darkness, float) / 25.0 + STRAYING * (100 / width * offsets[None]) ** 2
    cost[[0, -1]] += 50 * np.abs(offsets)
    path = offsets[_cheapest_path(cost, offsets * 100 / width)]
    path = np.convolve(np.pad(path, 2, "edge"), np.ones(5) / 5, "valid")
    path[0] = path[-1] = 0
    return np.asarray(curve + path[:, None] * down)


def _cheapest_path(cost: Floats, places: Floats) -> NDArray[np.intp]:
    """One column per row of `cost`, such that the sum of costs and of squared steps between `places` is least."""
    total = np.asarray(cost, float).copy()
    came_from = np.zeros(cost.shape, np.intp)
    step = SMOOTHNESS * (places[:, None] - places[None]) ** 2
    for row in range(1, len(cost)):
        ways = total[row - 1][None] + step
        came_from[row] = ways.argmin(1)
        total[row] += ways.min(1)
    column = int(total[-1].argmin())
    path = np.zeros(len(cost), np.intp)
    for row in range(len(cost) - 1, -1, -1):
        path[row] = column
        column = int(came_from[row][column])
    return path
