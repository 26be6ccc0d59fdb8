"""Where emulators take their answers from."""

from __future__ import annotations

import asyncio

import pytest

from tth.adapters.base import Speaker
from tth.adapters.llm import persona_talker
from tth.core.style_tag import ASK
from tth.testing.emulators.talker import EchoTalker, Heard, ModelTalker, heard_in, words

pytestmark = pytest.mark.unit

SAID = [("system", "x"), ("user", "My name is Tim"), ("assistant", "Hello Tim"), ("user", "What is my name?")]


def test_what_was_said() -> None:
    """System messages are no part of the dialogue."""
    heard = heard_in(["Be kind."], SAID)
    assert heard.instructions == "Be kind."
    assert [entry.speaker for entry in heard.said] == [Speaker.USER, Speaker.PERSON, Speaker.USER]
    assert heard.question == "What is my name?"
    assert Heard("", ()).question == ""


@pytest.mark.parametrize(("text", "label"), [("I am sad", "sad"), ("Well", "happy")])
def test_a_tag_where_one_is_asked_for(text: str, label: str) -> None:
    """And none elsewhere."""
    talker = EchoTalker()
    assert asyncio.run(talker.answer(heard_in([ASK], [("user", text)]))) == f"[{label} 0.6] You said: {text}"
    assert asyncio.run(talker.answer(heard_in([], [("user", text)]))) == f"You said: {text}"


def test_one_of_our_own_models() -> None:
    """It knows what was said before, and the language that our prompts name."""

    async def main() -> tuple[str, str]:
        talker = ModelTalker(persona_talker.build(persona_talker.Settings()))
        await talker.load()
        english = await talker.reply(heard_in([], SAID))
        german = await talker.reply(heard_in(['the BCP 47 code "de"'], [("user", "Hallo")]))
        await talker.aclose()
        return english, german

    english, german = asyncio.run(main())
    assert "Tim" in english
    assert set(german.lower().replace(",", "").split()) & {"ich", "hallo", "du", "ist", "dir", "guten"}


def test_words_are_the_text() -> None:
    """Nothing is lost between them."""
    assert words("One  two\nthree") == ["One", "  two", "\nthree"]
