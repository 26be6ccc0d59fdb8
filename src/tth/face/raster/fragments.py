"""Kernel that reads off the z-buffer what must be shaded: fragments, one for each surface that a pixel shows.

Working through lists of fragments, each of one material, instead of pixel by pixel lets the shading loops run without
branches, which is what the compiler needs to make vector instructions of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tth.face.raster.materials import MATERIALS
from tth.kernels.jit import F32, I16, I32, U8, U32, Whole, i32, inlined, kernel, u32

SAME_SURFACE_KEYS = 110 << 16
"""Samples of one surface nearer to each other than this (about 2.5 mm) are shaded once."""
BAND_PX = 8192
"""Pixels worked on at a time, as whole rows: their fragments stay in the processor's cache."""


MIXED, NOTHING = MATERIALS, MATERIALS + 1
"""Classes of pixels beside the materials: several fragments; nothing to draw over the plate."""


class Fragments(NamedTuple):
    """Room for the fragments of one band of rows; a painter's own, reused for every band."""

    found: I32
    """How many there are of each material, (MATERIALS,)."""
    pixel: I32
    """Where in the band, row above 16 bits of column, (MATERIALS, m)."""
    source: I32
    """Triangle in the low 16 bits, above it how many of the pixel's samples show it, (MATERIALS, m)."""
    classes: I32
    """Of every pixel of one row, (width,): NOTHING, MIXED, or for one surface alone its material."""
    alone: I32
    """The source of that surface, (width,)."""
    mixed: I32
    """Columns of the row's MIXED pixels, (width + 1,)."""
    values: F32
    """The triangle's vertex values at the pixel, of one material at a time, (m * 8,)."""
    colour: U32
    """Display colour times the number of samples, packed, (m,)."""
    sums: U32
    """Packed sum of the colours of every pixel of the band; 0 = nothing of the person, (pixels,)."""


def room_for_fragments(width_px: int) -> Fragments:
    """Enough for the worst case, four fragments in every pixel, and for one that is written but does not count."""
    pixels = band_rows(width_px) * width_px
    most = 4 * pixels + 1
    return Fragments(
        np.zeros(MATERIALS, np.int32),
        np.zeros((MATERIALS, most), np.int32),
        np.zeros((MATERIALS, most), np.int32),
        np.zeros(width_px, np.int32),
        np.zeros(width_px, np.int32),
        np.zeros(width_px + 1, np.int32),
        np.zeros(most * 8, np.float32),
        np.zeros(most, np.uint32),
        np.zeros(pixels, np.uint32),
    )


def band_rows(width_px: int) -> int:
    """Rows of a band."""
    return max(BAND_PX // width_px, 1)


@inlined
def packed_bytes(r: int, g: int, b: int, samples: np.int32) -> Whole:
    """A display colour times the samples that show it, in the form of shade.packed."""
    n = u32(samples)
    red = max(u32(r), u32(1))
    green = max(u32(g), u32(1))
    blue = max(u32(b), u32(1))
    return u32((red | (green << u32(10)) | (blue << u32(20))) * n + (n << u32(30)))


@kernel
def find_fragments(
    keys: I32, behind: I16, left: int, right: int, top: int, bottom: int, width: int, first_behind: int,
    kind: I32, clothes: U8, backdrop: U8, channels: int, fragments: Fragments,
) -> None:  # fmt: skip
    """List the fragments of the pixels left..right, top..bottom, and clear their keys.

    behind (rows, width * 4): nearness of the clothes in the lowest rows of the picture; above there are none. Triangles
    from first_behind on are theirs. A pixel that shows them alone is left to the plate. Elsewhere their samples take
    the colour of `clothes` (rows, width * 4), and empty ones that of `backdrop` (height, width * channels) unless
    the picture has four channels, where they stay clear. kind (t,): of every triangle the surface, times MATERIALS, and
    the material. The sums get these shares; they come as 0.
    """
    height = backdrop.shape[0]
    first_row = height - behind.shape[0]
    found, pixel, source = fragments.found, fragments.pixel, fragments.source
    for m in range(MATERIALS):
        found[m] = 0
    for y in range(top, bottom):
        row = keys[(y * width + left) * 4 : (y * width + right) * 4]
        if y >= first_row:
            add_behind(row, behind[y - first_row, left * 4 : right * 4], first_behind)
        present = classify(row, right - left, first_behind, kind, fragments.classes, fragments.alone)
        place = ((y - top) << 16) + left
        for m in range(MATERIALS):
            if (present >> m) & 1:
                found[m] = list_alone(
                    right - left, m, place, found[m], fragments.classes, fragments.alone, pixel[m], source[m]
                )
        if (present >> MIXED) & 1:
            split_mixed(
                row, y, left, right, top, width, first_behind, kind, clothes[max(y - first_row, 0)], backdrop[y],
                channels, fragments,
            )  # fmt: skip
        row[:] = 0


@inlined
def add_behind(row: I32, behind: I16, number: int) -> None:
    """Enter the clothes into the keys of one row, where there is anything before them. Which of their triangles it is
    does not matter."""
    for x in range(row.shape[0] // 4):
        o = x * 4
        some = (row[o] | row[o + 1] | row[o + 2] | row[o + 3]) != i32(0)
        for k in range(4):
            nearness = i32(behind[o + k])
            key = i32((nearness << i32(16)) | i32(number))
            key = key if (nearness > i32(0)) & some else i32(0)
            row[o + k] = max(row[o + k], key)


@inlined
def classify(row: I32, count: int, first_behind: int, kind: I32, classes: I32, alone: I32) -> np.int32:
    """Fill classes and alone for the first `count` pixels of a row; returns which classes there are, as bits. Without
    branches, so that many pixels are looked at together."""
    near = i32(SAME_SURFACE_KEYS)
    number = i32(0xFFFF)
    first_cloth = i32(first_behind)
    present = i32(0)
    for x in range(count):
        o = x * 4
        k0, k1, k2, k3 = row[o], row[o + 1], row[o + 2], row[o + 3]
        t0, t1, t2, t3 = k0 & number, k1 & number, k2 & number, k3 & number
        farthest = min(min(k0, k1), min(k2, k3))
        nearest = max(max(k0, k1), max(k2, k3))
        is_nothing = (nearest == i32(0)) | ((farthest > i32(0)) & (min(min(t0, t1), min(t2, t3)) >= first_cloth))
        same = kind[u32(t0)]
        other = (kind[u32(t1)] ^ same) | (kind[u32(t2)] ^ same) | (kind[u32(t3)] ^ same)
        is_alone = (farthest > i32(0)) & (i32(nearest - farthest) < near) & (other == i32(0))
        found = i32(same & i32(MATERIALS - 1)) if is_alone else i32(MIXED)
        found = i32(NOTHING) if is_nothing else found
        classes[x] = found
        alone[x] = i32(t1 | i32(4 << 16))
        present = i32(present | (i32(1) << found))
    return present


@inlined
def list_alone(
    count: int, material: int, place: int, found: int, classes: I32, alone: I32, pixel: I32, source: I32
) -> Whole:
    """Append the pixels of this class to the material's fragments; returns how many these then are. Every pixel is
    written, and the next one over it unless it counts: that is cheaper than to foresee which."""
    n = u32(found)
    wanted = i32(material)
    for x in range(count):
        pixel[n] = i32(place + x)
        source[n] = alone[x]
        n = u32(n + u32(classes[x] == wanted))
    return n


@inlined
def matches(key: np.int32, kind: np.int32, other: np.int32, other_kind: np.int32) -> Whole:
    """1 if two samples show the same surface, else 0."""
    return u32((kind == other_kind) & (abs(i32(other - key)) < i32(SAME_SURFACE_KEYS)))


@inlined
def append(fragments: Fragments, kind: np.int32, place: int, key: np.int32, samples: Whole) -> None:
    """One more fragment of that material, if it has samples."""
    m = u32(kind & i32(MATERIALS - 1))
    n = u32(fragments.found[m])
    fragments.pixel[m, n] = i32(place)
    fragments.source[m, n] = i32((key & i32(0xFFFF)) | i32(samples << u32(16)))
    fragments.found[m] = i32(n + u32(samples > u32(0)))


@inlined
def split_mixed(
    row: I32, y: int, left: int, right: int, top: int, width: int, first_behind: int, kind: I32, cloth: U8,
    backdrop: U8, channels: int, fragments: Fragments,
) -> None:  # fmt: skip
    """List the fragments of the row's MIXED pixels; see find_fragments. A sample that shows the same surface as one
    before it joins that one."""
    number = i32(0xFFFF)
    one = u32(1)
    first_cloth = i32(first_behind)
    classes, mixed, sums = fragments.classes, fragments.mixed, fragments.sums
    count = u32(0)
    for x in range(right - left):
        mixed[count] = i32(x)
        count = u32(count + u32(classes[x] == i32(MIXED)))
    for c in range(count):
        column = u32(mixed[c])
        o = u32(column * u32(4))
        k0, k1, k2, k3 = row[o], row[u32(o + u32(1))], row[u32(o + u32(2))], row[u32(o + u32(3))]
        s0, s1 = kind[u32(k0 & number)], kind[u32(k1 & number)]
        s2, s3 = kind[u32(k2 & number)], kind[u32(k3 & number)]
        # 1 for samples that show the head
        h0 = u32((k0 > i32(0)) & ((k0 & number) < first_cloth))
        h1 = u32((k1 > i32(0)) & ((k1 & number) < first_cloth))
        h2 = u32((k2 > i32(0)) & ((k2 & number) < first_cloth))
        h3 = u32((k3 > i32(0)) & ((k3 & number) < first_cloth))
        # 1 where the second joins the first
        m01 = h0 & h1 & matches(k0, s0, k1, s1)
        m02 = h0 & h2 & matches(k0, s0, k2, s2)
        m03 = h0 & h3 & matches(k0, s0, k3, s3)
        h1 = h1 & (m01 ^ one)
        m12 = h1 & h2 & (m02 ^ one) & matches(k1, s1, k2, s2)
        m13 = h1 & h3 & (m03 ^ one) & matches(k1, s1, k3, s3)
        h2 = h2 & ((m02 | m12) ^ one)
        m23 = h2 & h3 & ((m03 | m13) ^ one) & matches(k2, s2, k3, s3)
        h3 = h3 & ((m03 | m13 | m23) ^ one)
        place = ((y - top) << 16) + left + int(column)
        append(fragments, s0, place, k0, u32(h0 + m01 + m02 + m03))
        append(fragments, s1, place, k1, u32(h1 + m12 + m13))
        append(fragments, s2, place, k2, u32(h2 + m23))
        append(fragments, s3, place, k3, h3)
        of_backdrop = i32(k0 == i32(0)) + i32(k1 == i32(0)) + i32(k2 == i32(0)) + i32(k3 == i32(0))
        of_head = u32(h0 + m01 + m02 + m03 + h1 + m12 + m13 + h2 + m23 + h3)
        of_clothes = 4 - of_backdrop - i32(of_head)
        p = u32((y - top) * width + left + column)
        if of_clothes > 0:
            at = (left + column) * 4
            sums[p] = packed_bytes(cloth[at], cloth[at + 1], cloth[at + 2], of_clothes)
        if of_backdrop > 0 and channels != 4:
            at = (left + column) * 3
            share = packed_bytes(backdrop[at], backdrop[at + 1], backdrop[at + 2], of_backdrop)
            sums[p] = u32(sums[p] + share)
