"""Kernels that turn the z-buffer into a picture: fragments are found, shaded and put together, band by band."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tth.face.raster.eyes import colour_eye
from tth.face.raster.fragments import Fragments, find_fragments
from tth.face.raster.materials import EYE, HAIR, MATERIALS, PLAIN, SKIN
from tth.face.raster.shade import add_colours, colour_hair, colour_plain, colour_skin, interpolate
from tth.kernels.jit import F32, I16, I32, U8, U32, f32, i32, kernel, u32


class Surfaces(NamedTuple):
    """What the z-buffer's triangles are."""

    triangles: I32
    """(t, 3)."""
    kind: I32
    """Surface times MATERIALS, and material, (t,)."""


def surfaces_of(triangles: I32, surface: U8, material: U8) -> Surfaces:
    """From a Sculpture's arrays."""
    return Surfaces(triangles, surface.astype(np.int32) * MATERIALS + material)


class Textures(NamedTuple):
    """Packed by shade.packed_texture; skin is any size, eye and hair are square."""

    skin: U32
    skin_width: int
    skin_height: int
    eye: U32
    eye_size: int
    hair: U32
    hair_size: int


@kernel
def resolve(
    keys: I32, box: I32, band_rows: int, behind: I16, first_behind: int, surfaces: Surfaces, screen: F32, vertex: F32,
    textures: Textures, eye_uniforms: F32, clothes: U8, backdrop: U8, plate: U8, channels: int, fragments: Fragments,
    picture: U8,
) -> None:  # fmt: skip
    """Colour the pixels of box (left, right, top, bottom) of the picture, and clear their keys.

    picture (height, width * channels): RGB or RGBA. plate, its lowest rows, and above them backdrop, of the same shape
    as picture: what is seen where no key is. For the other arguments see find_fragments.
    A picture of four channels gets straight alpha: the share of the samples that show anything, whose colour alone
    the pixel has.
    """
    width = picture.shape[1] // channels
    left = box[0]
    right = box[1]
    first_row = picture.shape[0] - plate.shape[0]
    for top in range(box[2], box[3], band_rows):
        bottom = min(top + band_rows, box[3])
        find_fragments(
            keys, behind, left, right, top, bottom, width, first_behind, surfaces.kind, clothes, backdrop, channels,
            fragments,
        )  # fmt: skip
        for material in range(MATERIALS):
            count = fragments.found[material]
            if count == 0:
                continue
            pixel = fragments.pixel[material]
            source = fragments.source[material]
            values = fragments.values
            colour = fragments.colour
            interpolate(count, pixel, source, top, surfaces.triangles, screen, vertex, values)
            if material == SKIN:
                colour_skin(count, values, source, textures.skin, textures.skin_width, textures.skin_height, colour)
            elif material == HAIR:
                colour_hair(count, values, source, textures.hair, textures.hair_size, colour)
            elif material == PLAIN:
                colour_plain(count, values, source, colour)
            elif material == EYE:
                colour_eye(count, values, source, 0, eye_uniforms[0], textures.eye, textures.eye_size, colour)
                colour_eye(count, values, source, 1, eye_uniforms[1], textures.eye, textures.eye_size, colour)
            add_colours(count, pixel, width, colour, fragments.sums)
        middle = max(min(bottom, first_row), top)
        sums = fragments.sums
        if channels == 4:
            unpack_clear(sums, left, right, top, top, middle, 0, backdrop, picture)
            unpack_clear(sums, left, right, top, middle, bottom, first_row, plate, picture)
        else:
            unpack(sums, left, right, top, top, middle, 0, backdrop, picture)
            unpack(sums, left, right, top, middle, bottom, first_row, plate, picture)


@kernel
def unpack(
    sums: U32, left: int, right: int, band: int, top: int, bottom: int, first_row: int, behind: U8, picture: U8
) -> None:
    """Pixels of the rows top..bottom of the band that begins at row `band`, from the sums of their colours, or where
    there is none from what is behind, which begins at first_row; clears the sums."""
    width = picture.shape[1] // 3
    for y in range(top, bottom):
        start = (y - band) * width
        row = sums[start + left : start + right]
        back = behind[y - first_row, left * 3 : right * 3]
        out = picture[y, left * 3 : right * 3]
        for x in range(right - left):
            q = row[x]
            row[x] = u32(0)
            q2 = u32(q + u32(2 | 2 << 10 | 2 << 20))  # half of the four samples, to round
            r = np.uint8(u32(q2 >> u32(2)) & u32(0xFF))
            g = np.uint8(u32(q2 >> u32(12)) & u32(0xFF))
            b = np.uint8(u32(q2 >> u32(22)) & u32(0xFF))
            out[x * 3] = r if q > u32(0) else back[x * 3]
            out[x * 3 + 1] = g if q > u32(0) else back[x * 3 + 1]
            out[x * 3 + 2] = b if q > u32(0) else back[x * 3 + 2]


@kernel
def unpack_clear(
    sums: U32, left: int, right: int, band: int, top: int, bottom: int, first_row: int, behind: U8, picture: U8
) -> None:
    """The same for a picture of four channels: the mean of the samples that show anything, and their share."""
    width = picture.shape[1] // 4
    for y in range(top, bottom):
        start = (y - band) * width
        row = sums[start + left : start + right]
        back = behind[y - first_row, left * 4 : right * 4]
        out = picture[y, left * 4 : right * 4]
        for x in range(right - left):
            q = row[x]
            row[x] = u32(0)
            some = i32(u32(q >> u32(30)) & u32(3))
            samples = some if some > i32(0) else i32(4)
            share = f32(1.0) / f32(samples)
            half = f32(0.5)
            r = np.uint8(i32(f32(i32(q & u32(0x3FF))) * share + half))
            g = np.uint8(i32(f32(i32(u32(q >> u32(10)) & u32(0x3FF))) * share + half))
            b = np.uint8(i32(f32(i32(u32(q >> u32(20)) & u32(0x3FF))) * share + half))
            a = np.uint8(i32(f32(samples) * f32(255 / 4) + half))
            out[x * 4] = r if q > u32(0) else back[x * 4]
            out[x * 4 + 1] = g if q > u32(0) else back[x * 4 + 1]
            out[x * 4 + 2] = b if q > u32(0) else back[x * 4 + 2]
            out[x * 4 + 3] = a if q > u32(0) else back[x * 4 + 3]


@kernel
def compose(clothes: U8, backdrop: U8, plate: U8) -> None:
    """plate (height, width * 3) = clothes (height, width * 4) over the backdrop."""
    for y in range(plate.shape[0]):
        front = clothes[y]
        back = backdrop[y]
        out = plate[y]
        for x in range(plate.shape[1] // 3):
            a = i32(front[x * 4 + 3])
            for k in range(3):
                mixed = i32(i32(front[x * 4 + k]) * a + i32(back[x * 3 + k]) * i32(i32(255) - a) + i32(127))
                out[x * 3 + k] = np.uint8(mixed // i32(255))


@kernel
def spread_colours(picture: U8) -> None:
    """Give the clear pixels of an RGBA picture the colour of the person beside, below or above them: what scales the
    picture or halves its chroma mixes neighbours, whatever their alpha."""
    height = picture.shape[0]
    width = picture.shape[1]
    first_row = -1
    last_row = -1
    for y in range(height):
        first = -1
        last = 0
        for x in range(width):
            if picture[y, x, 3] > 0:
                if first < 0:
                    first = x
                last = x
            elif first >= 0:
                for channel in range(3):
                    picture[y, x, channel] = picture[y, last, channel]
        if first < 0:
            continue
        for x in range(first):
            for channel in range(3):
                picture[y, x, channel] = picture[y, first, channel]
        if first_row < 0:
            first_row = y
        last_row = y
    if first_row < 0:
        return
    for y in range(height):
        row = first_row if y < first_row else last_row
        if y < first_row or y > last_row:
            for x in range(width):
                for channel in range(3):
                    picture[y, x, channel] = picture[row, x, channel]
