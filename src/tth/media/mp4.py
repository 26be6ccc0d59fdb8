"""Writes what was spoken and shown into an MP4 file, each piece where the media clock places it.

H.264 frames go in as they came (no second encoding), sound becomes AAC. Time is given in samples of the media clock;
the file begins with the earliest piece. Tests: tests/media/test_mp4.py.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Protocol, Self, TypeVar

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from tth.media import annexb
from tth.media.alpha import over
from tth.media.encode import H264Encoder, VideoEncoder
from tth.model.media import SAMPLE_RATE_HZ, Pcm, Picture

T = TypeVar("T")

AUDIO_BIT_RATE = 96_000
"""Bit/s; FFmpeg's AAC is transparent for one voice at 24 kHz from about 64 kbit/s."""
TIME_BASE = Fraction(1, SAMPLE_RATE_HZ)
_SILENCE_BLOCK_SAMPLES = SAMPLE_RATE_HZ


class ResolutionChanged(ValueError):
    """The picture changed its size in the middle: one track has one size. What was written so far stays good."""


class Track(Protocol):
    """What a picture track is, known from its first frame."""

    def add_to(self, container: OutputContainer) -> VideoStream:
        """Declare the track in a file that has not begun. Once only."""
        ...


@dataclass(frozen=True, slots=True)
class FilmFormat:
    """A kind of file."""

    name: str
    """FFmpeg's."""
    audio_codec: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Frame:
    data: bytes
    start_sample: int
    keyframe: bool


class Mp4Writer:
    """One file. Use as a context manager: a normal end finishes the file, an exception throws it away.

    What came in last can be cut out again (`cut`), where that was foreseen. A hole in the sound becomes silence, a hole
    in the pictures a longer frame; both tracks end together. A track that got nothing is left out. Until both tracks
    have begun, what came in is held in memory, compressed for pictures.
    Not for use from two threads at once. Each call takes well below a millisecond of work for a frame or chunk.
    """

    _FORMAT = FilmFormat("mp4", "aac", MappingProxyType({"movflags": "+faststart"}))

    def __init__(
        self, path: Path | str, width_px: int, height_px: int, fps: int, *, revocable_samples: int = 0
    ) -> None:
        """`path` appears when `close` succeeds, not before; an older file of that name is replaced then.

        revocable_samples: the last so much is held in memory, for `cut`; pictures compressed.
        """
        self._path = Path(path)
        self._part_path = self._path.with_name(self._path.name + ".part")
        self._size = (width_px, height_px)
        self._frame_samples = SAMPLE_RATE_HZ // fps
        self._fps = fps
        self._pending_frames: list[_Frame] = []
        self._pending_pcm: list[tuple[int, Pcm]] = []
        self._encoder: VideoEncoder | None = None
        self._parameter_sets = b""
        self._track: Track | None = None
        self._file: _OpenFile | None = None
        self._revocable = revocable_samples
        self._end_sample: int | None = None  # of all that was taken, as it is placed
        self._moved = 0  # how much was cut out so far
        self._wants_keyframe = False
        self.frame_count = 0
        """Frames taken into the file."""
        self.skipped_frame_count = 0
        """Frames left out because no key frame had come yet."""

    def add_frame(self, data: bytes, start_sample: int, keyframe: bool) -> None:
        """Take one H.264 access unit in Annex B, shown from `start_sample` until the next frame.

        Frames come in the order of decoding, which is that of presentation. One that does not lie behind its
        predecessor is shown one sample after it. Raises ResolutionChanged.
        """
        if keyframe:
            self._check_parameters(data)
        elif self._track is None:
            self.skipped_frame_count += 1
            return
        self.frame_count += 1
        start = start_sample - self._moved
        self._pending_frames.append(_Frame(data, start, keyframe))
        self._came_to(start + self._frame_samples)

    def add_picture(self, picture: Picture, start_sample: int) -> None:
        """Encode one picture and take it. RGB, uint8, shape (height_px, width_px, 3); with alpha (.., 4), which a file
        without alpha shows on green. Raises ValueError otherwise."""
        if self._encoder is None:
            self._encoder = self._make_encoder(self._fps)
        size = picture.shape[1], picture.shape[0]
        if size != self._size:
            raise ResolutionChanged(f"the file is {_by(self._size)}, the picture is {_by(size)}")
        encoded = self._encoder.encode(self._fitting(picture), self._wants_keyframe)
        self._wants_keyframe = False
        self.add_frame(encoded.data, start_sample, encoded.keyframe)

    def add_pcm(self, pcm: Pcm, start_sample: int) -> None:
        """Take sound: mono, int16, 24 kHz. What overlaps with sound already taken is cut off at its front."""
        if len(pcm):
            start = start_sample - self._moved
            self._pending_pcm.append((start, pcm))
            self._came_to(start + len(pcm))

    def cut(self, from_sample: int) -> int:
        """Take back all that lies at or behind this moment; what comes next goes on there, so the film has no hole.

        Returns how many samples of time were cut out: all later times are earlier in the film by so much. What has left
        memory (`revocable_samples`) stays. The next H.264 frame must be a key frame.
        """
        if self._end_sample is None:
            return 0
        at = from_sample - self._moved
        if self._file is not None:
            at = max(at, self._file.end_sample)
        count = max(0, self._end_sample - at)
        if count:
            kept = [frame for frame in self._pending_frames if frame.start_sample < at]
            self.frame_count -= len(self._pending_frames) - len(kept)
            self._pending_frames = kept
            self._pending_pcm = [(start, pcm[: max(0, at - start)]) for start, pcm in self._pending_pcm]
            self._moved += count
            self._end_sample = at
            self._wants_keyframe = True
        return count

    def close(self) -> bool:
        """Finish the file and give it its name. False, and no file, when nothing was taken. Idempotent."""
        if self._file is None and (self._pending_frames or self._pending_pcm):
            self._open()
        if self._file is None:
            return False
        self._write_until(None)
        self._file.finish()
        self._file = None
        os.replace(self._part_path, self._path)
        return True

    def abort(self) -> None:
        """Throw away what was written; no file appears. Idempotent."""
        self._pending_frames.clear()
        self._pending_pcm.clear()
        if self._file is not None:
            self._file.container.close()
            self._file = None
            self._part_path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def _make_encoder(self, fps: int) -> VideoEncoder:
        return H264Encoder(*self._size, fps)

    def _fitting(self, picture: Picture) -> Picture:
        return over(picture)

    def _check_parameters(self, keyframe: bytes) -> None:
        parameter_sets = annexb.parameter_sets(keyframe)
        if self._track is None:
            self._track = _H264Track(keyframe, self._size)
            self._parameter_sets = parameter_sets
        elif parameter_sets and parameter_sets != self._parameter_sets:
            raise ResolutionChanged("the parameters of the video stream changed; one MP4 track keeps its first ones")

    def _came_to(self, end_sample: int) -> None:
        self._end_sample = end_sample if self._end_sample is None else max(self._end_sample, end_sample)
        if self._file is None and self._pending_frames and self._pending_pcm:
            self._open()
        if self._file is not None:
            self._write_until(self._end_sample - self._revocable if self._revocable else None)

    def _open(self) -> None:
        starts = [*(frame.start_sample for frame in self._pending_frames), *(start for start, _ in self._pending_pcm)]
        self._file = _OpenFile(
            self._part_path, self._FORMAT, min(starts), self._track, bool(self._pending_pcm), self._frame_samples
        )

    def _write_until(self, sample: int | None) -> None:
        """What ends by then leaves memory, in the order in which it came; None = all."""
        assert self._file is not None
        for frame in _taken(
            self._pending_frames, lambda f: sample is None or f.start_sample + self._frame_samples <= sample
        ):
            self._file.write_frame(frame)
        for start, pcm in _taken(self._pending_pcm, lambda piece: sample is None or piece[0] + len(piece[1]) <= sample):
            self._file.write_pcm(pcm, start)


def _taken(pending: list[T], is_due: Callable[[T], bool]) -> list[T]:
    """Take out what is due at the front."""
    count = next((index for index, item in enumerate(pending) if not is_due(item)), len(pending))
    due = pending[:count]
    del pending[:count]
    return due


class _OpenFile:
    """The file once its tracks and its beginning are known. Inside, times count from the file's beginning."""

    def __init__(
        self,
        path: Path,
        film_format: FilmFormat,
        origin_sample: int,
        track: Track | None,
        has_audio: bool,
        frame_samples: int,
    ) -> None:
        self._origin = origin_sample
        self._frame_samples = frame_samples
        self._held: _Frame | None = None  # its length is known when the next one comes
        self._audio_end = 0
        self._video: VideoStream | None = None
        self._audio: AudioStream | None = None
        self.container: OutputContainer = av.open(
            str(path), "w", format=film_format.name, options=dict(film_format.options)
        )
        if track is not None:
            self._video = track.add_to(self.container)
        if has_audio:
            audio = self.container.add_stream(film_format.audio_codec, rate=SAMPLE_RATE_HZ, layout="mono")
            assert isinstance(audio, AudioStream)
            audio.bit_rate = AUDIO_BIT_RATE
            self._audio = audio
        self.container.start_encoding()

    @property
    def end_sample(self) -> int:
        """End of what was written, on the clock of what is taken."""
        video_end = self._held.start_sample + self._frame_samples if self._held is not None else 0
        return self._origin + max(video_end, self._audio_end)

    def write_frame(self, frame: _Frame) -> None:
        """Write the frame before this one, whose length is known now."""
        start = max(frame.start_sample - self._origin, 0)
        if self._held is not None:
            start = max(start, self._held.start_sample + 1)
            self._mux(self._held, start - self._held.start_sample)
        self._held = _Frame(frame.data, start, frame.keyframe)

    def write_pcm(self, pcm: Pcm, start_sample: int) -> None:
        """Fill the hole before the sound, then write what is new of it."""
        start = start_sample - self._origin
        self._fill_silence(start)
        self._encode(pcm[max(0, self._audio_end - start) :])

    def finish(self) -> None:
        """Let both tracks end at the same moment and close the file."""
        end = self.end_sample - self._origin
        if self._held is not None:
            self._mux(self._held, end - self._held.start_sample)
        if self._audio is not None:
            self._fill_silence(end)
            self.container.mux(self._audio.encode(None))
        self.container.close()

    def _fill_silence(self, until: int) -> None:
        while self._audio_end < until:
            self._encode(np.zeros(min(_SILENCE_BLOCK_SAMPLES, until - self._audio_end), np.int16))

    def _encode(self, pcm: Pcm) -> None:
        assert self._audio is not None  # a file opens when both tracks have begun, or at the very end
        if not len(pcm):
            return
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm)[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE_HZ, self._audio_end, TIME_BASE
        self._audio_end += len(pcm)
        self.container.mux(self._audio.encode(frame))

    def _mux(self, frame: _Frame, sample_count: int) -> None:
        assert self._video is not None  # as for sound
        packet = av.Packet(frame.data)
        packet.stream, packet.time_base = self._video, TIME_BASE
        packet.pts = packet.dts = frame.start_sample
        packet.duration, packet.is_keyframe = sample_count, frame.keyframe
        self.container.mux(packet)


class _H264Track:
    """Reads the track's parameters (size, colours, SPS and PPS) from its first key frame."""

    def __init__(self, first_keyframe: bytes, size: tuple[int, int]) -> None:
        self._source = av.open(io.BytesIO(first_keyframe), "r", format="h264")
        self._stream = self._source.streams.video[0]
        actual = (self._stream.codec_context.width, self._stream.codec_context.height)
        if actual != size:
            self._source.close()
            raise ResolutionChanged(f"the file is {_by(size)}, the stream is {_by(actual)}")

    def add_to(self, container: OutputContainer) -> VideoStream:
        """Declare the track and let go of the source."""
        stream = container.add_stream_from_template(self._stream)
        stream.time_base = TIME_BASE
        self._source.close()
        return stream


def _by(size: tuple[int, ...]) -> str:
    return "x".join(str(side) for side in size)
