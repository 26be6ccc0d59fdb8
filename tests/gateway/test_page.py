"""The page from the package's files: found, cached, compressed, and careful."""

from __future__ import annotations

import gzip

import pytest
from starlette.requests import Request

from tests.gateway.house import House, housed
from tth.gateway.page import FOREVER, StaticFile, load_page

pytestmark = pytest.mark.server


def asked(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "headers": raw})


@housed()
async def test_every_file_of_the_page_is_served(house: House) -> None:
    """Each by its name, and the page itself at the root."""
    page = load_page()
    assert "index.html" in page
    for name, file in page.items():
        answer = await house.http.get(f"/{name}")
        assert (answer.status_code, answer.content) == (200, file.data)
    root = await house.http.get("/")
    assert root.content == page["index.html"].data
    assert root.headers["content-type"] == "text/html; charset=utf-8"


@housed()
async def test_a_browser_is_told_to_be_careful(house: House) -> None:
    """Scripts of the page's own address only, nothing guessed, nothing framed; on every answer."""
    for path in ("/", "/v1/health", "/nowhere"):
        headers = (await house.http.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe-eval" not in policy
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
        assert "server" not in headers


def test_a_browser_that_has_a_file_is_told_so() -> None:
    """By its ETag, also a weak one and one of several."""
    file = StaticFile.of("a.js", b"1", FOREVER)
    for known in (file.etag, f"W/{file.etag}", f'"other", {file.etag}'):
        answer = file.response(asked(if_none_match=known))
        assert (answer.status_code, answer.body, answer.headers["etag"]) == (304, b"", file.etag)
    assert file.response(asked(if_none_match='"other"')).status_code == 200


def test_what_is_worth_it_is_compressed() -> None:
    """For a browser that takes gzip; short files and pictures as they are."""
    text = b"const answer = 42;\n" * 200
    file = StaticFile.of("a.js", text, FOREVER)
    packed = file.response(asked(accept_encoding="br, gzip"))
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(bytes(packed.body)) == text
    assert file.response(asked()).body == text
    for name, data in (("a.js", b"short"), ("a.png", b"\x89PNG" * 1000)):
        assert StaticFile.of(name, data, FOREVER).packed is None


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("index.html", "text/html"),
        ("a.js", "text/javascript"),
        ("a.css", "text/css"),
        ("a.svg", "image/svg+xml"),
        ("a.woff2", "font/woff2"),
        ("a.webmanifest", "application/manifest+json"),
        ("a.unknown", "application/octet-stream"),
    ],
)
def test_types(name: str, media_type: str) -> None:
    """As browsers want them: with nosniff a script of another type is not run."""
    assert StaticFile.of(name, b"", FOREVER).media_type == media_type
