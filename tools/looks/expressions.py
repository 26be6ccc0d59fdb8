"""Folds that come with expressions, as changes of the relief, on the neutral face."""

from __future__ import annotations

import numpy as np

from tools.looks.jit import Floats
from tools.looks.person import Person
from tools.looks.relief import bump, crow_feet, relief_grid, ridge


def fold_shapes(person: Person) -> dict[str, Floats]:
    """Height images by the puppet's fold names; the person's left is where x is positive."""
    x, y = relief_grid()
    left = 1 / (1 + np.exp(-x / 0.03))
    smile = _smile(person, x, y)
    return {
        "smile_left": smile * left,
        "smile_right": smile * (1 - left),
        "brows_up": _brows_up(x, y),
        "brows_down": _brows_down(x, y),
        "sneer": _sneer(person, x, y),
        "chin": _chin(person, x, y),
        "puff": 0.060 * bump(x, y, (0.38, person.mouth.y + 0.11), (0.18, 0.19)),
        "squint": _squint(person, x, y),
        "jaw_open": _jaw_open(person, x, y),
        "pucker": _pucker(person, x, y),
    }


def _nasolabial(person: Person, x: Floats, y: Floats) -> Floats:
    n, m = person.nose.y, person.mouth
    return ridge(x, y, [(0.145, -0.30 + n), (0.235, -0.385 + n), (m.half_width + 0.10, m.y + 0.02)], 0.024)


def _bag(person: Person, x: Floats, y: Floats) -> Floats:
    ex = person.eyes.x
    return ridge(x, y, [(ex - 0.15, -0.09), (ex, -0.135), (ex + 0.15, -0.10)], 0.018)


def _smile(person: Person, x: Floats, y: Floats) -> Floats:
    m = person.mouth
    out = -0.022 * _nasolabial(person, x, y) - 0.006 * crow_feet(person, x, y) - 0.010 * _bag(person, x, y)
    out += 0.028 * bump(x, y, (0.355, -0.30), (0.13, 0.11), -20)
    out -= 0.014 * bump(x, y, (m.half_width + 0.035, m.y + m.smile), (0.022, 0.04), -25)
    return np.asarray(out + 0.010 * bump(x, y, (m.half_width + 0.09, m.y + 0.02), (0.03, 0.06)))


def _brows_up(x: Floats, y: Floats) -> Floats:
    lines = np.zeros_like(x)
    for i, height in enumerate((0.345, 0.425, 0.505)):
        fade = np.clip(1 - (np.abs(x) / (0.40 - 0.05 * i)) ** 4, 0, 1)
        lines += np.exp(-(((y - height - 0.012 * np.cos(x * 9 + i)) / 0.013) ** 2)) * fade
    rolls = sum(np.exp(-(((y - height) / w) ** 2)) for height, w in ((0.385, 0.013), (0.465, 0.013), (0.30, 0.015)))
    return np.asarray(-0.010 * lines + 0.006 * rolls * np.clip(1 - (np.abs(x) / 0.36) ** 4, 0, 1))


def _brows_down(x: Floats, y: Floats) -> Floats:
    out = -0.012 * ridge(x, y, [(0.042, 0.10), (0.050, 0.17), (0.036, 0.26)], 0.017)
    return np.asarray(
        out + 0.011 * bump(x, y, (0.14, 0.150), (0.08, 0.045)) + 0.007 * bump(x, y, (0, 0.17), (0.03, 0.07))
    )


def _sneer(person: Person, x: Floats, y: Floats) -> Floats:
    n = person.nose.y
    out = -0.022 * ridge(x, y, [(0.125, -0.225 + n), (0.165, -0.295 + n), (0.22, -0.395 + n)], 0.022)
    for d in (0.0, 0.045, 0.09):
        out -= 0.009 * ridge(x, y, [(0.045, -d), (0.10, -0.03 - d)], 0.010)
    return np.asarray(out + 0.012 * bump(x, y, (0.20, -0.24 + n), (0.06, 0.06)))


def _chin(person: Person, x: Floats, y: Floats) -> Floats:
    m, chin_y = person.mouth, person.head.chin_y
    pebbles = np.sin(x * 95 + 2 * np.sin(y * 60)) * np.sin(y * 100 + 2 * np.sin(x * 70))
    out = 0.0022 * pebbles * bump(x, y, (0, chin_y + 0.10), (0.13, 0.09))
    out -= 0.014 * np.exp(-((x / 0.15) ** 2) - ((y - (m.y - m.lower - 0.06)) / 0.022) ** 2)
    out += 0.014 * bump(x, y, (0, chin_y + 0.10), (0.10, 0.06))
    down = [(m.half_width + 0.02, m.y - 0.03), (m.half_width + 0.05, m.y - 0.13)]
    return np.asarray(out - 0.010 * ridge(x, y, down, 0.018))


def _squint(person: Person, x: Floats, y: Floats) -> Floats:
    out = -0.012 * _bag(person, x, y) - 0.007 * crow_feet(person, x, y)
    return np.asarray(out + 0.012 * bump(x, y, (person.eyes.x, -0.10), (0.14, 0.028)))


def _jaw_open(person: Person, x: Floats, y: Floats) -> Floats:
    hollow = bump(x, y, (0.42, person.mouth.y + 0.09), (0.09, 0.20), -15)
    return np.asarray(-0.018 * hollow - 0.008 * _nasolabial(person, x, y))


def _pucker(person: Person, x: Floats, y: Floats) -> Floats:
    m = person.mouth
    around = [(m.half_width - 0.02, m.y + 0.09), (m.half_width + 0.03, m.y), (m.half_width - 0.02, m.y - 0.09)]
    return np.asarray(-0.010 * ridge(x, y, around, 0.025) + 0.018 * bump(x, y, (0, m.y), (0.16, 0.11)))
