"""A short recorded conversation that shows everything, and checks itself.

Starts a server on the offline profile (no key, no graphics card, no network) or another one, talks with it through a
real gRPC channel and the shipped client, and writes into the output folder:
  demo.mp4     what was received, H.264 and AAC
  demo.vtt     its subtitles
  contact.png  labelled stills of every turn
  demo.json    the figures of every turn as the server sent them"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tth.cli import exits
from tth.cli.arguments import add_server_argument, own_server_settings
from tth.cli.connection import client_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from tth.cli.demo_run import TurnRecord
    from tth.cli.demo_script import DemoTurn
    from tth.cli.terminal import Progress, Terminal
    from tth.client import Conversation, TthClient
    from tth.client.recorder import Recorder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `tth demo`."""
    parser.add_argument(
        "--output", type=Path, default=Path("out"), metavar="FOLDER", help="where to write; default out"
    )
    parser.add_argument("--smoke", action="store_true", help="one turn only")
    parser.add_argument("--profile", default="offline", help="of the server that is started; default offline")
    parser.add_argument(
        "--emulate", action="store_true", help="stand in for every provider of the profile; no key, no network"
    )
    add_server_argument(parser, own=True)


def run(arguments: argparse.Namespace) -> int:
    """Hold the conversation, write the files, print the table and the verdict."""
    from tth.cli.terminal import Terminal

    arguments.output.mkdir(parents=True, exist_ok=True)
    return asyncio.run(_demo(arguments, Terminal()))


async def _demo(arguments: argparse.Namespace, terminal: Terminal) -> int:
    from tth.cli import demo_report
    from tth.cli.demo_check import check_film, check_turns, failures, measure
    from tth.cli.demo_script import script_for
    from tth.client import media
    from tth.client.recorder import Recorder

    film = arguments.output / "demo.mp4"
    started_s = time.monotonic()
    async with contextlib.AsyncExitStack() as stack:
        with terminal.working("starting") as progress:
            target = await stack.enter_async_context(_server(arguments, progress))
            client = await stack.enter_async_context(client_of(arguments, target))
            script = script_for(can_say=await _can_say(client), smoke=arguments.smoke)
            session = await client.create_session(media=media(motion=True))
        terminal.note(f"ready after {time.monotonic() - started_s:.1f} s")
        recorder = Recorder(film, subtitles=film.with_suffix(".vtt"), blendshape_names=session.blendshape_names)
        with recorder:
            async with client.converse(session.session_id) as conversation:
                records = await _hold(conversation, recorder, script, terminal)
        await client.end_session(session.session_id)
    if not film.exists():
        raise exits.CommandFailed("no sound and no picture came")
    with terminal.working("looking at the film"):
        stills = recorder.stills([record.turn_id for record in records], demo_report.STILLS_PER_TURN)
        demo_report.write_contact_sheet(arguments.output / "contact.png", records, stills)
        checks = [*check_turns(records, len(script)), *check_film(measure(film), recorder.frame_count)]
        checks += demo_report.check_files(arguments.output, records, stills)
        demo_report.write_json(arguments.output / "demo.json", records, checks, session.session_id)
    demo_report.show(terminal, records, checks, arguments.output, time.monotonic() - started_s)
    return exits.FAILED if failures(checks) else exits.OK


@contextlib.asynccontextmanager
async def _server(arguments: argparse.Namespace, progress: Progress) -> AsyncIterator[str]:
    """The address of the server to talk to; one of our own, and stand-ins for its providers, last as long as the block.

    Everybody who speaks is there before the first word: who watches should not wait later. Raises CommandFailed.
    """
    from tth.adapters.base import Role
    from tth.cli.demo_script import script_for
    from tth.cli.emulate import placeholder_keys, stand_ins
    from tth.cli.local_server import server_at
    from tth.config.load import load_config
    from tth.config.wiring import full_registry

    if arguments.server is not None and (arguments.emulate or arguments.profile != "offline"):
        raise exits.CommandFailed(
            "--profile and --emulate are for a server of one's own, not for --server", exits.USAGE
        )
    keys = placeholder_keys() if arguments.emulate else None
    config = load_config(full_registry(), profile=arguments.profile, environ=keys)
    cast = {(role, name) for role in Role if (name := config.roles.adapter_of(role)) is not None}
    settings, variables = list(own_server_settings(arguments)), dict[str, str]()
    async with contextlib.AsyncExitStack() as stack:
        if arguments.emulate:
            progress.now("starting the stand-ins")
            found = await stack.enter_async_context(stand_ins(cast))
            settings += [f"{path}={value}" for path, value in found.settings.items()]
            variables |= found.variables
        if (Role.AVATAR, "embedded_face") in cast:
            script = script_for(can_say=config.roles.tts is not None, smoke=arguments.smoke)
            looks = dict.fromkeys(config.personas[turn.persona].persona.look for turn in script)
            settings.append(f"adapters.avatar.embedded_face.preload={','.join(looks)}")
        yield await stack.enter_async_context(
            server_at(arguments.server, progress, arguments.profile, settings, variables)
        )


async def _can_say(client: TthClient) -> bool:
    """There is a voice that speaks texts as they stand."""
    models = (await client.list_models()).models
    return any(model.active and model.role == "tts" for model in models)


async def _hold(
    conversation: Conversation, recorder: Recorder, script: Sequence[DemoTurn], terminal: Terminal
) -> list[TurnRecord]:
    from tth.cli import figures
    from tth.cli.demo_run import TURN_TIMEOUT_S, hold

    def announce(number: int, plan: DemoTurn) -> None:
        terminal.line(f"turn {number}, {plan.persona}, {plan.emotion} {plan.intensity:g}", "cyan")
        if plan.talk:
            terminal.line(f"  you: {plan.text}", "dim")
        terminal.piece("  ")

    def done(record: TurnRecord) -> None:
        terminal.line()
        for metrics in record.metrics:
            terminal.note(f"  {figures.summary(metrics)}")
        for ending in record.endings:
            if ending.HasField("turn_stopped"):
                terminal.note(f"  {figures.stop_summary(ending.turn_stopped)}")

    try:
        return await hold(conversation, recorder, script, announce, terminal.piece, done)
    except TimeoutError:
        raise exits.CommandFailed(f"a turn did not end within {TURN_TIMEOUT_S:g} s") from None
