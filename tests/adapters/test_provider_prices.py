"""Tests of tth.adapters.provider_prices."""

from __future__ import annotations

import pytest

from tth.adapters.base import Used
from tth.adapters.provider_prices import TokenPrices, used_tokens

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("prices", "cost"),
    [
        (TokenPrices(), None),
        (TokenPrices(input_usd=1.0), None),
        (TokenPrices(input_usd=0.25, output_usd=2.0), 1000 // 4 + 200),
        (TokenPrices(input_usd=1.0, cached_input_usd=0.1, output_usd=2.0), 600 + 40 + 200),
    ],
)
def test_cost(prices: TokenPrices, cost: int | None) -> None:
    """Only from prices that are known; cached input at its own price."""
    assert used_tokens(prices, 1000, 100, cached_tokens=400) == Used(1000, 100, cost)


def test_what_was_not_counted_costs_nothing_known() -> None:
    """A provider that tells the half of it gives no cost."""
    assert used_tokens(TokenPrices(1.0, None, 1.0), 10, None) == Used(10, None, None)
