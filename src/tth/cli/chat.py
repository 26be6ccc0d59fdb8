"""Talk with the person here in the terminal. Type while they speak to interrupt. Lines that come through a pipe are
said one after the other.

  /emotion happy 0.8    what they feel, and how strongly
  /persona casual       who speaks
  /say TEXT             speak this text as it stands
  /stop                 stop speaking
  /pause, /resume       hold them in mid-sentence; let them go on
  /help                 this list
  /quit                 leave (or Ctrl-D)"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from tth.cli import exits
from tth.cli.arguments import add_control_arguments, add_server_argument, controls_of, own_server_settings
from tth.cli.connection import client_of

if TYPE_CHECKING:
    from tth.cli.terminal import Terminal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `tth chat`."""
    add_server_argument(parser, own=True)
    parser.add_argument(
        "--record",
        type=Path,
        metavar="FILE.mp4",
        help="write what is received, with FILE.vtt beside; FILE.mov keeps a transparent background",
    )
    parser.add_argument("--language", default="", metavar="CODE", help='BCP 47, such as "de"; default: the server\'s')
    add_control_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Talk until the input ends."""
    from tth.cli.terminal import Terminal

    return asyncio.run(_chat(arguments, Terminal()))


async def _chat(arguments: argparse.Namespace, terminal: Terminal) -> int:
    from tth.cli.chat_room import ChatRoom
    from tth.cli.local_server import server_at
    from tth.client import media
    from tth.client.recorder import Recorder

    settings = own_server_settings(arguments)
    async with contextlib.AsyncExitStack() as stack:
        with terminal.working("connecting") as progress:
            target = await stack.enter_async_context(server_at(arguments.server, progress, settings=settings))
            client = await stack.enter_async_context(client_of(arguments, target))
            wanted = media(video=_video_for(arguments.record))
            session = await client.create_session(
                controls_of(arguments), media=wanted, language_code=arguments.language
            )
        if arguments.record:
            subtitles = arguments.record.with_suffix(".vtt")
            recorder = stack.enter_context(Recorder(arguments.record, subtitles=subtitles))
        else:
            recorder = None
        conversation = await stack.enter_async_context(client.converse(session.session_id))
        await ChatRoom(conversation, terminal, recorder, typed=sys.stdin.isatty()).run(_lines())
    if arguments.record:
        terminal.note(f"recorded {arguments.record}")
    return exits.OK


def _video_for(film: Path | None) -> str | None:
    """What to receive: nothing to see without a film, frames with alpha for one that keeps it."""
    if film is None:
        return "none"
    return "png" if film.suffix.lower() == ".mov" else None


def _lines() -> asyncio.Queue[str | None]:
    """Lines of standard input, None at its end. Read by a daemon thread: a terminal, a pipe and a file all work."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue[str | None]()

    def read() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, nobody listens any more
            for line in sys.stdin:
                loop.call_soon_threadsafe(queue.put_nowait, line.strip())
            loop.call_soon_threadsafe(queue.put_nowait, None)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    return queue
