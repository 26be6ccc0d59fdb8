"""The embedded avatar as an adapter; its pictures by a painter that notes what it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from threading import Event, current_thread, main_thread
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.face.puppet.folders import average_content, write_folder
from tests.face.scripts import fastest, gap, phonemes, silence, speech, split, vector
from tth.adapters.avatar.embedded_face import EmbeddedFace, Settings, build
from tth.adapters.avatar.slots import slot_start
from tth.adapters.base import AvatarInput, ControlChange, Persona, SessionContext, Support, TurnContext
from tth.errors import AdapterRejected, AdapterUnavailable, ConfigError
from tth.face.look import LookError
from tth.face.parameters import FaceState
from tth.face.shot import Shot
from tth.media.alpha import PngEncoder
from tth.model.controls import FIELDS, Controls, EmotionLabel, Framing, Resolution
from tth.model.media import DrawnFrame, FrameKind, Picture, ms_to_samples

pytestmark = pytest.mark.pipeline

TURN = TurnContext("s_1", "t_0", 0)
SPEECH = speech(phonemes("p:80 a:200:2 m:80 uː:200 _:100 s:100 ɛ:160", 4800))
LINE: list[AvatarInput] = [silence(0, 200, FrameKind.THINKING), SPEECH, silence(SPEECH.end_sample, 250)]
HAPPY = Controls(emotion_label=EmotionLabel.HAPPY, emotion_intensity=1.0)


@dataclass
class NotingPainter:
    """Writes the number of the picture into the one array that it has."""

    shot: Shot
    gate: Event | None
    channels: int = 3
    painted: list[FaceState] = field(default_factory=list)
    busy: int = 0

    @property
    def size_px(self) -> tuple[int, int]:
        return self.shot.width_px, self.shot.height_px

    def paint(self, face: FaceState) -> Picture:
        assert current_thread() is not main_thread()
        self.busy += 1
        assert self.busy == 1, "a painter is used by one thread at a time"
        if self.gate is not None:
            assert self.gate.wait(10)
        self.painted.append(face)
        self.buffer[:] = len(self.painted)
        self.busy -= 1
        return self.buffer

    def __post_init__(self) -> None:
        self.buffer: Picture = np.zeros((self.shot.height_px, self.shot.width_px, self.channels), np.uint8)


@dataclass
class NotingStudio:
    gate: Event | None = None
    built: bool = False
    channels: int = 3
    asked: list[tuple[str, Shot, str]] = field(default_factory=list)
    painters: list[NotingPainter] = field(default_factory=list)

    def painter(self, look: str, shot: Shot, background: str) -> NotingPainter:
        if look == "nobody":
            raise LookError("look", "there is none")
        self.asked.append((look, shot, background))
        self.painters.append(NotingPainter(shot, self.gate, self.channels))
        return self.painters[-1]

    def is_built(self, look: str) -> bool:
        return self.built


async def given_items(items: list[AvatarInput]) -> AsyncIterator[AvatarInput]:
    for item in items:
        yield item


def run(main: Callable[[EmbeddedFace], Coroutine[Any, Any, Any]], studio: NotingStudio | None = None) -> Any:
    """Run with an adapter that is closed in the end."""

    async def with_avatar() -> Any:
        avatar = EmbeddedFace(Settings(threads=4), studio or NotingStudio())
        try:
            return await main(avatar)
        finally:
            await avatar.aclose()

    return asyncio.run(with_avatar())


SMALL = Controls(resolution=Resolution(64, 64))


def shown(
    *streams: list[AvatarInput],
    controls: tuple[Controls, ...] = (SMALL,),
    draw: bool = False,
    studio: NotingStudio | None = None,
    persona: Persona | None = None,
    may_give_i420: bool = False,
) -> list[list[DrawnFrame]]:
    """The frames of one session's streams, one after the other; controls: of each stream, the last one for the rest."""

    async def main(avatar: EmbeddedFace) -> list[list[DrawnFrame]]:
        session = avatar.open_session(SessionContext("s_1", seed=7), persona or Persona("default"), draw)
        if may_give_i420:
            session.may_give_i420()
        out = []
        for number, items in enumerate(streams):
            control = controls[min(number, len(controls) - 1)]
            out.append([frame async for frame in session.infer_stream(given_items(items), control, TURN)])
        await session.aclose()
        return out

    result: list[list[DrawnFrame]] = run(main, studio)
    return result


def face_of(frame: DrawnFrame) -> FaceState:
    assert frame.face is not None
    return frame.face


@pytest.mark.parametrize("fps", [7, 25, 30, 60])
def test_slots_are_exact(fps: int) -> None:
    """Slot k starts at first + round(k * 24000 / fps); they tile the stream without a hole."""
    first = 123
    (frames,) = shown([silence(first, 1000)], controls=(Controls(fps=fps),))
    starts = [slot_start(first, k, fps) for k in range(len(frames) + 1)]
    assert [frame.start_sample for frame in frames] == starts[:-1]
    assert [frame.sample_count for frame in frames] == [b - a for a, b in pairwise(starts)]
    assert starts[-2] < first + 24000 <= starts[-1]


def test_frames_say_what_they_show() -> None:
    """Kind, viseme, face and revision; a slot with any speech in it is speech."""
    (frames,) = shown([silence(0, 200, FrameKind.THINKING), replace(SPEECH, control_revision=5), *LINE[2:]])
    kinds = [frame.kind for frame in frames]
    assert kinds == sorted(kinds, key=[FrameKind.THINKING, FrameKind.SPEAKING, FrameKind.IDLE].index)
    assert {"PP", "aa", "U", "SS", "sil"} <= {frame.viseme for frame in frames}
    assert [frame.control_revision for frame in frames[:5]] == [0] * 5
    assert frames[-1].control_revision == 5
    assert max(gap(face_of(frame)) for frame in frames) > 0.2


@given(st.lists(st.integers(4801, SPEECH.end_sample - 1), max_size=10), st.sampled_from([7, 25, 30]))
@settings(max_examples=20, deadline=None)
def test_the_cut_into_spans_does_not_matter(edges: list[int], fps: int) -> None:
    """Exactly the same frames."""
    controls = Controls(fps=fps)
    (whole,), (pieces,) = (
        shown(items, controls=(controls,)) for items in (LINE, [LINE[0], *split(SPEECH, edges), LINE[2]])
    )
    assert len(whole) == len(pieces)
    for one, other in zip(whole, pieces, strict=True):
        assert (one.start_sample, one.kind, one.viseme) == (other.start_sample, other.kind, other.viseme)
        assert np.array_equal(vector(face_of(one)), vector(face_of(other)))


def test_pictures_belong_to_the_receiver() -> None:
    """Each frame keeps its own, though the painter has one array; drawing changes no face."""
    studio = NotingStudio()
    (drawn,), (bare,) = shown(LINE, draw=True, studio=studio), shown(LINE)
    pictures = [frame.picture for frame in drawn]
    assert [int(p[0, 0, 0]) for p in pictures if p is not None] == list(range(1, len(drawn) + 1))
    assert all(frame.picture is None for frame in bare)
    assert all(np.array_equal(vector(face_of(a)), vector(face_of(b))) for a, b in zip(drawn, bare, strict=True))


def test_pictures_are_converted_where_that_is_wished() -> None:
    """For H.264, while they are in the drawing core's caches."""
    (frames,) = shown([silence(0, 120)], draw=True, may_give_i420=True)
    assert all(frame.is_drawn and frame.picture is None for frame in frames)
    pictures = [frame.i420 for frame in frames if frame.i420 is not None]
    assert [(p.width_px, p.height_px, int(p.data[0, 0])) for p in pictures] == [(64, 64, 16 + n) for n in (1, 2, 3)]


def test_pictures_with_alpha_stay_as_they_are() -> None:
    """I420 has none."""
    (frames,) = shown([silence(0, 120)], draw=True, may_give_i420=True, studio=NotingStudio(channels=4))
    assert [frame.picture.shape for frame in frames if frame.picture is not None] == [(64, 64, 4)] * 3
    assert all(frame.i420 is None for frame in frames)


def test_nothing_is_painted_without_drawing() -> None:
    """Motion alone never asks for a painter."""
    studio = NotingStudio()
    shown(LINE, studio=studio)
    assert studio.asked == []


def test_size_framing_and_background_hold_for_a_stream() -> None:
    """Each stream is drawn as its controls say; the painter of the stream before is used again."""
    studio = NotingStudio()
    kinds = (Controls(), SMALL, SMALL, Controls(background="#102030"), replace(SMALL, framing=Framing.HEAD))
    streams: list[list[AvatarInput]] = [[silence(at * 960, 40)] for at in range(len(kinds))]
    for control, frames in zip(
        kinds, shown(*streams, controls=kinds, draw=True, studio=studio, persona=Persona("p", look="leo")), strict=True
    ):
        assert frames[0].picture is not None
        assert frames[0].picture.shape == (control.resolution.height_px, control.resolution.width_px, 3)
    assert studio.asked == [
        ("leo", Shot(), "studio"),
        ("leo", Shot(64, 64), "studio"),
        ("leo", Shot(), "#102030"),
        ("leo", Shot(64, 64, Framing.HEAD), "studio"),
    ]


def test_silent_frames_come_with_their_span() -> None:
    """Live, a frame of silence needs nothing that comes after it."""

    async def main(avatar: EmbeddedFace) -> None:
        session = avatar.open_session(SessionContext("s_1"), Persona("p"), draw=True)
        fed: asyncio.Queue[AvatarInput] = asyncio.Queue()

        async def spans() -> AsyncIterator[AvatarInput]:
            while True:
                yield await fed.get()

        async with aclosing(session.infer_stream(spans(), Controls(), TURN)) as frames:
            for k in range(3):
                fed.put_nowait(silence(k * 960, 40))
                async with asyncio.timeout(10):
                    assert (await anext(frames)).start_sample == k * 960

    run(main)


@pytest.mark.parametrize(("has_phonemes", "most_ms"), [(True, 110), (False, 60)])
def test_speech_comes_when_the_look_ahead_is_known(has_phonemes: bool, most_ms: float) -> None:
    """Not all at its end: the middle of a frame waits for the phonemes of the next 100 ms, without any for 60 ms of
    sound, plus the 20 ms in which the sound comes here."""
    said = SPEECH if has_phonemes else replace(SPEECH, phonemes=())

    async def main(avatar: EmbeddedFace) -> list[tuple[int, int]]:
        session = avatar.open_session(SessionContext("s_1"), Persona("p"), draw=False)
        known = 0
        seen = []

        async def spans() -> AsyncIterator[AvatarInput]:
            nonlocal known
            for piece in split(said, list(range(4800, SPEECH.end_sample, 480))):
                known = piece.end_sample
                yield piece

        async for frame in session.infer_stream(spans(), Controls(), TURN):
            seen.append((frame.start_sample + frame.sample_count, known))
        return seen

    seen: list[tuple[int, int]] = run(main)
    assert all(end <= known <= end + ms_to_samples(most_ms) for end, known in seen[:-3])


def test_the_loop_is_free_while_a_picture_is_drawn() -> None:
    """The loop itself opens the gate at which the painter waits; one frame ahead is drawn, not more."""
    gate = Event()
    studio = NotingStudio(gate)

    async def main(avatar: EmbeddedFace) -> None:
        session = avatar.open_session(SessionContext("s_1"), Persona("p"), draw=True)
        items: list[AvatarInput] = [silence(0, 400)]
        async with aclosing(session.infer_stream(given_items(items), Controls(), TURN)) as frames:
            asyncio.get_running_loop().call_later(0, gate.set)
            await anext(frames)
            await asyncio.to_thread(lambda: None)
            assert len(studio.painters[0].painted) <= 2

    run(main, studio)


def test_hurry_leaves_pictures_out() -> None:
    """Slots that are too late to be of use are not painted; what comes behind them is what it would have been."""
    studio = NotingStudio()

    async def main(avatar: EmbeddedFace) -> tuple[list[DrawnFrame], list[DrawnFrame]]:
        whole = avatar.open_session(SessionContext("s_1", seed=3), Persona("p"), draw=True)
        every = [frame async for frame in whole.infer_stream(given_items([silence(0, 800)]), Controls(), TURN)]
        session = avatar.open_session(SessionContext("s_1", seed=3), Persona("p"), draw=True)
        session.hurry(10 * 960)
        rest = [frame async for frame in session.infer_stream(given_items([silence(0, 800)]), Controls(), TURN)]
        return every, rest

    every, rest = run(main, studio)
    assert [frame.start_sample for frame in rest] == [frame.start_sample for frame in every[10:]]
    assert all(np.array_equal(face_of(a).weights, face_of(b).weights) for a, b in zip(every[10:], rest, strict=True))
    assert len(studio.painters[1].painted) == len(rest)


def test_a_burst_of_motion_gives_way_to_others() -> None:
    """Without drawing, too, other tasks run between one frame and the next."""

    async def main(avatar: EmbeddedFace) -> int:
        session = avatar.open_session(SessionContext("s_1"), Persona("p"), draw=False)
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        running = asyncio.create_task(other())
        frames = [f async for f in session.infer_stream(given_items([silence(0, 4000)]), Controls(), TURN)]
        running.cancel()
        assert len(frames) == 100
        return turns

    assert run(main) >= 99


def test_a_cancelled_stream_leaves_nothing_running() -> None:
    """It ends when the picture in work is finished, and starts no other."""
    gate = Event()
    studio = NotingStudio(gate)

    async def main(avatar: EmbeddedFace) -> None:
        session = avatar.open_session(SessionContext("s_1"), Persona("p"), draw=True)

        async def watch() -> None:
            async for _ in session.infer_stream(given_items([silence(0, 400)]), Controls(), TURN):
                pass

        watching = asyncio.create_task(watch())
        while not (studio.painters and studio.painters[0].busy):
            await asyncio.to_thread(lambda: None)
        watching.cancel()
        gate.set()
        with pytest.raises(asyncio.CancelledError):
            await watching
        assert studio.painters[0].busy == 0
        assert len(studio.painters[0].painted) == 1

    run(main, studio)


def test_a_closed_stream_leaves_nothing_running() -> None:
    """The frame that was drawn ahead is waited for and dropped."""
    studio = NotingStudio()

    async def main(avatar: EmbeddedFace) -> None:
        session = avatar.open_session(SessionContext("s_1"), Persona("p"), draw=True)
        frames = session.infer_stream(given_items([silence(0, 400)]), Controls(), TURN)
        await anext(frames)
        await frames.aclose()
        assert studio.painters[0].busy == 0
        assert len(studio.painters[0].painted) <= 2

    run(main, studio)


def test_after_an_interrupt_the_face_goes_on_from_what_was_shown() -> None:
    """The next stream starts before the end of the last: no jump at the seam, and the mouth closes."""
    cut = 4800 + 6 * 960
    spoken, listening = shown(LINE, [silence(cut, 400, FrameKind.LISTENING)])
    before = [frame for frame in spoken if frame.start_sample < cut]
    seam = [(frame.start_sample, face_of(frame)) for frame in [*before, *listening]]
    assert gap(face_of(before[-1])) > 0.1
    assert fastest(seam) <= 1 + 1e-4
    assert gap(face_of(listening[3])) < 0.02


def test_streams_follow_without_a_jump() -> None:
    """From idle to a happy turn: the smile ramps in."""
    idle, turn = shown([silence(0, 1000)], [silence(24000, 1000)], controls=(Controls(), HAPPY))
    frames = [*idle, *turn]
    smiles = [face_of(frame).weight("mouthSmileLeft") for frame in frames]
    assert fastest([(frame.start_sample, face_of(frame)) for frame in frames]) <= 1 + 1e-4
    assert smiles[24] < 0.2
    assert smiles[24] < smiles[28] < smiles[35]
    assert smiles[35] > 0.7


def test_a_change_in_the_stream_takes_effect_at_its_sample() -> None:
    """Before it nothing, then the ramp; the frames carry its revision. A change before the first span counts."""
    change = ControlChange(12000, HAPPY, 3, ramp_ms=200)
    (late,) = shown([silence(0, 400), change, silence(9600, 1000)])
    (early,) = shown([replace(change, start_sample=0), *LINE])
    smiles = {frame.start_sample: face_of(frame).weight("mouthSmileLeft") for frame in late}
    assert smiles[10560] < 0.2 < 0.7 < smiles[18240]
    assert {frame.control_revision for frame in late if frame.start_sample < 12000} == {0}
    assert {frame.control_revision for frame in late if frame.start_sample >= 12000} == {3}
    assert face_of(early[9]).weight("mouthSmileLeft") > 0.3


def test_revisions_outlive_the_stream() -> None:
    """Idle frames after a turn carry the turn's revision."""
    _, after = shown([replace(SPEECH, control_revision=4)], [silence(SPEECH.end_sample + 9600, 100)])
    assert {frame.control_revision for frame in after} == {4}


PEOPLE = [Persona("one", look="marco"), Persona("two", look="anna"), Persona("three", look="marco")]


async def _loaded(avatar: EmbeddedFace, people: list[Persona]) -> None:
    """Loaded, and all that is made behind everybody's back is made."""
    avatar.expect(people)
    await avatar.load()
    await asyncio.to_thread(avatar._builders.shutdown)


def test_load_makes_the_looks_of_the_personas_ready() -> None:
    """Each once, the default persona's first, which is also drawn; before that it is not healthy."""

    async def main(avatar: EmbeddedFace) -> tuple[bool, bool]:
        before = (await avatar.health()).ok
        await _loaded(avatar, PEOPLE)
        return before, (await avatar.health()).ok

    studio = NotingStudio()
    assert run(main, studio) == (False, True)
    assert [(look, background) for look, _, background in studio.asked] == [
        ("marco", "studio"), ("marco", "transparent"), ("anna", "studio"),
    ]  # fmt: skip
    assert [len(painter.painted) for painter in studio.painters] == [1, 1, 0]


def test_what_has_been_built_before_keeps_nobody_waiting() -> None:
    """One picture makes the drawing loops ready; the painters of the others are made behind everybody's back."""
    studio = NotingStudio(built=True)
    run(lambda avatar: _loaded(avatar, PEOPLE), studio)
    assert [look for look, _, _ in studio.asked] == ["marco", "anna"]
    assert [len(painter.painted) for painter in studio.painters] == [1, 0]


def test_a_head_that_is_being_built_holds_nobody_up() -> None:
    """Ready with the first head; sessions with another one are drawn while it is built, its own waits for it."""

    class SlowStudio(NotingStudio):
        building = Event()
        may_end = Event()

        def painter(self, look: str, shot: Shot, background: str) -> NotingPainter:
            if look == "anna":
                self.building.set()
                assert self.may_end.wait(10)
            return super().painter(look, shot, background)

    async def frames(avatar: EmbeddedFace, look: str) -> int:
        session = avatar.open_session(SessionContext("s_1"), Persona("p", look=look), draw=True)
        found = [frame async for frame in session.infer_stream(given_items([silence(0, 80)]), SMALL, TURN)]
        await session.aclose()
        return len(found)

    async def main(avatar: EmbeddedFace) -> None:
        avatar.expect(PEOPLE)
        await avatar.load()
        assert await asyncio.to_thread(studio.building.wait, 10)
        waiting = [asyncio.create_task(frames(avatar, "anna")) for _ in range(5)]
        assert await frames(avatar, "marco") == 2
        session = avatar.open_session(SessionContext("s_1"), Persona("p", look="anna"), draw=True)
        ready = asyncio.create_task(session.ready(SMALL))
        given_up = asyncio.create_task(session.ready(SMALL))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.wait([given_up])
        assert not ready.done()
        assert not any(task.done() for task in waiting)
        studio.may_end.set()
        await ready
        await session.aclose()
        assert await asyncio.gather(*waiting) == [2] * 5

    studio = SlowStudio()
    run(main, studio)


def test_while_heads_are_made_the_health_says_which() -> None:
    """Head by head, with how many there are; what lies in the cache is not worth a word, nor is what is done."""

    class SlowStudio(NotingStudio):
        begun, may_end = {look: Event() for look in ("anna", "leo")}, Event()

        def painter(self, look: str, shot: Shot, background: str) -> NotingPainter:
            if look in self.begun:
                self.begun[look].set()
                assert self.may_end.wait(10)
            return super().painter(look, shot, background)

        def is_built(self, look: str) -> bool:
            return look == "marco"

    async def main(_: EmbeddedFace) -> None:
        avatar = EmbeddedFace(Settings(preload=("marco", "anna", "leo")), studio)
        assert (await avatar.health()).detail == ""
        loading = asyncio.create_task(avatar.load())
        for begun in studio.begun.values():
            assert await asyncio.to_thread(begun.wait, 10)
        assert (await avatar.health()).detail == "once on this machine: building anna (2 of 3), building leo (3 of 3)"
        studio.may_end.set()
        await loading
        assert (await avatar.health()).detail == ""
        await avatar.aclose()

    studio = SlowStudio()
    run(main)


@pytest.mark.parametrize("error", [LookError("look", "there is none"), OSError(), ValueError()])
def test_a_head_that_cannot_be_built_is_logged_and_the_next_one_is_built(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Behind everybody's back nothing is lost without a word, and nothing is said to be built that is not."""

    class BrokenStudio(NotingStudio):
        def painter(self, look: str, shot: Shot, background: str) -> NotingPainter:
            if look == "anna":
                raise error
            return super().painter(look, shot, background)

    studio = BrokenStudio()
    people = [Persona(look, look=look) for look in ("marco", "anna", "leo")]
    with caplog.at_level("INFO"):
        run(lambda avatar: _loaded(avatar, people), studio)
    said = [(record.message, vars(record).get("look")) for record in caplog.records]
    assert ("a head cannot be built", "anna") in said
    assert [look for message, look in said if message == "a head was built"] == ["marco", "leo"]


def test_looks_that_are_named_are_all_there_when_the_adapter_is_ready() -> None:
    """Nobody of them is built behind it."""

    async def main(_: EmbeddedFace) -> None:
        avatar = EmbeddedFace(Settings(preload=("anna", "marco", "leo")), studio)
        avatar.expect(PEOPLE)
        await avatar.load()
        assert {look for look, _, _ in studio.asked} == {"anna", "marco", "leo"}
        assert avatar.spares.take("leo", Shot(), "studio") is not None
        await avatar.aclose()

    studio = NotingStudio(built=True)
    run(main)


def test_a_painter_goes_from_session_to_session() -> None:
    """The first one takes what lies ready; who comes later takes what was left."""

    async def main(avatar: EmbeddedFace) -> None:
        await avatar.load()
        for _ in range(3):
            session = avatar.open_session(SessionContext("s_1"), Persona("p", look="anna"), draw=True)
            async for _ in session.infer_stream(given_items([silence(0, 80)]), Controls(), TURN):
                pass
            await session.aclose()

    studio = NotingStudio(built=True)
    run(main, studio)
    assert [look for look, _, _ in studio.asked].count("anna") == 1


def test_a_look_that_does_not_exist_is_refused() -> None:
    """At start the adapter is unavailable; for a persona the session is refused. No text of the caller is repeated."""

    async def main(_: EmbeddedFace) -> None:
        avatar = EmbeddedFace(Settings(look="nobody"), NotingStudio())
        with pytest.raises(AdapterUnavailable):
            await avatar.load()
        with pytest.raises(AdapterRejected):
            avatar.open_session(SessionContext("s_1"), Persona("p"), draw=True)
        avatar.open_session(SessionContext("s_1"), Persona("p"), draw=False)
        await avatar.aclose()
        await avatar.aclose()

    run(main)


def test_capabilities_speak_of_every_control_of_a_face() -> None:
    """All of emotion, the face's part of character, and what a picture is; nothing of the voice or of the pace."""
    mine = set(build(Settings()).capabilities.controls)
    others = {"character.speech_rate", "character.pitch_shift", "render.latency_mode", "render.idle_mode"}
    assert mine == {one.path for one in FIELDS} - others


def test_a_background_that_cannot_be_had_is_a_mistake_of_the_configuration(tmp_path: Path) -> None:
    """At start, naming the key; what can be had is offered by its name."""
    picture = tmp_path / "office.png"
    picture.write_bytes(PngEncoder(2, 2, 1).encode(np.zeros((2, 2, 3), np.uint8)).data)
    (tmp_path / "text.png").write_text("no picture")
    wrong = {"green": picture, "Office!": picture, "absent": tmp_path / "none.jpg", "text": tmp_path / "text.png"}
    with pytest.raises(ConfigError) as refused:
        build(Settings(backgrounds={"office": picture, **wrong}))
    prefix = "adapters.avatar.embedded_face.backgrounds."
    assert [problem.key for problem in refused.value.problems] == [prefix + name for name in wrong]
    assert build(Settings(backgrounds={"office": picture})).capabilities.backgrounds[-2:] == ("transparent", "office")


def test_a_portrait_that_cannot_be_cut_out_keeps_its_background(tmp_path: Path) -> None:
    """Only of such a look is it said that the control does nothing, and why; the rest is as for everybody."""
    avatar = build(Settings())
    flat = str(write_folder(tmp_path / "flat", average_content()))
    cut = write_folder(tmp_path / "cut", {**average_content(), "layers": {"matte": "portrait.png"}})
    kept = avatar.capabilities_for(Persona("p", look=flat)).controls["render.background"]
    assert kept.support is Support.NONE
    assert "matte" in kept.reason
    for look in ("anna", str(cut), "nobody"):
        assert avatar.capabilities_for(Persona("p", look=look)) is avatar.capabilities
    for_everybody = build(Settings(look=flat))
    assert for_everybody.capabilities_for(Persona("p")).controls["render.background"] == kept


def test_a_look_that_is_not_legal_is_a_mistake_of_the_configuration(tmp_path: Path) -> None:
    """At start, naming the key, the look's own key and what is allowed there."""
    (tmp_path / "wide.yaml").write_text("shape: {jaw_width: 900}")
    with pytest.raises(ConfigError) as refused:
        build(Settings(look=str(tmp_path / "wide.yaml"), preload=("anna", "nobody")))
    look, preload = refused.value.problems
    assert look.key == "adapters.avatar.embedded_face.look"
    assert "shape.jaw_width" in look.message
    assert preload.key == "adapters.avatar.embedded_face.preload"
    assert "nobody" in preload.message


def test_a_face_that_is_put_away_gives_up_its_painter_and_goes_on_with_another() -> None:
    """For a client that may come back; whoever else draws the same picture has it meanwhile."""

    async def main(avatar: EmbeddedFace) -> None:
        await avatar.load()
        session = avatar.open_session(SessionContext("s_1"), Persona("p", look="anna"), draw=True)
        for _ in range(2):
            items = given_items([silence(0, 80)])
            frames = [frame async for frame in session.infer_stream(items, Controls(), TURN)]
            assert all(frame.picture is not None for frame in frames)
            await session.put_away()
            assert avatar.spares.take("anna", Shot(), "studio") is not None
        await session.aclose()

    run(main, NotingStudio(built=True))
