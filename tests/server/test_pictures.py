"""What a client sees of the embedded avatar: sizes and rates, backgrounds and alpha, one continuous person.

The adapter, its motion and everything behind it are real; the painter is a quick one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import grpc
import numpy as np
import pytest

from tests.server.caller import Caller, conversation, fields_of, kind, new_session, served
from tth.adapters.avatar.embedded_face import EmbeddedFace, Settings
from tth.adapters.base import Persona
from tth.adapters.registry import Adapters
from tth.client import TthClient, controls
from tth.control.personas import PersonaConfig
from tth.face.parameters import FaceState
from tth.face.shot import Shot
from tth.media.decode import FrameDecoder
from tth.model.controls import GREEN_RGB, Framing
from tth.model.media import Picture, VideoCodec
from tth.server.app import TthServer
from tth.testing.harness import RunningServer, make_server, mock_adapters
from tth.testing.virtual_time import VirtualClock
from tth.v1 import media_pb2
from tth.v1.controls_pb2 import CONTROL_OUTCOME_SUBSTITUTED, Controls
from tth.v1.converse_pb2 import ControlUpdate, ConverseResponse
from tth.v1.media_pb2 import MediaPreferences, VideoFrame
from tth.v1.tth_service_pb2 import CreateSessionRequest

pytestmark = pytest.mark.server

GAP_US = 1_000_000
"""Longest time without a new picture that is no hole: a busy machine stalls, and on fast time eight times as long."""
WALLS = {"studio": (150, 150, 170), "room": (150, 120, 90), "green": GREEN_RGB, "office": (90, 90, 200)}
SKIN = {"anna": (230, 180, 160), "leo": (150, 100, 70)}


@dataclass
class QuickPainter:
    """A square of skin before a wall; bigger in a close framing, darker in its middle the wider the mouth is open."""

    look: str
    shot: Shot
    background: str

    @property
    def size_px(self) -> tuple[int, int]:
        return self.shot.width_px, self.shot.height_px

    def paint(self, state: FaceState, /) -> Picture:
        width, height = self.size_px
        side = min(width, height) // (2 if self.shot.framing is Framing.HEAD else 4)
        face = (
            slice(height // 2 - side // 2, height // 2 + side // 2),
            slice(width // 2 - side // 2, width // 2 + side // 2),
        )
        clear = self.background == "transparent"
        picture = np.zeros((height, width, 4 if clear else 3), np.uint8)
        if not clear:
            picture[:] = WALLS[self.background]
        picture[face] = (*SKIN[self.look], 255)[: picture.shape[2]]
        mouth = side // 8
        picture[height // 2 - mouth : height // 2 + mouth, width // 2 - mouth : width // 2 + mouth, :3] = round(
            200 * (1 - state.weight("jawOpen"))
        )
        return picture


class QuickStudio:
    def painter(self, look: str, shot: Shot, background: str) -> QuickPainter:
        return QuickPainter(look, shot, background)

    def is_built(self, look: str) -> bool:
        return True


def make() -> TthServer:
    mocks = mock_adapters()
    face = EmbeddedFace(Settings(backgrounds={"office": Path("office.png")}), QuickStudio(), clock=VirtualClock())
    people = {name: PersonaConfig(Persona(name, look=look)) for name, look in (("default", "anna"), ("other", "leo"))}
    return make_server(Adapters(llm=mocks.llm, tts=mocks.tts, avatar=face), personas=people)


def media(codec: media_pb2.VideoCodec, *, alpha: bool = False, motion: bool = False) -> MediaPreferences:
    return MediaPreferences(video_codec=codec, alpha=alpha, motion=motion)


H264 = media(media_pb2.VIDEO_CODEC_H264)


def frames_of(events: list[ConverseResponse]) -> list[VideoFrame]:
    return [event.video_frame for event in events if kind(event) == "video_frame"]


def pictures_of(frames: list[VideoFrame], codec: VideoCodec = VideoCodec.H264) -> list[Picture]:
    """All of them; every frame decodes, at once, to its own size."""
    decoder, found = FrameDecoder(codec), []
    for frame in frames:
        picture = decoder.decode(frame.data, frame.width_px, frame.height_px)
        assert picture is not None, frame.pts_us
        found.append(picture)
    return found


async def spoken(caller: Caller, text: str, wanted: Controls | None = None) -> list[VideoFrame]:
    """The frames of one turn."""
    await caller.text(text, controls=wanted)
    return frames_of(await caller.turn())


@pytest.mark.parametrize(
    ("size", "fps"), [((64, 64), 60), ((64, 64), 1), ((1024, 1024), 5), ((66, 1024), 10), ((256, 144), 24)]
)
def test_any_even_size_at_any_rate(size: tuple[int, int], fps: int) -> None:
    """As asked, from the first frame to the last, each in its slot of the media clock."""

    @served(make)
    async def check(server: RunningServer) -> None:
        async with conversation(server, media=H264, controls=controls(fps=fps, size=size)) as caller:
            frames = await spoken(caller, "A sentence that takes about a second to say, or two.")
            assert {(frame.width_px, frame.height_px) for frame in frames} == {size}
            assert {(picture.shape[1], picture.shape[0]) for picture in pictures_of(frames_of(caller.events))} == {size}
            assert all(abs(frame.duration_us - 1e6 / fps) <= 42 for frame in frames)
            slots = [(b.pts_us - a.pts_us) * fps / 1e6 for a, b in pairwise(frames)]
            assert all(abs(slot - round(slot)) < 0.01 and slot > 0.5 for slot in slots)
            assert sum(frame.dropped_before_count for frame in frames[1:]) + 1 >= sum(
                round(slot) for slot in slots
            ) - len(slots)

    check()


@served(make)
async def test_everything_may_change_between_turns(server: RunningServer) -> None:
    """Size, framing, background, rate and person: each first frame stands alone, none is black, time has no hole."""
    changes = [
        controls(),
        controls(size=(128, 96)),
        controls(background="green"),
        controls(framing="head", background="office"),
        controls(persona="other", fps=10),
        controls(size=(64, 128), background="room", framing="bust"),
        controls(persona="default", background="#102030"),
    ]
    WALLS["#102030"] = (16, 32, 48)
    async with conversation(server, media=H264) as caller:
        for wanted in changes:
            await caller.send(control_update=ControlUpdate(controls=wanted))
            await spoken(caller, "One two three.", wanted)
        frames = frames_of(caller.events)
    pictures = pictures_of(frames)
    assert len({(frame.width_px, frame.height_px) for frame in frames}) == 3
    for before, after in pairwise(frames):
        if (before.width_px, before.height_px) != (after.width_px, after.height_px):
            assert after.keyframe
            assert after.codec_config
    assert min(int(picture.max()) for picture in pictures) > 120, "a black frame"
    walls = {tuple(int(v) for v in np.round(picture[2, 2] / 30)) for picture in pictures}
    assert len(walls) >= 5
    ends = [(frame.pts_us + frame.duration_us, following.pts_us) for frame, following in pairwise(frames)]
    assert all(start >= end - 42 for end, start in ends)
    assert max(start - end for end, start in ends) < GAP_US


@pytest.mark.parametrize(
    ("wire", "codec"),
    [
        (media_pb2.VIDEO_CODEC_PNG, VideoCodec.PNG),
        (media_pb2.VIDEO_CODEC_WEBP, VideoCodec.WEBP),
        (media_pb2.VIDEO_CODEC_RAW_RGBA32, VideoCodec.RAW_RGBA32),
    ],
)
def test_a_person_alone(wire: media_pb2.VideoCodec, codec: VideoCodec) -> None:
    """Asked for with `alpha`: clear around, opaque inside; with a background the same codec shows it."""

    @served(make)
    async def check(server: RunningServer) -> None:
        created = await server.stub.CreateSession(CreateSessionRequest(media=media(wire, alpha=True)))
        assert created.media.alpha
        assert created.control_report.effective.render.background == "transparent"
        async with conversation(server, media=media(wire, alpha=True)) as caller:
            clear = await spoken(caller, "Hello there.")
            walled = await spoken(caller, "Hello there.", controls(background="office"))
        assert all(frame.alpha for frame in clear)
        for picture in pictures_of(clear, codec):
            assert picture.shape[2] == 4
            assert (picture[2, 2, 3], picture[26, 26, 3]) == (0, 255)
        for frame, picture in zip(walled, pictures_of(walled, codec), strict=True):
            assert frame.alpha is False
            assert np.abs(picture[2, 2, :3].astype(int) - WALLS["office"]).max() < 6

    check()


@served(make)
async def test_the_largest_raw_picture_arrives(server: RunningServer) -> None:
    """1024x1024 with alpha are 4 MiB and an envelope, which is more than gRPC sends and takes by itself."""
    async with TthClient(server.target) as client:
        wanted = controls(fps=1, size=(1024, 1024))
        session = await client.create_session(wanted, media=media(media_pb2.VIDEO_CODEC_RAW_RGBA32))
        async with client.converse(session.session_id) as talk:
            async for event in talk.events():
                if kind(event) == "video_frame":
                    assert len(event.video_frame.data) == 4 * 1024 * 1024
                    return


@pytest.mark.parametrize(
    ("wire", "codec"),
    [(media_pb2.VIDEO_CODEC_H264, VideoCodec.H264), (media_pb2.VIDEO_CODEC_JPEG, VideoCodec.JPEG)],
)
@pytest.mark.parametrize("by_control", [True, False])
def test_without_alpha_the_person_stands_on_green(
    wire: media_pb2.VideoCodec, codec: VideoCodec, by_control: bool
) -> None:
    """And that is said, at once and with every turn."""
    fields = {"controls": controls(background="transparent"), "media": media(wire)}
    if not by_control:
        fields = {"media": media(wire, alpha=True)}

    @served(make)
    async def check(server: RunningServer) -> None:
        created = await server.stub.CreateSession(CreateSessionRequest(**fields))  # type: ignore[arg-type]
        assert not created.media.alpha
        (result,) = created.control_report.results
        assert (result.path, result.requested, result.effective) == ("render.background", "transparent", "green")
        assert result.outcome == CONTROL_OUTCOME_SUBSTITUTED
        async with conversation(server, **fields) as caller:
            frames = await spoken(caller, "Hello there.")
        for frame, picture in zip(frames, pictures_of(frames, codec), strict=True):
            assert not frame.alpha
            assert np.abs(picture[2, 2].astype(int) - GREEN_RGB).max() < 12

    check()


@served(make)
async def test_unknown_backgrounds_are_refused_at_every_door(server: RunningServer) -> None:
    """With the field and all that is known, the operator's pictures among it; a path is no name."""
    allowed = 'one of studio, room, green, transparent, office or a colour as "#rrggbb"'
    wrong = controls(background="../office.png")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await new_session(server, controls=wrong)
    assert fields_of(refused.value) == {"controls.render.background": f"must be {allowed}"}
    async with conversation(server) as caller:
        await caller.text("Hello.", controls=wrong)
        (violation,) = (await caller.refusal()).field_violations
        assert (violation.field, violation.description) == ("user_text.controls.render.background", allowed)
        await caller.send(control_update=ControlUpdate(controls=wrong))
        (violation,) = (await caller.refusal()).field_violations
        assert (violation.field, violation.description) == ("control_update.controls.render.background", allowed)


@served(make)
async def test_an_interrupt_leaves_no_hole_in_the_picture(server: RunningServer) -> None:
    """Frame follows frame, each can be decoded, and the person who listens is the one who spoke."""
    async with conversation(server, media=H264) as caller:
        await caller.text("Many words that are spoken one after the other without any pause between them at all.")
        await caller.until(
            lambda event: kind(event) == "video_frame" and event.video_frame.kind == media_pb2.FRAME_KIND_SPEAKING
        )
        await caller.interrupt()
        end_us = (await caller.next_of("turn_stopped")).turn_stopped.video_end_pts_us
        await caller.until(lambda event: kind(event) == "video_frame" and event.video_frame.pts_us > end_us + 600_000)
        frames = frames_of(caller.events)
    pictures = pictures_of(frames)
    assert len(pictures) == len(frames)
    assert all(np.abs(picture[26, 26].astype(int) - SKIN["anna"]).max() < 12 for picture in pictures)
    assert max(after.pts_us - before.pts_us for before, after in pairwise(frames)) < GAP_US
