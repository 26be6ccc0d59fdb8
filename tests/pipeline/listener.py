"""A voice whose every sample is known, a line to a client that takes its time, and a listener who checks what comes."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from tests.pipeline.stage import Scene, make_scene
from tth.adapters.base import Avatar, SessionContext, TtsInput, TtsSession, TurnContext, Voice
from tth.core.budget import Budgets
from tth.model.controls import Controls
from tth.model.events import (
    AudioChunk,
    DegradedMode,
    Event,
    MotionFrame,
    Speaking,
    TextMode,
    TurnComplete,
    TurnMetrics,
    TurnPaused,
    TurnResumed,
    TurnStarted,
    TurnStopped,
    VideoFrame,
    WordSpoken,
)
from tth.model.media import AudioCodec, Pcm, PhonemeTiming, SpeechChunk, WordTiming, ms_to_samples
from tth.pipeline.text_stage import GivenText
from tth.pipeline.turn_runner import TurnRunner
from tth.testing.scripted import ScriptedAvatar, ScriptedModel
from tth.testing.simulator.packets import SimulatedPackers, decode

TEXT = "One two three four five. Six seven eight nine. Ten eleven twelve thirteen fourteen fifteen."
WORD_MS = 180
WHILE_HELD = (VideoFrame, MotionFrame, TurnResumed, TurnMetrics, TurnStopped)
"""What may go out of a turn that is held."""


@dataclass(frozen=True, slots=True)
class SaidWord:
    """One word as the voice said it; times in samples of the turn's speech."""

    text: str
    start_sample: int
    sample_count: int


class CountingVoice(Voice, TtsSession):
    """Says each word in 180 ms; every sample of a turn has another value than its neighbours, and is written down."""

    name = "counting"

    def __init__(self, chunk_ms: Sequence[float], wait_ms: Sequence[float]) -> None:
        """Lengths of the chunks and waits before them, each repeated for ever."""
        self._chunk_ms, self._wait_ms = chunk_ms, wait_ms
        self._number = 0
        self.sample_count = 0
        self._pieces: list[Pcm] = []
        self.words: list[SaidWord] = []

    def open_session(self, context: SessionContext) -> TtsSession:
        return self

    @property
    def sound(self) -> Pcm:
        """All that it said."""
        return np.concatenate([np.zeros(0, np.int16), *self._pieces])

    async def infer_stream(
        self, clause: TtsInput, control: Controls, context: TurnContext
    ) -> AsyncGenerator[SpeechChunk, None]:
        base, each = self.sample_count, ms_to_samples(WORD_MS)
        words = [
            WordTiming(found.group(), found.start(), index * each, each)
            for index, found in enumerate(re.finditer(r"\w+", clause.text))
        ]
        left = each * len(words)
        timings = (tuple(PhonemeTiming("a", w.start_sample, w.sample_count) for w in words), tuple(words))
        self.words += [SaidWord(w.word, base + w.start_sample, each) for w in words]
        while left:
            await asyncio.sleep(self._wait_ms[self._number % len(self._wait_ms)] / 1000)
            count = min(left, max(1, ms_to_samples(self._chunk_ms[self._number % len(self._chunk_ms)])))
            self._number += 1
            pcm = ((np.arange(count) + self.sample_count) % 32_000 + 1).astype(np.int16)
            self._pieces.append(pcm)
            self.sample_count += count
            left -= count
            yield SpeechChunk(pcm, *timings)
            timings = ((), ())


class Line:
    """Implements Sink: an outbox whose events leave one by one, each `each_ms` after the one before."""

    def __init__(self, each_ms: float) -> None:
        self._each_s = each_ms / 1000
        self._waiting: deque[tuple[str, Event]] = deque()
        self._changed = asyncio.Event()
        self._emptied = asyncio.Event()
        self.sent: list[Event] = []

    def emit(self, event: Event, turn_id: str = "") -> None:
        self._waiting.append((turn_id, event))
        self._emptied.clear()
        self._changed.set()

    def cut(self, turn_id: str) -> list[Event]:
        gone: list[Event] = [
            event for turn, event in self._waiting if turn == turn_id and not isinstance(event, TurnStarted)
        ]
        self._waiting = deque(item for item in self._waiting if item[1] not in gone or item[0] != turn_id)
        return gone

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            while not self._waiting:
                self._changed.clear()
                self._emptied.set()
                await self._changed.wait()
            self._emptied.clear()
            self.sent.append(self._waiting.popleft()[1])
            await asyncio.sleep(self._each_s)

    async def empty(self) -> None:
        """Wait until everything has left."""
        await self._emptied.wait()


def sound_of(chunk: AudioChunk) -> Pcm:
    """What a client hears of it; packets are those of the simulator, which lose nothing."""
    if chunk.codec is AudioCodec.PCM_S16LE:
        return np.frombuffer(chunk.data, "<i2")
    return decode(chunk.data, chunk.skip_sample_count, chunk.sample_count)


class Listener:
    """Takes what was sent as a client does: what is void is thrown away."""

    def __init__(self) -> None:
        self._heard: list[tuple[int, Pcm]] = []  # start on the media clock
        self.words: dict[int, WordTiming] = {}
        """By offset; the newest that was told."""

    def take(self, events: Sequence[Event]) -> None:
        """All of one turn. What it says of its avatar belongs to no turn, and comes when it is so."""
        is_held = has_more = False
        goes_on_at: int | None = None
        for event in events:
            if isinstance(event, DegradedMode):
                continue
            assert not is_held or isinstance(event, WHILE_HELD), event
            match event:
                case AudioChunk(last=False):
                    assert goes_on_at in (None, event.start_sample), "it goes on where the client was told"
                    goes_on_at = None
                    self._heard.append((event.start_sample, sound_of(event)))
                case WordSpoken(timing):
                    self.words[timing.offset] = timing
                case TurnPaused(heard_sample):
                    is_held, goes_on_at = True, None
                    has_more = any(at + len(pcm) > heard_sample for at, pcm in self._heard)
                    self._throw_away(heard_sample)
                case TurnResumed(start_sample):
                    is_held = False
                    goes_on_at = start_sample if has_more else None
                case TurnStopped():
                    self._throw_away(event.heard_sample)
                case _:
                    pass

    def _throw_away(self, behind_sample: int) -> None:
        self._heard = [(at, pcm[: max(0, behind_sample - at)]) for at, pcm in self._heard]

    @property
    def sound(self) -> Pcm:
        """What was heard, in order."""
        return np.concatenate([np.zeros(0, np.int16), *(pcm for _, pcm in self._heard)])

    def check_words(self, voice: CountingVoice) -> None:
        """Every word that was told lies where its sound, or the rest of it, was heard, up to its end."""
        starts = np.cumsum([0, *(len(pcm) for _, pcm in self._heard)])
        for timing, word in zip([self.words[offset] for offset in sorted(self.words)], voice.words, strict=False):
            assert timing.word == word.text
            (begin,) = [
                int(starts[n]) + timing.start_sample - at
                for n, (at, pcm) in enumerate(self._heard)
                if at <= timing.start_sample < at + len(pcm)
            ]
            assert word.start_sample <= begin < word.start_sample + word.sample_count
            assert begin + timing.sample_count == word.start_sample + word.sample_count


def check_order(events: Sequence[Event]) -> None:
    """What holds for every turn: one beginning, one end, time never back, chunks numbered, speaking paired."""
    assert isinstance(events[0], TurnStarted)
    assert isinstance(events[-2], TurnMetrics)
    assert isinstance(events[-1], TurnComplete | TurnStopped)
    assert sum(isinstance(event, TurnComplete | TurnStopped | TurnMetrics) for event in events) == 2
    audio = [event for event in events if isinstance(event, AudioChunk)]
    for media in (audio, [e for e in events if isinstance(e, VideoFrame)]):
        ends = [(event.start_sample, event.start_sample + event.sample_count) for event in media]
        assert all(before[1] <= after[0] for before, after in pairwise(ends))
    assert [chunk.chunk_index for chunk in audio] == list(range(len(audio)))
    speaking = [event for event in events if isinstance(event, Speaking)]
    assert [event.started for event in speaking] == [True, False] * (len(speaking) // 2)
    assert [e.at_sample for e in speaking] == sorted(e.at_sample for e in speaking)


@dataclass
class Play:
    """One turn being played."""

    scene: Scene
    line: Line
    voice: CountingVoice
    runner: TurnRunner
    task: asyncio.Task[None]

    @property
    def events(self) -> list[Event]:
        return self.line.sent

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    def position(self) -> int:
        return self.scene.venue.media_clock.position(self.scene.venue.clock.now_s())


@asynccontextmanager
async def playing(
    text: str | GivenText = TEXT,
    *,
    chunk_ms: Sequence[float] = (40,),
    wait_ms: Sequence[float] = (0,),
    each_ms: float = 0,
    avatar: Avatar | None = None,
    is_seen: bool = True,
    budgets: Budgets | None = None,
    llm: ScriptedModel | None = None,
    audio: AudioCodec = AudioCodec.PCM_S16LE,
) -> AsyncIterator[Play]:
    """A turn that has begun. Left: it has ended, everything has left the server, nothing of it is alive."""
    voice = CountingVoice(chunk_ms, wait_ms)
    face = (avatar or ScriptedAvatar()) if is_seen else None
    scene = make_scene(tts=voice, llm=llm, avatar=face, budgets=budgets)
    line = Line(each_ms)
    scene = replace(scene, venue=replace(scene.venue, sink=line, make_packer=SimulatedPackers()))
    runner = scene.runner(text, mode=TextMode.SAY if llm is None else TextMode.TALK, audio=audio)
    sending = asyncio.create_task(line.run())
    play = Play(scene, line, voice, runner, asyncio.create_task(runner.run()))
    try:
        yield play
        await play.task
        await line.empty()
    finally:
        play.task.cancel()
        sending.cancel()
        await asyncio.wait([play.task, sending])
    assert len(asyncio.all_tasks()) == 1, "the turn left a task behind"


def check_heard_whole(play: Play) -> Listener:
    """The turn was completed, and its listener heard exactly what the voice said."""
    listener = Listener()
    listener.take(play.events)
    check_order(play.events)
    assert isinstance(play.events[-1], TurnComplete)
    assert np.array_equal(listener.sound, play.voice.sound)
    listener.check_words(play.voice)
    assert len(listener.words) == len(play.voice.words)
    return listener
