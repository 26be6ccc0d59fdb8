"""A living room, out of focus, drawn by code: a window with evening sun, a shelf, a plant, a lamp and small lights.

Quiet in the middle, where the head is, and of middle brightness, so that fair and dark hair both stand out; its light
comes from the left, as the person's does. Drawn sharp in linear light, where lamps may be brighter than white, then
blurred as a wide open lens does: every bright point becomes a disc. Tests: tests/face/test_room.py.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tth.face.backdrop import Backdrop, dithered, picture_backdrop
from tth.face.sculpt.maths import encoded
from tth.face.shot import Shot
from tth.face.stage import FRAME_MM
from tth.model.controls import Framing
from tth.model.media import Picture

Scene = NDArray[np.float32]
"""Linear light, RGB, (SIDE_PX, SIDE_PX, 3)."""
Rgb = tuple[float, float, float]
Point = tuple[float, float]
"""x to the right and y down, both 0..1 over the picture."""

SIDE_PX = 640
LENS_PX = 17.0
"""Radius of the disc that a point becomes; a nineteenth of the height of the picture across, as at f/2."""
GLOW = 0.55
"""How much of what is very bright spreads over its surroundings."""
HEAD_MIDDLE = 0.44
"""Height at which a close framing looks into the room, 0..1."""

_WALL, _WALL_LIT, _FLOOR = (0.135, 0.108, 0.086), (0.36, 0.265, 0.175), (0.050, 0.034, 0.024)
_WOOD, _WOOD_DARK = (0.120, 0.063, 0.032), (0.034, 0.020, 0.013)
_SKY, _SUN = (1.15, 1.08, 0.98), (2.6, 1.75, 0.85)
_BOOKS = (
    (0.22, 0.050, 0.034), (0.032, 0.070, 0.105), (0.30, 0.19, 0.070), (0.060, 0.095, 0.065), (0.36, 0.31, 0.24),
    (0.110, 0.042, 0.060), (0.045, 0.050, 0.062), (0.26, 0.105, 0.040),
)  # fmt: skip
_LEAF, _LEAF_LIT, _POT = (0.020, 0.050, 0.022), (0.085, 0.150, 0.048), (0.28, 0.155, 0.095)
_LAMP, _SHADE = (5.2, 3.0, 1.25), (1.9, 1.05, 0.46)


def room_backdrop(shot: Shot, picture: Picture | None = None) -> Backdrop:
    """The room behind a shot; closer for a closer framing. picture: `room_picture()`, where that is at hand."""
    whole = room_picture() if picture is None else picture
    share = FRAME_MM[shot.framing] / FRAME_MM[Framing.BUST]
    side = round(SIDE_PX * share)
    left, top = (SIDE_PX - side) // 2, round((SIDE_PX - side) * HEAD_MIDDLE)
    return picture_backdrop(whole[top : top + side, left : left + side], shot)


def room_picture() -> Picture:
    """The whole room: RGB, uint8, (SIDE_PX, SIDE_PX, 3). Always the same; about 0.1 s of one core."""
    scene = _wall()
    _window(scene)
    _shelf(scene)
    _lamp(scene)
    _plant(scene)
    _lights(scene)
    soft = cv2.filter2D(scene, -1, _lens(), borderType=cv2.BORDER_REPLICATE)
    soft = cv2.GaussianBlur(soft, (0, 0), 1.6)  # a real lens' discs have soft rims
    glow = cv2.GaussianBlur(np.maximum(soft - 0.5, 0), (0, 0), SIDE_PX / 16)
    light = _filmic(soft + GLOW * glow).astype(np.float64)
    return dithered(encoded(light).astype(np.float32))


def _filmic(light: Scene) -> Scene:
    """Linear light to 0..1 without burning out: everything above a half is bent towards white."""
    bent = 0.5 + 0.5 * (1 - np.exp(-(light - 0.5) / 0.5))
    return np.asarray(np.where(light < 0.5, light, bent), np.float32)


def _wall() -> Scene:
    """Warm plaster, lit from the window at the left, darker to the right and below."""
    y, x = np.mgrid[0:SIDE_PX, 0:SIDE_PX].astype(np.float32) / SIDE_PX
    lit = np.exp(-(((x - 0.22) / 0.42) ** 2 + ((y - 0.40) / 0.55) ** 2))[..., None]
    warm = np.exp(-(((x - 0.80) / 0.20) ** 2 + ((y - 0.36) / 0.26) ** 2))[..., None]
    scene = np.array(_WALL) + lit * (np.array(_WALL_LIT) - _WALL) * 0.62 + warm * np.array((0.30, 0.165, 0.066))
    below = np.clip((y - 0.80) / 0.05, 0, 1)[..., None]
    return np.asarray(scene * (1 - below) + np.array(_FLOOR) * below, np.float32)


def _window(scene: Scene) -> None:
    """Tall, with bars, a curtain before its left side, and leaves and sun outside."""
    _box(scene, (0.035, 0.02), (0.315, 0.66), (0.40, 0.33, 0.26))
    _box(scene, (0.052, 0.035), (0.298, 0.645), _SKY)
    random = np.random.default_rng(4)
    for _ in range(46):  # a tree outside
        at = float(random.uniform(0.05, 0.30)), float(random.uniform(0.34, 0.64))
        green = random.uniform(0.4, 1.3)
        _disc(scene, at, float(random.uniform(0.012, 0.034)), (0.30 * green, 0.42 * green, 0.16 * green))
    for _ in range(9):  # the low sun through its leaves
        at = float(random.uniform(0.08, 0.28)), float(random.uniform(0.30, 0.52))
        _disc(scene, at, 0.006, tuple(6 * part for part in _SUN))
    _box(scene, (0.168, 0.035), (0.180, 0.645), (0.20, 0.15, 0.11))
    _box(scene, (0.052, 0.300), (0.298, 0.311), (0.20, 0.15, 0.11))
    for fold in range(7):
        left = fold * 0.0125
        shade = 0.42 + 0.20 * (fold % 2)
        _box(scene, (left, 0.0), (left + 0.0125, 0.80), (shade, shade * 0.84, shade * 0.66))
    _box(scene, (0.02, 0.66), (0.335, 0.685), (0.34, 0.27, 0.20))


def _shelf(scene: Scene) -> None:
    """Three boards with books at the right edge, reaching out of the picture."""
    _box(scene, (0.86, 0.10), (1.0, 0.80), _WOOD_DARK)
    random = np.random.default_rng(11)
    for bottom in (0.285, 0.475, 0.665):
        left = 0.872
        while left < 1.0:
            width, height = float(random.uniform(0.010, 0.022)), float(random.uniform(0.085, 0.140))
            if random.random() < 0.14:  # a gap, or something small and bright
                _disc(scene, (left + 0.018, bottom - 0.022), 0.018, (0.40, 0.32, 0.24))
                left += 0.045
                continue
            colour = _BOOKS[int(random.integers(len(_BOOKS)))]
            _box(scene, (left, bottom - height), (left + width, bottom), colour)
            left += width + 0.002
        _box(scene, (0.86, bottom), (1.0, bottom + 0.016), _WOOD)
    _box(scene, (0.852, 0.10), (0.866, 0.80), _WOOD)


def _lamp(scene: Scene) -> None:
    """A standing lamp between the head and the shelf; the brightest warm thing in the room."""
    _box(scene, (0.760, 0.42), (0.767, 0.84), _WOOD_DARK)
    shade = np.array([(0.722, 0.285), (0.805, 0.285), (0.832, 0.420), (0.695, 0.420)])
    cv2.fillPoly(scene, [np.round(shade * SIDE_PX * 16).astype(np.int32)], _SHADE, cv2.LINE_AA, 4)
    for at in ((0.764, 0.350), (0.750, 0.375), (0.778, 0.375)):
        _disc(scene, at, 0.014, _LAMP)


def _plant(scene: Scene) -> None:
    """Long leaves that fan out of a pot before the window's right side."""
    random = np.random.default_rng(7)
    foot = np.array((0.335, 0.705))
    for leaf in range(26):
        turn = np.radians(-90 + (leaf - 12.5) * 5.2 + random.uniform(-4, 4))
        length = float(random.uniform(0.14, 0.27))
        along = np.linspace(0, 1, 9)[:, None]
        bend = np.array((0.0, 0.11)) * along**2 * abs(np.cos(turn)) * 1.6
        spine = foot + along * length * np.array((np.cos(turn), np.sin(turn))) + bend
        share = float(random.random()) ** 2
        colour = tuple((1 - share) * dark + share * lit for dark, lit in zip(_LEAF, _LEAF_LIT, strict=True))
        points = np.round(spine * SIDE_PX * 16).astype(np.int32)
        cv2.polylines(scene, [points], False, colour, max(1, round(SIDE_PX * 0.013)), cv2.LINE_AA, 4)
    pot = np.array([(0.290, 0.700), (0.380, 0.700), (0.366, 0.800), (0.304, 0.800)])
    cv2.fillPoly(scene, [np.round(pot * SIDE_PX * 16).astype(np.int32)], _POT, cv2.LINE_AA, 4)


def _lights(scene: Scene) -> None:
    """A string of little lamps along the top of the shelf and down the wall: the discs of light."""
    random = np.random.default_rng(21)
    for step in np.linspace(0, 1, 11):
        x = 0.640 + 0.36 * step
        y = 0.105 + 0.085 * np.sin(np.pi * 2 * step) ** 2 * (1 - 0.4 * step) + random.uniform(-0.008, 0.008)
        power = float(random.uniform(9, 20))
        _disc(scene, (float(x), float(y)), 0.0034, (power, power * 0.62, power * 0.26))


def _box(scene: Scene, top_left: Point, bottom_right: Point, colour: Rgb) -> None:
    (left, top), (right, bottom) = top_left, bottom_right
    rows, columns = (
        slice(round(top * SIDE_PX), round(bottom * SIDE_PX)),
        slice(round(left * SIDE_PX), round(right * SIDE_PX)),
    )
    scene[rows, columns] = colour


def _disc(scene: Scene, at: Point, radius: float, colour: tuple[float, ...]) -> None:
    centre = round(at[0] * SIDE_PX * 16), round(at[1] * SIDE_PX * 16)
    cv2.circle(scene, centre, round(radius * SIDE_PX * 16), colour, -1, cv2.LINE_AA, 4)


def _lens() -> NDArray[np.float32]:
    """A disc with a smooth rim, sum 1."""
    reach = int(LENS_PX) + 2
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(LENS_PX + 0.5 - np.hypot(x, y), 0, 1)
    return np.asarray(disc / disc.sum(), np.float32)
