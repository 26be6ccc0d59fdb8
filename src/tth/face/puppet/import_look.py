"""From anybody's picture and points to a look folder: crop, scale, snap, check, write.

Tests: tests/face/puppet/test_import_look.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from tth.face.look import LookError
from tth.face.puppet.landmarks import LANDMARKS, LandmarkError, Points, check_landmarks, face_frame
from tth.face.puppet.picture_check import Finding, check_picture
from tth.face.puppet.portrait_look import LOOK_FILE, Consent, load_portrait_look, parse_landmarks
from tth.face.puppet.prepare import read_colour
from tth.face.puppet.snapping import Snapped, snap

U8 = NDArray[np.uint8]

KEPT = ((-3.4, -3.4), (3.4, 5.2))
"""What is kept around the middle of the eyes: left and top, right and bottom, in eye distances."""
EYE_DISTANCE_KEPT_PX = 260.0
"""Larger pictures are made smaller."""
PNG_MOST_BYTES = 2_500_000
JPEG_QUALITY = 94


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a picture."""

    folder: Path
    picture: U8
    """RGB, as it lies in the folder."""
    placed: Points
    """The points as they were given, in its pixels."""
    snapped: Snapped
    findings: tuple[Finding, ...]
    has_matte: bool


def read_points(path: Path) -> Points:
    """Landmarks from a YAML file: the 29 names, or a look.yaml that has them. Raises LookError naming what is wrong."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LookError("landmarks", f"cannot be read ({type(error).__name__})", str(path)) from error
    if isinstance(content, Mapping) and "landmarks" in content:
        content = content["landmarks"]
    try:
        return parse_landmarks(content)
    except LookError as error:
        raise LookError(error.key, error.problem, str(path)) from None


def points_template() -> str:
    """A file to be filled in: every point with where it sits."""
    lines = [
        "# Points of a face, in pixels from the picture's upper left corner: [x to the right, y down].",
        '# "left" is the person\'s left, on the right of the picture. All are needed; replace every [0, 0].',
        "landmarks:",
    ]
    return "\n".join([*lines, *(f"  {name}: [0, 0]  # {where}" for name, where in LANDMARKS.items())]) + "\n"


def import_picture(
    picture_path: Path,
    points: Points,
    folder: Path,
    consent: Consent,
    name: str = "",
    *,
    snap_points: bool = True,
    progress: Callable[[str], None] = lambda _: None,
) -> Imported:
    """Make a look folder. PNG (its alpha channel becomes the matte), JPEG or WebP; EXIF orientation is honoured.

    Raises LookError for a picture that cannot be read and for points that cannot be a face (named, with the range).
    """
    progress("reading the picture")
    try:
        whole = read_colour(picture_path, "picture")
    except OSError as error:
        raise LookError("picture", f"cannot be read ({type(error).__name__})", str(picture_path)) from error
    try:
        check_landmarks(points, whole.shape[1], whole.shape[0])
    except LandmarkError as error:
        raise LookError(f"landmarks.{error.key}", error.problem) from None
    image, placed = _cropped(whole, points)
    colours = np.ascontiguousarray(image[..., :3])
    progress("looking for lids, brows and lips")
    snapped = snap(colours, placed) if snap_points else Snapped(placed, {}, {})
    try:
        check_landmarks(snapped.points, colours.shape[1], colours.shape[0])
    except LandmarkError:  # the picture misleads: better the points as they were placed
        snapped = Snapped(placed, snapped.irises, {})
    progress("checking")
    findings = check_picture(colours, snapped.points)
    progress("writing")
    has_matte = bool((image[..., 3] < 250).mean() > 0.02)
    _write(folder, colours, image[..., 3] if has_matte else None, snapped, consent, name)
    load_portrait_look(folder)  # what was written is legal, or it is told now
    return Imported(folder, colours, placed, snapped, tuple(findings), has_matte)


def _cropped(image: U8, points: Points) -> tuple[U8, dict[str, NDArray[np.float64]]]:
    """Head and shoulders at a sensible size, and the points there."""
    frame = face_frame(points)
    low, high = (frame.origin + np.array(corner) * frame.eye_distance_px for corner in KEPT)
    size = np.array([image.shape[1], image.shape[0]])
    low, high = np.clip(np.floor(low), 0, size).astype(int), np.clip(np.ceil(high), 0, size).astype(int)
    part = image[low[1] : high[1], low[0] : high[0]]
    scale = min(1.0, EYE_DISTANCE_KEPT_PX / frame.eye_distance_px)
    if scale < 1:
        part = np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    stretch = np.array([part.shape[1], part.shape[0]]) / (high - low)
    return np.ascontiguousarray(part), {name: (at - low) * stretch for name, at in points.items()}


def _write(folder: Path, picture: U8, matte: U8 | None, snapped: Snapped, consent: Consent, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file = "portrait.png"
    data = _encoded(picture, ".png")
    if len(data) > PNG_MOST_BYTES:
        file, data = "portrait.jpg", _encoded(picture, ".jpg")
    (folder / file).write_bytes(data)
    content: dict[str, object] = {"kind": "portrait"}
    if name:
        content["name"] = name
    content |= {"picture": file, "consent": {"shown": consent.shown, "synthetic": consent.synthetic}}
    if consent.statement:
        content["consent"] = {"shown": consent.shown, "statement": consent.statement}
    content["landmarks"] = {key: [round(float(v), 2) for v in at] for key, at in snapped.points.items()}
    if snapped.irises:
        content["irises"] = {side: [round(v, 2) for v in iris] for side, iris in snapped.irises.items()}
    if matte is not None:
        (folder / "matte.png").write_bytes(_encoded(matte, ".png"))
        content["layers"] = {"matte": "matte.png"}
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)
    (folder / LOOK_FILE).write_text(f"# {name or folder.name}: imported from a picture.\n{text}", encoding="utf-8")


def _encoded(picture: U8, ending: str) -> bytes:
    image = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) if picture.ndim == 3 else picture
    done, data = cv2.imencode(ending, image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if ending == ".jpg" else [])
    if not done:
        raise OSError(f"a picture of {picture.shape} cannot be encoded as {ending}")
    return bytes(data)
