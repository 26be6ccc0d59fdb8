"""The container holds what was put in, where the standard wants it."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from tth.face.gltf.check import GltfHead
from tth.face.gltf.glb import GlbBuilder, parse_glb

pytestmark = pytest.mark.unit


def _built() -> bytes:
    builder = GlbBuilder({"generator": "test"})
    builder.attribute(np.arange(6, dtype=np.float32).reshape(2, 3), bounds=True)
    builder.image(b"abc", "image/jpeg", "odd")
    builder.indices(np.array([[0, 1, 1]]))
    builder.sparse(5, np.array([1, 4]), np.array([[1, 2, 3], [4, 5, 6]], np.float32))
    builder.sparse(3, np.array([], int), np.zeros((0, 3), np.float32))
    builder.add("scenes", {"nodes": [], "extras": {"tth": {}}})
    builder.content["meshes"] = []
    return builder.data()


def test_the_head_and_the_chunks_are_as_the_standard_wants() -> None:
    """Magic, version 2, whole length; chunks on four-byte borders, JSON filled up with blanks."""
    data = _built()
    magic, version, length, size, kind = struct.unpack_from("<4sIII4s", data)
    assert (magic, version, length, kind) == (b"glTF", 2, len(data), b"JSON")
    assert size % 4 == 0
    assert data[20 : 20 + size].decode().rstrip(" ").endswith("}")
    binary_size, binary_kind = struct.unpack_from("<I4s", data, 20 + size)
    assert (binary_kind, binary_size % 4) == (b"BIN\0", 0)
    assert 20 + size + 8 + binary_size == len(data)


def test_every_stretch_lies_on_a_border_inside_the_binary_part() -> None:
    """Also behind a picture of three bytes."""
    content, binary = parse_glb(_built())
    assert content["buffers"] == [{"byteLength": len(binary)}]
    for view in content["bufferViews"]:
        assert view["byteOffset"] % 4 == 0
        assert view["byteOffset"] + view["byteLength"] <= len(binary)


def test_values_come_back() -> None:
    """Dense, sparse and nothing but zeros; positions say their range."""
    data = _built()
    content, _ = parse_glb(data)
    head = GltfHead(data)
    assert head.accessor(0).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert (content["accessors"][0]["min"], content["accessors"][0]["max"]) == ([0, 1, 2], [3, 4, 5])
    assert head.accessor(1).tolist() == [0, 1, 1]
    assert head.accessor(2).tolist() == [[0, 0, 0], [1, 2, 3], [0, 0, 0], [0, 0, 0], [4, 5, 6]]
    assert head.accessor(3).tolist() == [[0, 0, 0]] * 3
    assert content["accessors"][2]["min"] == [0, 0, 0]


@pytest.mark.parametrize("data", [b"", b"glTF" * 9, _built()[:-4]])
def test_other_data_is_refused(data: bytes) -> None:
    """Nothing, something else, a file that was cut."""
    with pytest.raises(ValueError, match="glTF"):
        parse_glb(data)
