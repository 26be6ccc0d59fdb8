"""Values as plain JSON and back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NewType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.session.plain import from_plain, to_plain

pytestmark = pytest.mark.unit

Name = NewType("Name", str)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Inner:
    count: int
    share: float = 0.5


@dataclass(frozen=True, slots=True)
class Outer:
    name: Name
    is_on: bool
    colour: Colour
    inner: Inner | None = None
    data: bytes = b""
    pairs: tuple[tuple[int, bytes], ...] = ()


OUTERS = st.builds(
    Outer,
    st.text(),
    st.booleans(),
    st.sampled_from(Colour),
    st.none() | st.builds(Inner, st.integers(), st.floats(allow_nan=False)),
    st.binary(max_size=20),
    st.lists(st.tuples(st.integers(), st.binary(max_size=5)), max_size=4).map(tuple),
)


@given(OUTERS)
def test_what_goes_out_comes_back(value: Outer) -> None:
    """Through JSON, whatever it holds."""
    assert from_plain(Outer, json.loads(json.dumps(to_plain(value)))) == value


GOOD: dict[str, Any] = {"name": "n", "is_on": True, "colour": "red"}


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ([], "not an object"),
        (GOOD | {"more": 1}, "more"),
        ({"name": "n"}, "missing"),
        (GOOD | {"name": 1}, "Outer.name"),
        (GOOD | {"is_on": 1}, "Outer.is_on"),
        (GOOD | {"colour": "green"}, "Outer.colour"),
        (GOOD | {"inner": {"count": True}}, "Outer.inner.count"),
        (GOOD | {"inner": {"count": 1, "share": "x"}}, "Outer.inner.share"),
        (GOOD | {"data": "%"}, "Outer.data"),
        (GOOD | {"data": 3}, "Outer.data"),
        (GOOD | {"pairs": {}}, "Outer.pairs"),
        (GOOD | {"pairs": [[1]]}, "Outer.pairs"),
    ],
)
def test_anything_else_is_refused(wrong: object, names: str) -> None:
    """With the path of the field, and nothing of what stood there."""
    with pytest.raises(ValueError, match=names):
        from_plain(Outer, wrong)


def test_what_has_no_plain_form_is_a_bug() -> None:
    """It is found where it is written, not where it is read."""
    with pytest.raises(TypeError, match="set"):
        to_plain({1})
