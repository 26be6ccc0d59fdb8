"""A look that is a picture: a folder with a `look.yaml`, read and checked. The format: docs/own-face.md.

A `PortraitLook` that exists is legal: every key is known, every file is there, the points can be a face. This file
reads no pixels. Tests: tests/face/puppet/test_portrait_look.py.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
import yaml

from tth.face import yaml_text
from tth.face.look_rules import LookError, mapping
from tth.face.puppet.landmarks import LANDMARKS, Floats, LandmarkError, Points, check_landmarks

LOOK_FILE = "look.yaml"
KIND = "portrait"
LOOK_MOST_BYTES = 4 * 1024 * 1024
SIDE_MOST_PX = 4096
FOLDS = (
    "smile_left", "smile_right", "brows_up", "brows_down", "sneer", "chin", "puff", "squint", "jaw_open", "pucker",
)  # fmt: skip
"""Shading that comes with an expression; each may have a ratio image of its own."""
SIDES = ("right", "left")
FOLD_GAIN_MOST = 2.0
CURVE_POINTS = (5, 129)
"""Range of the number of points of a lid or of the line between the lips."""


@dataclass(frozen=True, slots=True)
class Consent:
    """Who is shown, and why they may be."""

    shown: str
    """The person, in words."""
    synthetic: bool
    """The person does not exist: the picture was made by code or drawn."""
    statement: str = ""
    """That the person agrees, in words; never empty unless synthetic."""


@dataclass(frozen=True, slots=True)
class EyeOutline:
    """Exact curves of one eye, from left to right in the picture, in pixels, (n, 2) each."""

    upper_lid: Floats
    lower_lid: Floats


@dataclass(frozen=True, slots=True)
class PortraitLook:
    """One person, complete. Pixels count from the picture's upper left corner, (0, 0) to (width, height)."""

    folder: Path
    picture: Path
    width_px: int
    height_px: int
    landmarks: Points
    consent: Consent
    name: str = ""
    """Display name; may be empty."""
    fold_gain: float = 1.0
    """Strength of the shading that comes with expressions, 0..2: less in young faces."""
    irises: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    """Centre x, y and radius in pixels by side; missing = found in the picture."""
    lids: Mapping[str, EyeOutline] = field(default_factory=dict)
    """Exact lids by side; missing = curves through the landmarks."""
    lip_seam: Floats | None = None
    """Line between the lips from corner to corner, left to right in the picture, (n, 2); None = found."""
    layers: Mapping[str, Path] = field(default_factory=dict)
    """Files of the extra layers by name, see LAYERS."""
    folds: Mapping[str, Path] = field(default_factory=dict)
    """Files of ratio images by name, see FOLDS."""


LAYERS = ("depth", "matte", "head", "shut_eyes", "eyeballs")
_KEYS = (
    "kind", "name", "picture", "landmarks", "consent", "fold_gain", "irises", "lids", "lip_seam", "layers",
)  # fmt: skip


def is_portrait(path: str | Path) -> bool:
    """Whether a path is a look folder or the `look.yaml` in one."""
    path = Path(path)
    return (path / LOOK_FILE).is_file() or path.name == LOOK_FILE


def load_portrait_look(path: str | Path) -> PortraitLook:
    """Read and check one look folder (or the look.yaml in it).

    Raises LookError naming key and valid range: unknown or missing keys, missing or too large files, points outside
    the picture, crossed, mirrored or too close together.
    """
    path = Path(path)
    folder = path.parent if path.name == LOOK_FILE else path
    file = folder / LOOK_FILE
    try:
        content = yaml_text.parsed(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LookError("look", f"cannot be read ({type(error).__name__})", str(file)) from error
    try:
        return _parsed(content, folder)
    except LookError as error:
        raise LookError(error.key, error.problem, str(file)) from None


def parse_landmarks(content: object) -> Points:
    """Points by name from the content of a YAML file. Raises LookError for unknown, missing or impossible points."""
    entries = mapping(content, "landmarks", LANDMARKS)
    missing = [name for name in LANDMARKS if name not in entries]
    if missing:
        raise LookError("landmarks", f"lacks {', '.join(missing)}; all {len(LANDMARKS)} points are needed")
    return MappingProxyType({name: _numbers(entries[name], f"landmarks.{name}", 2) for name in LANDMARKS})


def picture_size_px(path: Path) -> tuple[int, int]:
    """Width and height of a PNG or JPEG file, from its header. Raises ValueError for anything else."""
    data = path.read_bytes()
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    if data[:2] == b"\xff\xd8":
        at = 2
        while at + 9 < len(data) and data[at] == 0xFF:
            marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # start of frame; the three are tables
                height, width = struct.unpack(">HH", data[at + 5 : at + 9])
                return width, height
            at += 2 + length
    raise ValueError("is neither a PNG nor a JPEG file")


def _parsed(content: object, folder: Path) -> PortraitLook:
    top = mapping(content, "look", _KEYS)
    if top.get("kind") != KIND:
        raise LookError("kind", f"{top.get('kind')!r} is not {KIND!r}")
    for key in ("picture", "landmarks", "consent"):
        if key not in top:
            raise LookError(key, "is missing")
    picture = _file(top["picture"], "picture", folder)
    width_px, height_px = _size(picture)
    landmarks = parse_landmarks(top["landmarks"])
    try:
        check_landmarks(landmarks, width_px, height_px)
    except LandmarkError as error:
        raise LookError(f"landmarks.{error.key}", error.problem) from None
    layers, folds = _layers(top.get("layers", {}), folder)
    _check_bytes([picture, *layers.values(), *folds.values()])
    return PortraitLook(
        folder=folder,
        picture=picture,
        width_px=width_px,
        height_px=height_px,
        landmarks=landmarks,
        consent=_consent(top["consent"]),
        name=_text(top.get("name", ""), "name"),
        fold_gain=_ranged(top.get("fold_gain", 1.0), "fold_gain", 0.0, FOLD_GAIN_MOST),
        irises=_irises(top.get("irises", {}), width_px, height_px),
        lids=_lids(top.get("lids", {})),
        lip_seam=_curve(top["lip_seam"], "lip_seam") if "lip_seam" in top else None,
        layers=layers,
        folds=folds,
    )


def _size(picture: Path) -> tuple[int, int]:
    try:
        width_px, height_px = picture_size_px(picture)
    except (OSError, ValueError) as error:
        raise LookError("picture", f"{picture.name} {error}") from None
    if max(width_px, height_px) > SIDE_MOST_PX:
        raise LookError("picture", f"is {width_px}x{height_px}; its longer side may have {SIDE_MOST_PX} pixels")
    return width_px, height_px


def _consent(content: object) -> Consent:
    entries = mapping(content, "consent", ("shown", "synthetic", "statement"))
    shown = _text(entries.get("shown", ""), "consent.shown")
    synthetic = entries.get("synthetic", False)
    statement = _text(entries.get("statement", ""), "consent.statement")
    if not shown:
        raise LookError("consent.shown", "is missing: say who is shown")
    if type(synthetic) is not bool:
        raise LookError("consent.synthetic", f"{synthetic!r} is neither true nor false")
    if not (synthetic or statement):
        raise LookError("consent.statement", "is missing: say that the person agrees, or that they are synthetic")
    return Consent(shown, synthetic, statement)


def _irises(content: object, width_px: int, height_px: int) -> Mapping[str, tuple[float, float, float]]:
    irises = {}
    for side, value in mapping(content, "irises", SIDES).items():
        x, y, radius = (float(number) for number in _numbers(value, f"irises.{side}", 3))
        if not (0 <= x <= width_px and 0 <= y <= height_px and radius > 0):
            raise LookError(f"irises.{side}", f"needs x in 0..{width_px}, y in 0..{height_px} and a radius above 0")
        irises[side] = (x, y, radius)
    return irises


def _lids(content: object) -> Mapping[str, EyeOutline]:
    lids = {}
    for side, value in mapping(content, "lids", SIDES).items():
        entries = mapping(value, f"lids.{side}", ("upper", "lower"))
        if set(entries) != {"upper", "lower"}:
            raise LookError(f"lids.{side}", "needs both upper and lower")
        lids[side] = EyeOutline(*(_curve(entries[key], f"lids.{side}.{key}") for key in ("upper", "lower")))
    return lids


def _layers(content: object, folder: Path) -> tuple[dict[str, Path], dict[str, Path]]:
    entries = mapping(content, "layers", (*LAYERS, "folds"))
    layers = {key: _file(entries[key], f"layers.{key}", folder) for key in entries if key != "folds"}
    ratios = mapping(entries.get("folds", {}), "layers.folds", FOLDS)
    return layers, {key: _file(value, f"layers.folds.{key}", folder) for key, value in ratios.items()}


def _check_bytes(files: list[Path]) -> None:
    total = sum(path.stat().st_size for path in set(files))
    if total > LOOK_MOST_BYTES:
        raise LookError("picture", f"the look's files have {total / 2**20:.1f} MiB together; at most 4 MiB")


def _file(value: object, key: str, folder: Path) -> Path:
    """A file inside the look's own folder."""
    if not isinstance(value, str) or not value:
        raise LookError(key, f"{value!r} is not the name of a file")
    path = folder / value
    if not path.resolve().is_relative_to(folder.resolve()):
        raise LookError(key, f"{value} lies outside the look's folder")
    if not path.is_file():
        raise LookError(key, f"there is no file {value} in the look's folder")
    return path


def _curve(value: object, key: str) -> Floats:
    """Points from left to right in the picture, (n, 2)."""
    least, most = CURVE_POINTS
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise LookError(key, f"is not a list of {least}..{most} points [x, y]")
    curve = np.array([_numbers(point, key, 2) for point in value])
    if (np.diff(curve[:, 0]) <= 0).any():
        raise LookError(key, "its points must go from left to right in the picture")
    return curve


def _numbers(value: object, key: str, count: int) -> Floats:
    if not isinstance(value, list | tuple) or len(value) != count or not all(_is_number(part) for part in value):
        raise LookError(key, f"{value!r} is not a list of {count} numbers")
    return np.array(value, float)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))


def _ranged(value: object, key: str, least: float, most: float) -> float:
    if not _is_number(value) or not least <= float(value) <= most:  # type: ignore[arg-type]  # it is a number
        raise LookError(key, f"{value!r} is not a number in {least:g}..{most:g}")
    return float(value)  # type: ignore[arg-type]  # it is a number


def _text(value: object, key: str) -> str:
    if not isinstance(value, str) or len(value) > 500:
        raise LookError(key, "is not a text of at most 500 characters")
    return value.strip()
