"""How a running server and each of its adapters are. Code 0 when it serves (also degraded), 1 when it does not yet
or no longer, 3 when nobody answers."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING

from tth.cli import exits
from tth.cli.arguments import add_server_argument
from tth.cli.connection import client_of

if TYPE_CHECKING:
    from tth.v1.tth_service_pb2 import HealthResponse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `tth health`."""
    add_server_argument(parser, own=False)
    parser.add_argument("--json", action="store_true", help="print the server's answer as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Ask, print, and say it by the exit code."""
    from google.protobuf import json_format

    from tth.cli.terminal import Terminal
    from tth.v1 import tth_service_pb2 as pb

    async def ask() -> HealthResponse:
        async with client_of(arguments, arguments.server) as client:
            return await client.health()

    answer, terminal = asyncio.run(ask()), Terminal()
    if arguments.json:
        terminal.line(json_format.MessageToJson(answer, preserving_proto_field_name=True))
    else:
        terminal.line(
            f"{_word(answer.status)}: tth {answer.version}, profile {answer.profile}, up {answer.uptime_s:.0f} s, "
            f"{answer.session_count} sessions, {answer.turn_count} turns"
        )
        terminal.table(
            ("component", "status", "loaded in", "detail"),
            [(c.component, _word(c.status), f"{c.load_ms:.0f} ms", c.detail) for c in answer.components],
            right=frozenset({2}),
        )
    return exits.OK if answer.status in (pb.HEALTH_STATUS_SERVING, pb.HEALTH_STATUS_DEGRADED) else exits.FAILED


def _word(status: int) -> str:
    from tth.v1 import tth_service_pb2 as pb

    return pb.HealthStatus.Name(pb.HealthStatus.ValueType(status)).removeprefix("HEALTH_STATUS_").lower()
