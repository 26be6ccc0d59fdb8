"""grpc.aio alone: messages of given sizes, made of bytes, at once or paced. What the engine is measured against."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import AsyncIterator
from itertools import cycle
from typing import Any, TypeAlias

import grpc
import uvloop

from bench.child import parent_is_gone, say, stay_on

BytesCall: TypeAlias = "grpc.aio.StreamStreamCall[bytes, bytes]"
FLOOD = "/bench.Bare/Flood"
PACE = "/bench.Bare/Pace"
PACE_S = 0.02
"""Between two messages of a stream: about the rate of a live session with sound and motion."""


async def flood(requests: AsyncIterator[bytes], context: Any) -> None:
    """For every message, a JSON list of sizes, write messages of these sizes."""
    async for message in requests:
        for size in json.loads(message):
            await context.write(bytes(size))


async def pace(requests: AsyncIterator[bytes], context: Any) -> None:
    """As `flood`, again and again, one message every `PACE_S`."""
    async for message in requests:
        for size in cycle(json.loads(message)):
            await asyncio.sleep(PACE_S)
            await context.write(bytes(size))


async def serve() -> None:
    """Serve until the parent goes away."""
    handlers: dict[str, Any] = {
        "Flood": grpc.stream_stream_rpc_method_handler(flood),
        "Pace": grpc.stream_stream_rpc_method_handler(pace),
    }
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Bare", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    say(f"port {port}")
    say("ready")
    await parent_is_gone()
    await server.stop(None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--core", type=int)
    stay_on(parser.parse_args().core)
    uvloop.run(serve())


if __name__ == "__main__":
    main()
