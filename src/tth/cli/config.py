"""Explain the configuration: every setting in force and where it comes from (file and line, variable, command line,
default). Secrets are masked. Starts nothing."""

from __future__ import annotations

import argparse
import json

from tth.cli import exits
from tth.cli.serve import add_config_arguments, overrides_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `tth config`."""
    parser.add_argument("action", choices=("explain",), help="explain: show each value and its origin")
    add_config_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the settings. Raises ConfigError with all problems at once."""
    from tth.cli.terminal import Terminal
    from tth.config.explain import explain
    from tth.config.load import load_config
    from tth.config.wiring import full_registry

    config = load_config(
        full_registry(), profile=arguments.profile, file=arguments.config, overrides=overrides_of(arguments)
    )
    rows = explain(config)
    terminal = Terminal()
    if arguments.json:
        terminal.line(
            json.dumps([{"key": row.key, "value": row.value, "origin": row.origin} for row in rows], indent=2)
        )
    else:
        terminal.table(("setting", "value", "from"), [(row.key, row.value, row.origin) for row in rows])
    return exits.OK
