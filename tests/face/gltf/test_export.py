"""The file as a client finds it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from tth.face.gltf.check import GltfHead
from tth.face.gltf.glb import parse_glb
from tth.face.gltf.targets import BREATH, HALF
from tth.face.parameters import BLENDSHAPES, GAZE_FULL_DEG, FaceState
from tth.face.record import RecordedFace, as_json
from tth.v1.media_pb2 import MotionFrame

pytestmark = pytest.mark.embedded


def test_the_face_has_all_52_shapes_under_their_own_names(anna_head: GltfHead) -> None:
    """First and in the order of the wire, then the second targets of bent ways; weights begin at 0."""
    face = anna_head.meshes["face"]
    names = face["extras"]["targetNames"]
    assert tuple(names[:52]) == BLENDSHAPES
    assert all(name.endswith(HALF) for name in names[52:])
    assert face["weights"] == [0] * len(names)
    assert len(face["primitives"][0]["targets"]) == len(names)
    assert set(anna_head.facts["half_targets"]) >= set(names[52:])


def test_what_moves_has_a_target(anna_head: GltfHead) -> None:
    """Lashes with the lids, lower teeth with the jaw, the tongue, the chest with the breath."""

    def names(mesh: str) -> list[str]:
        return anna_head.meshes[mesh].get("extras", {}).get("targetNames", [])  # type: ignore[no-any-return]

    assert "eyeBlinkLeft" in names("lashesLeft")
    assert "jawOpen" in names("teethLower")
    assert "jawOpen" not in names("teethUpper")
    assert "tongueOut" in names("tongue")
    assert names("cloth") == [BREATH]


def test_every_number_points_somewhere(anna_glb: bytes) -> None:
    """Triangles at vertices, nodes at meshes, materials at textures; weights of the joints add up to 1."""
    content, _ = parse_glb(anna_glb)
    head = GltfHead(anna_glb)
    for mesh in content["meshes"]:
        (primitive,) = mesh["primitives"]
        attributes = primitive["attributes"]
        count = len(head.accessor(attributes["POSITION"]))
        corners = head.accessor(primitive["indices"])
        assert len(corners) % 3 == 0
        assert corners.max() < count
        assert all(len(head.accessor(number)) == count for number in attributes.values())
        normals = head.accessor(attributes["NORMAL"])
        assert np.linalg.norm(normals, axis=1) == pytest.approx(np.ones(count), abs=0.01)
        if "WEIGHTS_0" in attributes:
            assert head.accessor(attributes["WEIGHTS_0"]).sum(1) == pytest.approx(np.ones(count), abs=1e-5)
        assert primitive["material"] < len(content["materials"])
    assert all(np.isfinite(head.accessor(i)).all() for i in range(len(content["accessors"])))
    assert {node["mesh"] for node in content["nodes"] if "mesh" in node} == set(range(len(content["meshes"])))


def test_the_neck_is_two_joints_and_the_eyes_hang_on_the_head(anna_glb: bytes) -> None:
    """A client turns `head`, `eyeLeft` and `eyeRight`."""
    content, _ = parse_glb(anna_glb)
    nodes = {node["name"]: node for node in content["nodes"]}
    (skin,) = content["skins"]
    assert [content["nodes"][joint]["name"] for joint in skin["joints"]] == ["chest", "head"]
    assert {content["nodes"][child]["name"] for child in nodes["head"]["children"]} == {"eyeLeft", "eyeRight"}
    assert nodes["eyeLeft"]["translation"][0] > 0 > nodes["eyeRight"]["translation"][0]


def test_the_scene_says_what_a_client_must_know(anna_head: GltfHead) -> None:
    """Who it is, that nobody is shown, degrees of a full gaze and of the jaw, and where things turn."""
    facts = anna_head.facts
    assert facts["look"] == "anna"
    assert "no real person" in facts["notice"]
    assert facts["gaze_full_deg"] == GAZE_FULL_DEG
    assert facts["jaw_full_deg"] == pytest.approx(17)
    assert facts["blendshapes"] == list(BLENDSHAPES)


def test_the_page_in_the_docs_finds_what_it_names(anna_head: GltfHead) -> None:
    """Facts, nodes and fields of the example in docs/own-head.md exist under these names."""
    page = (Path(__file__).parents[3] / "docs" / "own-head.md").read_text("utf-8").partition("```html")[2]
    assert set(re.findall(r"facts\.(\w+)", page)) <= set(anna_head.facts)
    assert len(re.findall(r"facts\.(\w+)", page)) > 5
    fields = set(re.findall(r"frame\.(\w+)", page)) - {"weights"}
    assert fields <= set(MotionFrame.DESCRIPTOR.fields_by_name)
    recorded = json.loads(as_json([RecordedFace(0, FaceState())], 25))
    assert set(re.findall(r"talk\.(\w+)", page)) - {"json", "wav"} <= set(recorded)


def test_the_textures_are_pictures_inside_a_file_of_modest_size(anna_glb: bytes) -> None:
    """Skin, hair and eye as JPEG; all of it below 8 MB."""
    content, binary = parse_glb(anna_glb)
    assert {image["name"] for image in content["images"]} == {"skin", "hair", "eye"}
    for image in content["images"]:
        view = content["bufferViews"][image["bufferView"]]
        data = binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
        assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) is not None
    assert len(anna_glb) < 8_000_000


def test_the_front_of_each_triangle_is_its_outside(anna_head: GltfHead) -> None:
    """Counter-clockwise, so that a renderer does not show the inside of the face or the back of the eyes."""
    for mesh in ("face", "eyeLeft"):
        (primitive,) = anna_head.meshes[mesh]["primitives"]
        points = anna_head.accessor(primitive["attributes"]["POSITION"]).astype(float)
        normals = anna_head.accessor(primitive["attributes"]["NORMAL"])
        a, b, c = anna_head.accessor(primitive["indices"]).reshape(-1, 3).T
        facing = (np.cross(points[b] - points[a], points[c] - points[a]) * normals[a]).sum(1)
        assert (facing > 0).mean() > 0.97
