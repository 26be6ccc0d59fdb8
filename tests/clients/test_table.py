"""The table of results keeps what it knows and says what it was told."""

from __future__ import annotations

import pytest

from clients.conformance.cases import CASES
from clients.conformance.table import BEGIN, END, Row, with_rows

pytestmark = pytest.mark.unit

PAGE = f"# Page\n\n{BEGIN}\n{END}\n\nEnd.\n"
NAMES = {"Go", "Rust", "Java"}
GOOD = Row("Go", "protoc-gen-go", 300, dict.fromkeys(CASES, True), 8.2)


def test_a_row() -> None:
    """A column for each case; one that failed, or did not run, is marked."""
    text = with_rows(PAGE, [Row("Go", "g", 300, {**GOOD.passed, "lost": False}, 8.2)], NAMES)
    assert "| Go | g | 300 | ✓ | ✓ | ✓ | ✓ | ✓ | ✗ | ✓ | ✓ | ✓ | 8 |" in text
    assert "✓" not in with_rows(PAGE, [Row("Go", "g", 300, {}, 0.0)], NAMES)
    assert text.startswith("# Page\n")
    assert text.endswith(f"{END}\n\nEnd.\n")


def test_rows_of_others_stay() -> None:
    """Some languages are run, the others keep their results; the order is that of the alphabet."""
    first = with_rows(PAGE, [GOOD, Row("Rust", "tonic", 400, GOOD.passed, 9.0)], NAMES)
    second = with_rows(first, [Row("Java", "p", 1, {}, 0.0), Row("Go", "p", 2, {}, 0.0)], NAMES)
    lines = [line for line in second.splitlines() if line.startswith("| ")]
    assert [line.split("|")[1].strip() for line in lines] == ["client", "Go", "Java", "Rust"]
    assert "| Go | p | 2 |" in second
    assert "tonic" in second
    assert with_rows(second, [], NAMES) == second


def test_rows_of_programs_that_are_gone_go() -> None:
    """A name that was changed is not there twice."""
    text = with_rows(with_rows(PAGE, [GOOD], NAMES), [], {"Rust"})
    assert "Go" not in text


def test_a_page_without_markers() -> None:
    """Nothing is lost in silence."""
    with pytest.raises(ValueError, match="markers"):
        with_rows("# Page", [GOOD], NAMES)
