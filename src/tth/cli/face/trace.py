"""What the face does against the sound: a plot of words, waveform, visemes, mouth, feeling, eyes, head and breath, and
every parameter as CSV or JSON. From a text, spoken by the embedded voice, or from the sound of a WAV file alone, as for
voices that tell no phonemes.

examples:
  tth face trace                                          a sentence, into out/face/trace.png
  tth face trace --text "My mother may buy me a balloon." --emotion happy
  tth face trace --wav speech.wav -o lips.png             lips from sound alone
  tth face trace --json talk.json --sound talk.wav        drive a head of your own: docs/own-head.md
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tth.cli import exits
from tth.cli.arguments import value_parser

if TYPE_CHECKING:
    from tth.cli.face.take import Take
    from tth.face.record import RecordedFace
    from tth.model.controls import Controls

DEFAULT_LOOK = "anna"
DEFAULT_TEXT = "My mother bought five blue balloons. Would you like one, too?"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `tth face trace`."""
    parser.add_argument(
        "look",
        nargs="?",
        default=DEFAULT_LOOK,
        metavar="LOOK",
        help=f"whose voice is heard; the face's motion is everybody's; default {DEFAULT_LOOK}",
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--text", default=DEFAULT_TEXT, help="what to say; default: a sentence with many lip sounds")
    source.add_argument("--wav", type=Path, metavar="FILE", help="sound to follow, 16-bit WAV of any rate")
    parser.add_argument(
        "--language", default="en", metavar="CODE", help='of the text, BCP 47, such as "de"; default en'
    )
    parser.add_argument("--emotion", type=value_parser("emotion"), default="neutral", help="default neutral")
    parser.add_argument("--intensity", type=value_parser("intensity"), default=0.7, help="0..1; default 0.7")
    parser.add_argument("--fps", type=value_parser("fps"), default=25, help="faces a second, 1..60; default 25")
    parser.add_argument("--seed", type=int, default=1, help="of blinks, glances and sway; default 1")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("out/face/trace.png"), metavar="FILE.png", help="the plot"
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write all parameters, one line a face")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all parameters with their names")
    parser.add_argument("--sound", type=Path, metavar="FILE.wav", help="write the sound")


def run(arguments: argparse.Namespace) -> int:
    """Perform, plot and write."""
    from tth.cli.face.trace_plot import plot_of
    from tth.cli.terminal import Terminal
    from tth.media.plot import draw_plot
    from tth.media.png import save_small_png

    terminal = Terminal()
    with terminal.working("listening" if arguments.wav else "speaking") as progress:
        take, frames = asyncio.run(_performed(arguments))
        progress.now("plotting")
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        save_small_png(draw_plot(plot_of(take, frames, arguments.fps)), arguments.output)
    terminal.line(f"{arguments.output}: {len(frames)} faces, {len(frames) / arguments.fps:.1f} s")
    for path in _write_numbers(arguments, take, frames):
        terminal.line(str(path))
    if not (arguments.csv or arguments.json):
        terminal.note("the numbers themselves: --csv FILE or --json FILE")
    return exits.OK


async def _performed(arguments: argparse.Namespace) -> tuple[Take, list[RecordedFace]]:
    from tth.cli.face.take import Line, frames_of, from_sound, persona_for, read_wav, speak
    from tth.face.record import RecordedFace
    from tth.model.media import SAMPLE_RATE_HZ

    persona, controls = persona_for(arguments.look), _controls(arguments)
    if arguments.wav:
        try:
            take = from_sound(read_wav(arguments.wav), controls)
        except ValueError as error:
            raise exits.CommandFailed(str(error), exits.USAGE) from error
    else:
        take = await speak([Line(arguments.text, controls)], persona, arguments.language)
    frames = []
    async for frame in frames_of(take, persona, arguments.seed, draw=False):
        assert frame.face is not None
        frames.append(RecordedFace(frame.start_sample / SAMPLE_RATE_HZ, frame.face, frame.viseme, frame.kind.value))
    return take, frames


def _controls(arguments: argparse.Namespace) -> Controls:
    from tth.model.controls import Controls, EmotionLabel

    return Controls(
        emotion_label=EmotionLabel(arguments.emotion), emotion_intensity=arguments.intensity, fps=arguments.fps
    )


def _write_numbers(arguments: argparse.Namespace, take: Take, frames: Sequence[RecordedFace]) -> list[Path]:
    """Write what was asked for; where it is."""
    from tth.face.record import as_csv, as_json
    from tth.media.wav import WavWriter

    written: list[Path] = []
    if arguments.csv is not None:
        _write(arguments.csv, as_csv(frames), written)
    if arguments.json is not None:
        _write(arguments.json, as_json(frames, arguments.fps), written)
    if arguments.sound is not None:
        arguments.sound.parent.mkdir(parents=True, exist_ok=True)
        with WavWriter(arguments.sound) as file:
            file.add_pcm(take.pcm, 0)
        written.append(arguments.sound)
    return written


def _write(path: Path, text: str, written: list[Path]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    written.append(path)
