"""The embedded avatar: a sculpted head or a portrait that speaks with its lips, feels and lives, drawn in software.

Controls: emotion, character and render in full. What a frame costs: docs/performance.md; some 0.1 ms where nothing is
drawn. What the face does is decided in `tth.face.performer`, how it looks in `tth.face.painter`; both meet the event
loop in `face_session.py`. Here is what all conversations share: heads, drawing threads, painters that nobody uses.
The same seed and input give the same frames, but for the detail that a slow machine makes do with.
Tests: tests/adapters/avatar/test_embedded_face.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Event
from types import MappingProxyType
from typing import Protocol, TypeVar

from tth.adapters.avatar.face_painters import SPARES_KEPT, FacePainters, SparePainters, Work, finished
from tth.adapters.avatar.face_session import FaceSession
from tth.adapters.base import (
    Avatar,
    AvatarSession,
    Capabilities,
    ControlSupport,
    Deployment,
    Health,
    Persona,
    SessionContext,
    Support,
)
from tth.clock import Clock, SystemClock
from tth.errors import AdapterRejected, AdapterUnavailable, ConfigError, ConfigProblem
from tth.face.catalogue import open_look
from tth.face.look import Look, LookError, list_looks
from tth.face.parameters import FaceState
from tth.face.puppet.portrait_look import PortraitLook
from tth.face.shot import Painter, Shot
from tth.model.controls import BACKGROUNDS, STUDIO, TRANSPARENT, Framing
from tth.model.media import VideoCodec

_T = TypeVar("_T")
log = logging.getLogger(__name__)

CAPABILITIES = Capabilities(
    "a sculpted 3D head or a portrait, drawn in software: lips from phonemes or sound, emotions, gaze, blinks, breath",
    Deployment.EMBEDDED,
    controls={
        "emotion.label": ControlSupport(),
        "emotion.intensity": ControlSupport(),
        "emotion.valence": ControlSupport(),
        "emotion.arousal": ControlSupport(),
        "character.persona_id": ControlSupport(),
        "character.expressivity": ControlSupport(),
        "character.motion_gain": ControlSupport(),
        "render.fps": ControlSupport(),
        "render.resolution": ControlSupport(),
        "render.background": ControlSupport(),
        "render.framing": ControlSupport(),
    },
    video_codecs=tuple(codec for codec in VideoCodec if codec is not VideoCodec.NONE),
    backgrounds=BACKGROUNDS,
    framings=tuple(Framing),
)


class PainterSource(Protocol):
    """Where painters come from; `Studio` in earnest. Called by many drawing threads at once."""

    def painter(self, look: str, shot: Shot, background: str) -> Painter:
        """A fresh painter. background: "#rrggbb" or a name that the source knows. May take seconds where the look has
        not been built on this machine. Raises LookError for a bad look."""
        ...

    def is_built(self, look: str) -> bool:
        """A painter of this look is a matter of milliseconds."""
        ...


@dataclass(frozen=True, slots=True)
class Settings:
    """How the embedded avatar is run."""

    look: str | None = None
    """Name of a shipped look, path of a YAML file or of a portrait's folder, for every persona; None = the persona's
    own."""
    preload: tuple[str, ...] | None = None
    """Looks that are there when the server is ready, where `look` is None. None = that of the default persona; those of
    the other personas are then built one after the other behind it, which on the first start on a machine takes 5 s and
    more each. Who asks for one that is not there waits for it."""
    threads: int = field(default=2, metadata={"minimum": 1, "maximum": 64})
    """1..64; how many pictures are drawn at once, over all sessions."""
    cache_dir: str | None = None
    """Where built heads are kept, about 15 MB each; None = the system's place for caches."""
    backgrounds: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))
    """Pictures that clients may choose as render.background, by name: path of a PNG, JPEG or WebP file, relative to the
    working directory. Scaled and cropped so that it fills the frame."""
    background_blur_level: float = field(default=0.0, metadata={"minimum": 0.0, "maximum": 1.0})
    """How far these pictures are out of focus: 0 as they are, 1 as much as the blurred room."""


def build(settings: Settings) -> EmbeddedFace:
    """The adapter, not yet loaded. Raises ConfigError, naming the key, for a look that is not legal and for a
    background that has a bad name or is no picture."""
    key = "adapters.avatar.embedded_face"
    problems = [found for look in [settings.look] if look and (found := _look_problem(look, f"{key}.look"))]
    strangers = [look for look in settings.preload or () if look not in list_looks()]
    problems += [found for look in strangers if (found := _look_problem(look, f"{key}.preload"))]
    if settings.backgrounds:
        from tth.face.scenery import check_pictures

        problems += check_pictures(settings.backgrounds, f"{key}.backgrounds")
    if problems:
        raise ConfigError(problems=tuple(problems))
    return EmbeddedFace(settings)


class EmbeddedFace(Avatar):
    """One pool of drawing threads and one studio for all conversations."""

    name = "embedded_face"

    def __init__(
        self,
        settings: Settings,
        studio: PainterSource | None = None,
        *,
        clock: Clock | None = None,
        work: Work | None = None,
    ) -> None:
        """studio: None = the real one, imported with `load`. clock, work: None = the system's, and drawing threads."""
        self.capabilities = replace(CAPABILITIES, backgrounds=(*BACKGROUNDS, *settings.backgrounds))
        self.clock = clock or SystemClock()
        self._settings = settings
        self._studio = studio
        self._threads = ThreadPoolExecutor(settings.threads, thread_name_prefix="face")
        # heads take seconds: one thread for those that nobody waits for yet, one for those that somebody does
        self._builders = ThreadPoolExecutor(2, thread_name_prefix="face-build")
        self._is_closing = Event()
        self._expected: tuple[str, ...] = ()
        self._made: set[str] = set()  # looks whose heads are in memory
        self._doing: dict[str, str] = {}  # what takes seconds while loading, by look; written by drawing threads
        self._given_work = work
        self._is_ready = False
        self._looks: dict[str, Look | PortraitLook] = {}  # that have been read: a portrait's takes 25 ms
        self.spares = SparePainters()

    def expect(self, personas: Sequence[Persona]) -> None:
        self._expected = tuple(dict.fromkeys(persona.look for persona in personas))

    async def load(self) -> None:
        """Build the heads that are wanted at once, if they are in no cache, and draw one picture of each: that compiles
        or reads the drawing loops. The other heads are made after that, in a thread of their own."""
        settings = self._settings
        if self._studio is None:
            self._studio = await finished(self.work(partial(_open_studio, settings)))
        now, later = self._wanted()
        drawing = [self.work(partial(self._draw_first, look, _place(look, now))) for look in now]
        try:
            for one in drawing:
                await finished(one)
        except (LookError, OSError) as error:
            raise AdapterUnavailable("a head cannot be built", role="avatar", adapter=self.name) from error
        finally:
            for one in drawing:
                one.cancel()
        self._is_ready = True
        if later:
            self._builders.submit(self._preload, later)

    def _wanted(self) -> tuple[Sequence[str], Sequence[str]]:
        """Looks to be made before the adapter is ready, and those that are made behind it."""
        if self._settings.look is not None:
            return (self._settings.look,), ()
        if self._settings.preload is not None:
            return self._settings.preload or ("anna",), ()
        return self._expected[:1] or ("anna",), self._expected[1:]

    async def health(self) -> Health:
        """While it loads, the detail says which heads are being made on their first use on this machine."""
        doing = ", ".join(tuple(self._doing.values()))
        return Health(ok=self._is_ready, detail=f"once on this machine: {doing}" if doing else "")

    async def aclose(self) -> None:
        self._is_ready = False
        self._is_closing.set()
        for threads in (self._threads, self._builders):
            await asyncio.to_thread(threads.shutdown, cancel_futures=True)

    def capabilities_for(self, persona: Persona) -> Capabilities:
        """A portrait without a matte keeps the background of its picture."""
        try:
            look = self._open(self._settings.look or persona.look)
        except LookError:
            return self.capabilities  # said when somebody wants to see it
        if not isinstance(look, PortraitLook) or "matte" in look.layers:
            return self.capabilities
        kept = ControlSupport(Support.NONE, reason="this portrait cannot be cut out: its look has no matte")
        return replace(self.capabilities, controls={**self.capabilities.controls, "render.background": kept})

    def open_session(self, context: SessionContext, persona: Persona, draw: bool) -> AvatarSession:
        """Raises AdapterRejected for a look that does not exist or is not legal."""
        look = self._settings.look or persona.look
        if draw:
            try:
                self._open(look)
            except LookError as error:
                raise AdapterRejected("the persona's look is not usable", role="avatar", adapter=self.name) from error
        make, give = partial(self.make, look), partial(self.spares.give, look)
        painters = FacePainters(partial(self.painter, look), make, give) if draw else None
        return FaceSession(context.seed, painters, self.work, self.clock)

    def painter(self, look: str, shot: Shot, background: str) -> Painter:
        """A painter of one's own; slow where no spare one fits: for a drawing thread."""
        assert self._studio is not None, "not loaded"
        painter = self.spares.take(look, shot, background) or self._studio.painter(look, shot, background)
        self._made.add(look)
        return painter

    def _open(self, look: str) -> Look | PortraitLook:
        """Read once. Raises LookError."""
        if look not in self._looks:
            self._looks[look] = open_look(look)
        return self._looks[look]

    def work(self, task: Callable[[], _T], /) -> asyncio.Future[_T]:
        """Run `task` in a drawing thread."""
        if self._given_work is not None:
            return self._given_work(task)
        return asyncio.get_running_loop().run_in_executor(self._threads, task)

    def make(self, look: str, task: Callable[[], _T]) -> asyncio.Future[_T]:
        """Run `task`, which makes a painter of that look: where no drawing thread is held up for seconds."""
        if self._given_work is not None or look in self._made:
            return self.work(task)
        return asyncio.get_running_loop().run_in_executor(self._builders, task)

    def _is_built(self, look: str) -> bool:
        assert self._studio is not None
        try:
            return self._studio.is_built(look)
        except (LookError, OSError):
            return True  # said at once by who makes it

    def _draw_first(self, look: str, place: str) -> None:
        """Build it where it must be, and draw it, which compiles the loops; on the first start on a machine those for a
        clear background as well, since it takes seconds. place: among those that are made, "1 of 3"."""
        from tth.media.i420 import compile_conversion  # here, with the codecs it imports

        begin_s, is_built = self.clock.now_s(), self._is_built(look)
        try:
            if not is_built:
                self._doing[look] = f"building {look} ({place})"
            for background in (STUDIO,) if is_built else (STUDIO, TRANSPARENT):
                painter = self.painter(look, Shot(), background)
                if not is_built:
                    self._doing[look] = f"drawing {look} for the first time ({place})"
                painter.paint(FaceState())
                compile_conversion()
                if background == STUDIO:
                    self.spares.give(look, Shot(), background, painter)
        finally:
            self._doing.pop(look, None)
        if not is_built:
            self._say_built(look, place, begin_s)

    def _preload(self, looks: Sequence[str]) -> None:
        """Build the heads that are in no cache; the first session with one of the first looks finds its painter made.
        In a thread of its own, one at a time, so that drawing goes on."""
        unbuilt = [look for look in looks if not self._is_built(look)]
        for look in dict.fromkeys((*looks[: SPARES_KEPT - 1], *unbuilt)):
            if self._is_closing.is_set():
                return
            begin_s = self.clock.now_s()
            try:
                self.spares.give(look, Shot(), STUDIO, self.painter(look, Shot(), STUDIO))
            except Exception as error:  # whatever it is: nobody else looks at this thread, and the others are not it
                log.warning("a head cannot be built", extra={"look": look, "error": type(error).__name__})
                continue
            if look in unbuilt:
                self._say_built(look, _place(look, unbuilt), begin_s)

    def _say_built(self, look: str, place: str, begin_s: float) -> None:
        took_ms = round((self.clock.now_s() - begin_s) * 1000)
        log.info("a head was built", extra={"look": look, "done": place, "took_ms": took_ms})


def _place(look: str, looks: Sequence[str]) -> str:
    return f"{looks.index(look) + 1} of {len(looks)}"


def _look_problem(look: str, key: str) -> ConfigProblem | None:
    try:
        open_look(look)
    except LookError as error:
        return ConfigProblem("", key, str(error))
    return None


def _open_studio(settings: Settings) -> PainterSource:
    """Imported late: the compiled renderer takes a while, and in a thread."""
    from tth.adapters.avatar.face_studio import Studio

    cache_dir = Path(settings.cache_dir) if settings.cache_dir else None
    return Studio(cache_dir, settings.backgrounds, settings.background_blur_level)
