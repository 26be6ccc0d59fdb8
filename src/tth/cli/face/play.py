"""A film of a look that speaks through all seven emotions, with the embedded voice: what a session would show, made as
fast as the machine can. The same seed gives the same film.

examples:
  tth face play                                  the default persona's look, into out/face/anna.mp4
  tth face play helen --size 720x720 -o helen.mp4
  tth face play --text "We could be there by Monday." --intensity 1
  tth face play my-look.yaml --background green --no-caption
"""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tth.cli import exits
from tth.cli.arguments import value_parser

if TYPE_CHECKING:
    from tth.cli.face.take import Line, Take
    from tth.cli.terminal import Progress
    from tth.model.controls import Controls

DEFAULT_LOOK = "anna"
LINES = (
    ("neutral", "Hello. This is me when nothing much is going on."),
    ("happy", "But look, the sun is out, and I feel wonderful!"),
    ("sad", "My best friend moved away, and I miss her so."),
    ("angry", "And who, please, has been eating all of my chocolate?"),
    ("surprised", "Oh! It was you? I would never have thought so."),
    ("fearful", "Stop. Something moved behind you. Is it a spider?"),
    ("disgusted", "Ugh. And what is that green thing in your soup?"),
)
"""Emotion and what is said in it, where no text is given."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `tth face play`."""
    parser.add_argument(
        "look",
        nargs="?",
        default=DEFAULT_LOOK,
        metavar="LOOK",
        help=f"a name from `tth face list`; default {DEFAULT_LOOK}",
    )
    parser.add_argument("--text", help="one sentence, said seven times; default: seven sentences of its own")
    parser.add_argument(
        "--language", default="en", metavar="CODE", help='of the text, BCP 47, such as "de"; default en'
    )
    parser.add_argument(
        "--intensity", type=value_parser("intensity"), default=0.8, help="of the emotions, 0..1; default 0.8"
    )
    parser.add_argument("--size", type=value_parser("size"), default=(512, 512), metavar="SIZE", help="default 512x512")
    parser.add_argument("--fps", type=value_parser("fps"), default=25, help="1..60; default 25")
    parser.add_argument("--background", default="studio", help='"studio", "room", "green" or "#rrggbb"; default studio')
    parser.add_argument("--seed", type=int, default=1, help="of blinks, glances and sway; default 1")
    parser.add_argument("--no-caption", action="store_true", help="do not write the emotion on the picture")
    parser.add_argument(
        "-o", "--output", type=_output, metavar="FILE.mp4", help="file to write; default out/face/LOOK.mp4"
    )


def run(arguments: argparse.Namespace) -> int:
    """Make the film."""
    from tth.cli.terminal import Terminal
    from tth.face.catalogue import open_look

    open_look(arguments.look)  # a bad one is told at once
    path = arguments.output or Path("out/face") / f"{Path(arguments.look).stem}.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    terminal = Terminal()
    started_s = time.monotonic()
    with terminal.working(f"{arguments.look}: speaking") as progress:
        seconds = asyncio.run(_film(arguments, path, progress))
    spent_s = time.monotonic() - started_s
    terminal.line(f"{path}: {seconds:.1f} s, {path.stat().st_size / 1024:.0f} KiB")
    terminal.note(f"made in {spent_s:.1f} s; the same face as numbers: tth face trace {arguments.look}")
    return exits.OK


async def _film(arguments: argparse.Namespace, path: Path, progress: Progress) -> float:
    """Write the film; how long it plays, seconds."""
    from tth.cli.face.caption import Caption
    from tth.cli.face.take import frames_of, persona_for, speak
    from tth.media.mp4 import Mp4Writer
    from tth.model.media import SAMPLE_RATE_HZ

    persona = persona_for(arguments.look)
    take = await speak(_lines(arguments), persona, arguments.language)
    total = take.sample_count * arguments.fps // SAMPLE_RATE_HZ
    width_px, height_px = arguments.size
    with Mp4Writer(path, width_px, height_px, arguments.fps) as film:
        film.add_pcm(take.pcm, 0)
        count = 0
        async for frame in frames_of(take, persona, arguments.seed, draw=True):
            assert frame.picture is not None
            picture = frame.picture
            if not arguments.no_caption:
                picture = Caption(_said_at(take, frame.start_sample)).written_on(picture)
            film.add_picture(picture, frame.start_sample)
            count += 1
            progress.now(f"{arguments.look}: {10 * (10 * count // max(total, 1))} % drawn")
    return take.sample_count / SAMPLE_RATE_HZ


def _lines(arguments: argparse.Namespace) -> list[Line]:
    from tth.cli.face.take import Line

    return [Line(arguments.text or text, _controls(arguments, emotion)) for emotion, text in LINES]


def _controls(arguments: argparse.Namespace, emotion: str) -> Controls:
    from tth.model.controls import Controls, EmotionLabel, Resolution

    return Controls(
        emotion_label=EmotionLabel(emotion),
        emotion_intensity=arguments.intensity,
        fps=arguments.fps,
        resolution=Resolution(*arguments.size),
        background=arguments.background,
    )


def _said_at(take: Take, sample: int) -> str:
    """The emotion of the line that is said at `sample`, from the pause before it on."""
    from tth.cli.face.take import GAP_MS
    from tth.model.media import ms_to_samples

    before = ms_to_samples(GAP_MS) // 2
    begun = [said for said in take.lines if said.start_sample - before <= sample]
    return (begun[-1] if begun else take.lines[0]).line.controls.emotion_label.value


def _output(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() != ".mp4":
        raise argparse.ArgumentTypeError("must end in .mp4")
    return path
