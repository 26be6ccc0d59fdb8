"""Measure: `python -m bench [names...] [--quick] [--json FILE]`. Without names: everything."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

import uvloop

from bench.figures import Figure, machine, record, table
from bench.run import Measure, Progress, Run

BENCHMARKS: Mapping[str, str] = MappingProxyType(
    {
        "engine": "the engine alone, without gRPC",
        "added_latency": "what engine and gRPC add to the first sound",
        "cpu_per_event": "what one event costs the server",
        "events_per_second": "what one server process delivers",
        "interrupt_stop": "how fast, and how clean, an interrupt is",
        "open_to_first_picture": "from opening the stream to a face",
        "offline_first": "first sound and speaking picture, embedded voice and face",
        "motion": "faces as numbers, without pictures",
        "face": "painting and encoding the embedded face",
        "painter": "sculpted heads alone: people, detail, start",
        "puppet": "the same for a portrait",
        "live_face": "one live session with pictures, painted and not",
        "slow_readers": "what a client gets that reads too slowly",
        "providers": "what our adapters add to a provider's own time, against emulators",
        "gateway": "what the gateway for browsers adds",
        "sessions": "how many sessions one server carries",
        "soak": "half an hour of talk: drift, memory and counts must stay as they are",
    }
)


LONG = ("soak",)
"""Only run when asked for by name."""


def measure(names: list[str], *, quick: bool, minutes: float | None) -> list[Figure]:
    """Run benchmarks one after the other."""
    figures: list[Figure] = []
    for number, name in enumerate(names, 1):
        progress = Progress(f"[{number}/{len(names)}] {name}")
        begin_s = time.monotonic()
        found: Measure = import_module(f"bench.{name}").measure
        figures += uvloop.run(_as_coroutine(found, Run(progress, quick, minutes)))
        progress.clear()
        print(f"{progress.title}: {time.monotonic() - begin_s:.0f} s", file=sys.stderr, flush=True)
    return figures


async def _as_coroutine(found: Measure, run: Run) -> list[Figure]:
    return await found(run)


def main() -> int:
    listing = "\n".join(f"  {name:22} {text}" for name, text in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        epilog=listing,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which benchmarks")
    parser.add_argument("--quick", action="store_true", help="a few samples: to see that it works, not to measure")
    parser.add_argument("--minutes", type=float, help="how long the soak runs (default 30)")
    parser.add_argument("--strict", action="store_true", help="fail when a target is missed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the record there")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"unknown benchmark: {', '.join(unknown)}; known: {', '.join(BENCHMARKS)}")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # its notes about forks are not for people
    loads = [os.getloadavg()[0]]
    taken_at = datetime.now(UTC).isoformat(timespec="seconds")
    figures = measure(
        arguments.names or [name for name in BENCHMARKS if name not in LONG],
        quick=arguments.quick,
        minutes=arguments.minutes,
    )
    loads.append(os.getloadavg()[0])
    print("\n" + table(figures))
    about = machine()
    print(f"\n{about.pop('cpu')}, {about.pop('cores')} cores, {about.pop('system')}; ", end="")
    print(", ".join(f"{name} {text}" for name, text in about.items()), end="; ")
    print(f"load {loads[0]:.1f} before, {loads[1]:.1f} after; {taken_at}")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(record(figures, taken_at, loads, quick=arguments.quick), indent=1) + "\n")
    missed = [figure for figure in figures if figure.reached is False]
    return 1 if arguments.strict and missed else 0


if __name__ == "__main__":
    sys.exit(main())
