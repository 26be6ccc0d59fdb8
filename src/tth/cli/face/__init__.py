"""The people that the embedded avatar can be: who there is, pictures and films of them, their parameters, and their
heads for other programs. Needs no server, no key and no network.

  tth face list                 who can be shown
  tth face VERB --help          what a verb does, with examples

A LOOK is a name from `tth face list`, the path of a YAML file, or the folder of an imported picture.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType

from tth.cli import exits

VERBS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "list": ("list", "the looks that can be shown, and who uses them"),
        "sheet": ("sheet", "labelled pictures: emotions, visemes, poses, backgrounds, looks"),
        "play": ("play", "a film: one look speaks through all emotions"),
        "trace": ("trace", "a plot of the face's parameters against the sound; CSV, JSON"),
        "export": ("export", "a sculpted head as a glTF file, to be drawn by another program"),
        "import": ("import_picture", "a look of your own from one picture and 29 points on it"),
    }
)
"""Verb -> (module of this package, one line of help). A module has `add_arguments(parser)` and `run(arguments)`."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `tth face`: one verb, then its own."""
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for verb, (name, summary) in VERBS.items():
        module = import_module(f"{__name__}.{name}")
        own = verbs.add_parser(
            verb,
            help=summary,
            description=module.__doc__,
            epilog=exits.HELP,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(own)
        own.set_defaults(verb_run=module.run)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code."""
    verb_run: Callable[[argparse.Namespace], int] = arguments.verb_run
    return verb_run(arguments)
