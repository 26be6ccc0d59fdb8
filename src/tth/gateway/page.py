"""The page and what belongs to it, from the package's own files. Tests: tests/gateway/test_page.py.

Small, so it is read once and kept, compressed as well; a browser that has a file is told so by its ETag.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

INDEX = "index.html"
ASSETS = "assets/"
"""Below it Vite puts a hash of the content into each name: such a file never changes."""
FOREVER, ASK_AGAIN = "public, max-age=31536000, immutable", "no-cache"
_PACKS = ("text/", "application/json", "application/manifest+json", "image/svg+xml", "model/gltf-binary")
_WORTH_BYTES = 1024
_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".glb": "model/gltf-binary",
    ".webmanifest": "application/manifest+json",
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file, ready to send."""

    data: bytes
    media_type: str
    etag: str
    cache_control: str
    packed: bytes | None
    """Compressed with gzip, where that is worth it."""

    @classmethod
    def of(cls, name: str, data: bytes, cache_control: str) -> StaticFile:
        """name: with the suffix that says its type."""
        media_type = (
            _TYPES.get("." + name.rpartition(".")[2]) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        )
        etag = f'"{hashlib.sha256(data).hexdigest()[:24]}"'
        packed = gzip.compress(data, 6, mtime=0) if media_type.startswith(_PACKS) and len(data) > _WORTH_BYTES else None
        return cls(data, media_type, etag, cache_control, packed)

    def response(self, request: Request) -> Response:
        """The file, or 304 for a browser that has it."""
        headers = {"etag": self.etag, "cache-control": self.cache_control, "vary": "Accept-Encoding"}
        if is_known(self.etag, request):
            return Response(status_code=304, headers=headers)
        data = self.data
        if self.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"], data = "gzip", self.packed
        return Response(data, headers=headers, media_type=self.media_type)


def is_known(etag: str, request: Request) -> bool:
    """The browser has this version already."""
    return etag in [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]


def load_openapi() -> StaticFile:
    """The document of the gateway's paths."""
    name = "openapi.json"
    return StaticFile.of(name, files("tth.gateway").joinpath(name).read_bytes(), ASK_AGAIN)


def load_page() -> Mapping[str, StaticFile]:
    """Every file of the page by its path, such as "index.html"."""
    root = files("tth.gateway").joinpath("page")
    return {
        name: StaticFile.of(name, file.read_bytes(), FOREVER if name.startswith(ASSETS) else ASK_AGAIN)
        for name, file in _walk(root, "")
    }


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif not entry.name.startswith("."):
            yield prefix + entry.name, entry
