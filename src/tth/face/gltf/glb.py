"""The container: typed arrays, pictures and JSON in one binary glTF file. Knows nothing of faces.

glTF 2.0, Khronos Group, https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html. Tests: tests/face/gltf/test_glb.py.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

Json = dict[str, Any]

_MAGIC, _VERSION, _JSON_CHUNK, _BINARY_CHUNK = 0x46546C67, 2, 0x4E4F534A, 0x004E4942
_COMPONENTS = {
    np.dtype(np.uint8): 5121,
    np.dtype(np.uint16): 5123,
    np.dtype(np.uint32): 5125,
    np.dtype(np.float32): 5126,
}
_SHAPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
_ARRAY_BUFFER, _INDEX_BUFFER = 34962, 34963
_ALIGNMENT = 4


class GlbBuilder:
    """Collects the parts of a file. `content` is the glTF object; add to its lists with `add`."""

    def __init__(self, asset: Json) -> None:
        """asset: generator, copyright and so on; the version is added."""
        self.content: Json = {"asset": {"version": "2.0", **asset}}
        self._binary = bytearray()

    def add(self, kind: str, item: Json) -> int:
        """Append to one of the lists of `content` ("nodes", "meshes", ...); its index there."""
        items = self.content.setdefault(kind, [])
        items.append(item)
        return len(items) - 1

    def attribute(self, values: NDArray[Any], *, normalized: bool = False, bounds: bool = False) -> int:
        """An accessor of vertex data, (n,) or (n, width). bounds: say the range, as positions must."""
        accessor = self._accessor(values, _ARRAY_BUFFER, normalized)
        if bounds:
            self.content["accessors"][accessor].update(_bounds(values))
        return accessor

    def indices(self, values: NDArray[Any]) -> int:
        """An accessor of vertex numbers, flat."""
        kind = np.uint16 if values.max(initial=0) < 65535 else np.uint32
        return self._accessor(values.ravel().astype(kind), _INDEX_BUFFER, False)

    def table(self, values: NDArray[Any]) -> int:
        """An accessor of data that belongs to no vertex, such as matrices (n, 16)."""
        return self._accessor(values, None, False)

    def sparse(self, count: int, rows: NDArray[Any], values: NDArray[np.float32]) -> int:
        """An accessor of `count` vectors that are zero but at `rows` (increasing), where they are `values` (k, 3)."""
        item: Json = {"componentType": 5126, "count": count, "type": "VEC3"}
        whole = np.zeros((min(count, len(rows) + 1), 3), np.float32)
        whole[: len(rows)] = values[: len(whole)]
        item.update(_bounds(whole))
        if len(rows):
            kind = np.uint16 if count <= 65535 else np.uint32
            item["sparse"] = {
                "count": len(rows),
                "indices": {
                    "bufferView": self.view(rows.astype(kind).tobytes()),
                    "componentType": _COMPONENTS[np.dtype(kind)],
                },
                "values": {"bufferView": self.view(np.ascontiguousarray(values, np.float32).tobytes())},
            }
        return self.add("accessors", item)

    def image(self, data: bytes, mime: str, name: str) -> int:
        """A picture file inside the file."""
        return self.add("images", {"bufferView": self.view(data), "mimeType": mime, "name": name})

    def view(self, data: bytes, target: int | None = None) -> int:
        """A stretch of the binary part."""
        self._binary.extend(b"\0" * (-len(self._binary) % _ALIGNMENT))
        item: Json = {"buffer": 0, "byteOffset": len(self._binary), "byteLength": len(data)}
        if target is not None:
            item["target"] = target
        self._binary.extend(data)
        return self.add("bufferViews", item)

    def data(self) -> bytes:
        """The whole file."""
        binary = bytes(self._binary) + b"\0" * (-len(self._binary) % _ALIGNMENT)
        content = json.dumps({**self.content, "buffers": [{"byteLength": len(binary)}]}, separators=(",", ":")).encode()
        content += b" " * (-len(content) % _ALIGNMENT)
        length = 12 + 8 + len(content) + 8 + len(binary)
        head = struct.pack("<III", _MAGIC, _VERSION, length)
        first, second = struct.pack("<II", len(content), _JSON_CHUNK), struct.pack("<II", len(binary), _BINARY_CHUNK)
        return head + first + content + second + binary

    def _accessor(self, values: NDArray[Any], target: int | None, normalized: bool) -> int:
        width = values.shape[1] if values.ndim == 2 else 1
        item: Json = {
            "bufferView": self.view(np.ascontiguousarray(values).tobytes(), target),
            "componentType": _COMPONENTS[values.dtype],
            "count": len(values),
            "type": _SHAPES[width],
        }
        if normalized:
            item["normalized"] = True
        return self.add("accessors", item)


def parse_glb(data: bytes) -> tuple[Json, bytes]:
    """The glTF object and the binary part of a file. Raises ValueError for data that is no binary glTF 2."""
    if len(data) < 20 or struct.unpack_from("<III", data) != (_MAGIC, _VERSION, len(data)):
        raise ValueError("not a binary glTF 2 file")
    length, kind = struct.unpack_from("<II", data, 12)
    if kind != _JSON_CHUNK:
        raise ValueError("the first chunk is not JSON")
    content: Json = json.loads(data[20 : 20 + length])
    start = 20 + length
    return content, data[start + 8 : start + 8 + struct.unpack_from("<I", data, start)[0]]


def _bounds(values: NDArray[Any]) -> Json:
    return {"min": values.min(0).tolist(), "max": values.max(0).tolist()}
