"""The talker's arithmetic: one sum of two numbers, in signs or words.

Tests: tests/adapters/llm/test_persona_talker_sums.py.
"""

from __future__ import annotations

import re

from tth.adapters.llm.persona_talker_book import Sums

_NUMBER = r"(?P<{}>-?\d{{1,9}}(?:[.,]\d{{1,4}})?)"
_SIGNS = {"+": r"\+", "-": "[-−]", "*": "[*x×]", "/": "[/÷:]"}


def sum_in(text: str, sums: Sums) -> str | None:
    """The result of the sum in a text, "" if it has none (division by zero), None if there is no sum.

    Nothing but a short question may stand before it and nothing behind it: "3-4" within a sentence is a score.
    """
    for sign, words in sums.signs.items():
        spoken = "|".join([_SIGNS[sign], *map(re.escape, words)])
        pattern = rf"^\D{{0,30}}?{_NUMBER.format('a')}\s*(?:{spoken})\s*{_NUMBER.format('b')}\s*[=?.!？。]*$"
        match = re.search(pattern, text, re.IGNORECASE)
        if match:
            return _result(_value(match["a"]), sign, _value(match["b"]))
    return None


def _value(text: str) -> float:
    return float(text.replace(",", "."))


def _result(a: float, sign: str, b: float) -> str:
    if sign == "/" and b == 0:
        return ""
    value = {"+": a + b, "-": a - b, "*": a * b}[sign] if sign != "/" else a / b
    return f"{value:.0f}" if value == round(value) else f"{value:.2f}".rstrip("0")
