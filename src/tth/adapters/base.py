"""The four roles an adapter can play, and what each promises.

An adapter is loaded once per process and holds no conversation; `open_session` gives an object for one conversation.
An adapter translates, it does not decide: no retries, no fallback, no time-outs beyond its vendor's handshake.
It raises only `AdapterError` and its children, with no user text and no key in the message.
Every `infer_stream` honours cancellation within 50 ms and leaves nothing of that call running.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from tth.model.controls import BY_PATH, STUDIO, Controls, EmotionLabel, Framing, Resolution
from tth.model.media import DrawnFrame, PictureQuality, SilenceSpan, SpeechChunk, SpeechSpan, VideoCodec


class Role(StrEnum):
    LLM = "llm"
    TTS = "tts"
    REALTIME = "realtime"
    AVATAR = "avatar"


class Deployment(StrEnum):
    API = "api"
    SELF_HOST = "self_host"
    EMBEDDED = "embedded"


class Support(StrEnum):
    """How well an adapter can do one control."""

    NATIVE = "native"
    EMULATED = "emulated"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ControlSupport:
    """Support for one control path; the range where it is narrower than the contract's."""

    support: Support = Support.NATIVE
    minimum: float | None = None
    maximum: float | None = None
    reason: str = ""
    """Why it cannot be done, where that is not plain."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an adapter can do; static, known before it is loaded."""

    description: str
    deployment: Deployment
    controls: Mapping[str, ControlSupport] = field(default_factory=dict)
    """By path; a path that is missing is not this adapter's business (NONE)."""
    languages: tuple[str, ...] = ()
    """BCP 47; empty = not bound to a language."""
    resolutions: tuple[Resolution, ...] = ()
    """Empty = any that the contract allows."""
    max_fps: int = 60
    video_codecs: tuple[VideoCodec, ...] = ()
    """What the pictures can be sent as; empty = not an avatar."""
    backgrounds: tuple[str, ...] = (STUDIO,)
    """Names that `render.background` can have, besides colours; where the adapter does that control at all."""
    framings: tuple[Framing, ...] = (Framing.BUST,)

    def __post_init__(self) -> None:
        unknown = set(self.controls) - set(BY_PATH)
        if unknown:
            raise ValueError(f"unknown control paths: {sorted(unknown)}")


@dataclass(frozen=True, slots=True)
class Health:
    """How an adapter is right now."""

    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SessionContext:
    """What an adapter may know of a conversation when it opens one."""

    session_id: str
    language_code: str = "en"
    seed: int = 0
    """For anything random: the same seed gives the same behaviour."""


@dataclass(frozen=True, slots=True)
class TurnContext:
    """What an adapter may know of the turn it works for."""

    session_id: str
    turn_id: str
    generation: int
    language_code: str = "en"
    live: bool = True
    """False in a batch: quality before speed, nobody waits for the first byte."""


class Speaker(StrEnum):
    USER = "user"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Utterance:
    """One entry of the conversation so far."""

    speaker: Speaker
    text: str
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Persona:
    """Who speaks. From configuration."""

    persona_id: str
    display_name: str = ""
    description: str = ""
    prompt: str = ""
    """How a language model should be this person."""
    look: str = "anna"
    voices: Mapping[str, str] = field(default_factory=dict)
    """TTS adapter's name -> its name of a voice or variant."""


@dataclass(frozen=True, slots=True)
class LlmInput:
    """A question to a language model."""

    text: str
    history: tuple[Utterance, ...] = ()
    persona: Persona = Persona("default")


@dataclass(frozen=True, slots=True)
class TextPiece:
    """Some text of a reply, in order. Never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class StyleHint:
    """How the model means what follows; weaker than everything that people asked for. Never spoken."""

    emotion_label: EmotionLabel | None = None
    emotion_intensity: float | None = None
    """0..1."""


@dataclass(frozen=True, slots=True)
class Used:
    """What a provider counted for one call, as far as it says; None = not told."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_micro_usd: int | None = None
    """Millionths of a US dollar, from the adapter's configured prices."""


@dataclass(frozen=True, slots=True)
class TtsInput:
    """One clause to speak."""

    text: str
    persona: Persona = Persona("default")
    is_last: bool = False
    """No clause of this turn follows."""


@dataclass(frozen=True, slots=True)
class ControlChange:
    """Controls that hold from `start_sample` of the media clock on; for an avatar in the middle of its stream."""

    start_sample: int
    controls: Controls
    control_revision: int
    ramp_ms: int = 250


AvatarInput: TypeAlias = SpeechSpan | SilenceSpan | ControlChange
LlmOutput: TypeAlias = TextPiece | StyleHint | Used
TtsOutput: TypeAlias = SpeechChunk | Used
RealtimeOutput: TypeAlias = TextPiece | SpeechChunk | StyleHint | Used


class Adapter(ABC):
    """Common to all roles. Constructors do no I/O."""

    name: str
    role: Role
    capabilities: Capabilities

    async def load(self) -> None:
        """Acquire what every conversation needs: processes, models, pools. Raises AdapterUnavailable."""

    async def warmup(self) -> None:
        """Make the first real request as fast as the tenth."""

    async def health(self) -> Health:
        """How it is now; quick, no side effects."""
        return Health(ok=True)

    async def aclose(self) -> None:
        """Release everything; idempotent."""


class AdapterSession(ABC):
    """One conversation's state in an adapter."""

    async def aclose(self) -> None:
        """Release this conversation; idempotent."""


class LlmSession(AdapterSession):
    @abstractmethod
    def infer_stream(
        self, prompt: LlmInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[LlmOutput, None]:
        """Yield the reply as it is written. An async generator.

        A StyleHint, if any, comes before the text it is about; Used, if any, when the provider tells it.
        """

    async def infer_batch(self, prompt: LlmInput, control: Controls, context: TurnContext) -> str:
        """The whole reply."""
        pieces: list[str] = []
        async with aclosing(self.infer_stream(prompt, control, context)) as stream:
            async for piece in stream:
                if isinstance(piece, TextPiece):
                    pieces.append(piece.text)
        return "".join(pieces)


class TtsSession(AdapterSession):
    @abstractmethod
    def infer_stream(
        self, clause: TtsInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[TtsOutput, None]:
        """Speak one clause. No chunk is empty; text that cannot be spoken yields nothing at all.

        An async generator. Calls of one session are made one after the other.
        """

    def prepare(self, persona: Persona) -> None:
        """A hint: this person may speak soon, in the conversation's language. Quick; never raises."""

    async def infer_batch(self, clause: TtsInput, control: Controls, context: TurnContext) -> list[SpeechChunk]:
        """All chunks of the clause."""
        async with aclosing(self.infer_stream(clause, control, context)) as stream:
            return [chunk async for chunk in stream if isinstance(chunk, SpeechChunk)]


class RealtimeSession(AdapterSession):
    @abstractmethod
    def infer_stream(
        self, prompt: LlmInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[RealtimeOutput, None]:
        """Answer with text and sound in one stream. SpeechChunk times count from the start of the reply."""

    def truncate(self, turn_id: str, heard_samples: int, heard_text: str) -> None:
        """The listener heard only so much of that turn's reply, in samples of its speech at 24 kHz, holes left out: a
        model that keeps a memory of its own ends the reply there before it answers again. Quick; never raises.
        May come again for the same turn: with less, or with more, where its client was lost and has come back.
        """


class AvatarSession(AdapterSession):
    """One face over a whole conversation; keeps its motion continuous from one stream to the next."""

    @abstractmethod
    def infer_stream(
        self, spans: AsyncIterator[AvatarInput], control: Controls, context: TurnContext
    ) -> AsyncGenerator[DrawnFrame, None]:
        """Turn a continuous stretch of the media clock into frames.

        spans: speech and silence in order without holes; each starts where the one before ended. The first starts at
        or after the end of whatever was shown before: after an interrupt the new stream starts where the last frame
        that was really sent ended, and the face goes on from there without a jump.
        Yields one frame per slot of 1/fps, slots counted from the first span's start, as soon as the sound of the
        slot is known; a last slot that is not filled is completed with silence. `control.fps`, `control.resolution`
        and `control.background` hold for the whole stream.
        """

    def prepare(self, control: Controls) -> None:
        """A hint: a stream with these controls may begin soon."""

    async def ready(self, control: Controls) -> None:
        """Return when a stream with these controls would show its first picture without delay. May take seconds where
        somebody must be built first; at once where nothing must. Never raises what went wrong: the stream does that.
        Cancelling it stops the waiting and nothing else.
        """

    async def put_away(self) -> None:
        """A hint: no stream will begin soon, for the client has left and may or may not come back: give up what is
        large and can be made again. No stream runs. `prepare` or the next stream makes it again."""

    def may_give_i420(self) -> None:
        """A hint: pictures go to H.264 and nowhere else. Those without alpha may come as `DrawnFrame.i420`,
        converted (`tth.media.i420`) where they were drawn, while they are in that core's caches."""

    def ease(self, quality: PictureQuality) -> None:
        """A hint: the machine is too slow, or no longer; draw the frames from now on with this quality.

        Frames say in `DrawnFrame.quality` what was done. An avatar that has one quality only need not care.
        """

    def unseen_from(self, sample: int) -> None:
        """A hint: of what was shown, nobody has seen anything from `sample` on, for the client threw it away. The next
        stream goes on from what was seen, as if no time lay between the two.
        """

    def hurry(self, before_sample: int) -> None:
        """A hint: frames of the running stream that begin before this are too late to be of use; leave them out.

        An avatar whose work is in drawing catches up with the sound this way. Others need not care.
        """


class LanguageModel(Adapter):
    role = Role.LLM

    @abstractmethod
    def open_session(self, context: SessionContext) -> LlmSession: ...


class Voice(Adapter):
    role = Role.TTS

    @abstractmethod
    def open_session(self, context: SessionContext) -> TtsSession: ...


class RealtimeModel(Adapter):
    role = Role.REALTIME

    @abstractmethod
    def open_session(self, context: SessionContext) -> RealtimeSession: ...


class Avatar(Adapter):
    role = Role.AVATAR

    def expect(self, personas: Sequence[Persona]) -> None:
        """Who will probably be asked for, the most probable first; told before `load`."""

    def capabilities_for(self, persona: Persona) -> Capabilities:
        """What it can do with this persona's look, at most `capabilities`. Quick: asked at every change of controls."""
        return self.capabilities

    @abstractmethod
    def open_session(self, context: SessionContext, persona: Persona, draw: bool) -> AvatarSession:
        """draw: False when nobody wants pictures: frames then carry the face as numbers only."""


@dataclass(frozen=True, slots=True)
class AdapterSpec:
    """How to make an adapter: nothing is imported until it is asked for."""

    role: Role
    name: str
    build_path: str
    """"package.module:function", called as `build(settings)`."""
    settings_path: str
    """"package.module:Settings", a frozen dataclass."""

    def settings_type(self) -> type[Any]:
        """The settings dataclass; imports the adapter's module."""
        return _import(self.settings_path)  # type: ignore[no-any-return]

    def build(self, settings: Any) -> Adapter:
        """The adapter, not yet loaded."""
        return _import(self.build_path)(settings)  # type: ignore[no-any-return]


def _import(path: str) -> Any:
    import importlib

    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)
