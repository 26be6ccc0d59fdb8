"""`tth`: finds the command, turns every expected failure into one readable message and an exit code.

Only the chosen command's module is imported, so `tth --help` answers at once. Tests: tests/cli/test_main.py.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType

from tth.cli import exits

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "serve": "run the server until Ctrl-C",
        "gateway": "serve browsers in front of a server: page, WebSocket, HTTP",
        "chat": "talk with the person here in the terminal",
        "say": "let the person say a text, into a file",
        "face": "the people that can be shown: list, pictures, films, plots, 3D heads",
        "demo": "a short recorded conversation that shows everything, and checks itself",
        "models": "adapters, personas and languages of a server",
        "health": "how a server and its parts are",
        "providers": "check the providers: one small real call each",
        "emulate": "stand in for a provider, for developing without its key",
        "config": "explain the configuration: each value and where it comes from",
    }
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. Raises SystemExit for --help and for wrong usage (argparse)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # gRPC's own lines about lost connections are not for people
    if not words or words[0] not in COMMANDS:
        _top_parser().parse_args(words or ["--help"])  # ends the program: help, version or usage
        return exits.USAGE
    command = import_module(f"tth.cli.{words[0]}")
    parser = argparse.ArgumentParser(
        prog=f"tth {words[0]}",
        description=command.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=exits.HELP,
    )
    command.add_arguments(parser)
    return exits.guarded(lambda: command.run(parser.parse_args(words[1:])))


def _top_parser() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS))
    listing = "\n".join(f"  {name:{width}}  {text}" for name, text in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="tth",
        usage="tth COMMAND [options]",
        description="Text to human: a person who speaks what you type, over one gRPC stream.",
        epilog=f"commands:\n{listing}\n\ntth COMMAND --help says more.\n\n{exits.HELP}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tth {_version()}")
    parser.add_argument("command", choices=tuple(COMMANDS), metavar="COMMAND", help=argparse.SUPPRESS)
    return parser


def _version() -> str:
    try:
        return version("tth")
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
