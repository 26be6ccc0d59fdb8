"""A turn on virtual time: scripted adapters around the real stages, and a sink that writes everything down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from tth.adapters.base import Avatar, LanguageModel, Persona, RealtimeModel, SessionContext, TurnContext, Voice
from tth.core.budget import Budgets
from tth.core.media_clock import MediaClock
from tth.core.pacing import batch_pace, live_pace
from tth.media.encode import EncodedPicture
from tth.model.controls import ControlReport, Controls, Resolution
from tth.model.events import Event, TextMode, TurnComplete, TurnStopped
from tth.model.media import AudioCodec, MediaPreferences, SpeechChunk, VideoCodec, WordTiming, ms_to_samples
from tth.pipeline.frame_encoder import FrameEncoder
from tth.pipeline.plan import AdapterSessions, TurnPlan, Venue
from tth.pipeline.text_stage import GivenText
from tth.pipeline.turn_runner import TurnRunner
from tth.testing.virtual_time import VirtualClock

T = TypeVar("T")
SMALL = Controls(resolution=Resolution(64, 64))
AHEAD_MS = 400


async def inline(work: Callable[[], EncodedPicture], /) -> EncodedPicture:
    """Encode at once: virtual time has no threads."""
    return work()


@dataclass
class Recording:
    """Implements Sink: every event with its virtual time."""

    entries: list[tuple[float, str, Event]] = field(default_factory=list)

    def emit(self, event: Event, turn_id: str = "") -> None:
        self.entries.append((asyncio.get_running_loop().time(), turn_id, event))

    def cut(self, turn_id: str) -> list[Event]:
        return []

    def of(self, kind: type[T]) -> list[T]:
        """All events of one kind, in order."""
        return [event for _, _, event in self.entries if isinstance(event, kind)]

    def times_s(self, kind: type[Event]) -> list[float]:
        """When the events of one kind came."""
        return [at_s for at_s, _, event in self.entries if isinstance(event, kind)]

    @property
    def terminals(self) -> list[TurnComplete | TurnStopped]:
        return [event for _, _, event in self.entries if isinstance(event, TurnComplete | TurnStopped)]


def spoken(ms: float, *words: tuple[str, int]) -> SpeechChunk:
    """A chunk of a steady tone; words = (word, offset), spread evenly over it."""
    count = ms_to_samples(ms)
    each = count // max(1, len(words))
    timings = tuple(WordTiming(word, offset, i * each, each) for i, (word, offset) in enumerate(words))
    return SpeechChunk(np.full(count, 4000, np.int16), (), timings)


@dataclass
class Scene:
    """One session's shared things."""

    sink: Recording
    venue: Venue
    sessions: AdapterSessions

    def runner(
        self,
        text: str | GivenText = "Hello there.",
        *,
        mode: TextMode = TextMode.SAY,
        live: bool = True,
        video: VideoCodec = VideoCodec.RAW_RGB24,
        turn_id: str = "t_1",
        controls: Controls = SMALL,
        audio: AudioCodec = AudioCodec.PCM_S16LE,
    ) -> TurnRunner:
        """A turn that has not begun."""
        plan = TurnPlan(
            context=TurnContext("s_test", turn_id, 1, "en", live),
            turn_index=1,
            mode=mode,
            controls=controls,
            report=ControlReport(1, controls),
            persona=Persona("default"),
            history=(),
            adapters=("tts=scripted",),
            pace=live_pace(AHEAD_MS) if live else batch_pace(),
            media=MediaPreferences(audio_codec=audio, video_codec=video),
            taken_s=self.venue.clock.now_s(),
        )
        given = text if isinstance(text, GivenText) else GivenText(text, is_complete=True)
        return TurnRunner(plan, self.sessions, self.venue, given)


def make_scene(
    *,
    llm: LanguageModel | None = None,
    tts: Voice | None = None,
    realtime: RealtimeModel | None = None,
    avatar: Avatar | None = None,
    video: VideoCodec = VideoCodec.RAW_RGB24,
    budgets: Budgets | None = None,
) -> Scene:
    """Adapters opened for one session, its clock running. Inside a virtual loop only."""
    context = SessionContext("s_test")
    clock = VirtualClock()
    media_clock = MediaClock()
    media_clock.start(clock.now_s())
    sink = Recording()
    sessions = AdapterSessions(
        llm=llm.open_session(context) if llm else None,
        tts=tts.open_session(context) if tts else None,
        realtime=realtime.open_session(context) if realtime else None,
        avatar=avatar.open_session(context, Persona("default"), True) if avatar else None,
    )
    venue = Venue(sink, clock, media_clock, FrameEncoder(video, inline), budgets or Budgets())
    return Scene(sink, venue, sessions)
