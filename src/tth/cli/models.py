"""Adapters, personas and languages of a running server: what can be asked for, and what the profile uses (marked
with a star)."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tth.cli import exits
from tth.cli.arguments import add_server_argument
from tth.cli.connection import client_of

if TYPE_CHECKING:
    from tth.cli.terminal import Terminal
    from tth.v1.tth_service_pb2 import ListModelsResponse

_SHOWN_LANGUAGES = 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `tth models`."""
    add_server_argument(parser, own=False)
    parser.add_argument("--json", action="store_true", help="print the server's answer as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Ask and print."""
    from google.protobuf import json_format

    from tth.cli.terminal import Terminal

    async def ask() -> ListModelsResponse:
        async with client_of(arguments, arguments.server) as client:
            return await client.list_models()

    answer, terminal = asyncio.run(ask()), Terminal()
    if arguments.json:
        terminal.line(json_format.MessageToJson(answer, preserving_proto_field_name=True))
    else:
        _print(answer, terminal)
    return exits.OK


def _languages(codes: Sequence[str]) -> str:
    shown = " ".join(codes[:_SHOWN_LANGUAGES]) or "any"
    return shown if len(codes) <= _SHOWN_LANGUAGES else f"{shown} and {len(codes) - _SHOWN_LANGUAGES} more"


def _print(answer: ListModelsResponse, terminal: Terminal) -> None:
    terminal.line(f"profile {answer.profile}")
    terminal.line()
    terminal.table(
        ("", "role", "adapter", "kind", "languages", "description"),
        [
            ("*" if m.active else "", m.role, m.name, m.deployment, _languages(m.language_codes), m.description)
            for m in answer.models
        ],
    )
    for model in answer.models:
        if model.active and model.backgrounds:
            terminal.line(f"backgrounds: {', '.join(model.backgrounds)}, or a colour as #rrggbb")
    terminal.line()
    terminal.table(
        ("persona", "name", "description"),
        [(persona.persona_id, persona.display_name, persona.description) for persona in answer.personas],
    )
