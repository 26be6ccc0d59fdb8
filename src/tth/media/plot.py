"""Curves over a common axis of time, as one picture: panels below each other, drawn twice as large and scaled down.

Knows nothing of faces. Tests: tests/media/test_plot.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from tth.media.lettering import REGULAR, SEMIBOLD, Anchor, Colour, width_px, write
from tth.model.media import Picture

PAPER, PANEL, INK, GREY, RULE = (250, 249, 247), (255, 255, 255), (34, 34, 40), (126, 126, 136), (228, 227, 224)
# Wong, "Points of view: Color blindness", Nature Methods, 2011.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY = (
    (0, 114, 178), (230, 140, 0), (0, 140, 105), (204, 72, 34), (176, 92, 148), (70, 160, 220),
)  # fmt: skip
_FINE = 2
"""Everything is drawn so many times larger."""
_SHIFT = 4
"""OpenCV takes coordinates in sixteenths of a pixel."""
_AXIS_STEPS_S = (1.0, 2.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
_MOST_MARKS = 20
"""Labels that fit below the widest panel."""
_LEFT_PX, _RIGHT_PX, _TOP_PX, _BOTTOM_PX, _GAP_PX = 124, 150, 84, 44, 12
_TEXT_PX, _SMALL_PX, _TITLE_PX = 15, 13, 26


_Number = TypeVar("_Number", float, NDArray[np.float64])


@dataclass(frozen=True, slots=True)
class Curve:
    """One line."""

    name: str
    times_s: NDArray[np.float64]
    values: NDArray[np.float64]
    colour: Colour
    filled: bool = False
    """The area between it and 0 is tinted."""


@dataclass(frozen=True, slots=True)
class Curves:
    """A panel of curves with a scale."""

    title: str
    curves: tuple[Curve, ...]
    low: float
    high: float
    unit: str = ""
    height_px: int = 110
    marks: tuple[tuple[float, float], ...] = ()
    """Stretches (from, to) in seconds that are marked by a bar at the panel's foot."""
    mark_name: str = ""


@dataclass(frozen=True, slots=True)
class Wave:
    """A panel of sound, with a label for each word."""

    title: str
    times_s: NDArray[np.float64]
    """Middle of each column."""
    low: NDArray[np.float64]
    """Least of -1..1 in each column."""
    high: NDArray[np.float64]
    labels: tuple[tuple[float, str], ...]
    """Where a word begins, and the word."""
    height_px: int = 104


@dataclass(frozen=True, slots=True)
class Blocks:
    """A panel of named, coloured stretches of time."""

    title: str
    blocks: tuple[tuple[float, float, str, Colour], ...]
    """From, to, name, colour."""
    height_px: int = 30


Panel = Curves | Wave | Blocks


@dataclass(frozen=True, slots=True)
class Plot:
    """What is drawn."""

    title: str
    subtitle: str
    duration_s: float
    panels: Sequence[Panel]
    rules_s: tuple[float, ...] = ()
    """Moments that are ruled through all panels."""
    width_px: int = 1600


def draw_plot(plot: Plot) -> Picture:
    """The plot as one RGB picture. Raises ValueError for a duration that is not positive."""
    if plot.duration_s <= 0:
        raise ValueError(f"duration_s must be positive, not {plot.duration_s}")
    height = _TOP_PX + sum(panel.height_px + _GAP_PX for panel in plot.panels) + _BOTTOM_PX
    paper = np.full((height * _FINE, plot.width_px * _FINE, 3), PAPER, np.uint8)
    write(paper, plot.title, (28 * _FINE, 40 * _FINE), _TITLE_PX * _FINE, INK, SEMIBOLD)
    write(paper, plot.subtitle, (28 * _FINE, 66 * _FINE), _TEXT_PX * _FINE, GREY)
    top = _TOP_PX
    for panel in plot.panels:
        _Frame(paper, plot, top, panel.height_px).draw(panel)
        top += panel.height_px + _GAP_PX
    _Frame(paper, plot, top - _GAP_PX, 0).axis()
    return np.asarray(cv2.resize(paper, (plot.width_px, height), interpolation=cv2.INTER_AREA), np.uint8)


class _Frame:
    """One panel's place on the paper."""

    def __init__(self, paper: Picture, plot: Plot, top_px: int, height_px: int) -> None:
        self._paper = paper
        self._plot = plot
        self._top = top_px * _FINE
        self._height = height_px * _FINE
        self._left = _LEFT_PX * _FINE
        self._right = (plot.width_px - _RIGHT_PX) * _FINE

    def draw(self, panel: Panel) -> None:
        """The panel's ground, its content and its title."""
        cv2.rectangle(self._paper, (self._left, self._top), (self._right, self._top + self._height), PANEL, -1)
        for moment in self._plot.rules_s:
            x = round(self._x(moment))
            cv2.line(self._paper, (x, self._top), (x, self._top + self._height), RULE, 1)
        place = (28 * _FINE, self._top + min(self._height / 2, 22 * _FINE) + 5 * _FINE)
        write(self._paper, panel.title, place, _TEXT_PX * _FINE, INK, SEMIBOLD)
        match panel:
            case Curves():
                self._curves(panel)
            case Wave():
                self._wave(panel)
            case Blocks():
                self._blocks(panel)

    def axis(self) -> None:
        """Seconds under the last panel."""
        steps = (step for step in _AXIS_STEPS_S if self._plot.duration_s / step <= _MOST_MARKS)
        step = next(steps, _AXIS_STEPS_S[-1])
        for moment in np.arange(0, self._plot.duration_s + 1e-6, step):
            x = self._x(float(moment))
            cv2.line(self._paper, (round(x), self._top), (round(x), self._top + 6 * _FINE), GREY, _FINE)
            place = (x, self._top + 22 * _FINE)
            write(self._paper, f"{moment:g} s", place, _SMALL_PX * _FINE, GREY, REGULAR, Anchor.CENTRE)

    def _curves(self, panel: Curves) -> None:
        self._scale(panel)
        for curve in panel.curves:
            points = self._points(curve, panel)
            if curve.filled:
                self._fill(points, self._y(min(max(0.0, panel.low), panel.high), panel), curve.colour)
        for curve in panel.curves:
            cv2.polylines(
                self._paper, [self._points(curve, panel)], False, curve.colour, 2 * _FINE, cv2.LINE_AA, _SHIFT
            )
        for start, end in panel.marks:
            foot = self._top + self._height
            corners = (
                (round(self._x(start)), foot - 5 * _FINE),
                (max(round(self._x(end)), round(self._x(start)) + 2), foot),
            )
            cv2.rectangle(self._paper, *corners, RED, -1)
        names = [(curve.name, curve.colour) for curve in panel.curves]
        self._legend([*names, (panel.mark_name, RED)] if panel.mark_name else names)

    def _scale(self, panel: Curves) -> None:
        values = {panel.low, panel.high} | ({0.0} if panel.low < 0 < panel.high else set())
        for value in values:
            y = round(self._y(value, panel))
            cv2.line(self._paper, (self._left, y), (self._right, y), RULE, 1 if value else _FINE)
            place = (
                self._left - 8 * _FINE,
                y + (10 if value == panel.high else 0 if value == panel.low else 5) * _FINE,
            )
            write(self._paper, f"{value:g}{panel.unit}", place, _SMALL_PX * _FINE, GREY, REGULAR, Anchor.RIGHT)

    def _legend(self, names: Sequence[tuple[str, Colour]]) -> None:
        for number, (name, colour) in enumerate(names):
            place = (self._right + 12 * _FINE, self._top + (15 + 19 * number) * _FINE)
            write(self._paper, name, place, _TEXT_PX * _FINE, colour, SEMIBOLD)

    def _fill(self, points: NDArray[np.int32], base: float, colour: Colour) -> None:
        fine = 1 << _SHIFT
        ends = np.array([[[points[-1, 0, 0], round(base * fine)]], [[points[0, 0, 0], round(base * fine)]]], np.int32)
        part = self._paper[self._top : self._top + self._height + 1]
        over = part.copy()
        cv2.fillPoly(over, [np.concatenate([points, ends]) - [0, self._top * fine]], colour, cv2.LINE_AA, _SHIFT)
        cv2.addWeighted(over, 0.18, part, 0.82, 0, part)

    def _wave(self, panel: Wave) -> None:
        room, base = self._height - 26 * _FINE, self._top + 26 * _FINE
        upper = base + room / 2 - panel.high * room / 2
        lower = np.maximum(base + room / 2 - panel.low * room / 2, upper + 1)
        outline = np.concatenate([
            np.stack([self._x(panel.times_s), upper], 1), np.stack([self._x(panel.times_s), lower], 1)[::-1]
        ])  # fmt: skip
        cv2.fillPoly(self._paper, [_fine(outline)], (120, 124, 140), cv2.LINE_AA, _SHIFT)
        end = 0.0
        for moment, word in panel.labels:
            x = self._x(moment)
            if x >= end:  # words that would overlap are left out
                write(self._paper, word, (x, self._top + 17 * _FINE), _TEXT_PX * _FINE, INK)
                end = x + width_px(word, _TEXT_PX * _FINE) + 3 * _FINE

    def _blocks(self, panel: Blocks) -> None:
        for start, end, name, colour in panel.blocks:
            left, right = round(self._x(start)), round(self._x(end))
            cv2.rectangle(self._paper, (left, self._top), (max(right - 1, left), self._top + self._height), colour, -1)
            if width_px(name, _SMALL_PX * _FINE) < right - left - 2 * _FINE:
                place = ((left + right) / 2, self._top + self._height / 2 + 5 * _FINE)
                write(self._paper, name, place, _SMALL_PX * _FINE, (255, 255, 255), SEMIBOLD, Anchor.CENTRE)

    def _points(self, curve: Curve, panel: Curves) -> NDArray[np.int32]:
        return _fine(
            np.stack([self._x(curve.times_s), self._y(np.clip(curve.values, panel.low, panel.high), panel)], 1)
        )

    def _x(self, time_s: _Number) -> _Number:
        return self._left + (self._right - self._left) * time_s / self._plot.duration_s

    def _y(self, value: _Number, panel: Curves) -> _Number:
        return self._top + self._height * (panel.high - value) / (panel.high - panel.low)


def _fine(points: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.rint(points * (1 << _SHIFT)).astype(np.int32)[:, None]
