"""Every setting of TTH: its type, unit, range and default. The keys of a configuration file are these names.

Values only: `load.py` fills them, `wiring.py` builds from them. The YAML that repeats and comments them is
`base.yaml` beside this file; docs/configuration.md lists them all. Tests: tests/config/test_schema.py.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from tth.adapters.base import Role
from tth.control.personas import PersonaConfig
from tth.core.blend import blend
from tth.core.budget import Budgets
from tth.model.controls import ControlPatch, Controls, LatencyMode
from tth.model.media import SAMPLE_RATE_HZ, AudioCodec, MediaPreferences, VideoCodec
from tth.model.secret import Secret

__all__ = [
    "AdapterChoice",
    "BudgetSettings",
    "Config",
    "DefaultSettings",
    "GatewaySettings",
    "LogLevel",
    "MediaSettings",
    "Origin",
    "PacingSettings",
    "PersonaConfig",
    "PersonaSettings",
    "RoleSettings",
    "ServerSettings",
    "SessionsSettings",
    "StoreKind",
    "is_loopback",
    "tokens_in",
]

T = TypeVar("T")


def setting(default: T, minimum: float | None = None, maximum: float | None = None) -> T:
    """A field with a default and a range, both ends allowed. An adapter's Settings may give the same metadata."""
    found: T = field(default=default, metadata={"minimum": minimum, "maximum": maximum})
    return found


def tokens_in(several: Secret) -> tuple[str, ...]:
    """The tokens of a setting that holds several with commas between."""
    return tuple(token for part in several.reveal().split(",") if (token := part.strip()))


def is_loopback(host: str) -> bool:
    """Only programs of this machine reach it. host: a name or an address, IPv6 also in brackets."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The gRPC server and what one client may take of it."""

    host: str = "127.0.0.1"
    """Address to listen on. The default is this machine only; "0.0.0.0" or "[::]" opens it to the network."""
    port: int = setting(50051, 0, 65535)
    """TCP port; 0 takes any free one."""
    max_sessions: int = setting(200, 1, 100_000)
    """Sessions that may be open at once; one more is refused with LIMIT_EXCEEDED."""
    session_idle_s: float = setting(300.0, 1, 86_400)
    """A session whose client asked for nothing for so long is ended."""
    session_grace_s: float = setting(300.0, 0, 86_400)
    """A session without a stream is kept for so long, so that its client can resume it."""
    session_lifetime_s: float = setting(14_400.0, 1, 604_800)
    """The longest that a session lives."""
    session_max_turns: int = setting(10_000, 1, 10_000_000)
    """The most turns of one session; behind the last one it ends."""
    drain_s: float = setting(10.0, 0, 3600)
    """How long running turns may take to end after SIGTERM."""
    history_tokens: int = setting(6000, 100, 10_000_000)
    """What a conversation remembers, in tokens of a language model (estimated); the oldest exchange goes first."""
    max_text_code_points: int = setting(4000, 1, 100_000)
    """The longest text of one turn, in Unicode code points."""
    max_request_bytes: int = setting(1_048_576, 65_536, 16_777_216)
    """The largest message accepted from a client; gRPC refuses a larger one."""
    outbox_events: int = setting(512, 16, 65_536)
    """Events that may wait for a slow client. When full, video is dropped, never sound, text or endings."""
    outbox_picture_bytes: int = setting(16_777_216, 65_536, 1_073_741_824)
    """Bytes of pictures that may wait for a slow client; the newest one may always."""
    outbox_stalled_s: float = setting(15.0, 1, 600)
    """A client whose events wait for so long, or that takes nothing for so long, is disconnected."""
    heartbeat_s: float = setting(15.0, 1, 600)
    """A stream on which nothing was sent for so long gets a session_state as a sign of life."""
    max_jobs: int = setting(2, 1, 64)
    """Batch jobs (Generate) that run at once; further ones wait."""
    artifact_dir: Path = Path("out/artifacts")
    """Where batch jobs leave their files; relative to the working directory; made when first needed."""
    tls_cert: Path | None = None
    """Certificate chain of the server, PEM. With it and its key the server speaks TLS only; both are read again for a
    new connection when they have changed."""
    tls_key: Path | None = None
    """The key of that certificate, PEM, not encrypted."""
    tls_client_ca: Path | None = None
    """Certificates, PEM, one of which must have signed the certificate that a client shows (mutual TLS)."""
    tokens: Secret | None = field(default=None, metadata={"env": "TTH_SERVER_TOKENS"})
    """Who may call: one token or several with commas between, from TTH_SERVER_TOKENS in the environment. Without any
    everybody may. grpc.health.v1 needs none."""
    reflection: bool = True
    """Tell anybody who asks what the service looks like, so that grpcurl works without a file."""
    log_level: LogLevel = LogLevel.INFO
    """The least important line that is logged."""
    log_format: LogFormat = LogFormat.TEXT
    """How a line is written: for people, or one JSON object per line for machines."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """The gateway for browsers (`tth serve --web`, `tth gateway`): where it listens, whom it lets in, whom it asks."""

    host: str = "127.0.0.1"
    """Address to listen on. The default is this machine only; "0.0.0.0" or "[::]" opens it to the network."""
    port: int = setting(8080, 0, 65535)
    """TCP port; 0 takes any free one."""
    tls_cert: Path | None = None
    """Certificate chain of the gateway, PEM. With it and its key the gateway speaks https and wss only; both are read
    again when they have changed."""
    tls_key: Path | None = None
    """The key of that certificate, PEM."""
    tokens: Secret | None = field(default=None, metadata={"env": "TTH_GATEWAY_TOKENS"})
    """Who may use it: one token or several with commas between, from TTH_GATEWAY_TOKENS in the environment. Without
    any everybody may, and a token that a caller sends is handed on to the server."""
    allowed_origins: tuple[str, ...] = ()
    """Pages of other sites that may use it in a browser, such as "https://example.com"; "*" is any page."""
    max_connections: int = setting(500, 1, 100_000)
    """Conversations (WebSockets) at once; one more is refused with LIMIT_EXCEEDED. Connections of any kind may be twice
    as many."""
    max_request_bytes: int = setting(1_048_576, 1024, 16_777_216)
    """The longest message or body accepted. Keep it at the server's own `server.max_request_bytes`."""
    first_message_s: float = setting(10.0, 0.1, 600)
    """How long a WebSocket may stay open without showing its token, and how long a request may take to arrive."""
    ping_s: float = setting(20.0, 0.1, 600)
    """A WebSocket is pinged so often; one that does not answer for as long is closed."""
    drain_s: float = setting(10.0, 0, 3600)
    """How long running turns may take to end after SIGTERM."""
    target: str = "127.0.0.1:50051"
    """The server, HOST:PORT. `tth serve --web` asks its own."""
    target_tls: bool = False
    """Speak TLS with the server."""
    target_ca: Path | None = None
    """Certificates that may have signed the server's, PEM; without it those that gRPC knows."""
    target_cert: Path | None = None
    """Certificate chain that the gateway shows to a server which wants to see one (mutual TLS), PEM."""
    target_key: Path | None = None
    """The key of that certificate, PEM."""
    target_token: Secret | None = field(default=None, metadata={"env": "TTH_GATEWAY_TARGET_TOKEN"})
    """Shown to the server as the gateway's own, in place of the callers'; from TTH_GATEWAY_TARGET_TOKEN in the
    environment."""


class StoreKind(StrEnum):
    MEMORY = "memory"
    REDIS = "redis"


@dataclass(frozen=True, slots=True)
class SessionsSettings:
    """Where sessions are kept besides the memory of the server that they run on."""

    store: StoreKind = StoreKind.MEMORY
    """"memory": a session lives and dies with its server. "redis": another server can take it up."""
    redis_url: Secret | None = field(default=None, metadata={"env": "TTH_REDIS_URL"})
    """redis://, rediss:// or unix://, with the password if there is one; from TTH_REDIS_URL in the environment."""
    redis_prefix: str = "tth:session:"
    """Before the names of all keys. Servers that share it share their sessions."""


@dataclass(frozen=True, slots=True)
class BudgetSettings:
    """How long each wait may take before it counts as failed. Milliseconds."""

    adapter_load_ms: int = setting(600_000, 100, 3_600_000)
    """Loading and warming up one adapter at start. The first start on a machine builds the default persona's head and
    compiles, about half a minute on two cores; a list of looks to preload is built wholly, 5 s and more each."""
    llm_first_text_ms: int = setting(15_000, 1, 600_000)
    """From the question to the first text of the language or realtime model."""
    tts_first_chunk_ms: int = setting(8000, 1, 600_000)
    """From a clause to its first sound."""
    avatar_first_frame_ms: int = setting(8000, 1, 600_000)
    """From the first sound to its picture."""
    silence_ms: int = setting(8000, 1, 600_000)
    """Between two outputs of any stage that has begun."""
    turn_ms: int = setting(1_200_000, 1000, 7_200_000)
    """A whole turn, playing time included and the time it is held not. 4,000 code points at a quarter of the speed take
    about 18 minutes."""
    pause_ms: int = setting(60_000, 1000, 3_600_000)
    """How long a turn may be held (pause_turn); then it is stopped as EXPIRED."""
    moderation_ms: int = setting(3000, 1, 600_000)
    """For the moderator to look at one text; see guard.moderator."""

    @property
    def of_turn(self) -> Budgets:
        """Those that hold within a turn."""
        return Budgets(
            llm_first_text_ms=self.llm_first_text_ms,
            tts_first_chunk_ms=self.tts_first_chunk_ms,
            avatar_first_frame_ms=self.avatar_first_frame_ms,
            silence_ms=self.silence_ms,
            moderation_ms=self.moderation_ms,
            turn_ms=self.turn_ms,
            pause_ms=self.pause_ms,
        )


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """What may be asked and said here, and what is not paid for twice."""

    blocked_words: tuple[str, ...] = ()
    """Words and phrases that no question to a language model and no spoken clause may hold; case and accents do not
    hide them. The turn fails with CONTENT_REFUSED."""
    moderator: str = ""
    """A moderator of your own, as "package.module:build": called without arguments, it gives a
    tth.adapters.moderation.Moderator, which is asked in place of the list."""
    clause_cache_s: float = setting(60.0, 0, 3600)
    """How long a clause's sound is kept for the same words in the same way; 0 = not. Embedded voices need none."""


@dataclass(frozen=True, slots=True)
class PacingSettings:
    """How far media may be sent ahead of the moment it is played, by render.latency_mode. Milliseconds."""

    low_max_ahead_ms: int = setting(400, 40, 60_000)
    """Mode LOW."""
    balanced_max_ahead_ms: int = setting(1000, 40, 60_000)
    """Mode BALANCED."""
    quality_max_ahead_ms: int = setting(3000, 40, 60_000)
    """Mode QUALITY."""

    @property
    def max_ahead_ms(self) -> Mapping[LatencyMode, int]:
        """By mode."""
        return MappingProxyType(
            {
                LatencyMode.LOW: self.low_max_ahead_ms,
                LatencyMode.BALANCED: self.balanced_max_ahead_ms,
                LatencyMode.QUALITY: self.quality_max_ahead_ms,
            }
        )


@dataclass(frozen=True, slots=True)
class DefaultSettings:
    """What holds where a client says nothing."""

    language: str = "en"
    """Language of a session, BCP 47."""
    controls: ControlPatch = field(default_factory=ControlPatch)
    """Controls below those of persona, session, update and turn. What is not set keeps the product's default."""

    @property
    def base_controls(self) -> Controls:
        """Every control with its value before persona and client are asked: nobody has said anything yet."""
        return replace(blend(Controls(), self.controls), emotion_is_said=False)


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """What a session receives where its client does not choose."""

    audio_codec: AudioCodec = AudioCodec.PCM_S16LE
    """How sound is sent."""
    audio_sample_rate_hz: int = setting(SAMPLE_RATE_HZ, 8000, 48_000)
    """Samples per second of the sound that is sent; inside it is always 24000."""
    video_codec: VideoCodec = VideoCodec.H264
    """How pictures are sent; "none" draws nothing."""
    motion: bool = False
    """Send the face as numbers for every frame slot."""
    word_timings: bool = True
    """Send when each word is heard."""

    @property
    def preferences(self) -> MediaPreferences:
        """The same as the engine's value."""
        return MediaPreferences(
            self.audio_codec, self.audio_sample_rate_hz, self.video_codec, self.motion, self.word_timings
        )


@dataclass(frozen=True, slots=True)
class AdapterChoice:
    """Who plays a role."""

    adapter: str
    """Name of an adapter of that role: `tth models` lists them."""


@dataclass(frozen=True, slots=True)
class RoleSettings:
    """Who does what; `null` takes a role out. Something must speak: tts or realtime."""

    llm: AdapterChoice | None = None
    """Writes the answers of TALK turns."""
    tts: AdapterChoice | None = None
    """Speaks text."""
    realtime: AdapterChoice | None = None
    """Answers with text and sound at once, in place of llm and tts."""
    avatar: AdapterChoice | None = None
    """Draws the person. Without one there is sound only."""

    def adapter_of(self, role: Role) -> str | None:
        """The name of the adapter chosen for a role, or None."""
        choice: AdapterChoice | None = {
            Role.LLM: self.llm,
            Role.TTS: self.tts,
            Role.REALTIME: self.realtime,
            Role.AVATAR: self.avatar,
        }[role]
        return choice.adapter if choice else None


@dataclass(frozen=True, slots=True)
class PersonaSettings:
    """Somebody whom a session can talk to. Its key is the persona's id."""

    display_name: str = ""
    """What people call this person."""
    description: str = ""
    """One line for people who choose."""
    prompt: str = ""
    """How a language model should be this person."""
    look: str = "anna"
    """The embedded face's look: a name from `tth face list`, the path of a YAML file or of a portrait's folder."""
    voices: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The voice in each speech adapter: adapter's name to the adapter's own name of a voice."""
    controls: ControlPatch = field(default_factory=ControlPatch)
    """How this person is unless a client says otherwise; everything but character.persona_id."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one value comes from."""

    text: str
    """The value as text; `***` for a secret."""
    where: str
    """file:line, the name of an environment variable, "command line" or "default"."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that is set: complete, checked, immutable."""

    profile: str = "offline"
    """Name of the profile in force."""
    server: ServerSettings = ServerSettings()
    """The server."""
    gateway: GatewaySettings = GatewaySettings()
    """The gateway for browsers."""
    sessions: SessionsSettings = SessionsSettings()
    """Where sessions are kept."""
    budgets: BudgetSettings = BudgetSettings()
    """How long each wait may take."""
    guard: GuardSettings = GuardSettings()
    """What may be asked and said here."""
    pacing: PacingSettings = PacingSettings()
    """How far media runs ahead."""
    defaults: DefaultSettings = DefaultSettings()
    """What holds where a client says nothing."""
    media: MediaSettings = MediaSettings()
    """What a session receives by default."""
    roles: RoleSettings = RoleSettings()
    """Who does what."""
    adapters: Mapping[Role, object] = field(default_factory=lambda: MappingProxyType({}))
    """For each role that is played, the Settings value of its adapter."""
    personas: Mapping[str, PersonaConfig] = field(default_factory=lambda: MappingProxyType({}))
    """By id; never empty once loaded."""
    origins: Mapping[str, Origin] = field(default_factory=lambda: MappingProxyType({}))
    """Key path, such as "server.port", to where its value comes from."""
