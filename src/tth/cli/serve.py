"""Run the server: load the adapters of the profile, answer gRPC calls, and on Ctrl-C or SIGTERM let running turns
end before stopping. It listens before it is ready; `tth health` shows what it still loads."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Coroutine
from pathlib import Path

from tth.cli import exits
from tth.config.schema import is_loopback
from tth.observe.log import configure


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `tth serve`."""
    add_config_arguments(parser)
    parser.add_argument("--host", help="address to listen on (server.host)")
    parser.add_argument("--port", help="port to listen on, 0 takes a free one (server.port)")
    parser.add_argument(
        "--web",
        metavar="HOST:PORT",
        nargs="?",
        const="",
        help="serve browsers as well: page, WebSocket, HTTP (gateway.host and gateway.port, default 127.0.0.1:8080)",
    )
    parser.add_argument("--port-file", type=Path, metavar="FILE", help="write the port in use to this file")
    # A parent that is killed cannot stop its server; its end of the pipe closes in any case.
    parser.add_argument("--until-stdin-closes", action="store_true", help=argparse.SUPPRESS)


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """Which configuration; shared with `tth config`."""
    parser.add_argument("--profile", help="which adapters play which role; default offline, or TTH_PROFILE")
    parser.add_argument("--config", type=Path, metavar="FILE", help="a YAML file of your own, or TTH_CONFIG")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="one setting, such as server.max_sessions=50"
    )


def overrides_of(arguments: argparse.Namespace) -> dict[str, str]:
    """The settings given on the command line, by key."""
    overrides: dict[str, str] = {}
    for item in arguments.set:
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise exits.CommandFailed(f"--set {item}: must be KEY=VALUE", exits.USAGE)
        overrides[key] = value
    return overrides


def run(arguments: argparse.Namespace) -> int:
    """Serve until stopped."""
    from tth.config.load import load_config
    from tth.config.schema import LogFormat
    from tth.config.wiring import build_server, full_registry

    overrides = overrides_of(arguments)
    overrides |= {f"server.{key}": value for key in ("host", "port") if (value := getattr(arguments, key)) is not None}
    if arguments.web is not None:
        from tth.cli.gateway import web_settings

        overrides |= web_settings(arguments.web)
    registry = full_registry()
    config = load_config(registry, profile=arguments.profile, file=arguments.config, overrides=overrides)
    configure(config.server.log_level, as_json=config.server.log_format is LogFormat.JSON)
    log = logging.getLogger("tth")

    def listening(port: int) -> None:
        if config.server.tokens is None and not is_loopback(config.server.host):
            log.warning("anybody who reaches this address may call; TTH_SERVER_TOKENS lets in only who has a token")
        log.info("listening", extra={"host": config.server.host, "port": port, "profile": config.profile})
        if arguments.port_file is not None:
            part = arguments.port_file.with_name(arguments.port_file.name + ".part")
            part.write_text(f"{port}\n", encoding="ascii")
            os.replace(part, arguments.port_file)

    async def serve() -> None:
        if arguments.until_stdin_closes:
            threading.Thread(target=_stop_at_end_of_stdin, name="stdin", daemon=True).start()
        if arguments.web is None:
            await build_server(config, registry).run(listening, lambda: log.info("ready"))
        else:
            from tth.cli.gateway import run_with_gateway  # its packages only where it is asked for

            await run_with_gateway(config, registry, listening, lambda: log.info("ready"))

    run_loop(serve())
    return exits.OK


def run_loop(main: Coroutine[object, object, None]) -> None:
    """On uvloop where it exists: small messages cost a quarter less there."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
    else:
        uvloop.run(main)


def _stop_at_end_of_stdin() -> None:
    while os.read(sys.stdin.fileno(), 4096):  # not through sys.stdin, whose lock the interpreter wants at its end
        pass
    os.kill(os.getpid(), signal.SIGTERM)
