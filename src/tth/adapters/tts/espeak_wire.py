"""How the adapter and its worker process talk: frames over the worker's standard input and output.

A frame is two big-endian 32-bit lengths, a JSON object of the first length and raw bytes of the second.

    to the worker     {"id": 7, "say": {"text", "is_last", "tone", "prosody"}}   speak one clause
                      {"id": 7, "cancel": true}                                  drop it, wherever it is
    from the worker   {"ready": true} or {"failed": reason}              once, first
                      {"id": 7, "phonemes": [[ipa, start, count, stress]...],
                       "words": [[offset, length, start, count]...]}     and the sound, int16 little-endian
                      {"id": 7, "error": reason}

Requests are answered in order; a cancelled one may or may not be answered. Ids only grow. Times are samples at
24 kHz from the start of the clause. Tests: tests/adapters/tts/test_espeak_wire.py.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

LENGTHS = struct.Struct(">II")
MAX_FRAME_BYTES = 1 << 28
"""256 MiB: more than an hour and a half of sound. What is longer is a broken stream."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message, either way."""

    header: dict[str, Any]
    body: bytes = b""


def pack(header: dict[str, Any], body: bytes = b"") -> bytes:
    """The bytes of one frame."""
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    return LENGTHS.pack(len(text), len(body)) + text + body


def unpack_lengths(data: bytes) -> tuple[int, int]:
    """(header_bytes, body_bytes) from the first eight bytes. ValueError: this is no frame."""
    header_bytes, body_bytes = LENGTHS.unpack(data)
    if header_bytes + body_bytes > MAX_FRAME_BYTES:
        raise ValueError("frame too long")
    return header_bytes, body_bytes


def unpack(header_bytes: int, data: bytes) -> Frame:
    """The frame whose header and body are `data`. ValueError: not JSON, or not an object."""
    header = json.loads(data[:header_bytes])
    if not isinstance(header, dict):
        raise ValueError("header is not an object")
    return Frame(header, data[header_bytes:])


def read_frame(stream: BinaryIO) -> Frame | None:
    """The next frame of a blocking stream; None at its end, also in the middle of a frame."""
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    header_bytes, body_bytes = unpack_lengths(lengths)
    data = stream.read(header_bytes + body_bytes)
    return unpack(header_bytes, data) if len(data) == header_bytes + body_bytes else None
