"""Turns that were held: what is void, what comes again, and what may be sent meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tth.model.media import ms_to_samples, us_to_samples
from tth.testing.simulator.packets import pcm_of
from tth.testing.simulator.recording import MEDIA, TERMINAL, Got, Recording
from tth.testing.simulator.world import World
from tth.v1 import media_pb2

PICTURES = frozenset(("video_frame", "motion_frame"))
_ENDING = frozenset(("error", "turn_metrics", *TERMINAL))
_SILENT = (media_pb2.FRAME_KIND_LISTENING, media_pb2.FRAME_KIND_THINKING)
_AHEAD = ms_to_samples(60)
"""Silence is placed at most so long, and a picture more, before it is shown."""
PROMPT_MS = 1.0
_FAR = 2**62
"""Behind all sound."""


class Piece(NamedTuple):
    """What is left of a chunk when what pauses made void is thrown away."""

    chunk: Got
    start: int
    """On the media clock, in samples."""
    pcm: npt.NDArray[np.int16]
    """Never empty."""

    @property
    def end(self) -> int:
        """The sample behind it."""
        return self.start + len(self.pcm)


def pieces_of(events: list[Got]) -> list[Piece]:
    """A turn's sound without what pauses made void: that is what a listener hears. In order."""
    pieces: list[Piece] = []
    for one in events:
        if one.kind == "audio_chunk":
            pieces.append(Piece(one, us_to_samples(one.body.pts_us), pcm_of(one.body)))
        elif one.kind == "turn_paused":
            held_at = us_to_samples(one.body.pts_us)
            cut = (piece._replace(pcm=piece.pcm[: max(0, held_at - piece.start)]) for piece in pieces)
            pieces = [piece for piece in cut if len(piece.pcm)]
    return pieces


def takes_of(events: list[Got]) -> list[list[Got]]:
    """A turn in parts: each but the last ends with a `turn_paused`."""
    takes: list[list[Got]] = [[]]
    for one in events:
        takes[-1].append(one)
        if one.kind == "turn_paused":
            takes.append([])
    return takes


def held_at_end(events: list[Got]) -> Got | None:
    """The pause in which the turn ended, if it did."""
    changes = [one for one in events if one.kind in ("turn_paused", "turn_resumed")]
    return changes[-1] if changes and changes[-1].kind == "turn_paused" else None


def is_complete(events: list[Got]) -> bool:
    """To its end, and nothing of its sound waited when its stream was lost: then the end alone is told again."""
    return events[-1].kind == "turn_complete" and not events[-1].is_again


def alternate(recording: Recording, world: World) -> Iterator[str]:
    """`turn_paused`, `turn_resumed`, `turn_paused` ... of a turn; it tells how long it was held."""
    for turn_id, events in recording.known_turns.items():
        pause: Got | None = None
        for one in events:
            if one.kind == "turn_paused":
                if pause is not None:
                    yield f"{turn_id} is paused twice at seq {one.seq}"
                pause = one
            elif one.kind == "turn_resumed":
                if pause is None:
                    yield f"{turn_id} is resumed at seq {one.seq} and was not paused"
                elif recording.is_prompt(pause) and recording.is_prompt(one):
                    lasted_ms = (one.at_s - pause.at_s) * 1000
                    if abs(lasted_ms - one.body.paused_ms) > PROMPT_MS + world.record_s * 1000:
                        yield f"{turn_id} was held for {lasted_ms:.0f} ms, {one.body.paused_ms} are told"
                pause = None


def silent(recording: Recording, world: World) -> Iterator[str]:
    """While a turn is held nothing of it comes but pictures, the first one a key frame, and its end."""
    for turn_id, events in recording.known_turns.items():
        is_held = is_first = False
        for one in events:
            if one.kind in ("turn_paused", "turn_resumed"):
                is_held = is_first = one.kind == "turn_paused"
            elif is_held and one.kind not in PICTURES | _ENDING:
                yield f"{turn_id}: {one.kind} at seq {one.seq} while it is held"
            elif is_held and is_first and one.kind == "video_frame":
                is_first = False
                if not one.body.keyframe:
                    yield f"{turn_id}: the first picture of a pause, at seq {one.seq}, is no key frame"


def held_where_told(recording: Recording, world: World) -> Iterator[str]:
    """A turn is held where the client said that it was, within what had come of it; otherwise it is an estimate, and
    not before a silent picture that has been shown by then."""
    told_ever = any(one.kind == "playback_report" for one in recording.sent)
    for events in recording.known_turns.values():
        if events[0].kind != "turn_started":
            continue
        began = shown = begin = end = sound_end = us_to_samples(events[0].body.media_start_pts_us)
        for one in events:
            if one.kind in MEDIA:
                came_to = us_to_samples(one.body.pts_us) + _length(one, recording)
                end = max(end, came_to)
                sound_end = came_to if one.kind == "audio_chunk" else sound_end
                if one.kind != "audio_chunk" and one.body.kind in _SILENT:
                    shown = max(shown, us_to_samples(one.body.pts_us) - _AHEAD - recording.cast.longest_slot_samples)
            elif one.kind == "turn_resumed":
                begin = us_to_samples(one.body.pts_us)
            elif one.kind == "turn_paused" and recording.is_prompt(one):
                held_at = us_to_samples(one.body.pts_us)
                if not (shown if one.body.is_estimate else began) <= held_at <= max(begin, end):
                    yield f"{one.turn_id} is held at {held_at}, it came from {began} to {end}, shown was {shown}"
                yield from _where(recording, world, one, (begin, sound_end), told_ever=told_ever)


def _length(one: Got, recording: Recording) -> int:
    match one.kind:
        case "audio_chunk":
            return int(one.body.sample_count)
        case "video_frame":
            return us_to_samples(one.body.duration_us)
        case _:
            return recording.cast.longest_slot_samples


def _where(recording: Recording, world: World, one: Got, came: tuple[int, int], *, told_ever: bool) -> Iterator[str]:
    begin, sound_end = came
    held_at = us_to_samples(one.body.pts_us)
    longest_s = (world.uplink_ms + PROMPT_MS) / 1000 + world.record_s
    asked = [pause for pause in recording.pauses if pause.at_s <= one.at_s < pause.at_s + longest_s]
    if not asked:
        yield f"{one.turn_id} is held at seq {one.seq}, and nobody had asked for it"
        return
    if len(asked) > 1:
        return  # which one it answers cannot be told
    told = asked[0].told_sample
    if told is None:
        if not one.body.is_estimate and not told_ever:
            yield f"{one.turn_id}: nobody told a position, but {held_at} is not called an estimate"
    elif one.body.is_estimate:
        yield f"{one.turn_id}: the position was told, but {held_at} is called an estimate"
    elif begin <= told < sound_end and held_at != told:
        yield f"{one.turn_id} is held at {held_at}, the client was at {told}"
    elif told >= sound_end > held_at:
        yield f"{one.turn_id} is held at {held_at}, the client had heard all that had come, to {sound_end}"


def goes_on(recording: Recording, world: World) -> Iterator[str]:
    """Speech goes on behind all that had come, and where that is told; to the sample where it is there again."""
    for turn_id, events in recording.known_turns.items():
        takes = takes_of(events)
        for before, after in pairwise(takes):
            resumed = next((one for one in after if one.kind == "turn_resumed"), None)
            chunk = next((one for one in after if one.kind == "audio_chunk"), None)
            if resumed is None or chunk is None:
                continue
            start, told = us_to_samples(chunk.body.pts_us), us_to_samples(resumed.body.pts_us)
            held_at = us_to_samples(before[-1].body.pts_us)
            had_come = any(
                one.kind == "audio_chunk" and us_to_samples(one.body.pts_us) + one.body.sample_count > held_at
                for one in before
            )
            if start < told or (had_come and start != told):
                yield f"{turn_id}: speech goes on at {start}, {told} is told"


def heard_once(recording: Recording, world: World) -> Iterator[str]:
    """In a turn that was held and completed, each word's newest time lies on its sound, and on all that was to come of
    it, unless more than half had been heard by then."""
    for turn_id, events in recording.known_turns.items():
        if not is_complete(events) or not any(one.kind == "turn_paused" for one in events):
            continue
        newest: dict[int, tuple[Any, int]] = {}  # and where the sound ends that came before the next pause
        for take in takes_of(events):
            end = us_to_samples(take[-1].body.pts_us) if take[-1].kind == "turn_paused" else _FAR
            newest |= {one.body.offset: (one.body, end) for one in take if one.kind == "word_timing"}
        pieces = pieces_of(events)
        spoken = recording.cast.sounds.get(turn_id)
        given = np.frombuffer(b"".join(spoken.pcm) if spoken is not None else b"", np.int16)
        for word, end in newest.values():
            begin = us_to_samples(word.pts_us)
            home = next((piece for piece in pieces if piece.start <= begin < piece.end), None)
            if home is None:
                yield f"{turn_id}: the word at offset {word.offset} is told at {begin}, where nothing is heard"
                continue
            said = recording.cast.words[int(home.pcm[begin - home.start])]
            by_then = sum(int((piece.pcm[: max(0, end - piece.start)] == said.number).sum()) for piece in pieces)
            if said.text != word.word:
                yield f"{turn_id}: at {begin} another word is heard than is told"
            elif by_then < min(said.sample_count / 2, int((given == said.number).sum())) - 1:
                yield f"{turn_id}: of the word at {begin} {by_then} samples are heard, and it is not told again"
