"""The outside of the clothed shoulders: what hair and collars lie on. Millimetres."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from tth.face.raster.deform import vertex_normals
from tth.face.sculpt.maths import Floats, unit
from tth.face.sculpt.mesh import Part

MIDDLE_OF_CHEST = np.array([0.0, -330.0, -95.0])
REACH = 45.0
"""Clothes further away than this do not push."""


class Torso:
    """The garment's outer points with their normals."""

    def __init__(self, garment: Part) -> None:
        normals = np.zeros(garment.points.shape, np.float32)
        vertex_normals(garment.points.astype(np.float32), garment.triangles.astype(np.int32), normals)
        outside = (normals * unit(garment.points - MIDDLE_OF_CHEST)).sum(1) > 0.2
        self.points, self.normals = garment.points[outside], normals[outside].astype(float)
        self._tree = cKDTree(self.points)

    def push_out(self, points: Floats, margin: float) -> Floats:
        """Points (..., 3) moved out to at least `margin` from the clothes."""
        distance, near = self._tree.query(points)
        depth = ((points - self.points[near]) * self.normals[near]).sum(-1)
        push = np.where(distance < REACH, np.maximum(margin - depth, 0), 0)
        return np.asarray(points + self.normals[near] * push[..., None])
