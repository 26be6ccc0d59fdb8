"""Golden pictures: everybody in a few states, small, kept beside the tests so that a change of the drawing is seen.

After a change that is meant: look at `tth face sheet`, then write them anew and commit them with the change:

    python -m tests.face.measured.golden

"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np

from tth.adapters.avatar.face_studio import Studio
from tth.face.look import list_looks
from tth.face.parameters import FaceState
from tth.face.shot import Painter, Shot
from tth.face.stills import emotion_face, posed, viseme_face
from tth.model.controls import EmotionLabel
from tth.model.media import Picture

FOLDER = Path(__file__).parents[1] / "golden"
SIDE_PX = 96
STATES: Mapping[str, FaceState] = MappingProxyType(
    {
        "neutral": emotion_face(EmotionLabel.NEUTRAL, 0.5),
        "happy": emotion_face(EmotionLabel.HAPPY, 0.8),
        "aa": viseme_face("aa"),
        "turned": posed(emotion_face(EmotionLabel.SAD, 0.8), yaw_deg=18, pitch_deg=-6, roll_deg=4),
    }
)
MEAN_LEVELS, WORST_PIXELS_LEVELS = 1.5, 40
"""Two pictures are the same if they differ by no more than this on average, and in the hundredth part of the pixels
that differs most. Another processor's rounding moves single edge pixels; a nose that is a hair's breadth longer is
above."""
_WORST_SHARE = 0.99


@dataclass(frozen=True)
class Change:
    """How a picture differs from the golden one."""

    look: str
    state: str
    mean_levels: float
    worst_levels: float

    @property
    def is_seen(self) -> bool:
        return self.mean_levels > MEAN_LEVELS or self.worst_levels > WORST_PIXELS_LEVELS

    def __str__(self) -> str:
        return (
            f"{self.look}, {self.state}: {self.mean_levels:.2f} levels on average (at most {MEAN_LEVELS}), "
            f"{self.worst_levels:.0f} in the worst hundredth (at most {WORST_PIXELS_LEVELS})"
        )


def draw(painter: Painter) -> Picture:
    """All states side by side."""
    return np.concatenate([painter.paint(face)[..., :3].copy() for face in STATES.values()], 1)


def golden_path(look: str) -> Path:
    """Where a look's golden picture is."""
    return FOLDER / f"{look}.png"


def read(look: str) -> Picture:
    """The golden picture of a look. Raises OSError where there is none."""
    found = cv2.imdecode(np.frombuffer(golden_path(look).read_bytes(), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert found is not None, f"{golden_path(look)} is no picture"
    return np.asarray(found, np.uint8)


def changes(look: str, drawn: Picture, golden: Picture) -> list[Change]:
    """One comparison for each state."""
    apart = np.abs(drawn.astype(float) - golden).mean(2)
    found = []
    for number, state in enumerate(STATES):
        part = apart[:, number * SIDE_PX : (number + 1) * SIDE_PX]
        found.append(Change(look, state, float(part.mean()), float(np.quantile(part, _WORST_SHARE))))
    return found


def write_all() -> None:
    """Write the golden pictures of all shipped looks; those of looks that are gone go, too."""
    from tth.media.png import exact_png

    FOLDER.mkdir(exist_ok=True)
    studio = Studio(None)
    for old in FOLDER.glob("*.png"):
        if old.stem not in list_looks():
            old.unlink()
    for look in list_looks():
        data = exact_png(draw(studio.painter(look, Shot(SIDE_PX, SIDE_PX), "#607080")))
        golden_path(look).write_bytes(data)
        print(f"{golden_path(look)}: {len(data) / 1024:.0f} KiB")  # noqa: T201 - a program's output


if __name__ == "__main__":
    write_all()
