"""An MP4 of what came: pictures as they are (H.264), sound as AAC, each at its time. Needs PyAV."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av

from tth.v1.media_pb2 import AudioChunk, VideoFrame

_MICROSECONDS = Fraction(1, 1_000_000)


def write_film(path: Path, frames: Sequence[VideoFrame], sound: Sequence[AudioChunk]) -> None:
    """A conversation, or its beginning: later turns need the pictures before them. Sound is 16-bit PCM, mono.

    Raises ValueError when the first picture is no key frame.
    """
    if not frames[0].keyframe:
        raise ValueError("a film begins with a key frame")
    samples = 0  # so far
    items: list[VideoFrame | AudioChunk] = [*frames, *sound]
    items.sort(key=lambda item: item.pts_us)
    begin_us = items[0].pts_us
    with av.open(io.BytesIO(frames[0].data), format="h264") as first, av.open(str(path), "w") as film:
        video = film.add_stream_from_template(first.streams.video[0])
        audio = film.add_stream("aac", rate=sound[0].sample_rate_hz, layout="mono")
        for item in items:
            if isinstance(item, VideoFrame):
                packet = av.Packet(item.data)
                packet.stream, packet.time_base, packet.is_keyframe = video, _MICROSECONDS, item.keyframe
                packet.pts = packet.dts = item.pts_us - begin_us
                packet.duration = item.duration_us
                film.mux(packet)
            else:
                silent = (item.pts_us - begin_us) * item.sample_rate_hz // 1_000_000 - samples
                data = bytes(2 * max(silent, 0)) + item.data
                piece = av.AudioFrame("s16", "mono", len(data) // 2)
                piece.planes[0].update(data)
                piece.sample_rate, piece.time_base = item.sample_rate_hz, Fraction(1, item.sample_rate_hz)
                piece.pts = samples
                samples += piece.samples
                film.mux(audio.encode(piece))
        film.mux(audio.encode(None))
