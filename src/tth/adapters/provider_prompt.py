"""What a provider's model is told: who it is, how it feels, and what was said so far.

One text and one list of messages for every provider, so that a person stays the same whoever writes their words. The
text begins with what never changes during a conversation (the persona) and ends with what may (the feeling): providers
keep a prompt's unchanged beginning in their cache.
Tests: tests/adapters/test_provider_prompt.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tth.adapters.base import ControlSupport, LlmInput, Persona, Speaker, Support
from tth.core.style_tag import ASK
from tth.model.controls import Controls

SPOKEN = (
    "Your words are spoken aloud while you write them: write plain sentences as one says them, with no markup, lists, "
    "emoji or stage directions."
)
CUT_IN = "(I cut in here and did not hear the rest of your last answer.)"
"""Before what the user said when they interrupted. In their message and not in the answer that was cut: a model takes
its own earlier answers for a pattern to go on with, and a mark there would sooner or later be spoken."""
BEGIN = "(You speak first.)"
"""In place of a user's message where the person said something before the user did."""

_IN_WORDS = ControlSupport(Support.EMULATED)
PROMPTED_CONTROLS: Mapping[str, ControlSupport] = {
    "emotion.label": _IN_WORDS,
    "emotion.intensity": _IN_WORDS,
    "emotion.valence": _IN_WORDS,
    "emotion.arousal": _IN_WORDS,
    "character.persona_id": ControlSupport(),
}
"""What a prompt can do: a feeling is asked for in words, as models have no parameter for one."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a dialogue; neighbours are never from the same speaker."""

    speaker: Speaker
    text: str
    """Never blank."""


def instructions(persona: Persona, control: Controls, language_code: str, *, style_hints: bool) -> str:
    """The system prompt. style_hints: ask for a style tag (core/style_tag.py) at the start of each reply, where
    nobody said how the person feels: what was said counts more than a hint."""
    paragraphs = [
        persona.prompt or "You are a warm and attentive conversation partner.",
        SPOKEN,
        f'Answer in the language with the BCP 47 code "{language_code}", unless you are asked for another one.',
    ]
    if style_hints and not control.emotion_is_said:
        paragraphs.append(ASK)
    if control.has_feeling:
        paragraphs.append(feeling_of(control))
    return "\n\n".join(paragraphs)


def feeling_of(control: Controls) -> str:
    """How the person feels, for a prompt."""
    felt = f"You feel {control.emotion_label}, with intensity {control.emotion_intensity:.2g} from 0 to 1"
    for name, value, ends in (
        ("valence", control.emotion_valence, "-1, unpleasant, to 1, pleasant"),
        ("arousal", control.emotion_arousal, "-1, calm, to 1, excited"),
    ):
        if value is not None:
            felt += f", {name} {value:.2g} from {ends}"
    return felt + ". Let your choice of words show it; do not name it."


def dialogue(prompt: LlmInput) -> tuple[Message, ...]:
    """The conversation as messages, the user's question last; the first is the user's as well.

    An interrupted answer stands as far as it was heard, and the user's next message says that it was cut there.
    """
    messages: list[Message] = []
    was_cut = False
    for entry in prompt.history:
        note, was_cut = (CUT_IN if was_cut else ""), entry.interrupted and entry.speaker is Speaker.PERSON
        _add(messages, entry.speaker, entry.text, note)
    _add(messages, Speaker.USER, prompt.text, CUT_IN if was_cut else "")
    return tuple(messages)


def _add(messages: list[Message], speaker: Speaker, text: str, note: str) -> None:
    if not text.strip():
        return
    if speaker is Speaker.PERSON and not messages:
        messages.append(Message(Speaker.USER, BEGIN))
    said = f"{note}\n{text}" if note and speaker is Speaker.USER else text
    if messages and messages[-1].speaker is speaker:
        said = f"{messages.pop().text}\n{said}"
    messages.append(Message(speaker, said))
