"""The files of the case `save`: opened and decoded, and compared with what went over the wire.

Tests: tests/clients/test_tampered.py.
"""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

import av

from clients.conformance.truth import Turn

SAMPLE_RATE_HZ = 24_000
SKEW_MS = 20.0
"""By how much a picture may be seen too early or too late: half a frame at 25 fps."""


def complaints_about_files(wav: Path, video: Path, turn: Turn) -> Iterator[str]:
    """What is wrong with them. video: an MP4, or a folder of JPEG files."""
    yield from _about_sound(wav, b"".join(chunk.data for chunk in turn.audio))
    yield from _about_pictures(video, turn) if video.is_dir() else _about_film(video, turn)


def _about_sound(path: Path, due: bytes) -> Iterator[str]:
    try:
        with wave.open(str(path)) as file:
            form = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            samples = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        yield f"{path.name}: cannot be read: {error}"
        return
    if form != (SAMPLE_RATE_HZ, 1, 2):
        yield f"{path.name}: must be 24 kHz, mono, 16 bits; it is {form}"
    elif samples != due:
        yield f"{path.name}: {len(samples) // 2} samples; they are not the {len(due) // 2} of the wire"


def _about_pictures(folder: Path, turn: Turn) -> Iterator[str]:
    found = [path.read_bytes() for path in sorted(folder.glob("*.jpg"))]
    if found != [frame.data for frame in turn.frames]:
        yield f"{folder.name}: {len(found)} pictures; they are not the {len(turn.frames)} of the wire"
    elif not all(data.startswith(b"\xff\xd8") and data.rstrip(b"\0").endswith(b"\xff\xd9") for data in found):
        yield f"{folder.name}: not all of them are JPEG"


def _about_film(path: Path, turn: Turn) -> Iterator[str]:
    try:
        with av.open(str(path)) as file:
            times_ms = [1000 * (frame.time or 0.0) for frame in file.decode(video=0)]
    except (OSError, IndexError, av.FFmpegError) as error:
        yield f"{path.name}: cannot be decoded: {error}"
        return
    due_ms = [frame.pts_us / 1000 for frame in turn.frames]
    if len(times_ms) != len(due_ms):
        yield f"{path.name}: {len(times_ms)} pictures can be decoded; the wire had {len(due_ms)}"
    elif any(abs((at - times_ms[0]) - (due - due_ms[0])) > SKEW_MS for at, due in zip(times_ms, due_ms, strict=True)):
        yield f"{path.name}: its pictures are not seen at their pts_us"
