"""A portrait on one core: as `face`, with the first portrait that comes with the package; and how long a look takes to
be made ready, the first time and from the cache.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from bench.face import drawn_figures, one_core
from bench.figures import Figure, Target, distribution
from bench.run import Run
from tth.adapters.avatar.embedded_face import Settings, build
from tth.face.look import LOOKS_DIR
from tth.face.parameters import FaceState
from tth.face.puppet.painter import PuppetPainter
from tth.face.puppet.portrait_look import PortraitLook, load_portrait_look
from tth.face.puppet.store import load_portrait
from tth.face.shot import Shot

NAME = "puppet"


async def measure(run: Run) -> list[Figure]:
    """512x512 and 256x256. Raises RuntimeError if no portrait comes with the package."""
    folders = sorted(path.parent for path in LOOKS_DIR.glob("*/look.yaml"))
    if not folders:
        raise RuntimeError(f"there is no portrait in {LOOKS_DIR}")
    with one_core():
        avatar = build(Settings(look=folders[0].name))
        await avatar.load()
        await avatar.warmup()
        figures = await drawn_figures(run, avatar, NAME, target_fps={512: 280})
        await avatar.aclose()
        look = load_portrait_look(folders[0])
        figures.append(_first_start(look))
        starts_ms = [_start_ms(look) for _ in range(run.count(9, 3))]
    return [*figures, distribution(NAME, "look to first picture, cached, 512x512", "ms", starts_ms, Target(300.0))]


def _first_start(look: PortraitLook) -> Figure:
    """A look that has never been used on this machine."""
    with tempfile.TemporaryDirectory() as folder:
        begin_s = time.process_time()
        load_portrait(look, Path(folder))
        return Figure(NAME, "look made ready, not cached", "ms", (time.process_time() - begin_s) * 1000, 1)


def _start_ms(look: PortraitLook) -> float:
    begin_s = time.process_time()
    PuppetPainter(load_portrait(look), Shot(512, 512)).paint(FaceState())
    return (time.process_time() - begin_s) * 1000
