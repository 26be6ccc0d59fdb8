"""Tests of tth.adapters.registry."""

from __future__ import annotations

import pytest

from tth.adapters.base import (
    AdapterSpec,
    Capabilities,
    Deployment,
    LanguageModel,
    LlmSession,
    Role,
    SessionContext,
)
from tth.adapters.registry import AdapterFacts, Adapters, Registry

pytestmark = pytest.mark.unit


def spec(role: Role, name: str) -> AdapterSpec:
    return AdapterSpec(role, name, "nowhere:build", "nowhere:Settings")


class Model(LanguageModel):
    name = "model"
    capabilities = Capabilities("for tests", Deployment.EMBEDDED)

    def open_session(self, context: SessionContext) -> LlmSession:
        raise NotImplementedError


def test_finds_by_role_and_name() -> None:
    """One name may play two roles; what nobody declared is None."""
    registry = Registry.of([spec(Role.TTS, "a"), spec(Role.LLM, "a")])
    assert registry.find(Role.TTS, "a") == spec(Role.TTS, "a")
    assert registry.find(Role.AVATAR, "a") is None


def test_a_name_is_taken_once() -> None:
    """Two adapters with one role and name: neither silently wins."""
    with pytest.raises(ValueError, match="the tts adapter a is declared twice"):
        Registry.of([spec(Role.TTS, "a")]).plus([spec(Role.TTS, "a")])


def test_adding_leaves_the_old_one_as_it_was() -> None:
    """A registry is a value."""
    first = Registry.of([spec(Role.TTS, "a")])
    second = first.plus([spec(Role.TTS, "b")])
    assert (first.names(Role.TTS), second.names(Role.TTS)) == (("a",), ("a", "b"))
    with pytest.raises(TypeError):
        first.specs[Role.TTS, "c"] = spec(Role.TTS, "c")  # type: ignore[index]


def test_the_order_is_by_role_then_name() -> None:
    """A list of models reads the same every time."""
    registry = Registry.of([spec(Role.AVATAR, "a"), spec(Role.LLM, "b"), spec(Role.LLM, "a")])
    assert [(found.role, found.name) for found in registry] == [
        (Role.LLM, "a"),
        (Role.LLM, "b"),
        (Role.AVATAR, "a"),
    ]


def test_adapters_in_use() -> None:
    """Only the roles that are played are counted."""
    model = Model()
    adapters = Adapters(llm=model)
    assert list(adapters) == [model]
    assert adapters.facts == (AdapterFacts("model", Role.LLM, model.capabilities),)
