"""A sequence of faces as CSV or JSON, for other programs: every parameter of every frame, and when it was.

Tests: tests/face/test_record.py.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tth.face.parameters import BLENDSHAPES, GAZE_FULL_DEG, FaceState, gaze_of

COLUMNS: tuple[str, ...] = (
    "time_s", *BLENDSHAPES, "yaw_deg", "pitch_deg", "roll_deg", "gaze_right_deg", "gaze_up_deg", "breath", "viseme",
    "kind",
)  # fmt: skip
"""Of `as_csv`. The gaze is the mean of both eyes and stands in the eyeLook shapes, too."""
DIGITS = 4
FORMAT = "tth.face/1"


@dataclass(frozen=True, slots=True)
class RecordedFace:
    """One frame."""

    time_s: float
    """Where the frame begins, seconds from the beginning of the recording."""
    face: FaceState
    viseme: str = "sil"
    """The strongest one."""
    kind: str = "idle"
    """What the person does: idle, listening, thinking or speaking."""


def as_csv(frames: Iterable[RecordedFace]) -> str:
    """A line of headings and one line for each frame; numbers with four decimals."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([*map(_text, _numbers(frame)), frame.viseme, frame.kind] for frame in frames)
    return out.getvalue()


def as_json(frames: Iterable[RecordedFace], fps: float) -> str:
    """One object: what the numbers are, and `frames`, each with its weights in the order of `blendshapes`."""
    return json.dumps(
        {
            "format": FORMAT,
            "fps": fps,
            "blendshapes": BLENDSHAPES,
            "gaze_full_deg": GAZE_FULL_DEG,
            "frames": [_frame(frame) for frame in frames],
        },
        separators=(",", ":"),
    )


def from_json(text: str) -> list[RecordedFace]:
    """The frames of `as_json`. Raises ValueError for another format or other blendshapes."""
    content = json.loads(text)
    if content.get("format") != FORMAT:
        raise ValueError(f"format: {content.get('format')!r} is not {FORMAT!r}")
    if tuple(content["blendshapes"]) != BLENDSHAPES:
        raise ValueError("blendshapes: not the 52 of this version in their order")
    return [
        RecordedFace(
            frame["time_s"],
            FaceState(
                np.array(frame["weights"], np.float32),
                frame["yaw_deg"],
                frame["pitch_deg"],
                frame["roll_deg"],
                frame["breath"],
            ),
            frame["viseme"],
            frame["kind"],
        )
        for frame in content["frames"]
    ]


def _numbers(frame: RecordedFace) -> list[float]:
    face = frame.face
    right_deg, up_deg = gaze_of(face.weights)
    angles = (face.yaw_deg, face.pitch_deg, face.roll_deg, right_deg, up_deg, face.breath)
    return [frame.time_s, *face.weights.tolist(), *angles]


def _frame(frame: RecordedFace) -> dict[str, object]:
    face = frame.face
    right_deg, up_deg = gaze_of(face.weights)
    return {
        "time_s": round(frame.time_s, DIGITS),
        "weights": [round(weight, DIGITS) for weight in face.weights.tolist()],
        "yaw_deg": round(face.yaw_deg, DIGITS),
        "pitch_deg": round(face.pitch_deg, DIGITS),
        "roll_deg": round(face.roll_deg, DIGITS),
        "gaze_right_deg": round(right_deg, DIGITS),
        "gaze_up_deg": round(up_deg, DIGITS),
        "breath": round(face.breath, DIGITS),
        "viseme": frame.viseme,
        "kind": frame.kind,
    }


def _text(number: float) -> str:
    return f"{round(number, DIGITS) + 0.0:g}" if abs(number) < 1 else f"{number:.{DIGITS}f}".rstrip("0").rstrip(".")
