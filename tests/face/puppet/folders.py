"""A look folder to begin with: the points of an average face on a grey picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

EYE_DISTANCE_PX = 100.0
SIDE_PX = 512
_HALF = {
    "eye_inner": (0.27, 0.0), "eye_outer": (0.73, -0.02), "eye_top": (0.5, -0.11), "eye_bottom": (0.5, 0.08),
    "brow_inner": (0.20, -0.36), "brow_middle": (0.55, -0.44), "brow_outer": (0.85, -0.32), "nostril": (0.22, 0.62),
    "mouth_corner": (0.42, 1.02), "jaw": (0.92, 1.02), "temple": (1.13, 0.0),
}  # fmt: skip
_MIDDLE = {
    "nose_tip": (0.0, 0.55), "nose_base": (0.0, 0.72), "upper_lip_top": (0.0, 0.90), "lip_seam": (0.0, 1.0),
    "lower_lip_bottom": (0.0, 1.14), "chin": (0.0, 1.65), "hairline": (0.0, -1.1),
}  # fmt: skip


def average_points() -> dict[str, list[float]]:
    """All 29 points, in pixels of a picture of SIDE_PX."""
    sided = {
        f"{side}_{name}": (sign * x, y) for name, (x, y) in _HALF.items() for side, sign in (("right", -1), ("left", 1))
    }
    return {
        name: [SIDE_PX / 2 + x * EYE_DISTANCE_PX, 220 + y * EYE_DISTANCE_PX]
        for name, (x, y) in (sided | _MIDDLE).items()
    }


def average_content() -> dict[str, Any]:
    """A look.yaml that is right."""
    return {
        "kind": "portrait",
        "picture": "portrait.png",
        "consent": {"shown": "nobody", "synthetic": True},
        "landmarks": average_points(),
    }


def write_folder(folder: Path, content: object) -> Path:
    """A look folder with this look.yaml and a grey picture."""
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / "portrait.png"), np.full((SIDE_PX, SIDE_PX, 3), 128, np.uint8))
    (folder / "look.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder
