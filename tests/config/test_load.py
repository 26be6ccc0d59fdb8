"""Tests of tth.config.load."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.config.fakes import REGISTRY, Settings
from tth.adapters.base import Role
from tth.config.load import known_profiles, load_config
from tth.config.schema import Config, LogLevel, Origin, StoreKind, tokens_in
from tth.config.wiring import builtin_registry
from tth.errors import ConfigError
from tth.model.controls import EmotionLabel, Resolution
from tth.model.media import VideoCodec
from tth.model.secret import Secret

pytestmark = pytest.mark.unit

PARROT = "roles: {llm: null, tts: {adapter: parrot}, avatar: {adapter: statue}}\n"
KEY = {"PARROT_API_KEY": "sk-hidden"}

Load = Callable[..., Config]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load from a file's text, with a parrot for a voice and an environment that is only what is given."""

    def load_text(text: str = "", environ: Mapping[str, str] | None = None, **more: object) -> Config:
        (tmp_path / "my.yaml").write_text(PARROT + text, "utf-8")
        given = {"environ": {**KEY, **(environ or {})}, "file": tmp_path / "my.yaml", "directory": tmp_path, **more}
        return load_config(REGISTRY, **given)  # type: ignore[arg-type]

    return load_text


def problems_of(load: Load, *given: object, **more: object) -> list[str]:
    """What is wrong, without the directory of the file."""
    with pytest.raises(ConfigError) as caught:
        load(*given, **more)
    return [str(problem).rpartition("/my.yaml:")[2] for problem in caught.value.problems]


@pytest.mark.parametrize("profile", [None, "offline", "offline_mock"])
def test_every_shipped_profile_loads_with_nothing_set(tmp_path: Path, profile: str | None) -> None:
    """No key, no file, no variable; without a choice it is the offline profile."""
    config = load_config(builtin_registry(), profile=profile, environ={}, directory=tmp_path)
    assert config.profile == profile or (profile is None and config.profile == "offline")
    assert {Role.LLM, Role.TTS, Role.AVATAR} == set(config.adapters)
    assert list(config.personas)[:4] == ["default", "professional", "casual", "excited"]


def test_profiles_are_chosen_by_variable_and_argument(load: Load) -> None:
    """The argument wins over TTH_PROFILE, which wins over .env."""
    assert load(environ={"TTH_PROFILE": "offline_mock"}).profile == "offline_mock"
    assert load(environ={"TTH_PROFILE": "nonsense"}, profile="offline").profile == "offline"
    assert known_profiles() == ("api_only_mac", "dev_hybrid", "local_api_only_split", "offline", "offline_mock")


def test_an_unknown_profile_names_the_known_ones(load: Load) -> None:
    """Who mistypes a profile sees all of them and where the wrong name came from."""
    found = problems_of(load, environ={"TTH_PROFILE": "ofline"})
    known = ", ".join(known_profiles())
    assert found == [f'TTH_PROFILE: profile: unknown profile "ofline"; known: {known}']
    found = problems_of(load, environ={"TTH_PROFILE": "local_api_only_managed"})
    assert found == [
        "TTH_PROFILE: profile: local_api_only_managed needs an adapter for a managed avatar, and there is none yet; "
        f"known: {known}"
    ]


def test_each_layer_is_stronger_than_the_one_before(load: Load, tmp_path: Path) -> None:
    """base < profile < file < .env < environment < command line, and each value knows its layer."""
    (tmp_path / ".env").write_text("TTH_SERVER__PORT=3\nTTH_SERVER__DRAIN_S=3\nTTH_SERVER__HOST=three\n", "utf-8")
    config = load(
        "server: {port: 2, max_jobs: 2, drain_s: 2, host: two}",
        {"TTH_SERVER__PORT": "4", "TTH_SERVER__HOST": "four"},
        overrides={"server.port": "5"},
    )
    server, origins = config.server, config.origins
    assert (server.max_jobs, server.drain_s, server.host, server.port) == (2, 3.0, "four", 5)
    assert origins["server.max_jobs"].where.endswith("my.yaml:2")
    assert origins["server.drain_s"].where == ".env:2"
    assert origins["server.host"].where == "TTH_SERVER__HOST"
    assert origins["server.port"].where == "command line"
    assert origins["server.reflection"].where.startswith("tth/config/base.yaml:")
    assert origins["profile"].where == "default"


def test_the_file_may_be_named_by_a_variable(tmp_path: Path) -> None:
    """TTH_CONFIG is --config for those who cannot change the command."""
    (tmp_path / "my.yaml").write_text(PARROT + "server: {log_level: debug}", "utf-8")
    environ = {**KEY, "TTH_CONFIG": str(tmp_path / "my.yaml")}
    config = load_config(REGISTRY, environ=environ, directory=tmp_path)
    assert config.server.log_level is LogLevel.DEBUG


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    """A wrong path is not silently ignored."""
    with pytest.raises(ConfigError, match=r"command line: config: cannot read .*none\.yaml: No such file"):
        load_config(REGISTRY, file=tmp_path / "none.yaml", environ={}, directory=tmp_path)
    (tmp_path / "bytes.yaml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"bytes\.yaml: is not UTF-8"):
        load_config(REGISTRY, file=tmp_path / "bytes.yaml", environ={}, directory=tmp_path)


def test_values_arrive_with_their_types(load: Load) -> None:
    """Numbers, choices, controls and personas are what the engine works with."""
    config = load(
        "media: {video_codec: jpeg}\n"
        "defaults: {controls: {render: {resolution: 256x256}, emotion: {label: sad}}}\n"
        "personas: {robot: {display_name: R, voices: {parrot: low}, controls: {emotion: {intensity: 0}}}}\n"
    )
    assert config.media.preferences.video_codec is VideoCodec.JPEG
    assert config.defaults.base_controls.resolution == Resolution(256, 256)
    assert config.defaults.base_controls.emotion_label is EmotionLabel.SAD
    assert config.defaults.base_controls.has_feeling
    assert not config.defaults.base_controls.emotion_is_said  # so that a model may still mean its words otherwise
    robot = config.personas["robot"]
    assert (robot.persona.persona_id, robot.persona.voices) == ("robot", {"parrot": "low"})
    assert robot.controls.emotion_intensity == 0


def test_a_persona_can_be_taken_out(load: Load) -> None:
    """`null` removes one that was shipped."""
    assert "excited" not in load("personas: {excited: null}").personas


def test_adapter_settings_are_checked_by_their_own_type(load: Load) -> None:
    """The chosen adapter's dataclass says what is allowed."""
    config = load("adapters: {tts: {parrot: {beaks: 2}}}", {"TTH_ADAPTERS__TTS__PARROT__LANGUAGES": "en, de"})
    assert config.adapters[Role.TTS] == Settings(Secret("sk-hidden"), 2, ("en", "de"))
    assert problems_of(load, "adapters: {tts: {parrot: {beaks: 9, baeks: 1}}}") == [
        '2: adapters.tts.parrot.baeks: unknown key; did you mean "beaks"?',
        '2: adapters.tts.parrot.beaks: must be 1..4, not "9"',
    ]


def test_only_adapters_in_use_are_looked_into(load: Load) -> None:
    """Settings of an adapter that plays no role stay unread, but its name must exist."""
    load("adapters: {tts: {unpackaged: {anything: 1}}}")
    found = problems_of(load, "adapters: {tts: {parot: {}}, voices: {}}")
    assert found == [
        "2: adapters.voices: unknown key; known: avatar, llm, realtime, tts",
        '2: adapters.tts.parot: unknown key; did you mean "parrot"?',
    ]


def test_keys_come_from_the_environment(load: Load, tmp_path: Path) -> None:
    """From a variable or .env under the vendor's own name; never from a file, never shown."""
    config = load()
    assert config.adapters[Role.TTS] == Settings(Secret("sk-hidden"))
    assert config.origins["adapters.tts.parrot.key"].text == "***"
    assert config.origins["adapters.tts.parrot.key"].where == "PARROT_API_KEY"
    (tmp_path / ".env").write_text("PARROT_API_KEY=sk-from-file\n", "utf-8")
    assert load(environ={"PARROT_API_KEY": ""}).adapters[Role.TTS] == Settings(Secret("sk-from-file"))
    refused = problems_of(load, "adapters: {tts: {parrot: {key: sk-visible}}}")
    assert "must be in the environment" in refused[0]
    assert "sk-visible" not in refused[0]
    assert "sk-hidden" not in repr(config)


def test_a_missing_key_names_its_variable(load: Load) -> None:
    """Who chose a vendor without a key is told which variable to set."""
    found = problems_of(load, environ={"PARROT_API_KEY": ""})
    assert found == ["environment: adapters.tts.parrot.key: is not set; set PARROT_API_KEY in the environment"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sever: {port: 1}", '2: sever: unknown key; did you mean "server"?'),
        ("server: {prot: 1}", '2: server.prot: unknown key; did you mean "port"?'),
        ("server: 1", "2: server: must be a section of keys"),
        ("adapters: 1", "2: adapters: must be a section of keys"),
        ("adapters: {tts: 1}", "2: adapters.tts: must be a section of keys"),
        ("personas: 1", "2: personas: must be a section of keys"),
        ("server: {port: 70000}", '2: server.port: must be 0..65535, not "70000"'),
        ("personas: {'Big One': {look: leo}}", "2: personas.Big One: an id has 1..64 of a-z, 0-9, _ and -"),
        (
            "personas: {default: null}",
            'default: defaults.controls.character.persona_id: unknown persona "default"; known:',
        ),
        (
            "defaults: {controls: {character: {persona_id: excitd}}}",
            '2: defaults.controls.character.persona_id: unknown persona "excitd"; did you mean "excited"?',
        ),
        (
            "personas: {odd: {controls: {character: {persona_id: default}}}}",
            "2: personas.odd.controls.character.persona_id: a persona does not choose a persona",
        ),
        ("server: {port: 1}\nserver: {port: 2}", "3: server: stands twice; the first is on line 2"),
    ],
)
def test_each_mistake_is_named(load: Load, text: str, problem: str) -> None:
    """File, line and key of what is wrong."""
    found = problems_of(load, text)
    assert len(found) == 1
    assert problem.removeprefix("default: ") in found[0]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("parot", 'roles.tts.adapter: unknown adapter "parot"; did you mean "parrot"?'),
        ("unpackaged", "roles.tts.adapter: \"unpackaged\" cannot be loaded: No module named 'no_such_package'"),
    ],
)
def test_an_adapter_that_cannot_be_had(load: Load, name: str, problem: str) -> None:
    """An unknown adapter and one whose package is missing stop the start, with the reason."""
    assert problems_of(load, overrides={"roles.tts.adapter": name}) == [f"command line: {problem}"]


def test_somebody_must_speak(load: Load) -> None:
    """A configuration without a voice is refused."""
    found = problems_of(load, overrides={"roles.tts": "null"})
    assert "nobody speaks" in found[0]
    assert problems_of(load, overrides={"roles.tts": "5"}) == ["command line: roles.tts: must be a section of keys"]


def test_all_problems_come_at_once(load: Load, tmp_path: Path) -> None:
    """File, .env, variable, command line, persona, adapter: one start shows everything."""
    (tmp_path / ".env").write_text("nonsense\n", "utf-8")
    found = problems_of(
        load,
        "server: {port: x}\npersonas: {excited: {lok: leo}}\nadapters: {tts: {parrot: {beaks: 0}}}\n",
        {"TTH_MEDIA__VIDEO_CODEC": "vp9", "TTH_PORT": "1"},
        overrides={"roles.avatar.adapter": "statute"},
    )
    assert [problem.split(": ")[:2] for problem in found] == [
        [".env:1", "must be NAME=value"],
        ["TTH_PORT", "port"],
        ["2", "server.port"],
        ["TTH_MEDIA__VIDEO_CODEC", "media.video_codec"],
        ["3", "personas.excited.lok"],
        ["4", "adapters.tts.parrot.beaks"],
        ["command line", "roles.avatar.adapter"],
    ]


def test_what_kubernetes_puts_into_a_pod_is_not_ours(load: Load) -> None:
    """A Service named tth sets TTH_ variables in every pod; they neither set anything nor stop the start."""
    links = {
        "TTH_SERVICE_HOST": "10.0.0.1",
        "TTH_SERVICE_PORT": "50051",
        "TTH_SERVICE_PORT_GRPC": "50051",
        "TTH_PORT": "tcp://10.0.0.1:50051",
        "TTH_PORT_50051_TCP": "tcp://10.0.0.1:50051",
        "TTH_PORT_50051_TCP_ADDR": "10.0.0.1",
        "TTH_GATEWAY_SERVICE_HOST": "10.0.0.2",
    }
    assert load(environ=links).server.port == 50051


def test_what_is_loaded_cannot_be_changed(load: Load) -> None:
    """The configuration is a value."""
    config = load()
    with pytest.raises(TypeError):
        config.personas["x"] = config.personas["default"]  # type: ignore[index]
    with pytest.raises(TypeError):
        config.adapters[Role.LLM] = None  # type: ignore[index]
    with pytest.raises(AttributeError):
        config.server.port = 1  # type: ignore[misc]


def test_the_process_environment_is_read_when_none_is_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without arguments: this process's variables and the working directory's .env."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TTH_PROFILE", "offline_mock")
    monkeypatch.setenv("TTH_SERVER__PORT", "1234")
    (tmp_path / ".env").write_text("TTH_SERVER__MAX_JOBS=7\n", "utf-8")
    config = load_config(builtin_registry())
    assert (config.server.port, config.server.max_jobs) == (1234, 7)


def test_backgrounds_are_known_by_name(tmp_path: Path) -> None:
    """Those of the product and the pictures of the avatar in use; any other is a mistake with its place."""
    face = "adapters: {avatar: {embedded_face: {backgrounds: {office: a.png}}}}\n"
    wanted = "defaults: {controls: {render: {background: office}}}\npersonas:\n  default:\n    controls:\n"

    def load_text(text: str) -> Config:
        (tmp_path / "my.yaml").write_text(text, "utf-8")
        return load_config(builtin_registry(), file=tmp_path / "my.yaml", environ={}, directory=tmp_path)

    config = load_text(face + wanted + "      render: {background: room}\n")
    assert config.defaults.base_controls.background == "office"
    with pytest.raises(ConfigError) as caught:
        load_text(wanted + "      render: {background: beach}\n")
    allowed = 'must be one of studio, room, green, transparent or a colour as "#rrggbb", not'
    assert [str(problem).rpartition("/my.yaml:")[2] for problem in caught.value.problems] == [
        f"1: defaults.controls.render.background: {allowed} office",
        f"5: personas.default.controls.render.background: {allowed} beach",
    ]


def test_the_address_of_redis_is_a_secret_with_a_name_of_its_own(load: Load) -> None:
    """From TTH_REDIS_URL; never from a file, never shown; asked for when it is needed."""
    asked = "sessions: {store: redis}"
    config = load(asked, environ={"TTH_REDIS_URL": "redis://:geheim@host/0"})
    assert config.sessions.redis_url == Secret("redis://:geheim@host/0")
    assert config.origins["sessions.redis_url"] == Origin("***", "TTH_REDIS_URL")
    assert load(environ={"TTH_REDIS_URL": "redis://host"}).sessions.store is StoreKind.MEMORY
    assert problems_of(load, asked) == [
        "environment: sessions.redis_url: is not set; set TTH_REDIS_URL in the environment"
    ]
    refused = problems_of(load, 'sessions: {redis_url: "redis://:geheim@host"}')
    assert "must be in the environment" in refused[0]
    assert "geheim" not in refused[0]


def test_a_server_meant_to_be_closed_is_never_open_by_half_a_setting(load: Load) -> None:
    """A certificate without its key, somebody who signs clients' without either, tokens that are none."""
    pairs = [
        ("server", "tls_cert", "tls_key"),
        ("server", "tls_key", "tls_cert"),
        ("server", "tls_client_ca", "tls_cert"),
    ]
    pairs += [("gateway", "tls_cert", "tls_key"), ("gateway", "target_key", "target_cert")]
    for section, given, missing in pairs:
        assert problems_of(load, f"{section}: {{{given}: a.pem}}") == [
            f"2: {section}.{missing}: must be set as well, for {section}.{given} is"
        ]
    for section in ("server", "gateway"):
        name = f"TTH_{section.upper()}_TOKENS"
        assert problems_of(load, environ={name: " , "}) == [
            f"{name}: {section}.tokens: must hold at least one token; several with commas between"
        ]


def test_tokens_come_from_the_environment_and_are_not_shown(load: Load) -> None:
    """Several, with commas between; TTH_TOKEN is a client's and no setting."""
    config = load(environ={"TTH_SERVER_TOKENS": "one, two", "TTH_TOKEN": "one"})
    assert config.server.tokens is not None
    assert tokens_in(config.server.tokens) == ("one", "two")
    assert config.origins["server.tokens"] == Origin("***", "TTH_SERVER_TOKENS")
    assert load().server.tokens is None
