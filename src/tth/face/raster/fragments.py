"""Kernel that reads off the z-buffer what must be shaded: fragments, one for each surface that a pixel shows.

Working through lists of fragments, each of one material, instead of pixel by pixel lets the shading loops run without
branches, which is what the compiler needs to make vector instructions of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tth.face.raster.jit import F32, I16, I32, MATERIALS, U8, U32, Whole, i32, inlined, kernel, u32

SAME_SURFACE_KEYS = 110 << 16
"""Samples of one surface nearer to each other than this (about 2.5 mm) are shaded once."""
BAND_PX = 8192
"""Pixels worked on at a time, as whole rows: their fragments stay in the processor's cache."""


class Fragments(NamedTuple):
    """Room for the fragments of one band of rows; a painter's own, reused for every band."""

    found: I32
    """How many there are of each material, (MATERIALS,)."""
    pixel: I32
    """Where in the band, row * width + column, (MATERIALS, m)."""
    source: I32
    """Triangle in the low 16 bits, above it how many of the pixel's samples show it, (MATERIALS, m)."""
    values: F32
    """The triangle's vertex values at the pixel, of one material at a time, (m * 8,)."""
    colour: U32
    """Display colour times the number of samples, packed, (m,)."""
    sums: U32
    """Packed sum of the colours of every pixel of the band; 0 = nothing of the person, (pixels,)."""


def room_for_fragments(width_px: int) -> Fragments:
    """Enough for the worst case, four fragments in every pixel."""
    pixels = band_rows(width_px) * width_px
    most = 4 * pixels
    return Fragments(
        np.zeros(MATERIALS, np.int32),
        np.zeros((MATERIALS, most), np.int32),
        np.zeros((MATERIALS, most), np.int32),
        np.zeros(most * 8, np.float32),
        np.zeros(most, np.uint32),
        np.zeros(pixels, np.uint32),
    )


def band_rows(width_px: int) -> int:
    """Rows of a band."""
    return max(BAND_PX // width_px, 1)


@inlined
def packed_bytes(r: int, g: int, b: int, samples: int) -> Whole:
    """A display colour times the samples that show it, in the form of shade.packed."""
    n = u32(samples)
    red = max(u32(r), u32(1))
    green = max(u32(g), u32(1))
    blue = max(u32(b), u32(1))
    return u32((red | (green << u32(10)) | (blue << u32(20))) * n + (n << u32(30)))


@inlined
def key_behind(nearness: int, number: int) -> np.int32:
    """A key of the clothes; which of their triangles it is does not matter."""
    return i32((i32(nearness) << i32(16)) | i32(number)) if nearness > 0 else i32(0)


@kernel
def find_fragments(
    keys: I32, behind: I16, left: int, right: int, top: int, bottom: int, width: int, first_behind: int,
    surface: U8, material: U8, clothes: U8, backdrop: U8, channels: int, found: I32, pixel: I32, source: I32, sums: U32,
) -> None:  # fmt: skip
    """List the fragments of the pixels left..right, top..bottom, and clear their keys.

    behind (rows, width * 4): nearness of the clothes in the lowest rows of the picture; above there are none. Triangles
    from first_behind on are theirs. A pixel that shows them alone is left to the plate. Elsewhere their samples take
    the colour of `clothes` (rows, width * 4), and empty ones that of `backdrop` (height, width * channels) unless
    the picture has four channels, where they stay clear. sums (pixels of the band) get these shares; they come as 0.
    """
    near = i32(SAME_SURFACE_KEYS)
    number = i32(0xFFFF)
    height = backdrop.shape[0]
    is_clear = channels == 4
    first_row = height - behind.shape[0]
    for m in range(MATERIALS):
        found[m] = 0
    for y in range(top, bottom):
        row = keys[(y * width + left) * 4 : (y * width + right) * 4]
        behind_row = behind[max(y - first_row, 0), left * 4 : right * 4]
        has_behind = y >= first_row
        start = (y - top) * width + left
        for x in range(right - left):
            o = x * 4
            k0 = row[o]
            k1 = row[o + 1]
            k2 = row[o + 2]
            k3 = row[o + 3]
            if k0 | k1 | k2 | k3 == 0:
                continue
            if has_behind:
                k0 = max(k0, key_behind(behind_row[o], first_behind))
                k1 = max(k1, key_behind(behind_row[o + 1], first_behind))
                k2 = max(k2, key_behind(behind_row[o + 2], first_behind))
                k3 = max(k3, key_behind(behind_row[o + 3], first_behind))
            t0 = k0 & number
            t1 = k1 & number
            t2 = k2 & number
            t3 = k3 & number
            farthest = min(min(k0, k1), min(k2, k3))
            if farthest > 0:
                if min(min(t0, t1), min(t2, t3)) >= first_behind:
                    continue
                same = surface[u32(t0)]
                nearest = max(max(k0, k1), max(k2, k3))
                if (
                    nearest - farthest < near
                    and surface[u32(t1)] == same
                    and surface[u32(t2)] == same
                    and surface[u32(t3)] == same
                ):
                    m = material[u32(t1)]
                    n = found[m]
                    pixel[m, n] = start + x
                    source[m, n] = t1 | (4 << 16)
                    found[m] = n + 1
                    continue
            row[o] = k0
            row[o + 1] = k1
            row[o + 2] = k2
            row[o + 3] = k3
            done = 0
            of_clothes = 0
            of_backdrop = 0
            for i in range(4):
                if (done >> i) & 1:
                    continue
                key = row[o + i]
                t = key & number
                if key == 0:
                    of_backdrop += 1
                    continue
                if t >= first_behind:
                    of_clothes += 1
                    continue
                same = surface[u32(t)]
                samples = 1
                for j in range(i + 1, 4):
                    other = row[o + j]
                    is_same = surface[u32(other & number)] == same and abs(other - key) < near
                    if other > 0 and is_same and not (done >> j) & 1:
                        samples += 1
                        done |= 1 << j
                m = material[u32(t)]
                n = found[m]
                pixel[m, n] = start + x
                source[m, n] = t | (samples << 16)
                found[m] = n + 1
            p = u32(start + x)
            if of_clothes > 0:
                at = (left + x) * 4
                cloth = clothes[max(y - first_row, 0)]
                sums[p] = packed_bytes(cloth[at], cloth[at + 1], cloth[at + 2], of_clothes)
            if of_backdrop > 0 and not is_clear:
                at = (left + x) * 3
                share = packed_bytes(backdrop[y, at], backdrop[y, at + 1], backdrop[y, at + 2], of_backdrop)
                sums[p] = u32(sums[p] + share)
        row[:] = 0
