"""Let the person say a text, into a file: .mp4 with picture and sound, .mov with an
alpha channel for editing (with --background transparent), .wav with sound alone. Made as fast as the
machine can, not in real time. TEXT "-" reads the text from standard input."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tth.cli import exits
from tth.cli.arguments import add_control_arguments, add_server_argument, controls_of, own_server_settings
from tth.cli.connection import client_of

if TYPE_CHECKING:
    from tth.cli.terminal import Progress, Terminal
    from tth.client import TthClient
    from tth.v1.tth_service_pb2 import Job

_WAIT_MS = 500
"""How often the progress is looked at."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `tth say`."""
    parser.add_argument("text", metavar="TEXT", help="what to say, 1..4000 letters")
    parser.add_argument("-o", "--output", type=_output, default=Path("say.mp4"), help="file to write; default say.mp4")
    parser.add_argument("--talk", action="store_true", help="answer the text in place of saying it")
    parser.add_argument("--language", default="", metavar="CODE", help='BCP 47, such as "de"; default: the server\'s')
    add_server_argument(parser, own=True)
    add_control_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Make the file."""
    text = sys.stdin.read() if arguments.text == "-" else arguments.text
    return asyncio.run(_say(text, arguments))


async def _say(text: str, arguments: argparse.Namespace) -> int:
    from tth.cli.local_server import server_at
    from tth.cli.terminal import Terminal

    terminal = Terminal()
    settings = own_server_settings(arguments)
    with terminal.working("connecting") as progress:
        async with (
            server_at(arguments.server, progress, settings=settings) as target,
            client_of(arguments, target) as client,
        ):
            job = await _generate(client, text, arguments, progress)
            arguments.output.parent.mkdir(parents=True, exist_ok=True)
            size_bytes = await client.download(job.job_id, arguments.output)
    _print(terminal, job, arguments.output, size_bytes)
    return exits.OK


async def _generate(client: TthClient, text: str, arguments: argparse.Namespace, progress: Progress) -> Job:
    """A finished job. Raises CommandFailed when it failed."""
    from tth.v1 import converse_pb2
    from tth.v1 import tth_service_pb2 as pb

    formats = {".mp4": pb.ARTIFACT_FORMAT_MP4, ".mov": pb.ARTIFACT_FORMAT_MOV, ".wav": pb.ARTIFACT_FORMAT_WAV}
    job = await client.generate(
        text,
        mode=converse_pb2.TEXT_MODE_TALK if arguments.talk else converse_pb2.TEXT_MODE_SAY,
        controls=controls_of(arguments),
        language_code=arguments.language,
        artifact_format=formats[arguments.output.suffix.lower()],
        wait_ms=_WAIT_MS,
    )
    try:
        while job.state in (pb.JOB_STATE_QUEUED, pb.JOB_STATE_RUNNING):
            progress.now("waiting" if job.state == pb.JOB_STATE_QUEUED else f"{job.progress_us / 1e6:.0f} s made")
            await asyncio.sleep(_WAIT_MS / 1000)
            job = await client.get_job(job.job_id)
    except asyncio.CancelledError:
        await client.cancel_job(job.job_id)
        raise
    if job.state != pb.JOB_STATE_SUCCEEDED:
        raise exits.CommandFailed(f"{job.error.message or 'the job did not succeed'} ({job.error.reason})")
    return job


def _print(terminal: Terminal, job: Job, path: Path, size_bytes: int) -> None:
    from tth.cli import figures

    duration_s = job.artifact.duration_us / 1e6
    terminal.line(f"{path}: {duration_s:.1f} s, {size_bytes / 1024:.0f} KiB")
    if job.metrics.total_ms > 0:
        speed = duration_s * 1000 / job.metrics.total_ms
        terminal.note(f"made in {job.metrics.total_ms / 1000:.1f} s, {speed:.1f} times as fast as it plays")
    for change in figures.downgraded(job.metrics.control_report):
        terminal.note(change, "yellow")


def _output(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in (".mp4", ".mov", ".wav"):
        raise argparse.ArgumentTypeError("must end in .mp4, .mov or .wav")
    return path
