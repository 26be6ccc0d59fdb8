"""The async Python program, spoilt: `tampered.py HOW CASE --target HOST:PORT --output DIR`. Run by test_tampered.py."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "clients" / "python" / "conformance"))

import async_client as program
import cases

from tth.client import Conversation, TthClient, TthRpcError, controls
from tth.client.line import Line, ResumePoint
from tth.v1.converse_pb2 import ConverseResponse


async def _nothing(*_: object, **__: object) -> None:
    """In place of something."""


async def _half_close(self: Conversation, drain_s: float = 0.0) -> None:
    await self.finish()
    await asyncio.sleep(0.3)
    await _close(self, drain_s)


async def _other_update(self: Conversation, *_: object) -> None:
    await _update(self, controls(intensity=0.7))


async def _anew(target: str, output: Path) -> dict[str, Any]:
    """In place of coming back: begins another session, and hopes that nobody looks."""
    first = await program.interrupt(target, output)
    return {"seqs": [event["seq"] for event in first["events"]], "connections": 2, "terminal": "turn_stopped"}


def _wants_all(self: Conversation, event: ConverseResponse) -> bool:
    return _is_wanted(self, event) or True


def _from_the_start(self: Line) -> ResumePoint | None:
    point = _resume_point(self)
    return None if point is None else dataclasses.replace(point, last_seq=0)


def _with_what_waits(self: Line) -> ResumePoint | None:
    point = _resume_point(self)
    return None if point is None else dataclasses.replace(point, last_seq=self._received_seq)


async def _begins_empty(self: Line, *, resumes: bool) -> TthRpcError | None:
    while resumes and not self._inbox.empty():
        self._inbox.get_nowait()
    return await _one_call(self, resumes=resumes)


def _all_but_the_token(self: cases.Secrets) -> list[dict[str, Any]]:
    return [{"credentials": self.credentials()}] * 3


def _without_return(self: TthClient, session_id: str) -> Conversation:
    return _converse(self, session_id, reconnect_s=0)


_close, _update, _is_wanted = Conversation.close, Conversation.update, Conversation._is_wanted
_converse, _one_call = TthClient.converse, Line._one_call
_resume_point: Callable[[Line], ResumePoint | None] = Line.__dict__["resume_point"].fget

SPOILT: dict[str, tuple[object, str, object]] = {
    "says something else": (program, "TURN_TEXT", "Something else."),
    "asks for nothing": (program, "controls", lambda **_: None),
    "hands on what is stale": (Conversation, "_is_wanted", _wants_all),
    "interrupts late": (program, "CHUNKS_BEFORE_STOP", 4),
    "does not interrupt": (Conversation, "interrupt", _nothing),
    "does not report": (Conversation, "report_playback", _nothing),
    "half-closes": (Conversation, "close", _half_close),
    "forgets where it was": (Line, "resume_point", property(_from_the_start)),
    "claims what waits": (Line, "resume_point", property(_with_what_waits)),
    "forgets what waits": (Line, "_one_call", _begins_empty),
    "begins anew": (program, "resume", _anew),
    "stays away": (TthClient, "converse", _without_return),
    "has a certificate always": (cases.Secrets, "refused", _all_but_the_token),
    "makes no mistake": (Conversation, "update", _other_update),
}
"""What is put in the place of what."""


if __name__ == "__main__":
    thing, name, replacement = SPOILT[sys.argv.pop(1)]
    setattr(thing, name, replacement)
    program.CASES["resume"] = program.resume
    sys.exit(asyncio.run(program.main()))
