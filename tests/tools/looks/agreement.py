"""How far a look's points are from what its picture shows, in eye distances."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tth.face.puppet.landmarks import face_frame
from tth.face.puppet.portrait_look import PortraitLook


def pupil_errors(look: PortraitLook) -> list[float]:
    """Distance of each iris's centre from the middle of the dark pupil around it."""
    grey = _grey(look)
    eye_distance = face_frame(look.landmarks).eye_distance_px
    out = []
    for x, y, radius in look.irises.values():
        row, column = np.mgrid[0 : grey.shape[0], 0 : grey.shape[1]] + 0.5
        near = np.hypot(column - x, row - y) < 0.6 * radius
        dark = near & (grey < grey[near].min() + 25)
        out.append(float(np.hypot(column[dark].mean() - x, row[dark].mean() - y)) / eye_distance)
    return out


def lip_seam_error(look: PortraitLook) -> float:
    """Median distance of the seam's points from the darkest pixel above or below each, its ends left out."""
    assert look.lip_seam is not None
    grey = cv2.GaussianBlur(_grey(look), (0, 0), 0.7)
    eye_distance = face_frame(look.landmarks).eye_distance_px
    reach = int(0.08 * eye_distance)
    errors = []
    for x, y in look.lip_seam[10:-10]:
        top = int(y) - reach
        column = grey[top : int(y) + reach + 1, int(x)]
        errors.append(abs(top + int(np.argmin(column)) + 0.5 - y))
    return float(np.median(errors)) / eye_distance


def _grey(look: PortraitLook) -> NDArray[np.float32]:
    return np.asarray(cv2.imread(str(look.picture), cv2.IMREAD_GRAYSCALE), np.float32)
