"""Adapters whose settings the configuration tests fill."""

from __future__ import annotations

import dataclasses
import typing
from dataclasses import dataclass, field
from typing import Any

from tth.adapters.base import (
    Adapter,
    AdapterSpec,
    Avatar,
    AvatarSession,
    Capabilities,
    Deployment,
    Persona,
    Role,
    SessionContext,
    TtsSession,
    Voice,
)
from tth.adapters.moderation import Moderator, Moment
from tth.config.check import plain_type
from tth.config.wiring import builtin_registry
from tth.model.secret import Secret

CAPABILITIES = Capabilities("for tests", Deployment.EMBEDDED)


@dataclass(frozen=True, slots=True)
class Settings:
    """A voice that needs a key."""

    key: Secret = field(metadata={"env": "PARROT_API_KEY"})
    beaks: int = field(default=1, metadata={"minimum": 1, "maximum": 4})
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlainSettings:
    """Nothing to set."""


class Parrot(Voice):
    name = "parrot"
    capabilities = CAPABILITIES

    def __init__(self, settings: object) -> None:
        self.settings = settings

    def open_session(self, context: SessionContext) -> TtsSession:
        raise NotImplementedError


class Statue(Avatar):
    name = "statue"
    capabilities = CAPABILITIES

    def open_session(self, context: SessionContext, persona: Persona, draw: bool) -> AvatarSession:
        raise NotImplementedError


def build(settings: Settings) -> Adapter:
    return Parrot(settings)


def build_statue(settings: PlainSettings) -> Adapter:
    return Statue()


def build_without_driver(settings: PlainSettings) -> Adapter:
    raise ImportError("no module named driver")


def build_impostor(settings: PlainSettings) -> Adapter:
    return Parrot(settings)


def spec(role: Role, name: str, build_name: str = "build_statue", settings: str = "PlainSettings") -> AdapterSpec:
    return AdapterSpec(role, name, f"{__name__}:{build_name}", f"{__name__}:{settings}")


KEY = Secret("a-key")


def defaults_of(kind: type[Any]) -> Any:
    """An adapter's settings as they are by default, with a key where one is needed."""
    return kind(**dict.fromkeys(required_keys(kind), KEY))


def secret_fields(kind: type[Any]) -> set[str]:
    """Names of the fields that are keys: they stand in no file."""
    hints = typing.get_type_hints(kind)
    return {one.name for one in dataclasses.fields(kind) if plain_type(hints[one.name]) is Secret}


def required_keys(kind: type[Any]) -> set[str]:
    """Keys without which the adapter cannot be had."""
    needed = {one.name for one in dataclasses.fields(kind) if one.default is dataclasses.MISSING}
    return needed & secret_fields(kind)


REGISTRY = builtin_registry().plus(
    [
        spec(Role.LLM, "absent"),
        spec(Role.TTS, "parrot", "build", "Settings"),
        AdapterSpec(Role.TTS, "unpackaged", "no_such_package:build", "no_such_package:Settings"),
        spec(Role.AVATAR, "statue"),
        spec(Role.AVATAR, "driverless", "build_without_driver"),
        spec(Role.AVATAR, "impostor", "build_impostor"),
    ]
)
"""What the tests choose from: the real adapters, of which none is imported, and these."""


def offered() -> list[AdapterSpec]:
    """As another package's entry point would."""
    return [spec(Role.AVATAR, "from_elsewhere")]


class StrictModerator(Moderator):
    """Allows nothing."""

    async def allows(self, text: str, moment: Moment, language_code: str) -> bool:
        return False
