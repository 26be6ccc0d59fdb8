"""The skin's colour and gloss, painted on the unwrapped face: blush, lids, lips, brows, stubble, lines of age."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from tth.face.look import Look
from tth.face.sculpt.beard import beard_area
from tth.face.sculpt.brows import brow_cover, cover_at
from tth.face.sculpt.glasses import frame_shadow, shadow_at
from tth.face.sculpt.hairline import hairline
from tth.face.sculpt.locks import greyed
from tth.face.sculpt.maths import Floats, bell, linear, smoothstep
from tth.face.sculpt.noise import noise
from tth.face.sculpt.proportions import height, jaw_line, on_average
from tth.face.sculpt.skin import Skin
from tth.face.sculpt.unwrap import unwrap

TEXTURE_SIZE = 1024
GLOSS_ONE = 127
"""Value of the gloss channel that means 1."""
LINER = (40, 26, 24)
SHADE = (0.62, 0.54, 0.54)
"""Skin in the shadow of a frame."""
INSIDE_OF_MOUTH = np.array([0.19, 0.055, 0.052])


class SkinPaint:
    """A layered painting: `colour` is linear light (n, n, 3), `gloss` (n, n); positions are on the average face."""

    def __init__(self, skin: Skin, look: Look, size: int = TEXTURE_SIZE) -> None:
        self.look, self.size = look, size
        self.rng = np.random.default_rng(look.seed)
        self.flat = unwrap(skin, size)
        self.x, self.real_y, self.z = (self.flat.points[..., axis] for axis in range(3))
        self.y = on_average(look.shape, self.real_y)
        self.abs_x = np.abs(self.x)
        self.front = smoothstep(-75, -35, self.z)
        self.base = linear(look.skin.tone)
        self.darkness = float(np.clip(1 - self.base.mean() / 0.55, 0, 1))
        self.colour: Floats = np.ones((size, size, 3)) * self.base
        self.gloss: Floats = np.full((size, size), 0.75)

    def noise(self, blur: float | tuple[float, float]) -> Floats:
        """Random grain of variance 1."""
        return noise((self.size, self.size), blur, self.rng)

    def spot(self, x: float, y: float, width: float, high: float) -> Floats:
        """A Gaussian spot on both sides of the face; at x = 0 on the midline."""
        d = ((self.abs_x - x) / width) ** 2 + ((self.y - y) / high) ** 2
        return np.asarray(np.exp(-0.5 * d) * self.front)

    def glaze(self, weight: Floats, factor: tuple[float, float, float]) -> None:
        """Multiply the colour by `factor` where weight is 1."""
        self.colour = self.colour * (1 + weight[..., None] * (np.array(factor) - 1))

    def cover(self, weight: Floats, colour: ArrayLike) -> None:
        """Replace the colour where weight is 1."""
        self.colour = self.colour * (1 - weight[..., None]) + weight[..., None] * np.asarray(colour, float)

    def encoded(self) -> NDArray[np.uint8]:
        """uint8 (n, n, 4): square root of the colour, and gloss; bled over the borders of the skin."""
        picture = np.dstack([np.sqrt(np.clip(self.colour, 0, 1)) * 255, np.clip(self.gloss * GLOSS_ONE, 0, 255)])
        picture, known = picture.astype(np.float32), self.flat.covered
        for _ in range(3):
            blurred = cv2.blur(picture * known[..., None].astype(np.float32), (5, 5))
            weight = cv2.blur(known.astype(np.float32), (5, 5))
            grown = blurred / np.maximum(weight, 1e-3)[..., None]
            picture = np.where((~known & (weight > 0.01))[..., None], grown, picture)
            known = known | (weight > 0.01)
        return np.asarray(np.clip(picture, 0, 255), np.uint8)


def skin_texture(skin: Skin, look: Look) -> NDArray[np.uint8]:
    """The skin texture, uint8 (1024, 1024, 4): square-root encoded linear colour, and gloss with 127 = 1."""
    paint = SkinPaint(skin, look)
    _blush_and_gloss(paint)
    if look.skin.stubble > 0:
        _stubble(paint)
    if look.skin.freckles > 0:
        _freckles(paint)
    _nostrils(paint)
    _lids(paint)
    _lips(paint)
    if look.beard.style != "none":
        _beard_ground(paint)
    if look.skin.age > 0:
        _age(paint)
    cover = cover_at(brow_cover(look.brows, look.shape, paint.rng), paint.x, paint.y)
    cover = cover * (paint.z > -40) * paint.flat.covered
    paint.cover(cover, linear(look.brows.colour))
    paint.gloss = paint.gloss * (1 - 0.7 * cover)
    _hair_roots(paint)
    if look.glasses.frame != "none":
        paint.glaze(0.5 * shadow_at(frame_shadow(look.glasses, look.shape), paint.x, paint.real_y) * paint.front, SHADE)
    return paint.encoded()


def _blush_and_gloss(p: SkinPaint) -> None:
    """Mottling, red of cheeks, nose and chin, darker eye sockets, shine of the zones that are oily in life."""
    look, shape = p.look, p.look.shape
    blush = look.skin.blush * (1 - 0.45 * p.darkness)  # darker skins show less red
    p.glaze(p.noise(34) * 0.035, (1.3, 0.6, 0.5))
    p.glaze(p.noise(9) * 0.02, (1, 0.3, 0.2))
    p.glaze(p.noise(1.3) * 0.018, (0.2, 0.2, 0.2))
    p.glaze(p.spot(37, -32, 13, 11) * 0.62 * blush, (1.03, 0.72, 0.70))
    p.glaze(p.spot(32, -26, 26, 18) * 0.40 * blush, (1.0, 0.80, 0.78))
    p.glaze(p.spot(0, -38, 9, 7) * 0.70 * blush, (1.02, 0.74, 0.70))
    p.glaze(p.spot(13, -41, 5, 5) * 0.4 * blush, (0.97, 0.74, 0.70))
    p.glaze(p.spot(0, -99, 13, 8) * 0.3 * blush, (1, 0.82, 0.8))
    p.glaze(p.spot(0, 50, 40, 22) * 0.35, (1.05, 1.06, 1.02))
    p.glaze(p.spot(0, 5, 30, 60) * 0.10, (1.05, 1.04, 1.0))
    jaw = smoothstep(-72, -112, p.y + 0.35 * p.abs_x) * smoothstep(-95, -40, p.z) * smoothstep(-135, -112, p.y)
    p.glaze(jaw * 0.5, (0.90, 0.93, 0.97))  # cooler below, as blood lies deeper there
    p.glaze(smoothstep(44, 62, p.abs_x) * bell(p.y - 20, 30) * p.front * 0.4, (0.94, 0.95, 0.98))
    below_jaw = jaw_line(p.z) - p.y
    p.glaze(smoothstep(-3, 9, below_jaw) * smoothstep(58, 9, below_jaw) * 0.75, (0.66, 0.56, 0.53))  # the head's shade
    below_eye = p.spot(shape.eye_spacing - 5, shape.eye_height - 12, 12, 5)
    p.glaze(below_eye * (0.28 + 0.45 * look.skin.age), (0.86, 0.76, 0.82))
    p.glaze(p.spot(15, 2, 5, 9) * 0.3, (0.85, 0.74, 0.76))
    gloss = p.gloss + 0.38 * p.spot(0, 48, 28, 20) + 0.32 * p.spot(0, -18, 3.5, 18) + 0.40 * p.spot(0, -36, 6, 5)
    gloss = gloss + 0.26 * p.spot(46, -20, 10, 8) + 0.2 * p.spot(0, -98, 9, 6)
    p.gloss = gloss * look.skin.gloss * (1 + 0.25 * p.darkness) * (1 + 0.10 * p.noise(2.0))


def _stubble(p: SkinPaint) -> None:
    """Bluish grain on the beard area."""
    strength, x, y = p.look.skin.stubble, p.abs_x, p.y
    beard = smoothstep(-40, -60, y + 10 * smoothstep(25, 60, x)) * smoothstep(-122, -104, y)
    beard = beard * smoothstep(-95, -70, p.z)
    beard = beard * (1 - 0.85 * np.exp(-(((x - 33) / 13) ** 2) - ((y + 52) / 12) ** 2))  # bare cheek
    moustache = np.exp(-((x / 20) ** 2) - ((y - p.look.shape.mouth_height - 13) / 5) ** 2) * p.front
    sideburn = smoothstep(58, 62, x) * smoothstep(-40, 0, y) * smoothstep(10, 0, y) * 0.6
    beard = np.maximum(np.maximum(beard, moustache), sideburn) * (p.flat.lip_at < -0.03)
    grain = np.clip(0.5 + 0.5 * p.noise(0.6), 0, 1)
    colour = p.base * np.array([0.34, 0.33, 0.36]) * 0.5 + linear(p.look.brows.colour) * 0.5
    p.cover(beard * strength * (0.30 + 0.55 * grain), colour)
    p.gloss = p.gloss * (1 - 0.35 * beard * strength)


def _beard_ground(p: SkinPaint) -> None:
    """What is seen of a beard between its locks: hairs painted along their growth."""
    beard, shape = p.look.beard, p.look.shape
    area = beard_area(beard.style, shape.mouth_height, p.abs_x, p.y, p.z) * (p.flat.lip_at < -0.12)
    area = area * smoothstep(-0.10, -0.32, p.flat.lip_at)
    hairs = np.clip(0.5 + 0.5 * p.noise((0.8, 4.0)), 0, 1)
    cover = np.clip(1.5 * area - 0.5 * (1 - area) * hairs, 0, 0.94)
    p.cover(cover, greyed(beard.colour, beard.grey)[None, None] * np.clip(0.95 + 0.25 * hairs, 0.3, 1.3)[..., None])
    p.gloss = p.gloss * (1 - 0.8 * cover)


def _freckles(p: SkinPaint) -> None:
    dots = np.clip(p.noise(1.7) - 1.45, 0, 1) * (p.spot(26, -22, 22, 12) + 0.5 * p.spot(0, -14, 8, 20))
    p.glaze(np.clip(dots * 1.6 * p.look.skin.freckles, 0, 0.6), (0.72, 0.52, 0.42))


def _nostrils(p: SkinPaint) -> None:
    shape = p.look.shape
    wide = shape.nose_half_width / 15.5
    tip_y = height(shape, -37.2 - shape.nose_length + 1.5 * shape.nose_lift)
    d = ((p.abs_x - 6.3 * wide) / (3.0 * wide)) ** 2 + ((p.real_y - (tip_y - 5.6)) / 2.8) ** 2
    hole = np.exp(-d - ((p.z - 19.5 - shape.nose_tip) / 6.5) ** 2) * p.front
    p.cover(np.clip(hole * 1.25, 0, 0.92), p.base * np.array([0.16, 0.07, 0.06]))


def _lids(p: SkinPaint) -> None:
    """Shadow, crease, liner, and the wet rim inside the margin."""
    eyes, at = p.look.eyes, p.flat.lid_at
    upper = p.flat.lid_upper >= 0
    shadow = np.where(upper, smoothstep(-0.75, 0.1, at), smoothstep(-0.35, 0.4, at) * 0.4) * (at < 1.05)
    tone = (0.86, 0.70, 0.66) if eyes.shadow < 0.5 else (0.74, 0.56, 0.52)
    p.glaze(shadow * (0.35 + eyes.shadow), tone)
    p.glaze(np.where(upper, bell(at - 0.02, 0.07), 0) * 0.5, (0.72, 0.56, 0.52))
    line = np.where(upper, smoothstep(0.62 - 0.12 * eyes.liner, 0.95, at), smoothstep(0.86, 1.0, at) * 0.30)
    p.cover(np.clip(line * (at < 1.06) * eyes.liner, 0, 0.92), linear(LINER))
    rim = (at > 1.04) & (at < 3)
    p.cover(rim.astype(float), p.base * np.array([0.92, 0.56, 0.53]) + np.array([0.05, 0.02, 0.02]))
    p.gloss = np.where((at > 1.0) & (at < 3), 2.0, p.gloss)


def _lips(p: SkinPaint) -> None:
    """The red with its fine furrows, a darker contact line, the wet inside, a pale rim around."""
    at, side = p.flat.lip_at, p.flat.lip_side
    corner = np.abs(p.x) / p.look.shape.mouth_half_width
    red = smoothstep(-0.16, 0.12, at) * (side != 0) * smoothstep(1.14, 1.0, corner)
    furrows = p.noise((0.9, 5.0))
    colour = linear(p.look.skin.lips) * (1 + 0.05 * furrows[..., None])
    colour = colour * (1 - 0.10 * smoothstep(0.3, 0, at) * smoothstep(-0.1, 0, at))[..., None]
    colour = colour * np.where(side > 0, 0.80, 1.06)[..., None]
    p.cover(np.clip(red * 0.92, 0, 1), colour)
    p.glaze(red * smoothstep(0.62, 1.0, at), (0.66, 0.52, 0.52))
    p.cover(smoothstep(1.02, 1.35, at) * (at < 9), INSIDE_OF_MOUTH)
    p.gloss = p.gloss * (1 - red) + red * np.where(side > 0, 0.7, 1.3) * (1 + 0.16 * furrows) * p.look.skin.gloss
    p.glaze(bell(at + 0.09, 0.06) * 0.10, (1.25, 1.2, 1.18))


def _age(p: SkinPaint) -> None:
    """Folds beside nose and mouth, lines of forehead and eye corners."""
    age, x, y = p.look.skin.age, p.abs_x, p.y
    for x0, y0, dx, dy, width in ((17, -44, 17, -22, 2.2), (28, -70, 4, -16, 1.8)):
        t = np.clip(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy), 0, 1)
        distance = np.hypot(x - x0 - t * dx, y - y0 - t * dy)
        p.glaze(bell(distance, width) * 0.5 * age * p.front, (0.72, 0.62, 0.60))
    for level in (36, 44, 53):
        wavy = y - level - 0.004 * x * x + 0.8 * np.sin(p.x * 0.2 + level)
        p.glaze(bell(wavy, 1.0) * bell(x, 34) * 0.36 * age * p.front, (0.76, 0.66, 0.64))
    for slope in (-0.35, 0.1, 0.6):
        line = y - p.look.shape.eye_height + 1 - slope * (x - 48)
        p.glaze(bell(line, 0.9) * bell(x - 56, 6) * 0.5 * age * p.front, (0.74, 0.64, 0.62))


def _hair_roots(p: SkinPaint) -> None:
    """The hair's colour fading in over the hairline."""
    hair = p.look.hair
    line = hairline(hair)
    azimuth = np.degrees(np.abs(np.arctan2(p.x, p.z + 85)))
    above = np.minimum(p.y - line.at(azimuth), line.top_at(azimuth) - p.y)
    roots = smoothstep(-2.5, 6.5, above + p.noise((1.2, 6)) * 2.2) * (p.z > -300) * line.strength
    p.cover(np.clip(roots, 0, 1), greyed(hair.colour, hair.grey) * 0.75)
    p.gloss = p.gloss * (1 - 0.6 * roots)
