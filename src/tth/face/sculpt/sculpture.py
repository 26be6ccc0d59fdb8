"""One person's head as arrays, ready to be painted: the result of the build and the content of the cache.

This file knows the layout and nothing of how it is built, so that a cached start imports no modelling code.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from tth.face.array_record import Arrays, frozen
from tth.face.parameters import BLENDSHAPES

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]

HEAD_PIVOT = np.array([0, -72, -88], np.float32)
"""Where the head turns on the neck, millimetres."""
JAW_PIVOT = np.array([0, -14, -84], np.float32)
"""The joint of the jaw."""
JAW_SLIDE = np.array([0, -1.5, -2.0], np.float32)
"""How the jaw slides when it is fully open."""
JAW_FULL_RAD = float(np.radians(17.0))
"""Turn of the jaw at jawOpen = 1."""
IRIS_RADIUS_MM = 9.7

CLOTH_SURFACE = 7
"""`surface` of the clothes, whose triangles are the last in drawing order."""

DRAPES = ("drapeYawRight", "drapeYawLeft", "drapePitchUp", "drapePitchDown", "drapeRollRight", "drapeRollLeft")
"""Shapes of hanging hair, in the order of pose.DRAPE_TURNS."""
HELPER_SHAPES = ("tongueLift", "teethBack", "breath", *DRAPES)
"""Shapes after the 52 of ARKit that the painter weights itself."""
SHAPES = (*BLENDSHAPES, *HELPER_SHAPES)


class Section(IntEnum):
    """Parts of the vertex arrays, in their order."""

    SKIN = 0
    EAR_LEFT = 1
    EAR_RIGHT = 2
    LASHES_LEFT = 3
    LASHES_RIGHT = 4
    TEETH_UPPER = 5
    TEETH_LOWER = 6
    TONGUE = 7
    WORN = 8
    EYE_LEFT = 9
    EYE_RIGHT = 10
    CLOTH = 11
    HAIR = 12


@dataclass(frozen=True, slots=True)
class Sculpture:
    """A head at rest, with everything that its movements need. All arrays are read-only and may be shared.

    n vertices, t triangles that are drawn. Millimetres; x to the person's left, y up, z to the viewer.
    """

    points: F32
    """Rest positions, (n, 3)."""
    normals: F32
    """Rest normals, (n, 3); for the eyeballs, directions from their centre."""
    uv: F32
    """Place on `skin_texture_*` (skin, cloth) or the hair texture, (n, 2)."""
    tint: F32
    """Linear colour that multiplies the light, (n, 3)."""
    gloss: F32
    """Strength of the highlights, (n,)."""
    head_weight: F32
    """Share of the head's turn, (n,)."""
    jaw_weight: F32
    """Share of the jaw's turn, (n,)."""
    visibility: F32
    """Directions that the vertex sees, as 9 spherical harmonics in head space, (n, 9)."""
    openness: F32
    """Ambient light that reaches the vertex, 0..1, (n,)."""
    hair_tangents: F32
    """Direction of the strands, for the hair's vertices only, (h, 3)."""
    sections: I32
    """First and one-past-last vertex of each Section, (13, 2)."""
    triangles: I32
    """Triangles in drawing order, near parts first, (t, 3)."""
    surface: U8
    """Surface of each triangle; samples of different surfaces are blended, (t,)."""
    material: U8
    """Material of each triangle, see raster/materials.py, (t,)."""
    two_sided: U8
    """1 where the back is drawn too, (t,)."""
    seen_in: I64
    """Views that show each triangle, as bits; see `tth.face.views`, (t,)."""
    skin_triangles: I32
    """All triangles of the skin, drawn or not, for its normals, (s, 3)."""
    shape_start: I32
    """Where each of SHAPES begins in the next two arrays, (len(SHAPES) + 1,)."""
    shape_index: I32
    """Vertices that a shape moves, (k,)."""
    shape_offset: F32
    """By how much, at weight 1, (k, 3)."""
    lid_start: I32
    """Where the lids of the left and right eye begin in the next three arrays, (3,)."""
    lid_index: I32
    """Vertices of lids and lashes."""
    lid_upper: F32
    """Turn about the eye's axis that closes the upper lid, radians, one per lid vertex."""
    lid_lower: F32
    """The same for the lower lid."""
    margin_upper: I32
    """Vertices of the upper lid's margin from left to right, (2, m); row 0 = left eye."""
    margin_lower: I32
    """The same for the lower lid."""
    eyes: F32
    """Centre x, y, z and radius of the left and right eyeball, (2, 4)."""
    mouth_depth: F32
    """Brightness of teeth and tongue by their depth in the mouth, 0..1, for Sections TEETH_UPPER to TONGUE."""
    skin_texture_large: U8
    """Skin (left two thirds) and cloth, (1024, 1536, 4): square root of linear colour, gloss (127 = 1)."""
    skin_texture_medium: U8
    """Half that size."""
    skin_texture_small: U8
    """A quarter of that size."""
    eye_texture: U8
    """Front of the eyeball, (320, 320, 4): square root of linear colour, iris mask."""
    hair_texture: U8
    """Strand brightness and highlight, 128 = 1, (256, 256, 2)."""
    backdrop: F32
    """Linear colours of the backdrop's centre and edge, (2, 3)."""

    def range_of(self, section: Section) -> slice:
        """The vertices of one section."""
        return slice(int(self.sections[section, 0]), int(self.sections[section, 1]))


def frozen_sculpture(arrays: Arrays) -> Sculpture:
    """A Sculpture from arrays by field name, made read-only and checked.

    Raises ValueError if a field is missing or does not fit the others.
    """
    sculpture = frozen(Sculpture, arrays)
    problem = _inconsistency(sculpture)
    if problem:
        raise ValueError(f"sculpture is inconsistent: {problem}")
    return sculpture


def _inconsistency(s: Sculpture) -> str:
    """What would make a kernel read outside an array; empty if nothing."""
    n, t = len(s.points), len(s.triangles)
    if any(len(a) != n for a in (s.normals, s.uv, s.tint, s.gloss, s.head_weight, s.jaw_weight, s.visibility)):
        return "vertex arrays differ in length"
    if any(len(a) != t for a in (s.surface, s.material, s.two_sided, s.seen_in)):
        return "triangle arrays differ in length"
    if s.sections.shape != (len(Section), 2) or int(s.sections[-1, 1]) != n or len(s.openness) != n:
        return "sections do not cover the vertices"
    for name in ("triangles", "skin_triangles", "shape_index", "lid_index", "margin_upper", "margin_lower"):
        index = getattr(s, name)
        if index.size and (int(index.min()) < 0 or int(index.max()) >= n):
            return f"{name} points outside the vertices"
    if len(s.shape_start) != len(SHAPES) + 1 or int(s.shape_start[-1]) != len(s.shape_index):
        return "shapes are cut short"
    if len(s.shape_offset) != len(s.shape_index) or int(s.lid_start[-1]) != len(s.lid_index):
        return "shapes are cut short"
    return ""
