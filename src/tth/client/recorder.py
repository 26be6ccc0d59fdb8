"""Writes a conversation, as it was received, into a film and subtitles; each piece where its pts places it.

What a pause made void is cut out: the film goes on where the player did, with the person listening.

A film that ends in .mov keeps the alpha channel of PNG, WebP and raw frames; .mp4 shows such a person on green.

    with Recorder("talk.mp4", subtitles="talk.vtt") as recorder:
        async for event in conversation.events():
            recorder.take(event)

Tests: tests/client/test_recorder.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import av
import numpy as np

from tth.client.idle_loop import IdleLoop
from tth.media.decode import FrameDecoder
from tth.media.mov import MovWriter
from tth.media.mp4 import Mp4Writer
from tth.media.opus import OpusDecoder
from tth.media.subtitles import SpokenWord, cues, webvtt
from tth.model.media import SAMPLE_RATE_HZ, Picture, VideoCodec, us_to_samples
from tth.v1 import controls_pb2, media_pb2
from tth.v1.converse_pb2 import ConverseResponse

_CODECS: Mapping[int, VideoCodec] = MappingProxyType(
    {
        media_pb2.VIDEO_CODEC_JPEG: VideoCodec.JPEG,
        media_pb2.VIDEO_CODEC_H264: VideoCodec.H264,
        media_pb2.VIDEO_CODEC_RAW_RGB24: VideoCodec.RAW_RGB24,
        media_pb2.VIDEO_CODEC_PNG: VideoCodec.PNG,
        media_pb2.VIDEO_CODEC_WEBP: VideoCodec.WEBP,
        media_pb2.VIDEO_CODEC_RAW_RGBA32: VideoCodec.RAW_RGBA32,
    }
)
_MOUTH_SHAPE = "jawOpen"
_LID_SHAPE = "eyeBlinkLeft"
_SHUT = 0.5
"""A lid that has come further down is one that blinks: of all feelings sadness lowers it most, to 0.22."""
REVOCABLE_SAMPLES = 5 * SAMPLE_RATE_HZ
"""So much is held back for a pause to cut off: media is sent up to 3 s ahead, and a player may hold some more."""
_MARKS = re.compile(r"[^\w\s]*")


@dataclass(slots=True)
class _Turn:
    """What is kept of one turn."""

    text: str = ""
    words: dict[int, media_pb2.WordTiming] = field(default_factory=dict)
    """By offset: one that comes again takes the place of the first."""
    heard_text: str | None = None
    """Of a turn that was stopped."""
    sound_pts_us: tuple[int, int] | None = None
    """From the first sample to the last."""
    speaking_pts_us: list[int] = field(default_factory=list)
    """Frames in which the person speaks."""
    mouth: dict[int, float] = field(default_factory=dict)
    """pts -> how far the mouth is open, 0..1, where motion was asked for."""
    blinks: set[int] = field(default_factory=set)
    """pts at which the eyes are shut, likewise."""


@dataclass(frozen=True, slots=True)
class TurnStill:
    """One picture of one turn."""

    turn_id: str
    pts_us: int
    at_s: float
    """From the beginning of the file."""
    picture: Picture
    mouth_open: float | None
    """0..1; None when the session sends no motion frames."""


class Recorder:
    """One recording. Use as a context manager: a normal end writes the files, an exception throws them away.

    An .mp4 takes H.264 as it comes, a .mov PNG; all other pictures are encoded anew. Those of a session that begins
    with idle_mode CLIP are too, and its clips fill the time between turns; a clip's pictures are kept for that, at
    512x512 about 80 MB. Sound must be 16-bit PCM or Opus, at 24 kHz, mono.
    """

    def __init__(
        self, path: Path | str, *, subtitles: Path | str | None = None, blendshape_names: Sequence[str] = ()
    ) -> None:
        """blendshape_names: from CreateSession, when motion was asked for; used to find open mouths and eyes."""
        self._path = Path(path)
        self._subtitles = Path(subtitles) if subtitles is not None else None
        names = list(blendshape_names)  # protobuf's own sequence has no `index`
        self._mouth_index = names.index(_MOUTH_SHAPE) if _MOUTH_SHAPE in names else None
        self._lid_index = names.index(_LID_SHAPE) if _LID_SHAPE in names else None
        self._writer: Mp4Writer | None = None
        self._decoder: FrameDecoder | None = None
        self._opus = OpusDecoder()
        self._early: list[ConverseResponse] = []
        self._cuts: list[tuple[int, int]] = []  # where, and how many samples of time
        self._first_pts_us: int | None = None
        self._turns: dict[str, _Turn] = {}
        self._keeps_alpha = self._path.suffix.lower() == ".mov"
        self._as_it_comes = media_pb2.VIDEO_CODEC_PNG if self._keeps_alpha else media_pb2.VIDEO_CODEC_H264
        self._idle: IdleLoop[Picture] = IdleLoop()
        self._is_looping = False  # idle clips may come: everything is decoded, since they are shown backwards too
        self._filled_us = 0  # up to here
        self._is_closed = False
        self.frame_count = 0
        self.audio_samples = 0

    def take(self, event: ConverseResponse) -> None:
        """Note one event. Raises ResolutionChanged when the picture changes its size: one file has one size."""
        turn = self._turns.setdefault(event.turn_id, _Turn())
        match event.WhichOneof("payload"):
            case "text_delta":
                turn.text = turn.text[: event.text_delta.offset] + event.text_delta.text
            case "word_timing":
                turn.words[event.word_timing.offset] = event.word_timing
            case "audio_chunk":
                self._take_audio(event)
                begin_us, end_us = event.audio_chunk.pts_us, event.audio_chunk.pts_us + event.audio_chunk.duration_us
                turn.sound_pts_us = (turn.sound_pts_us[0] if turn.sound_pts_us else begin_us, end_us)
            case "turn_stopped":
                turn.heard_text = event.turn_stopped.heard_text
            case "turn_paused":
                _forget_void(turn, event.turn_paused.pts_us)
                self._cut(event)
            case "session_state":
                effective = event.session_state.control_report.effective
                self._is_looping |= effective.render.idle_mode == controls_pb2.IDLE_MODE_CLIP and self._writer is None
                self._fill(event.session_state.pts_us)
            case "idle_clip":
                self._fill(event.idle_clip.pts_us)
                self._idle.take(event)
            case "video_frame":
                self._fill(event.video_frame.pts_us)
                self._idle.take(event, self._take_video(event.video_frame))
                if event.video_frame.kind == media_pb2.FRAME_KIND_SPEAKING:
                    turn.speaking_pts_us.append(event.video_frame.pts_us)
            case "motion_frame" if self._mouth_index is not None:
                motion = event.motion_frame
                turn.mouth[motion.pts_us] = motion.blendshapes[self._mouth_index]
                if self._lid_index is not None and motion.blendshapes[self._lid_index] > _SHUT:
                    turn.blinks.add(motion.pts_us)
            case _:
                pass

    def close(self) -> bool:
        """Write the files. False, and no files, when no media came. Idempotent."""
        if self._is_closed:
            return False
        self._is_closed = True
        self._open_writer(0, 0, 25)
        assert self._writer is not None
        if not self._writer.close():
            return False
        if self._subtitles is not None:
            self._subtitles.write_text(webvtt(cues(self._spoken_words())), encoding="utf-8")
        return True

    def abort(self) -> None:
        """Throw everything away. Idempotent."""
        self._is_closed = True
        if self._writer is not None:
            self._writer.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def stills(self, turn_ids: Sequence[str], count_per_turn: int = 1) -> list[TurnStill]:
        """Pictures of turns out of the finished file, in the order of time; a turn without pictures has none.

        Each turn is cut into `count_per_turn` equal parts; of each the moment with the widest open mouth is taken,
        but not in a blink (without motion frames: the middle). Decodes the file once, about 2 ms for each frame.
        """
        wanted = [
            (turn_id, pts_us)
            for turn_id in turn_ids
            if turn_id in self._turns
            for pts_us in _moments(self._turns[turn_id], count_per_turn)
        ]
        pictures = self._pictures_at({self._at_s(pts_us) for _, pts_us in wanted})
        stills = [
            TurnStill(turn_id, pts_us, self._at_s(pts_us), picture, self._turns[turn_id].mouth.get(pts_us))
            for turn_id, pts_us in wanted
            if (picture := pictures.get(self._at_s(pts_us))) is not None
        ]
        return sorted(stills, key=lambda still: still.at_s)

    def _take_audio(self, event: ConverseResponse) -> None:
        chunk = event.audio_chunk
        is_known = chunk.codec in (media_pb2.AUDIO_CODEC_PCM_S16LE, media_pb2.AUDIO_CODEC_OPUS)
        if not is_known or (chunk.sample_rate_hz, chunk.channel_count) != (SAMPLE_RATE_HZ, 1):
            raise ValueError("only 16-bit PCM and Opus at 24 kHz, mono, can be recorded")
        self._note_pts(chunk.pts_us)
        self.audio_samples += chunk.sample_count
        if self._writer is None:
            self._early.append(event)  # the writer wants to know the size of the picture first
        else:
            self._write_audio(chunk)

    def _fill(self, until_us: int) -> None:
        """Show the idle clip up to there."""
        if not self._is_looping or self._idle.end_us is None:
            return
        assert self._writer is not None
        for pts_us, picture in self._idle.between(self._filled_us, until_us):
            self._writer.add_picture(picture, us_to_samples(pts_us))
            self._filled_us = pts_us + 1

    def _take_video(self, frame: media_pb2.VideoFrame) -> Picture | None:
        """Returns the picture, where idle clips are looped."""
        self._note_pts(frame.pts_us)
        self.frame_count += 1
        if self._writer is None:
            self._open_writer(frame.width_px, frame.height_px, round(1e6 / frame.duration_us))
        assert self._writer is not None
        start, data = us_to_samples(frame.pts_us), frame.data
        if frame.codec == self._as_it_comes and not self._is_looping:
            self._writer.add_frame(data, start, frame.keyframe)
            return None
        if self._decoder is None:
            self._decoder = FrameDecoder(_CODECS[frame.codec])
        picture = self._decoder.decode(data, frame.width_px, frame.height_px)
        if picture is None:  # H.264 before its first key frame
            return None
        self._writer.add_picture(picture, start)
        return picture if self._is_looping else None

    def _open_writer(self, width_px: int, height_px: int, fps: int) -> None:
        if self._writer is None:
            film = MovWriter if self._keeps_alpha else Mp4Writer
            self._writer = film(self._path, width_px, height_px, fps, revocable_samples=REVOCABLE_SAMPLES)
            early, self._early = self._early, []
            for event in early:
                if event.HasField("audio_chunk"):
                    self._write_audio(event.audio_chunk)
                else:
                    self._cut(event)

    def _cut(self, event: ConverseResponse) -> None:
        if self._writer is None:
            self._early.append(event)
            return
        sample = us_to_samples(event.turn_paused.pts_us)
        self._cuts.append((sample, self._writer.cut(sample)))

    def _write_audio(self, chunk: media_pb2.AudioChunk) -> None:
        assert self._writer is not None
        if chunk.codec == media_pb2.AUDIO_CODEC_OPUS:
            pcm = self._opus.decode(chunk.data, chunk.skip_sample_count, chunk.sample_count)
        else:
            pcm = np.frombuffer(chunk.data, "<i2").astype(np.int16)
        self._writer.add_pcm(pcm, us_to_samples(chunk.pts_us))

    def _note_pts(self, pts_us: int) -> None:
        self._first_pts_us = pts_us if self._first_pts_us is None else min(self._first_pts_us, pts_us)

    def _at_s(self, pts_us: int) -> float:
        """From the beginning of the file, on the sample that the file is built on."""
        sample = us_to_samples(pts_us)
        cut_out = sum(count for at, count in self._cuts if sample >= at + count)
        return (sample - cut_out - us_to_samples(self._first_pts_us or 0)) / SAMPLE_RATE_HZ

    def _spoken_words(self) -> list[SpokenWord]:
        words: list[SpokenWord] = []
        for turn_id, turn in self._turns.items():
            for word, text, joined in _pieces(turn):
                start_ms, end_ms = 1000 * self._at_s(word.pts_us), 1000 * self._at_s(word.pts_us + word.duration_us)
                words.append(SpokenWord(text, start_ms, end_ms, turn_id, joined=joined))
        return sorted(words, key=lambda word: word.start_ms)

    def _pictures_at(self, times_s: set[float]) -> dict[float, Picture]:
        found: dict[float, Picture] = {}
        with av.open(str(self._path)) as file:
            if not file.streams.video or not times_s:
                return found
            for frame in file.decode(video=0):
                near = min(times_s, key=lambda at_s: abs(at_s - (frame.time or 0.0)))
                if abs(near - (frame.time or 0.0)) < 1e-3:
                    found[near] = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
        return found


def _moments(turn: _Turn, count: int) -> list[int]:
    """The pts of the best frame in each part of the turn's speech."""
    pts = sorted(turn.speaking_pts_us)
    parts = [pts[index * len(pts) // count : (index + 1) * len(pts) // count] for index in range(count)]
    return [_best(part, turn) for part in parts if part]


def _best(pts: Sequence[int], turn: _Turn) -> int:
    if not any(at in turn.mouth for at in pts):
        return pts[len(pts) // 2]
    return max(pts, key=lambda at: (at not in turn.blinks, turn.mouth.get(at, 0.0)))


def _forget_void(turn: _Turn, pts_us: int) -> None:
    turn.words = {offset: word for offset, word in turn.words.items() if word.pts_us < pts_us}
    turn.speaking_pts_us = [at for at in turn.speaking_pts_us if at < pts_us]
    turn.mouth = {at: opening for at, opening in turn.mouth.items() if at < pts_us}


def _estimated_words(turn: _Turn) -> list[media_pb2.WordTiming]:
    """For a voice that gives no word times: what was heard, spread evenly over the sound."""
    text = turn.text if turn.heard_text is None else turn.heard_text
    if turn.sound_pts_us is None or not text.strip():
        return []
    begin_us, end_us = turn.sound_pts_us
    per_letter_us = (end_us - begin_us) / len(text.rstrip())
    return [
        media_pb2.WordTiming(
            word=found.group(),
            offset=found.start(),
            pts_us=begin_us + round(found.start() * per_letter_us),
            duration_us=round(len(found.group()) * per_letter_us),
        )
        for found in re.finditer(r"\S+", text)
    ]


def _pieces(turn: _Turn) -> list[tuple[media_pb2.WordTiming, str, bool]]:
    """The turn's text cut at its words, so that the marks between words stay; True: no space before the piece."""
    result: list[tuple[media_pb2.WordTiming, str, bool]] = []
    joined = False
    words = sorted(turn.words.values(), key=lambda word: word.pts_us) or _estimated_words(turn)
    for word, following in zip_longest(words, words[1:]):
        end = word.offset + len(word.word)
        if following is not None:
            piece = turn.text[word.offset : following.offset]
        else:  # what lies behind the last word may never have been spoken: only its marks are taken
            marks = _MARKS.match(turn.text, end)
            piece = turn.text[word.offset : end] + (marks.group() if marks is not None else "")
        result.append((word, piece.strip() or word.word, joined))
        joined = bool(piece) and not piece[-1].isspace()
    return result
