"""The calls over HTTP, against a real server: what is asked and answered is the contract, as canonical JSON."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from google.protobuf import json_format

from tests.gateway.house import House, housed
from tth.gateway.routes import ARTIFACT_PATH, LOOK_PATH, ROUTES, STREAM_PATH
from tth.server.app import ServerOptions
from tth.testing.harness import make_server
from tth.v1 import tth_service_pb2 as pb

pytestmark = pytest.mark.server


@housed()
async def test_a_session_from_its_beginning_to_its_end(house: House) -> None:
    """Opened, looked at, ended, gone; ended twice is as good as once."""
    asked = {"requestId": "6f1f", "languageCode": "en", "controls": {"emotion": {"label": "EMOTION_LABEL_HAPPY"}}}
    first = (await house.http.post("/v1/sessions", json=asked)).json()
    again = (await house.http.post("/v1/sessions", json=asked)).json()
    assert first["sessionId"] == again["sessionId"]
    path = f"/v1/sessions/{first['sessionId']}"
    found = json_format.Parse((await house.http.get(path)).content, pb.GetSessionResponse())
    assert (found.state, found.attached, found.control_report.results[0].path) == ("idle", False, "emotion.label")
    for _ in range(2):
        assert json_format.Parse((await house.http.delete(path)).content, pb.EndSessionResponse()).turn_count == 0
    assert (await house.http.get(path)).status_code == 404


@housed()
async def test_an_empty_body_is_an_empty_message(house: House) -> None:
    """Everything has a default."""
    for body in (b"", b"{}", b" \n"):
        assert (await house.http.post("/v1/sessions", content=body)).status_code == 200


@housed()
async def test_models_and_health(house: House) -> None:
    """With the call's own fields in the query, under both of their names."""
    page = (await house.http.get("/v1/models", params={"page_size": 1})).json()
    assert len(page["models"]) == 1
    rest = (await house.http.get("/v1/models", params={"pageSize": 50, "pageToken": page["nextPageToken"]})).json()
    assert {model["role"] for model in [*page["models"], *rest["models"]]} == {"llm", "tts", "avatar"}
    assert "components" not in (await house.http.get("/v1/health")).json()
    whole = await house.http.get("/v1/health?includeComponents=true")
    assert len(whole.json()["components"]) == 3
    assert whole.headers["content-type"] == "application/json"
    assert whole.headers["cache-control"] == "no-store"


def test_a_job_from_its_text_to_its_file(tmp_path: Any) -> None:
    """Made, looked at, fetched whole and in part, and not to be stopped any more."""

    async def test(house: House) -> None:
        asked = {"userText": {"text": "One two.", "mode": "TEXT_MODE_SAY"}, "format": "ARTIFACT_FORMAT_WAV"}
        job = (await house.http.post("/v1/generate", json={**asked, "waitMs": 30_000})).json()["job"]
        assert job["state"] == "JOB_STATE_SUCCEEDED"
        path, size = f"/v1/jobs/{job['jobId']}", int(job["artifact"]["sizeBytes"])
        assert (await house.http.get(path)).json()["job"] == job
        whole = await house.http.get(f"{path}/artifact")
        assert (whole.status_code, len(whole.content), whole.headers["content-type"]) == (200, size, "audio/wav")
        assert whole.content[:4] == b"RIFF"
        for asked_range, start, stop in (("bytes=100-199", 100, 200), (f"bytes={size - 5}-", size - 5, size)):
            part = await house.http.get(f"{path}/artifact", headers={"range": asked_range})
            assert (part.status_code, part.content) == (206, whole.content[start:stop])
            assert part.headers["content-range"] == f"bytes {start}-{stop - 1}/{size}"
        behind = await house.http.get(f"{path}/artifact", headers={"range": f"bytes={size}-"})
        assert (behind.status_code, behind.json()["reason"]) == (416, "RANGE_INVALID")
        assert (await house.http.delete(path)).json()["job"]["state"] == "JOB_STATE_SUCCEEDED"

    housed(lambda: make_server(options=ServerOptions(artifact_dir=tmp_path)))(test)()


def test_a_job_without_a_file(tmp_path: Any) -> None:
    """The server says why."""

    async def test(house: House) -> None:
        asked = {"userText": {"text": "One two three. " * 50, "mode": "TEXT_MODE_SAY"}, "waitMs": 0}
        path = f"/v1/jobs/{(await house.http.post('/v1/generate', json=asked)).json()['job']['jobId']}"
        assert (await house.http.delete(path)).status_code == 200
        while True:
            if (await house.http.get(path)).json()["job"]["state"] == "JOB_STATE_CANCELLED":
                break
            await asyncio.sleep(0.1)
        for headers in ({}, {"range": "bytes=5-"}):
            answer = await house.http.get(f"{path}/artifact", headers=headers)
            assert (answer.status_code, answer.json()["reason"]) == (400, "NO_ARTIFACT")

    housed(lambda: make_server(options=ServerOptions(artifact_dir=tmp_path)))(test)()


@housed()
async def test_head_is_get_without_a_body(house: House) -> None:
    """For whoever looks only whether somebody is there."""
    for path in ("/", "/v1/health", "/openapi.json"):
        answer = await house.http.head(path)
        assert (answer.status_code, answer.content) == (200, b"")


@housed()
async def test_the_openapi_document_lists_what_is_answered(house: House) -> None:
    """Every path and verb of the table, and every field of every message as the contract has it now."""
    document = (await house.http.get("/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    wanted = {(route.path, route.verb.lower()) for route in ROUTES}
    wanted |= {(path, "get") for path in (STREAM_PATH, ARTIFACT_PATH, LOOK_PATH)}
    assert {(path, verb) for path, verbs in document["paths"].items() for verb in verbs} == wanted
    schemas = document["components"]["schemas"]
    for file in (pb, *_imported()):
        for name, message in file.DESCRIPTOR.message_types_by_name.items():
            assert set(schemas[name]["properties"]) == {field.json_name for field in message.fields}, name
        for name, enum in file.DESCRIPTOR.enum_types_by_name.items():
            assert schemas[name]["enum"] == [value.name for value in enum.values], name
    text = json.dumps(document)
    assert {found.split('"')[0] for found in text.split("#/components/schemas/")[1:]} <= set(schemas)
    assert "0..1" in schemas["Emotion"]["properties"]["intensity"]["description"]


def _imported() -> tuple[Any, ...]:
    from tth.v1 import controls_pb2, converse_pb2, errors_pb2, media_pb2

    return controls_pb2, converse_pb2, errors_pb2, media_pb2
