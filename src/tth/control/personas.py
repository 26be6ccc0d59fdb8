"""Personas with their own controls, and who speaks with which controls once all layers are known.

Tests: tests/control/test_personas.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tth.adapters.base import Persona
from tth.core.blend import blend, merge
from tth.model.controls import ControlPatch, Controls


@dataclass(frozen=True, slots=True)
class PersonaConfig:
    """A persona and how this person is when nobody says otherwise."""

    persona: Persona
    controls: ControlPatch = field(default_factory=ControlPatch)
    """Never sets persona_id."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who speaks, and with which controls."""

    persona: Persona
    controls: Controls
    asked: frozenset[str] = frozenset()
    """Attributes of `Controls` that somebody set: the persona or a layer, not the product."""


def cast(base: Controls, personas: Mapping[str, PersonaConfig], *layers: ControlPatch) -> Cast:
    """Choose the persona that the layers ask for and lay its controls between `base` and them.

    layers: session, update, turn; already validated. Raises KeyError for an unknown persona.
    """
    chosen = personas[blend(base, *layers).persona_id]
    said = merge(chosen.controls, *layers)
    return Cast(chosen.persona, blend(base, said), frozenset(said.items()))
