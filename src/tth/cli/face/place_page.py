"""A page on which a person clicks the 29 points of a face: one file, with the picture inside and no network.

Tests: tests/cli/face/test_import_picture.py.
"""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path

from tth.cli import exits
from tth.face.puppet.landmarks import LANDMARKS

_TYPES = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".webp": "webp"}
_TEMPLATE = Path(__file__).with_name("place_page.html")


def place_page(picture: Path) -> str:
    """The page as HTML. Browsers turn a JPEG as its EXIF data say, so the points are those of the turned picture.

    Raises CommandFailed for a file that is no picture or cannot be read.
    """
    kind = _TYPES.get(picture.suffix.lower())
    if kind is None:
        raise exits.CommandFailed(f"{picture} is neither a JPEG, a PNG nor a WebP file", exits.USAGE)
    try:
        data = base64.b64encode(picture.read_bytes()).decode()
    except OSError as error:
        raise exits.CommandFailed(f"{picture} cannot be read ({type(error).__name__})", exits.USAGE) from error
    points = json.dumps(list(LANDMARKS.items())).replace("</", "<\\/")
    page = _TEMPLATE.read_text(encoding="utf-8")
    page = page.replace("@@NAME@@", html.escape(picture.stem, quote=True)).replace("@@POINTS@@", points)
    return page.replace("@@PICTURE@@", f"data:image/{kind};base64,{data}")
