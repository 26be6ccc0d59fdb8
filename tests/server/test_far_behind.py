"""A transport that takes in everything, and a client behind it that reads slowly and says how far it is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest

from tests.server.caller import LONG, conversation, kind, media, served
from tests.server.test_slow_readers import patient, transport
from tests.session.scene import inline
from tth.adapters.registry import Adapters
from tth.core.reader import WAIT_S
from tth.errors import TTHError
from tth.testing.harness import RunningServer, make_server, mock_adapters
from tth.testing.scripted import ScriptedAvatar
from tth.testing.simulator.transport import Reading, Reads, SimulatedCall
from tth.testing.virtual_time import run_virtual
from tth.v1 import media_pb2
from tth.v1.converse_pb2 import (
    TEXT_MODE_SAY,
    ConverseRequest,
    ConverseResponse,
    PlaybackPosition,
    PlaybackReport,
    UserText,
)
from tth.v1.tth_service_pb2 import CreateSessionRequest

pytestmark = pytest.mark.server

BOTTOMLESS = 1_000_000
"""Messages that the transport takes in: it never holds the server up."""
RAW = media(media_pb2.VIDEO_CODEC_RAW_RGB24)
SECONDS = 20
REPORT_S = 0.25


@dataclass
class Listener:
    """Takes what comes at its pace, and says so."""

    reports: bool
    taken: list[tuple[float, ConverseResponse]] = field(default_factory=list)
    """When, and what."""
    ended_as: str = ""
    """The stream's reason; "" = it goes on."""

    def take(self, event: ConverseResponse) -> None:
        self.taken.append((asyncio.get_running_loop().time(), event))

    async def report(self, call: SimulatedCall) -> None:
        while True:
            await asyncio.sleep(REPORT_S)
            if self.taken and self.reports:
                position = PlaybackPosition(last_seq=self.taken[-1][1].seq)
                call.send(ConverseRequest(playback_report=PlaybackReport(position=position)))

    def waited_s(self, wanted: str, since_s: float = 0.0) -> list[float]:
        """How long each of these lay in the transport, of those that were taken since then."""
        began_ms = self.taken[0][1].timestamp_ms - 1000 * self.taken[0][0]
        return [
            at_s - (event.timestamp_ms - began_ms) / 1000
            for at_s, event in self.taken
            if kind(event) == wanted and at_s >= since_s
        ]


async def listen(reading: Reading, *, reports: bool) -> Listener:
    """Twenty seconds of talk, to a client that reads so."""
    adapters = Adapters(tts=mock_adapters().tts, avatar=ScriptedAvatar())
    server = make_server(adapters, encode_offload=inline)
    await server.load()
    session = await server.service.CreateSession(CreateSessionRequest(media=RAW), None)  # type: ignore[arg-type]
    listener = Listener(reports)
    call = SimulatedCall(reading, listener.take)
    text = UserText(text=LONG * 2, mode=TEXT_MODE_SAY)
    call.send(ConverseRequest(session_id=session.session_id, user_text=text))
    tasks = [
        asyncio.create_task(server.service.Converse(call, call)),  # type: ignore[arg-type]
        asyncio.create_task(call.read()),
        asyncio.create_task(listener.report(call)),
    ]
    await asyncio.wait(tasks[:1], timeout=SECONDS)
    if tasks[0].done():
        error = tasks[0].exception()
        listener.ended_as = error.reason if isinstance(error, TTHError) else repr(error)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await server.stop()
    return listener


SLOW = Reading(Reads.SLOW, bytes_per_s=64 * 64 * 3 * 12.5, window=BOTTOMLESS)
"""Half of the pictures, of the smallest size, are as much as it can take."""


def test_who_says_that_he_is_behind_is_not_buried() -> None:
    """He gets fewer pictures, and those in time; every sample of the sound, and in time as well."""
    listener = run_virtual(listen(SLOW, reports=True))
    assert max(listener.waited_s("video_frame", SECONDS / 2)) < 3.5
    told = transport([event for _, event in listener.taken])
    assert [mode.level for mode in told][:2] == ["newest_only", "half_rate"]
    assert len(listener.waited_s("video_frame")) > SECONDS * 12.5 / 3
    chunks = [event.audio_chunk for _, event in listener.taken if kind(event) == "audio_chunk"]
    assert all(a.pts_us + a.duration_us == b.pts_us for a, b in pairwise(chunks))
    assert chunks[-1].pts_us > (SECONDS - 3.5) * 1_000_000


def test_who_says_nothing_is_judged_by_the_transport_alone() -> None:
    """And that one is never full: the same client falls behind by more and more."""
    listener = run_virtual(listen(SLOW, reports=False))
    assert not transport([event for _, event in listener.taken])
    assert max(listener.waited_s("video_frame")) > SECONDS / 3  # and all of it is still to come


def test_who_is_too_far_behind_is_given_up() -> None:
    """Not even the sound can be had in time: after fifteen seconds of it, by his word, he is sent away as one is whose
    transport is full."""
    listener = run_virtual(listen(replace(SLOW, bytes_per_s=20_000), reports=True))
    assert listener.ended_as == "SLOW_CONSUMER"
    assert run_virtual(listen(replace(SLOW, bytes_per_s=20_000), reports=False)).ended_as == ""


def test_who_keeps_up_and_says_so_loses_nothing() -> None:
    """Also a client that is far away, and one that takes each event no sooner than it needs it."""
    listener = run_virtual(listen(Reading(Reads.QUICK), reports=True))
    assert not transport([event for _, event in listener.taken])
    frames = [event.video_frame for _, event in listener.taken if kind(event) == "video_frame"]
    assert not sum(frame.dropped_before_count for frame in frames)


def test_a_stall_is_made_good() -> None:
    """Three seconds without reading, once: told, and told when it is over; then all pictures come again, in time."""
    reading = Reading(Reads.STALLS, stall_ms=3000, every_ms=8000, window=BOTTOMLESS)
    listener = run_virtual(listen(reading, reports=True))
    told = transport([event for _, event in listener.taken])
    assert [mode.level for mode in told][:2] == ["newest_only", "full"]
    assert max(listener.waited_s("video_frame", 16.0)) < WAIT_S


@served(patient)
async def test_over_a_transport_that_is_never_full(server: RunningServer) -> None:
    """Six megabytes fit into it, four minutes of these pictures. A client that reads eight a second is told all the
    same, and then gets none for a while."""
    async with conversation(server, media=media(media_pb2.VIDEO_CODEC_JPEG)) as caller:
        taken_seq = 0

        async def report() -> None:
            while True:
                await asyncio.sleep(REPORT_S)
                position = PlaybackPosition(last_seq=taken_seq)
                await caller.send(playback_report=PlaybackReport(position=position))

        reporting = asyncio.create_task(report())
        try:
            while not transport([event := await caller.next_event()]):
                taken_seq = event.seq
                await asyncio.sleep(0.12)
            assert event.degraded_mode.level == "newest_only"
            taken_seq = event.seq
            await caller.until(lambda e: kind(e) == "video_frame" and e.video_frame.dropped_before_count > 0)
        finally:
            reporting.cancel()
            await asyncio.wait([reporting])
