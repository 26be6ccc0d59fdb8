"""The demo's conversations, as data: a few turns that show what the service does in about forty seconds.

A cast with a voice speaks texts as they stand as well; one whose realtime model does all the talking only answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class DemoUpdate:
    """Controls that change while the person speaks."""

    after_ms: int
    """Of the turn's sound heard."""
    emotion: str
    intensity: float
    rate: float | None = None
    pitch: float | None = None
    in_sound: bool = True
    """The voice changes with it. One that speaks a whole answer in one go does not; the face always does."""


@dataclass(frozen=True, slots=True)
class DemoTurn:
    """One turn: what is sent and what must come of it."""

    text: str
    persona: str
    emotion: str
    intensity: float
    talk: bool = False
    """The person answers the text; else they speak it."""
    latency: str | None = None
    update: DemoUpdate | None = None
    interrupt_after_ms: int | None = None
    """Of the turn's sound heard."""
    reply_contains: str = ""
    """What the answer must hold; shows that the thread of the conversation is kept."""


SCRIPT: tuple[DemoTurn, ...] = (
    DemoTurn("Hi! My name is Robin.", "default", "happy", 0.5, talk=True),
    DemoTurn(
        "Everything you see and hear is made right here. No key, no graphics card, no network!",
        "excited",
        "happy",
        0.9,
    ),
    DemoTurn("Do you remember my name?", "casual", "neutral", 0.5, talk=True, reply_contains="Robin"),
    DemoTurn(
        "I have sad news. The last piece of the cake is gone, and nobody knows who took it. "
        "But wait! There is another one in the oven, and it is all for you!",
        "storyteller",
        "sad",
        0.9,
        update=DemoUpdate(4_000, "surprised", 1.0, 1.2, 0.35),
    ),
    DemoTurn(
        "Now listen to me, please. I will read you all the terms and conditions, from the first page to the last. "
        "Chapter one, section one, paragraph one. The party of the first part, hereinafter called the first party",
        "professional",
        "angry",
        0.8,
        latency="low",
        interrupt_after_ms=3_200,
    ),
    DemoTurn("Goodbye!", "default", "happy", 0.8, talk=True),
)

SMOKE: tuple[DemoTurn, ...] = (
    DemoTurn(
        "One turn is enough to see that it works. And in the middle of it everything changes. Can you hear it?",
        "default",
        "neutral",
        0.5,
        update=DemoUpdate(1_500, "happy", 1.0, 1.1, 0.2),
    ),
)
"""For `make phase`: the shortest conversation with everything that a verdict needs."""

_STORY = DemoTurn("Tell me a story.", "storyteller", "sad", 0.9, talk=True)

TALK_SCRIPT: tuple[DemoTurn, ...] = (
    DemoTurn("Hi! My name is Robin.", "default", "happy", 0.5, talk=True),
    replace(_STORY, update=DemoUpdate(4_000, "surprised", 1.0, in_sound=False)),
    DemoTurn("Do you remember my name?", "casual", "neutral", 0.5, talk=True, reply_contains="Robin"),
    DemoTurn(
        "Tell me about yourself, please.",
        "professional",
        "angry",
        0.8,
        talk=True,
        latency="low",
        interrupt_after_ms=3_200,
    ),
    DemoTurn("Goodbye!", "default", "happy", 0.8, talk=True),
)
TALK_SMOKE: tuple[DemoTurn, ...] = (replace(_STORY, update=DemoUpdate(1_500, "happy", 1.0, in_sound=False)),)


def script_for(*, can_say: bool, smoke: bool) -> tuple[DemoTurn, ...]:
    """can_say: there is a voice that speaks texts as they stand."""
    if can_say:
        return SMOKE if smoke else SCRIPT
    return TALK_SMOKE if smoke else TALK_SCRIPT
