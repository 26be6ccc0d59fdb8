"""Sound, pictures and timings as they travel between stages. Inside, media time is counted in audio samples.

`start_sample` is always on the session's media clock (0 = first stream of the session) unless a field says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from tth.face.parameters import FaceState

SAMPLE_RATE_HZ = 24_000
"""The one internal audio rate, mono. 24 kHz: what realtime speech models speak; 960 samples per frame at 25 fps."""

Pcm = NDArray[np.int16]
"""Mono sound at SAMPLE_RATE_HZ: int16, shape (n,)."""
Picture = NDArray[np.uint8]
"""RGB, uint8, shape (height, width, 3), rows from the top; with alpha RGBA, (height, width, 4), colours straight."""


@dataclass(frozen=True, slots=True, eq=False)
class I420Picture:
    """A picture as H.264 takes it: planar YUV 4:2:0, BT.709, limited range; half the bytes of RGB."""

    data: NDArray[np.uint8]
    """(3 * height_px / 2, width_px), C-contiguous: the rows of Y, then U, then V, without gaps. Both sides are even."""

    @property
    def width_px(self) -> int:
        return int(self.data.shape[1])

    @property
    def height_px(self) -> int:
        return int(self.data.shape[0] * 2 // 3)

    def planes(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
        """Views of Y (height_px, width_px), and of U and V with half the sides."""
        height, width = self.height_px, self.width_px
        u, v = self.data[height:].reshape(2, height // 2, width // 2)
        return self.data[:height], u, v


def samples_to_us(samples: int) -> int:
    """Media clock in whole microseconds, rounded to nearest."""
    return (samples * 1_000_000 + SAMPLE_RATE_HZ // 2) // SAMPLE_RATE_HZ


def us_to_samples(us: int) -> int:
    """Inverse of `samples_to_us`, rounded to nearest."""
    return (us * SAMPLE_RATE_HZ + 500_000) // 1_000_000


def ms_to_samples(ms: float) -> int:
    """Whole samples in a duration, rounded to nearest."""
    return round(ms * SAMPLE_RATE_HZ / 1000)


def samples_to_ms(samples: int) -> float:
    """Duration of a number of samples."""
    return samples * 1000 / SAMPLE_RATE_HZ


class AudioCodec(StrEnum):
    PCM_S16LE = "pcm_s16le"
    OPUS = "opus"


class VideoCodec(StrEnum):
    NONE = "none"
    JPEG = "jpeg"
    H264 = "h264"
    RAW_RGB24 = "raw_rgb24"
    PNG = "png"
    WEBP = "webp"
    RAW_RGBA32 = "raw_rgba32"

    @property
    def has_alpha(self) -> bool:
        """A transparent background stays transparent in it."""
        return self in (VideoCodec.PNG, VideoCodec.WEBP, VideoCodec.RAW_RGBA32)


class PictureQuality(StrEnum):
    """How well pictures are drawn: from the best down, each step about half the work of the one before."""

    FULL = "full"
    REDUCED = "reduced"
    """Less detail."""
    LOW = "low"
    """Still less detail."""
    HALF_RATE = "half_rate"
    """As LOW, and every second frame is left out."""


class FrameKind(StrEnum):
    """What the person on a frame is doing."""

    IDLE = "idle"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"


@dataclass(frozen=True, slots=True)
class MediaPreferences:
    """What one session receives."""

    audio_codec: AudioCodec = AudioCodec.PCM_S16LE
    audio_sample_rate_hz: int = SAMPLE_RATE_HZ
    video_codec: VideoCodec = VideoCodec.H264
    motion: bool = False
    """A motion frame for every frame slot."""
    word_timings: bool = True
    alpha: bool = False
    """The person without a background, where the session's controls name none."""


@dataclass(frozen=True, slots=True)
class PhonemeTiming:
    """One speech sound."""

    ipa: str
    """IPA, with length and other marks as the voice gave them; "" is a pause."""
    start_sample: int
    sample_count: int
    stress: int = 0
    """0 unstressed, 1 secondary, 2 primary stress of the syllable that this sound belongs to."""


@dataclass(frozen=True, slots=True)
class WordTiming:
    """One word of the spoken text."""

    word: str
    """As it stands in the text."""
    offset: int
    """Code points from the start of the text it belongs to: the clause in adapters, the turn further on."""
    start_sample: int
    sample_count: int


@dataclass(frozen=True, slots=True)
class SpeechChunk:
    """A stretch of one clause's sound as a voice made it. Times count from the start of the clause."""

    pcm: Pcm
    phonemes: tuple[PhonemeTiming, ...] = ()
    """Timings that became known with this chunk; they may lie ahead of its sound, never behind."""
    words: tuple[WordTiming, ...] = ()


@dataclass(frozen=True, slots=True)
class SpeechSpan:
    """Sound placed on the media clock: the avatar's and the pacer's input. Times are media clock."""

    start_sample: int
    pcm: Pcm
    phonemes: tuple[PhonemeTiming, ...] = ()
    words: tuple[WordTiming, ...] = ()
    """Offsets count from the start of the turn's text."""
    control_revision: int = 0

    @property
    def end_sample(self) -> int:
        return self.start_sample + len(self.pcm)


@dataclass(frozen=True, slots=True)
class SilenceSpan:
    """A stretch of the media clock in which nobody speaks."""

    start_sample: int
    sample_count: int
    kind: FrameKind = FrameKind.IDLE

    @property
    def end_sample(self) -> int:
        return self.start_sample + self.sample_count


@dataclass(frozen=True, slots=True)
class DrawnFrame:
    """One frame slot as an avatar delivers it: not yet encoded, its time claimed by the avatar."""

    start_sample: int
    """Media clock of the sound that this frame shows."""
    sample_count: int
    kind: FrameKind
    picture: Picture | None
    """None where nothing is drawn (motion only). Owned by the receiver: never written to again."""
    face: FaceState | None = None
    """The face as numbers, where the avatar knows them."""
    viseme: str = "sil"
    control_revision: int = 0
    quality: PictureQuality = PictureQuality.FULL
    """What the picture was drawn with."""
    draw_s: float | None = None
    """From its being begun to its being done, waiting for a thread included; None where the avatar does not know."""
    i420: I420Picture | None = None
    """In place of `picture`, where the receiver said that it may be (`AvatarSession.may_give_i420`)."""

    @property
    def is_drawn(self) -> bool:
        """It has a picture, in either form."""
        return self.picture is not None or self.i420 is not None
