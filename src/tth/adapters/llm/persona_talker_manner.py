"""How a persona and an emotion colour the talker's words. Tests: tests/adapters/llm/test_persona_talker.py."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tth.adapters.base import Persona
from tth.adapters.llm.persona_talker_book import Book, Style, Texts
from tth.model.controls import CIRCUMPLEX, Controls, EmotionLabel

STRONG = 0.7
"""Intensity from which strong words are used."""
FELT = 0.45
"""Intensity from which every reply shows the mood; a weaker one shows in every second reply."""
FAINT = 0.1
"""Intensity below which a mood is not put into words."""


@dataclass(frozen=True, slots=True)
class FeltMood:
    """The emotion that words can show, and how strong it is."""

    name: str
    strength: float


def mood_of(controls: Controls) -> FeltMood:
    """The label with its intensity; where valence or arousal are set, the nearest label and how far from rest."""
    if controls.emotion_valence is None and controls.emotion_arousal is None:
        return FeltMood(controls.emotion_label.value, controls.emotion_intensity)
    here = controls.affect
    nearest = min(EmotionLabel, key=lambda label: math.dist(here, CIRCUMPLEX[label]))
    return FeltMood(nearest.value, math.hypot(*here))


def manner_of(persona: Persona, book: Book) -> tuple[str, Style]:
    """The style of a persona: by its id, else by the words of its description and prompt, else the default."""
    if persona.persona_id in book.styles:
        return persona.persona_id, book.styles[persona.persona_id]
    words = f"{persona.description} {persona.prompt}".casefold()
    for name, style in book.styles.items():
        if any(word in words for word in style.words):
            return name, style
    return "default", book.styles["default"]


def opener_for(style: Style, mood: FeltMood, turn_index: int, book: Book) -> Texts:
    """What may stand before a reply: the mood's words if it is felt, else the style's."""
    known = book.moods.get(mood.name)
    if known and mood.strength >= FAINT and (mood.strength >= FELT or turn_index % 2 == 0):
        return known.strong if mood.strength >= STRONG else known.mild
    return style.openers
