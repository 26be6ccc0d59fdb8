"""Composition root: which adapters exist, and the ones that a configuration asks for. Nobody but a program's start
(and tests) imports this. Tests: tests/config/test_wiring.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from importlib import import_module
from importlib.metadata import entry_points

from tth.adapters.base import (
    Adapter,
    AdapterSpec,
    Avatar,
    Capabilities,
    Deployment,
    LanguageModel,
    RealtimeModel,
    Role,
    Voice,
)
from tth.adapters.moderation import Moderator, WordList
from tth.adapters.registry import Adapters, Registry
from tth.clock import SystemClock
from tth.config.schema import Config, ServerSettings, StoreKind, tokens_in
from tth.errors import ConfigError, ConfigProblem
from tth.server.access import Tls
from tth.server.app import EncodeThreads, ServerOptions, TthServer
from tth.server.models import Known, ModelCatalogue
from tth.session.clause_cache import ClauseCache
from tth.session.engine import Engine
from tth.session.snapshot_store import SessionStore
from tth.session.store import SessionLimits

ENTRY_POINTS = "tth.adapters"
"""Group of the entry points of other packages; each names a function that returns a list of AdapterSpec."""

_BUILTIN: tuple[tuple[Role, str], ...] = (
    (Role.LLM, "persona_talker"),
    (Role.LLM, "mock_llm"),
    (Role.LLM, "openai_chat"),
    (Role.LLM, "openai_responses"),
    (Role.LLM, "anthropic_claude"),
    (Role.TTS, "espeak"),
    (Role.TTS, "mock_tts"),
    (Role.TTS, "openai_tts"),
    (Role.TTS, "elevenlabs"),
    (Role.REALTIME, "openai_realtime"),
    (Role.REALTIME, "mock_realtime"),
    (Role.AVATAR, "embedded_face"),
    (Role.AVATAR, "mock_avatar"),
    (Role.AVATAR, "stub_avatar"),
)
_VARIANTS = (
    AdapterSpec(
        Role.LLM,
        "vllm_local",
        "tth.adapters.llm.openai_chat:build_vllm",
        "tth.adapters.llm.openai_chat:VllmSettings",
    ),
    AdapterSpec(
        Role.LLM,
        "openai_compatible",
        "tth.adapters.llm.openai_chat:build_compatible",
        "tth.adapters.llm.openai_chat:CompatibleSettings",
    ),
    AdapterSpec(
        Role.TTS,
        "openai_compatible",
        "tth.adapters.tts.openai_tts:build_compatible",
        "tth.adapters.tts.openai_tts:CompatibleSettings",
    ),
)
"""The same code under another name, with defaults of its own."""
_PLAYS: dict[Role, type[Adapter]] = {
    Role.LLM: LanguageModel,
    Role.TTS: Voice,
    Role.REALTIME: RealtimeModel,
    Role.AVATAR: Avatar,
}


def builtin_registry() -> Registry:
    """The adapters that come with TTH. Imports none of them."""
    return Registry.of([*(_spec(role, name) for role, name in _BUILTIN), *_VARIANTS])


def full_registry(extra: Iterable[AdapterSpec] = ()) -> Registry:
    """Ours, those of installed packages that offer entry points, and `extra`.

    Raises ConfigError when a package's list cannot be had or two adapters claim one role and name.
    """
    registry = builtin_registry()
    problems: list[ConfigProblem] = []
    for point in entry_points(group=ENTRY_POINTS):
        try:
            registry = registry.plus(point.load()())
        except Exception as error:  # another package's code: whatever it raises, it is named and not run again
            problems.append(
                ConfigProblem(f"package of {point.value}", ENTRY_POINTS, f"{type(error).__name__}: {error}")
            )
    try:
        registry = registry.plus(extra)
    except ValueError as error:
        problems.append(ConfigProblem("extra", ENTRY_POINTS, str(error)))
    if problems:
        raise ConfigError(problems=tuple(problems))
    return registry


def build_adapters(config: Config, registry: Registry) -> Adapters:
    """One adapter for each role that the configuration gives away; none is loaded yet.

    `config` must have been loaded with the same registry. Raises ConfigError when one cannot be imported or is not
    what its role asks for.
    """
    problems: list[ConfigProblem] = []
    built = {role: _build(config, registry, role, problems) for role in Role if config.roles.adapter_of(role)}
    if problems:
        raise ConfigError(problems=tuple(problems))
    return Adapters(**{role.value: adapter for role, adapter in built.items()})  # type: ignore[arg-type]


def _build(config: Config, registry: Registry, role: Role, problems: list[ConfigProblem]) -> Adapter | None:
    key = f"roles.{role}.adapter"
    name = config.roles.adapter_of(role) or ""
    spec = registry.find(role, name)
    assert spec is not None, "the configuration was loaded with another registry"
    try:
        adapter = spec.build(config.adapters[role])
    except ConfigError as error:  # of the adapter's own settings
        origins = config.origins
        problems.extend(replace(found, where=origins.get(found.key, origins[key]).where) for found in error.problems)
        return None
    except (ImportError, ValueError) as error:
        problems.append(ConfigProblem(config.origins[key].where, key, f'"{name}" cannot be built: {error}'))
        return None
    if not isinstance(adapter, _PLAYS[role]):
        problems.append(ConfigProblem(config.origins[key].where, key, f'"{name}" does not play the role {role}'))
    return adapter


def _spec(role: Role, name: str) -> AdapterSpec:
    module = f"tth.adapters.{role}.{name}"
    return AdapterSpec(role, name, f"{module}:build", f"{module}:Settings")


def build_server(config: Config, registry: Registry, private_address: str | None = None) -> TthServer:
    """The whole server of a configuration; nothing is loaded and no port is open yet. Raises ConfigError.

    Call it inside a running event loop. private_address: where another part of this program reaches the server.
    """
    adapters = build_adapters(config, registry)
    first = config.defaults.base_controls.persona_id
    people = sorted((found.persona for found in config.personas.values()), key=lambda one: one.persona_id != first)
    if adapters.avatar is not None:
        adapters.avatar.expect(people)
    server = config.server
    engine = Engine(
        adapters=adapters,
        personas=config.personas,
        clock=SystemClock(),
        encode_offload=EncodeThreads(os.cpu_count() or 1),
        base_controls=config.defaults.base_controls,
        budgets=config.budgets.of_turn,
        max_ahead_ms=config.pacing.max_ahead_ms,
        max_text_code_points=server.max_text_code_points,
        max_turns=server.session_max_turns,
        history_tokens=server.history_tokens,
        moderator=_moderator_of(config),
        clause_cache=_clause_cache_of(config, adapters),
        default_language=config.defaults.language,
        default_media=config.media.preferences,
    )
    options = ServerOptions(
        host=server.host,
        port=server.port,
        limits=SessionLimits(
            server.max_sessions, server.session_idle_s, server.session_lifetime_s, server.session_grace_s
        ),
        drain_s=server.drain_s,
        adapter_load_ms=config.budgets.adapter_load_ms,
        max_request_bytes=server.max_request_bytes,
        outbox_events=server.outbox_events,
        outbox_picture_bytes=server.outbox_picture_bytes,
        outbox_stalled_s=server.outbox_stalled_s,
        heartbeat_s=server.heartbeat_s,
        max_jobs=server.max_jobs,
        artifact_dir=server.artifact_dir,
        tls=_tls_of(server),
        tokens=() if server.tokens is None else tokens_in(server.tokens),
        reflection=server.reflection,
        private_address=private_address,
    )
    known = models_in_use(registry, adapters)
    catalogue = ModelCatalogue(config.profile, known, config.personas, lambda: other_models(registry, adapters))
    return TthServer(engine, options, catalogue, _store_of(config))


def _tls_of(server: ServerSettings) -> Tls | None:
    if server.tls_cert is None or server.tls_key is None:  # one without the other: refused by load.py
        return None
    return Tls(server.tls_cert, server.tls_key, server.tls_client_ca)


def _moderator_of(config: Config) -> Moderator | None:
    """Who says what is fit to be spoken; None = everything is. Raises ConfigError."""
    guard = config.guard
    if not guard.moderator:
        return WordList(guard.blocked_words) if guard.blocked_words else None
    module, _, name = guard.moderator.partition(":")
    try:
        moderator = getattr(import_module(module), name)()
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise _problem(config, "guard.moderator", f"cannot be built: {type(error).__name__}: {error}") from None
    if not isinstance(moderator, Moderator):
        raise _problem(config, "guard.moderator", "does not give a tth.adapters.moderation.Moderator")
    return moderator


def _clause_cache_of(config: Config, adapters: Adapters) -> ClauseCache | None:
    """None where the voice is embedded: to speak anew costs next to nothing then."""
    keep_s, voice = config.guard.clause_cache_s, adapters.tts
    if not keep_s or voice is None or voice.capabilities.deployment is Deployment.EMBEDDED:
        return None
    return ClauseCache(SystemClock(), keep_s)


def _problem(config: Config, key: str, message: str) -> ConfigError:
    return ConfigError(problems=(ConfigProblem(config.origins[key].where, key, message),))


def _store_of(config: Config) -> SessionStore | None:
    """Where other servers find this one's sessions. Raises ConfigError."""
    sessions = config.sessions
    if sessions.store is StoreKind.MEMORY:
        return None
    assert sessions.redis_url is not None, "the configuration is checked"
    try:
        from tth.session.redis_store import RedisStore

        return RedisStore(sessions.redis_url, sessions.redis_prefix)
    except ImportError:
        problem = ("sessions.store", 'the package "redis" is not installed: pip install "tth[redis]"')
    except ValueError:
        problem = ("sessions.redis_url", "must begin with redis://, rediss:// or unix:// and be an address")
    key, message = problem
    raise ConfigError(problems=(ConfigProblem(config.origins[key].where, key, message),))


def models_in_use(registry: Registry, adapters: Adapters) -> Known:
    """What the adapters in use can do."""
    in_use = {(adapter.role, adapter.name): adapter for adapter in adapters}
    specs = ((spec, in_use.get((spec.role, spec.name))) for spec in registry)
    return tuple((spec, adapter.capabilities, True) for spec, adapter in specs if adapter is not None)


def other_models(registry: Registry, adapters: Adapters) -> Known:
    """Every other adapter that can be had here, and what it can do. Imports them all."""
    in_use = {(adapter.role, adapter.name) for adapter in adapters}
    known: list[tuple[AdapterSpec, Capabilities, bool]] = []
    for spec in registry:
        if (spec.role, spec.name) in in_use:
            continue
        try:
            adapter = spec.build(spec.settings_type()())
        except (ImportError, TypeError, ValueError):
            continue  # its package is not installed, or it has settings without a default: it cannot be had as it is
        known.append((spec, adapter.capabilities, False))
    return tuple(known)
