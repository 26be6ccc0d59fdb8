"""Kernel that turns the keys of the z-buffer into a picture."""

from __future__ import annotations

import numpy as np

from tth.face.raster.jit import EYE, F32, I32, U8, f32, kernel
from tth.face.raster.shade import surface_colour, tone

SAME_SURFACE_KEYS = 110 << 16
"""Samples of one surface nearer to each other than this (about 2.5 mm) are shaded once."""


@kernel
def resolve(
    keys: I32, triangles: I32, surface: U8, material: U8, vertex: F32, second_shine: F32,
    hair_start: int, skin_texture: U8, hair_texture: U8, backdrop: U8, picture: U8, eye_pixels: I32, eye_values: F32,
) -> int:  # fmt: skip
    """Shade each pixel once per visible surface, blend by coverage, and clear the keys.

    surface (t,): which surface a triangle belongs to; only samples of different surfaces are blended. Pixels of
    eyeballs are listed in eye_pixels (index) and eye_values (direction x, y, z; eye; coverage); returns their number.
    """
    near = np.int32(SAME_SURFACE_KEYS)
    height = picture.shape[0]
    width = picture.shape[1]
    eyes = 0
    for y in range(height):
        py = f32(y) + f32(0.5)
        for x in range(width):
            o = (y * width + x) * 4
            k0 = keys[o]
            k1 = keys[o + 1]
            k2 = keys[o + 2]
            k3 = keys[o + 3]
            nearest = max(max(k0, k1), max(k2, k3))
            if nearest == 0:
                picture[y, x, 0] = backdrop[y, x, 0]
                picture[y, x, 1] = backdrop[y, x, 1]
                picture[y, x, 2] = backdrop[y, x, 2]
                continue
            farthest = min(min(k0, k1), min(k2, k3))
            px = f32(x) + f32(0.5)
            if farthest > 0 and nearest - farthest < near:
                t0 = k0 & 0xFFFF
                t1 = k1 & 0xFFFF
                t2 = k2 & 0xFFFF
                t3 = k3 & 0xFFFF
                p = surface[t0]
                same = (t0 == t1 and t0 == t2 and t0 == t3) or (
                    p == surface[t1] and p == surface[t2] and p == surface[t3]
                )
                if same and material[t1] != EYE:
                    r, g, b = surface_colour(
                        t1, px, py, triangles, material, vertex, second_shine, hair_start, skin_texture, hair_texture
                    )
                    picture[y, x, 0] = np.uint8(tone(r))
                    picture[y, x, 1] = np.uint8(tone(g))
                    picture[y, x, 2] = np.uint8(tone(b))
                    keys[o] = 0
                    keys[o + 1] = 0
                    keys[o + 2] = 0
                    keys[o + 3] = 0
                    continue
            red = f32(0.0)
            green = f32(0.0)
            blue = f32(0.0)
            done = 0
            for i in range(4):
                if (done >> i) & 1:
                    continue
                key = keys[o + i]
                if key == 0:
                    red += f32(backdrop[y, x, 0])
                    green += f32(backdrop[y, x, 1])
                    blue += f32(backdrop[y, x, 2])
                    continue
                t = key & 0xFFFF
                n = f32(1.0)
                for j in range(i + 1, 4):
                    other = keys[o + j]
                    if (
                        not (done >> j) & 1
                        and other > 0
                        and surface[other & 0xFFFF] == surface[t]
                        and abs(other - key) < near
                    ):
                        n += f32(1.0)
                        done |= 1 << j
                r, g, b = surface_colour(
                    t, px, py, triangles, material, vertex, second_shine, hair_start, skin_texture, hair_texture
                )
                if material[t] == EYE:
                    if eyes < eye_pixels.shape[0]:
                        eye_pixels[eyes] = y * width + x
                        eye_values[eyes, 0] = r
                        eye_values[eyes, 1] = g
                        eye_values[eyes, 2] = b
                        eye_values[eyes, 3] = vertex[triangles[t, 0], 5]
                        eye_values[eyes, 4] = n * f32(0.25)
                        eyes += 1
                    continue
                red += n * tone(r)
                green += n * tone(g)
                blue += n * tone(b)
            picture[y, x, 0] = np.uint8(red * f32(0.25))
            picture[y, x, 1] = np.uint8(green * f32(0.25))
            picture[y, x, 2] = np.uint8(blue * f32(0.25))
            for i in range(4):
                keys[o + i] = 0
    return eyes
