"""The calls with one answer: sessions, models, health."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

import grpc
import pytest

from tests.server.caller import LONG, calling, check_turn, conversation, kind, new_session, reason_of, served
from tth.adapters.avatar import embedded_face, mock_avatar
from tth.adapters.base import AdapterSpec, Capabilities, Deployment, Health, Persona, Role
from tth.adapters.llm import mock_llm
from tth.adapters.registry import Adapters
from tth.control.personas import PersonaConfig
from tth.face.parameters import BLENDSHAPES
from tth.server.app import TthServer
from tth.server.models import ModelCatalogue, model_message
from tth.testing.harness import RunningServer, make_server
from tth.testing.scripted import ScriptedVoice, hang
from tth.v1 import tth_service_pb2
from tth.v1.controls_pb2 import FRAMING_BUST, FRAMING_HEAD, Character, Controls, Emotion, Render, Resolution
from tth.v1.media_pb2 import MediaPreferences
from tth.v1.tth_service_pb2 import (
    CreateSessionRequest,
    EndSessionRequest,
    GetSessionRequest,
    HealthRequest,
    ListModelsRequest,
)

pytestmark = pytest.mark.server


@served()
async def test_create_session_is_idempotent(server: RunningServer) -> None:
    """The same request_id finds the same session; another one makes another; an ended one is made anew."""
    first_id, other_id = str(uuid.uuid4()), str(uuid.uuid4())
    requests = [CreateSessionRequest(request_id=request_id) for request_id in (first_id, first_id, other_id)]
    first, again, other = [(await server.stub.CreateSession(request)).session_id for request in requests]
    assert first == again != other
    await server.stub.EndSession(EndSessionRequest(session_id=first))
    assert (await server.stub.CreateSession(requests[0])).session_id not in (first, other)


@served()
async def test_create_session_reports_every_requested_path(server: RunningServer) -> None:
    """One result for each control asked for, whatever becomes of it."""
    asked = Controls(
        emotion=Emotion(intensity=0.7),
        character=Character(persona_id="other", expressivity=0.2),
        render=Render(background="#102030", resolution=Resolution(width_px=96, height_px=64)),
    )
    reply = await server.stub.CreateSession(CreateSessionRequest(controls=asked))
    assert [result.path for result in reply.control_report.results] == [
        "emotion.intensity",
        "character.persona_id",
        "character.expressivity",
        "render.resolution",
        "render.background",
    ]
    assert reply.control_report.effective.character.persona_id == "other"
    assert reply.control_report.effective.render.resolution.width_px == 96
    assert {result.path for result in reply.control_report.results if result.outcome == 6} == {
        "character.expressivity",
        "render.background",
    }
    assert reply.schema_version == "1.0"
    assert reply.expire_time.ToMilliseconds() > server.server.engine.clock.wall_ms()


@served()
async def test_blendshape_names_come_with_motion(server: RunningServer) -> None:
    """Who asks for the face as numbers is told their order."""
    with_motion = await server.stub.CreateSession(CreateSessionRequest(media=MediaPreferences(motion=True)))
    without = await server.stub.CreateSession(CreateSessionRequest())
    assert tuple(with_motion.blendshape_names) == BLENDSHAPES
    assert not without.blendshape_names


@served()
async def test_get_session_of_a_fresh_one(server: RunningServer) -> None:
    """Idle, nobody attached, no turn yet."""
    session_id = await new_session(server)
    reply = await server.stub.GetSession(GetSessionRequest(session_id=session_id))
    assert (reply.state, reply.attached, reply.turn_count, reply.current_turn_id) == ("idle", False, 0, "")
    assert reply.create_time.ToMilliseconds() < reply.expire_time.ToMilliseconds()


@served()
async def test_end_session_is_idempotent(server: RunningServer) -> None:
    """It counts the turns, twice the same; a session that never was is NOT_FOUND."""
    async with conversation(server) as caller:
        await caller.text("One.")
        await caller.turn()
        await caller.finish()
        request = EndSessionRequest(session_id=caller.session_id)
        assert [(await server.stub.EndSession(request)).turn_count for _ in range(2)] == [1, 1]
    with pytest.raises(grpc.aio.AioRpcError) as unknown:
        await server.stub.EndSession(EndSessionRequest(session_id="s_never"))
    assert reason_of(unknown.value) == "SESSION_NOT_FOUND"


@served()
async def test_end_session_ends_its_stream(server: RunningServer) -> None:
    """The running turn is cancelled, the client is told to go and its stream ends with OK."""
    async with conversation(server) as caller:
        await caller.text(LONG)
        await caller.next_of("audio_chunk")
        await server.stub.EndSession(EndSessionRequest(session_id=caller.session_id))
        assert await caller.status() == (grpc.StatusCode.OK, "")
        kinds = [kind(event) for event in caller.events]
        assert "go_away" in kinds
        check_turn([kind(event) for event in caller.events if event.turn_id])
        assert caller.events[-1].turn_stopped.outcome == 5


def stuck_voice() -> TthServer:
    return make_server(Adapters(tts=ScriptedVoice([hang()], repeat=True)))


@served(stuck_voice)
async def test_ending_a_session_gives_its_adapters_back(server: RunningServer) -> None:
    """Also when the one who asked for it does not wait for the answer."""
    voice = server.server.engine.adapters.tts
    assert isinstance(voice, ScriptedVoice)
    async with conversation(server) as caller:
        await caller.text("Hello.")
        await caller.next_of("text_delta")
        call = server.stub.EndSession(EndSessionRequest(session_id=caller.session_id))
        assert await caller.status() == (grpc.StatusCode.OK, "")
        call.cancel()
    await server.server.stop()
    assert voice.player.open_sessions == 0


class BrokenAvatar(mock_avatar.MockAvatar):
    async def health(self) -> Health:
        raise RuntimeError("SECRETWORD")


class SilentModel(mock_llm.MockModel):
    async def health(self) -> Health:
        await asyncio.get_running_loop().create_future()
        raise AssertionError


def unwell() -> TthServer:
    """A voice that says it is not well, an avatar that breaks when asked, a language model that does not answer."""
    voice = ScriptedVoice(health=Health(ok=False, detail="the line is down"))
    avatar, model = BrokenAvatar(mock_avatar.Settings()), SilentModel(mock_llm.Settings())
    return make_server(Adapters(llm=model, tts=voice, avatar=avatar))


@served(unwell)
async def test_health_names_the_component_that_is_not_well(server: RunningServer) -> None:
    """One that says so, one that breaks and one that is silent: the server is DEGRADED and answers all the same."""
    reply = await server.stub.Health(HealthRequest(include_components=True))
    assert reply.status == tth_service_pb2.HEALTH_STATUS_DEGRADED
    details = {component.component: component.detail for component in reply.components}
    assert details == {
        "llm/mock_llm": "gave no answer within 2 s",
        "tts/scripted": "the line is down",
        "avatar/mock_avatar": "RuntimeError",
    }
    assert "SECRETWORD" not in str(reply)


@served()
async def test_health_counts(server: RunningServer) -> None:
    """Sessions open, turns running, every component with its time to load."""
    async with conversation(server) as caller:
        await caller.text(LONG)
        await caller.next_of("audio_chunk")
        reply = await server.stub.Health(HealthRequest(include_components=True))
        await caller.interrupt()
        await caller.turn()
    assert reply.status == tth_service_pb2.HEALTH_STATUS_SERVING
    assert (reply.session_count, reply.turn_count, reply.profile) == (1, 1, "test")
    assert [component.component for component in reply.components] == [
        "llm/mock_llm",
        "tts/mock_tts",
        "avatar/mock_avatar",
    ]
    assert reply.uptime_s > 0
    assert not (await server.stub.Health(HealthRequest())).components


@served()
async def test_list_models_pages(server: RunningServer) -> None:
    """Pages of two make up the whole; personas, ranges and codecs are told."""
    whole = await server.stub.ListModels(ListModelsRequest())
    first = await server.stub.ListModels(ListModelsRequest(page_size=2))
    second = await server.stub.ListModels(ListModelsRequest(page_size=2, page_token=first.next_page_token))
    assert [*first.models, *second.models] == list(whole.models)
    assert (first.next_page_token, second.next_page_token, whole.next_page_token) == ("2", "", "")
    assert [persona.persona_id for persona in whole.personas] == ["default", "other"]
    voice = next(model for model in whole.models if model.role == "tts")
    assert voice.active
    assert "emotion.label" in {control.path for control in voice.controls}
    assert tuple(whole.blendshape_names) == BLENDSHAPES


def test_list_models_names_looks_and_hides_paths() -> None:
    """A look's name is told with its person; where it is a file of this machine, nothing is."""
    looks = {"one": "anna", "two": "/home/me/me.yaml", "three": "me.yaml"}
    people = {name: PersonaConfig(Persona(name, look=look)) for name, look in looks.items()}
    answer = ModelCatalogue("test", (), people).page(ListModelsRequest())
    assert [persona.look for persona in answer.personas] == ["anna", "", ""]


@pytest.mark.parametrize(
    ("request_message", "wrong_field"),
    [
        (ListModelsRequest(page_size=-1), "page_size"),
        (ListModelsRequest(page_size=101), "page_size"),
        (ListModelsRequest(page_token="x"), "page_token"),
        (ListModelsRequest(page_token="-1"), "page_token"),
        (ListModelsRequest(page_token="9" * 5000), "page_token"),
    ],
    ids=["negative size", "large size", "word", "negative token", "endless number"],
)
def test_list_models_refuses_what_is_no_page(request_message: ListModelsRequest, wrong_field: str) -> None:
    """INVALID_ARGUMENT that names the field."""

    @served()
    async def check(server: RunningServer) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await server.stub.ListModels(request_message)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert wrong_field in (refused.value.details() or "")

    check()


@served()
async def test_two_conversations_do_not_meet(server: RunningServer) -> None:
    """Each hears its own text, at the same time."""
    async with conversation(server) as one, conversation(server) as other:
        await asyncio.gather(one.text("I am one."), other.text("I am the other."))
        first, second = await asyncio.gather(one.turn(), other.turn())
        assert first[-1].turn_complete.text == "I am one."
        assert second[-1].turn_complete.text == "I am the other."
    async with calling(server, one.session_id) as again:
        await again.talk("?")
        assert (await again.turn())[-1].turn_complete.text == "You said: ?"


def test_backgrounds_and_framings_are_offered() -> None:
    """Those of the avatar, with the operator's pictures; a voice has none."""
    face = embedded_face.EmbeddedFace(embedded_face.Settings(backgrounds={"office": Path("office.png")}))
    spec = AdapterSpec(Role.AVATAR, "embedded_face", "", "")
    shown = model_message(spec, face.capabilities, active=True)
    assert shown.backgrounds == ["studio", "room", "green", "transparent", "office"]
    assert shown.framings == [FRAMING_HEAD, FRAMING_BUST]
    voice = model_message(spec, Capabilities("a voice", Deployment.EMBEDDED), active=True)
    assert not voice.backgrounds
    assert not voice.framings
