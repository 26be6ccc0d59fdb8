"""Sound as Opus over the wire: the same sample is heard at the same moment as with PCM, whatever happens to a turn."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from tests.media.sounds import lag_samples, likeness, speech_like
from tests.server.caller import (
    SOUND_ONLY,
    Caller,
    calling,
    check_order,
    conversation,
    kind,
    new_session,
    resuming,
    served,
)
from tth.adapters.registry import Adapters
from tth.media.opus import PACKET_SAMPLES, OpusDecoder
from tth.model.media import SAMPLE_RATE_HZ, Pcm, SpeechChunk, WordTiming, us_to_samples
from tth.server.app import TthServer
from tth.testing.harness import RunningServer, make_server
from tth.testing.scripted import ScriptedVoice, every
from tth.v1 import media_pb2
from tth.v1.controls_pb2 import LATENCY_MODE_LOW, Controls, Render
from tth.v1.converse_pb2 import ConverseResponse, PauseTurn, PlaybackPosition, ResumeTurn
from tth.v1.media_pb2 import AudioChunk, MediaPreferences
from tth.v1.tth_service_pb2 import CreateSessionRequest

pytestmark = pytest.mark.server

OPUS = MediaPreferences(audio_codec=media_pb2.AUDIO_CODEC_OPUS, video_codec=media_pb2.VIDEO_CODEC_NONE)
LOW = Controls(render=Render(latency_mode=LATENCY_MODE_LOW))
VOICE = speech_like(5.0)
"""What the voice says, whatever it is asked to; 5 s, of which 400 ms are sent ahead."""
TEXT = " ".join(f"w{number}" for number in range(10))
CHUNK = 1000
"""Samples: no multiple of a packet's."""
WINDOW = SAMPLE_RATE_HZ // 10


def talking() -> TthServer:
    """A server whose voice says VOICE, with a word in every half second."""
    each = len(VOICE) // 10
    words = [WordTiming(f"w{n}", TEXT.index(f"w{n}"), n * each, each) for n in range(10)]
    chunks = [
        SpeechChunk(VOICE[at : at + CHUNK], (), tuple(w for w in words if at <= w.start_sample < at + CHUNK))
        for at in range(0, len(VOICE), CHUNK)
    ]
    return make_server(Adapters(tts=ScriptedVoice(every(0, *chunks), repeat=True)))


def chunks_of(events: Sequence[ConverseResponse]) -> list[AudioChunk]:
    return [event.audio_chunk for event in events if kind(event) == "audio_chunk"]


def heard(turn: Sequence[ConverseResponse]) -> Pcm:
    """What a client plays of a turn that throws away what a pause makes void; without the mark at its end."""
    decoder, pieces = OpusDecoder(), list[tuple[int, Pcm]]()
    for event in turn:
        if kind(event) == "audio_chunk":
            chunk = event.audio_chunk
            pcm = decoder.decode(chunk.data, chunk.skip_sample_count, chunk.sample_count)
            if chunk.last:
                assert np.abs(pcm).max() < 4, "the mark is silence"
            else:
                pieces.append((us_to_samples(chunk.pts_us), pcm))
        elif kind(event) == "turn_paused":
            end = us_to_samples(event.turn_paused.pts_us)
            pieces = [(at, pcm[: max(0, end - at)]) for at, pcm in pieces]
    return np.concatenate([pcm for _, pcm in pieces])


def check_is_said(sound: Pcm, said: Pcm = VOICE) -> None:
    """Sample by sample at its place, in every tenth of a second."""
    assert len(sound) == len(said)
    for start in range(0, len(said) - WINDOW, WINDOW):
        there = said[start : start + WINDOW], sound[start : start + WINDOW]
        assert lag_samples(*there) == 0, start
        assert likeness(*there) > 0.9, start


@served(talking)
async def test_a_turn_is_heard_as_with_pcm(server: RunningServer) -> None:
    """Its sound, its words, who speaks when: nothing but the bytes differs."""
    turns = []
    for media in (OPUS, SOUND_ONLY):
        async with conversation(server, media=media, controls=LOW) as caller:
            await caller.text(TEXT, turn_id="a")
            turns.append(await caller.turn("a"))
            check_order(caller.events)
    opus, pcm = turns
    check_chunks(chunks_of(opus))
    check_is_said(heard(opus))
    last = chunks_of(opus)[-1]
    assert opus[-1].turn_complete.audio_end_pts_us == last.pts_us + last.duration_us
    assert names_of(opus) == names_of(pcm)
    assert len(places_of(opus)) == 12
    assert np.abs(np.subtract(places_of(opus), places_of(pcm))).max() <= 1, "microseconds are rounded"


def names_of(turn: Sequence[ConverseResponse]) -> list[tuple[str, str, int]]:
    """Words and who speaks, in order."""
    told = [event for event in turn if kind(event) in ("word_timing", "speaking")]
    return [(kind(event), event.word_timing.word, event.word_timing.offset) for event in told]


def places_of(turn: Sequence[ConverseResponse]) -> list[int]:
    """Where they lie behind the first sound."""
    begin = chunks_of(turn)[0].pts_us
    told = [event for event in turn if kind(event) in ("word_timing", "speaking")]
    return [getattr(event, kind(event)).pts_us - begin for event in told]


def check_chunks(chunks: Sequence[AudioChunk]) -> None:
    """One run of whole packets without a hole, its rest, and a run for the mark."""
    assert {(c.codec, c.sample_rate_hz, c.channel_count) for c in chunks} == {(media_pb2.AUDIO_CODEC_OPUS, 24_000, 1)}
    skip = chunks[0].skip_sample_count
    assert 0 < skip < 240
    assert [c.skip_sample_count for c in chunks] == [skip, *[0] * (len(chunks) - 2), skip]
    assert [c.last for c in chunks] == [*[False] * (len(chunks) - 1), True]
    assert [c.sample_count for c in chunks[:-2]] == [PACKET_SAMPLES - skip, *[PACKET_SAMPLES] * (len(chunks) - 3)]
    assert sum(len(c.data) for c in chunks) / 5.0 < 4_500
    at = us_to_samples(chunks[0].pts_us)
    for chunk in chunks:
        assert us_to_samples(chunk.pts_us) == at
        at += chunk.sample_count


@served(talking)
async def test_it_is_told(server: RunningServer) -> None:
    """By CreateSession and at the beginning of the stream."""
    created = await server.stub.CreateSession(CreateSessionRequest(media=OPUS))
    assert created.media.audio_codec == media_pb2.AUDIO_CODEC_OPUS
    async with calling(server, created.session_id) as caller:
        state = (await caller.next_of("session_state")).session_state
        assert state.media.audio_codec == media_pb2.AUDIO_CODEC_OPUS


async def pause(caller: Caller, after_s: float) -> None:
    """Hold the turn some time after its next word, and let it go on."""
    await caller.next_of("word_timing")
    await asyncio.sleep(after_s)
    await caller.send(pause_turn=PauseTurn())
    await caller.next_of("turn_paused")
    await asyncio.sleep(0.3)
    await caller.send(resume_turn=ResumeTurn())
    resumed = (await caller.next_of("turn_resumed")).turn_resumed
    chunk = (await caller.next_of("audio_chunk")).audio_chunk
    assert chunk.pts_us == resumed.pts_us
    assert chunk.skip_sample_count, "what is said again begins anew"


@served(talking)
async def test_a_held_turn_goes_on_at_the_same_sample(server: RunningServer) -> None:
    """A packet is cut where its listener was; what comes again is decoded by itself."""
    async with conversation(server, media=OPUS, controls=LOW) as caller:
        await caller.text(TEXT, turn_id="held")
        await pause(caller, 0.15)
        await pause(caller, 0.31)
        turn = await caller.turn("held")
        assert kind(turn[-1]) == "turn_complete"
        check_is_said(heard(turn))
        check_order(caller.events)


@served(talking)
async def test_behind_an_interrupt_and_a_lost_stream_it_begins_anew(server: RunningServer) -> None:
    """Each turn is heard by a decoder that knows nothing of the one before, from its first packet on; of the one that
    was stopped, what came is its beginning."""
    session_id = await new_session(server, media=OPUS, controls=LOW)
    async with calling(server, session_id) as caller:
        await caller.text(TEXT, turn_id="cut")
        chunk = (await caller.next_of("audio_chunk")).audio_chunk
        await caller.interrupt(playback=PlaybackPosition(audio_pts_us=chunk.pts_us + 12_345))
        turn = await caller.turn("cut")
        stopped = turn[-1].turn_stopped
        assert stopped.heard_pts_us == pytest.approx(chunk.pts_us + 12_345, abs=21)
        came = heard(turn)
        assert us_to_samples(stopped.audio_end_pts_us) == us_to_samples(chunk.pts_us) + len(came)
        check_is_said(came, VOICE[: len(came)])
        await caller.text(TEXT, turn_id="lost")
        await caller.next_of("audio_chunk")
        handle = next(e for e in caller.events if kind(e) == "session_state").session_state.resume_handle
        seq = caller.events[-1].seq
    async with resuming(server, session_id, handle, seq) as caller:
        await caller.next_of("session_state")
        await caller.text(TEXT, turn_id="whole")
        check_is_said(heard(await caller.turn("whole")))


@served(talking)
async def test_a_turn_of_two_clauses_is_one_run(server: RunningServer) -> None:
    """A prompt voice leaves no hole, so nothing begins anew between them."""
    async with conversation(server, media=OPUS, controls=LOW) as caller:
        await caller.text("One. Two.", turn_id="a")
        turn = await caller.turn("a")
        check_is_said(heard(turn), np.concatenate([VOICE, VOICE]))
        assert [bool(c.skip_sample_count) for c in chunks_of(turn)].count(True) == 2
