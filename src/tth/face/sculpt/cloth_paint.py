"""The cloth texture: what the garment looks like from the front, and the strips of its edge and of the shirt below.

Colours are square-root encoded linear light.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tth.face.look import ClothesLook
from tth.face.sculpt import garment
from tth.face.sculpt.maths import Floats, Randoms, bell, linear, smoothstep
from tth.face.sculpt.noise import noise

CLOTH_SIZE = 512
CLOTH_GLOSS = 0.16
GLOSS_ONE = 127
PER_MM = CLOTH_SIZE / (2 * garment.TEXTURE_HALF_WIDTH)
BUTTON_MM = 4.0


def cloth_texture(look: ClothesLook, seed: int) -> NDArray[np.uint8]:
    """uint8 (512, 512, 4): the garment seen from the front, its strips at the bottom, and gloss."""
    rng = np.random.default_rng(seed + 11)
    n = CLOTH_SIZE
    row, column = np.mgrid[0:n, 0:n]
    x = (column + 0.5) / n * 2 * garment.TEXTURE_HALF_WIDTH - garment.TEXTURE_HALF_WIDTH
    y = garment.TEXTURE_TOP - (row + 0.5) / n / garment.TEXTURE_SHARE * garment.TEXTURE_HEIGHT
    weave = noise((n, n), 0.7, rng)
    shirt = np.ones((n, n, 3)) * linear(look.shirt)
    edge = (
        linear(look.colour) * (0.80 + 0.28 * np.cos(x / (2 * garment.TEXTURE_HALF_WIDTH) * 2 * np.pi * 60))[..., None]
    )
    match look.style:
        case "blazer":
            colour, edge = _blazer(look, weave, x, y, rng), shirt
        case "cardigan":
            colour, edge = _cardigan(look, weave, x, y, rng), shirt
        case "shirt":
            colour = _shirt(look, weave, x, y, rng)
            edge = shirt = np.ones((n, n, 3)) * linear(look.colour)
        case "hoodie":
            colour = _fleece(look, weave, rng)
            edge = np.ones((n, n, 3)) * linear(look.colour)
        case _:
            colour = _knit(look, weave, x, y, rng)
    colour = np.where((row > 0.95 * n)[..., None], np.where((row > 0.975 * n)[..., None], shirt, edge), colour)
    gloss = np.full((n, n), CLOTH_GLOSS * GLOSS_ONE)
    picture = np.dstack([np.sqrt(np.clip(colour, 0, 1)) * 255, gloss])
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def _knit(look: ClothesLook, weave: Floats, x: Floats, y: Floats, rng: Randoms) -> Floats:
    """A fine jersey: stitches of 4.6 by 5.2 mm."""
    phase = x * 2 * np.pi / 4.6
    rows = y * 2 * np.pi / 5.2
    stitch = np.cos(phase) * 0.5 + 0.35 * np.cos(rows + 2.2 * np.abs(np.sin(phase * 0.5)))
    shade = 1 + 0.085 * stitch + 0.05 * weave + 0.03 * noise((CLOTH_SIZE, CLOTH_SIZE), 14, rng)
    return np.asarray(linear(look.colour) * shade[..., None])


def _fleece(look: ClothesLook, weave: Floats, rng: Randoms) -> Floats:
    """Soft sweatshirt cloth with broad shallow folds."""
    folds = noise((CLOTH_SIZE, CLOTH_SIZE), (26, 12), rng)
    return np.asarray(linear(look.colour) * (1 + 0.05 * weave + 0.05 * folds)[..., None])


def _filled(points: list[tuple[float, float]]) -> Floats:
    """A polygon in front view, anti-aliased."""
    picture = np.zeros((CLOTH_SIZE, CLOTH_SIZE), np.float32)
    q = np.array([
        [(x + garment.TEXTURE_HALF_WIDTH) * PER_MM,
         (garment.TEXTURE_TOP - y) / garment.TEXTURE_HEIGHT * garment.TEXTURE_SHARE * CLOTH_SIZE]
        for x, y in points
    ])  # fmt: skip
    cv2.fillPoly(picture, [np.round(q * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
    return picture.astype(float)


def _opening(
    colour: Floats, look: ClothesLook, weave: Floats, outline: list[tuple[float, float]]
) -> tuple[Floats, Floats]:
    """The colour with the shirt showing inside `outline`, and the mask of that."""
    mask = _filled(outline)
    shirt = linear(look.shirt) * (1 + 0.02 * weave)[..., None]
    return colour * (1 - mask[..., None]) + mask[..., None] * shirt, mask


def _blazer(look: ClothesLook, weave: Floats, x: Floats, y: Floats, rng: Randoms) -> Floats:
    """A jacket with notched lapels over a plain shirt."""
    n = CLOTH_SIZE
    base = linear(look.colour)
    colour = np.ones((n, n, 3)) * base * (1 + 0.06 * weave + 0.03 * noise((n, n), (0.6, 5), rng))[..., None]
    outline = [(-54.0, -140.0), (54, -140), (48, -190), (4, -330), (0, -345), (-4, -330), (-48, -190)]
    colour, opening = _opening(colour, look, weave, outline)
    for s in (1, -1):
        lapel = _filled(
            [(s * 60, -140), (s * 56, -180), (s * 2, -342), (s * 40, -268), (s * 84, -226), (s * 68, -213),
             (s * 92, -200), (s * 80, -150)]
        )  # fmt: skip
        shadow = np.clip(cv2.GaussianBlur(lapel, (0, 0), 2.2 * PER_MM), 0, 1) * (1 - lapel)
        colour *= (1 - 0.62 * shadow)[..., None]
        cloth = base * (1.22 + 0.06 * weave)[..., None]
        colour = colour * (1 - lapel[..., None]) + lapel[..., None] * cloth
        rim = np.clip(lapel - cv2.erode(lapel, np.ones((3, 3))), 0, 1)
        colour *= (1 + 0.35 * cv2.GaussianBlur(rim, (0, 0), 0.6))[..., None]
        notch = _filled([(s * 84, -226), (s * 68, -213), (s * 70, -211), (s * 86, -224)])
        colour *= (1 - 0.5 * notch)[..., None]
    inside = opening * smoothstep(-120, -190, y) * bell(np.abs(x) - 40, 14)
    return np.asarray(colour * (1 - 0.35 * inside)[..., None])


def _cardigan(look: ClothesLook, weave: Floats, x: Floats, y: Floats, rng: Randoms) -> Floats:
    """An open knitted jacket with a ribbed band over a plain top."""
    colour = _knit(look, weave, x, y, rng)
    outline = [(-58.0, -140.0), (58, -140), (52, -180), (16, -262), (10, -330), (10, -420), (-10, -420), (-10, -330),
               (-16, -262), (-52, -180)]  # fmt: skip
    colour, opening = _opening(colour, look, weave, outline)
    distance = cv2.distanceTransform((opening < 0.5).astype(np.uint8), cv2.DIST_L2, 5) / PER_MM
    band = smoothstep(13.5, 12.5, distance) * (1 - opening)
    ribs = 1.06 + 0.12 * np.cos(distance * 2 * np.pi / 3.2)
    colour = colour * (1 - band[..., None]) + (linear(look.colour) * ribs[..., None]) * band[..., None]
    colour *= (1 - 0.35 * bell(distance - 13, 1.2) * (1 - opening))[..., None]
    shade = opening * bell(cv2.distanceTransform((opening > 0.5).astype(np.uint8), cv2.DIST_L2, 5) / PER_MM, 7)
    colour *= (1 - 0.4 * shade)[..., None]
    return _with_buttons(colour, x, y, 16.0, (-272.0, -318.0, -364.0))


def _shirt(look: ClothesLook, weave: Floats, x: Floats, y: Floats, rng: Randoms) -> Floats:
    """A woven shirt with a placket and buttons."""
    n = CLOTH_SIZE
    folds = noise((n, n), (22, 30), rng)
    thread = 0.02 * np.cos(x * 2 * np.pi / 1.7) + 0.02 * np.cos(y * 2 * np.pi / 1.7)
    colour = linear(look.colour) * (1 + 0.02 * weave + 0.04 * folds + thread)[..., None]
    placket = smoothstep(16, 15, np.abs(x))
    seams = bell(np.abs(x) - 15.5, 0.8) + 0.35 * bell(np.abs(x) - 12, 0.6)
    colour = colour * (1 + 0.04 * placket - 0.30 * np.clip(seams, 0, 1))[..., None]
    return _with_buttons(colour, x, y, 0.0, (-216.0, -258.0, -300.0, -342.0))


def _with_buttons(colour: Floats, x: Floats, y: Floats, at_x: float, heights: tuple[float, ...]) -> Floats:
    """Pale buttons with a small shadow."""
    for height in heights:
        distance = np.hypot(x - at_x, y - height)
        shadow = smoothstep(BUTTON_MM + 2.2, BUTTON_MM - 1, np.hypot(x - at_x - 0.8, y - height + 1.4))
        colour = colour * (1 - 0.45 * shadow)[..., None]
        disc = smoothstep(BUTTON_MM + 0.5, BUTTON_MM - 0.5, distance)[..., None]
        ivory = np.array([0.62, 0.58, 0.50]) * (1 - 0.4 * bell(distance - 2.2, 0.5))[..., None]
        colour = colour * (1 - disc) + disc * ivory
    return np.asarray(colour)
