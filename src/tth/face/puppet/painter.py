"""Draws a portrait: from a FaceState to a picture, on one CPU core.

A frame goes this way: the light of folds and turn is put on the picture; nodes of a grid are moved by expression, turn
and breath; the movement is inverted and the picture bent; eyes and mouth are drawn anew.
Tests: tests/face/puppet/test_painter.py.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tth.face.backdrop import CLEAR, Backdrop, Clear
from tth.face.parameters import FaceState
from tth.face.puppet.bending import BentGrid, build_rig
from tth.face.puppet.depth import PIVOT_DEPTH
from tth.face.puppet.face_parts import EyePart, MouthPart, moved, packed, planes
from tth.face.puppet.folds import gain_weights
from tth.face.puppet.gestures import (
    BREATH_RISE,
    SIDESTEP_PER_DEG,
    TURN_MOST_DEG,
    WEIGHT_MOST,
    bending_weights,
    head_rotation,
)
from tth.face.puppet.kernels import BLOCK_PX, bend_nodes, invert, pack_lit, warp
from tth.face.puppet.portrait import Portrait
from tth.face.puppet.portrait_look import load_portrait_look
from tth.face.puppet.store import load_portrait
from tth.face.puppet.view import View, plate, softened_rim, view_of
from tth.face.shot import Shot

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U64 = NDArray[np.uint64]
U8 = NDArray[np.uint8]

CAMERA_DISTANCE = 14.0
"""In eye distances: a portrait lens at about 90 cm."""
PIVOT_BELOW_CHIN = 0.15
SHOWS = 1e-3
"""Weights below this move nothing by a visible amount."""
GAIN_CELL_PX = 2
"""Light is computed for blocks of so many pixels and blended in between."""


class NoMatteError(ValueError):
    """Another background was asked for, and the portrait cannot be cut out: its look has no matte."""


class PuppetPainter:
    """Paints one portrait in one shot.

    Not thread-safe: one painter per session. Painters of many sessions may share a Portrait and run in different
    threads at once: the work is done with the interpreter lock released.
    """

    def __init__(self, portrait: Portrait, shot: Shot, backdrop: Backdrop | Clear | None = None) -> None:
        """backdrop: RGB of the shot's size, CLEAR, or None = the picture's own background.

        Raises NoMatteError for another backdrop than the picture's own if `portrait.has_matte` is false.
        """
        if backdrop is not None and not portrait.has_matte:
            raise NoMatteError("this portrait has no matte: only its own background can be shown")
        self.portrait = portrait
        self.size_px = (shot.width_px, shot.height_px)
        drawn = shot.as_drawn()
        self._view = view_of(portrait, drawn)
        self._rig = build_rig(portrait, self._view)
        chin = self._view.shot(portrait.points["chin"])
        self._chin = float(chin[0]), float(chin[1])
        self._stage = _Stage(portrait, self._view, drawn, backdrop)
        self._light = _Light(portrait, self._view)
        self._nodes = [moved(grid) for grid in (self._rig.picture, self._rig.above_lips, self._rig.below_lips)]
        self._source = _shot_nodes(self._rig.picture, self._view)
        self._away = np.zeros(self._source.shape[1], np.float32)
        patch = portrait.eye_patch[:2]
        shut, balls = (
            packed(planes(plate(self._view, part, patch))) for part in (portrait.shut_eyes, portrait.eyeballs)
        )
        self._eyes = [EyePart(portrait, self._view, number, shut, balls) for number in (0, 1)]
        self._mouth = MouthPart(portrait, self._view, self._rig)
        channels = 4 if backdrop is CLEAR else 3
        self._picture = np.zeros((drawn.height_px, drawn.width_px, channels), np.uint8)

    def paint(self, state: FaceState) -> U8:
        """The picture of this state: RGB, uint8 (height, width, 3); RGBA with straight alpha before CLEAR.

        The same state always gives the same picture. The array is reused: valid until the next call; copy to keep.
        Weights are cut to 0..1.3; yaw and pitch fall ever further behind beyond some 15 degrees (see gestures.py).

        Raises ValueError if the state holds anything that is not a finite number.
        """
        _require_finite(state)
        state = replace(state, weights=np.clip(state.weights, 0.0, WEIGHT_MOST))
        pose = self._pose(state)
        lit = self._light.on(self._stage.plain, state)
        self._bend(state, pose)
        stage, grid = self._stage, self._rig.picture
        warp(self._source, grid.step, lit, self._view.margin_px, stage.cover, stage.wall, self._picture)
        for eye in self._eyes:
            eye.draw(state, pose, self._source, grid.step, lit, self._picture)
        fields = [
            nodes.reshape(part.height, part.width, 2)
            for nodes, part in zip(self._nodes[1:], (self._rig.above_lips, self._rig.below_lips), strict=True)
        ]
        self._mouth.draw(state, pose, (fields[0], fields[1]), lit, self._picture)
        if (self._view.width_px, self._view.height_px) == self.size_px:
            return self._picture
        return np.asarray(cv2.resize(self._picture, self.size_px, interpolation=cv2.INTER_LINEAR), np.uint8)

    def _bend(self, state: FaceState, pose: tuple[float, ...]) -> None:
        """Move all nodes, and find where every node of the shot comes from."""
        weights = bending_weights(state)
        active = np.flatnonzero(np.abs(weights) > SHOWS).astype(np.int32)
        rig, numbers = self._rig, np.array(pose, np.float32)
        for grid, out in zip((rig.picture, rig.above_lips, rig.below_lips), self._nodes, strict=True):
            bend_nodes(grid.nodes, grid.basis, active, weights[active], grid.depth, grid.head, grid.chest, numbers, out)
        grid = rig.picture
        field = self._nodes[0].reshape(grid.height, grid.width, 2)
        invert(field, grid.left, grid.top, 0, 0, grid.step, self._away, self._source)

    def _pose(self, state: FaceState) -> tuple[float, ...]:
        """The turn of the head and the breath, as kernels.bend_nodes takes them."""
        unit, (x, y) = self._view.unit_px, self._chin
        yaw = min(max(state.yaw_deg, -TURN_MOST_DEG[0]), TURN_MOST_DEG[0])
        breath = min(max(state.breath, 0.0), 1.0)
        return (
            *head_rotation(state), x, y + PIVOT_BELOW_CHIN * unit, PIVOT_DEPTH, unit, CAMERA_DISTANCE,
            yaw * SIDESTEP_PER_DEG * unit, 0.0, -BREATH_RISE * breath * unit,
        )  # fmt: skip


class _Stage:
    """What is bent, and what is behind it."""

    def __init__(self, portrait: Portrait, view: View, shot: Shot, backdrop: Backdrop | Clear | None) -> None:
        width = portrait.picture.shape[1]
        person = plate(view, portrait.picture)
        if not portrait.has_matte:
            person[..., :3] = softened_rim(view, person[..., :3], width)
        self.plain = planes(person)
        self.cover = _cover(person[..., 3])
        self.wall = np.zeros((1, 1, 3), np.uint8)
        if isinstance(backdrop, np.ndarray):
            size = (shot.width_px, shot.height_px)
            fits = backdrop.shape[1::-1] == size
            self.wall = backdrop if fits else np.asarray(cv2.resize(backdrop, size, interpolation=cv2.INTER_AREA))
        elif backdrop is None and portrait.has_matte:
            m = view.margin_px
            wall = softened_rim(view, plate(view, portrait.wall, sharpen=False), width)
            self.wall = np.ascontiguousarray(wall[m : m + view.height_px, m : m + view.width_px])


class _Light:
    """The picture under the light of this frame: folds of the expression, and what the turn does."""

    def __init__(self, portrait: Portrait, view: View) -> None:
        left, top, cell = portrait.gain_place
        m = view.margin_px
        height, width = portrait.gains.shape[1:]
        corners = view.shot([[left, top], [left + width * cell, top + height * cell]]) + m + 0.5
        plate_size = np.array([view.width_px, view.height_px]) + 2 * m
        low = np.clip(np.ceil(corners[0]), 0, plate_size).astype(int)
        high = np.clip(np.floor(corners[1]), 0, plate_size).astype(int)
        self._left, self._top = int(low[0]), int(low[1])
        self._width, self._height = (int(v) for v in np.maximum(high - low, 0))
        coarse = [max(-(-side // GAIN_CELL_PX), 1) for side in (self._width, self._height)]
        row, column = np.mgrid[0 : coarse[1], 0 : coarse[0]]
        at = np.stack([column * GAIN_CELL_PX + self._left, row * GAIN_CELL_PX + self._top], -1) + (GAIN_CELL_PX - 1) / 2
        pixels = (at - m - view.offset) / view.scale
        cells = ((pixels - [left, top]) / cell - 0.5).astype(np.float32)
        maps = [
            cv2.remap(gain, cells[..., 0], cells[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for gain in portrait.gains
        ]
        self._maps = np.asarray(maps, np.float32).reshape(len(maps), -1)
        self._coarse = (coarse[1], coarse[0])
        self._lit: U64 | None = None
        self._last: F32 | None = None

    def on(self, plain: U8, state: FaceState) -> U64:
        """The packed plate in this state's light; valid until the next call."""
        weights = gain_weights(state)
        if self._lit is None:
            self._lit = packed(plain)
        if self._width and self._height and not (self._last is not None and np.array_equal(weights, self._last)):
            gain = cv2.exp((weights @ self._maps).reshape(self._coarse))
            size = (self._coarse[1] * GAIN_CELL_PX, self._coarse[0] * GAIN_CELL_PX)
            fine = np.asarray(cv2.resize(gain, size, interpolation=cv2.INTER_LINEAR), np.float32)
            pack_lit(plain, fine, self._left, self._top, self._width, self._height, self._lit)
            self._last = weights
        return self._lit


def load_puppet_painter(look: str | Path, shot: Shot, *, cache_dir: Path | None = None) -> PuppetPainter:
    """A painter for the portrait in one look folder; prepared at its first use (about a second), then cached.

    Raises LookError for a bad look.
    """
    return PuppetPainter(load_portrait(load_portrait_look(look), cache_dir), shot)


def _require_finite(state: FaceState) -> None:
    """NaN would send the compiled kernels anywhere."""
    angles = (state.yaw_deg, state.pitch_deg, state.roll_deg, state.breath)
    if not (np.isfinite(state.weights).all() and np.isfinite(angles).all()):
        raise ValueError("the state of a face must be finite numbers")


def _shot_nodes(grid: BentGrid, view: View) -> F32:
    """Room for the sources of nodes that cover the shot."""
    columns, rows = (-(-size // grid.step) + 1 for size in (view.width_px, view.height_px))
    return np.zeros((rows, columns, 2), np.float32)


def _cover(alpha: U8) -> I32:
    """As kernels.warp takes it."""
    height, width = (-(-side // BLOCK_PX) for side in alpha.shape)
    below, right = height * BLOCK_PX - alpha.shape[0], width * BLOCK_PX - alpha.shape[1]
    padded = cv2.copyMakeBorder(alpha, 0, below, 0, right, cv2.BORDER_REPLICATE)
    blocks = padded.reshape(height, BLOCK_PX, width, BLOCK_PX)
    counts = np.zeros((2, height + 1, width + 1), np.int32)
    counts[:, 1:, 1:] = blocks.max((1, 3)) > 0, blocks.min((1, 3)) < 255
    return np.ascontiguousarray(counts.cumsum(1).cumsum(2), np.int32)
