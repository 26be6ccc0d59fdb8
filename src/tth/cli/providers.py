"""Check the providers: one small real call of each adapter that asks somebody outside, and what came of it. What has
no key here is skipped with the reason. `--set` and TTH_ variables count, so that an emulator can be asked as well."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING

from tth.cli import exits
from tth.cli.serve import overrides_of

if TYPE_CHECKING:
    from tth.adapters.base import AdapterSpec
    from tth.adapters.registry import Registry

SKIPPED, FAILED, GOOD = "skipped", "failed", "ok"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `tth providers`."""
    from pathlib import Path

    parser.add_argument("action", choices=("check",), help="check: make one small call of each")
    parser.add_argument("names", nargs="*", metavar="NAME", help="adapters, such as openai_chat; without: all")
    parser.add_argument("--config", type=Path, metavar="FILE", help="a YAML file of your own, or TTH_CONFIG")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="one setting")


def run(arguments: argparse.Namespace) -> int:
    """Ask one after the other. Code 1 when one fails that was asked, 2 for a name that is unknown."""
    from tth.cli.provider_probe import PROBED_ROLES, is_provided
    from tth.cli.terminal import Terminal
    from tth.config.wiring import full_registry

    registry = full_registry()
    specs = [spec for spec in registry if spec.role in PROBED_ROLES and is_provided(spec)]
    known = [spec.name for spec in specs]
    unknown = [name for name in arguments.names if name not in known]
    if unknown:
        message = f'no provider is asked by "{unknown[0]}"; known: {", ".join(known)}'
        raise exits.CommandFailed(message, exits.USAGE)
    chosen = [spec for spec in specs if not arguments.names or spec.name in arguments.names]
    terminal, rows = Terminal(), []
    with terminal.working("asking") as progress:
        for spec in chosen:
            progress.now(f"asking {spec.name}")
            rows.append((spec.role, spec.name, *_checked(spec, registry, arguments)))
    terminal.table(("role", "adapter", "", "first", "what came", "counted"), rows, right=frozenset({3}))
    return exits.FAILED if any(row[2] == FAILED for row in rows) else exits.OK


def _checked(spec: AdapterSpec, registry: Registry, arguments: argparse.Namespace) -> tuple[str, str, str, str]:
    """Verdict, time to the first output, what came, what was counted."""
    from tth.adapters.base import Deployment
    from tth.cli.provider_probe import built, missing, probe
    from tth.errors import AdapterError, AdapterUnavailable, ConfigError

    try:
        adapter = built(spec, registry, file=arguments.config, overrides=overrides_of(arguments))
    except ConfigError as error:
        reason = missing(error)
        if reason is None:
            raise
        return SKIPPED, "", reason, ""
    try:
        found = asyncio.run(probe(adapter))
    except AdapterError as error:
        # Nobody expects a server of one's own to run where it was not asked for by name.
        is_absent = isinstance(error, AdapterUnavailable) and adapter.capabilities.deployment is Deployment.SELF_HOST
        return SKIPPED if is_absent and not arguments.names else FAILED, "", str(error), ""
    first = "" if found.first_ms is None else f"{found.first_ms:.0f} ms"
    return FAILED if found.first_ms is None else GOOD, first, found.summary, found.usage
