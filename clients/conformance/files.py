"""The files of the case `save`: opened and decoded, and compared with what went over the wire.

Tests: tests/clients/test_tampered.py.
"""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from clients.conformance.truth import Turn

Samples = NDArray[np.float32]
SAMPLE_RATE_HZ = 24_000
SKEW_MS = 20.0
"""By how much a picture may be seen, or the sound heard, too early or too late: half a frame at 25 fps."""
_ALIKE = 0.9
"""Correlation of a film's sound with that of the wire: codecs that lose something keep more of a voice."""


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
            has_sound = bool(file.streams.audio)
        sound = _sound_of(path) if has_sound else None
    except (OSError, IndexError, av.FFmpegError) as error:
        yield f"{path.name}: cannot be decoded: {error}"
        return
    due_ms = [frame.pts_us / 1000 for frame in turn.frames]
    if len(times_ms) != len(due_ms):
        yield f"{path.name}: {len(times_ms)} pictures can be decoded; the wire had {len(due_ms)}"
    elif any(abs((at - times_ms[0]) - (due - due_ms[0])) > SKEW_MS for at, due in zip(times_ms, due_ms, strict=True)):
        yield f"{path.name}: its pictures are not seen at their pts_us"
    elif sound is not None:
        yield from _about_sync(path, sound, times_ms[0], turn)


def _about_sync(path: Path, sound: tuple[Samples, float], first_picture_ms: float, turn: Turn) -> Iterator[str]:
    """The film's sound is that of the wire, all of it, and heard when the pictures say."""
    heard, begins_ms = sound
    due = np.frombuffer(b"".join(chunk.data for chunk in turn.audio), "<i2").astype(np.float32)
    if len(heard) < len(due) - SKEW_MS * SAMPLE_RATE_HZ / 1000:
        yield f"{path.name}: {len(heard)} samples of sound; the wire had {len(due)}"
        return
    lag, likeness = _lag(heard, due)
    if likeness < _ALIKE:
        yield f"{path.name}: its sound is not that of the wire (correlation {likeness:.2f})"
        return
    behind_ms = begins_ms + 1000 * lag / SAMPLE_RATE_HZ - first_picture_ms
    due_ms = (turn.audio[0].pts_us - turn.frames[0].pts_us) / 1000
    if abs(behind_ms - due_ms) > SKEW_MS:
        yield f"{path.name}: sound begins {behind_ms:.0f} ms behind the first picture; the wire says {due_ms:.0f} ms"


def _lag(heard: Samples, due: Samples) -> tuple[int, float]:
    """At which sample of `heard` it begins to be `due`, and how alike they are there, up to 1."""
    size = len(heard) + len(due)
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(due, size)), size)
    lag = int(np.argmax(product))
    lag = lag if lag < len(heard) else lag - size
    part = heard[max(lag, 0) : max(lag, 0) + len(due)]
    norm = float(np.linalg.norm(part) * np.linalg.norm(due)) or 1.0
    return lag, float(product[lag]) / norm


def _sound_of(path: Path) -> tuple[Samples, float]:
    """A film's samples at 24 kHz, and the time of the first one in milliseconds."""
    pieces, begins_ms = list[Samples](), 0.0
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE_HZ)
    with av.open(str(path)) as file:
        for frame in file.decode(audio=0):
            begins_ms = begins_ms if pieces else 1000 * (frame.time or 0.0)
            pieces += [np.asarray(piece.to_ndarray()[0], np.float32) for piece in resampler.resample(frame)]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32), begins_ms
