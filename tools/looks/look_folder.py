"""Write a portrait look's folder; the format is described in docs/own-face.md."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from tools.looks.jit import Floats
from tools.looks.landmarks import FacePoints
from tools.looks.layers import Layers
from tools.looks.person import Person

DEPTH_UNIT = 8192
"""Value of one eye distance in the depth layer."""
_DEPTH_ZERO = 3.0
"""Added to depths, in eye distances, so that none is below 0, which means nothing."""
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 95, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
_PNG = [cv2.IMWRITE_PNG_COMPRESSION, 9]


def write_look(folder: Path, person: Person, layers: Layers, points: FacePoints) -> None:
    """Write picture, layers and look.yaml; the folder is made if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "portrait.jpg", _bytes(layers.picture)[..., ::-1], _JPEG)
    _write(folder / "matte.png", _bytes(layers.matte), _PNG)
    _write(folder / "depth.png", _depth(layers.depth, person), _PNG)
    _write(folder / "head.png", _bytes(layers.head), _PNG)
    for name, layer in (("shut_eyes", layers.shut_eyes), ("eyeballs", layers.eyeballs)):
        pixels = _bytes(layer)
        pixels[pixels[..., 3] == 0] = 0  # nothing is seen there, and it packs better
        _write(folder / f"{name}.png", pixels[..., [2, 1, 0, 3]], _PNG)
    for name, ratio in layers.folds.items():
        _write(folder / f"fold_{name}.png", _bytes(ratio * (128 / 255)), _PNG)
    (folder / "look.yaml").write_text(_page(person, layers, points), "utf-8")


def _page(person: Person, layers: Layers, points: FacePoints) -> str:
    shown = person.name.capitalize()
    content = {
        "kind": "portrait",
        "name": shown,
        "picture": "portrait.jpg",
        "consent": {"shown": f"{shown}, who does not exist", "synthetic": True},
        "fold_gain": round(0.62 + 0.5 * person.head.age, 2),
        "landmarks": _rounded(points.landmarks),
        "irises": _rounded(points.irises),
        "lids": {side: {"upper": _list(u), "lower": _list(v)} for side, (u, v) in points.lids.items()},
        "lip_seam": _list(points.lip_seam),
        "layers": {
            "depth": "depth.png",
            "matte": "matte.png",
            "head": "head.png",
            "shut_eyes": "shut_eyes.png",
            "eyeballs": "eyeballs.png",
            "folds": {name: f"fold_{name}.png" for name in layers.folds},
        },
    }
    head = f"# {person.description}.\n# Made by `python -m tools.looks {person.name}`; do not edit.\n"
    return head + yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=118)


def _rounded(places: Mapping[str, Floats] | Mapping[str, tuple[float, float, float]]) -> dict[str, list[float]]:
    return {name: _list(np.asarray(place)) for name, place in places.items()}


def _list(places: Floats) -> list[float]:
    return np.round(places, 2).tolist()  # type: ignore[no-any-return]  # numbers in lists


def _depth(depth: Floats, person: Person) -> NDArray[np.uint16]:
    eye_distance = 2 * person.eyes.x
    values = (np.nan_to_num(depth) / eye_distance + _DEPTH_ZERO) * DEPTH_UNIT
    return np.where(np.isfinite(depth), np.clip(values, 1, 65535), 0).astype(np.uint16)


def _bytes(layer: Floats) -> NDArray[np.uint8]:
    return (np.clip(layer, 0, 1) * 255 + 0.5).astype(np.uint8)


def _write(path: Path, pixels: NDArray[np.generic], options: list[int]) -> None:
    done, data = cv2.imencode(path.suffix, np.ascontiguousarray(pixels), options)
    assert done, path.name
    path.write_bytes(data.tobytes())
