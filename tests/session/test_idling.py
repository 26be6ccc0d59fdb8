"""Whether and how somebody is shown between turns."""

from __future__ import annotations

import asyncio

import pytest

from tests.session.scene import Recording, engine, inline
from tth.adapters.base import AvatarSession, Persona, SessionContext
from tth.adapters.registry import Adapters
from tth.core.budget import Budgets
from tth.core.media_clock import MediaClock
from tth.errors import AdapterUnavailable
from tth.model.commands import UpdateControls
from tth.model.controls import ControlPatch, EmotionLabel, Framing, IdleMode
from tth.model.events import DegradedMode, IdleClip, VideoFrame
from tth.model.ids import SessionId
from tth.model.media import FrameKind, MediaPreferences, VideoCodec
from tth.pipeline.frame_encoder import FrameEncoder
from tth.pipeline.plan import Venue
from tth.session.control_layers import ControlLayers
from tth.session.face import Face
from tth.session.idling import Idling
from tth.session.terms import SessionTerms
from tth.testing.scripted import ScriptedAvatar
from tth.testing.virtual_time import VirtualClock, run_virtual

pytestmark = pytest.mark.pipeline


class Stage:
    """All that idle frames need."""

    def __init__(self, codec: VideoCodec, avatar: ScriptedAvatar | None, mode: IdleMode = IdleMode.FRAMES) -> None:
        made = engine(Adapters(avatar=avatar))
        clock, media_clock = VirtualClock(), MediaClock()
        media_clock.start(clock.now_s())
        media = MediaPreferences(video_codec=codec)
        self.sink = Recording()
        self.venue = Venue(self.sink, clock, media_clock, FrameEncoder(codec, inline), Budgets())
        face = Face(avatar, SessionContext("s_test"), draw=codec is not VideoCodec.NONE)
        self.idling = Idling(made, face, SessionTerms(SessionId("s_test"), "en", media))
        self.layers = ControlLayers(
            made.base_controls, made.personas, made.adapters.facts_for, ControlPatch(idle_mode=mode)
        )


@pytest.mark.parametrize(
    ("codec", "mode", "has_avatar", "is_shown"),
    [
        (VideoCodec.RAW_RGB24, IdleMode.FRAMES, True, True),
        (VideoCodec.RAW_RGB24, IdleMode.NONE, True, False),
        (VideoCodec.RAW_RGB24, IdleMode.FRAMES, False, False),
        (VideoCodec.NONE, IdleMode.FRAMES, True, False),
    ],
)
def test_who_is_shown(codec: VideoCodec, mode: IdleMode, has_avatar: bool, is_shown: bool) -> None:
    """Somebody, unless nobody wants to see, nobody is wanted, or there is nobody."""

    async def main() -> int:
        stage = Stage(codec, ScriptedAvatar() if has_avatar else None, mode)
        async with asyncio.TaskGroup() as group:
            stage.idling.start(group, stage.venue, stage.layers.now())
            await asyncio.sleep(1)
            stage.idling.stop()
        return len(stage.sink.of(VideoFrame))

    assert (run_virtual(main()) > 20) is is_shown


def test_start_replaces_and_stop_is_idempotent() -> None:
    """Two starts show one person."""

    async def main() -> list[int]:
        stage = Stage(VideoCodec.RAW_RGB24, ScriptedAvatar())
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                stage.idling.start(group, stage.venue, stage.layers.now())
            await asyncio.sleep(1)
            stage.idling.stop()
            stage.idling.stop()
        return [frame.start_sample for frame in stage.sink.of(VideoFrame)]

    starts = run_virtual(main())
    assert starts == sorted(set(starts))
    assert len(starts) <= 28


@pytest.mark.parametrize(
    ("command", "is_taken"),
    [
        (UpdateControls(ControlPatch(emotion_label=EmotionLabel.SAD)), True),
        (UpdateControls(ControlPatch(motion_gain=0.0), ("emotion.label",)), True),
        (UpdateControls(ControlPatch(fps=10)), False),
        (UpdateControls(ControlPatch(persona_id="b")), False),
        (UpdateControls(ControlPatch(framing=Framing.HEAD)), False),
        (UpdateControls(ControlPatch(background="room")), False),
        (UpdateControls(ControlPatch(), ("render.resolution",)), False),
    ],
)
def test_what_the_person_shown_can_take_over(command: UpdateControls, is_taken: bool) -> None:
    """A look and a size are fixed when the stream begins; set or given back makes no difference."""

    async def main() -> bool:
        stage = Stage(VideoCodec.RAW_RGB24, ScriptedAvatar())
        decided = stage.layers.update(command.controls, command.clear_paths, None)
        assert not stage.idling.change(command, decided)  # nobody is shown yet
        async with asyncio.TaskGroup() as group:
            stage.idling.start(group, stage.venue, stage.layers.now())
            taken = stage.idling.change(command, decided)
            stage.idling.stop()
        return taken

    assert run_virtual(main()) is is_taken


class _Nobody(ScriptedAvatar):
    def open_session(self, context: SessionContext, persona: Persona, draw: bool) -> AvatarSession:
        raise AdapterUnavailable("there is nobody", role="avatar")


def test_an_avatar_with_nobody_to_show_is_told() -> None:
    """It costs the idle frames, not the stream; the client is told why it sees nobody."""

    async def main() -> list[DegradedMode]:
        stage = Stage(VideoCodec.RAW_RGB24, _Nobody())
        async with asyncio.TaskGroup() as group:
            stage.idling.start(group, stage.venue, stage.layers.now())
        return stage.sink.of(DegradedMode)

    assert [(told.active, told.component, told.reason) for told in run_virtual(main())] == [
        (True, "avatar", "ADAPTER_UNAVAILABLE")
    ]


SAD = UpdateControls(ControlPatch(emotion_label=EmotionLabel.SAD))
SLOW = UpdateControls(ControlPatch(speech_rate=0.5))


@pytest.mark.parametrize(("command", "is_taken"), [(SAD, False), (SLOW, True)])
def test_a_clip_is_made_anew_where_the_picture_changes(command: UpdateControls, is_taken: bool) -> None:
    """While it is sent and after it."""

    async def main() -> list[bool]:
        stage = Stage(VideoCodec.RAW_RGB24, ScriptedAvatar(), IdleMode.CLIP)
        taken = []
        async with asyncio.TaskGroup() as group:
            for seconds in (1.0, 6.0):
                stage.idling.start(group, stage.venue, stage.layers.now())
                await asyncio.sleep(seconds)
                taken.append(stage.idling.change(command, stage.layers.now()))
        assert len(stage.sink.of(IdleClip)) == 2
        return taken

    assert run_virtual(main()) == [is_taken] * 2


@pytest.mark.parametrize(("mode", "goes_on"), [(IdleMode.FRAMES, True), (IdleMode.CLIP, False)])
def test_whoever_is_shown_listens_while_somebody_types(mode: IdleMode, goes_on: bool) -> None:
    """Frames go on, a clip is made anew; told twice makes no difference; who is shown later listens as well."""

    async def main() -> list[FrameKind]:
        stage = Stage(VideoCodec.RAW_RGB24, ScriptedAvatar(), mode)
        async with asyncio.TaskGroup() as group:
            stage.idling.start(group, stage.venue, stage.layers.now())
            await asyncio.sleep(1)
            assert stage.idling.attend(True) is goes_on
            assert stage.idling.attend(True)
            stage.idling.start(group, stage.venue, stage.layers.now())
            await asyncio.sleep(1)
            stage.idling.stop()
        return [frame.kind for frame in stage.sink.of(VideoFrame)]

    kinds = run_virtual(main())
    assert kinds[0] is FrameKind.IDLE
    assert kinds[-1] is FrameKind.LISTENING
