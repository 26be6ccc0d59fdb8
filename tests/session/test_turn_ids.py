"""The names of a session's turns."""

from __future__ import annotations

import pytest

from tth.errors import Conflict, InvalidRequest
from tth.session.turn_ids import MAX_TURN_ID, REMEMBERED, TurnIds

pytestmark = pytest.mark.unit


def test_the_servers_own_names_count() -> None:
    """t_1, t_2: by the turn's index."""
    ids = TurnIds()
    ids.use(ids.next_free(1))
    assert ids.next_free(2) == "t_2"
    assert ids.next_free(1) == "t_2"


def test_a_clients_name_is_never_given_again() -> None:
    """Neither to the client nor by the server."""
    ids = TurnIds()
    ids.check("t_2")
    ids.use("t_2")
    with pytest.raises(Conflict):
        ids.check("t_2")
    assert ids.next_free(2) == "t_3"


@pytest.mark.parametrize("name", ["x" * (MAX_TURN_ID + 1), "a\nb", "\x00", "\u2028"])
def test_names_that_cannot_be(name: str) -> None:
    """Too long, or not to be printed on one line."""
    with pytest.raises(InvalidRequest, match="turn_id"):
        TurnIds().check(name)


@pytest.mark.parametrize("name", ["", "mine", "x" * MAX_TURN_ID, "名前"])
def test_names_that_can_be(name: str) -> None:
    """Anything printable, in any script."""
    TurnIds().check(name)


def test_memory_is_bounded() -> None:
    """The oldest names are forgotten."""
    ids = TurnIds()
    for index in range(REMEMBERED + 1):
        ids.use(f"n{index}")
    ids.check("n0")
    with pytest.raises(Conflict):
        ids.check("n1")
