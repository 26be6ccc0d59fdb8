"""Soft features of the head, sculpted by Gaussian strokes: brow ridge, cheeks, chin, throat. Lengths in mm."""

from __future__ import annotations

import numpy as np

from tth.face.look import FaceShape
from tth.face.sculpt.cage import Cage, proportioned_cage
from tth.face.sculpt.maths import Floats
from tth.face.sculpt.nose import nose_profile, with_nose
from tth.face.sculpt.proportions import height, mouth_line

Point = tuple[float, float, float]


def blob(points: Floats, centre: Point, size: Point) -> Floats:
    """Gaussian weight (n,) around a centre with a standard deviation for each axis."""
    d = (points - np.array(centre, float)) / np.array(size, float)
    return np.asarray(np.exp(-0.5 * (d * d).sum(-1)))


def stroke(points: Floats, centre: Point, size: Point, move: Point) -> Floats:
    """Move what is near the centre; mirrored when the centre is off the midline."""
    shift = np.array(move, float)
    points = points + blob(points, centre, size)[..., None] * shift
    if abs(centre[0]) > 1e-6:
        other = (-centre[0], centre[1], centre[2])
        points = points + blob(points, other, size)[..., None] * (shift * np.array([-1, 1, 1.0]))
    return points


class HeadSurface:
    """The bare head of one person: the spline cage with all soft features, before lids and lips are cut."""

    def __init__(self, shape: FaceShape) -> None:
        self.shape = shape
        self.cage = Cage(proportioned_cage(shape))

    def on_domain(self, a: Floats, b: Floats) -> Floats:
        """Points (n, 3) of nominal surface millimetres (a from the midline, b up)."""
        return sculpted(self.cage.at(*self.cage.parameters(a, b)), self.shape)

    def bare_on_domain(self, a: Floats, b: Floats) -> Floats:
        """The same without the soft features."""
        return self.cage.at(*self.cage.parameters(a, b))

    def in_front_view(self, x: Floats, y: Floats) -> Floats:
        """Points (n, 3) whose cage points are seen at (x, y) from the front."""
        return sculpted(self.cage.at(*self.cage.in_front_view(x, y)), self.shape)


def sculpted(points: Floats, shape: FaceShape) -> Floats:
    """Points of the cage (n, 3) -> points of the head, with everything that is neither lid nor lip."""
    points = _upper_face(points, shape)
    points = with_nose(points, shape)
    return _around_mouth_and_neck(points, shape)


def _upper_face(p: Floats, shape: FaceShape) -> Floats:
    """Brow bones, cheeks, temples and chin."""
    bone, full, hollow = shape.cheekbone, shape.cheek_fullness, shape.cheek_hollow
    p = stroke(p, (22, 21, 9), (13, 5, 9), (0, -0.5, 2.6 * shape.brow_ridge + 0.6))
    p = stroke(p, (0, 22, 12), (8, 6, 8), (0, 0, 1.2 * shape.brow_ridge))
    p = stroke(p, (47, 20, -4), (9, 7, 10), (0.6, 0, 1.2))
    p = stroke(p, (50, height(shape, -22), -8), (11, 9, 13), (2.2 * bone, 0.6, 2.4 * bone))
    p = stroke(p, (34, height(shape, -30), 2), (12, 11, 12), (0, 0, 1.8 * full))
    p = stroke(p, (42, height(shape, -56), -8), (12, 13, 13), (1.6 * (full - 1), 0, 2.8 * (full - 1)))
    p = stroke(p, (50, height(shape, -52), -20), (9, 13, 16), (-2.6 * hollow, 0, -2.0 * hollow))
    p = stroke(p, (70, 24, -45), (10, 14, 18), (-1.6, 0, 0))  # temple
    p = stroke(p, (22, height(shape, -50), 8), (5, 7, 8), (0, 0, 0.9 * full))  # beside the mouth
    p = stroke(p, (0, height(shape, -98), 8), (10, 7, 9), (0, 0, 2.2))  # chin
    return stroke(p, (0, height(shape, -86.5), 8), (14, 3.6, 9), (0, 0, -1.5))  # fold above the chin


def _around_mouth_and_neck(p: Floats, shape: FaceShape) -> Floats:
    """Nostrils, philtrum and throat."""
    wide = shape.nose_half_width / 15.5
    profile = nose_profile(shape)
    tip_y, tip_z = float(profile.y[7]), float(profile.z[7])
    p = stroke(p, (6.3 * wide, tip_y - 8.0, tip_z - 12.5), (2.7 * wide, 2.2, 4.4), (0, 4.6, -1.0))
    mouth = mouth_line(shape)
    p = stroke(p, (0, mouth + 13.5, 16), (2.1, 4.6, 8), (0, 0, -1.3))
    p = stroke(p, (4.3, mouth + 13, 16), (1.6, 4.8, 8), (0, 0, 0.55))
    for t in np.linspace(0, 1, 12):  # neck muscle, from behind the ear to the breastbone
        centre = (60 - 47 * t + shape.neck_width * (1 - t), height(shape, -88 - 108 * t), -92 + 54 * t)
        p = stroke(p, centre, (6, 9, 7), (0.8, 0, 1.0))
    p = stroke(p, (0, height(shape, -196), -34), (9, 7, 12), (0, 0, -5))  # pit of the neck
    p = stroke(p, (42, height(shape, -196), -36), (26, 4.5, 12), (0, 1.5, 3.0))  # collar bones
    return stroke(p, (0, height(shape, -134), -40), (8, 9, 12), (0, 0, 5 * shape.adams_apple))
