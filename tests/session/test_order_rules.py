"""May a turn be asked for so?"""

from __future__ import annotations

import pytest

from tests.session.scene import engine, voice
from tth.adapters.registry import Adapters
from tth.errors import Conflict, InvalidRequest
from tth.model.commands import UserText
from tth.model.controls import ControlPatch
from tth.model.events import TextMode
from tth.session.order_rules import check_order
from tth.testing.scripted import ScriptedModel, ScriptedRealtime
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline


def check(order: UserText, adapters: Adapters | None = None) -> None:
    """As a session and a batch do."""

    async def main() -> None:
        check_order(order, engine(adapters))

    run_virtual(main())


@pytest.mark.parametrize(
    "order",
    [
        UserText("Hello.", TextMode.SAY),
        UserText("?!", TextMode.TALK),
        UserText(" ", TextMode.SAY, partial=True),
        UserText("line\nand\ttab\r\n", TextMode.SAY),
        UserText("Guten Tag", TextMode.SAY, language_code="de-AT"),
        UserText("x" * 4000, TextMode.SAY),
    ],
)
def test_what_may_be_asked(order: UserText) -> None:
    """Signs are a question to a model; white space may be a part; 4,000 code points are not too many."""
    check(order)


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (UserText("", TextMode.TALK), "TEXT_EMPTY"),
        (UserText(" ", TextMode.SAY), "TEXT_EMPTY"),
        (UserText("x" * 4001, TextMode.SAY), "TEXT_TOO_LONG"),
        (UserText("a\0", TextMode.SAY), "TEXT_INVALID"),
        (UserText("\ud800", TextMode.SAY), "TEXT_INVALID"),
        (UserText("...", TextMode.SAY), "NOTHING_SPEAKABLE"),
        (UserText("a", TextMode.SAY, language_code="de_AT"), "LANGUAGE_INVALID"),
        (UserText("a", TextMode.SAY, language_code="x" * 36), "LANGUAGE_INVALID"),
        (UserText("a", TextMode.SAY, controls=ControlPatch(fps=61)), "CONTROL_INVALID"),
    ],
)
def test_what_may_not(order: UserText, reason: str) -> None:
    """Each has its reason, and names the field below user_text."""
    with pytest.raises(InvalidRequest) as refused:
        check(order)
    assert refused.value.reason == reason
    assert refused.value.violations[0].field.startswith("user_text.")


def test_a_mode_needs_its_adapter() -> None:
    """TALK a language model or a realtime one, SAY a voice."""
    realtime = ScriptedRealtime()
    for order, adapters, reason in (
        (UserText("a", TextMode.TALK), Adapters(tts=voice()), "NO_LLM"),
        (UserText("a", TextMode.SAY), Adapters(realtime=realtime), "NO_TTS"),
    ):
        with pytest.raises(Conflict) as refused:
            check(order, adapters)
        assert refused.value.reason == reason
    check(UserText("a", TextMode.TALK), Adapters(realtime=realtime))
    check(UserText("a", TextMode.TALK), Adapters(llm=ScriptedModel(), tts=voice()))
