"""Kernels that light the vertices: wrapped diffuse light, soft baked shadows, highlights of skin and hair.

Soft shadows: every vertex carries the directions it sees as 9 real spherical harmonics (R. Ramamoorthi and
P. Hanrahan, "An Efficient Representation for Irradiance Environment Maps", 2001; P.-P. Sloan et al., "Precomputed
Radiance Transfer", 2002), so turning the head moves the shadows for the price of a dot product.
Hair highlights: J. Kajiya and T. Kay, "Rendering Fur with Three Dimensional Textures", 1989.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tth.kernels.jit import F32, Scalar, as_row, clamp01, f32, inlined, kernel, soft_step


@inlined
def fill_harmonics(x: Scalar, y: Scalar, z: Scalar, out: F32) -> None:
    """The 9 real spherical harmonics of bands 0..2 at a unit direction, written to out (9,)."""
    out[0] = 0.282095
    out[1] = 0.488603 * y
    out[2] = 0.488603 * z
    out[3] = 0.488603 * x
    out[4] = 1.092548 * x * y
    out[5] = 1.092548 * y * z
    out[6] = 0.315392 * (3 * z * z - 1)
    out[7] = 1.092548 * x * z
    out[8] = 0.546274 * (x * x - y * y)


@kernel
def harmonics(direction: F32, out: F32) -> None:
    """Those of a direction (3,)."""
    fill_harmonics(direction[0], direction[1], direction[2], out)


@kernel
def light_harmonics(lights: F32, turn: F32, out: F32) -> None:
    """out (3, 9): those of the directions of lights (3, 6), as a head turned by `turn` (3, 3) sees them."""
    for light in range(3):
        a = lights[light, 0]
        b = lights[light, 1]
        c = lights[light, 2]
        x = a * turn[0, 0] + b * turn[1, 0] + c * turn[2, 0]
        y = a * turn[0, 1] + b * turn[1, 1] + c * turn[2, 1]
        z = a * turn[0, 2] + b * turn[1, 2] + c * turn[2, 2]
        fill_harmonics(x, y, z, out[light])


class Lit(NamedTuple):
    """A stretch of vertices as the light sees them."""

    visibility: F32
    """What they see, as 9 harmonics in head space, (9, n)."""
    base: F32
    """How much of key, fill and rim they see while the head is not turned, (3, n)."""
    openness: F32
    head_weight: F32
    gloss: F32
    """(n,) each, as in Sculpture."""
    tint: F32
    """(3, n)."""


@inlined
def seen(visibility: F32, base: F32, weight: Scalar, moved: F32, light: int, i: int) -> Scalar:
    """How much of one light vertex i sees, if it follows the head's turn by `weight`. Written out, because an inner
    loop would keep the outer one from being turned into vector instructions."""
    turned = (
        visibility[0, i] * moved[light, 0]
        + visibility[1, i] * moved[light, 1]
        + visibility[2, i] * moved[light, 2]
        + visibility[3, i] * moved[light, 3]
        + visibility[4, i] * moved[light, 4]
        + visibility[5, i] * moved[light, 5]
        + visibility[6, i] * moved[light, 6]
        + visibility[7, i] * moved[light, 7]
        + visibility[8, i] * moved[light, 8]
    )
    v: Scalar = base[light, i] + weight * turned
    return v


@inlined
def cosine(x: Scalar, y: Scalar, z: Scalar, lights: F32, light: int) -> Scalar:
    """Cosine of a unit vector and the direction to a light."""
    d: Scalar = x * lights[light, 0] + y * lights[light, 1] + z * lights[light, 2]
    return d


@inlined
def half_cosine(x: Scalar, y: Scalar, z: Scalar, lights: F32, light: int) -> tuple[Scalar, Scalar]:
    """Cosines of a unit vector, and of the view along z, with the half vector of view and light."""
    hz = lights[light, 2] + f32(1.0)
    q = f32(1.0) / np.sqrt(lights[light, 0] * lights[light, 0] + lights[light, 1] * lights[light, 1] + hz * hz)
    return (x * lights[light, 0] + y * lights[light, 1] + z * hz) * q, hz * q


@inlined
def wrapped(d: Scalar, wrap: Scalar, soft: Scalar) -> Scalar:
    """Diffuse light that reaches `wrap` beyond the terminator; soft: how much it dims towards it."""
    k = clamp01((d + wrap) * (f32(1.0) / (f32(1.0) + wrap)))
    return k * (soft + (f32(1.0) - soft) * k)


@inlined
def soft_shadow(v: Scalar) -> Scalar:
    """What is seen of a light -> how much of it arrives."""
    return f32(0.05) + f32(0.95) * soft_step(f32(0.16), f32(0.90), v)


@inlined
def skin_shine(d: Scalar, nx: Scalar, ny: Scalar, nz: Scalar, lights: F32, light: int) -> Scalar:
    """Two highlight lobes (broad and tight) with Schlick's Fresnel term."""
    s, view = half_cosine(nx, ny, nz, lights, light)
    fresnel = f32(1.0) - view
    fresnel = f32(0.035) + f32(0.9) * fresnel * fresnel * fresnel * fresnel * fresnel
    s1 = max(s, f32(0.0))
    s2 = s1 * s1
    s4 = s2 * s2
    s8 = s4 * s4
    s16 = s8 * s8
    lobes = fresnel * (s8 * s2 * f32(1.25) + s16 * s16 * f32(3.4))
    shine: Scalar = lights[light, 4] * lobes * clamp01(d * f32(3.0) + f32(0.3))
    return shine


@kernel
def light_skin(
    first: int, lit: Lit, normals: F32, lights: F32, moved: F32, ambient: F32, sheen: Scalar, vertex: F32
) -> None:
    """Light the vertices of `lit`, which begin at `first` in normals (3, n) and vertex (n, 8). Writes light times tint
    to columns 0..2, highlights to column 3.

    lights (3, 6): direction towards key, fill and rim, then their colours. moved (3, 9): by how much the harmonics of
    these directions, as the head sees them, differ from those of a head that is not turned. ambient (2, 3): colours
    of sky and ground. sheen: fuzz of fabrics, 0 for skin.
    """
    count = lit.openness.shape[0]
    normals_x = normals[0, first : first + count]
    normals_y = normals[1, first : first + count]
    normals_z = normals[2, first : first + count]
    out = as_row(vertex[first : first + count])
    for i in range(count):
        nx = normals_x[i]
        ny = normals_y[i]
        nz = normals_z[i]
        w = lit.head_weight[i]
        key = soft_shadow(seen(lit.visibility, lit.base, w, moved, 0, i))
        fill = soft_shadow(seen(lit.visibility, lit.base, w, moved, 1, i))
        rim = soft_shadow(seen(lit.visibility, lit.base, w, moved, 2, i))
        to_key = cosine(nx, ny, nz, lights, 0)
        to_fill = cosine(nx, ny, nz, lights, 1)
        to_rim = cosine(nx, ny, nz, lights, 2)
        # red reaches furthest into the shadow, as in skin; the fill wraps far round; the rim stays crisp
        r = (
            lights[0, 3] * wrapped(to_key, f32(0.60), f32(0.60)) * (key + f32(0.22) * key * (f32(1.0) - key))
            + lights[1, 3] * wrapped(to_fill, f32(0.62), f32(0.55)) * (fill + f32(0.22) * fill * (f32(1.0) - fill))
            + lights[2, 3] * wrapped(to_rim, f32(0.08), f32(0.55)) * (rim + f32(0.22) * rim * (f32(1.0) - rim))
        )
        crisp = wrapped(to_rim, f32(0.08), f32(0.6)) * rim
        g = (
            lights[0, 4] * wrapped(to_key, f32(0.43), f32(0.62)) * key
            + lights[1, 4] * wrapped(to_fill, f32(0.58), f32(0.6)) * fill
            + lights[2, 4] * crisp
        )
        b = (
            lights[0, 5] * wrapped(to_key, f32(0.34), f32(0.62)) * key * (f32(0.75) + f32(0.25) * key)
            + lights[1, 5] * wrapped(to_fill, f32(0.55), f32(0.6)) * fill * (f32(0.75) + f32(0.25) * fill)
            + lights[2, 5] * crisp * (f32(0.75) + f32(0.25) * rim)
        )
        shine = (
            skin_shine(to_key, nx, ny, nz, lights, 0) * key
            + skin_shine(to_fill, nx, ny, nz, lights, 1) * fill
            + skin_shine(to_rim, nx, ny, nz, lights, 2) * rim * f32(0.22)
        )
        up = f32(0.5) + f32(0.5) * ny
        o = lit.openness[i]
        r += (ambient[1, 0] + (ambient[0, 0] - ambient[1, 0]) * up) * o * (f32(1.16) - f32(0.16) * o)
        g += (ambient[1, 1] + (ambient[0, 1] - ambient[1, 1]) * up) * o * (f32(1.04) - f32(0.04) * o)
        b += (ambient[1, 2] + (ambient[0, 2] - ambient[1, 2]) * up) * o
        edge = clamp01(f32(1.0) - abs(nz))
        fuzz = sheen * edge * edge * (f32(0.5) + f32(0.5) * o)
        out[i * 8] = (r + fuzz) * lit.tint[0, i]
        out[i * 8 + 1] = (g + fuzz) * lit.tint[1, i]
        out[i * 8 + 2] = (b + fuzz) * lit.tint[2, i]
        out[i * 8 + 3] = shine * lit.gloss[i] * (f32(0.4) + f32(0.6) * o)


@inlined
def strand_light(d: Scalar, along: Scalar, v: Scalar) -> Scalar:
    """Diffuse light of a strand at cosine d of its surface and cosine `along` its direction."""
    across = np.sqrt(max(f32(1.0) - along * along, f32(0.0)))
    light: Scalar = clamp01((d + f32(0.3)) * f32(1 / 1.3)) * (f32(0.4) + f32(0.6) * across) * v
    return light


@inlined
def strand_lobes(t: Scalar) -> tuple[Scalar, Scalar]:
    """A tight and a broad highlight, to the powers of 128 and 16, for t, the cosine of strand and half vector, shifted
    to root and tip."""
    e1 = t + f32(0.10)
    e2 = t - f32(0.12)
    p1 = max(f32(1.0) - e1 * e1, f32(0.0))
    p2 = max(f32(1.0) - e2 * e2, f32(0.0))
    p1 = p1 * p1
    p1 = p1 * p1
    p1 = p1 * p1
    p1 = p1 * p1
    p1 = p1 * p1
    p1 = p1 * p1
    p1 = p1 * p1
    p2 = p2 * p2
    p2 = p2 * p2
    p2 = p2 * p2
    p2 = p2 * p2
    return p1, p2


@kernel
def light_hair(
    first: int, lit: Lit, normals: F32, tangents: F32, turn: F32, lights: F32, moved: F32, ambient: F32, gains: F32,
    vertex: F32,
) -> None:  # fmt: skip
    """Light vertices of hair, as `light_skin` does.

    tangents (3, h): direction of the strands in head space, of the vertices of `lit`; turn (3, 3): the head's
    rotation. gains (2,): strength of the white highlight, which goes to column 3, and of the one in the hair's colour,
    which raises its light.
    """
    count = lit.openness.shape[0]
    normals_x = normals[0, first : first + count]
    normals_y = normals[1, first : first + count]
    normals_z = normals[2, first : first + count]
    out = as_row(vertex[first : first + count])
    for i in range(count):
        nx = normals_x[i]
        ny = normals_y[i]
        nz = normals_z[i]
        w = lit.head_weight[i]
        key = clamp01((seen(lit.visibility, lit.base, w, moved, 0, i) - f32(0.1)) * f32(1.2))
        fill = clamp01((seen(lit.visibility, lit.base, w, moved, 1, i) - f32(0.1)) * f32(1.2))
        rim = clamp01((seen(lit.visibility, lit.base, w, moved, 2, i) - f32(0.1)) * f32(1.2))
        to_key = cosine(nx, ny, nz, lights, 0)
        to_fill = cosine(nx, ny, nz, lights, 1)
        to_rim = cosine(nx, ny, nz, lights, 2)
        tx = turn[0, 0] * tangents[0, i] + turn[0, 1] * tangents[1, i] + turn[0, 2] * tangents[2, i]
        ty = turn[1, 0] * tangents[0, i] + turn[1, 1] * tangents[1, i] + turn[1, 2] * tangents[2, i]
        tz = turn[2, 0] * tangents[0, i] + turn[2, 1] * tangents[1, i] + turn[2, 2] * tangents[2, i]
        lit_key = strand_light(to_key, cosine(tx, ty, tz, lights, 0), key)
        lit_fill = strand_light(to_fill, cosine(tx, ty, tz, lights, 1), fill)
        lit_rim = strand_light(to_rim, cosine(tx, ty, tz, lights, 2), rim)
        white_key, coloured_key = strand_lobes(half_cosine(tx, ty, tz, lights, 0)[0])
        white_fill, coloured_fill = strand_lobes(half_cosine(tx, ty, tz, lights, 1)[0])
        white_rim, coloured_rim = strand_lobes(half_cosine(tx, ty, tz, lights, 2)[0])
        key *= lights[0, 4] * clamp01(to_key * f32(1.6) + f32(0.35))
        fill *= f32(0.4) * lights[1, 4] * clamp01(to_fill * f32(1.6) + f32(0.35))  # wide: washes straight hair out
        rim *= lights[2, 4] * clamp01(to_rim * f32(1.6) + f32(0.35))
        up = f32(0.5) + f32(0.5) * ny
        o = lit.openness[i]
        r = (ambient[1, 0] + (ambient[0, 0] - ambient[1, 0]) * up) * o
        g = (ambient[1, 1] + (ambient[0, 1] - ambient[1, 1]) * up) * o
        b = (ambient[1, 2] + (ambient[0, 2] - ambient[1, 2]) * up) * o
        r += lights[0, 3] * lit_key + lights[1, 3] * lit_fill + lights[2, 3] * lit_rim
        g += lights[0, 4] * lit_key + lights[1, 4] * lit_fill + lights[2, 4] * lit_rim
        b += lights[0, 5] * lit_key + lights[1, 5] * lit_fill + lights[2, 5] * lit_rim
        more = f32(1.0) + (coloured_key * key + coloured_fill * fill + coloured_rim * rim) * gains[1] * o
        white = (white_key * key + white_fill * fill + white_rim * rim) * gains[0] * o
        shade = f32(0.6) * o
        away = nz < f32(-0.75)  # only the inside of hanging hair is seen from behind, in the shade
        out[i * 8] = (ambient[1, 0] * shade if away else r * more) * lit.tint[0, i]
        out[i * 8 + 1] = (ambient[1, 1] * shade if away else g * more) * lit.tint[1, i]
        out[i * 8 + 2] = (ambient[1, 2] * shade if away else b * more) * lit.tint[2, i]
        out[i * 8 + 3] = f32(0.0) if away else white
