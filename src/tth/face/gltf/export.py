"""From a sculpture to the file: nodes, joints, meshes. What a client must know stands in `extras` of the scene.

Metres; x to the person's left, y up, z to the viewer; the origin lies between the pupils. Tests:
tests/face/gltf/test_export.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tth.face.gaze import CONVERGENCE_DEG
from tth.face.gltf.glb import GlbBuilder, Json
from tth.face.gltf.surfaces import EYE, Wardrobe, material_of, vertex_colours
from tth.face.gltf.targets import HALF, Target, drape_targets, measure_targets
from tth.face.painter import SculptedPainter
from tth.face.parameters import BLENDSHAPES, GAZE_FULL_DEG, FaceState
from tth.face.pose import DRAPE_MOST, DRAPE_TURNS, SIDESTEP_MM_PER_DEG
from tth.face.raster.deform import vertex_normals
from tth.face.raster.eyes import TEXTURE_REACH
from tth.face.sculpt.sculpture import DRAPES, F32, HEAD_PIVOT, I32, JAW_FULL_RAD, JAW_PIVOT, Sculpture, Section
from tth.face.shot import Shot

MM = np.float32(0.001)
"""Millimetres -> metres."""
NOTICE = "A synthetic person, made from numbers alone: no real person is shown. Licensed as TTH is (Apache-2.0)."
EYES = {Section.EYE_LEFT: "eyeLeft", Section.EYE_RIGHT: "eyeRight"}
FACE = "face"
"""Name of the mesh that holds all 52 shapes."""
_CHEST, _HEAD = 0, 1
_EYE_RINGS, _EYE_SPOKES = 24, 32


@dataclass(frozen=True, slots=True)
class _Head:
    """What every mesh is made from."""

    sculpture: Sculpture
    rest: F32
    normals: F32
    targets: list[Target]


def export_head(sculpture: Sculpture, name: str) -> bytes:
    """The head as a binary glTF 2.0 file. name: of the look. Takes a second or so: not for an event loop."""
    painter = SculptedPainter(sculpture, Shot(64, 64))
    normals_of = partial(_normals, sculpture)
    rest = painter.vertices(FaceState())
    targets = [*measure_targets(painter.vertices, normals_of), *drape_targets(sculpture)]
    head = _Head(sculpture, rest, normals_of(rest), targets)
    builder = GlbBuilder({"generator": "tth face export", "copyright": NOTICE})
    wardrobe = Wardrobe(builder, sculpture)
    parts = [
        (section, _mesh(builder, wardrobe, head, section))
        for section in Section
        if section not in EYES and len(_triangles(sculpture, section))
    ]
    eyes = [_eye(builder, wardrobe, sculpture, section) for section in EYES]
    head_joint = builder.add("nodes", {"name": "head", "translation": _metres(HEAD_PIVOT), "children": eyes})
    chest_joint = builder.add("nodes", {"name": "chest", "children": [head_joint]})
    skin = builder.add("skins", {
        "name": "neck", "joints": [chest_joint, head_joint], "skeleton": chest_joint,
        "inverseBindMatrices": builder.table(_inverse_binds()),
    })  # fmt: skip
    nodes = [builder.add("nodes", {"name": _node_name(section), "mesh": mesh, "skin": skin}) for section, mesh in parts]
    builder.add("scenes", {"name": name, "nodes": [chest_joint, *nodes], "extras": {"tth": _facts(head, name)}})
    builder.content["scene"] = 0
    return builder.data()


def _facts(head: _Head, name: str) -> Json:
    """What a client needs beside the meshes. Lengths in metres."""
    return {
        "look": name,
        "notice": NOTICE,
        "blendshapes": list(BLENDSHAPES),
        "head_pivot": _metres(HEAD_PIVOT),
        "head_sidestep_per_deg": SIDESTEP_MM_PER_DEG * float(MM),
        "gaze_full_deg": GAZE_FULL_DEG,
        "eyes_converge_deg": CONVERGENCE_DEG,
        "jaw_pivot": _metres(JAW_PIVOT),
        "jaw_full_deg": float(np.degrees(JAW_FULL_RAD)),
        "half_targets": [target.name for target in head.targets if target.name.endswith(HALF)],
        "half_rule": "weight of XHalf = 4 w (1 - w), w = weight of X",
        "drapes": {name: list(turn) for name, turn in zip(DRAPES, DRAPE_TURNS, strict=True)},
        "drape_most": DRAPE_MOST,
        "drape_rule": "weight = dot(yaw pitch roll, turn) / dot(turn, turn), 0..drape_most",
    }


def _mesh(builder: GlbBuilder, wardrobe: Wardrobe, head: _Head, section: Section) -> int:
    """One part with the targets that move it; the face has all 52, moved or not, so that none is missed by its name."""
    part = head.sculpture.range_of(section)
    turning = head.sculpture.head_weight[part]
    material = material_of(section)
    attributes: Json = {
        "POSITION": builder.attribute(head.rest[part] * MM, bounds=True),
        "NORMAL": builder.attribute(head.normals[part]),
        "COLOR_0": builder.attribute(_bytes_with_alpha(vertex_colours(head.sculpture, section)), normalized=True),
        "JOINTS_0": builder.attribute(_joints(turning)),
        "WEIGHTS_0": builder.attribute(
            np.stack([1 - turning, turning, 0 * turning, 0 * turning], 1).astype(np.float32)
        ),
    }
    if material.texture:
        attributes["TEXCOORD_0"] = builder.attribute(head.sculpture.uv[part])
    primitive: Json = {
        "attributes": attributes,
        "indices": builder.indices(_triangles(head.sculpture, section) - part.start),
        "material": wardrobe.material(material),
    }
    moving = [t for t in head.targets if t.points[part].any() or (section is Section.SKIN and t.name in BLENDSHAPES)]
    mesh: Json = {"name": _node_name(section), "primitives": [primitive]}
    if moving:
        primitive["targets"] = [
            {"POSITION": _sparse(builder, t.points[part] * MM), "NORMAL": _sparse(builder, t.normals[part])}
            for t in moving
        ]
        mesh["weights"] = [0.0] * len(moving)
        mesh["extras"] = {"targetNames": [t.name for t in moving]}
    return builder.add("meshes", mesh)


def _sparse(builder: GlbBuilder, moves: F32) -> int:
    rows = np.flatnonzero(np.abs(moves).max(1))
    return builder.sparse(len(moves), rows, moves[rows])


def _eye(builder: GlbBuilder, wardrobe: Wardrobe, sculpture: Sculpture, section: Section) -> int:
    """A node at the eyeball's centre, below the head, that a client turns; the iris looks along z."""
    centre, radius = (
        sculpture.eyes[section - Section.EYE_LEFT, :3],
        float(sculpture.eyes[section - Section.EYE_LEFT, 3]),
    )
    polar = np.linspace(0, np.pi, _EYE_RINGS + 1)
    turn = np.linspace(0, 2 * np.pi, _EYE_SPOKES + 1)
    t, p = np.meshgrid(turn, polar)
    direction = np.stack([np.sin(p) * np.cos(t), np.sin(p) * np.sin(t), np.cos(p)], -1).reshape(-1, 3)
    i = np.arange(len(direction)).reshape(_EYE_RINGS + 1, _EYE_SPOKES + 1)
    a, b, c, d = i[:-1, :-1].ravel(), i[:-1, 1:].ravel(), i[1:, :-1].ravel(), i[1:, 1:].ravel()
    triangles = np.concatenate([np.stack([b, c, d], 1)[:-_EYE_SPOKES], np.stack([a, c, b], 1)[_EYE_SPOKES:]])
    reach = np.where(direction[:, 2:] > 0, direction[:, :2], _rim(direction[:, :2])) / TEXTURE_REACH
    uv = np.clip(0.5 + 0.5 * reach * np.array([1, -1]), 0, 1)
    mesh = builder.add("meshes", {
        "name": EYES[section],
        "primitives": [{
            "attributes": {
                "POSITION": builder.attribute((direction * radius * MM).astype(np.float32), bounds=True),
                "NORMAL": builder.attribute(direction.astype(np.float32)),
                "TEXCOORD_0": builder.attribute(uv.astype(np.float32)),
            },
            "indices": builder.indices(triangles),
            "material": wardrobe.material(EYE),
        }],
    })  # fmt: skip
    return builder.add("nodes", {"name": EYES[section], "mesh": mesh, "translation": _metres(centre - HEAD_PIVOT)})


def _rim(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Directions (n, 2) at length 1, where they have one."""
    return np.asarray(xy / np.maximum(np.linalg.norm(xy, axis=1, keepdims=True), 1e-9))


def _triangles(sculpture: Sculpture, section: Section) -> I32:
    """The section's triangles; of the skin also those that no picture of ours shows."""
    part = sculpture.range_of(section)
    if section is Section.SKIN:
        return sculpture.skin_triangles
    corners = sculpture.triangles
    return np.asarray(corners[((corners >= part.start) & (corners < part.stop)).all(1)])


def _normals(sculpture: Sculpture, points: F32) -> F32:
    """Rest normals, the skin's computed from its vertices, all of length 1."""
    normals = sculpture.normals.copy()
    skin = sculpture.range_of(Section.SKIN)
    computed = np.zeros_like(points[skin])
    vertex_normals(points[skin], sculpture.skin_triangles, computed)
    normals[skin] = computed
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.where(length > 1e-6, normals / np.maximum(length, 1e-6), np.array([0, 0, 1], np.float32)).astype(
        np.float32
    )


def _joints(turning: F32) -> NDArray[np.uint8]:
    """Joint numbers (n, 4); one that has no weight is called 0, as validators want it."""
    joints = np.zeros((len(turning), 4), np.uint8)
    joints[:, 1] = np.where(turning > 0, _HEAD, _CHEST)
    return joints


def _inverse_binds() -> F32:
    """Column-major matrices (2, 16) that undo the joints' places at rest: the chest at the origin, the head's pivot."""
    matrices = np.tile(np.eye(4, dtype=np.float32), (2, 1, 1))
    matrices[_HEAD, 3, :3] = -HEAD_PIVOT * MM
    return matrices.reshape(2, 16)


def _bytes_with_alpha(colours: F32) -> NDArray[np.uint8]:
    """(n, 4): four bytes a vertex, as alignment wants it."""
    return np.concatenate([np.rint(colours * 255), np.full((len(colours), 1), 255)], 1).astype(np.uint8)


def _node_name(section: Section) -> str:
    """FACE, or the section's name in camel case: earLeft, teethUpper."""
    if section is Section.SKIN:
        return FACE
    first, *rest = section.name.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)


def _metres(place_mm: NDArray[np.float32]) -> list[float]:
    return [round(float(value), 6) for value in place_mm * MM]
