"""A text that comes in parts."""

from __future__ import annotations

import pytest

from tth.errors import InvalidRequest
from tth.model.commands import UserText
from tth.model.controls import ControlPatch
from tth.model.events import TextMode
from tth.pipeline.text_stage import GivenText
from tth.session.growing_text import GrowingText

pytestmark = pytest.mark.unit


def growing(text: str = "One, ", turn_id: str = "mine") -> GrowingText:
    return GrowingText(GivenText(text, is_complete=False), TextMode.SAY, turn_id)


def test_parts_add_up() -> None:
    """White space alone may be a part."""
    whole = growing()
    whole.add(UserText(" ", TextMode.SAY), 100)
    whole.add(UserText("two.", TextMode.SAY), 100)
    assert whole.text.text == "One,  two."


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        (UserText("two", TextMode.TALK), "user_text.mode"),
        (UserText("two", TextMode.SAY, controls=ControlPatch(fps=10)), "user_text.controls"),
        (UserText("", TextMode.SAY), "user_text.text"),
        (UserText("\a", TextMode.SAY), "user_text.text"),
        (UserText("seven..", TextMode.SAY), "1..11 code points in all parts"),
    ],
)
def test_a_part_that_does_not_fit_changes_nothing(part: UserText, wrong: str) -> None:
    """The field is named; the text is as it was."""
    whole = growing()
    with pytest.raises(InvalidRequest, match=wrong):
        whole.add(part, 11)
    assert whole.text.text == "One, "


@pytest.mark.parametrize(("turn_id", "is_meant"), [("", True), ("mine", True), ("other", False)])
def test_who_is_meant(turn_id: str, is_meant: bool) -> None:
    """Nobody named, or this one."""
    assert growing().is_meant(turn_id) is is_meant


def test_an_unnamed_text_is_meant_by_no_name() -> None:
    """A client that names a turn does not mean one that it has not named."""
    assert not growing(turn_id="").is_meant("x")
