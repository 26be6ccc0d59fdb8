"""Builds one person's head from a look: a few seconds of work, done once and then cached (store.py)."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tth.face.look import Look
from tth.face.raster.zbuffer import MAX_TRIANGLES
from tth.face.sculpt.assemble import assemble
from tth.face.sculpt.bake import bake_light, drawing_order, needed_vertices
from tth.face.sculpt.cloth_paint import CLOTH_SIZE, cloth_texture
from tth.face.sculpt.maths import Floats, linear
from tth.face.sculpt.rig import build_lids, eye_spheres, pack_shapes, renumbered, skin_shapes
from tth.face.sculpt.sculpture import IRIS_RADIUS_MM, Sculpture, Section, frozen_sculpture
from tth.face.sculpt.seen import seen_in_views
from tth.face.sculpt.skin import build_skin
from tth.face.sculpt.skin_paint import TEXTURE_SIZE, skin_texture
from tth.face.sculpt.textures import eye_texture, hair_texture
from tth.face.sculpt.weights import jaw_weight

REST_EXPRESSION = {"mouthSmile": 0.34, "browInnerUp": 0.30, "browOuterUp": 0.22, "cheekSquint": 0.2, "mouthDimple": 0.2}
"""What the face at rest already does, so that it looks friendly and not stern; chosen by eye."""


def build_sculpture(look: Look) -> Sculpture:
    """Model, rig, bake and paint one person. Deterministic: the same look gives the same arrays."""
    shape = look.shape
    rng = np.random.default_rng(look.seed)
    skin = build_skin(shape)
    jaw = jaw_weight(skin, shape)
    moves = skin_shapes(skin, shape, jaw)
    skin = replace(skin, points=skin.points + _rest_move(moves))
    for side in ("Left", "Right"):  # a full frown takes the friendly corners back
        moves[f"mouthFrown{side}"] -= REST_EXPRESSION["mouthSmile"] * moves[f"mouthSmile{side}"]
    mesh = assemble(skin, jaw, look, rng)
    assert len(mesh.triangles) <= MAX_TRIANGLES
    shapes, lids, light = pack_shapes(moves, mesh), build_lids(skin, shape, mesh), bake_light(mesh, skin)
    order = drawing_order(mesh, skin)
    vertices = needed_vertices(mesh, order)
    hair_start = mesh.sections[Section.HAIR].start
    number = np.full(len(mesh.points), -1, np.int32)
    number[vertices] = np.arange(len(vertices))
    shapes = renumbered(shapes, number)
    sections = [(part.start, min(part.stop, len(vertices))) for _, part in sorted(mesh.sections.items())]
    atlas = _atlas(look, skin_texture(skin, look))
    arrays = {
        "points": mesh.points[vertices],
        "normals": mesh.normals[vertices],
        "uv": mesh.uv[vertices],
        "tint": mesh.tint[vertices],
        "gloss": mesh.gloss[vertices],
        "head_weight": mesh.head_weight[vertices],
        "jaw_weight": mesh.jaw_weight[vertices],
        "visibility": light.visibility[vertices],
        "openness": light.openness[vertices],
        "hair_tangents": mesh.hair_tangents[vertices[hair_start:] - hair_start].astype(np.float32),
        "sections": np.array(sections, np.int32),
        "triangles": number[mesh.triangles[order]],
        "surface": mesh.surface[order],
        "material": mesh.material[order],
        "two_sided": mesh.two_sided[order],
        "skin_triangles": mesh.skin_triangles,
        "shape_start": shapes.start,
        "shape_index": shapes.index,
        "shape_offset": shapes.offset,
        "lid_start": lids.start,
        "lid_index": lids.index,
        "lid_upper": lids.upper,
        "lid_lower": lids.lower,
        "margin_upper": lids.margin_upper,
        "margin_lower": lids.margin_lower,
        "eyes": eye_spheres(shape),
        "mouth_depth": light.mouth_depth,
        "skin_texture_large": atlas,
        "skin_texture_medium": _halved(atlas),
        "skin_texture_small": _halved(_halved(atlas)),
        "eye_texture": eye_texture(look.eyes, IRIS_RADIUS_MM / shape.eye_radius, look.seed),
        "hair_texture": hair_texture(rng),
        "backdrop": np.array([linear(look.backdrop.centre), linear(look.backdrop.edge)], np.float32),
        "seen_in": np.zeros(len(order), np.int64),
    }  # fmt: skip
    seen_in = seen_in_views(frozen_sculpture(arrays))
    return frozen_sculpture({**arrays, "seen_in": seen_in})


def _rest_move(moves: dict[str, Floats]) -> Floats:
    """The displacement (n, 3) of REST_EXPRESSION; names without a side stand for both."""
    parts = []
    for name, weight in REST_EXPRESSION.items():
        sides = [name] if name in moves else [f"{name}Left", f"{name}Right"]
        parts += [weight * moves[side] for side in sides]
    return np.asarray(np.sum(parts, 0))


def _atlas(look: Look, skin: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Skin and cloth in one texture, (1024, 1536, 4)."""
    atlas = np.zeros((TEXTURE_SIZE, TEXTURE_SIZE * 3 // 2, 4), np.uint8)
    atlas[:, :TEXTURE_SIZE] = skin
    atlas[:CLOTH_SIZE, TEXTURE_SIZE:] = cloth_texture(look.clothes, look.seed)
    return atlas


def _halved(texture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = texture.shape[:2]
    return np.asarray(cv2.resize(texture, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8)
