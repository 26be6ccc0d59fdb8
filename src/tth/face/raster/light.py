"""Kernels that light the vertices: wrapped diffuse light, soft baked shadows, highlights of skin and hair.

Soft shadows: every vertex carries the directions it sees as 9 real spherical harmonics (R. Ramamoorthi and
P. Hanrahan, "An Efficient Representation for Irradiance Environment Maps", 2001; P.-P. Sloan et al., "Precomputed
Radiance Transfer", 2002), so turning the head moves the shadows for the price of a dot product.
Hair highlights: J. Kajiya and T. Kay, "Rendering Fur with Three Dimensional Textures", 1989.
"""

from __future__ import annotations

import numpy as np

from tth.face.raster.jit import F32, Scalar, clamp01, f32, inlined, kernel, soft_step


@kernel
def harmonics(direction: F32, out: F32) -> None:
    """The 9 real spherical harmonics of bands 0..2 at a unit direction (3,), written to out (9,)."""
    x = direction[0]
    y = direction[1]
    z = direction[2]
    out[0] = 0.282095
    out[1] = 0.488603 * y
    out[2] = 0.488603 * z
    out[3] = 0.488603 * x
    out[4] = 1.092548 * x * y
    out[5] = 1.092548 * y * z
    out[6] = 0.315392 * (3 * z * z - 1)
    out[7] = 1.092548 * x * z
    out[8] = 0.546274 * (x * x - y * y)


@inlined
def wrapped(d: Scalar, wrap: Scalar, soft: Scalar) -> Scalar:
    """Diffuse light that reaches `wrap` beyond the terminator; soft: how much it dims towards it."""
    k = clamp01((d + wrap) * (f32(1.0) / (f32(1.0) + wrap)))
    return k * (soft + (f32(1.0) - soft) * k)


@inlined
def skin_lobes(s: Scalar, view_half: Scalar) -> Scalar:
    """Two highlight lobes (broad and tight) with Schlick's Fresnel term; s: cosine of normal and half vector."""
    fresnel = f32(1.0) - view_half
    fresnel = f32(0.035) + f32(0.9) * fresnel * fresnel * fresnel * fresnel * fresnel
    s2 = s * s
    s4 = s2 * s2
    s8 = s4 * s4
    s16 = s8 * s8
    return fresnel * (s8 * s2 * f32(1.25) + s16 * s16 * f32(3.4))


@kernel
def light_skin(
    first: int, stop: int, normals: F32, visibility: F32, openness: F32, head_weight: F32, gloss: F32, tint: F32,
    lights: F32, world_sh: F32, head_sh: F32, ambient: F32, sheen: Scalar, vertex: F32,
) -> None:  # fmt: skip
    """Light vertices first..stop. Writes light times tint to vertex[:, 2:5] and highlights to vertex[:, 5].

    lights (3, 6): direction towards key, fill and rim, then their colours. world_sh, head_sh (3, 9): the harmonics of
    those directions as seen by the chest and by the turned head. ambient (2, 3): colours of sky and ground.
    sheen: fuzz of fabrics, 0 for skin; cloth is lit all round because its inside shows.
    """
    for i in range(first, stop):
        nx = normals[i, 0]
        ny = normals[i, 1]
        nz = normals[i, 2]
        if nz < f32(-0.75) and sheen == f32(0.0):  # faces away: never seen
            continue
        h = head_weight[i]
        r = f32(0.0)
        g = f32(0.0)
        b = f32(0.0)
        shine = f32(0.0)
        for k in range(3):
            v = f32(0.0)
            for m in range(9):
                v += visibility[i, m] * (world_sh[k, m] + h * (head_sh[k, m] - world_sh[k, m]))
            v = f32(0.05) + f32(0.95) * soft_step(f32(0.16), f32(0.90), v)
            d = nx * lights[k, 0] + ny * lights[k, 1] + nz * lights[k, 2]
            if k == 2:  # the rim light stays crisp
                dr = wrapped(d, f32(0.08), f32(0.55))
                dg = wrapped(d, f32(0.08), f32(0.6))
                db = dg
            elif k == 1:  # the fill wraps far round
                dr = wrapped(d, f32(0.62), f32(0.55))
                dg = wrapped(d, f32(0.58), f32(0.6))
                db = wrapped(d, f32(0.55), f32(0.6))
            else:  # red reaches furthest into the shadow, as in skin
                dr = wrapped(d, f32(0.60), f32(0.60))
                dg = wrapped(d, f32(0.43), f32(0.62))
                db = wrapped(d, f32(0.34), f32(0.62))
            r += lights[k, 3] * dr * (v + f32(0.22) * v * (f32(1.0) - v))
            g += lights[k, 4] * dg * v
            b += lights[k, 5] * db * v * (f32(0.75) + f32(0.25) * v)
            if d > f32(-0.1):
                hx = lights[k, 0]
                hy = lights[k, 1]
                hz = lights[k, 2] + f32(1.0)
                q = f32(1.0) / np.sqrt(hx * hx + hy * hy + hz * hz)
                s = (nx * hx + ny * hy + nz * hz) * q
                if s > f32(0.0):
                    grazing = clamp01(d * f32(3.0) + f32(0.3)) * (f32(1.0) if k < 2 else f32(0.22))
                    shine += lights[k, 4] * skin_lobes(s, hz * q) * v * grazing
        up = f32(0.5) + f32(0.5) * ny
        o = openness[i]
        r += (ambient[1, 0] + (ambient[0, 0] - ambient[1, 0]) * up) * o * (f32(1.16) - f32(0.16) * o)
        g += (ambient[1, 1] + (ambient[0, 1] - ambient[1, 1]) * up) * o * (f32(1.04) - f32(0.04) * o)
        b += (ambient[1, 2] + (ambient[0, 2] - ambient[1, 2]) * up) * o
        if sheen > f32(0.0):
            e = clamp01(f32(1.0) - abs(nz))
            e = sheen * e * e * (f32(0.5) + f32(0.5) * o)
            r += e
            g += e
            b += e
        vertex[i, 2] = r * tint[i, 0]
        vertex[i, 3] = g * tint[i, 1]
        vertex[i, 4] = b * tint[i, 2]
        vertex[i, 5] = shine * gloss[i] * (f32(0.4) + f32(0.6) * o)


@inlined
def strand_lobes(t: Scalar) -> tuple[Scalar, Scalar]:
    """A tight and a broad highlight for t, the cosine of strand and half vector, shifted to root and tip."""
    e1 = t + f32(0.10)
    e2 = t - f32(0.12)
    p1 = max(f32(1.0) - e1 * e1, f32(0.0))
    p2 = max(f32(1.0) - e2 * e2, f32(0.0))
    for _ in range(7):
        p1 = p1 * p1
    for _ in range(4):
        p2 = p2 * p2
    return p1, p2


@kernel
def light_hair(
    first: int, stop: int, normals: F32, tangents: F32, visibility: F32, openness: F32, head_weight: F32, turn: F32,
    tint: F32, lights: F32, world_sh: F32, head_sh: F32, ambient: F32, gains: F32, vertex: F32, second_shine: F32,
) -> None:  # fmt: skip
    """Light hair vertices first..stop; tangents and second_shine start at `first`, the rest as in `light_skin`.

    turn (3, 3): the head's rotation. gains (2,): strength of the white highlight, which goes to vertex[:, 5], and of
    the one in the hair's colour, which goes to second_shine.
    """
    for i in range(first, stop):
        nx = normals[i, 0]
        ny = normals[i, 1]
        nz = normals[i, 2]
        if nz < f32(-0.75):  # faces away: only the inside of hanging hair is seen, in the shade
            o = f32(0.6) * openness[i]
            vertex[i, 2] = ambient[1, 0] * o * tint[i, 0]
            vertex[i, 3] = ambient[1, 1] * o * tint[i, 1]
            vertex[i, 4] = ambient[1, 2] * o * tint[i, 2]
            vertex[i, 5] = f32(0.0)
            second_shine[i - first] = f32(0.0)
            continue
        a0 = tangents[i - first, 0]
        a1 = tangents[i - first, 1]
        a2 = tangents[i - first, 2]
        tx = turn[0, 0] * a0 + turn[0, 1] * a1 + turn[0, 2] * a2
        ty = turn[1, 0] * a0 + turn[1, 1] * a1 + turn[1, 2] * a2
        tz = turn[2, 0] * a0 + turn[2, 1] * a1 + turn[2, 2] * a2
        r = f32(0.0)
        g = f32(0.0)
        b = f32(0.0)
        white = f32(0.0)
        coloured = f32(0.0)
        for k in range(3):
            v = f32(0.0)
            for m in range(9):
                v += visibility[i, m] * (world_sh[k, m] + head_weight[i] * (head_sh[k, m] - world_sh[k, m]))
            v = clamp01((v - f32(0.1)) * f32(1.2))
            d = nx * lights[k, 0] + ny * lights[k, 1] + nz * lights[k, 2]
            along = tx * lights[k, 0] + ty * lights[k, 1] + tz * lights[k, 2]
            across = np.sqrt(max(f32(1.0) - along * along, f32(0.0)))
            q = clamp01((d + f32(0.3)) * f32(1 / 1.3)) * (f32(0.4) + f32(0.6) * across) * v
            r += lights[k, 3] * q
            g += lights[k, 4] * q
            b += lights[k, 5] * q
            hx = lights[k, 0]
            hy = lights[k, 1]
            hz = lights[k, 2] + f32(1.0)
            th = (tx * hx + ty * hy + tz * hz) / np.sqrt(hx * hx + hy * hy + hz * hz)
            p1, p2 = strand_lobes(th)
            amount = lights[k, 4] * v * clamp01(d * f32(1.6) + f32(0.35))
            if k == 1:  # the wide fill would wash straight hair out
                amount *= f32(0.4)
            white += p1 * amount
            coloured += p2 * amount
        up = f32(0.5) + f32(0.5) * ny
        o = openness[i]
        r += (ambient[1, 0] + (ambient[0, 0] - ambient[1, 0]) * up) * o
        g += (ambient[1, 1] + (ambient[0, 1] - ambient[1, 1]) * up) * o
        b += (ambient[1, 2] + (ambient[0, 2] - ambient[1, 2]) * up) * o
        vertex[i, 2] = r * tint[i, 0]
        vertex[i, 3] = g * tint[i, 1]
        vertex[i, 4] = b * tint[i, 2]
        vertex[i, 5] = white * gains[0] * o
        second_shine[i - first] = coloured * gains[1] * o
