"""Changes of controls in time."""

from __future__ import annotations

import numpy as np
import pytest

from tth.face.demands import Demands
from tth.face.expression import mood_of
from tth.model.controls import Controls, EmotionLabel

pytestmark = pytest.mark.unit

HAPPY = Controls(emotion_label=EmotionLabel.HAPPY, emotion_intensity=1.0, motion_gain=2.0)
SAD = Controls(emotion_label=EmotionLabel.SAD, emotion_intensity=1.0, expressivity=1.0)


def test_a_change_ramps_in() -> None:
    """Nothing before its start, half at half the ramp, all at its end."""
    demands = Demands(Controls())
    demands.add(HAPPY, 1000, 400)
    assert [demands.at(s).motion_gain for s in (0, 1000, 1200, 1400, 9000)] == [1.0, 1.0, 1.5, 2.0, 2.0]
    assert np.array_equal(demands.at(1400).weights, mood_of(HAPPY).weights)
    assert demands.controls == HAPPY


def test_without_a_ramp_it_holds_at_once() -> None:
    """From its very sample on."""
    demands = Demands(Controls())
    demands.add(HAPPY, 1000, 0)
    assert [demands.at(s).motion_gain for s in (999, 1000)] == [1.0, 2.0]


def test_a_change_in_a_ramp_goes_on_from_there() -> None:
    """No jump, and in the end only the newest holds."""
    demands = Demands(Controls())
    demands.add(HAPPY, 0, 1000)
    before = demands.at(500).values
    demands.add(SAD, 500, 1000)
    assert np.array_equal(demands.at(500).values, before)
    steps = np.array([demands.at(s).values for s in range(0, 2000, 10)])
    assert np.abs(np.diff(steps, axis=0)).max() < 0.2
    assert np.array_equal(demands.at(1500).weights, mood_of(SAD).weights)
    assert demands.at(1500).expressivity == 1.0


def test_a_cut_takes_back_later_changes() -> None:
    """Those before go on."""
    demands = Demands(Controls())
    demands.add(HAPPY, 1000, 0)
    demands.add(SAD, 2000, 0)
    demands.cut(2000)
    assert demands.controls == HAPPY
    demands.cut(0)
    assert demands.controls == Controls()


def test_forgetting_keeps_what_holds() -> None:
    """Also in the middle of a ramp."""
    demands = Demands(Controls())
    demands.add(HAPPY, 0, 100)
    demands.add(SAD, 1000, 1000)
    values = demands.at(1500).values
    demands.forget(1500)
    assert np.array_equal(demands.at(1500).values, values)
