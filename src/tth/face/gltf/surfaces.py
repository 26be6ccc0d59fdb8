"""What the parts of an exported head are made of: textures, colours and materials for any physically based renderer.

Tests: tests/face/gltf/test_surfaces.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tth.face.gltf.glb import GlbBuilder, Json
from tth.face.sculpt.maths import encoded
from tth.face.sculpt.sculpture import F32, Sculpture, Section

HAIR_BRIGHTEST = 1.5
"""Brightness of the strands that white of the exported hair texture stands for."""
JPEG_QUALITY = 92
DEEPEST_SHADE = 0.15
"""Share of its colour that is left to a vertex no light reaches: other programs have lights of their own."""
MOUTH_SHADE = 0.55
"""The same for teeth and tongue, beyond what their depth in the mouth takes: lips shade them."""
_CLAMP, _REPEAT = 33071, 10497
_LINEAR, _MIPMAPS = 9729, 9987


@dataclass(frozen=True, slots=True)
class Material:
    """How one kind of surface reflects."""

    name: str
    roughness: float
    texture: str = ""
    """"skin", "hair", "eye" or none."""
    two_sided: bool = False


SKIN, MOUTH, HAIR, EYE, LASHES, WORN = (
    Material("skin", 0.52, "skin"),
    Material("mouth", 0.25),
    Material("hair", 0.55, "hair", two_sided=True),
    Material("eye", 0.08, "eye"),
    Material("lashes", 0.9, two_sided=True),
    Material("worn", 0.3, two_sided=True),
)
CLOTH = Material("cloth", 0.92, "skin", two_sided=True)
EARS = Material("ears", 0.55)
_BY_NAME = {
    "SKIN": SKIN, "EAR": EARS, "LASHES": LASHES, "TEETH": MOUTH, "TONGUE": MOUTH, "EYE": EYE, "CLOTH": CLOTH,
    "HAIR": HAIR,
}  # fmt: skip


def material_of(section: Section) -> Material:
    """By the first word of the section's name; what is not known is worn (glasses, jewellery)."""
    return _BY_NAME.get(section.name.split("_")[0], WORN)


class Wardrobe:
    """Adds materials and pictures to a file, each once."""

    def __init__(self, builder: GlbBuilder, sculpture: Sculpture) -> None:
        self._builder = builder
        self._sculpture = sculpture
        self._materials: dict[str, int] = {}
        self._textures: dict[str, int] = {}

    def material(self, material: Material) -> int:
        """The material's place in the file."""
        if material.name not in self._materials:
            surface: Json = {"metallicFactor": 0.0, "roughnessFactor": material.roughness}
            if material.texture:
                surface["baseColorTexture"] = {"index": self._texture(material.texture)}
            item: Json = {"name": material.name, "pbrMetallicRoughness": surface}
            if material.two_sided:
                item["doubleSided"] = True
            self._materials[material.name] = self._builder.add("materials", item)
        return self._materials[material.name]

    def _texture(self, name: str) -> int:
        if name not in self._textures:
            wrap = _REPEAT if name == "hair" else _CLAMP
            sampler = self._builder.add(
                "samplers", {"magFilter": _LINEAR, "minFilter": _MIPMAPS, "wrapS": wrap, "wrapT": wrap}
            )
            data = _jpeg(texture_picture(self._sculpture, name))
            image = self._builder.image(data, "image/jpeg", name)
            self._textures[name] = self._builder.add("textures", {"source": image, "sampler": sampler})
        return self._textures[name]


def texture_picture(sculpture: Sculpture, name: str) -> NDArray[np.uint8]:
    """One of the head's textures as an sRGB picture, (h, w, 3)."""
    if name == "hair":
        bright = sculpture.hair_texture[..., :1].astype(float) / 128 / HAIR_BRIGHTEST
        light = np.repeat(np.clip(bright, 0, 1), 3, axis=2)
    else:
        source = sculpture.eye_texture if name == "eye" else sculpture.skin_texture_large
        light = (source[..., :3].astype(float) / 255) ** 2  # stored as the square root of linear light
    return np.clip(np.rint(encoded(light)), 0, 255).astype(np.uint8)


def vertex_colours(sculpture: Sculpture, section: Section) -> F32:
    """Linear colours that multiply the texture, (n, 3), 0..1: the part's tint, darker where little light gets in."""
    part = sculpture.range_of(section)
    tint = sculpture.tint[part].astype(np.float32)
    material = material_of(section)
    if material is HAIR:
        tint = tint * HAIR_BRIGHTEST
    if material is MOUTH:
        start = sculpture.range_of(Section.TEETH_UPPER).start
        light = MOUTH_SHADE * sculpture.mouth_depth[part.start - start : part.stop - start]
    else:
        light = DEEPEST_SHADE + (1 - DEEPEST_SHADE) * np.clip(sculpture.openness[part], 0, 1)
    return np.clip(tint * light[:, None], 0, 1).astype(np.float32)


def _jpeg(picture: NDArray[np.uint8]) -> bytes:
    done, data = cv2.imencode(
        ".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    assert done  # JPEG takes every uint8 picture
    return data.tobytes()
