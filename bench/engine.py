"""The engine alone, in this process, without gRPC: CPU time per event, and from a command to its first sound when
everything is warm. The steadiest of the figures; changes to the pipeline are judged by it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.cpu_per_event import SENTENCE
from bench.figures import Figure, distribution
from bench.ready import OVERRIDES, SPECS
from bench.run import Run
from tth.config.load import load_config
from tth.config.wiring import build_server, full_registry
from tth.model.commands import UserText
from tth.model.controls import ControlPatch
from tth.model.events import AudioChunk, Event, TextMode, TurnComplete
from tth.model.ids import new_session_id
from tth.model.media import MediaPreferences, VideoCodec
from tth.server.convert.outgoing import response_of
from tth.session.conversation import Conversation
from tth.session.engine import Engine
from tth.session.inbox import Inbox
from tth.session.terms import SessionTerms

NAME = "engine"
TURN_TIMEOUT_S = 60.0


class Collector:
    """Implements `Sink`: keeps what comes."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.first_sound_s = 0.0
        self.sounds = asyncio.Event()
        self.over = asyncio.Event()

    def emit(self, event: Event, turn_id: str = "") -> None:
        """See `Sink.emit`."""
        self.events.append(event)
        if not self.first_sound_s and isinstance(event, AudioChunk):
            self.first_sound_s = time.perf_counter()
            self.sounds.set()
        if isinstance(event, TurnComplete):
            self.over.set()

    def cut(self, turn_id: str) -> list[Event]:
        """See `Sink.cut`."""
        return []


async def measure(run: Run) -> list[Figure]:
    """A long turn as fast as it goes; short turns one after the other; and what conversion to protobuf adds."""
    registry = full_registry(SPECS)
    overrides = {**OVERRIDES, "server.port": "0", "pacing.balanced_max_ahead_ms": "60000"}
    engine = build_server(
        load_config(registry, profile="offline_mock", overrides=overrides, environ={}), registry
    ).engine
    costs_us: list[float] = []
    events: list[Event] = []
    repeats = run.count(20, 2)
    for number in range(repeats):
        async with _conversation(engine, motion=True) as (inbox, sink):
            begin_s = time.thread_time()
            await _turn(inbox, sink, SENTENCE * 19)
            costs_us.append((time.thread_time() - begin_s) / len(sink.events) * 1e6)
            events = sink.events
        run.progress.now(number, repeats)
    firsts_ms, turns_ms = await _short_turns(run, engine)
    return [
        distribution(NAME, "CPU per event: sound, motion, words", "us", costs_us),
        distribution(NAME, "command to first sound, warm", "ms", firsts_ms),
        distribution(NAME, "the same for a text of 4,000 code points", "ms", await _long_texts_ms(run, engine)),
        distribution(NAME, "CPU of a whole short turn", "ms", turns_ms),
        distribution(NAME, "CPU per event to convert and serialize", "us", _conversions_us(run, events)),
    ]


async def _short_turns(run: Run, engine: Engine) -> tuple[list[float], list[float]]:
    firsts_ms: list[float] = []
    turns_ms: list[float] = []
    async with _conversation(engine, motion=False) as (inbox, sink):
        for _ in range(run.count(120, 3)):
            sink.first_sound_s = 0.0
            begin_s, begin_cpu_s = time.perf_counter(), time.thread_time()
            await _turn(inbox, sink, "Yes.")
            firsts_ms.append((sink.first_sound_s - begin_s) * 1000)
            turns_ms.append((time.thread_time() - begin_cpu_s) * 1000)
    return firsts_ms, turns_ms


async def _long_texts_ms(run: Run, engine: Engine) -> list[float]:
    text = (SENTENCE * 100)[:4000]
    firsts_ms: list[float] = []
    for _ in range(run.count(40, 2)):
        async with _conversation(engine, motion=False) as (inbox, sink):
            begin_s = time.perf_counter()
            await inbox.put(_said(text))
            async with asyncio.timeout(TURN_TIMEOUT_S):
                await sink.sounds.wait()
            firsts_ms.append((sink.first_sound_s - begin_s) * 1000)
    return firsts_ms


async def _turn(inbox: Inbox, sink: Collector, text: str) -> None:
    sink.over.clear()
    await inbox.put(_said(text))
    async with asyncio.timeout(TURN_TIMEOUT_S):
        await sink.over.wait()


def _said(text: str) -> UserText:
    return UserText(text, TextMode.SAY, False, "", ControlPatch(), "", 0)


@asynccontextmanager
async def _conversation(engine: Engine, *, motion: bool) -> AsyncIterator[tuple[Inbox, Collector]]:
    media = MediaPreferences(video_codec=VideoCodec.NONE, motion=motion)
    conversation = Conversation(SessionTerms(new_session_id(), "en", media), engine, ControlPatch())
    inbox, sink = Inbox(), Collector()
    async with asyncio.TaskGroup() as group:
        group.create_task(conversation.run(inbox, sink))
        yield inbox, sink
        inbox.end()
    await conversation.aclose()


def _conversions_us(run: Run, events: list[Event]) -> list[float]:
    session_id = new_session_id()
    costs_us = []
    for _ in range(run.count(20, 2)):
        begin_s = time.thread_time()
        for seq, event in enumerate(events):
            response_of(event, session_id, "t_1", seq, 1, 1_800_000_000_000).SerializeToString()
        costs_us.append((time.thread_time() - begin_s) / len(events) * 1e6)
    return costs_us
