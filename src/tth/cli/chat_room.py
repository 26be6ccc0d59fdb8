"""What happens between typed lines and events of a chat. Tests: tests/cli/test_chat_room.py."""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import TYPE_CHECKING

from tth.cli import chat, figures
from tth.cli.arguments import value_parser
from tth.client import PlaybackClock, TthRpcError, controls
from tth.v1 import converse_pb2

if TYPE_CHECKING:
    from tth.cli.terminal import Terminal
    from tth.client import Conversation
    from tth.client.recorder import Recorder
    from tth.v1.converse_pb2 import ConverseResponse

REPORT_EVERY_S = 0.4
"""The contract asks for a playback report every 250-500 ms."""


class ChatRoom:
    """One chat: lines in, text and figures out."""

    def __init__(
        self, conversation: Conversation, terminal: Terminal, recorder: Recorder | None, *, typed: bool
    ) -> None:
        """typed: a person types; a new line interrupts. Otherwise a line waits for the end of the turn before it."""
        self._conversation = conversation
        self._terminal = terminal
        self._recorder = recorder
        self._typed = typed
        self._playback = PlaybackClock()
        self._running: set[str] = set()
        self._is_in_line = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self, lines: asyncio.Queue[str | None]) -> None:
        """Until the input ends or /quit. Raises TthRpcError when the stream ends badly."""
        if self._typed:
            self._terminal.note("Say something; /help lists what else you can do.")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._show_events())
                reports = group.create_task(self._report_playback())
                try:
                    await self._take_lines(lines)
                    if self._typed:
                        await self._stop()
                    await self._conversation.finish()
                finally:
                    reports.cancel()
        except* TthRpcError as errors:
            raise errors.exceptions[0] from None

    async def _take_lines(self, lines: asyncio.Queue[str | None]) -> None:
        while (line := await lines.get()) is not None:
            if not self._typed:
                await self._idle.wait()
                self._terminal.note(f"> {line}")
            if line == "/quit":
                break
            if line:
                await self._take_line(line)

    async def _take_line(self, line: str) -> None:
        command, _, rest = line.partition(" ") if line.startswith("/") else ("", "", line)
        try:
            match command:
                case "":
                    await self._say(rest, converse_pb2.TEXT_MODE_TALK)
                case "/say" if rest.strip():
                    await self._say(rest.strip(), converse_pb2.TEXT_MODE_SAY)
                case "/stop":
                    await self._stop()
                case "/pause":
                    await self._conversation.pause(playback=self._playback.report(time.monotonic()))
                case "/resume":
                    await self._conversation.resume()
                case "/emotion" if rest.split():
                    word, *intensity = rest.split()
                    value = float(str(value_parser("intensity")(intensity[0]))) if intensity else None
                    await self._conversation.update(controls(emotion=word.lower(), intensity=value))
                case "/persona" if rest.strip():
                    await self._conversation.update(controls(persona=rest.strip()))
                case "/help":
                    self._terminal.line(chat.__doc__ or "")
                case _:
                    self._terminal.note(f"{command}: not understood, /help lists the commands", "yellow")
        except (ValueError, argparse.ArgumentTypeError) as error:
            self._terminal.note(f"{command}: {error}", "yellow")

    async def _say(self, text: str, mode: converse_pb2.TextMode) -> None:
        await self._stop()
        self._running.add(await self._conversation.say(text, mode=mode))
        self._idle.clear()

    async def _stop(self) -> None:
        if self._conversation.turn_id in self._running:
            await self._conversation.interrupt(playback=self._playback.report(time.monotonic()))

    async def _report_playback(self) -> None:
        while True:
            await asyncio.sleep(REPORT_EVERY_S)
            position = self._playback.report(time.monotonic())
            if position is not None and self._running:
                await self._conversation.report_playback(position)

    async def _show_events(self) -> None:
        async for event in self._conversation.events():
            self._playback.take(event, time.monotonic())
            if self._recorder is not None:
                self._recorder.take(event)
            self._show(event)
            self._running.discard(self._conversation.ended_turn_id)
            if not self._running:
                self._idle.set()

    def _show(self, event: ConverseResponse) -> None:
        match event.WhichOneof("payload"):
            case "text_delta":
                self._terminal.piece(event.text_delta.text, "bold")
                self._is_in_line = not event.text_delta.last
                if event.text_delta.last:  # what is typed next stands on a line of its own
                    self._terminal.line()
            case "turn_metrics":
                if self._is_in_line:
                    self._terminal.line()
                self._is_in_line = False
                self._terminal.note(figures.summary(event.turn_metrics))
            case "control_ack":
                for change in figures.downgraded(event.control_ack.report):
                    self._terminal.note(change, "yellow")
            case "degraded_mode":
                style = "yellow" if event.degraded_mode.active else "dim"
                self._terminal.note(f"{event.degraded_mode.component}: {event.degraded_mode.action}", style)
            case "turn_paused":
                self._terminal.note("paused: /resume lets them go on")
            case "turn_resumed":
                self._terminal.note(f"going on after {event.turn_resumed.paused_ms / 1000:.1f} s")
            case "error":
                self._show_error(event)
            case "go_away":
                self._terminal.note("the server is going away", "yellow")
            case _:
                pass

    def _show_error(self, event: ConverseResponse) -> None:
        error = event.error
        fields = [
            f"; {item.field}: {item.description}" for item in error.field_violations if item.field not in error.message
        ]
        self._terminal.note(f"{error.message} ({error.reason}){''.join(fields)}", "red")
