"""The jaw of voices without phonemes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.face.energy_jaw import EnergyJaw
from tth.model.media import Pcm

pytestmark = pytest.mark.unit


def tone(level: float, count: int = 4800) -> Pcm:
    """A sine of this peak, 0..1."""
    return (level * 32767 * np.sin(np.arange(count) / 20)).astype(np.int16)


def jaw(pcm: Pcm, sample: int = 4800) -> float:
    made = EnergyJaw()
    made.add(0, pcm)
    return made.jaw_open(sample)


def test_louder_is_wider() -> None:
    """From shut in silence and hiss to wide open, never beyond 1."""
    jaws = [jaw(tone(level)) for level in (0.0, 0.005, 0.05, 0.3, 1.0)]
    assert jaws[0] == jaws[1] == 0
    assert 0 < jaws[2] < jaws[3] <= jaws[4] < 0.5


@given(st.lists(st.integers(1, 4799), max_size=8), st.integers(0, 6000))
def test_the_cut_into_pieces_does_not_matter(edges: list[int], sample: int) -> None:
    """Exactly the same jaw."""
    pcm, made = tone(0.2), EnergyJaw()
    edges = sorted({0, *edges, len(pcm)})
    for begin, end in itertools.pairwise(edges):
        made.add(begin, pcm[begin:end])
    assert made.jaw_open(sample) == jaw(pcm, sample)


def test_it_shuts_when_the_sound_ends_or_is_cut() -> None:
    """Within 50 ms; only sound before the moment counts."""
    made = EnergyJaw()
    made.add(0, tone(0.3))
    assert made.jaw_open(4800 + 1200) == 0
    made.cut(2400)
    assert made.jaw_open(2400) > 0
    assert made.jaw_open(2400 + 1200) == 0


def test_forgetting_keeps_the_present() -> None:
    """What is needed now stays."""
    made = EnergyJaw()
    made.add(0, tone(0.3))
    before = made.jaw_open(4000)
    made.forget(4000)
    assert made.jaw_open(4000) == before
