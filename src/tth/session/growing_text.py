"""A text that a client sends in parts. A SAY turn runs while it grows, a TALK turn begins when it is complete.

Tests: tests/session/test_growing_text.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from tth.core.text_rules import check_text
from tth.errors import invalid_field
from tth.model.commands import UserText
from tth.model.events import TextMode
from tth.pipeline.text_stage import GivenText


@dataclass(frozen=True, slots=True)
class GrowingText:
    """Begun with `partial` and not yet ended."""

    text: GivenText
    mode: TextMode
    turn_id: str
    """ "" = the client has not named it."""
    order: UserText | None = None
    """The first part, when no turn runs for it yet."""

    def is_meant(self, turn_id: str) -> bool:
        """A message with this turn_id is about this text."""
        return turn_id in ("", self.turn_id)

    def add(self, part: UserText, max_code_points: int) -> None:
        """One more part. Raises InvalidRequest; the text is as it was then."""
        if part.mode is not self.mode:
            raise invalid_field("user_text.mode", "the same in all parts of one turn")
        if part.controls.items():
            raise invalid_field("user_text.controls", "set on the first part of a turn only; send control_update")
        check_text(part.text, max_code_points, is_part=True, code_points_before=self.text.code_points)
        self.text.add(part.text)
