"""Kernel that colours eyeballs: white, iris behind a refracting cornea, shade of the lids, mirrored light."""

from __future__ import annotations

import numpy as np

from tth.face.raster.shade import packed, sample_texture
from tth.kernels.jit import F32, I32, U32, Scalar, clamp01, f32, i32, inlined, kernel, soft_step, u32

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
def eye_colour(px: Scalar, py: Scalar, pz: Scalar, u: F32, texture: U32, size: int) -> tuple[Scalar, Scalar, Scalar]:
    """Linear colour of the eyeball in direction (px, py, pz) from its centre, in head space."""
    q = f32(1.0) / np.sqrt(px * px + py * py + pz * pz)
    x = px * q
    y = py * q
    z = pz * q
    gx = u[0] * x + u[1] * y + u[2] * z
    gy = u[3] * x + u[4] * y + u[5] * z
    # shade of the lids: distance below the upper margin and above the lower one
    t = clamp01((x + f32(1.0)) * f32(0.5)) * f32(LID_STEPS - 1)
    k = u32(min(i32(t), i32(LID_STEPS - 2)))
    ft = t - f32(i32(k))
    upper = u[u32(k + u32(UPPER_LID))] * (f32(1.0) - ft) + u[u32(k + u32(UPPER_LID + 1))] * ft
    lower = u[u32(k + u32(LOWER_LID))] * (f32(1.0) - ft) + u[u32(k + u32(LOWER_LID + 1))] * ft
    shade = f32(0.42) + f32(0.58) * soft_step(f32(-0.02), f32(0.36), upper - y)
    shade *= f32(0.72) + f32(0.28) * soft_step(f32(-0.02), f32(0.14), y - lower)
    shade *= f32(1.0) - f32(0.35) * soft_step(f32(0.62), f32(1.0), abs(x))
    # refraction: the iris lies behind the cornea, so it shifts with the view
    radius = np.sqrt(gx * gx + gy * gy)
    iris = u[IRIS]
    inside = f32(1.0) - soft_step(iris * f32(0.9), iris * f32(1.02), radius)
    parallax = inside * f32(0.10) * max(f32(0.0), f32(1.0) - (radius / iris) * (radius / iris))
    n = f32(size)
    tu = (gx - parallax * u[VIEW_IN_EYE]) / f32(TEXTURE_REACH) * f32(0.5) + f32(0.5)
    tv = f32(0.5) - (gy - parallax * u[VIEW_IN_EYE + 1]) / f32(TEXTURE_REACH) * f32(0.5)
    r, g, b, is_iris = sample_texture(texture, size, size, tu * n, tv * n)
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
def colour_eye(
    count: int, values: F32, source: I32, eye: int, uniforms: F32, texture: U32, size: int, colour: U32
) -> None:
    """The fragments of one eye, 0 or 1; those of the other are left alone. size: sides of the texture."""
    for i in range(count):
        r, g, b = eye_colour(values[i * 8], values[i * 8 + 1], values[i * 8 + 2], uniforms, texture, size)
        one = packed(r, g, b, source[i])
        colour[i] = one if i32(values[i * 8 + 3] + f32(0.5)) == i32(eye) else colour[i]
