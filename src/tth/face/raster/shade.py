"""Inlined helpers that give a visible point its colour: texture fetch, materials, tone curve."""

from __future__ import annotations

from tth.face.raster.jit import EYE, F32, HAIR, I32, PLAIN, SKIN, U8, Scalar, clamp01, f32, inlined

__all__ = ["EYE", "sample_texture", "surface_colour", "tone"]


@inlined
def tone(x: Scalar) -> Scalar:
    """Linear light -> display value 0..255: a filmic curve x / (x + 0.155) that includes the display's gamma."""
    light = max(x, f32(0.0))
    return min(f32(259.8) * light / (light + f32(0.155)), f32(255.0))


@inlined
def sample_texture(texture: U8, u: Scalar, v: Scalar) -> tuple[Scalar, Scalar, Scalar, Scalar]:
    """Bilinear fetch from a texture (h, w, 4) at (u, v) in texels, as 0..1."""
    us = min(max(u, f32(0.0)), f32(texture.shape[1]) - f32(1.01))
    vs = min(max(v, f32(0.0)), f32(texture.shape[0]) - f32(1.01))
    x = int(us)
    y = int(vs)
    fx = us - f32(x)
    fy = vs - f32(y)
    a = (f32(1.0) - fx) * (f32(1.0) - fy)
    b = fx * (f32(1.0) - fy)
    c = (f32(1.0) - fx) * fy
    d = fx * fy
    x1 = x + 1
    y1 = y + 1
    k = f32(1 / 255.0)
    r = a * texture[y, x, 0] + b * texture[y, x1, 0] + c * texture[y1, x, 0] + d * texture[y1, x1, 0]
    g = a * texture[y, x, 1] + b * texture[y, x1, 1] + c * texture[y1, x, 1] + d * texture[y1, x1, 1]
    bl = a * texture[y, x, 2] + b * texture[y, x1, 2] + c * texture[y1, x, 2] + d * texture[y1, x1, 2]
    s = a * texture[y, x, 3] + b * texture[y, x1, 3] + c * texture[y1, x, 3] + d * texture[y1, x1, 3]
    return r * k, g * k, bl * k, s * k


@inlined
def surface_colour(
    t: int, px: Scalar, py: Scalar, triangles: I32, material: U8, vertex: F32, second_shine: F32, hair_start: int,
    skin_texture: U8, hair_texture: U8,
) -> tuple[Scalar, Scalar, Scalar]:  # fmt: skip
    """Linear colour of triangle t at pixel centre (px, py).

    vertex (n, 8): x, y, light r, g, b, highlight, u, v. For an eyeball the result is the direction from its centre,
    which `eyes.paint_eyes` turns into a colour later: its long code would slow this loop down.
    """
    a = triangles[t, 0]
    b = triangles[t, 1]
    c = triangles[t, 2]
    x2 = vertex[c, 0]
    y2 = vertex[c, 1]
    x0 = vertex[a, 0] - x2
    y0 = vertex[a, 1] - y2
    x1 = vertex[b, 0] - x2
    y1 = vertex[b, 1] - y2
    inverse = f32(1.0) / (x0 * y1 - x1 * y0)
    qx = px - x2
    qy = py - y2
    wa = clamp01((qx * y1 - x1 * qy) * inverse)
    wb = clamp01((x0 * qy - qx * y0) * inverse)
    wb = min(wb, f32(1.0) - wa)
    wc = f32(1.0) - wa - wb
    r = wa * vertex[a, 2] + wb * vertex[b, 2] + wc * vertex[c, 2]
    g = wa * vertex[a, 3] + wb * vertex[b, 3] + wc * vertex[c, 3]
    bl = wa * vertex[a, 4] + wb * vertex[b, 4] + wc * vertex[c, 4]
    s = wa * vertex[a, 5] + wb * vertex[b, 5] + wc * vertex[c, 5]
    u = wa * vertex[a, 6] + wb * vertex[b, 6] + wc * vertex[c, 6]
    v = wa * vertex[a, 7] + wb * vertex[b, 7] + wc * vertex[c, 7]
    m = material[t]
    if m == SKIN:
        tr, tg, tb, ts = sample_texture(skin_texture, u * f32(skin_texture.shape[1]), v * f32(skin_texture.shape[0]))
        s *= ts * f32(2.0)
        return r * tr * tr + s, g * tg * tg + s * f32(0.96), bl * tb * tb + s * f32(0.92)
    if m == HAIR:  # brightness of the strands and break-up of their highlight
        k = hair_texture.shape[0]
        iu = int(u * f32(k)) & (k - 1)
        iv = int(v * f32(k)) & (k - 1)
        h0 = f32(hair_texture[iv, iu, 0]) * f32(1 / 128.0)
        h1 = f32(hair_texture[iv, iu, 1]) * f32(1 / 128.0)
        s2 = wa * second_shine[a - hair_start] + wb * second_shine[b - hair_start] + wc * second_shine[c - hair_start]
        s2 = s2 * h0
        s *= h1
        return r * h0 + s + s2 * r, g * h0 + s * f32(0.95) + s2 * g, bl * h0 + s * f32(0.88) + s2 * bl
    if m == PLAIN:
        return r + s, g + s, bl + s
    return r, g, bl
