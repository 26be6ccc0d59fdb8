"""Figures, verdicts and their table."""

from __future__ import annotations

import pytest

from bench.figures import Figure, Target, distribution, table

pytestmark = pytest.mark.unit


def test_a_distribution_has_median_and_tails() -> None:
    """The value is the median, so that one slow sample does not decide."""
    figure = distribution("b", "f", "ms", [1.0] * 98 + [50.0] * 2)
    assert (figure.value, figure.count) == (1.0, 100)
    assert figure.p99 is not None
    assert figure.p99 > 1.0


@pytest.mark.parametrize(
    ("target", "reached"),
    [
        (Target(2.0), True),
        (Target(0.5), False),
        (Target(2.0, "p95"), False),
        (Target(9.0, "p95"), True),
        (Target(1.0, at_least=True), True),
        (Target(1.5, at_least=True), False),
        (None, None),
    ],
)
def test_the_verdict(target: Target | None, reached: bool | None) -> None:
    """It follows the statistic that the target names; without a target there is none."""
    assert Figure("b", "f", "ms", 1.0, 10, 5.0, 6.0, target).reached is reached


def test_no_samples() -> None:
    """Nothing measured is an error, never a figure."""
    with pytest.raises(ValueError, match="no samples of first sound"):
        distribution("b", "first sound", "ms", [])


def test_the_table_names_target_and_verdict() -> None:
    """One line per figure, with what it should reach and whether it did."""
    text = table([Figure("stop", "stop time", "ms", 50.0, 3, 60.0, 70.0, Target(40.0, "p99"))])
    assert len(text.splitlines()) == 2
    assert "<= 40 p99" in text
    assert text.endswith("NOT reached")
