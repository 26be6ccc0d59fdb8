"""One session on virtual time: the mock voice, scripted models, and a sink that writes everything down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tth.adapters.base import Avatar, Persona
from tth.adapters.registry import Adapters
from tth.control.personas import PersonaConfig
from tth.media.encode import EncodedPicture
from tth.model.commands import Command, UserText
from tth.model.controls import ControlPatch, Controls, Resolution
from tth.model.events import ErrorEvent, Event, TextMode, TurnComplete, TurnStarted, TurnStopped
from tth.model.ids import SessionId
from tth.model.media import MediaPreferences, SpeechChunk, VideoCodec
from tth.session.conversation import Conversation
from tth.session.engine import Engine
from tth.session.inbox import Inbox
from tth.session.terms import OverlapPolicy, SessionTerms
from tth.testing.scripted import Script, ScriptedAvatar, ScriptedModel, ScriptedVoice, every, tone
from tth.testing.virtual_time import VirtualClock

E = TypeVar("E")
SOUND_ONLY = MediaPreferences(video_codec=VideoCodec.NONE)
PERSONAS = {name: PersonaConfig(Persona(name, look=name)) for name in ("default", "a", "b", "c", "d", "e")}


async def inline(work: Callable[[], EncodedPicture], /) -> EncodedPicture:
    """Encode at once: virtual time has no threads."""
    return work()


def voice(*scripts: Script[SpeechChunk]) -> ScriptedVoice:
    """One that follows the scripts; without any it speaks 200 ms for each clause."""
    return ScriptedVoice(*scripts) if scripts else ScriptedVoice([*every(0, tone(200))], repeat=True)


def engine(adapters: Adapters | None = None, **more: Any) -> Engine:
    """An engine on the running virtual loop."""
    given = adapters or Adapters(llm=ScriptedModel([*every(0, "Fine.")], repeat=True), tts=voice())
    fields: dict[str, Any] = {"base_controls": Controls(resolution=Resolution(64, 64)), **more}
    return Engine(given, PERSONAS, VirtualClock(), inline, **fields)


@dataclass
class Recording:
    """Implements Sink: what was emitted, by turn."""

    entries: list[tuple[str, Event]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def emit(self, event: Event, turn_id: str = "") -> None:
        self.entries.append((turn_id, event))
        self.changed.set()

    def cut(self, turn_id: str) -> list[Event]:
        return []

    def of(self, kind: type[E]) -> list[E]:
        """All events of one kind, in order."""
        return [event for _, event in self.entries if isinstance(event, kind)]

    @property
    def reasons(self) -> list[str]:
        """Of all errors."""
        return [error.reason for error in self.of(ErrorEvent)]

    async def until(self, kind: type[E], count: int = 1) -> E:
        """Wait for the count-th event of a kind."""
        while len(found := self.of(kind)) < count:
            self.changed.clear()
            await self.changed.wait()
        return found[count - 1]

    async def ends(self, count: int) -> None:
        """Wait for so many turns to be over."""
        while len(self.of(TurnComplete)) + len(self.of(TurnStopped)) < count:
            self.changed.clear()
            await self.changed.wait()


@dataclass
class Scene:
    """A conversation, its stream, and the caller's hand on both."""

    conversation: Conversation
    inbox: Inbox
    sink: Recording
    running: asyncio.Task[None]

    async def send(self, *commands: Command) -> None:
        """Put commands in, all at once."""
        for command in commands:
            await self.inbox.put(command)

    async def say(self, text: str, **more: Any) -> None:
        await self.send(UserText(text, TextMode.SAY, **more))

    async def talk(self, text: str, **more: Any) -> None:
        await self.send(UserText(text, TextMode.TALK, **more))

    async def finish(self) -> None:
        """Half-close and wait for the end."""
        self.inbox.finish()
        await self.running


def new_conversation(
    made: Engine,
    media: MediaPreferences = SOUND_ONLY,
    overlap: OverlapPolicy = OverlapPolicy.SUPERSEDE,
    **controls: Any,
) -> Conversation:
    return Conversation(SessionTerms(SessionId("s_test"), "en", media, overlap), made, ControlPatch(**controls))


def attach(conversation: Conversation) -> Scene:
    """A stream to a session; the caller ends it."""
    inbox, sink = Inbox(), Recording()
    running = asyncio.create_task(conversation.run(inbox, sink), name="stream")
    return Scene(conversation, inbox, sink, running)


@asynccontextmanager
async def talking(
    adapters: Adapters | None = None,
    media: MediaPreferences = SOUND_ONLY,
    overlap: OverlapPolicy = OverlapPolicy.SUPERSEDE,
    **more: Any,
) -> AsyncIterator[Scene]:
    """A fresh session with a stream; left: cancelled and closed, and nothing of it is alive."""
    conversation = new_conversation(engine(adapters, **more), media, overlap)
    scene = attach(conversation)
    try:
        yield scene
    finally:
        scene.running.cancel()
        await asyncio.wait([scene.running])
        await conversation.aclose()
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert not left, left
        starts, ends = scene.sink.of(TurnStarted), [*scene.sink.of(TurnComplete), *scene.sink.of(TurnStopped)]
        assert len(starts) == len(ends)


def seen(avatar: Avatar | None = None) -> Adapters:
    """A voice and a face."""
    model = ScriptedModel([*every(0, "Fine.")], repeat=True)
    return Adapters(llm=model, tts=voice(), avatar=avatar or ScriptedAvatar())
