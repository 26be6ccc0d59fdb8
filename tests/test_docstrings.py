"""What docstrings promise that can be looked up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[1]


def test_tests_that_are_named_are_there() -> None:
    """`Tests: tests/...` leads a reader to a file."""
    named = {
        (str(path.relative_to(ROOT)), name)
        for folder in ("src", "bench", "tools")
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(r"\btests/[\w/]+\.py\b", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 100
    assert sorted(one for one in named if not (ROOT / one[1]).exists()) == []
