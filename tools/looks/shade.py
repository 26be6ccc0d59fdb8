"""From surface and strands to a picture: paint, light, light inside the skin, hair on top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.looks import studio
from tools.looks.cloth import paint_cloth
from tools.looks.eyes import paint_eye
from tools.looks.fields import CARUNCLE, CLOTH, EYE, SKIN, Figure
from tools.looks.jit import Floats
from tools.looks.light import falling_light, mirrored_light
from tools.looks.march import Camera, Surface, march
from tools.looks.noise import fractal
from tools.looks.paint import paint_skin
from tools.looks.person import Person
from tools.looks.strands import Strands, draw_strands
from tools.looks.volume import Volume

_SPREAD = (0.004, 0.011, 0.026, 0.055)
"""How far light wanders inside skin, decimetres: a sum of four Gaussians,"""
_SPREAD_WEIGHTS = ((0.20, 0.24, 0.32, 0.24), (0.42, 0.34, 0.19, 0.05), (0.60, 0.31, 0.09, 0.0))
"""and their weights for red, green and blue (after d'Eon and Luebke, GPU Gems 3, chapter 14)."""
_OVERSAMPLE = 2
"""Strands are drawn this many times finer than the picture."""


class Set(NamedTuple):
    """A person placed in the studio."""

    person: Person
    figure: Figure
    body: Volume
    """Distances that rays of light use."""
    view: Volume
    """Distances that the camera's rays use."""
    hair: Volume


class Lit(NamedTuple):
    """The bust without hair."""

    light: Floats
    """(h, w, 3), linear."""
    surface: Surface


class Picture(NamedTuple):
    """A finished picture; all of the camera's window."""

    rgb: Floats
    """(h, w, 3), sRGB 0..1."""
    alpha: Floats
    """(h, w): 1 on the person."""
    depth: Floats
    """(h, w): z of the nearest surface; -1 where there is only the wall."""
    surface: Surface


def shade(place: Set, camera: Camera, rays: int) -> Lit:
    """Paint and light the bust."""
    person = place.person
    surface = march(camera, place.figure, place.view)
    px = camera.px_per_unit()
    is_eye, is_cloth = surface.material == EYE, surface.material == CLOTH
    is_skin = (surface.material == SKIN) | (surface.material == CARUNCLE)
    finish, eye, cloth = (
        paint_skin(person, surface),
        paint_eye(person, surface.place),
        paint_cloth(person, surface.place),
    )
    albedo = np.where(is_eye[..., None], eye.albedo, np.where(is_cloth[..., None], cloth.albedo, finish.albedo))
    pores = fractal(surface.place, 90.0, 2, 21) * 0.0022 + fractal(surface.place, 34.0, 2, 22) * 0.0014
    rise_y, rise_x = np.gradient(np.where(is_cloth, cloth.height, pores) * px)
    amount = np.where(is_skin, 0.55, np.where(is_cloth, 0.8, 0.0))
    rough = surface.normal.copy()
    rough[..., 0] -= np.clip(rise_x, -0.5, 0.5) * amount
    rough[..., 1] += np.clip(rise_y, -0.5, 0.5) * amount
    rough /= np.linalg.norm(rough, axis=-1, keepdims=True).clip(1e-6)
    rough = np.where(is_eye[..., None], eye.cornea, rough).astype(np.float32)
    roughness = np.where(is_eye, 0.05, np.where(is_cloth, 0.85, finish.roughness)).astype(np.float32)
    bounce = person.colours.linear("skin")
    lit = surface._replace(normal=rough)
    lights, mask = studio.lights(), is_skin.astype(np.float32)
    light = falling_light(lit, place.body, place.hair, lights, bounce, rays)
    light = np.where(is_skin[..., None], _inside_skin(light, mask, px), light)
    light = np.where(is_eye[..., None], _blur(light, is_eye.astype(np.float32), 0.004 * px), light)
    mirrored = mirrored_light(lit, roughness, place.body, place.hair, lights, rays)
    softer = 0.6 * _blur(mirrored, mask, 0.004 * px) + 0.4 * mirrored
    mirrored = np.where(is_skin[..., None], softer, mirrored)
    gloss = np.where(is_skin, finish.gloss, np.where(is_eye, 1.0, 0.4))
    colour = light * albedo + mirrored * gloss[..., None]
    return Lit(colour.astype(np.float32), surface)


def light_on_skin(place: Set, camera: Camera, rays: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Luminance of the light inside the skin, (h, w), and where skin is; quicker than a picture."""
    surface = march(camera, place.figure, place.view)
    skin = surface.material == SKIN
    bounce = place.person.colours.linear("skin")
    light = falling_light(surface, place.body, place.hair, studio.lights(), bounce, rays)
    light = _inside_skin(light, skin.astype(np.float32), camera.px_per_unit())
    return np.asarray((light * np.array([0.3, 0.6, 0.1], np.float32)).sum(-1), np.float32), skin


def photograph(place: Set, camera: Camera, strands: Sequence[Strands], rays: int) -> Picture:
    """The finished picture of the camera's window; strands are lit already."""
    lit = shade(place, camera, rays)
    body = lit.surface.material > 0
    body_z = np.where(body, lit.surface.place[..., 2], -5).astype(np.float32)
    hair, cover, hair_z = _draw(camera, strands, body_z - 0.004)
    mask = cv2.GaussianBlur(body.astype(np.float32), (0, 0), 0.6)
    y, x = slice(camera.y0_px, camera.y0_px + camera.height_px), slice(camera.x0_px, camera.x0_px + camera.width_px)
    wall = studio.wall(place.person, camera.size_px)[y, x]
    picture = wall * (1 - mask[..., None]) + lit.light * mask[..., None]
    picture = picture * (1 - cover[..., None]) + hair
    depth = np.where(body, body_z, -1)
    depth = np.where(cover > 0.5, np.maximum(hair_z, depth), depth)
    return Picture(studio.film(picture), np.maximum(mask, cover), depth.astype(np.float32), lit.surface)


def _draw(camera: Camera, strands: Sequence[Strands], body_z: Floats) -> tuple[Floats, Floats, Floats]:
    """Strands as premultiplied colour, cover and depth."""
    h, w = body_z.shape
    k = _OVERSAMPLE
    picture = np.zeros((h * k, w * k, 3), np.float32)
    nearest = np.full((h * k, w * k), -9.0, np.float32)
    behind = np.asarray(cv2.resize(body_z, (w * k, h * k), interpolation=cv2.INTER_LINEAR), np.float32)
    scale = k * camera.px_per_unit()
    for s in strands:
        if len(s.points):
            colour = np.ascontiguousarray(s.colour)
            z = np.ascontiguousarray(s.points[..., 2])
            draw_strands(camera.project(s.points) * k, z, colour, s.width * scale, s.taper, picture, nearest, behind)
    drawn = (nearest > -8).astype(np.float32)

    def reduced(layer: Floats) -> Floats:
        return np.asarray(cv2.resize(layer, (w, h), interpolation=cv2.INTER_AREA), np.float32)

    cover = reduced(drawn)
    depth = reduced(np.where(drawn > 0, nearest, 0)) / np.maximum(cover, 1e-3)
    return reduced(picture * drawn[..., None]), cover, depth


def _blur(values: Floats, mask: Floats, sigma_px: float) -> Floats:
    """Gaussian blur that takes nothing from outside the mask."""
    total = cv2.GaussianBlur(values * mask[..., None], (0, 0), max(sigma_px, 0.4))
    weight = cv2.GaussianBlur(mask, (0, 0), max(sigma_px, 0.4))
    return np.asarray(total / np.maximum(weight, 1e-4)[..., None], np.float32)


def _inside_skin(falling: Floats, mask: Floats, px_per_unit: float) -> Floats:
    """Light that enters skin leaves it elsewhere, red the farthest."""
    blurred = [_blur(falling, mask, s * px_per_unit) for s in _SPREAD]
    channels = [
        sum(w * b[..., c] for w, b in zip(weights, blurred, strict=True)) for c, weights in enumerate(_SPREAD_WEIGHTS)
    ]
    return np.stack(channels, -1).astype(np.float32)
