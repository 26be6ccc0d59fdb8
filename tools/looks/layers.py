"""What the puppet needs beside the picture: shut eyes, bare eyeballs, depth, matte, what turns with the head, and the
light of expressions' folds. All from the same sitting, displaced like the picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.looks.asymmetry import Asymmetry
from tools.looks.expressions import fold_shapes
from tools.looks.fields import CLOTH, EYE, ellipsoid
from tools.looks.jit import Floats
from tools.looks.landmarks import FacePoints
from tools.looks.march import Camera, camera_for
from tools.looks.portrait import Progress, Sitting, empty_volume, lashes
from tools.looks.sculpt import figure_of
from tools.looks.shade import Picture, Set, light_on_skin, photograph
from tools.looks.volume import bake

FOLD_PX_MOST = 512
"""Side of the fold images, as a whole picture."""


@dataclass(frozen=True, slots=True)
class Layers:
    """Each covers the whole picture; sizes differ."""

    picture: Floats
    """(n, n, 3), sRGB 0..1."""
    matte: Floats
    """(n, n): 1 on the person."""
    depth: Floats
    """(m, m): decimetres to the camera; NaN where nothing is."""
    head: Floats
    """(m, m): 1 turns with the head, 0 stays with the chest."""
    shut_eyes: Floats
    """(n, n, 4): the picture around shut eyes, clear elsewhere; straight alpha."""
    eyeballs: Floats
    """(n, n, 4): the eyeballs without lids, clear elsewhere; straight alpha."""
    folds: Mapping[str, Floats]
    """(k, k) each: light with the fold divided by light without."""


def take_layers(sitting: Sitting, portrait: Picture, points: FacePoints, progress: Progress) -> Layers:
    """All layers of a portrait."""
    camera, quality = sitting.camera(), sitting.quality
    asymmetry = Asymmetry(sitting.person)

    def finished(layer: Floats, size_px: int) -> Floats:
        moved = asymmetry.applied(camera, layer)
        return np.asarray(cv2.resize(moved, (size_px, size_px), interpolation=cv2.INTER_AREA), np.float32)

    n = quality.size_px
    progress("shutting the eyes")
    shut = finished(_shut_eyes(sitting), n)
    progress("baring the eyeballs")
    picture = finished(portrait.rgb, n)
    balls = _matched(picture, finished(_eyeballs(sitting), n), points)
    depth = finished(np.where(portrait.alpha > 0.5, portrait.depth, np.nan), n // 2)
    head = finished(_head(sitting, portrait), n // 2)
    progress("lighting folds")
    return Layers(picture, finished(portrait.alpha, n), depth, head, shut, balls, _folds(sitting, asymmetry))


def _eye_window(sitting: Sitting) -> Camera:
    """The part of the picture that holds both eyes."""
    framing, size_px = sitting.person.framing, sitting.quality.render_px
    scale = size_px / framing.span
    half_width, half_height = int(0.64 * scale), int(0.30 * scale)
    middle_y = int(size_px / 2 + framing.y * scale)
    window = (size_px // 2 - half_width, middle_y - half_height, 2 * half_width, 2 * half_height)
    return camera_for(framing, size_px, window)


def _placed(camera: Camera, rgb: Floats, mask: Floats, soft_px: float) -> Floats:
    """A window's picture in an otherwise clear one; its colour reaches past its edge, so that resampling is clean."""
    n = camera.size_px
    alpha = cv2.GaussianBlur(mask, (0, 0), soft_px)
    out = np.zeros((n, n, 4), np.float32)
    rows = slice(camera.y0_px, camera.y0_px + camera.height_px)
    columns = slice(camera.x0_px, camera.x0_px + camera.width_px)
    out[..., :3] = rgb.mean((0, 1))
    out[rows, columns, :3], out[rows, columns, 3] = rgb, alpha
    return out


def _shut_eyes(sitting: Sitting) -> Floats:
    camera, person = _eye_window(sitting), sitting.person
    place = sitting.place._replace(figure=figure_of(person, openness=0.0))
    picture = photograph(place, camera, [*sitting.hair, *lashes(person, openness=0.0)], sitting.quality.rays)
    edge = np.zeros((camera.height_px, camera.width_px), np.float32)
    rim = max(camera.height_px // 12, 2)
    edge[rim:-rim, rim:-rim] = 1
    return _placed(camera, picture.rgb, edge, rim / 2.5)


def _eyeballs(sitting: Sitting) -> Floats:
    """Without lids, in the light that comes through wide open ones."""
    camera, place = _eye_window(sitting), sitting.place
    far_away = np.array([ellipsoid((0, 50, 0), (0.1, 0.1, 0.1))])
    eye = place.figure.eye.copy()
    eye[4] = 0.001
    bare = place.figure._replace(skin=far_away, cloth=place.figure.cloth[:0], eye=eye)
    lid = place.figure.lid.copy()
    lid[6:] = 1.8, 1.5
    light = bake(place.figure._replace(lid=lid), sitting.quality.grid_step)
    scene = Set(place.person, bare, light, empty_volume(light), place.hair)
    picture = photograph(scene, camera, [], sitting.quality.rays)
    ball = (picture.surface.material == EYE).astype(np.float32)
    px = camera.px_per_unit()
    inner = np.asarray(cv2.erode(ball, np.ones((3, 3), np.uint8), iterations=max(int(0.004 * px), 1)), np.float32)
    return _placed(camera, picture.rgb, inner, 0.004 * px)


def _matched(picture: Floats, balls: Floats, points: FacePoints) -> Floats:
    """The eyeballs' whites made as bright as the picture's, which lids and lashes shade."""
    inside = np.zeros(picture.shape[:2], np.uint8)
    for upper, lower in points.lids.values():
        outline = np.concatenate([upper * 0.65 + lower * 0.35, (lower * 0.8 + upper * 0.2)[::-1]])
        cv2.fillPoly(inside, [(outline - 0.5).round().astype(np.int32)], 1)
    white = (inside > 0) & (picture.min(-1) > 0.43) & (balls[..., :3].min(-1) > 0.43) & (balls[..., 3] > 0.9)
    if int(white.sum()) < 8:
        return balls
    gain = np.clip(np.median(picture[white], 0) / np.median(balls[white][:, :3], 0), 0.8, 1.25)
    return np.concatenate([np.clip(balls[..., :3] * gain, 0, 1), balls[..., 3:]], -1).astype(np.float32)


def _head(sitting: Sitting, portrait: Picture) -> Floats:
    """Head and hair; below the chin the weight fades along the neck."""
    camera = sitting.camera()
    chin_y = sitting.person.head.chin_y - 0.10
    row = (np.arange(camera.size_px) + 0.5 - camera.size_px / 2) / camera.px_per_unit()
    y = camera.y - row[:, None]
    t = np.clip(1 - (chin_y - 0.05 - y) / 0.55, 0, 1)
    cloth = portrait.surface.material == CLOTH
    hair_in_front = portrait.depth > portrait.surface.place[..., 2] + 0.02
    weight = ((portrait.alpha > 0.5) & (~cloth | hair_in_front)).astype(np.float32)
    wide = cv2.dilate(weight, np.ones((9, 9), np.uint8))
    soft = cv2.GaussianBlur(wide, (0, 0), camera.size_px / 57)
    return np.asarray(soft * t * t * (3 - 2 * t), np.float32)


def _folds(sitting: Sitting, asymmetry: Asymmetry) -> dict[str, Floats]:
    """Ratio images (Liu, Shan and Zhang 2001), taken in a window around the face."""
    person, rays = sitting.person, max(sitting.quality.rays, 6)
    side_px = min(FOLD_PX_MOST, sitting.quality.size_px)
    whole = camera_for(person.framing, side_px)
    px = whole.px_per_unit()
    top = int(side_px / 2 - (0.75 - person.framing.y) * px)
    window = (int(side_px / 2 - 0.8 * px), top, int(1.6 * px), int(1.95 * px))
    camera = camera_for(person.framing, side_px, window)
    rows, columns = slice(top, top + window[3]), slice(window[0], window[0] + window[2])

    def light_with(folds: Floats | None) -> tuple[Floats, NDArray[np.bool_]]:
        light, skin = light_on_skin(sitting.place._replace(figure=figure_of(person, folds=folds)), camera, rays)
        return np.asarray(cv2.GaussianBlur(light, (0, 0), 0.7)), skin

    neutral, skin = light_with(None)
    out = {}
    for name, heights in fold_shapes(person).items():
        folded, still_skin = light_with(heights)
        ratio = np.where(skin & still_skin, folded / np.maximum(neutral, 0.02), 1.0)
        ratio = cv2.GaussianBlur(np.clip(ratio, 0.55, 1.5).astype(np.float32), (0, 0), 0.6)
        image = np.ones((side_px, side_px), np.float32)
        image[rows, columns] = ratio
        out[name] = asymmetry.applied(whole, image)
    return out
