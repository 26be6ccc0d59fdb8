"""The conformance cases with the package's async client, `tth.client`: ../../conformance/README.md."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import cases
from cases import BUSY_S, CHUNKS_BEFORE_STOP, LONG_TEXT, TERMINAL, TURN_TEXT, kind

from tth.client import Conversation, TthClient, TthRpcError, controls, media
from tth.client.recorder import Recorder
from tth.v1 import controls_pb2, media_pb2
from tth.v1.converse_pb2 import TEXT_MODE_SAY, ConverseResponse, PlaybackPosition

JPEG = media(video="jpeg")


@asynccontextmanager
async def talking(
    target: str,
    wanted: controls_pb2.Controls | None = None,
    asked: media_pb2.MediaPreferences = JPEG,
    **secrets: Any,
) -> AsyncIterator[Conversation]:
    """A conversation in a session of its own."""
    async with TthClient(target, **secrets) as client:
        session = await client.create_session(wanted, media=asked)
        async with client.converse(session.session_id) as conversation:
            yield conversation


async def turn(target: str, _: Path, **secrets: Any) -> dict[str, Any]:
    async with talking(target, **secrets) as conversation:
        turn_id = await conversation.say(TURN_TEXT, mode=TEXT_MODE_SAY)
        events = [event async for event in conversation.events_of(turn_id) if event.turn_id == turn_id]
    return cases.summary(events, 0)


async def controls_(target: str, _: Path) -> dict[str, Any]:
    async with talking(target, controls(emotion="happy", intensity=0.8)) as conversation:
        own = controls(rate=1.2, expressivity=0.9)
        turn_id = await conversation.say(TURN_TEXT, mode=TEXT_MODE_SAY, controls=own)
        events = [event async for event in conversation.events_of(turn_id)]
    metrics = next(event.turn_metrics for event in events if kind(event) == "turn_metrics")
    return {"control_report": [cases.result(item, controls_pb2) for item in metrics.control_report.results]}


async def interrupt(target: str, _: Path) -> dict[str, Any]:
    events, chunks = list[ConverseResponse](), 0
    async with talking(target) as conversation:
        turn_id = await conversation.say(LONG_TEXT, mode=TEXT_MODE_SAY)
        async for event in conversation.events_of(turn_id):
            events.append(event)
            chunks += kind(event) == "audio_chunk"
            if kind(event) == "audio_chunk" and chunks == CHUNKS_BEFORE_STOP:
                await conversation.interrupt()
        stale_count = conversation.stale_count
    mine = [event for event in events if event.turn_id == turn_id]
    return {
        "events": [cases.described(event, 0) for event in mine],
        "stale_dropped": stale_count,
        "delivered_after_interrupt": cases.late_media(events, turn_id),
        "terminal": kind(events[-1]),
    }


async def playback(target: str, _: Path) -> dict[str, Any]:
    words, heard_us, reported_us, heard_text = list[dict[str, Any]](), 0, 0, ""
    async with talking(target) as conversation:
        turn_id = await conversation.say(LONG_TEXT, mode=TEXT_MODE_SAY)
        async for event in conversation.events_of(turn_id):
            if kind(event) == "word_timing":
                words.append(cases.word(event.word_timing))
            elif kind(event) == "audio_chunk":
                heard_us = event.audio_chunk.pts_us + event.audio_chunk.duration_us
            elif kind(event) == "turn_stopped":
                heard_text = event.turn_stopped.heard_text
            if not reported_us and (end_us := cases.end_of_third(words)) and heard_us >= end_us:
                reported_us = end_us
                position = PlaybackPosition(turn_id=turn_id, audio_pts_us=reported_us, last_seq=event.seq)
                await conversation.report_playback(position)
                await conversation.interrupt(playback=position)
    return {"reported_us": reported_us, "words": words, "heard_text": heard_text}


async def resume(target: str, _: Path) -> dict[str, Any]:
    seqs, chunks, terminal = list[int](), 0, ""
    async with TthClient(target) as client:
        session = await client.create_session(media=JPEG)
        conversation = client.converse(session.session_id)
        async with conversation:
            turn_id = await conversation.say(LONG_TEXT, mode=TEXT_MODE_SAY)
            async for event in conversation.events():
                seqs.append(event.seq)
                chunks += kind(event) == "audio_chunk"
                if chunks == CHUNKS_BEFORE_STOP:
                    await asyncio.sleep(BUSY_S)
                    break
            await conversation.close(drain_s=0)  # cancels the call: no half-close
            point = conversation.resume_point
    async with TthClient(target) as client, client.converse(resume=point) as conversation:
        async for event in conversation.events():
            seqs.append(event.seq)
            if event.turn_id == turn_id and kind(event) in TERMINAL:
                terminal = kind(event)
                break
    return {"seqs": seqs, "connections": 2, "terminal": terminal}


async def lost(target: str, _: Path) -> dict[str, Any]:
    seqs, chunks, terminal = list[int](), 0, ""
    async with talking(target) as conversation:
        turn_id = await conversation.say(LONG_TEXT, mode=TEXT_MODE_SAY)
        async for event in conversation.events():
            seqs.append(event.seq)
            chunks += kind(event) == "audio_chunk"
            if kind(event) == "audio_chunk" and chunks == CHUNKS_BEFORE_STOP:
                await asyncio.sleep(BUSY_S)
            if event.turn_id == turn_id and kind(event) in TERMINAL:
                terminal = kind(event)
            if terminal and event.session_state.resumed:  # it comes behind the events that come again
                break
        connections = 1 + conversation.resumed_count
    return {"seqs": seqs, "connections": connections, "terminal": terminal}


async def errors(target: str, _: Path) -> dict[str, Any]:
    found, alive = list[dict[str, Any]](), False
    async with TthClient(target) as client:
        try:
            await client.create_session(controls(emotion="happy", intensity=7))
        except TthRpcError as error:
            found.append(_described(error))
        try:
            async with client.converse(cases.UNKNOWN_SESSION) as conversation:
                async for _event in conversation.events():
                    pass
        except TthRpcError as error:
            found.append(_described(error))
    async with talking(target) as conversation:
        await conversation.update(controls(emotion="happy", intensity=7))
        turn_id = await conversation.say(TURN_TEXT, mode=TEXT_MODE_SAY)
        async for event in conversation.events_of(turn_id):
            alive |= kind(event) == "turn_complete"
            if kind(event) == "error":
                found.append(cases.refusal(event.error))
    return {"errors": found, "alive_after": alive}


async def secure(target: str, output: Path) -> dict[str, Any]:
    secrets, refused = cases.Secrets(output), list[dict[str, Any]]()
    done = await turn(target, output, credentials=secrets.credentials(), token=secrets.token)
    for bad in secrets.refused():
        try:
            async with TthClient(target, connect_timeout_s=3.0, **bad) as client:
                await client.create_session()
        except TthRpcError as error:
            refused.append({"code": error.code.name, "reason": error.reason, "message": str(error)})
    return {"turn": done, "refused": refused}


async def save(target: str, output: Path) -> dict[str, Any]:
    async with talking(target, cases.FILM_CONTROLS, cases.H264) as conversation:
        turn_id = await conversation.say(TURN_TEXT, mode=TEXT_MODE_SAY)
        events = [event async for event in conversation.events_of(turn_id) if event.turn_id == turn_id]
    recorder_film(output / "turn.mp4", events)
    cases.write_sound(output / "turn.wav", events)
    frames = sum(kind(event) == "video_frame" for event in events)
    return {"wav": "turn.wav", "video": "turn.mp4", "frames": frames}


def recorder_film(path: Path, events: list[ConverseResponse]) -> None:
    """An MP4 with sound."""
    with Recorder(path) as recorder:
        for event in events:
            recorder.take(event)


def _described(error: TthRpcError) -> dict[str, Any]:
    fields = [item.field for item in error.violations]
    return {"code": error.code.name, "reason": error.reason, "fields": fields, "retryable": error.retryable}


CASES: dict[str, Callable[[str, Path], Awaitable[dict[str, Any]]]] = {
    "turn": turn,
    "controls": controls_,
    "interrupt": interrupt,
    "playback": playback,
    "resume": resume,
    "lost": lost,
    "errors": errors,
    "secure": secure,
    "save": save,
}


async def main() -> int:
    asked = cases.arguments(CASES)
    try:
        cases.told(await CASES[asked.case](asked.target, asked.output))
    except TthRpcError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
