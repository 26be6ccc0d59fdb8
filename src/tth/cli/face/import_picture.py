"""Your own face from one picture: makes a look folder from a picture and 29 points on it.

The picture: one face, looking straight into the camera with a shut, relaxed mouth, in even light. Points are placed by
clicking (--place writes a page for your browser; nothing leaves your machine) or by filling in a file
(--points-template). They are moved to lids, brows and lips where the picture shows them plainly. Show only people who
agree, or who do not exist: the look records which.

examples:
  tth face import me.jpg --place                        1. a page to click the points on; saves me-points.yaml
  tth face import me.jpg --landmarks me-points.yaml -o looks/me --shown "Jane Roe" \\
      --consent "It is me, 2026-11-20"                  2. the look, with an overlay and a test sheet
  tth say "Hello, it is me." --look looks/me            3. talk
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tth.cli import exits

if TYPE_CHECKING:
    from tth.cli.terminal import Terminal
    from tth.face.puppet.import_look import Imported
    from tth.face.puppet.portrait_look import Consent

OVERLAY, TEST_SHEET = "overlay.png", "test-sheet.png"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `tth face import`."""
    parser.add_argument("picture", nargs="?", type=Path, metavar="PICTURE", help="a JPEG, PNG or WebP file")
    parser.add_argument("--landmarks", type=Path, metavar="POINTS.yaml", help="the 29 points on it")
    parser.add_argument("-o", "--output", type=Path, metavar="LOOK/", help="folder of the look; a page with --place")
    parser.add_argument("--name", default="", help="display name of the look")
    parser.add_argument("--shown", default="", metavar="WHO", help="who is shown")
    parser.add_argument("--consent", default="", metavar="TEXT", help="that the person agrees, in words; is recorded")
    parser.add_argument("--synthetic", action="store_true", help="the person does not exist; instead of --consent")
    parser.add_argument("--no-snap", action="store_true", help="leave the points exactly where they are")
    parser.add_argument("--place", action="store_true", help="write a page on which to click the points")
    parser.add_argument("--points-template", type=Path, metavar="FILE", help="write a file of points to fill in")


def run(arguments: argparse.Namespace) -> int:
    """Do one of the three: template, page, look."""
    from tth.cli.terminal import Terminal

    terminal = Terminal()
    if arguments.points_template is not None:
        return _write_template(arguments.points_template, terminal)
    if arguments.picture is None:
        raise exits.CommandFailed("which picture? see: tth face import --help", exits.USAGE)
    if arguments.place:
        return _write_page(arguments.picture, arguments.output, terminal)
    if arguments.landmarks is None or arguments.output is None:
        raise exits.CommandFailed(
            f"a look needs --landmarks POINTS.yaml and -o LOOK/; to place the points: tth face import "
            f"{arguments.picture} --place",
            exits.USAGE,
        )
    return _make_look(arguments, _consent(arguments, terminal), terminal)


def _write_template(path: Path, terminal: Terminal) -> int:
    from tth.face.puppet.import_look import points_template

    if path.exists():
        raise exits.CommandFailed(f"{path} exists; it is not overwritten")
    path.write_text(points_template(), encoding="utf-8")
    terminal.line(str(path))
    terminal.note(f"fill it in, then: tth face import PICTURE --landmarks {path} -o LOOK/")
    return exits.OK


def _write_page(picture: Path, output: Path | None, terminal: Terminal) -> int:
    from tth.cli.face.place_page import place_page

    page = output or picture.with_name(f"{picture.stem}-place.html")
    page.write_text(place_page(picture), encoding="utf-8")
    terminal.line(page.resolve().as_uri())
    terminal.note(
        f"open it in a browser and click the points; it works without a network. Then: tth face import {picture} "
        f"--landmarks {picture.stem}-points.yaml -o LOOK/"
    )
    return exits.OK


def _consent(arguments: argparse.Namespace, terminal: Terminal) -> Consent:
    """What the arguments say, or what a person at the terminal answers."""
    from tth.face.puppet.portrait_look import Consent

    shown, statement = arguments.shown.strip(), arguments.consent.strip()
    if arguments.synthetic:
        return Consent(shown or "a person who does not exist", synthetic=True)
    if not statement and terminal.is_live:
        terminal.note("Show only people who agree to be shown and to say what you let them say.")
        shown = shown or input("Who is shown? ").strip()
        statement = input("How do they agree (it is recorded in the look)? ").strip()
    if not statement:
        raise exits.CommandFailed(
            'the look must say why this person may be shown: --shown WHO --consent "...", or --synthetic', exits.USAGE
        )
    return Consent(shown or arguments.name or arguments.output.name, synthetic=False, statement=statement)


def _make_look(arguments: argparse.Namespace, consent: Consent, terminal: Terminal) -> int:
    from tth.cli.face.import_sheets import save_overlay, save_test_sheet
    from tth.face.puppet.import_look import import_picture, read_points

    points = read_points(arguments.landmarks)
    folder: Path = arguments.output
    with terminal.working("reading the picture") as progress:
        done = import_picture(
            arguments.picture, points, folder, consent, arguments.name, snap_points=not arguments.no_snap,
            progress=progress.now,
        )  # fmt: skip
        progress.now("drawing the overlay and the test sheet")
        save_overlay(done, folder / OVERLAY)
        save_test_sheet(folder, folder / TEST_SHEET, progress)
    _report(done, terminal)
    terminal.line(f"{folder}: look.yaml, {OVERLAY} (check the points), {TEST_SHEET} (check the faces)")
    terminal.note(f'next: tth say "Hello, it is me." --look {folder}     or in a film: tth face play {folder}')
    return exits.OK


def _report(done: Imported, terminal: Terminal) -> None:
    """How far points were moved, and what will not work."""
    moved = sorted(done.snapped.moved.items(), key=lambda item: -item[1])
    if moved:
        farthest = ", ".join(f"{name} {length:.1%}" for name, length in moved[:4])
        terminal.line(f"moved {len(moved)} points to the picture, by (of the distance of the eyes): {farthest}")
    for finding in done.findings:
        terminal.line(f"{finding.subject}: {finding.message}", "yellow")
    if not done.findings:
        terminal.line("nothing was found that would not work")
    if not done.has_matte:
        terminal.line("background: stays the picture's own, for want of a matte (use a PNG with a clear background)")
