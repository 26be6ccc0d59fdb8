"""Kernels that colour pixels: texture, materials, tone curve, edges, eyeballs.

All of it is in one file, because numba's cache of machine code looks at the file of a kernel only: a helper inlined
from another file would go stale there unnoticed.
"""

from __future__ import annotations

import numpy as np

from tth.face.raster.jit import (
    EYE,
    F32,
    HAIR,
    I32,
    PLAIN,
    SKIN,
    U8,
    U64,
    Scalar,
    clamp01,
    f32,
    inlined,
    kernel,
    soft_step,
)  # fmt: skip

SAME_SURFACE_KEYS = 110 << 16
"""Samples of one surface nearer to each other than this (about 2.5 mm) are shaded once."""

# One row of uniforms per eye, filled by tth.face.gaze; the positions below are the layout.
GAZE = 0
"""Rotation from head to eye, row by row, 9 values."""
IRIS = 9
"""Radius of the iris in eyeball radii."""
VIEW_IN_EYE = 10
"""Direction to the viewer seen from the turned eye, x and y."""
KEY, FILL = 12, 15
"""Directions to key and fill light in head space, 3 values each."""
KEY_IN_EYE = 18
"""Direction to the key light seen from the turned eye, x and y."""
KEY_COLOUR, FILL_COLOUR, AMBIENT = 20, 23, 26
"""Colours, 3 values each."""
AXIS, VIEW = 29, 32
"""Gaze and direction to the viewer in head space, 3 values each."""
LID_STEPS = 32
UPPER_LID, LOWER_LID = 40, 72
"""Height of the lid margins in eyeball radii at 32 places from x = -1 to 1."""
UNIFORMS = 104

TEXTURE_REACH = 0.72
"""The eye texture shows the front of the eyeball out to this part of its radius."""


@inlined
def tone(x: Scalar) -> Scalar:
    """Linear light -> display value 0..255: a filmic curve x / (x + 0.155) that includes the display's gamma."""
    light = max(x, f32(0.0))
    return min(f32(259.8) * light / (light + f32(0.155)), f32(255.0))


def packed_texture(texture: U8) -> U64:
    """A texture uint8 (h, w, 4) in the form that `sample_texture` reads: uint64 (h, w), 16 bits per channel."""
    return np.ascontiguousarray(texture).astype("<u2").view("<u8")[..., 0]


@inlined
def sample_texture(texture: U64, u: Scalar, v: Scalar) -> tuple[Scalar, Scalar, Scalar, Scalar]:
    """Bilinear fetch from a packed texture at (u, v) in texels, as four values 0..1.

    All four channels are blended in one 64-bit multiplication per texel: weights are whole numbers that add up to
    256, so a channel's sum stays below 2^16 and never spills into its neighbour.
    """
    us = int(min(max(u, f32(0.0)), f32(texture.shape[1]) - f32(1.01)) * f32(16.0))
    vs = int(min(max(v, f32(0.0)), f32(texture.shape[0]) - f32(1.01)) * f32(16.0))
    x = us >> 4
    y = vs >> 4
    fx = us & 15
    fy = vs & 15
    mixed = (
        texture[y, x] * np.uint64((16 - fx) * (16 - fy))
        + texture[y, x + 1] * np.uint64(fx * (16 - fy))
        + texture[y + 1, x] * np.uint64((16 - fx) * fy)
        + texture[y + 1, x + 1] * np.uint64(fx * fy)
    )
    k = f32(1 / (255.0 * 256.0))
    mask = np.uint64(0xFFFF)
    r = f32(np.int32(mixed & mask)) * k
    g = f32(np.int32((mixed >> np.uint64(16)) & mask)) * k
    b = f32(np.int32((mixed >> np.uint64(32)) & mask)) * k
    a = f32(np.int32(mixed >> np.uint64(48))) * k
    return r, g, b, a


@inlined
def surface_colour(
    t: int, px: Scalar, py: Scalar, triangles: I32, material: U8, vertex: F32, second_shine: F32, hair_start: int,
    skin_texture: U64, hair_texture: U8,
) -> tuple[Scalar, Scalar, Scalar]:  # fmt: skip
    """Linear colour of triangle t at pixel centre (px, py).

    vertex (n, 8): x, y, light r, g, b, highlight, u, v. For an eyeball the result is the direction from its centre,
    which `paint_eyes` turns into a colour later: its long code would slow this loop down.
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


@kernel
def resolve(
    keys: I32, triangles: I32, surface: U8, material: U8, vertex: F32, second_shine: F32,
    hair_start: int, skin_texture: U64, hair_texture: U8, backdrop: U8, still: U8, first_still: int, picture: U8,
    eye_pixels: I32, eye_values: F32,
) -> int:  # fmt: skip
    """Shade each pixel once per visible surface, blend by coverage, and clear the keys.

    A picture of four channels gets straight alpha: the share of the samples that show the person, whose colour alone
    the pixel has; its backdrop must be zero.

    Pixels that show nothing but triangles from first_still on are taken from the picture `still` (see painter.Torso).
    surface (t,): which surface a triangle belongs to; only samples of different surfaces are blended. Pixels of
    eyeballs are listed in eye_pixels (index) and eye_values (direction x, y, z; eye; coverage); returns their number.
    """
    near = np.int32(SAME_SURFACE_KEYS)
    height = picture.shape[0]
    width = picture.shape[1]
    channels = picture.shape[2]
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
                for channel in range(channels):
                    picture[y, x, channel] = backdrop[y, x, channel]
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
                    keys[o] = 0
                    keys[o + 1] = 0
                    keys[o + 2] = 0
                    keys[o + 3] = 0
                    if t1 >= first_still:
                        for channel in range(channels):
                            picture[y, x, channel] = still[y, x, channel]
                        continue
                    r, g, b = surface_colour(
                        t1, px, py, triangles, material, vertex, second_shine, hair_start, skin_texture, hair_texture
                    )
                    picture[y, x, 0] = np.uint8(tone(r))
                    picture[y, x, 1] = np.uint8(tone(g))
                    picture[y, x, 2] = np.uint8(tone(b))
                    if channels == 4:
                        picture[y, x, 3] = np.uint8(255)
                    continue
            share = f32(0.25)
            if channels == 4:
                covered = (k0 > 0) + (k1 > 0) + (k2 > 0) + (k3 > 0)
                share = f32(1.0) / f32(covered)
                picture[y, x, 3] = np.uint8((covered * 255 + 2) // 4)
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
                        eye_values[eyes, 4] = n * share
                        eyes += 1
                    continue
                red += n * tone(r)
                green += n * tone(g)
                blue += n * tone(b)
            picture[y, x, 0] = np.uint8(red * share)
            picture[y, x, 1] = np.uint8(green * share)
            picture[y, x, 2] = np.uint8(blue * share)
            for i in range(4):
                keys[o + i] = 0
    return eyes


@kernel
def eye_colour(
    px: Scalar, py: Scalar, pz: Scalar, eye: int, uniforms: F32, texture: U64
) -> tuple[Scalar, Scalar, Scalar]:
    """Linear colour of the eyeball in direction (px, py, pz) from its centre, in head space."""
    q = f32(1.0) / np.sqrt(px * px + py * py + pz * pz)
    x = px * q
    y = py * q
    z = pz * q
    u = uniforms[eye]
    gx = u[0] * x + u[1] * y + u[2] * z
    gy = u[3] * x + u[4] * y + u[5] * z
    # shade of the lids: distance below the upper margin and above the lower one
    t = clamp01((x + f32(1.0)) * f32(0.5)) * f32(LID_STEPS - 1)
    k = min(int(t), LID_STEPS - 2)
    ft = t - f32(k)
    upper = u[UPPER_LID + k] * (f32(1.0) - ft) + u[UPPER_LID + 1 + k] * ft
    lower = u[LOWER_LID + k] * (f32(1.0) - ft) + u[LOWER_LID + 1 + k] * ft
    shade = f32(0.42) + f32(0.58) * soft_step(f32(-0.02), f32(0.36), upper - y)
    shade *= f32(0.72) + f32(0.28) * soft_step(f32(-0.02), f32(0.14), y - lower)
    shade *= f32(1.0) - f32(0.35) * soft_step(f32(0.62), f32(1.0), abs(x))
    # refraction: the iris lies behind the cornea, so it shifts with the view
    radius = np.sqrt(gx * gx + gy * gy)
    iris = u[IRIS]
    inside = f32(1.0) - soft_step(iris * f32(0.9), iris * f32(1.02), radius)
    parallax = inside * f32(0.10) * max(f32(0.0), f32(1.0) - (radius / iris) * (radius / iris))
    n = f32(texture.shape[0])
    tu = (gx - parallax * u[VIEW_IN_EYE]) / f32(TEXTURE_REACH) * f32(0.5) + f32(0.5)
    tv = f32(0.5) - (gy - parallax * u[VIEW_IN_EYE + 1]) / f32(TEXTURE_REACH) * f32(0.5)
    r, g, b, is_iris = sample_texture(texture, tu * n, tv * n)
    key = clamp01((x * u[12] + y * u[13] + z * u[14] + f32(0.35)) * f32(1 / 1.35))
    fill = clamp01((x * u[15] + y * u[16] + z * u[17] + f32(0.35)) * f32(1 / 1.35))
    # light gathers on the far side of the iris
    caustic = f32(1.0) + inside * f32(1.1) * (-(gx * u[KEY_IN_EYE] + gy * u[KEY_IN_EYE + 1]) / iris) * is_iris
    gain = shade * caustic
    r = r * r * (u[20] * key + u[23] * fill + u[26]) * gain
    g = g * g * (u[21] * key + u[24] * fill + u[27]) * gain
    b = b * b * (u[22] * key + u[25] * fill + u[28]) * gain
    # the bulging cornea mirrors the key light as a soft disc
    m = f32(0.75) * (f32(1.0) - soft_step(iris * f32(0.75), iris * f32(1.25), radius))
    nx = x + m * (x - u[AXIS])
    ny = y + m * (y - u[AXIS + 1])
    nz = z + m * (z - u[AXIS + 2])
    q = f32(1.0) / np.sqrt(nx * nx + ny * ny + nz * nz)
    facing = (nx * u[VIEW] + ny * u[VIEW + 1] + nz * u[VIEW + 2]) * q
    turn = f32(2.0) * facing * q
    dx = turn * nx - u[VIEW] - u[KEY]
    dy = turn * ny - u[VIEW + 1] - u[KEY + 1]
    dz = turn * nz - u[VIEW + 2] - u[KEY + 2]
    disc = f32(1.0) - soft_step(f32(0.045), f32(0.10), dx * dx + dy * dy + dz * dz)
    on_iris = f32(1.0) - soft_step(iris * f32(0.92), iris * f32(1.10), radius)
    glint = disc * f32(2.8) * (f32(0.12) + f32(0.88) * on_iris) * soft_step(f32(0.02), f32(0.12), upper - y)
    # and the fill light as a small faint one
    dx = turn * nx - u[VIEW] - u[FILL]
    dy = turn * ny - u[VIEW + 1] - u[FILL + 1]
    dz = turn * nz - u[VIEW + 2] - u[FILL + 2]
    disc = f32(1.0) - soft_step(f32(0.01), f32(0.08), dx * dx + dy * dy + dz * dz)
    glint += disc * f32(0.3) * on_iris
    grazing = f32(1.0) - max(facing, f32(0.0))
    glint += f32(0.05) * grazing * grazing * grazing + f32(0.004)
    return r + glint, g + glint, b + glint


@kernel
def paint_eyes(count: int, eye_pixels: I32, eye_values: F32, uniforms: F32, texture: U64, picture: U8) -> None:
    """Add the first `count` eyeball pixels found by `resolve`, each by its coverage, to the picture."""
    width = picture.shape[1]
    for i in range(count):
        y = eye_pixels[i] // width
        x = eye_pixels[i] - y * width
        r, g, b = eye_colour(
            eye_values[i, 0], eye_values[i, 1], eye_values[i, 2], int(eye_values[i, 3]), uniforms, texture
        )
        k = eye_values[i, 4]
        picture[y, x, 0] = np.uint8(min(f32(picture[y, x, 0]) + k * tone(r), f32(255.0)))
        picture[y, x, 1] = np.uint8(min(f32(picture[y, x, 1]) + k * tone(g), f32(255.0)))
        picture[y, x, 2] = np.uint8(min(f32(picture[y, x, 2]) + k * tone(b), f32(255.0)))


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
