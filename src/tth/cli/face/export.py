"""The head as a 3D model: one glTF 2.0 file with the 52 ARKit blendshapes as morph targets, eyes that turn, a neck
with joints, textures. Draw it yourself from a session's motion frames: docs/own-head.md has a page of three.js that
does. Works for sculpted looks; a portrait is one picture and has no head.

examples:
  tth face export anna.glb
  tth face export out/marco.glb --look marco
  tth face export me.glb --look my-look.yaml
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tth.cli import exits

DEFAULT_LOOK = "anna"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `tth face export`."""
    parser.add_argument("output", type=_output, metavar="LOOK.glb", help="file to write")
    parser.add_argument(
        "--look",
        metavar="NAME",
        help=f"a name from `tth face list` or a YAML file; default: the file's name if it is one, else {DEFAULT_LOOK}",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the file and say how true it is."""
    from tth.cli.terminal import Terminal
    from tth.face.catalogue import open_look
    from tth.face.look import Look, LookError, list_looks

    terminal = Terminal()
    stem = arguments.output.stem
    look = arguments.look or (stem if stem in list_looks() else DEFAULT_LOOK)
    known = open_look(look)
    if not isinstance(known, Look):
        raise LookError("look", f"{look} is a portrait, one picture: only sculpted looks have a head to export")
    with terminal.working(
        f"{look}: opening; the first time on this machine it is sculpted, which takes seconds"
    ) as progress:
        from tth.face.gltf.check import distances
        from tth.face.gltf.export import export_head
        from tth.face.sculpt.store import load_sculpture

        sculpture = load_sculpture(known)
        progress.now(f"{look}: measuring the morph targets")
        data = export_head(sculpture, Path(look).stem)
        progress.now(f"{look}: comparing with the drawn face")
        apart = distances(data, sculpture)
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        arguments.output.write_bytes(data)
    mean_mm = sum(one.mean_mm for one in apart) / len(apart)
    worst = max(apart, key=lambda one: one.worst_mm)
    terminal.line(f"{arguments.output}: glTF 2.0, {len(data) / 1e6:.1f} MB")
    terminal.note(
        f"{mean_mm:.2f} mm from the drawn face on average over {len(apart)} faces, "
        f"at most {worst.worst_mm:.2f} mm ({worst.state})"
    )
    terminal.note(
        "to move it: docs/own-head.md; numbers to try it with: tth face trace --json talk.json --sound talk.wav"
    )
    return exits.OK


def _output(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() != ".glb":
        raise argparse.ArgumentTypeError("must end in .glb")
    return path
