"""The conformance cases for libraries that block, whichever they are: ../../conformance/README.md."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cases
from cases import BUSY_S, CHUNKS_BEFORE_STOP, LONG_TEXT, TERMINAL, TURN_TEXT, kind

from tth.v1 import controls_pb2, media_pb2
from tth.v1.controls_pb2 import Character, Controls, Emotion
from tth.v1.converse_pb2 import TEXT_MODE_SAY, PlaybackPosition

JPEG = media_pb2.MediaPreferences(video_codec=media_pb2.VIDEO_CODEC_JPEG)
Case = Callable[["Library", str, Path], dict[str, Any]]


@dataclass(frozen=True)
class Library:
    """Where the libraries differ."""

    connect: Callable[..., AbstractContextManager[Any]]
    """An address, credentials and token -> a client."""
    talk: Callable[[Any, Any], AbstractContextManager[Any]]
    """A client and the answer of create_session -> a conversation."""
    leave: Callable[[Any], Any]
    """Break a conversation off -> where it was."""
    talk_on: Callable[[Any, Any], AbstractContextManager[Any]]
    """A client and where it was -> a conversation."""
    stale_count: Callable[[Any], int]
    connection_count: Callable[[Any], int]
    failure: type[Exception]
    film: Callable[[Path, list[Any]], None]
    """Makes an MP4 of a turn's events."""
    fields: Callable[[Any], list[str]]
    """Those that an error names."""


def run(library: Library) -> int:
    """Do the case that the command line names."""
    asked = cases.arguments(CASES)
    try:
        cases.told(CASES[asked.case](library, asked.target, asked.output))
    except library.failure as error:
        print(error, file=sys.stderr)
        return 1
    return 0


@contextmanager
def _talking(
    library: Library,
    target: str,
    controls: Controls | None = None,
    media: media_pb2.MediaPreferences = JPEG,
    **secrets: Any,
) -> Iterator[Any]:
    """A conversation in a session of its own."""
    with library.connect(target, **secrets) as client:
        session = client.create_session(controls, media=media)
        with library.talk(client, session) as conversation:
            yield conversation


def _turn(library: Library, target: str, _: Path, **secrets: Any) -> dict[str, Any]:
    with _talking(library, target, **secrets) as conversation:
        turn_id = conversation.say(TURN_TEXT, mode=TEXT_MODE_SAY)
        events = [event for event in conversation.events_of(turn_id) if event.turn_id == turn_id]
    return cases.summary(events, 0)


def _controls(library: Library, target: str, _: Path) -> dict[str, Any]:
    happy = Controls(emotion=Emotion(label=controls_pb2.EMOTION_LABEL_HAPPY, intensity=0.8))
    with _talking(library, target, happy) as conversation:
        own = Controls(character=Character(speech_rate=1.2, expressivity=0.9))
        turn_id = conversation.say(TURN_TEXT, mode=TEXT_MODE_SAY, controls=own)
        events = list(conversation.events_of(turn_id))
    metrics = next(event.turn_metrics for event in events if kind(event) == "turn_metrics")
    return {"control_report": [cases.result(item, controls_pb2) for item in metrics.control_report.results]}


def _interrupt(library: Library, target: str, _: Path) -> dict[str, Any]:
    events, chunks = list[Any](), 0
    with _talking(library, target) as conversation:
        turn_id = conversation.say(LONG_TEXT, mode=TEXT_MODE_SAY)
        for event in conversation.events_of(turn_id):
            events.append(event)
            chunks += kind(event) == "audio_chunk"
            if kind(event) == "audio_chunk" and chunks == CHUNKS_BEFORE_STOP:
                conversation.interrupt(turn_id)
        stale_count = library.stale_count(conversation)
    return {
        "events": [cases.described(event, 0) for event in events if event.turn_id == turn_id],
        "stale_dropped": stale_count,
        "delivered_after_interrupt": cases.late_media(events, turn_id),
        "terminal": kind(events[-1]),
    }


def _playback(library: Library, target: str, _: Path) -> dict[str, Any]:
    words, heard_us, reported_us, heard_text = list[dict[str, Any]](), 0, 0, ""
    with _talking(library, target) as conversation:
        turn_id = conversation.say(LONG_TEXT, mode=TEXT_MODE_SAY)
        for event in conversation.events_of(turn_id):
            if kind(event) == "word_timing":
                words.append(cases.word(event.word_timing))
            elif kind(event) == "audio_chunk":
                heard_us = event.audio_chunk.pts_us + event.audio_chunk.duration_us
            elif kind(event) == "turn_stopped":
                heard_text = event.turn_stopped.heard_text
            if not reported_us and (end_us := cases.end_of_third(words)) and heard_us >= end_us:
                reported_us = end_us
                position = PlaybackPosition(turn_id=turn_id, audio_pts_us=reported_us, last_seq=event.seq)
                conversation.report_playback(position)
                conversation.interrupt(turn_id, playback=position)
    return {"reported_us": reported_us, "words": words, "heard_text": heard_text}


def _resume(library: Library, target: str, _: Path) -> dict[str, Any]:
    seqs, chunks, terminal = list[int](), 0, ""
    with library.connect(target) as client:
        session = client.create_session(media=JPEG)
        with library.talk(client, session) as conversation:
            turn_id = conversation.say(LONG_TEXT, mode=TEXT_MODE_SAY)
            for event in conversation.events():
                seqs.append(event.seq)
                chunks += kind(event) == "audio_chunk"
                if chunks == CHUNKS_BEFORE_STOP:
                    time.sleep(BUSY_S)
                    break
            point = library.leave(conversation)
    with library.connect(target) as client, library.talk_on(client, point) as conversation:
        for event in conversation.events():
            seqs.append(event.seq)
            if event.turn_id == turn_id and kind(event) in TERMINAL:
                terminal = kind(event)
                break
    return {"seqs": seqs, "connections": 2, "terminal": terminal}


def _lost(library: Library, target: str, _: Path) -> dict[str, Any]:
    seqs, chunks, terminal = list[int](), 0, ""
    with _talking(library, target) as conversation:
        turn_id = conversation.say(LONG_TEXT, mode=TEXT_MODE_SAY)
        for event in conversation.events():
            seqs.append(event.seq)
            chunks += kind(event) == "audio_chunk"
            if kind(event) == "audio_chunk" and chunks == CHUNKS_BEFORE_STOP:
                time.sleep(BUSY_S)
            if event.turn_id == turn_id and kind(event) in TERMINAL:
                terminal = kind(event)
            if terminal and event.session_state.resumed:  # it comes behind the events that come again
                break
        connections = library.connection_count(conversation)
    return {"seqs": seqs, "connections": connections, "terminal": terminal}


def _errors(library: Library, target: str, _: Path) -> dict[str, Any]:
    found, alive = list[dict[str, Any]](), False
    too_much = Controls(emotion=Emotion(intensity=7))
    with library.connect(target) as client:
        try:
            client.create_session(too_much)
        except library.failure as error:
            found.append(_described(library, error))
        try:
            with library.talk(client, cases.UNKNOWN_SESSION) as conversation:
                for _event in conversation.events():
                    pass
        except library.failure as error:
            found.append(_described(library, error))
    with _talking(library, target) as conversation:
        conversation.update(too_much)
        turn_id = conversation.say(TURN_TEXT, mode=TEXT_MODE_SAY)
        for event in conversation.events_of(turn_id):
            alive |= kind(event) == "turn_complete"
            if kind(event) == "error":
                found.append(cases.refusal(event.error))
    return {"errors": found, "alive_after": alive}


def _secure(library: Library, target: str, output: Path) -> dict[str, Any]:
    secrets, refused = cases.Secrets(output), list[dict[str, Any]]()
    done = _turn(library, target, output, credentials=secrets.credentials(), token=secrets.token)
    for bad in secrets.refused():
        try:
            with library.connect(target, **bad) as client:
                client.create_session()
        except library.failure as error:
            refused.append({**_described(library, error), "message": str(error)})
    return {"turn": done, "refused": refused}


def _save(library: Library, target: str, output: Path) -> dict[str, Any]:
    with _talking(library, target, cases.FILM_CONTROLS, cases.H264) as conversation:
        turn_id = conversation.say(TURN_TEXT, mode=TEXT_MODE_SAY)
        events = [event for event in conversation.events_of(turn_id) if event.turn_id == turn_id]
    library.film(output / "turn.mp4", events)
    cases.write_sound(output / "turn.wav", events)
    frames = sum(kind(event) == "video_frame" for event in events)
    return {"wav": "turn.wav", "video": "turn.mp4", "frames": frames}


def _described(library: Library, error: Any) -> dict[str, Any]:
    told = {"code": error.code.name, "reason": error.reason, "retryable": error.retryable}
    return {**told, "fields": library.fields(error)}


CASES: Mapping[str, Case] = {
    "turn": _turn,
    "controls": _controls,
    "interrupt": _interrupt,
    "playback": _playback,
    "resume": _resume,
    "lost": _lost,
    "errors": _errors,
    "secure": _secure,
    "save": _save,
}
