"""The talker's arithmetic."""

from __future__ import annotations

import pytest

from tth.adapters.llm.persona_talker_book import load_book
from tth.adapters.llm.persona_talker_sums import sum_in

pytestmark = pytest.mark.unit

SUMS = load_book("en").sums


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("What is 12 times 7?", "84"),
        ("3+4", "7"),
        ("how much is 3 plus 4?", "7"),
        ("10 / 4 =", "2.5"),
        ("1 divided by 3", "0.33"),
        ("5 - 8", "-3"),
        ("2,5 x 2", "5"),
        ("7 over 0", ""),
        ("-3 * -3", "9"),
    ],
)
def test_sums(text: str, result: str) -> None:
    """In signs and in words; nothing for a division by zero."""
    assert sum_in(text, SUMS) == result


@pytest.mark.parametrize(
    "text", ["I have 3 dogs and 4 cats", "the score was 3-4 in the end", "1 + ", "call 555-1234 now"]
)
def test_no_sums(text: str) -> None:
    """Numbers in a sentence are not counted together."""
    assert sum_in(text, SUMS) is None
