"""Changes of controls in time: every change ramps in from wherever the ones before had got. Pure.

Tests: tests/face/test_demands.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tth.face.expression import Weights, mood_of
from tth.face.limits import WEIGHT_COUNT
from tth.model.controls import Controls


@dataclass(frozen=True, slots=True)
class Demand:
    """What the controls ask of a face at one moment."""

    values: NDArray[np.float64]
    """52 weights of the mood, yaw, pitch, roll of the posture, motion_gain, expressivity; shape (57,), not to be
    written to."""

    @property
    def weights(self) -> Weights:
        return self.values[:WEIGHT_COUNT]

    @property
    def posture_deg(self) -> list[float]:
        """Yaw, pitch, roll before motion_gain."""
        posture: list[float] = self.values[WEIGHT_COUNT : WEIGHT_COUNT + 3].tolist()
        return posture

    @property
    def motion_gain(self) -> float:
        return float(self.values[WEIGHT_COUNT + 3])

    @property
    def expressivity(self) -> float:
        return float(self.values[WEIGHT_COUNT + 4])


@dataclass(frozen=True, slots=True)
class _Change:
    start_sample: int
    ramp_samples: int
    controls: Controls
    values: NDArray[np.float64]


class Demands:
    """The changes of one conversation, in the order in which they were asked for."""

    def __init__(self, controls: Controls) -> None:
        """controls: in effect until the first change."""
        self._changes = [_change(controls, 0, 0)]

    @property
    def controls(self) -> Controls:
        """The newest controls, in effect or still to come."""
        return self._changes[-1].controls

    def add(self, controls: Controls, start_sample: int, ramp_samples: int) -> None:
        """From `start_sample` on move to `controls`, there after `ramp_samples`."""
        self._changes.append(_change(controls, start_sample, ramp_samples))

    def cut(self, at_sample: int) -> None:
        """Forget changes that start at `at_sample` or later."""
        self._changes[1:] = [change for change in self._changes[1:] if change.start_sample < at_sample]

    def forget(self, before_sample: int) -> None:
        """Drop what no longer matters at `before_sample` or later."""
        while len(self._changes) > 1 and self._changes[1].start_sample + self._changes[1].ramp_samples <= before_sample:
            del self._changes[0]

    def at(self, sample: int) -> Demand:
        """What is asked at `sample`."""
        values = self._changes[0].values
        for change in self._changes[1:]:
            since = sample - change.start_sample
            if since >= change.ramp_samples:
                values = change.values if since >= 0 else values
            elif since > 0:
                part = since / change.ramp_samples
                values = values + part * part * (3 - 2 * part) * (change.values - values)
        return Demand(values)


def _change(controls: Controls, start_sample: int, ramp_samples: int) -> _Change:
    mood = mood_of(controls)
    values = np.concatenate([mood.weights, mood.posture_deg, [controls.motion_gain, controls.expressivity]])
    return _Change(start_sample, ramp_samples, controls, values)
