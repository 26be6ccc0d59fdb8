"""Serve browsers and other HTTP clients in front of a TTH server: the page at /, conversations over WebSocket, the
other calls as JSON. It holds no session, so several may stand before one server. docs/gateway.md lists what it answers.

examples:
  tth gateway                                   the server at localhost:50051, the page at http://127.0.0.1:8080/
  tth gateway --target tth.internal:50051 --web 0.0.0.0:8080
  TTH_GATEWAY_TOKENS=secret tth gateway         only for who shows the token
  tth gateway --set gateway.tls_cert=chain.pem --set gateway.tls_key=key.pem

`tth serve --web` is both in one process.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import tempfile
from dataclasses import replace
from typing import TYPE_CHECKING

from tth.cli import exits
from tth.cli.serve import add_config_arguments, overrides_of, run_loop
from tth.observe.log import configure

if TYPE_CHECKING:
    from collections.abc import Callable

    from tth.adapters.registry import Registry
    from tth.config.schema import Config, GatewaySettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `tth gateway`."""
    parser.add_argument("--target", metavar="HOST:PORT", help="the server (gateway.target, default 127.0.0.1:50051)")
    parser.add_argument("--web", metavar="HOST:PORT", help="address to listen on (gateway.host and gateway.port)")
    add_config_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Serve until stopped."""
    from tth.config.load import load_config
    from tth.config.schema import LogFormat
    from tth.config.wiring import full_registry
    from tth.gateway.life import Gateway

    overrides = overrides_of(arguments) | web_settings(arguments.web)
    if arguments.target is not None:
        overrides["gateway.target"] = arguments.target
    config = load_config(full_registry(), profile=arguments.profile, file=arguments.config, overrides=overrides)
    configure(config.server.log_level, as_json=config.server.log_format is LogFormat.JSON)

    async def serve() -> None:
        gateway = Gateway(config.gateway)
        gateway.bind()
        announce(gateway.address)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, gateway.request_stop)
        await gateway.serve()

    run_loop(serve())
    return exits.OK


def web_settings(web: str | None) -> dict[str, str]:
    """The settings that `--web HOST:PORT`, `--web PORT` or `--web HOST` stands for. Raises CommandFailed."""
    if not web:
        return {}
    host, colon, port = web.rpartition(":") if not web.endswith("]") else (web, "", "")
    if not colon:
        host, port = ("", web) if web.isdecimal() else (host or web, "")
    if port and not port.isdecimal():
        raise exits.CommandFailed(f"--web {web}: must be HOST:PORT, such as 127.0.0.1:8080", exits.USAGE)
    return {f"gateway.{key}": value for key, value in (("host", host), ("port", port)) if value}


def announce(address: str) -> None:
    """Tell whoever started it where to look."""
    print(f"open {address} in a browser", flush=True)


async def run_with_gateway(
    config: Config, registry: Registry, on_listening: Callable[[int], None], on_ready: Callable[[], None]
) -> None:
    """Server and gateway in one process: the gateway begins as soon as the server listens, and ends behind it, so that
    what the server says at its end still reaches the browsers. They talk over a socket that nobody else can open, so
    the server may want certificates of everybody else. Raises what `TthServer.run` and `Gateway` raise."""
    from tth.config.wiring import build_server
    from tth.gateway.life import Gateway

    gateway = Gateway(settings_beside(config))
    gateway.bind()
    is_listening = asyncio.Event()

    def listening(port: int) -> None:
        on_listening(port)
        is_listening.set()

    def ready() -> None:
        on_ready()
        announce(gateway.address)

    with tempfile.TemporaryDirectory(prefix="tth-") as folder:  # readable by ourselves alone
        between = f"unix:{folder}/server"
        server = build_server(config, registry, between)

        async def serve() -> None:
            await is_listening.wait()
            try:
                await gateway.serve(between)
            finally:
                server.request_stop()  # without a gateway it is not wanted either

        serving = asyncio.create_task(serve(), name="gateway")
        try:
            await server.run(listening, ready)
        finally:
            gateway.request_stop()
            if not is_listening.is_set():
                serving.cancel()
            await asyncio.wait([serving])
    if not serving.cancelled():
        serving.result()


def settings_beside(config: Config) -> GatewaySettings:
    """The gateway's settings before the server in this process: a gateway that has tokens of its own shows one of the
    server's in their place."""
    from tth.config.schema import tokens_in
    from tth.model.secret import Secret

    settings, server = config.gateway, config.server
    if settings.tokens is None or settings.target_token is not None or server.tokens is None:
        return settings
    return replace(settings, target_token=Secret(tokens_in(server.tokens)[0]))
