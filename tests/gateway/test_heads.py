"""Heads of looks: made once, by a process of their own, and kept."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.gateway.house import House, housed
from tth.face.parameters import BLENDSHAPES
from tth.gateway.downloads import head_response
from tth.gateway.heads import Heads
from tth.gateway.refusal import Refusal

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(180)]


def test_a_head_is_made_once(tmp_path: Path) -> None:
    """Two who ask at once get the same one; whoever comes later gets it from the disk, packed or not, or is told
    that it has it."""

    async def main() -> None:
        heads = Heads(tmp_path)
        both: list[Coroutine[Any, Any, Any]] = [heads.head_of("anna"), heads.head_of("anna")]
        first, second = await asyncio.gather(*both)
        assert first == second
        made_at = first.path.stat().st_ino
        assert (await Heads(tmp_path).head_of("anna")).path.stat().st_ino == made_at
        data = first.path.read_bytes()
        assert data[:4] == b"glTF"
        assert all(f'"{name}"'.encode() in data for name in BLENDSHAPES)
        assert gzip.decompress(first.packed.read_bytes()) == data

        async def answer(request: Request) -> Response:
            return head_response(first, request)

        transport = httpx.ASGITransport(Starlette(routes=[Route("/anna.glb", answer)]))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            plain = await http.get("/anna.glb", headers={"accept-encoding": "identity"})
            assert (plain.content, plain.headers["content-type"]) == (data, "model/gltf-binary")
            packed = await http.get("/anna.glb")
            assert (packed.content, packed.headers["content-encoding"]) == (data, "gzip")
            known = await http.get("/anna.glb", headers={"if-none-match": packed.headers["etag"]})
            assert (known.status_code, known.content) == (304, b"")

    asyncio.run(main())


@pytest.mark.parametrize("look", ["nobody", "jonas", "..", "anna/../anna", "anna.yaml", ""])
def test_what_has_no_head(look: str, tmp_path: Path) -> None:
    """Unknown names, portraits, and paths: nothing is made and nothing outside is looked at."""
    with pytest.raises(Refusal) as refused:
        asyncio.run(Heads(tmp_path).head_of(look))
    assert refused.value.reason == "LOOK_NOT_FOUND"
    assert list(tmp_path.iterdir()) == []


@housed()
async def test_over_http(house: House) -> None:
    """404 with the reason for a portrait; no token is needed for a head."""
    answer = await house.http.get("/v1/looks/jonas.glb")
    assert (answer.status_code, answer.json()["reason"]) == (404, "LOOK_NOT_FOUND")
    assert (await house.http.get("/v1/looks/%2e%2e%2fanna.glb")).status_code == 404
