"""Kernels that colour fragments: interpolation, textures, materials, tone curve. The eyeballs are in eyes.py."""

from __future__ import annotations

import numpy as np

from tth.kernels.jit import F32, I32, U8, U32, Scalar, Whole, clamp01, f32, i32, inlined, kernel, u32


def packed_texture(texture: U8) -> U32:
    """A texture uint8 (h, w, 2 or 4) in the form that the kernels read: uint32 (h * w + w + 1), 8 bits per channel;
    the texels added at the end let a bilinear fetch read beyond the last row."""
    height, width, channels = texture.shape
    whole = np.zeros((height * width + width + 1, 4), np.uint8)
    whole[: height * width, :channels] = texture.reshape(-1, channels)
    return whole.view("<u4").ravel()


@inlined
def sample_texture(
    texture: U32, width: int, height: int, u: Scalar, v: Scalar
) -> tuple[Scalar, Scalar, Scalar, Scalar]:
    """Bilinear fetch from a packed texture at (u, v) in texels, as four values 0..1.

    Two channels at a time are blended in one multiplication per texel: weights are whole numbers that add up to 256,
    so a channel's sum stays below 2^16 and never spills into its neighbour.
    """
    us = i32(min(max(u, f32(0.0)), f32(width) - f32(1.01)) * f32(16.0))
    vs = i32(min(max(v, f32(0.0)), f32(height) - f32(1.01)) * f32(16.0))
    fx = u32(us & i32(15))
    fy = u32(vs & i32(15))
    w11 = u32(fx * fy)
    w10 = u32(fx * u32(16) - w11)
    w01 = u32(fy * u32(16) - w11)
    w00 = u32(u32(256) - w11 - w10 - w01)
    at = u32(i32(vs >> i32(4)) * i32(width) + i32(us >> i32(4)))
    below = u32(at + u32(width))
    t00 = texture[at]
    t10 = texture[u32(at + u32(1))]
    t01 = texture[below]
    t11 = texture[u32(below + u32(1))]
    mask = u32(0xFF00FF)
    even = u32((t00 & mask) * w00 + (t10 & mask) * w10 + (t01 & mask) * w01 + (t11 & mask) * w11)
    odd = u32(
        (u32(t00 >> u32(8)) & mask) * w00
        + (u32(t10 >> u32(8)) & mask) * w10
        + (u32(t01 >> u32(8)) & mask) * w01
        + (u32(t11 >> u32(8)) & mask) * w11
    )
    k = f32(1 / (255.0 * 256.0))
    r = f32(i32(even & u32(0xFFFF))) * k
    g = f32(i32(odd & u32(0xFFFF))) * k
    b = f32(i32(even >> u32(16))) * k
    a = f32(i32(odd >> u32(16))) * k
    return r, g, b, a


@inlined
def tone(x: Scalar) -> Whole:
    """Linear light -> display value 1..255: a filmic curve x / (x + 0.155) that includes the display's gamma. Not 0,
    so that the sum of a pixel's colours is 0 only where there is none."""
    light = max(x, f32(0.0))
    return u32(i32(min(max(f32(259.8) * light / (light + f32(0.155)) + f32(0.5), f32(1.0)), f32(255.0))))


@inlined
def packed(r: Scalar, g: Scalar, b: Scalar, source: int) -> Whole:
    """The display colour of linear r, g, b, times the samples that show it: 10 bits per channel, and above them the
    number of samples, of which 4 is written as 0."""
    samples = u32(u32(source) >> u32(16))
    red = tone(r)
    green = tone(g)
    blue = tone(b)
    return u32((red | (green << u32(10)) | (blue << u32(20))) * samples + (samples << u32(30)))


@kernel
def interpolate(
    count: int, pixel: I32, source: I32, top: int, triangles: I32, screen: F32, vertex: F32, values: F32
) -> None:
    """values (count * 8) = the vertex values of each fragment's triangle at the centre of its pixel.

    screen (n, 4): as in rasterise. vertex (n, 8): light r, g, b, highlight, u, v and two that are unused, so that a
    vertex is one vector; of an eyeball the direction from its centre and which eye.
    """
    one = f32(1.0)
    half = f32(0.5)
    for i in range(count):
        px = f32(i32(pixel[i] & i32(0xFFFF))) + half
        py = f32(i32(pixel[i] >> i32(16))) + f32(top) + half
        t = u32(u32(source[i]) & u32(0xFFFF))
        a = u32(triangles[t, 0])
        b = u32(triangles[t, 1])
        c = u32(triangles[t, 2])
        x2 = screen[c, 0]
        y2 = screen[c, 1]
        x0 = screen[a, 0] - x2
        y0 = screen[a, 1] - y2
        x1 = screen[b, 0] - x2
        y1 = screen[b, 1] - y2
        inverse = one / (x0 * y1 - x1 * y0)
        qx = px - x2
        qy = py - y2
        wa = clamp01((qx * y1 - x1 * qy) * inverse)
        wb = min(clamp01((x0 * qy - qx * y0) * inverse), one - wa)
        wc = one - wa - wb
        of_a = vertex[a]
        of_b = vertex[b]
        of_c = vertex[c]
        out = values[i * 8 : i * 8 + 8]
        for k in range(8):
            out[k] = wa * of_a[k] + wb * of_b[k] + wc * of_c[k]


@kernel
def colour_skin(count: int, values: F32, source: I32, texture: U32, width: int, height: int, colour: U32) -> None:
    """Skin and cloth: light times the square of the texture, which holds square roots, and its gloss (127 = 1)."""
    for i in range(count):
        r, g, b, gloss = sample_texture(
            texture, width, height, values[i * 8 + 4] * f32(width), values[i * 8 + 5] * f32(height)
        )
        s = values[i * 8 + 3] * gloss * f32(2.0)
        colour[i] = packed(
            values[i * 8] * r * r + s,
            values[i * 8 + 1] * g * g + s * f32(0.96),
            values[i * 8 + 2] * b * b + s * f32(0.92),
            source[i],
        )


@kernel
def colour_plain(count: int, values: F32, source: I32, colour: U32) -> None:
    """Light and highlight alone."""
    for i in range(count):
        s = values[i * 8 + 3]
        colour[i] = packed(values[i * 8] + s, values[i * 8 + 1] + s, values[i * 8 + 2] + s, source[i])


@kernel
def colour_hair(count: int, values: F32, source: I32, texture: U32, size: int, colour: U32) -> None:
    """Light by the strands' brightness, highlight by its break-up (128 = 1). size: a power of 2."""
    last = i32(size - 1)
    for i in range(count):
        u = u32(i32(values[i * 8 + 4] * f32(size)) & last)
        v = u32(i32(values[i * 8 + 5] * f32(size)) & last)
        texel = texture[u32(v * u32(size) + u)]
        h = f32(i32(texel & u32(0xFF))) * f32(1 / 128.0)
        s = values[i * 8 + 3] * f32(i32(u32(texel >> u32(8)) & u32(0xFF))) * f32(1 / 128.0)
        colour[i] = packed(
            values[i * 8] * h + s,
            values[i * 8 + 1] * h + s * f32(0.95),
            values[i * 8 + 2] * h + s * f32(0.88),
            source[i],
        )


@kernel
def add_colours(count: int, pixel: I32, width: int, colour: U32, sums: U32) -> None:
    """Add each colour to the sum of its pixel."""
    for i in range(count):
        p = u32(u32(pixel[i] >> i32(16)) * u32(width) + u32(pixel[i] & i32(0xFFFF)))
        sums[p] = u32(sums[p] + colour[i])
