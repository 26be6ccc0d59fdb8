"""Tests of tth.core.style_tag."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.core.style_tag import ASK, MAX_TAG, StyleTagReader
from tth.model.controls import ControlPatch, EmotionLabel

pytestmark = pytest.mark.unit

Read = tuple[str, ControlPatch | None]


def read(*pieces: str) -> Read:
    """A whole reply: its text and its hint."""
    reader = StyleTagReader()
    text = "".join([reader.feed(piece) for piece in pieces] + [reader.finish()])
    return text, reader.hint


def happy(intensity: float | None = None) -> ControlPatch:
    return ControlPatch(emotion_label=EmotionLabel.HAPPY, emotion_intensity=intensity)


@pytest.mark.parametrize(
    ("reply", "text", "hint"),
    [
        ("[happy 0.7] Hello there.", "Hello there.", happy(0.7)),
        ("\n [Happy:1]\n\nHello", "Hello", happy(1.0)),
        ("[happy]Hello", "Hello", happy()),
        ("[ happy , .5 ] Hello [sad 1]", "Hello [sad 1]", happy(0.5)),
        ("[happy 0.7]", "", happy(0.7)),
        ("[neutral 0] Well", "Well", ControlPatch(emotion_label=EmotionLabel.NEUTRAL, emotion_intensity=0.0)),
    ],
)
def test_a_tag_is_taken_out(reply: str, text: str, hint: ControlPatch) -> None:
    """Label and intensity, however they are spaced; only the first brackets count."""
    assert read(reply) == (text, hint)


@pytest.mark.parametrize(
    "tag", ["[smiles]", "[happy 7]", "[happy very]", "[happy 70%]", "[tone: warm]", "[fröhlich 1]"]
)
def test_what_looks_like_a_tag_is_never_spoken(tag: str) -> None:
    """Unknown or malformed: it is swallowed and says nothing."""
    assert read(f"{tag} Hello") == ("Hello", None)


@pytest.mark.parametrize(
    "reply",
    [
        "Hello [happy 0.7] there",
        "[1] is the first",
        "[[happy]] no",
        "[this](http://example.org) is a link",
        "[a whole sentence in brackets, which is more than a tag] and on",
        "[happy 0.7",
        "[happy\N{EM DASH}no] x",
        "[] x",
        "",
    ],
)
def test_everything_else_is_text(reply: str) -> None:
    """Nothing of it is lost."""
    assert read(reply) == (reply, None)


REPLIES = st.text(alphabet="[]() \nhapysd0.71:!ä", max_size=50) | st.builds(
    "{}[{}]{}".format, st.sampled_from(["", " ", "\n"]), st.sampled_from(["happy 0.7", "sad", "grins"]), st.text()
)


@given(REPLIES, st.lists(st.integers(0, 60), max_size=8))
def test_any_split_gives_the_same(reply: str, cuts: list[int]) -> None:
    """Text and hint do not depend on how the reply was cut on its way."""
    ends = [0, *sorted(min(cut, len(reply)) for cut in cuts), len(reply)]
    pieces = [reply[begin:end] for begin, end in pairwise(ends)]
    assert read(*pieces) == read(reply) == read(*reply)


@given(REPLIES)
def test_text_is_never_held_longer_than_a_tag(reply: str) -> None:
    """Fed by characters, at most a tag's length of what can be seen is kept back, and nothing is invented."""
    reader, given_out = StyleTagReader(), ""
    for number in range(1, len(reply) + 1):
        given_out += reader.feed(reply[number - 1])
        assert len(reply[:number].strip()) - len(given_out) <= MAX_TAG
    assert reply.endswith(given_out + reader.finish())


@given(st.text(max_size=20))
def test_a_plain_first_letter_goes_out_at_once(rest: str) -> None:
    """Only a bracket is waited for."""
    assert StyleTagReader().feed("H" + rest) == "H" + rest


def test_the_hint_is_there_before_the_text() -> None:
    """So that the first sound has it."""
    reader = StyleTagReader()
    assert [reader.feed(piece) for piece in ("[ha", "ppy", " 0.5", "]", " ")] == [""] * 5
    assert reader.hint == happy(0.5)
    assert reader.feed(" Hi") == "Hi"


def test_the_request_for_tags_names_every_label() -> None:
    """A label that is not asked for is not given."""
    assert [label for label in EmotionLabel if label not in ASK] == []
