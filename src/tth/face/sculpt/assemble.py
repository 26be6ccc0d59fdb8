"""Puts all parts of a head into one set of vertex and triangle arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tth.face.look import Look
from tth.face.raster.deform import vertex_normals
from tth.face.raster.materials import EYE, HAIR, PLAIN, SKIN
from tth.face.sculpt.beard import Beard, build_beard
from tth.face.sculpt.drape import Drape, join_hanging
from tth.face.sculpt.earrings import build_earrings
from tth.face.sculpt.garment import build_garment
from tth.face.sculpt.glasses import build_glasses
from tth.face.sculpt.hair import build_hair
from tth.face.sculpt.head_parts import build_ear, build_eyeball, build_upper_lashes
from tth.face.sculpt.maths import Floats, Indices, Randoms, linear
from tth.face.sculpt.mesh import Part
from tth.face.sculpt.mouth_parts import LOWER, UPPER, build_teeth, build_tongue
from tth.face.sculpt.scalp import Scalp
from tth.face.sculpt.sculpture import CLOTH_SURFACE, DRAPES, F32, I32, U8, Section
from tth.face.sculpt.skin import Skin
from tth.face.sculpt.torso import Torso
from tth.face.sculpt.unwrap import texture_place
from tth.face.sculpt.weights import head_weight

UPPER_LIP_SURFACE, LOWER_LIP_SURFACE = 9, 10
"""The two lips count as separate surfaces, so that the line between them is anti-aliased."""
FIRST_HAIR_SURFACE, HAIR_SURFACES = 16, 5
"""Neighbouring locks get different surfaces."""
FIRST_BEARD_SURFACE = 24
SURFACES = {
    Section.SKIN: 0, Section.EAR_LEFT: 1, Section.EAR_RIGHT: 1, Section.LASHES_LEFT: 2, Section.LASHES_RIGHT: 2,
    Section.TEETH_UPPER: 3, Section.TEETH_LOWER: 4, Section.TONGUE: 5, Section.EYE_LEFT: 6, Section.EYE_RIGHT: 6,
    Section.WORN: 8, Section.CLOTH: CLOTH_SURFACE, Section.HAIR: FIRST_HAIR_SURFACE,
}  # fmt: skip
SIDES = {1: (Section.EAR_LEFT, Section.LASHES_LEFT, Section.EYE_LEFT),
         -1: (Section.EAR_RIGHT, Section.LASHES_RIGHT, Section.EYE_RIGHT)}  # fmt: skip
LASH_COLOUR = (34, 22, 20)
METAL_GLOSS, ACETATE_GLOSS = 4.0, 1.2
METAL_MOST_MM = 1.6
"""Frames thicker than this are not of metal."""
LASH_NORMAL = (0, 0.3, 0.95)
"""Lashes are lit as if they lay flat: their true normals would flicker."""

# The texture atlas holds the skin in its left two thirds and the cloth in the upper half of the last third.
SKIN_SCALE = np.array([2 / 3, 1.0])
CLOTH_SCALE, CLOTH_ORIGIN = np.array([0.996 / 3, 0.498]), np.array([2 / 3 + 0.001, 0.001])


@dataclass(frozen=True)
class Placed:
    """A part with its place in the head; numbers stand for the whole part."""

    section: Section
    part: Part
    material: int
    uv: ArrayLike = (0.0, 0.0)
    tint: ArrayLike = (1.0, 1.0, 1.0)
    gloss: ArrayLike = 1.0
    head_weight: ArrayLike = 1.0
    jaw_weight: ArrayLike = 0.0
    surface: ArrayLike | None = None
    two_sided: ArrayLike = 0.0


@dataclass(frozen=True)
class Mesh:
    """All parts together; fields as in Sculpture, before any triangle is left out."""

    points: F32
    normals: F32
    uv: F32
    tint: F32
    gloss: F32
    head_weight: F32
    jaw_weight: F32
    triangles: I32
    surface: U8
    material: U8
    two_sided: U8
    skin_triangles: I32
    sections: dict[Section, slice]
    """Vertices of each section."""
    hair_tangents: Floats
    drape_index: Indices
    """Vertices that hang, (k,)."""
    drape: Floats
    """How they move in each of DRAPES, (k, 6, 3)."""
    beard_index: Indices
    """Vertices of the beard, (b,)."""
    beard_anchor: Indices
    """The skin vertex that each of them follows, (b,)."""
    lash_places: dict[Section, Floats]
    """Place 0..1 on the lid margin of every lash vertex."""
    tongue_along: Floats
    """Place 0..1 from root to tip of every tongue vertex."""


def assemble(skin: Skin, skin_jaw_weight: Floats, look: Look, rng: Randoms) -> Mesh:
    """Build every part of the head around the finished skin."""
    shape, tone = look.shape, linear(look.skin.tone)
    skin_part = Part(skin.points, skin.triangles)
    placed = [
        Placed(
            Section.SKIN, skin_part, SKIN, uv=texture_place(skin.domain) * SKIN_SCALE, jaw_weight=skin_jaw_weight,
            head_weight=head_weight(skin.points), surface=_skin_surfaces(skin),
        )
    ]  # fmt: skip
    lash_places, ears = {}, {}
    for side, (ear_section, lash_section, eye_section) in SIDES.items():
        ear = build_ear(shape, side)
        ears[side] = ear.points
        red = np.clip(np.abs(ear.points[:, 0]) - 72, 0, 14)[:, None] / 14  # the rim is redder
        placed.append(Placed(ear_section, ear, PLAIN, tint=tone * (1 - red * np.array([0, 0.28, 0.26])), gloss=0.6))
        margin = skin.points[upper_margin(skin, side)]
        lashes = build_upper_lashes(margin, side, look.eyes.lashes, rng)
        assert lashes.along is not None
        lash_places[lash_section] = lashes.along
        placed.append(Placed(lash_section, lashes, PLAIN, tint=linear(LASH_COLOUR), gloss=0.0, two_sided=1.0))
        placed.append(Placed(eye_section, build_eyeball(shape, side), EYE))
    tongue = build_tongue(shape)
    assert tongue.tint is not None
    assert tongue.along is not None
    for section, arch, follows in ((Section.TEETH_UPPER, UPPER, 0.0), (Section.TEETH_LOWER, LOWER, 1.0)):
        teeth = build_teeth(shape, arch)
        placed.append(Placed(section, teeth, PLAIN, tint=_tint(teeth), gloss=2.2, jaw_weight=follows))
    placed.append(Placed(Section.TONGUE, tongue, PLAIN, tint=tongue.tint, gloss=0.6, jaw_weight=0.92))
    garment = _placed_garment(look)
    scalp = Scalp(skin.surface.cage, shape)
    worn = join_hanging([build_glasses(look.glasses, shape, skin.points, scalp), build_earrings(look.earrings, ears)])
    gloss = METAL_GLOSS if look.glasses.thickness <= METAL_MOST_MM or look.glasses.frame == "none" else ACETATE_GLOSS
    placed.append(Placed(Section.WORN, worn, PLAIN, tint=_tint(worn), gloss=gloss))
    detail = np.random.default_rng(look.seed + 3)
    hair = build_hair(look.hair, scalp, Drape(scalp, Torso(garment.part)), detail)
    beard = build_beard(look.beard, shape, skin, detail)
    placed += [garment, _placed_hair(hair, beard, skin, skin_jaw_weight)]
    placed.sort(key=lambda item: item.section)
    return _merged(placed, skin, beard, lash_places, tongue.along)


def upper_margin(skin: Skin, side: int) -> Indices:
    """Vertices of the upper lid's margin, from the inner to the outer corner."""
    margin = np.nonzero((skin.eye_side == side) & (np.abs(skin.lid_at - 1.0) < 1e-6))[0]
    upper = margin[np.sin(skin.lid_angle[margin]) >= -1e-9]
    return np.asarray(upper[np.argsort(np.cos(skin.lid_angle[upper]))])


def _tint(part: Part) -> Floats:
    assert part.tint is not None
    return part.tint


def _skin_surfaces(skin: Skin) -> Floats:
    """Surface of each skin triangle."""
    corners = skin.triangles
    surface = np.zeros(len(corners))
    for side, number in ((1, UPPER_LIP_SURFACE), (-1, LOWER_LIP_SURFACE)):
        lip = skin.lip_side[corners] * side
        surface[((lip >= 0) & (skin.lip_at[corners] > 0.3)).all(1) & (lip > 0).any(1)] = number
    return surface


def _placed_garment(look: Look) -> Placed:
    part = build_garment(look.shape, look.clothes.style)
    assert part.uv is not None
    assert part.two_sided is not None
    return Placed(
        Section.CLOTH, part, SKIN, uv=part.uv * CLOTH_SCALE + CLOTH_ORIGIN, tint=_tint(part)[:, None] * np.ones(3),
        gloss=0.35, head_weight=0.0, two_sided=part.two_sided,
    )  # fmt: skip


def _placed_hair(hair: Part, beard: Beard | None, skin: Skin, skin_jaw_weight: Floats) -> Placed:
    """Hair, then beard: they are lit alike."""
    assert hair.piece is not None
    surface = FIRST_HAIR_SURFACE + hair.piece % HAIR_SURFACES
    jaw, head = np.zeros(len(hair.points)), np.ones(len(hair.points))
    if beard is not None:
        assert beard.part.piece is not None
        surface = np.concatenate([surface, FIRST_BEARD_SURFACE + beard.part.piece % HAIR_SURFACES])
        jaw = np.concatenate([jaw, skin_jaw_weight[beard.anchor]])
        head = np.concatenate([head, head_weight(skin.points)[beard.anchor]])
        hair = join_hanging([hair, beard.part])
    assert hair.uv is not None
    assert hair.two_sided is not None
    return Placed(
        Section.HAIR, hair, HAIR, uv=hair.uv, tint=_tint(hair), head_weight=head, jaw_weight=jaw, surface=surface,
        two_sided=hair.two_sided,
    )  # fmt: skip


def _merged(
    placed: list[Placed], skin: Skin, beard: Beard | None, lash_places: dict[Section, Floats], tongue_along: Floats
) -> Mesh:
    """Concatenate the parts, which are in the order of their sections."""
    hair = placed[-1].part
    assert hair.tangents is not None
    anchor = np.zeros(0, int) if beard is None else beard.anchor
    total = sum(len(item.part.points) for item in placed)
    ends = np.cumsum([len(item.part.points) for item in placed])
    starts = ends - [len(item.part.points) for item in placed]
    drapes = [(a, item.part.drape) for item, a in zip(placed, starts, strict=True) if item.part.drape is not None]
    sections = {item.section: slice(int(a), int(b)) for item, a, b in zip(placed, starts, ends, strict=True)}

    def vertices(get: Callable[[Placed], ArrayLike], width: int = 0) -> F32:
        rows = [
            np.broadcast_to(np.asarray(get(item), np.float32), (len(item.part.points), width)[: 2 if width else 1])
            for item in placed
        ]
        return np.ascontiguousarray(np.concatenate(rows), np.float32)

    def faces(get: Callable[[Placed], ArrayLike]) -> U8:
        rows = [np.broadcast_to(np.asarray(get(item)), (len(item.part.triangles),)) for item in placed]
        return np.concatenate(rows).astype(np.uint8)

    points = vertices(lambda item: item.part.points, 3)
    triangles = np.concatenate([item.part.triangles + a for item, a in zip(placed, starts, strict=True)])
    triangles = np.ascontiguousarray(triangles, np.int32)
    given = vertices(lambda item: (0, 0, 0) if item.part.normals is None else item.part.normals, 3)
    return Mesh(
        points,
        _rest_normals(points, triangles, given, sections),
        vertices(lambda item: item.uv, 2),
        vertices(lambda item: item.tint, 3),
        vertices(lambda item: item.gloss),
        vertices(lambda item: item.head_weight),
        vertices(lambda item: item.jaw_weight),
        triangles,
        faces(lambda item: SURFACES[item.section] if item.surface is None else item.surface),
        faces(lambda item: item.material),
        faces(lambda item: item.two_sided),
        skin.triangles.astype(np.int32),
        sections,
        hair.tangents,
        np.concatenate([np.arange(start, start + len(move)) for start, move in drapes] or [np.zeros(0, int)]),
        np.concatenate([move for _, move in drapes] or [np.zeros((0, len(DRAPES), 3))]),
        np.arange(total - len(anchor), total),
        anchor,
        lash_places,
        tongue_along,
    )


def _rest_normals(points: F32, triangles: I32, given: F32, sections: dict[Section, slice]) -> NDArray[np.float32]:
    """The parts' own normals, or the mesh's where a part has none."""
    computed = np.zeros_like(points)
    vertex_normals(points, triangles, computed)
    normals = np.where((np.abs(given).sum(1) > 0)[:, None], given, computed).astype(np.float32)
    for section in (Section.LASHES_LEFT, Section.LASHES_RIGHT):
        normals[sections[section]] = LASH_NORMAL
    return normals
