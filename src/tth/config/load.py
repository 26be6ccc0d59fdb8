"""The only reader of files and environment: layers in, one frozen `Config` out, or every problem at once.

From weak to strong: base.yaml, the profile, the user's file, the .env file, TTH_ variables, the command line.
`TTH_SERVER__PORT=6000` sets server.port: double underscores go one level down. An empty variable says nothing.
Tests: tests/config/test_load.py.
"""

from __future__ import annotations

import dataclasses
import os
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType

from tth.adapters.base import Persona, Role
from tth.adapters.registry import Registry
from tth.config.check import Checker, suggestion
from tth.config.dotenv import read_dotenv
from tth.config.schema import (
    Config,
    Origin,
    PersonaConfig,
    PersonaSettings,
    RoleSettings,
    StoreKind,
    tokens_in,
)
from tth.config.tree import Scalar, Section, merge, nested, read_yaml
from tth.core.blend import validate_patch
from tth.errors import ConfigError, ConfigProblem
from tth.model.controls import BACKGROUNDS, ControlPatch

DEFAULT_PROFILE = "offline"
_NOT_YET: Mapping[str, str] = {
    "local_api_only_managed": "local_api_only_managed needs an adapter for a managed avatar, and there is none yet"
}
"""Profiles that people may have read of."""
_PREFIX = "TTH_"
_PROFILE_VARIABLE, _FILE_VARIABLE = "TTH_PROFILE", "TTH_CONFIG"
_TOKEN_VARIABLE = "TTH_TOKEN"  # noqa: S105  (the name of a variable)
_NO_SETTINGS = (_PROFILE_VARIABLE, _FILE_VARIABLE, _TOKEN_VARIABLE)
"""Variables with our prefix that are no settings."""
# Kubernetes puts these into every pod near a Service named "tth": they are not meant for us.
_SERVICE_LINK = re.compile(r"TTH_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)")
_PERSONA_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class _Layers:
    """All that was said, merged, before it is understood."""

    profile: Scalar
    tree: Section
    environment: Mapping[str, Scalar]


def load_config(
    registry: Registry,
    *,
    profile: str | None = None,
    file: Path | None = None,
    overrides: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Config:
    """Read and check the whole configuration.

    profile, file: as on the command line; they win over TTH_PROFILE and TTH_CONFIG. overrides: key path to text,
    the strongest layer. environ: in place of the process's environment. directory: where .env is looked for, in
    place of the working directory. Imports the modules of the chosen adapters for their Settings; starts nothing.
    Raises ConfigError with every problem found.
    """
    checker = Checker()
    layers = _read_layers(
        profile,
        file,
        overrides or {},
        os.environ if environ is None else environ,
        directory or Path.cwd(),
        checker.problems,
    )
    config = _understand(layers, registry, checker)
    if checker.problems:
        raise ConfigError(problems=tuple(checker.problems))
    return config


def known_profiles() -> tuple[str, ...]:
    """Names of the profiles that are shipped, sorted."""
    names = (entry.name for entry in _shipped("profiles").iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


def client_token() -> str | None:
    """What a client shows to a server that wants a token: TTH_TOKEN, of the environment or else of .env."""
    written = read_dotenv(Path(".env"), []).get(_TOKEN_VARIABLE)
    return os.environ.get(_TOKEN_VARIABLE) or (written.text if written is not None else None)


def _shipped(*names: str) -> Traversable:
    return files("tth.config").joinpath(*names)


def _read_layers(
    profile: str | None,
    file: Path | None,
    overrides: Mapping[str, str],
    environ: Mapping[str, str],
    directory: Path,
    problems: list[ConfigProblem],
) -> _Layers:
    environment = read_dotenv(directory / ".env", problems)
    environment |= {name: Scalar(text, name, from_environment=True) for name, text in environ.items() if text}
    chosen = Scalar(profile, "command line") if profile else environment.get(_PROFILE_VARIABLE)
    chosen = chosen or Scalar(DEFAULT_PROFILE, "default")
    tree = read_yaml(_shipped("base.yaml").read_text("utf-8"), "tth/config/base.yaml", problems)
    tree = merge(tree, _read_profile(chosen, problems))
    named = Scalar(str(file), "command line") if file else environment.get(_FILE_VARIABLE)
    if named is not None:
        tree = merge(tree, _read_file(named, problems))
    own_names = _own_names()
    for name, value in sorted(environment.items()):
        if name.startswith(_PREFIX) and name not in _NO_SETTINGS and not _is_foreign(value, name):
            keys = own_names.get(name) or tuple(name.removeprefix(_PREFIX).lower().split("__"))
            tree = merge(tree, nested(keys, value))
    for path, text in overrides.items():
        tree = merge(tree, nested(tuple(path.split(".")), Scalar(text, "command line", from_command_line=True)))
    return _Layers(chosen, tree, environment)


def _own_names() -> dict[str, tuple[str, ...]]:
    """Settings that have a variable of their own, such as TTH_REDIS_URL, and where they belong."""
    sections = {name: hint for name, hint in typing.get_type_hints(Config).items() if dataclasses.is_dataclass(hint)}
    fields = ((name, field) for name, kind in sections.items() for field in dataclasses.fields(kind))
    return {field.metadata["env"]: (name, field.name) for name, field in fields if "env" in field.metadata}


def _is_foreign(value: Scalar, name: str) -> bool:
    return _SERVICE_LINK.fullmatch(name) is not None or (name == "TTH_PORT" and value.text.startswith("tcp://"))


def _read_profile(chosen: Scalar, problems: list[ConfigProblem]) -> Section:
    """Raises ConfigError for one that is not there, and tells nothing else: without it nothing can be judged."""
    if chosen.text not in known_profiles():
        what = _NOT_YET.get(chosen.text, f'unknown profile "{chosen.text}"')
        message = f"{what}; known: {', '.join(known_profiles())}"
        raise ConfigError(problems=(ConfigProblem(chosen.where, "profile", message),))
    name = f"{chosen.text}.yaml"
    return read_yaml(_shipped("profiles", name).read_text("utf-8"), f"tth/config/profiles/{name}", problems)


def _read_file(named: Scalar, problems: list[ConfigProblem]) -> Section:
    try:
        text = Path(named.text).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        problems.append(ConfigProblem(named.where, "config", f"cannot read {named.text}: {reason}"))
        return Section()
    return read_yaml(text, named.text, problems)


def _understand(layers: _Layers, registry: Registry, checker: Checker) -> Config:
    """The configuration, as far as it can be understood; only good if the checker has found no problem."""
    tree = layers.tree
    plain = {field.name for field in dataclasses.fields(Config)} - {"profile", "adapters", "personas", "origins"}
    checker.unknown_keys(tree, {*plain, "adapters", "personas"}, "")
    known = Section({name: tree.entries[name] for name in plain if name in tree.entries}, tree.where, tree.key_where)
    config = checker.settings(Config, known, "")
    assert isinstance(config, Config), "every setting has a default"
    checker.origins["profile"] = Origin(layers.profile.text, layers.profile.where)
    personas = _personas(tree, checker)
    adapters = _adapters(tree, config.roles, registry, layers.environment, checker)
    _check_personas(config, personas, checker)
    _check_backgrounds(config, personas, adapters.get(Role.AVATAR), checker)
    if config.roles.tts is None and config.roles.realtime is None and not checker.has_problem_below("roles"):
        checker.problem(tree.where, "roles", "nobody speaks: set roles.tts.adapter or roles.realtime.adapter")
    _check_access(config, checker)
    if config.sessions.store is StoreKind.REDIS and config.sessions.redis_url is None:
        checker.problem("environment", "sessions.redis_url", "is not set; set TTH_REDIS_URL in the environment")
    return dataclasses.replace(
        config,
        profile=layers.profile.text,
        adapters=MappingProxyType(adapters),
        personas=MappingProxyType(personas),
        origins=MappingProxyType(checker.origins),
    )


_TOGETHER = (
    ("server", "tls_cert", "tls_key"),
    ("server", "tls_key", "tls_cert"),
    ("server", "tls_client_ca", "tls_cert"),
    ("gateway", "tls_cert", "tls_key"),
    ("gateway", "tls_key", "tls_cert"),
    ("gateway", "target_ca", "target_tls"),
    ("gateway", "target_cert", "target_tls"),
    ("gateway", "target_cert", "target_key"),
    ("gateway", "target_key", "target_cert"),
)
"""(section, setting, what it needs beside it)."""


def _check_access(config: Config, checker: Checker) -> None:
    """What was meant to be closed must not be open because of half a setting."""
    for section, tokens in (("server", config.server.tokens), ("gateway", config.gateway.tokens)):
        if tokens is not None and not tokens_in(tokens):
            where = checker.origins[f"{section}.tokens"].where
            checker.problem(where, f"{section}.tokens", "must hold at least one token; several with commas between")
    for section, given, wanted in _TOGETHER:
        settings = getattr(config, section)
        if getattr(settings, given) is not None and not getattr(settings, wanted):
            where = checker.origins[f"{section}.{given}"].where
            checker.problem(where, f"{section}.{wanted}", f"must be set as well, for {section}.{given} is")


def _personas(tree: Section, checker: Checker) -> dict[str, PersonaConfig]:
    people = checker.section(tree, "personas", "personas")
    found = checker.value(Mapping[str, PersonaSettings], people, "personas")
    assert isinstance(found, Mapping)
    personas: dict[str, PersonaConfig] = {}
    for persona_id, settings in found.items():
        if not _PERSONA_ID.fullmatch(persona_id):
            checker.problem(
                people.key_where[persona_id], f"personas.{persona_id}", "an id has 1..64 of a-z, 0-9, _ and -"
            )
        shown = {field.name: getattr(settings, field.name) for field in dataclasses.fields(Persona)[1:]}
        personas[persona_id] = PersonaConfig(Persona(persona_id, **shown), settings.controls)
    return personas


def _adapters(
    tree: Section, roles: RoleSettings, registry: Registry, environment: Mapping[str, Scalar], checker: Checker
) -> dict[Role, object]:
    """The settings of every adapter that plays a role. Of the others only the names are checked: they may need
    packages that are not installed here."""
    sections = checker.section(tree, "adapters", "adapters")
    checker.unknown_keys(sections, list(Role), "adapters")
    settings: dict[Role, object] = {}
    for role in Role:
        given = checker.section(sections, role, f"adapters.{role}")
        checker.unknown_keys(given, registry.names(role), f"adapters.{role}")
        name = roles.adapter_of(role)
        if name is None:
            continue
        spec = registry.find(role, name)
        if spec is None:
            origin = checker.origins[f"roles.{role}.adapter"]
            hint = suggestion(name, registry.names(role))
            checker.problem(origin.where, f"roles.{role}.adapter", f'unknown adapter "{name}"; {hint}')
            continue
        try:
            kind = spec.settings_type()
        except ImportError as error:
            where = checker.origins[f"roles.{role}.adapter"].where
            checker.problem(where, f"roles.{role}.adapter", f'"{name}" cannot be loaded: {error}')
            continue
        named = merge(_from_variables(kind, environment), checker.section(given, name, f"adapters.{role}.{name}"))
        made = checker.settings(kind, named, f"adapters.{role}.{name}")
        if made is not None:
            settings[role] = made
    return settings


def _from_variables(kind: type[object], environment: Mapping[str, Scalar]) -> Section:
    """What the fields with an `env` in their metadata find in the environment, such as OPENAI_API_KEY."""
    tree = Section(where="environment")
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        value = environment.get(field.metadata.get("env", ""))
        if value is not None:
            tree = merge(tree, nested((field.name,), value))
    return tree


def _check_personas(config: Config, personas: Mapping[str, PersonaConfig], checker: Checker) -> None:
    """The persona that speaks by default exists, and no persona chooses another one."""
    for persona_id, found in personas.items():
        path = f"personas.{persona_id}.controls.character.persona_id"
        if found.controls.persona_id is not None:
            checker.problem(checker.origins[path].where, path, "a persona does not choose a persona")
    wanted = config.defaults.base_controls.persona_id
    if wanted not in personas and not checker.has_problem_below("personas"):
        path = "defaults.controls.character.persona_id"
        hint = suggestion(wanted, personas)
        checker.problem(checker.origins[path].where, path, f'unknown persona "{wanted}"; {hint}')


def _check_backgrounds(config: Config, personas: Mapping[str, PersonaConfig], avatar: object, checker: Checker) -> None:
    """Every background that is named exists. An avatar's Settings may have `backgrounds`, names of its own."""
    names = (*BACKGROUNDS, *getattr(avatar, "backgrounds", ()))
    wanted = {f"personas.{persona_id}.controls": found.controls for persona_id, found in personas.items()}
    for section, patch in {"defaults.controls": config.defaults.controls, **wanted}.items():
        for violation in validate_patch(ControlPatch(background=patch.background), (), names):
            path = f"{section}.{violation.field}"
            origin = checker.origins[path]
            checker.problem(origin.where, path, f"must be {violation.allowed}, not {origin.text}")
