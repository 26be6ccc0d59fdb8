"""Heads for the tests of the painter: built once, kept in the user's cache so that later runs are quick."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tth.face.look import load_look
from tth.face.sculpt.sculpture import Sculpture
from tth.face.sculpt.store import load_sculpture

HeadOf = Callable[[str], Sculpture]


@pytest.fixture(scope="session")
def head_of() -> HeadOf:
    """The head of a look by name, at most one reading of each per test run."""
    known: dict[str, Sculpture] = {}

    def head(name: str) -> Sculpture:
        if name not in known:
            known[name] = load_sculpture(load_look(name))
        return known[name]

    return head


@pytest.fixture(scope="session")
def anna(head_of: HeadOf) -> Sculpture:
    """The default person."""
    return head_of("anna")
