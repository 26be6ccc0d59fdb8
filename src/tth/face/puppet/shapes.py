"""What each blendshape does to the control points, as a table. The names are ARKit's; amounts in eye distances.

Chosen by eye on rendered faces, 2026-11: corners of a smile go up and out, the line between the lips stays a U, the
jaw carries all that hangs on it. Blinks, gaze and tongue are not here: they are drawn, not bent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tth.face.parameters import BLENDSHAPES
from tth.face.puppet.control_points import LIP_LINES, ControlPoints
from tth.face.puppet.landmarks import Floats

JAW_DROP = 0.46
"""How far the chin goes down at jawOpen = 1."""
CORRECTIVES = ("smileOpen",)
"""Driven by a smile times an opening: keeps the open lower lip of a smile a U."""


@dataclass(frozen=True, slots=True)
class LipPlace:
    """Where the control points stand along the mouth, and on which side."""

    out: Floats
    """0 in the middle, 1 at the corners."""
    half: Floats
    """Share of this side's movement: 0.5 in the middle, 1 on this side, 0 on the other; 1 for shapes without a side."""
    corner: Floats
    """1 at this side's corner."""

    @property
    def arch(self) -> Floats:
        """The profile of an opening between the lips."""
        return np.asarray(np.clip(1 - self.out**2.8, 0, 1) ** 0.55)

    @property
    def vault(self) -> Floats:
        """The profile of a dropped jaw's lower lip."""
        return np.asarray(np.clip(1 - self.out**2.4, 0, 1) ** 0.76)


Profile = Callable[[LipPlace], Floats | float]


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the table: these points move so far outwards and down, times a profile along the mouth."""

    points: str
    """Names, separated by blanks."""
    outwards: float
    down: float
    profile: Profile = lambda _: 1.0
    squeeze: float = 0.0
    """Instead of outwards: share of the distance to the mouth's middle that goes away."""
    right: float = 0.0
    """Instead of outwards: to the right of the picture."""


def _side(power: float) -> Profile:
    return lambda m: m.half * m.out**power


def _hump(m: LipPlace) -> Floats:
    """Between middle and corner: rounds what would become a V."""
    return np.asarray(4 * m.out * (1 - m.out))


def _hump_side(m: LipPlace) -> Floats:
    return np.asarray(m.half * 4 * m.out * (1 - m.out))


def _jaw_slit(m: LipPlace) -> Floats:
    """What a dropped jaw opens between the lips."""
    return np.asarray(JAW_DROP * (0.96 * (0.27 + 0.73 * m.vault) - 0.26 * m.out**1.7))


_MIDDLE: Profile = lambda m: m.half * (1 - m.out)  # noqa: E731  # a table of formulas
_FLAT: Profile = lambda m: m.half * (1 - m.out**2)  # noqa: E731
_CORNER: Profile = lambda m: m.corner  # noqa: E731
_ARCH: Profile = lambda m: m.half * m.arch  # noqa: E731
_SEAM = "seam_upper seam_lower"

_SHAPES: Mapping[str, tuple[Move, ...]] = {
    "jawOpen": (
        Move("seam_lower", 0, JAW_DROP * 0.96, lambda m: 0.27 + 0.73 * m.vault),
        Move("seam_lower", -0.03, 0, lambda m: m.out),
        Move("lip_lower", 0, JAW_DROP * 0.97, lambda m: 0.36 + 0.64 * m.vault),
        Move("lip_lower", -0.02, 0, lambda m: m.out),
        Move("lip_fold", 0, JAW_DROP * 0.97),
        Move("corner", -0.045, JAW_DROP * 0.26),
        Move("chin", 0, JAW_DROP),
        Move("throat", 0, JAW_DROP * 0.62),
        Move("chin_pad", 0, JAW_DROP * 0.98),
        Move("chin_side", -0.015, JAW_DROP * 0.90),
        Move("jaw_middle", -0.02, JAW_DROP * 0.72),
        Move("jaw", -0.015, JAW_DROP * 0.22),
        Move("mouth_side", -0.02, JAW_DROP * 0.36),
        Move("neck", 0, JAW_DROP * 0.30),
        Move("nasolabial", -0.008, JAW_DROP * 0.09),
        Move("cheek", -0.012, JAW_DROP * 0.07),
        Move("seam_upper", 0, JAW_DROP * 0.26, lambda m: m.out**1.7),
        Move("seam_upper", -0.03, 0, lambda m: m.out),
        Move("lip_upper", 0, JAW_DROP * 0.19, lambda m: m.out**2),
        Move("lip_upper", -0.02, 0, lambda m: m.out),
    ),
    "jawForward": (
        Move("lip_lower lip_fold", 0, 0.012, _FLAT),
        Move("seam_lower seam_upper", 0, -0.010, _FLAT),
        Move("chin chin_pad", 0, 0.030),
        Move("chin_side jaw_middle", 0.012, 0.022),
    ),
    "jawLeft": (
        Move("chin chin_pad", 0, 0, right=0.13),
        Move("chin_side lip_fold", 0, 0, right=0.12),
        Move("lip_lower", 0, 0, right=0.11),
        Move("jaw_middle seam_lower", 0, 0, right=0.10),
        Move("corner mouth_side", 0, 0, right=0.06),
        Move("throat", 0, 0, right=0.05),
        Move("seam_upper", 0, 0, right=0.03),
        Move("lip_upper", 0, 0, right=0.02),
    ),
    "mouthLeft": (
        Move("corner seam_upper seam_lower", 0, 0, right=0.12),
        Move("lip_upper lip_lower", 0, 0, right=0.11),
        Move("mouth_side nasolabial", 0, 0, right=0.07),
        Move("lip_fold philtrum", 0, 0, right=0.06),
        Move("chin_pad chin_side", 0, 0, right=0.03),
        Move("nose_base wing", 0, 0, right=0.012),
    ),
    "mouthClose": (  # closes the slit that the same amount of jawOpen opens
        Move("seam_lower", 0, -0.78, _jaw_slit),
        Move("lip_lower", 0, -0.70, _jaw_slit),
        Move("lip_fold", 0, -0.46 * JAW_DROP),
        Move("seam_upper", 0, 0.22, _jaw_slit),
        Move("lip_upper", 0, 0.17, _jaw_slit),
        Move("chin_pad", 0, -0.05),
    ),
    "mouthFunnel": (
        Move("corner", 0, 0, squeeze=0.30),
        Move(_SEAM, 0, 0, squeeze=0.26),
        Move("lip_upper lip_lower", 0, 0, squeeze=0.24),
        Move("seam_upper", 0, -0.060, _ARCH),
        Move("seam_lower", 0, 0.085, _ARCH),
        Move("lip_upper", 0, -0.075, lambda m: 1 - 0.5 * m.out),
        Move("lip_lower", 0, 0.090, lambda m: 1 - 0.5 * m.out),
        Move("seam_lower lip_lower", 0, 0.022, _hump),
        Move("seam_upper lip_upper", 0, -0.010, _hump),
        Move("lip_fold", 0, 0.07),
        Move("mouth_side", -0.07, 0.01),
        Move("nasolabial", -0.035, 0),
        Move("philtrum", -0.015, -0.03),
        Move("chin_pad", 0, 0.03),
    ),
    "mouthPucker": (
        Move("corner", 0, 0, squeeze=0.43),
        Move(_SEAM, 0, 0, squeeze=0.42),
        Move("lip_upper", 0, 0, squeeze=0.38),
        Move("lip_lower", 0, 0, squeeze=0.36),
        Move("lip_upper", 0, -0.020, lambda m: 1 - 0.4 * m.out),
        Move("lip_lower", 0, 0.022, lambda m: 1 - 0.4 * m.out),
        Move("lip_lower", 0, 0.026, _hump),
        Move(_SEAM, 0, 0.010, _hump),
        Move("mouth_side", -0.10, 0),
        Move("nasolabial", -0.06, 0.01),
        Move("philtrum", -0.03, -0.005),
        Move("cheek", -0.025, 0),
        Move("chin_side", -0.02, -0.01),
    ),
    "mouthSmile": (
        Move("corner", 0.135, -0.115, _CORNER),
        Move(_SEAM, 0.130, 0, _side(1.1)),
        Move(_SEAM, 0, -0.112, _side(2.0)),
        Move(_SEAM, 0, 0.020, _MIDDLE),
        Move(_SEAM, 0, 0.012, _hump_side),
        Move("lip_upper", 0.110, 0, _side(1.1)),
        Move("lip_upper", 0, -0.090, _side(2.0)),
        Move("lip_upper", 0, 0.010, _MIDDLE),
        Move("lip_lower", 0.100, 0, _side(1.1)),
        Move("lip_lower", 0, -0.105, _side(2.0)),
        Move("lip_lower", 0, -0.010, _MIDDLE),
        Move("lip_lower", 0, 0.014, _hump_side),
        Move("mouth_side", 0.085, -0.085),
        Move("nasolabial", 0.085, -0.085),
        Move("philtrum", 0.018, -0.02),
        Move("wing", 0.022, -0.014),
        Move("apple", 0.030, -0.080),
        Move("cheek", 0.035, -0.060),
        Move("under_eye", 0, -0.035),
        Move("jaw", 0.012, -0.012),
        Move("chin_side", 0.02, -0.02),
    ),
    "mouthFrown": (
        Move("corner", 0.010, 0.115, _CORNER),
        Move(_SEAM, 0.01, 0.110, _side(2.0)),
        Move(_SEAM, 0, -0.014, _MIDDLE),
        Move("lip_upper", 0.005, 0.055, _side(1.5)),
        Move("lip_lower", 0, 0.045, _side(1.5)),
        Move("lip_lower", 0, -0.025, _MIDDLE),
        Move("lip_fold", 0, -0.0125),
        Move("mouth_side", 0.01, 0.085),
        Move("nasolabial", -0.01, 0.035),
        Move("chin_pad", 0, -0.01),
        Move("chin_side", 0, 0.02),
    ),
    "mouthDimple": (
        Move("corner", 0.045, -0.010, _CORNER),
        Move(_SEAM, 0.03, -0.006, _side(2.0)),
        Move("mouth_side", 0.02, 0),
    ),
    "mouthStretch": (
        Move("corner", 0.115, 0.035, _CORNER),
        Move(_SEAM + " lip_upper lip_lower", 0.10, 0.03, _side(1.5)),
        Move("mouth_side", 0.08, 0.03),
        Move("nasolabial", 0.04, 0.01),
        Move("jaw_middle", 0.015, 0.015),
        Move("neck", 0.02, 0),
    ),
    "mouthRollLower": (
        Move("lip_lower", 0, -0.085, _FLAT),
        Move("lip_lower seam_lower", 0, 0.016, _hump),
        Move("seam_lower", 0, -0.020, _FLAT),
        Move("lip_fold", 0, -0.060),
        Move("chin_pad", 0, -0.035),
    ),
    "mouthRollUpper": (
        Move("lip_upper", 0, 0.055, _FLAT),
        Move("seam_upper", 0, 0.012, _FLAT),
        Move("philtrum", 0, 0.02),
    ),
    "mouthShrugLower": (
        Move("chin_pad lip_fold", 0, -0.075),
        Move("lip_lower", 0, -0.045, lambda m: 1 - 0.5 * m.out),
        Move(_SEAM, 0, -0.040, _MIDDLE),
        Move("lip_upper", 0, -0.020, _MIDDLE),
        Move("chin", 0, -0.025),
        Move("corner", 0, 0.02),
    ),
    "mouthShrugUpper": (
        Move("lip_upper", 0, -0.040, _FLAT),
        Move(_SEAM, 0, -0.022, _FLAT),
        Move("philtrum", 0, -0.025),
    ),
    "mouthPress": (
        Move("lip_upper", 0, 0.040, _FLAT),
        Move("lip_lower", 0, -0.045, _FLAT),
        Move("corner", 0.02, -0.004, _CORNER),
        Move("lip_fold chin_pad", 0, -0.0125),
        Move("mouth_side", 0.015, 0),
    ),
    "mouthLowerDown": (
        Move("seam_lower", 0, 0.100, _ARCH),
        Move("lip_lower", 0, 0.095, lambda m: m.half * (1 - 0.6 * m.out)),
        Move("lip_fold", 0, 0.035),
        Move("chin_side", 0.01, 0.02),
        Move("corner", 0.01, 0.015, _CORNER),
    ),
    "mouthUpperUp": (
        Move("seam_upper", 0, -0.095, _ARCH),
        Move("lip_upper", 0, -0.085, lambda m: m.half * (1 - 0.6 * m.out)),
        Move("philtrum", 0.012, -0.050),
        Move("nasolabial", 0.010, -0.040),
        Move("wing", 0.014, -0.028),
        Move("apple", 0, -0.020),
    ),
    "browInnerUp": (
        Move("brow_inner", -0.012, -0.135),
        Move("brow_inner_half", -0.004, -0.095),
        Move("brow_middle", 0, -0.045),
        Move("glabella", 0, -0.075),
        Move("forehead_inner", 0, -0.060),
        Move("forehead_outer", 0, -0.020),
    ),
    "browDown": (
        Move("brow_inner", -0.050, 0.085),
        Move("brow_inner_half", -0.035, 0.080),
        Move("brow_middle", -0.020, 0.060),
        Move("brow_outer_half", -0.008, 0.035),
        Move("brow_outer", 0, 0.012),
        Move("glabella", 0, 0.030),
        Move("forehead_inner", -0.01, 0.035),
        Move("forehead_outer", 0, 0.020),
    ),
    "browOuterUp": (
        Move("brow_outer", 0, -0.095),
        Move("brow_outer_half", 0, -0.120),
        Move("brow_middle", 0, -0.115),
        Move("brow_inner_half", 0, -0.070),
        Move("brow_inner", 0, -0.025),
        Move("forehead_outer", 0, -0.055),
    ),
    "cheekPuff": (
        Move("cheek", 0.050, 0),
        Move("mouth_side", 0.045, 0),
        Move("jaw", 0.055, 0),
        Move("jaw_middle", 0.030, 0.01),
        Move("ear", 0.02, 0),
        Move("corner", -0.020, 0),
        Move("lip_upper", 0, 0.02, _MIDDLE),
        Move("lip_lower", 0, -0.02, _MIDDLE),
    ),
    "cheekSquint": (
        Move("under_eye", 0, -0.040),
        Move("lower_lid", 0, -0.022),
        Move("apple", 0.01, -0.055),
        Move("cheek", 0.01, -0.03),
        Move("brow_outer", 0, 0.010),
    ),
    "noseSneer": (
        Move("wing", 0.018, -0.060),
        Move("nasolabial", 0.02, -0.060),
        Move("philtrum", 0.01, -0.050),
        Move("lip_upper", 0, -0.050, lambda m: m.half * (1 - 0.3 * m.out)),
        Move("seam_upper", 0, -0.035, _ARCH),
        Move("apple", 0, -0.045),
        Move("under_eye", 0, -0.025),
        Move("nose_tip", 0, -0.010),
        Move("nose_base", 0, -0.011),
        Move("brow_inner", -0.015, 0.030),
        Move("glabella", 0, 0.006),
    ),
    "smileOpen": (
        Move("seam_lower lip_lower", 0, 0.085, lambda m: 4 * m.out**2 * (1 - m.out)),
        Move("seam_lower lip_lower", 0, -0.012, _MIDDLE),
        Move("lip_fold", 0, -0.012),
    ),
}

_MIRRORED = {"jawRight": "jawLeft", "mouthRight": "mouthLeft"}


def _recipe(shape: str) -> tuple[tuple[Move, ...], int]:
    """The lines of a shape and its side: 1 = the person's left (right in the picture), -1 = right, 0 = none."""
    if shape in _SHAPES:
        return _SHAPES[shape], 0
    if shape in _MIRRORED:
        return _SHAPES[_MIRRORED[shape]], -1
    stem, side = (shape.removesuffix("Left"), 1) if shape.endswith("Left") else (shape.removesuffix("Right"), -1)
    return _SHAPES.get(stem, ()), side


BENDING_SHAPES: tuple[str, ...] = (*(name for name in BLENDSHAPES if _recipe(name)[0]), *CORRECTIVES)
"""The shapes that bend the picture, in the order of all basis arrays."""


def displacements(points: ControlPoints) -> Floats:
    """What every control point does at weight 1 of every shape, (len(BENDING_SHAPES), n, 2), in eye distances."""
    return np.stack([_displacement(points, name) for name in BENDING_SHAPES])


def _displacement(points: ControlPoints, shape: str) -> Floats:
    moves, side = _recipe(shape)
    is_mirrored = shape in _MIRRORED
    names, across = np.array(points.names), points.across
    sided = 0 if is_mirrored else side
    half = np.clip(0.5 + 0.8 * sided * across, 0, 1) if sided else np.ones(len(across))
    place = LipPlace(np.abs(across), half, (across == sided) * 1.0 if sided else np.ones(len(across)))
    out = np.zeros_like(points.positions)
    for move in moves:
        wanted = move.points.split()
        chosen = np.isin(names, wanted)
        if sided and not set(wanted) & LIP_LINES:
            chosen &= (across == sided) | (across == 0)
        amount = np.broadcast_to(move.profile(place), across.shape)
        from_middle = points.positions[:, 0] - points.mouth_centre[0]
        x = np.sign(across) * move.outwards - from_middle * move.squeeze + move.right * (-1 if is_mirrored else 1)
        out[chosen, 0] += (x * amount)[chosen]
        out[chosen, 1] += (move.down * amount)[chosen]
    return out
