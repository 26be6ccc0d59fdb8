"""From a look folder to a Portrait: reads the picture and its layers, and makes what the look does not bring.

About a second of CPU; the result is cached by store.py. Tests: tests/face/puppet/test_prepare.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tth.face.look import LookError
from tth.face.puppet.depth import DepthGrid, Relief, build_relief, light_of, normals
from tth.face.puppet.eyes import EyeShape, bare_eyeball, eye_shape, find_irises, shut_lids, white_of_eye
from tth.face.puppet.folds import fold_gains, fold_grid, resampled
from tth.face.puppet.landmarks import FaceFrame, Floats, Points, face_frame
from tth.face.puppet.lips import find_seam
from tth.face.puppet.portrait import Portrait, eye_row, frozen_portrait
from tth.face.puppet.portrait_look import SIDES, EyeOutline, PortraitLook

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

EYE_DISTANCE_MOST_PX = 300.0
"""Larger pictures are made smaller: 1024x1024 head shots need no more."""
DEPTH_ZERO, DEPTH_UNIT = 32768.0, 8192.0
"""Meaning of the grey values of a depth layer; see docs/own-face.md."""
NEUTRAL_RATIO = 128.0
FULL_WHITE = np.array([232.0, 226.0, 222.0])
"""The white of an eye in full light: where it is so bright, teeth are drawn in their own colours."""
LASH_LENGTH = {True: 0.115, False: 0.05}
"""Lashes above the lid in eye lengths, for portraits that bring shut eyes (rendered) and for photographs."""


@dataclass(frozen=True, slots=True)
class _Shrunk:
    """A look's geometry at the size at which its picture is kept."""

    scale: float
    width_px: int
    height_px: int
    points: Points
    frame: FaceFrame

    def curve(self, curve: Floats) -> Floats:
        return curve * self.scale


def prepare_portrait(look: PortraitLook, progress: Callable[[str], None] = lambda _: None) -> Portrait:
    """Make one look ready. progress: told what is being done, in a word or two.

    Raises LookError for a picture or layer that cannot be decoded.
    """
    progress("reading")
    shrunk = _shrunk(look)
    picture = _fitted(read_colour(look.picture, "picture")[..., :3], shrunk)
    matte = _grey_layer(look, "matte", shrunk)
    progress("eyes and lips")
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    eyes = _eyes(look, shrunk, picture)
    patch, shut, balls = _eye_pictures(look, picture, eyes, shrunk)
    seam = find_seam(grey, shrunk.points) if look.lip_seam is None else shrunk.curve(look.lip_seam)
    progress("depth and light")
    grid = DepthGrid(shrunk.frame, shrunk.points, shrunk.width_px, shrunk.height_px)
    relief = _relief(look, grid, matte)
    gains, place = _gains(look, picture, grid, relief, shrunk)
    progress("background")
    whole, wall = _layers(picture, matte, shrunk)
    whites = [white for eye in eyes if (white := white_of_eye(picture, eye)) is not None]
    return frozen_portrait(
        {
            "picture": whole, "wall": wall, "eye_patch": patch, "shut_eyes": shut, "eyeballs": balls,
            "depth": relief.depth, "head": relief.head, "gains": gains, "gain_place": place,
            "landmarks": np.array(list(shrunk.points.values())), "eyes": np.array([eye_row(eye) for eye in eyes]),
            "lids": np.array([[eye.upper, eye.lower] for eye in eyes]),
            "irises": np.array([[*eye.iris, eye.iris_radius] for eye in eyes]), "seam": seam,
            "tooth_tone": _tooth_tone(whites), "lash_length": np.array([LASH_LENGTH["shut_eyes" in look.layers]]),
        }
    )  # fmt: skip


def read_colour(path: Path, key: str) -> U8:
    """A picture file as RGBA, uint8 (h, w, 4), turned as its EXIF data say. Raises LookError naming `key`."""
    flags = cv2.IMREAD_UNCHANGED if path.suffix.lower() == ".png" else cv2.IMREAD_COLOR
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), flags)  # so paths may hold any letters
    if image is None:
        raise LookError(key, f"{path.name} cannot be decoded")
    if image.dtype == np.uint16:
        image = (image // 257).astype(np.uint8)
    if image.ndim == 2 or image.shape[2] == 1:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2RGBA), np.uint8)
    code = cv2.COLOR_BGRA2RGBA if image.shape[2] == 4 else cv2.COLOR_BGR2RGBA
    return np.asarray(cv2.cvtColor(image, code), np.uint8)


def _read_grey(path: Path, key: str) -> NDArray[np.generic]:
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise LookError(key, f"{path.name} cannot be decoded")
    return np.asarray(image)


def _shrunk(look: PortraitLook) -> _Shrunk:
    scale = min(1.0, EYE_DISTANCE_MOST_PX / face_frame(look.landmarks).eye_distance_px)
    width, height = round(look.width_px * scale), round(look.height_px * scale)
    points = {name: point * [width / look.width_px, height / look.height_px] for name, point in look.landmarks.items()}
    return _Shrunk(width / look.width_px, width, height, points, face_frame(points))


def _fitted(image: U8, shrunk: _Shrunk) -> U8:
    size = (shrunk.width_px, shrunk.height_px)
    if (image.shape[1], image.shape[0]) == size:
        return np.ascontiguousarray(image, np.uint8)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _grey_layer(look: PortraitLook, name: str, shrunk: _Shrunk) -> U8 | None:
    if name not in look.layers:
        return None
    image = _read_grey(look.layers[name], f"layers.{name}")
    size = (shrunk.width_px, shrunk.height_px)
    return np.asarray(cv2.resize(image.astype(np.uint8), size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _eyes(look: PortraitLook, shrunk: _Shrunk, picture: U8) -> list[EyeShape]:
    """The right eye and the left; lids and irises as the look says, or as the picture shows them."""
    unit, eyes = shrunk.frame.eye_distance_px, []
    for side in SIDES:
        outline = look.lids.get(side)
        if outline is not None:
            outline = EyeOutline(shrunk.curve(outline.upper_lid), shrunk.curve(outline.lower_lid))
        eyes.append(eye_shape(shrunk.points, side, unit, outline))
    if set(look.irises) != set(SIDES):
        eyes = find_irises(picture, eyes, unit)
    for number, side in enumerate(SIDES):
        if side in look.irises:
            x, y, radius = (value * shrunk.scale for value in look.irises[side])
            eyes[number] = replace(eyes[number], iris=np.array([x, y]), iris_radius=radius)
    return eyes


def _eye_pictures(
    look: PortraitLook, picture: U8, eyes: list[EyeShape], shrunk: _Shrunk
) -> tuple[NDArray[np.int32], U8, U8]:
    """The patch around the eyes, and how it looks with shut eyes and without lids."""
    corners = shrunk.frame.pixels(np.array([[-1.2, -0.75], [1.2, -0.75], [-1.2, 0.55], [1.2, 0.55]]))
    size = np.array([shrunk.width_px, shrunk.height_px])
    low, high = np.clip(np.floor(corners.min(0)), 0, size), np.clip(np.ceil(corners.max(0)), 0, size)
    box = np.array([*low, *high]).astype(np.int32)
    part = np.s_[box[1] : box[3], box[0] : box[2]]
    local = [replace(eye, corner=eye.corner - box[:2], iris=eye.iris - box[:2]) for eye in eyes]
    pixel = shrunk.frame.eye_distance_px / 107.0  # the size of face at which the constants were chosen
    shut, bare = picture[part].copy(), picture[part].copy()
    for eye in local:
        shut, bare = shut_lids(shut, eye, pixel), bare_eyeball(bare, eye, pixel)
    shut = _own_layer(look, "shut_eyes", shut, picture, shrunk, part)
    bare = _own_layer(look, "eyeballs", bare, picture, shrunk, part)
    return box, np.ascontiguousarray(shut), np.ascontiguousarray(bare)


def _own_layer(look: PortraitLook, name: str, made: U8, picture: U8, shrunk: _Shrunk, part: tuple[slice, slice]) -> U8:
    """A layer of the look over the picture, or what was made in its place."""
    if name not in look.layers:
        return made
    layer = _fitted(read_colour(look.layers[name], f"layers.{name}"), shrunk)[part].astype(np.float32)
    alpha = layer[..., 3:] / 255
    return np.asarray(picture[part] * (1 - alpha) + layer[..., :3] * alpha + 0.5, np.uint8)


def _relief(look: PortraitLook, grid: DepthGrid, matte: U8 | None) -> Relief:
    depth = None
    if "depth" in look.layers:
        layer = _read_grey(look.layers["depth"], "layers.depth").astype(np.float32)
        grey = np.asarray(cv2.resize(layer, grid.size, interpolation=cv2.INTER_NEAREST), np.float32)
        depth = np.where(grey > 0, (grey - DEPTH_ZERO) / DEPTH_UNIT, np.nan).astype(np.float32)
    head = grid.share(_read_grey(look.layers["head"], "layers.head")) if "head" in look.layers else None
    return build_relief(grid, depth, head, None if matte is None else grid.share(matte))


def _gains(
    look: PortraitLook, picture: U8, grid: DepthGrid, relief: Relief, shrunk: _Shrunk
) -> tuple[F32, NDArray[np.float64]]:
    """Folds and turns of the light, and where their map lies."""
    luminance = (grid.fit(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)) / 255) ** 2.2
    light = light_of(grid, relief.depth, luminance.astype(np.float32))
    cells = fold_grid(shrunk.frame, shrunk.points)
    normal = resampled(cells, normals(relief.depth).astype(np.float32), shrunk.width_px)
    ratios = {name: _read_grey(path, f"layers.folds.{name}") for name, path in look.folds.items()}
    own = {name: resampled(cells, ratio, shrunk.width_px) / np.float32(NEUTRAL_RATIO) for name, ratio in ratios.items()}
    at = {name: shrunk.frame.of(point) for name, point in shrunk.points.items()}
    gains = fold_gains(at, shrunk.frame.of(cells.centres()), normal.astype(float), light, own)
    gains[:-2] *= look.fold_gain
    return gains, np.array([cells.left, cells.top, cells.cell_px])


def _layers(picture: U8, matte: U8 | None, shrunk: _Shrunk) -> tuple[U8, U8]:
    """The person with alpha and colours that reach past it, and the wall behind."""
    if matte is None:
        return np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)]), np.zeros((1, 1, 3), np.uint8)
    unit = shrunk.frame.eye_distance_px
    person = _reaching(picture, (matte > 250).astype(np.uint8), 0.15 * unit)
    ring = cv2.dilate(matte, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (int(0.08 * unit) | 1,) * 2))
    wall = _reaching(picture, (ring < 4).astype(np.uint8), 4.0 * unit)
    return np.ascontiguousarray(np.dstack([person, matte])), wall


def _reaching(picture: U8, known: U8, reach_px: float) -> U8:
    """The known pixels, and around them their colours carried on: averages at ever coarser scales."""
    levels = [(np.asarray(picture * known[..., None], np.float32), known.astype(np.float32))]
    while 2 ** len(levels) < 2 * reach_px and min(levels[-1][1].shape) > 2:
        half, share = (np.asarray(cv2.pyrDown(level), np.float32) for level in levels[-1])
        levels.append((half, share))
    filled = levels[-1][0] / np.maximum(levels[-1][1], 1e-4)[..., None]
    for colour, weight in reversed(levels[:-1]):
        coarse = cv2.resize(filled, (colour.shape[1], colour.shape[0]), interpolation=cv2.INTER_LINEAR)
        own = np.minimum(weight * 2, 1)[..., None]
        filled = coarse * (1 - own) + colour / np.maximum(weight, 1e-4)[..., None] * own
    out = np.where(known[..., None] > 0, picture, np.clip(filled + 0.5, 0, 255))
    return np.asarray(out, np.uint8)


def _tooth_tone(whites: list[Floats]) -> Floats:
    """Teeth are in the same light as the whites of the eyes, which are about as white as they are."""
    if not whites:
        return np.full(3, 0.85)
    white = np.mean(whites, 0) / FULL_WHITE
    level = float(white.mean())
    tint = np.clip(white / level, 0.85, 1.15)
    return np.asarray(tint * np.clip(level * 1.05, 0.55, 1.05))
