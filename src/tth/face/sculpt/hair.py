"""Chooses the cut of hair and colours its locks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tth.face.look import HairLook
from tth.face.sculpt.drape import Drape, join_hanging
from tth.face.sculpt.hair_back import back_hair
from tth.face.sculpt.hair_curly import curly_hair
from tth.face.sculpt.hair_long import long_hair
from tth.face.sculpt.hair_short import balding_hair, cropped_hair, short_hair
from tth.face.sculpt.locks import greyed
from tth.face.sculpt.maths import Randoms
from tth.face.sculpt.mesh import Part, wound_like_normals
from tth.face.sculpt.scalp import Scalp


def build_hair(look: HairLook, scalp: Scalp, drape: Drape, rng: Randoms) -> Part:
    """The hair of one person: normals, tangents, uv, linear colours and a piece number for every lock."""
    match look.style:
        case "long":
            parts = long_hair(scalp, look, drape, rng)
        case "short":
            parts = short_hair(scalp, look, rng)
        case "cropped":
            parts = cropped_hair(scalp, look)
        case "balding":
            parts = balding_hair(scalp, look, rng)
        case "bald":
            return _no_hair()
        case "bun" | "ponytail":
            parts = back_hair(scalp, look, drape, rng)
        case "curly":
            parts = curly_hair(scalp, look, rng)
    return join_hanging([_coloured(wound_like_normals(part), look, rng) for part in parts])


def _no_hair() -> Part:
    """Nothing, with the fields of hair."""
    nothing = np.zeros((0, 3))
    return Part(
        nothing,
        np.zeros((0, 3), int),
        nothing,
        nothing,
        np.zeros((0, 2)),
        nothing,
        two_sided=np.zeros(0),
        piece=np.zeros(0, int),
    )


def _coloured(lock: Part, look: HairLook, rng: Randoms) -> Part:
    """The lock's brightness times the hair's colour, a little warmer or greyer than its neighbours."""
    assert lock.tint is not None
    colour = greyed(look.colour, np.clip(look.grey + rng.normal() * 0.3 * look.grey * (1 - look.grey), 0, 1))
    hue = 1 + rng.normal() * 0.035 * (1 - 0.7 * look.grey) * np.array([1.0, 0.0, -1.0])
    return replace(lock, tint=lock.tint[:, None] * (colour * hue))
