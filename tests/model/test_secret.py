"""Tests of tth.model.secret."""

from __future__ import annotations

import pickle

import pytest

from tth.model.secret import Secret

pytestmark = pytest.mark.unit


def test_prints_as_stars() -> None:
    """No way of turning a secret into text shows it."""
    secret = Secret("sk-hidden")
    assert f"{secret} {secret!r} {[secret]} {secret!s}" == "*** *** [***] ***"


def test_reveals_on_request() -> None:
    """Its owner gets the text itself."""
    assert Secret("sk-hidden").reveal() == "sk-hidden"


def test_compares_by_content() -> None:
    """Two secrets with the same text are the same value."""
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a")}) == 1


def test_is_not_pickled() -> None:
    """A secret does not leave the process by accident."""
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Secret("a"))
