"""An answer of the wrong form is refused, at the place where it is wrong."""

from __future__ import annotations

import pytest

from clients.conformance.cases import CASES
from clients.conformance.shape import SHAPES, misfits

pytestmark = pytest.mark.unit

ERROR = {"code": "OK", "reason": "", "fields": [], "retryable": False}


def test_every_case_has_a_shape() -> None:
    """And no other has."""
    assert set(SHAPES) == set(CASES)


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ([], "answer: must be an object"),
        ({"errors": []}, "answer.alive_after: is missing"),
        ({"errors": {}, "alive_after": True}, "answer.errors: must be a list"),
        ({"errors": [], "alive_after": 1}, "answer.alive_after: must be of type bool"),
        (
            {"errors": [ERROR, {**ERROR, "fields": [1]}], "alive_after": True},
            "answer.errors[1].fields[0]: must be of type str",
        ),
        ({"errors": [{**ERROR, "code": True}], "alive_after": True}, "answer.errors[0].code: must be of type str"),
    ],
)
def test_the_place_is_named(value: object, complaint: str) -> None:
    """A path as in JSON."""
    assert list(misfits(value, SHAPES["errors"])) == [complaint]


def test_a_truth_value_is_no_number() -> None:
    """Though Python thinks so."""
    assert list(misfits({"seqs": [True], "connections": 2, "terminal": ""}, SHAPES["lost"])) == [
        "answer.seqs[0]: must be of type int"
    ]


def test_more_than_was_asked_for_is_welcome() -> None:
    """Programs may tell more."""
    assert list(misfits({"errors": [{**ERROR, "message": ""}], "alive_after": True, "x": 1}, SHAPES["errors"])) == []
