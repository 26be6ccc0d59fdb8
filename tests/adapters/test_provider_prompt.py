"""Tests of tth.adapters.provider_prompt."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.adapters.base import LlmInput, Persona, Speaker, Utterance
from tth.adapters.provider_prompt import BEGIN, CUT_IN, Message, dialogue, instructions
from tth.core.style_tag import ASK
from tth.model.controls import Controls, EmotionLabel

pytestmark = pytest.mark.unit

USER, PERSON = Speaker.USER, Speaker.PERSON
ANNA = Persona("anna", prompt="You are Anna.")


def said(prompt: LlmInput) -> list[tuple[Speaker, str]]:
    return [(message.speaker, message.text) for message in dialogue(prompt)]


def test_a_plain_dialogue() -> None:
    """The history in order, the question last."""
    history = (Utterance(USER, "Hi"), Utterance(PERSON, "Hello."))
    assert said(LlmInput("How are you?", history)) == [(USER, "Hi"), (PERSON, "Hello."), (USER, "How are you?")]


def test_an_interrupted_answer() -> None:
    """It ends where it was heard to end; the message behind it says so, and no later one."""
    history = (
        Utterance(USER, "Tell me all"),
        Utterance(PERSON, "It began when", interrupted=True),
        Utterance(USER, "Stop"),
        Utterance(PERSON, "Of course."),
    )
    assert said(LlmInput("Thanks", history)) == [
        (USER, "Tell me all"),
        (PERSON, "It began when"),
        (USER, f"{CUT_IN}\nStop"),
        (PERSON, "Of course."),
        (USER, "Thanks"),
    ]
    assert said(LlmInput("Why?", history[:2]))[-1] == (USER, f"{CUT_IN}\nWhy?")


def test_neighbours_are_joined() -> None:
    """A question whose answer nobody heard, and a person who spoke twice."""
    history = (Utterance(PERSON, "Welcome."), Utterance(PERSON, "Sit down."), Utterance(USER, "Hi"))
    assert said(LlmInput("Hello?", history)) == [(USER, BEGIN), (PERSON, "Welcome.\nSit down."), (USER, "Hi\nHello?")]


@given(st.lists(st.builds(Utterance, st.sampled_from(Speaker), st.text(max_size=5), st.booleans())))
def test_what_every_provider_accepts(history: list[Utterance]) -> None:
    """Speakers take turns, the user is first and last, nothing is blank."""
    messages = dialogue(LlmInput("x", tuple(history)))
    assert [message.speaker for message in messages] == [(USER, PERSON)[n % 2] for n in range(len(messages))]
    assert isinstance(messages[-1], Message)
    assert messages[-1].speaker is USER
    assert all(message.text.strip() for message in messages)


def test_the_persona_stands_first() -> None:
    """Whatever may change during a conversation stands behind it."""
    calm = instructions(ANNA, Controls(), "de", style_hints=False)
    angry = instructions(ANNA, Controls(emotion_label=EmotionLabel.ANGRY), "de", style_hints=False)
    assert calm.startswith("You are Anna.")
    assert angry.startswith(calm)
    assert '"de"' in calm
    assert instructions(Persona("x"), Controls(), "en", style_hints=False).startswith("You are")


def test_a_hint_is_asked_for_where_it_counts() -> None:
    """Not where somebody said how the person feels, if only that it is neutral: that counts more. A mood that the
    configuration gives is told, and the model may still change it."""
    plain = instructions(ANNA, Controls(), "de", style_hints=True)
    neutral = instructions(ANNA, Controls(emotion_is_said=True), "de", style_hints=True)
    configured = instructions(ANNA, Controls(emotion_label=EmotionLabel.SAD), "de", style_hints=True)
    assert ASK in plain
    assert "You feel" not in plain
    assert ASK not in neutral
    assert "You feel neutral" in neutral
    assert ASK in configured
    assert "You feel sad" in configured
    assert ASK not in instructions(ANNA, Controls(), "de", style_hints=False)


def test_every_feeling_reads_differently() -> None:
    """Labels, intensities, valence and arousal."""
    plain = Controls()
    feelings = [replace(plain, emotion_label=label) for label in EmotionLabel]
    feelings += [replace(plain, emotion_label=EmotionLabel.SAD, emotion_intensity=0.9)]
    feelings += [replace(plain, emotion_valence=0.3), replace(plain, emotion_arousal=0.3)]
    assert len({instructions(ANNA, one, "en", style_hints=False) for one in feelings}) == len(feelings)
