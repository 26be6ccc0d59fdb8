"""Requests that are wrong in every way one can think of: a clear answer for each, and nobody else is harmed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.gateway.house import TOKEN, House, check_alive, gateway_before, housed
from tests.server.caller import run
from tth.model.secret import Secret

pytestmark = pytest.mark.server

SECRET = "the user's own words"


def refused(answer: httpx.Response) -> tuple[int, str, str, list[str]]:
    """Status, code, reason and the fields that are named."""
    content = answer.json()
    assert set(content) <= {"code", "reason", "message", "field_violations", "retry_after_ms"}
    assert SECRET not in answer.text
    return answer.status_code, content["code"], content["reason"], [one["field"] for one in content["field_violations"]]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("{", ""),
        ("[]", ""),
        ('"text"', ""),
        ("nul", ""),
        ("\x00", ""),
        (b"\xff\xfe{}", ""),
        ('{"controls": {"emotion": {"intensity": "the user\'s own words"}}}', "controls.emotion.intensity"),
        ('{"controls": {"emotion": {"label": "EMOTION_LABEL_THE user\'s own words"}}}', "controls.emotion.label"),
        ('{"controls": {"nonsense": "the user\'s own words"}}', "controls"),
        ('{"nonsense": "the user\'s own words"}', ""),
        ('{"a": ' * 500 + "1" + "}" * 500, ""),
        ("[" * 100_000, ""),
        ('{"languageCode": "en", "languageCode": "de"}', ""),
    ],
)
def test_a_body_that_is_no_message(body: str | bytes, named: str) -> None:
    """400, MESSAGE_UNREADABLE, the field where there is one, and nothing of the body."""

    async def test(house: House) -> None:
        answer = await house.http.post("/v1/sessions", content=body)
        assert refused(answer) == (400, "INVALID_ARGUMENT", "MESSAGE_UNREADABLE", [named] if named else [])
        assert answer.json()["message"].startswith(f"{named or 'CreateSessionRequest'}: must be ")
        await check_alive(house)

    housed()(test)()


@housed()
async def test_what_the_server_refuses_is_told_as_it_says_it(house: House) -> None:
    """Every field that is wrong, with what is allowed there."""
    wrong = {"controls": {"emotion": {"intensity": 7}, "render": {"fps": 0}}}
    answer = await house.http.post("/v1/sessions", json=wrong)
    fields = ["controls.emotion.intensity", "controls.render.fps"]
    assert refused(answer) == (400, "INVALID_ARGUMENT", "CONTROL_INVALID", fields)
    assert answer.json()["field_violations"][0]["description"].startswith("must be ")


@pytest.mark.parametrize("verb", ["GET", "DELETE"])
def test_a_session_that_is_not_there(verb: str) -> None:
    """404 with the server's reason."""

    async def test(house: House) -> None:
        answer = await house.http.request(verb, "/v1/sessions/s_none")
        assert refused(answer)[:3] == (404, "NOT_FOUND", "SESSION_NOT_FOUND")

    housed()(test)()


@housed()
async def test_a_job_that_is_not_there(house: House) -> None:
    """For each of its paths."""
    for verb, path in (("GET", ""), ("DELETE", ""), ("GET", "/artifact")):
        assert refused(await house.http.request(verb, f"/v1/jobs/j_none{path}"))[:3] == (
            404,
            "NOT_FOUND",
            "JOB_NOT_FOUND",
        )


@pytest.mark.parametrize("path", ["/v2/sessions", "/v1/", "/..%2f..%2fetc/passwd", "/assets/../app.py", "/favicon.zip"])
def test_a_path_that_is_not_there(path: str) -> None:
    """404, as JSON."""

    async def test(house: House) -> None:
        assert refused(await house.http.get(path)) == (404, "NOT_FOUND", "PATH_NOT_FOUND", [])

    housed()(test)()


@pytest.mark.parametrize(
    ("verb", "path", "allowed"),
    [
        ("PUT", "/v1/sessions", {"POST"}),
        ("GET", "/v1/generate", {"POST"}),
        ("POST", "/v1/sessions/s_1", {"GET", "HEAD", "DELETE"}),
        ("POST", "/", {"GET", "HEAD"}),
    ],
)
def test_a_method_that_a_path_has_not(verb: str, path: str, allowed: set[str]) -> None:
    """405, with those that it has."""

    async def test(house: House) -> None:
        answer = await house.http.request(verb, path)
        assert refused(answer) == (405, "UNIMPLEMENTED", "METHOD_NOT_ALLOWED", [])
        assert set(answer.headers["allow"].split(", ")) == allowed

    housed()(test)()


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/models?page_size=many", "page_size"),
        ("/v1/models?pageSize=99999999999", "page_size"),
        ("/v1/models?page=2", "query"),
        ("/v1/health?include_components=perhaps", "include_components"),
        ("/v1/sessions/s_1?session_id=s_2", "query"),
    ],
)
def test_a_query_that_the_call_has_not(path: str, field: str) -> None:
    """400, and the parameter is named."""

    async def test(house: House) -> None:
        assert refused(await house.http.get(path)) == (400, "INVALID_ARGUMENT", "INVALID_REQUEST", [field])

    housed()(test)()


@housed(max_request_bytes=4096)
async def test_a_body_that_is_too_long(house: House) -> None:
    """413, whether its length was declared or not; the rest of it is not waited for."""

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 1000

    body: Any
    for body in (b" " * 100_000, parts()):
        answer = await house.http.post("/v1/sessions", content=body)
        assert refused(answer) == (413, "RESOURCE_EXHAUSTED", "MESSAGE_TOO_LONG", [])
    await check_alive(house)


@housed(first_message_s=1.0)
async def test_a_body_that_does_not_come(house: House) -> None:
    """408 after the time for it."""
    head = f"POST /v1/sessions HTTP/1.1\r\nHost: {house.address}\r\nContent-Length: 100\r\n\r\n{{".encode()
    answer = await exchange(house, head)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"BODY_TIMEOUT" in answer
    await check_alive(house)


@pytest.mark.parametrize("said", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX: "])
def test_a_connection_that_says_nothing_whole(said: bytes) -> None:
    """It is cut after the time for a request's head."""

    async def test(house: House) -> None:
        assert await exchange(house, said) == b""
        await check_alive(house)

    housed(first_message_s=1.0)(test)()


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
        b"hello\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X-Long: " + b"x" * 20_000 + b"\r\n\r\n",
        b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_what_is_no_http(said: bytes) -> None:
    """400, and the connection is closed."""

    async def test(house: House) -> None:
        assert (await exchange(house, said)).startswith(b"HTTP/1.1 400 ")
        await check_alive(house)

    housed(first_message_s=4.0)(test)()


@housed(max_connections=3, first_message_s=8.0)
async def test_too_many_connections(house: House) -> None:
    """Beyond twice the conversations new ones are cut at once; when others have gone there is room again."""
    host, port = house.address.split(":")
    silent = [await asyncio.open_connection(host, int(port)) for _ in range(20)]
    reads = [asyncio.create_task(reader.read()) for reader, _ in silent]
    done, _ = await asyncio.wait(reads, timeout=4.0)
    assert len(done) >= 14
    for _, writer in silent:
        writer.close()
    await asyncio.wait(reads)
    await check_alive(house)


@housed(tokens=Secret(f"other, {TOKEN}"))
async def test_who_shows_no_token(house: House) -> None:
    """401 for none and for a wrong one; the page, its document and the heads are for everybody."""
    for shown in ({"authorization": ""}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {TOKEN}"}):
        answer = await house.http.get("/v1/models", headers=shown)
        assert refused(answer) == (401, "UNAUTHENTICATED", "UNAUTHENTICATED", [])
        assert answer.headers["www-authenticate"] == "Bearer"
        assert TOKEN not in answer.text
        assert (await house.http.get("/", headers=shown)).status_code == 200
        assert (await house.http.get("/openapi.json", headers=shown)).status_code == 200
    assert (await house.http.get("/v1/models")).status_code == 200
    await check_alive(house)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "https://127.0.0.1:1", "null", "file://", "http://localhost"]
)
def test_a_page_of_another_site(origin: str) -> None:
    """403, before anything is done."""

    async def test(house: House) -> None:
        answer = await house.http.post("/v1/sessions", json={}, headers={"origin": origin})
        assert refused(answer) == (403, "PERMISSION_DENIED", "ORIGIN_NOT_ALLOWED", [])
        assert "access-control-allow-origin" not in answer.headers

    housed()(test)()


@housed()
async def test_a_name_that_was_made_to_point_here(house: House) -> None:
    """DNS rebinding: the page's address and the asked one agree, and are not this machine's own."""
    name = f"evil.example:{house.address.partition(':')[2]}"
    answer = await house.http.post("/v1/sessions", json={}, headers={"host": name, "origin": f"http://{name}"})
    assert refused(answer)[0] == 403
    own = {"origin": f"http://{house.address}"}
    assert (await house.http.post("/v1/sessions", json={}, headers=own)).status_code == 200


@housed(allowed_origins=("https://app.example",))
async def test_a_page_that_is_allowed(house: House) -> None:
    """It is told so in words that a browser understands, errors included."""
    origin = {"origin": "https://app.example"}
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    answer = await house.http.options("/v1/sessions", headers=origin | asked)
    assert answer.status_code == 204
    assert "POST" in answer.headers["access-control-allow-methods"]
    for answer in (await house.http.get("/v1/models", headers=origin), await house.http.get("/v3", headers=origin)):
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert "Origin" in answer.headers["vary"]
    assert (await house.http.get("/v1/models", headers={"origin": "https://app.example.evil"})).status_code == 403


def test_a_server_that_is_not_there() -> None:
    """503 with a time to wait, and nothing of the server's address. The page is served all the same."""

    async def main() -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            target = f"127.0.0.1:{free.getsockname()[1]}"
        async with gateway_before(target) as gateway, httpx.AsyncClient(base_url=gateway.address, timeout=None) as http:
            answer = await http.get("/v1/health")
            assert refused(answer) == (503, "UNAVAILABLE", "UNREACHABLE", [])
            assert int(answer.headers["retry-after"]) >= 1
            assert target not in answer.text
            assert (await http.get("/")).status_code == 200

    run(main())


async def exchange(house: House, said: bytes) -> bytes:
    """Send these bytes and read until the gateway closes."""
    host, port = house.address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(said)
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()
