"""Reads an exported head back and moves it as a client would, to say how far it is from what the painter draws.

Tests: tests/face/gltf/test_check.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tth.face.gltf.export import FACE, MM
from tth.face.gltf.glb import Json, parse_glb
from tth.face.gltf.targets import HALF, target_weights
from tth.face.painter import SculptedPainter
from tth.face.parameters import INDEX, FaceState
from tth.face.pose import head_turn
from tth.face.sculpt.sculpture import F32, Sculpture, Section
from tth.face.shot import Shot
from tth.face.stills import VISEME_SOUNDS, emotion_face, posed, viseme_face
from tth.model.controls import EmotionLabel

_TYPES = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


@dataclass(frozen=True, slots=True)
class Distance:
    """How far the exported head is from the drawn one in one state. Millimetres, over the vertices that move."""

    state: str
    mean_mm: float
    worst_mm: float


class GltfHead:
    """An exported head that can be moved: targets, then the two joints, as in every glTF renderer."""

    def __init__(self, data: bytes) -> None:
        """Raises ValueError for data that is no binary glTF 2."""
        self._content, self._binary = parse_glb(data)
        self.meshes: dict[str, Json] = {mesh["name"]: mesh for mesh in self._content["meshes"]}
        self.facts: Json = self._content["scenes"][0]["extras"]["tth"]

    def accessor(self, number: int) -> NDArray[Any]:
        """The values of one accessor, (n,) or (n, width)."""
        item = self._content["accessors"][number]
        width, kind = _WIDTHS[item["type"]], np.dtype(_TYPES[item["componentType"]])
        values = np.zeros((item["count"], width), kind)
        if "bufferView" in item:
            values[:] = self._view(item["bufferView"], kind, item["count"] * width).reshape(-1, width)
        if "sparse" in item:
            sparse = item["sparse"]
            rows = self._view(
                sparse["indices"]["bufferView"], np.dtype(_TYPES[sparse["indices"]["componentType"]]), sparse["count"]
            )
            values[rows] = self._view(sparse["values"]["bufferView"], kind, sparse["count"] * width).reshape(-1, width)
        return values[:, 0] if width == 1 else values

    def vertices(self, mesh: str, state: FaceState, *, halves: bool = True) -> F32:
        """Where the vertices of one mesh are, (n, 3), metres. halves: whether the client knows the Half targets."""
        primitive = self.meshes[mesh]["primitives"][0]
        attributes = primitive["attributes"]
        points = self.accessor(attributes["POSITION"]).astype(np.float64)
        names: list[str] = self.meshes[mesh].get("extras", {}).get("targetNames", [])
        for name, weight, target in zip(names, target_weights(state, names), primitive.get("targets", ()), strict=True):
            if weight and (halves or not name.endswith(HALF)):
                points += weight * self.accessor(target["POSITION"])
        share = self.accessor(attributes["WEIGHTS_0"])[:, 1:2]
        pivot = np.array(self.facts["head_pivot"])
        turn = head_turn(state.yaw_deg, state.pitch_deg, state.roll_deg)
        aside = np.array([state.yaw_deg * self.facts["head_sidestep_per_deg"], 0, 0])
        turned = (points - pivot) @ turn.T + pivot + aside
        return np.asarray((1 - share) * points + share * turned, np.float32)

    def _view(self, number: int, kind: np.dtype[Any], count: int) -> NDArray[Any]:
        offset = self._content["bufferViews"][number].get("byteOffset", 0)
        return np.frombuffer(self._binary, kind, count, offset)


def common_states() -> dict[str, FaceState]:
    """What people look at: seven emotions at 0.7 and at 1, fifteen visemes, a blink on its way, turned heads."""
    felt = {f"{label} {level:g}": emotion_face(label, level) for label in EmotionLabel for level in (0.7, 1.0)}
    spoken = {viseme: viseme_face(viseme) for viseme in VISEME_SOUNDS}
    neutral = emotion_face(EmotionLabel.NEUTRAL, 1)
    blinking = {f"blink {shut:g}": _blinking(neutral, shut) for shut in (0.25, 0.5, 0.75, 1.0)}
    turned = {
        "yaw 20": posed(neutral, yaw_deg=20),
        "pitch -15": posed(neutral, pitch_deg=-15),
        "roll 15": posed(neutral, roll_deg=15),
    }
    return felt | spoken | blinking | turned


def _blinking(face: FaceState, shut: float) -> FaceState:
    weights = face.weights.copy()
    weights[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = shut
    return FaceState(weights)


def distances(data: bytes, sculpture: Sculpture, *, halves: bool = True) -> list[Distance]:
    """The skin's vertices in each of `common_states`, those that the state moves by more than half a millimetre."""
    head, painter = GltfHead(data), SculptedPainter(sculpture, Shot(64, 64))
    skin = sculpture.range_of(Section.SKIN)
    rest = painter.vertices(FaceState())[skin]
    found = []
    for name, state in common_states().items():
        drawn = painter.vertices(state)[skin]
        moving = np.linalg.norm(drawn - rest, axis=1) > 0.5
        apart = np.linalg.norm(head.vertices(FACE, state, halves=halves) / MM - drawn, axis=1)[moving]
        found.append(
            Distance(name, float(apart.mean()), float(apart.max())) if len(apart) else Distance(name, 0.0, 0.0)
        )
    return found
