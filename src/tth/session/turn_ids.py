"""The names of one session's turns: each is used once. Tests: tests/session/test_turn_ids.py."""

from __future__ import annotations

from tth.errors import Conflict, invalid_field

MAX_TURN_ID = 64
"""Characters."""
REMEMBERED = 1000
"""Names that are still known; an older one may be used again."""


class TurnIds:
    """Names that were used, oldest first."""

    def __init__(self) -> None:
        self._used: dict[str, None] = {}

    @property
    def used(self) -> tuple[str, ...]:
        """Those that are remembered, oldest first."""
        return tuple(self._used)

    def check(self, turn_id: str) -> None:
        """May a client call a new turn so? "" leaves it to the server. Raises InvalidRequest or Conflict."""
        if len(turn_id) > MAX_TURN_ID or not turn_id.isprintable():
            raise invalid_field("turn_id", f"at most {MAX_TURN_ID} printable characters")
        if turn_id in self._used:
            raise Conflict("turn_id: this id has been used in this session", "TURN_ID_USED")

    def next_free(self, turn_index: int) -> str:
        """A name for a turn that the client has not named: `t_` and the index, or the next number that is free."""
        while (turn_id := f"t_{turn_index}") in self._used:
            turn_index += 1
        return turn_id

    def use(self, turn_id: str) -> None:
        """A turn has this name now."""
        self._used[turn_id] = None
        if len(self._used) > REMEMBERED:
            del self._used[next(iter(self._used))]
