"""What a call cost, from the prices that somebody configured. No price is known here: they change, and differ by deal.

Tests: tests/adapters/test_provider_prices.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from tth.adapters.base import Used


@dataclass(frozen=True, slots=True)
class TokenPrices:
    """US dollars per million tokens; None = not known."""

    input_usd: float | None = None
    cached_input_usd: float | None = None
    """Of input that the provider had in its cache; None = as other input."""
    output_usd: float | None = None


def used_tokens(
    prices: TokenPrices, input_tokens: int | None, output_tokens: int | None, cached_tokens: int = 0
) -> Used:
    """What a provider counted, with its cost where both prices are known.

    input_tokens: all of them, `cached_tokens` included. A dollar per million tokens is a millionth of a dollar each.
    """
    return Used(input_tokens, output_tokens, _cost(prices, input_tokens, output_tokens, cached_tokens))


def used_characters(usd_per_million: float, count: int) -> Used:
    """What so many characters cost. A dollar per million characters is a millionth of a dollar each."""
    return Used(cost_micro_usd=round(count * usd_per_million))


def _cost(prices: TokenPrices, input_tokens: int | None, output_tokens: int | None, cached_tokens: int) -> int | None:
    if prices.input_usd is None or prices.output_usd is None or input_tokens is None or output_tokens is None:
        return None
    cached_usd = prices.input_usd if prices.cached_input_usd is None else prices.cached_input_usd
    fresh = max(0, input_tokens - cached_tokens)
    return round(fresh * prices.input_usd + cached_tokens * cached_usd + output_tokens * prices.output_usd)
