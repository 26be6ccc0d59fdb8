"""Test sheets: labelled pictures of a look, as PNG files. What a person sees is what a session shows: the same
painter, the same faces, the product's default controls.

  emotions     seven emotions at intensity 0.3, 0.7 and 1
  visemes      the mouth in the middle of a sound of each viseme
  poses        the head turned, raised and tilted
  backgrounds  backgrounds and framings
  looks        everybody, on one sheet
  all          each of these

examples:
  tth face sheet                                    every sheet of the default persona's look
  tth face sheet marco helen --what emotions
  tth face sheet --what looks --size 320 -o docs/pictures
  tth face sheet my-look.yaml --what poses          a look of your own
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tth.cli import exits

if TYPE_CHECKING:
    from tth.cli.face.painters import Wardrobe
    from tth.cli.terminal import Progress
    from tth.media.sheet import Sheet

LOOKS = "looks"
OF_ONE = ("emotions", "visemes", "poses", "backgrounds")
"""Sheets of one look; each gets a file of its own."""
DEFAULT_LOOK = "anna"
SMALLEST_PX, LARGEST_PX = 64, 512


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `tth face sheet`."""
    parser.add_argument(
        "looks",
        nargs="*",
        metavar="LOOK",
        help=f"a name from `tth face list` or a look of your own; default {DEFAULT_LOOK}, for looks: everybody",
    )
    parser.add_argument("--what", choices=(*OF_ONE, LOOKS, "all"), default="all", help="which sheet; default all")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("out/face"), metavar="DIR", help="where to write; default out/face"
    )
    parser.add_argument(
        "--size", type=side_px, default=256, metavar="PX", help="side of one picture, even, 64..512; default 256"
    )


def run(arguments: argparse.Namespace) -> int:
    """Draw and write the sheets."""
    from tth.cli.face.painters import Wardrobe
    from tth.cli.terminal import Terminal
    from tth.face.catalogue import open_look
    from tth.face.look import list_looks

    for look in arguments.looks:
        open_look(look)  # a bad one is told before anything is drawn
    arguments.output.mkdir(parents=True, exist_ok=True)
    terminal = Terminal()
    with terminal.working("opening") as progress:
        wardrobe = Wardrobe(progress)
        if arguments.what in (LOOKS, "all"):
            written = [_write_looks(arguments.looks or list_looks(), arguments, wardrobe, progress)]
        else:
            written = []
        for kind in OF_ONE if arguments.what == "all" else () if arguments.what == LOOKS else (arguments.what,):
            for look in arguments.looks or [DEFAULT_LOOK]:
                written.append(_write_one(kind, look, arguments, wardrobe, progress))
    for line in written:
        terminal.line(line)
    terminal.note("look at them; for the same face in motion: tth face play")
    return exits.OK


def _write_looks(looks: Sequence[str], arguments: argparse.Namespace, wardrobe: Wardrobe, progress: Progress) -> str:
    from tth.cli.face.sheets import looks_sheet

    return _save(looks_sheet(looks, arguments.size, wardrobe, progress), arguments.output / "looks.png")


def _write_one(kind: str, look: str, arguments: argparse.Namespace, wardrobe: Wardrobe, progress: Progress) -> str:
    from tth.cli.face import sheets

    make = {
        "emotions": sheets.emotions_sheet,
        "visemes": sheets.visemes_sheet,
        "poses": sheets.poses_sheet,
        "backgrounds": sheets.backgrounds_sheet,
    }[kind]
    progress.now(f"{look}: {kind}")
    return _save(make(look, arguments.size, wardrobe), arguments.output / f"{kind}-{Path(look).stem}.png")


def _save(sheet: Sheet, path: Path) -> str:
    from tth.media.png import save_small_png
    from tth.media.sheet import draw_sheet

    picture = draw_sheet(sheet)
    size_bytes = save_small_png(picture, path)
    return f"{path}: {picture.shape[1]}x{picture.shape[0]}, {size_bytes / 1024:.0f} KiB"


def side_px(text: str) -> int:
    """An even side of a picture. Raises argparse.ArgumentTypeError that says what is allowed."""
    side = int(text) if text.isdecimal() else 0
    if side % 2 or not SMALLEST_PX <= side <= LARGEST_PX:
        raise argparse.ArgumentTypeError(f"must be an even number, {SMALLEST_PX}..{LARGEST_PX}")
    return side
