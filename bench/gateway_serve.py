"""The measured gateway: what `tth gateway` runs, on the same event loop, before a server that is there already."""

from __future__ import annotations

import argparse
import asyncio
from urllib.parse import urlsplit

import uvloop

from bench.child import parent_is_gone, say
from tth.config.schema import GatewaySettings
from tth.gateway.life import Gateway


async def serve(target: str) -> None:
    """Serve until the parent goes away."""
    gateway = Gateway(GatewaySettings(port=0, drain_s=0, target=target))
    gateway.bind()

    async def watch() -> None:
        await parent_is_gone()
        gateway.request_stop()

    async with asyncio.TaskGroup() as group:
        group.create_task(watch())
        say(f"port {urlsplit(gateway.address).port}")
        say("ready")
        await gateway.serve()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", metavar="HOST:PORT")
    uvloop.run(serve(parser.parse_args().target))


if __name__ == "__main__":
    main()
