"""The measured server: what `tth serve` runs, on the same event loop, with the benchmark's ready adapters to choose."""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import sys

import uvloop

from bench.child import parent_is_gone, say, stay_on
from bench.ready import SPECS
from tth.config.load import load_config
from tth.config.wiring import build_server, full_registry


async def serve(profile: str, overrides: dict[str, str]) -> None:
    """Serve until the parent goes away."""
    registry = full_registry(SPECS)
    config = load_config(registry, profile=profile, overrides=overrides, environ={})
    server = build_server(config, registry)

    async def watch() -> None:
        await parent_is_gone()
        server.request_stop()

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch())
        await server.run(lambda port: say(f"port {port}"), lambda: say("ready"))
        watching.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default="offline_mock")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--core", type=int)
    parser.add_argument("--cprofile", action="store_true", help="print where the time went, to standard error")
    arguments = parser.parse_args()
    stay_on(arguments.core)
    overrides = {"server.port": "0", "server.drain_s": "0", "server.log_level": "warning"}
    overrides |= dict(item.partition("=")[::2] for item in arguments.set)
    if not arguments.cprofile:
        uvloop.run(serve(arguments.profile, overrides))
        return
    profiler = cProfile.Profile()
    profiler.runcall(uvloop.run, serve(arguments.profile, overrides))
    pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(45)


if __name__ == "__main__":
    main()
