"""How hanging hair falls when the head turns: solved once per person, then a blend of six displacements per frame.

For each of six turns of the head every strand is laid anew: near its root it follows the head, further down each piece
takes the direction it has at rest, which gravity gave it, and what would lie inside head or shoulders is pushed out.
What remains to be added to the turned head's rest shape is stored as a shape. Millimetres.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tth.face.pose import DRAPE_TURNS, SIDESTEP_MM_PER_DEG, head_turn
from tth.face.sculpt.maths import Floats, smoothstep, unit
from tth.face.sculpt.mesh import Part, join
from tth.face.sculpt.scalp import Scalp
from tth.face.sculpt.sculpture import HEAD_PIVOT
from tth.face.sculpt.torso import Torso

PASSES = 6
"""Rounds of pushing out and restoring lengths."""
OFF_SHOULDERS, OFF_HEAD = 3.5, 2.0
"""Least distance of hair from clothes and head."""


class Drape:
    """Lays the strands of one person."""

    def __init__(self, scalp: Scalp, torso: Torso) -> None:
        self.scalp, self.torso = scalp, torso

    def settled(self, paths: Floats) -> Floats:
        """Strands (k, n, 3) that lie on the shoulders at rest instead of inside them."""
        lengths = np.linalg.norm(np.diff(paths, axis=1), axis=2)
        for _ in range(PASSES):
            paths = self._with_lengths(self.torso.push_out(paths, OFF_SHOULDERS), lengths)
        return _smoothed(self.torso.push_out(paths, OFF_SHOULDERS))

    def moves(self, paths: Floats, free: Floats) -> Floats:
        """Displacements (k, n, 6, 3) of strands (k, n, 3) in the head's own space, one for each of DRAPE_TURNS.

        free (n,): how much each point hangs instead of following the head, 0..1.
        """
        return np.stack([self._moved(paths, free, turn) for turn in DRAPE_TURNS], 2)

    def resting(self, paths: Floats, rests: Floats) -> Floats:
        """Displacements as from `moves`, of strands that lie on the shoulder and stay there.

        rests (n,): how much each point stays, 0..1.
        """
        rows = []
        for angles in DRAPE_TURNS:
            turn, shift = _turn(angles)
            turned = (paths - HEAD_PIVOT) @ turn.T + shift
            x = turned + (paths - turned) * rests[:, None]
            x = x + (self.torso.push_out(x, OFF_SHOULDERS) - x) * smoothstep(0.2, 0.5, rests)[:, None]
            rows.append((x - shift) @ turn + HEAD_PIVOT - paths)
        return np.stack(rows, 2)

    def _moved(self, paths: Floats, free: Floats, angles: tuple[float, float, float]) -> Floats:
        turn, shift = _turn(angles)
        turned = (paths - HEAD_PIVOT) @ turn.T + shift
        step = np.diff(paths, axis=1)
        lengths = np.linalg.norm(step, axis=2)
        k = free[1:, None]
        direction = unit(step @ turn.T * (1 - k) + step * k)
        x = turned.copy()
        x[:, 1:] = turned[:, :1] + np.cumsum(direction * lengths[..., None], axis=1)
        for _ in range(PASSES):
            x = self._with_lengths(self._outside(x, turn, shift, free), lengths)
        x = self._outside(x, turn, shift, free)
        return _smoothed(np.asarray((x - shift) @ turn + HEAD_PIVOT - paths))

    def _outside(self, x: Floats, turn: Floats, shift: Floats, free: Floats) -> Floats:
        """x (k, n, 3) pushed off the turned head and the shoulders, where it hangs freely."""
        in_head = (x - shift) @ turn + HEAD_PIVOT
        out = self.scalp.push_out(in_head.reshape(-1, 3), np.full(in_head.size // 3, OFF_HEAD)).reshape(x.shape)
        k = smoothstep(0.0, 0.3, free)[:, None]
        x = x + ((out - HEAD_PIVOT) @ turn.T + shift - x) * k
        return np.asarray(x + (self.torso.push_out(x, OFF_SHOULDERS) - x) * k)

    @staticmethod
    def _with_lengths(x: Floats, lengths: Floats) -> Floats:
        """The same strands with their pieces at their own lengths again, from the root on."""
        out = x.copy()
        for i in range(1, x.shape[1]):
            out[:, i] = out[:, i - 1] + unit(x[:, i] - out[:, i - 1]) * lengths[:, i - 1, None]
        return out


def _smoothed(rows: Floats) -> Floats:
    """Rows (k, n, 3) without kinks along n; both ends stay."""
    for _ in range(3):
        rows = np.concatenate([rows[:, :1], (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / 4, rows[:, -1:]], 1)
    return rows


def _turn(angles: tuple[float, float, float]) -> tuple[Floats, Floats]:
    """Rotation (3, 3) of a turned head, and where its pivot goes."""
    pivot = HEAD_PIVOT.astype(float) + np.array([angles[0] * SIDESTEP_MM_PER_DEG, 0, 0])
    return head_turn(*angles), pivot


def hanging(points: Floats, hinge: Floats) -> Floats:
    """Displacements (n, 6, 3) of a stiff thing (n, 3) that hangs from a point of the head, as an earring does."""
    rows = []
    for angles in DRAPE_TURNS:
        turn = head_turn(*angles)
        rows.append((points - hinge) @ turn + hinge - points)
    return np.stack(rows, 1)


def join_hanging(parts: Sequence[Part]) -> Part:
    """One part from some that hang and some that do not."""
    if any(part.drape is not None for part in parts):
        still = np.zeros((1, len(DRAPE_TURNS), 3))
        parts = [
            part if part.drape is not None else replace(part, drape=np.repeat(still, len(part.points), axis=0))
            for part in parts
        ]
    return join(parts)
