"""Which adapters exist, as an immutable value; and the ones in use. Nothing is imported until it is asked for.

The embedded adapters are listed in `config/wiring.py`; there is no registration at import.
Tests: tests/adapters/test_registry.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tth.adapters.base import (
    Adapter,
    AdapterSpec,
    Avatar,
    Capabilities,
    LanguageModel,
    Persona,
    RealtimeModel,
    Role,
    Voice,
)
from tth.model.controls import BACKGROUNDS


@dataclass(frozen=True, slots=True)
class Registry:
    """Adapters by role and name. Iterates over the specs by role, then name."""

    specs: Mapping[tuple[Role, str], AdapterSpec] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, specs: Iterable[AdapterSpec]) -> Registry:
        """A registry of these. Raises ValueError when two claim one role and name: neither silently wins."""
        table: dict[tuple[Role, str], AdapterSpec] = {}
        for spec in specs:
            if (spec.role, spec.name) in table:
                raise ValueError(f"the {spec.role} adapter {spec.name} is declared twice")
            table[spec.role, spec.name] = spec
        return cls(MappingProxyType(table))

    def plus(self, specs: Iterable[AdapterSpec]) -> Registry:
        """This registry and these. Raises ValueError as `of` does."""
        return Registry.of([*self.specs.values(), *specs])

    def find(self, role: Role, name: str) -> AdapterSpec | None:
        """The spec, or None if nobody declared it."""
        return self.specs.get((role, name))

    def names(self, role: Role) -> tuple[str, ...]:
        """Every name known for a role, sorted."""
        return tuple(sorted(name for known_role, name in self.specs if known_role is role))

    def __iter__(self) -> Iterator[AdapterSpec]:
        order = list(Role)
        return iter(sorted(self.specs.values(), key=lambda spec: (order.index(spec.role), spec.name)))


@dataclass(frozen=True, slots=True)
class AdapterFacts:
    """What a control report needs to know of one adapter in use."""

    name: str
    role: Role
    capabilities: Capabilities


@dataclass(frozen=True, slots=True)
class Adapters:
    """The adapters that a server works with, one per role; None where the configuration names none."""

    llm: LanguageModel | None = None
    tts: Voice | None = None
    realtime: RealtimeModel | None = None
    avatar: Avatar | None = None

    def __iter__(self) -> Iterator[Adapter]:
        return (adapter for adapter in (self.llm, self.tts, self.realtime, self.avatar) if adapter is not None)

    @property
    def facts(self) -> tuple[AdapterFacts, ...]:
        """Name, role and capabilities of each."""
        return tuple(AdapterFacts(adapter.name, adapter.role, adapter.capabilities) for adapter in self)

    def facts_for(self, persona: Persona) -> tuple[AdapterFacts, ...]:
        """The same where the avatar shows this persona, whose look it may not be able to do everything with."""
        avatar = self.avatar
        if avatar is None:
            return self.facts
        shown = AdapterFacts(avatar.name, avatar.role, avatar.capabilities_for(persona))
        return tuple(shown if facts.role is Role.AVATAR else facts for facts in self.facts)

    @property
    def backgrounds(self) -> tuple[str, ...]:
        """Every name that `render.background` may have here: those known everywhere, then the avatar's own."""
        own = self.avatar.capabilities.backgrounds if self.avatar is not None else ()
        return tuple(dict.fromkeys([*BACKGROUNDS, *own]))
