"""`python -m tools.looks NAME|all -o DIR`: make look folders."""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tools.looks.landmarks import find_points
from tools.looks.layers import take_layers
from tools.looks.look_folder import write_look
from tools.looks.person import Person, PersonError, list_people, load_person
from tools.looks.portrait import FINAL, PREVIEW, Progress, Quality, sit, take_portrait


def make_look(person: Person, folder: Path, quality: Quality, progress: Progress) -> None:
    """Everything for one person, from numbers to a folder."""
    sitting = sit(person, quality, progress)
    portrait = take_portrait(sitting, progress)
    points = find_points(sitting)
    write_look(folder, person, take_layers(sitting, portrait, points, progress), points)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0, or 2 for a person who cannot be made."""
    parser = argparse.ArgumentParser(prog="python -m tools.looks", description=__doc__)
    parser.add_argument("name", help=f"one of {', '.join(list_people())}, or all")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder to put the look folders in: DIR/NAME/")
    parser.add_argument("--preview", action="store_true", help="320 px with few samples: seconds instead of minutes")
    parser.add_argument("--size", type=int, metavar="PX", help="side of the picture, 320..2048 (default 1024)")
    options = parser.parse_args(arguments)
    quality = PREVIEW if options.preview else FINAL
    if options.size is not None:
        if not 320 <= options.size <= 2048:
            parser.error(f"--size: {options.size} is outside 320..2048")
        quality = dataclasses.replace(quality, size_px=options.size)
    try:
        people = [load_person(name) for name in (list_people() if options.name == "all" else [options.name])]
    except PersonError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201  # a command line tool
        return 2
    start_s = time.monotonic()
    for person in people:

        def progress(step: str, name: str = person.name) -> None:
            print(f"{time.monotonic() - start_s:6.1f} s  {name}: {step}", flush=True)  # noqa: T201

        make_look(person, options.out / person.name, quality, progress)
        progress(f"wrote {options.out / person.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
