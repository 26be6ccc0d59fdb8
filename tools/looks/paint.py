"""Colour and gloss of skin, from the place on the face."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from tools.looks.face_hair import beard_area, brow_arc
from tools.looks.fields import CARUNCLE
from tools.looks.hairline import above_hairline
from tools.looks.jit import Floats
from tools.looks.march import Surface
from tools.looks.noise import fractal
from tools.looks.person import Person
from tools.looks.relief import lip_curves
from tools.looks.sculpt import EYE_Z


class Finish(NamedTuple):
    """How a surface answers light."""

    albedo: Floats
    """(h, w, 3), linear."""
    roughness: Floats
    """(h, w)"""
    gloss: Floats
    """(h, w): factor on what is mirrored."""


def soft_step(low: float, high: float, x: Floats) -> Floats:
    """0 at low, 1 at high."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def mix(a: Floats, b: Floats, t: Floats) -> Floats:
    """a where t is 0, b where it is 1; a (h, w, 3), t (h, w)."""
    return a + (b - a) * t[..., None]


class _Face(NamedTuple):
    """Where each pixel lies on the face."""

    x: Floats
    """Distance from the middle, never negative."""
    y: Floats
    z: Floats
    front: Floats
    """1 on the face, 0 on the back of the head."""
    base: Floats
    """Colour of the skin."""
    coarse: Floats
    fine: Floats

    def spot(self, x: float, y: float, rx: float, ry: float) -> Floats:
        return np.exp(-(((self.x - x) / rx) ** 2) - ((self.y - y) / ry) ** 2)


def paint_skin(person: Person, surface: Surface) -> Finish:
    """Blood, shade, marks, scalp, lips and lids over the person's skin colour."""
    place, base = surface.place, person.colours.linear("skin")
    coarse, fine = fractal(place, 5.0, 3, person.seed), fractal(place, 28.0, 3, person.seed + 9)
    x, y, z = np.abs(place[..., 0]), place[..., 1], place[..., 2]
    face = _Face(x, y, z, soft_step(0.0, 0.3, z), base, coarse, fine)
    albedo: Floats = (
        np.ones(place.shape, np.float32) * base * (1 + 0.12 * (coarse - 0.5) + 0.12 * (fine - 0.5))[..., None]
    )
    albedo = _marks(person, surface, face, _blood(person, face, albedo))
    albedo = _hair_shade(person, surface, face, albedo)
    albedo, lips = _lips(person, surface, face, albedo)
    rim = soft_step(
        person.eyes.radius + 0.030, person.eyes.radius + 0.010, np.hypot(np.hypot(x - person.eyes.x, y), z - EYE_Z)
    )
    rim = rim * face.front
    albedo = mix(albedo, base * np.array([0.95, 0.62, 0.58]), 0.55 * rim)
    albedo = mix(albedo, base * np.array([0.10, 0.04, 0.035]), 0.92 * _nostrils(person, face))
    caruncle = surface.material == CARUNCLE
    albedo[caruncle] = (0.55, 0.20, 0.17)
    roughness = (
        0.45 - 0.06 * face.front * (face.spot(0, 0, 0.08, 0.4) + face.spot(0, 0.5, 0.3, 0.2)) + 0.06 * (fine - 0.5)
    )
    roughness = np.where(caruncle, 0.2, roughness * (1 - lips) + 0.33 * lips)
    gloss = person.skin.shine * (1.15 + 0.4 * (fine - 0.5)) - 0.30 * lips + 1.3 * rim
    return Finish(np.clip(albedo, 0, 1).astype(np.float32), roughness.astype(np.float32), gloss.astype(np.float32))


def _blood(person: Person, face: _Face, albedo: Floats) -> Floats:
    """Red where blood is near, cool and dark below the eyes."""
    w, nose, mouth = person.head.width, person.nose, person.mouth
    red = face.base * np.array([1.03, 0.66, 0.60])
    blush: Floats = 0.62 * face.spot(0.40 * w, mouth.y * 0.48, 0.21, 0.15) + 0.50 * face.spot(
        0, -0.27 + nose.y, 0.10, 0.09
    )
    blush += 0.22 * face.spot(0, person.head.chin_y, 0.16, 0.10) + 0.24 * face.spot(person.eyes.x, 0.11, 0.17, 0.05)
    blush = face.front * blush
    ear = soft_step(0.66, 0.74, face.x / w) * soft_step(0.35, 0.2, np.abs(face.y + 0.05)) * (face.z < 0.2)
    albedo = mix(albedo, red, np.clip(person.skin.blush * (blush + 0.35 * ear) * (0.75 + 0.5 * face.coarse), 0, 1))
    below = (0.34 + 0.5 * person.head.age) * face.front * face.spot(person.eyes.x - 0.02, -0.12, 0.14, 0.045)
    albedo = mix(albedo, face.base * np.array([0.80, 0.70, 0.74]), below)
    bridge = 0.26 * face.front * face.spot(0.13, 0.02, 0.06, 0.08)
    return mix(albedo, face.base * np.array([0.85, 0.74, 0.70]), bridge)


def _marks(person: Person, surface: Surface, face: _Face, albedo: Floats) -> Floats:
    """Freckles, a mole or two, spots of age."""
    skin, place = person.skin, surface.place
    warm = face.base * np.array([0.66, 0.48, 0.38])
    if skin.freckles > 0:
        albedo = mix(albedo, warm, skin.freckles * face.front * _freckles(person, face, place))
    if person.head.age > 0.5:
        spots = soft_step(0.60, 0.72, fractal(place, 16.0, 2, person.seed + 31)) * face.front
        albedo = mix(albedo, warm, 0.28 * (person.head.age - 0.5) * 2 * spots)
    rng = np.random.default_rng(person.seed + 100)
    for _ in range(skin.moles):
        mx, my, r = rng.uniform(-0.42, 0.42), rng.uniform(-0.50, 0.0), rng.uniform(0.007, 0.011)
        mx += 0.12 * np.sign(mx)
        d = np.hypot(place[..., 0] - mx, place[..., 1] - my) + 0.004 * (face.fine - 0.5)
        albedo = mix(
            albedo, face.base * np.array([0.34, 0.22, 0.18]), 0.75 * soft_step(r * 1.25, r * 0.6, d) * face.front
        )
    return albedo


def _freckles(person: Person, face: _Face, place: Floats) -> Floats:
    """Small dots of different strength over nose and cheeks, a few on the forehead."""
    rng = np.random.default_rng(person.seed + 101)
    cheeks = np.stack([rng.normal(0, 0.26, 260), rng.normal(-0.20, 0.085, 260)], 1)
    forehead = np.stack([rng.normal(0, 0.25, 30), rng.normal(0.38, 0.09, 30)], 1)
    dots = np.concatenate([cheeks, forehead])
    radius = 0.0045 + 0.0055 * rng.random(len(dots)) ** 2
    strength = rng.uniform(0.15, 0.9, len(dots))
    out = np.zeros(face.x.shape)
    skin = face.front > 0
    away, nearest = cKDTree(dots).query(place[skin][:, :2])
    edge = away * (1 + 0.5 * (face.fine[skin] - 0.5))
    out[skin] = strength[nearest] * soft_step(1.0, 0.35, edge / radius[nearest])
    return out


def _hair_shade(person: Person, surface: Surface, face: _Face, albedo: Floats) -> Floats:
    """What hair that is too fine to be drawn does to the skin: scalp, below the brows, a shaven beard."""
    skin, place = person.skin, surface.place
    hair, brows = person.colours.linear("hair"), person.colours.linear("brows")
    scalp = soft_step(-0.05, 0.10, above_hairline(person, place.reshape(-1, 3)).reshape(face.x.shape)) * (face.x < 0.72)
    albedo = mix(albedo, face.base * 0.25 + hair * 0.5, (0.88 - 0.5 * person.hair.grey) * scalp)
    u = (face.x - 0.120) / 0.375
    arc = brow_arc(person, np.clip(u, 0, 1))
    inside = (
        np.exp(-(((face.y - arc.y) / (arc.half_width * 0.85)) ** 2))
        * soft_step(-0.06, 0.12, u)
        * soft_step(1.06, 0.8, u)
    )
    albedo = mix(albedo, face.base * 0.35 + brows * 0.65, 0.55 * inside * face.front)
    cover = max(skin.stubble, 0.8 if skin.beard > 0 else 0.0)
    if cover > 0:
        dots = fractal(place, 120.0, 2, 3)
        area = beard_area(person, place.reshape(-1, 3)).reshape(face.x.shape)
        tone = face.base * np.array([0.52, 0.53, 0.58]) if skin.beard == 0 else face.base * 0.45 + hair * 0.4
        albedo = mix(albedo, tone, np.clip(cover * area * (0.35 + 0.9 * dots), 0, 0.85))
    return albedo


def _lips(person: Person, surface: Surface, face: _Face, albedo: Floats) -> tuple[Floats, Floats]:
    """Vermilion, darker where the lips meet; also the lips' mask."""
    w = person.mouth.half_width
    curves = lip_curves(person, surface.place[..., 0])
    soft = 0.011
    mask = soft_step(-soft, soft, curves.top - face.y) * soft_step(-soft, soft * 1.6, face.y - curves.bottom)
    mask = mask * soft_step(w * 1.02, w * 0.90, face.x) * face.front
    lines = fractal(surface.place * np.array([1.0, 0.25, 1.0], np.float32), 60.0, 2, 2)
    colour = person.colours.linear("lips")
    lip = np.ones(albedo.shape, np.float32) * colour * (1 + 0.16 * (lines - 0.5))[..., None]
    dark = np.exp(-(((face.y - curves.seam) / 0.014) ** 2))
    lip = mix(lip, colour * np.array([0.42, 0.28, 0.28]), 0.85 * dark)
    return mix(albedo, lip, mask * 0.88), mask


def _nostrils(person: Person, face: _Face) -> Floats:
    n = person.nose
    u = (face.x - 0.057 * n.width) / 0.030
    v = (face.y + 0.357 - n.y - 0.25 * (face.x - 0.05)) / 0.0125
    return soft_step(1.5, 0.5, u * u + v * v) * face.front
