"""Sound and pictures on the media clock."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from tth.model.media import AudioCodec, us_to_samples
from tth.testing.simulator.checks.pauses import is_complete, pieces_of, takes_of
from tth.testing.simulator.packets import DELAY_SAMPLES, PACKET_SAMPLES, pcm_of, place_of
from tth.testing.simulator.recording import TERMINAL, Got, Recording, was_server_lost
from tth.testing.simulator.world import World
from tth.v1 import media_pb2

TAIL_SAMPLES = {AudioCodec.PCM_S16LE: 960, AudioCodec.OPUS: PACKET_SAMPLES - DELAY_SAMPLES}
"""The last chunk of a turn is silence that marks the end: 40 ms, or one packet."""


def start_of(one: Got) -> int:
    """Where a medium begins, in samples."""
    return us_to_samples(one.body.pts_us)


def end_of(one: Got) -> int:
    """Where it ends."""
    if one.kind == "audio_chunk":
        return start_of(one) + int(one.body.sample_count)
    return start_of(one) + us_to_samples(one.body.duration_us)


def chunks_of(events: list[Got]) -> list[Got]:
    """A turn's sound."""
    return [one for one in events if one.kind == "audio_chunk"]


def pts_rise(recording: Recording, world: World) -> Iterator[str]:
    """No chunk, frame or motion frame begins before the end of the one before it, in the whole session."""
    for kind in ("audio_chunk", "video_frame"):
        end = 0
        for one in recording.of_kind[kind]:
            if start_of(one) < end - 1:  # a slot's ends are rounded to microseconds apart from each other
                yield f"{kind} of {one.turn_id or 'nobody'} begins at {start_of(one)}, the one before ended at {end}"
            end = end_of(one)
    last = -1
    for one in recording.of_kind["motion_frame"]:
        if one.body.pts_us <= last:
            yield f"motion_frame at {one.body.pts_us} us behind one at {last} us"
        last = one.body.pts_us


def contiguous(recording: Recording, world: World) -> Iterator[str]:
    """Chunks are counted; a hole is only where the voice was late; durations are those of the samples."""
    for turn_id, events in recording.of_turn.items():
        chunks = chunks_of(events)
        for number, one in enumerate(chunks):
            if one.body.chunk_index != number:
                yield f"{turn_id}: chunk_index {one.body.chunk_index} is the {number}th"
            if len(pcm_of(one.body)) != one.body.sample_count or not one.body.sample_count:
                yield f"{turn_id}: {one.body.sample_count} samples in {len(one.body.data)} bytes"
        pieces = pieces_of(events)
        heard = [p.chunk for p in pieces if not p.chunk.body.last or len(p.pcm) == p.chunk.body.sample_count]
        for number, one in enumerate(heard):  # a mark of which a pause took a part is void
            if one.body.last != (number == len(heard) - 1) and (one.body.last or is_complete(events)):
                yield f"{turn_id}: chunk {number} of {len(heard)} has last={one.body.last}"
        if turn_id in recording.cast.sounds and recording.cast.sounds[turn_id].is_prompt and _in_one_part(events):
            for take in takes_of(events):
                for before, after in pairwise(chunks_of(take)):
                    if start_of(after) != end_of(before):
                        hole = start_of(after) - end_of(before)
                        yield f"{turn_id}: a hole of {hole} samples, and the voice was prompt"


def _in_one_part(events: list[Got]) -> bool:
    """The text came at once, so nobody had to wait for the rest of it."""
    deltas = [one for one in events if one.kind == "text_delta"]
    return len(deltas) == 1 and deltas[0].body.last


def is_the_voices(recording: Recording, world: World) -> Iterator[str]:
    """To the sample: all of it in a completed turn, its beginning in one that was stopped, held or not."""
    tail_samples = TAIL_SAMPLES[world.media.audio_codec]
    for turn_id, events in recording.of_turn.items():
        chunks = chunks_of(events)
        came = b"".join(piece.pcm.tobytes() for piece in pieces_of(events) if not piece.chunk.body.last)
        said = recording.cast.sounds.get(turn_id)
        given = b"".join(said.pcm) if said is not None else b""
        if not given.startswith(came):
            yield f"{turn_id}: the sound is not what the voice gave"
        elif is_complete(events) and events[0].kind == "turn_started" and len(came) != len(given):
            yield f"{turn_id}: {len(given) // 2} samples were spoken, {len(came) // 2} came"
        for one in chunks:
            if one.body.last and (any(pcm_of(one.body)) or one.body.sample_count != tail_samples):
                yield f"{turn_id}: the last chunk is not {tail_samples} samples of silence"


def ends(recording: Recording, world: World) -> Iterator[str]:
    """The terminal event says where sound and picture ended, if the server that gives it knows; nothing begins before
    the turn does."""
    for turn_id, events in recording.of_turn.items():
        if events[0].kind != "turn_started":
            continue
        begin = us_to_samples(events[0].body.media_start_pts_us)
        for one in events:
            if one.kind in ("audio_chunk", "video_frame", "motion_frame") and start_of(one) < begin - 1:
                yield f"{turn_id}: {one.kind} at {start_of(one)}, the turn began at {begin}"
        terminal = events[-1]
        chunks = chunks_of(events)
        if terminal.kind in TERMINAL:
            told, found = us_to_samples(terminal.body.audio_end_pts_us), end_of(chunks[-1]) if chunks else begin
            may_miss = terminal.kind == "turn_complete" and terminal.is_again
            if told != found and not (may_miss and told > found) and not was_server_lost(events):
                yield f"{turn_id}: the sound is said to end at {told}, it ended at {found}"
        if terminal.kind == "turn_stopped" and terminal.body.last_seq not in (terminal.seq, terminal.seq - 1):
            yield f"{turn_id}: last_seq {terminal.body.last_seq}, turn_stopped has {terminal.seq}"


def speaking_paired(recording: Recording, world: World) -> Iterator[str]:
    """Started, finished, at the ends of the sound; within the turn, whatever became of it."""
    for turn_id, events in recording.known_turns.items():
        speaks, started_at = False, 0
        for one in events:
            if one.kind == "speaking":
                starts = one.body.phase == one.body.PHASE_STARTED
                if starts == speaks:
                    yield f"{turn_id}: speaking {'started' if starts else 'finished'} twice"
                speaks, at = starts, start_of(one)
                if not starts and at < started_at:
                    yield f"{turn_id}: speaking finished at {at}, before it started at {started_at}"
                started_at = at if starts else started_at
            elif one.kind == "audio_chunk" and not speaks and not one.body.last:
                yield f"{turn_id}: sound while nobody speaks"
            elif one.kind in TERMINAL and speaks:
                yield f"{turn_id}: {one.kind} while speaking"
        yield from _speaking_where(turn_id, events)


def _speaking_where(turn_id: str, events: list[Got]) -> Iterator[str]:
    phases: list[Got] = []
    chunks: list[Got] = []
    for take in takes_of(events):
        phases = [one for one in take if one.kind == "speaking"]
        chunks = [one for one in chunks_of(take) if not one.body.last]
        if phases and chunks and start_of(phases[0]) != start_of(chunks[0]):
            yield f"{turn_id}: speaking starts at {start_of(phases[0])}, the sound at {start_of(chunks[0])}"
    if is_complete(events) and len(phases) > 1 and start_of(phases[-1]) != end_of(chunks[-1]):
        yield f"{turn_id}: speaking finishes at {start_of(phases[-1])}, the sound at {end_of(chunks[-1])}"


def runs_are_whole(recording: Recording, world: World) -> Iterator[str]:
    """A packet is decoded behind the one before it in its run, a run behind nothing; no sound is missing within one."""
    is_opus = world.media.audio_codec is AudioCodec.OPUS
    for turn_id, events in recording.of_turn.items():
        before: Any = None
        for chunk in (one.body for one in chunks_of(events)):
            if (chunk.codec == media_pb2.AUDIO_CODEC_OPUS) != is_opus:
                yield f"{turn_id}: codec {chunk.codec} was not asked for"
            elif is_opus:
                yield from (f"{turn_id}: {fault}" for fault in _faults(chunk, before))
            elif chunk.skip_sample_count:
                yield f"{turn_id}: samples to be thrown away in PCM"
            before = chunk


def _faults(chunk: Any, before: Any) -> Iterator[str]:
    run, number = place_of(chunk)
    if chunk.skip_sample_count != (0 if number else DELAY_SAMPLES):
        yield f"packet {number} of run {run} has skip_sample_count {chunk.skip_sample_count}"
    elif number and (before is None or place_of(before) != (run, number - 1)):
        yield f"packet {number} of run {run} does not follow the one before it"
    elif number and abs(before.pts_us + before.duration_us - chunk.pts_us) > 1:
        yield f"packet {number} of run {run} does not begin where the one before ended"
