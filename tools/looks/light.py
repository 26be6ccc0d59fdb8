"""Light on the surface by Monte Carlo: what falls on each pixel's place, and what it mirrors to the camera.

Samples follow a lattice turned by a hash of the pixel, so a picture is the same in every run and its noise is blue
enough for the edge-aware filter (Dammertz et al. 2010, edge-avoiding a-trous wavelets).
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from tools.looks.jit import Floats, helper, kernel
from tools.looks.march import Surface
from tools.looks.noise import hash01
from tools.looks.volume import Volume, transmittance


def falling_light(surface: Surface, body: Volume, hair: Volume, lights: Floats, bounce: Floats, rays: int) -> Floats:
    """Light that falls on every pixel's place, (h, w, 3), its noise smoothed.

    bounce: colour of what blocked light comes back from; rays: samples a pixel."""
    out = np.zeros(surface.normal.shape, np.float32)
    _diffuse(surface, body, hair, lights, bounce, rays, out)
    for hop in (1, 2, 4):
        out = _smooth(out, surface, hop)
    return out


def mirrored_light(
    surface: Surface, roughness: Floats, body: Volume, hair: Volume, lights: Floats, rays: int
) -> Floats:
    """What the surface mirrors to the camera, (h, w, 3)."""
    out = np.zeros(surface.normal.shape, np.float32)
    _specular(surface, roughness, body, hair, lights, max(rays // 2, 4), out)
    return _smooth(out, surface, 1)


@helper
def _panels(dx: float, dy: float, dz: float, lights: Floats, mirrored: bool) -> tuple[float, float, float]:
    """Radiance of the studio from a direction: a dome that is brighter above, and the panels."""
    u = 0.5 + 0.5 * dy
    r, g, b = 0.062 + 0.100 * u, 0.055 + 0.104 * u, 0.054 + 0.116 * u
    for i in range(0 if mirrored else 1, lights.shape[0]):
        q = lights[i]
        t = min(max((dx * q[0] + dy * q[1] + dz * q[2] - q[6]) / (q[7] - q[6]), 0.0), 1.0)
        w = t * t * (3 - 2 * t)
        r, g, b = r + w * q[3], g + w * q[4], b + w * q[5]
    return r, g, b


@helper
def _tangent(nx: float, ny: float, nz: float) -> tuple[float, float, float, float, float, float]:
    """Two directions across a normal (Duff et al. 2017)."""
    sign = 1.0 if nz >= 0 else -1.0
    a = -1.0 / (sign + nz)
    b = nx * ny * a
    return 1.0 + sign * nx * nx * a, sign * b, -sign * nx, b, sign + ny * ny * a, -ny


@kernel
def _diffuse(
    surface: Surface, body: Volume, hair: Volume, lights: Floats, bounce: Floats, rays: int, out: Floats
) -> None:
    h, w = surface.material.shape
    key = lights[0]
    kx, ky, kz = key[0], key[1], key[2]
    ux, uy, uz, vx, vy, vz = _tangent(kx, ky, kz)
    for j in nb.prange(h):
        for i in range(w):
            if surface.material[j, i] == 0:
                continue
            n, p = surface.normal[j, i], surface.place[j, i]
            nx, ny, nz = n[0], n[1], n[2]
            x, y, z = p[0] + nx * 0.012, p[1] + ny * 0.012, p[2] + nz * 0.012
            s1, s2 = hash01(i * 7919 + j * 104729), hash01(i * 15485863 + j * 32452843 + 17)
            tx, ty, tz, bx, by, bz = _tangent(nx, ny, nz)
            r, g, b = 0.0, 0.0, 0.0
            for s in range(rays):
                u1 = (s + s1) / rays
                turn = 6.2831853 * ((s * 0.6180339887 + s2) % 1.0)
                c, d, e = math.sqrt(u1) * math.cos(turn), math.sqrt(u1) * math.sin(turn), math.sqrt(max(1 - u1, 0.0))
                dx, dy, dz = tx * c + bx * d + nx * e, ty * c + by * d + ny * e, tz * c + bz * d + nz * e
                er, eg, eb = _panels(dx, dy, dz, lights, False)
                v = transmittance(x, y, z, dx, dy, dz, body, hair)
                r += er * (v + (1 - v) * 0.30 * bounce[0])
                g += eg * (v + (1 - v) * 0.30 * bounce[1])
                b += eb * (v + (1 - v) * 0.30 * bounce[2])
                # the key is a disc of directions
                c, d = 0.34 * c, 0.34 * d
                dx, dy, dz = kx + ux * c + vx * d, ky + uy * c + vy * d, kz + uz * c + vz * d
                q = math.sqrt(dx * dx + dy * dy + dz * dz)
                dx, dy, dz = dx / q, dy / q, dz / q
                facing = nx * dx + ny * dy + nz * dz
                if facing > 0.0:
                    v = transmittance(x, y, z, dx, dy, dz, body, hair) * facing
                    r, g, b = r + v * key[8], g + v * key[9], b + v * key[10]
            out[j, i, 0], out[j, i, 1], out[j, i, 2] = r / rays, g / rays, b / rays


@kernel
def _specular(
    surface: Surface, roughness: Floats, body: Volume, hair: Volume, lights: Floats, rays: int, out: Floats
) -> None:
    """GGX half vectors (Walter et al. 2007) with Schlick's Fresnel for skin (F0 0.028)."""
    h, w = surface.material.shape
    for j in nb.prange(h):
        for i in range(w):
            if surface.material[j, i] == 0:
                continue
            n, p = surface.normal[j, i], surface.place[j, i]
            nx, ny, nz = n[0], n[1], n[2]
            x, y, z = p[0] + nx * 0.012, p[1] + ny * 0.012, p[2] + nz * 0.012
            wx, wy, wz = -p[0], -p[1] - 0.2, 10.0 - p[2]
            q = math.sqrt(wx * wx + wy * wy + wz * wz)
            wx, wy, wz = wx / q, wy / q, wz / q
            s1, s2 = hash01(i * 7919 + j * 104729), hash01(i * 15485863 + j * 32452843 + 17)
            tx, ty, tz, bx, by, bz = _tangent(nx, ny, nz)
            alpha = roughness[j, i] ** 2
            r, g, b = 0.0, 0.0, 0.0
            for s in range(rays):
                u1 = (s + s2) / rays
                turn = 6.2831853 * ((s * 0.6180339887 + s1) % 1.0)
                ct = math.sqrt((1 - u1) / (1 + (alpha * alpha - 1) * u1))
                st = math.sqrt(max(1 - ct * ct, 0.0))
                c, d = st * math.cos(turn), st * math.sin(turn)
                hx, hy, hz = tx * c + bx * d + nx * ct, ty * c + by * d + ny * ct, tz * c + bz * d + nz * ct
                wh = wx * hx + wy * hy + wz * hz
                if wh <= 0:
                    continue
                dx, dy, dz = 2 * wh * hx - wx, 2 * wh * hy - wy, 2 * wh * hz - wz
                facing = nx * dx + ny * dy + nz * dz
                if facing <= 0:
                    continue
                f = (0.028 + 0.972 * (1 - wh) ** 5) * min(facing * 3.0, 1.0)
                f *= transmittance(x, y, z, dx, dy, dz, body, hair)
                er, eg, eb = _panels(dx, dy, dz, lights, True)
                r, g, b = r + er * f, g + eg * f, b + eb * f
            out[j, i, 0], out[j, i, 1], out[j, i, 2] = r / rays, g / rays, b / rays


@kernel
def _smooth(noisy: Floats, surface: Surface, hop: int) -> Floats:
    """One pass of the edge-aware filter: neighbours `hop` pixels apart, of the same material and facing."""
    h, w = surface.material.shape
    out = np.zeros_like(noisy)
    for j in nb.prange(h):
        for i in range(w):
            m = surface.material[j, i]
            if m == 0:
                continue
            total, r, g, b = 0.0, 0.0, 0.0, 0.0
            n = surface.normal[j, i]
            for dj in range(-2, 3):
                y = j + dj * hop
                if y < 0 or y >= h:
                    continue
                for di in range(-2, 3):
                    x = i + di * hop
                    if x < 0 or x >= w or surface.material[y, x] != m:
                        continue
                    q = surface.normal[y, x]
                    c = n[0] * q[0] + n[1] * q[1] + n[2] * q[2]
                    if c < 0.5:
                        continue
                    dz = surface.place[j, i, 2] - surface.place[y, x, 2]
                    k = c**24 * math.exp(-dz * dz * 400.0) / (1.0 + 0.4 * (di * di + dj * dj))
                    total += k
                    r, g, b = r + k * noisy[y, x, 0], g + k * noisy[y, x, 1], b + k * noisy[y, x, 2]
            out[j, i, 0], out[j, i, 1], out[j, i, 2] = r / total, g / total, b / total
    return out
