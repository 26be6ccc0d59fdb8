"""The measured server: what `tth serve` runs, on the same event loop, with the benchmark's ready adapters to choose."""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import pstats
import sys

import uvloop

from bench.child import parent_is_gone, say, stay_on
from bench.ready import SPECS
from tth.config.load import load_config
from tth.config.wiring import build_server, full_registry
from tth.server.app import TthServer

STATS_S = 1.0
LAG_S = 0.05
"""How often the event loop is asked how late it is."""


async def serve(profile: str, overrides: dict[str, str], *, stats: bool = False) -> None:
    """Serve until the parent goes away. stats: say once a second how it is."""
    registry = full_registry(SPECS)
    config = load_config(registry, profile=profile, overrides=overrides, environ={})
    server = build_server(config, registry)

    async def watch() -> None:
        await parent_is_gone()
        server.request_stop()

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch())
        telling: list[asyncio.Task[None]] = []

        def ready() -> None:
            say("ready")
            if stats:
                telling.append(group.create_task(_tell(server)))

        await server.run(lambda port: say(f"port {port}"), ready)
        for task in (watching, *telling):
            task.cancel()


async def _tell(server: TthServer) -> None:
    """A line of JSON a second: tasks, sessions, and how late the event loop was at most."""
    loop = asyncio.get_running_loop()
    while True:
        lag_s, until_s = 0.0, loop.time() + STATS_S
        while (asked_s := loop.time()) < until_s:
            await asyncio.sleep(LAG_S)
            lag_s = max(lag_s, loop.time() - asked_s - LAG_S)
        told = {"tasks": len(asyncio.all_tasks()), "sessions": len(server.sessions), "lag_ms": lag_s * 1000}
        say(json.dumps(told))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default="offline_mock")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--core", type=int)
    parser.add_argument("--stats", action="store_true", help="say once a second how it is")
    parser.add_argument("--cprofile", action="store_true", help="print where the time went, to standard error")
    arguments = parser.parse_args()
    stay_on(arguments.core)
    overrides = {"server.port": "0", "server.drain_s": "0", "server.log_level": "warning"}
    overrides |= dict(item.partition("=")[::2] for item in arguments.set)
    if not arguments.cprofile:
        uvloop.run(serve(arguments.profile, overrides, stats=arguments.stats))
        return
    profiler = cProfile.Profile()
    profiler.runcall(uvloop.run, serve(arguments.profile, overrides))
    pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(45)


if __name__ == "__main__":
    main()
