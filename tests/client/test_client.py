"""The unary calls of the client, over a real channel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import grpc
import pytest

from tests.client.server import ScriptedService, refusal, serving
from tth.client import TthClient, TthRpcError, controls, media
from tth.v1 import tth_service_pb2 as pb

pytestmark = pytest.mark.server


def call(service: ScriptedService, body: Callable[[TthClient], Awaitable[None]]) -> None:
    async def run() -> None:
        async with serving(service) as target, TthClient(target) as client:
            await body(client)

    asyncio.run(run())


def test_a_session_is_created_with_what_was_asked_for() -> None:
    """Everything else is left to the server; each call has an id of its own."""
    service = ScriptedService()
    service.answers["CreateSession"] = pb.CreateSessionResponse(session_id="s_1")

    async def body(client: TthClient) -> None:
        for _ in range(2):
            session = await client.create_session(
                controls(emotion="sad"), media=media(video="none"), language_code="de"
            )
            assert session.session_id == "s_1"

    call(service, body)
    first, second = service.requests
    assert first.controls == controls(emotion="sad")
    assert (first.language_code, first.media) == ("de", media(video="none"))
    assert len({first.request_id, second.request_id, ""}) == 3


def test_a_refusal_names_the_field() -> None:
    """As an exception of the client, not of gRPC."""
    service = ScriptedService()
    service.answers["CreateSession"] = refusal(3, "INVALID_REQUEST", "bad", ("controls.emotion.intensity", "0..1"))

    async def body(client: TthClient) -> None:
        with pytest.raises(TthRpcError, match=r"controls\.emotion\.intensity: 0\.\.1"):
            await client.create_session(controls(intensity=7))

    call(service, body)


def test_the_simple_calls_ask_for_the_right_thing() -> None:
    """Sessions, jobs and health by their ids."""
    service = ScriptedService()
    service.answers |= {
        "GetSession": pb.GetSessionResponse(state="idle"),
        "EndSession": pb.EndSessionResponse(turn_count=2),
        "GetJob": pb.GetJobResponse(job=pb.Job(job_id="j_1")),
        "CancelJob": pb.CancelJobResponse(job=pb.Job(job_id="j_2")),
        "Generate": pb.GenerateResponse(job=pb.Job(job_id="j_3")),
        "Health": pb.HealthResponse(profile="offline"),
    }

    async def body(client: TthClient) -> None:
        assert (await client.get_session("s_1")).state == "idle"
        assert (await client.end_session("s_1")).turn_count == 2
        assert (await client.get_job("j_1")).job_id == "j_1"
        assert (await client.cancel_job("j_2")).job_id == "j_2"
        assert (await client.generate("Hello", controls=controls(rate=2), wait_ms=0)).job_id == "j_3"
        assert (await client.health()).profile == "offline"

    call(service, body)
    get, end, job, cancel, generate, health = service.requests
    assert (get.session_id, end.session_id, job.job_id, cancel.job_id) == ("s_1", "s_1", "j_1", "j_2")
    assert (generate.user_text.text, generate.wait_ms, generate.HasField("wait_ms")) == ("Hello", 0, True)
    assert generate.user_text.controls == controls(rate=2)
    assert health.include_components


def test_all_pages_of_models_come_as_one_list() -> None:
    """What is not paged is taken from the last page."""
    service = ScriptedService()
    service.answers["ListModels"] = pb.ListModelsResponse(
        models=[pb.Model(name="a"), pb.Model(name="b")], next_page_token="2"
    )
    service.answers["ListModels2"] = pb.ListModelsResponse(models=[pb.Model(name="c")], profile="offline")

    async def body(client: TthClient) -> None:
        models = await client.list_models()
        assert [model.name for model in models.models] == ["a", "b", "c"]
        assert models.profile == "offline"

    call(service, body)


def test_a_download_arrives_whole(tmp_path: Path) -> None:
    """Chunk by chunk, under its name at the end."""
    service = ScriptedService()
    service.answers["DownloadArtifact"] = [b"one", b"two", b"three"]

    async def body(client: TthClient) -> None:
        assert await client.download("j_1", tmp_path / "a.mp4") == 11

    call(service, body)
    assert (tmp_path / "a.mp4").read_bytes() == b"onetwothree"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_failed_download_leaves_nothing(tmp_path: Path) -> None:
    """An older file stays."""
    service = ScriptedService()
    service.answers["DownloadArtifact"] = refusal(5, "JOB_NOT_FOUND", "no such job")
    (tmp_path / "a.mp4").write_bytes(b"older")

    async def body(client: TthClient) -> None:
        with pytest.raises(TthRpcError, match="JOB_NOT_FOUND"):
            await client.download("j_1", tmp_path / "a.mp4")

    call(service, body)
    assert (tmp_path / "a.mp4").read_bytes() == b"older"
    assert len(list(tmp_path.iterdir())) == 1


def test_an_unreachable_server_is_reported_in_time() -> None:
    """With the address, as an error of the client."""

    async def run() -> None:
        with pytest.raises(TthRpcError, match=r"no server answers at 127\.0\.0\.1:1 ") as caught:
            async with TthClient("127.0.0.1:1", connect_timeout_s=0.05):
                pass
        assert caught.value.code is grpc.StatusCode.UNAVAILABLE

    asyncio.run(run())


def test_a_client_that_is_not_connected_says_so() -> None:
    """The channel exists inside `async with` only."""
    with pytest.raises(RuntimeError, match="not connected"):
        _ = TthClient("localhost:1").channel
