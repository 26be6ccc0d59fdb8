from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AudioCodec(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AUDIO_CODEC_UNSPECIFIED: _ClassVar[AudioCodec]
    AUDIO_CODEC_PCM_S16LE: _ClassVar[AudioCodec]
    AUDIO_CODEC_OPUS: _ClassVar[AudioCodec]

class VideoCodec(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VIDEO_CODEC_UNSPECIFIED: _ClassVar[VideoCodec]
    VIDEO_CODEC_NONE: _ClassVar[VideoCodec]
    VIDEO_CODEC_JPEG: _ClassVar[VideoCodec]
    VIDEO_CODEC_H264: _ClassVar[VideoCodec]
    VIDEO_CODEC_RAW_RGB24: _ClassVar[VideoCodec]
    VIDEO_CODEC_PNG: _ClassVar[VideoCodec]
    VIDEO_CODEC_WEBP: _ClassVar[VideoCodec]
    VIDEO_CODEC_RAW_RGBA32: _ClassVar[VideoCodec]

class FrameKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FRAME_KIND_UNSPECIFIED: _ClassVar[FrameKind]
    FRAME_KIND_IDLE: _ClassVar[FrameKind]
    FRAME_KIND_LISTENING: _ClassVar[FrameKind]
    FRAME_KIND_THINKING: _ClassVar[FrameKind]
    FRAME_KIND_SPEAKING: _ClassVar[FrameKind]
AUDIO_CODEC_UNSPECIFIED: AudioCodec
AUDIO_CODEC_PCM_S16LE: AudioCodec
AUDIO_CODEC_OPUS: AudioCodec
VIDEO_CODEC_UNSPECIFIED: VideoCodec
VIDEO_CODEC_NONE: VideoCodec
VIDEO_CODEC_JPEG: VideoCodec
VIDEO_CODEC_H264: VideoCodec
VIDEO_CODEC_RAW_RGB24: VideoCodec
VIDEO_CODEC_PNG: VideoCodec
VIDEO_CODEC_WEBP: VideoCodec
VIDEO_CODEC_RAW_RGBA32: VideoCodec
FRAME_KIND_UNSPECIFIED: FrameKind
FRAME_KIND_IDLE: FrameKind
FRAME_KIND_LISTENING: FrameKind
FRAME_KIND_THINKING: FrameKind
FRAME_KIND_SPEAKING: FrameKind

class MediaPreferences(_message.Message):
    __slots__ = ("audio_codec", "audio_sample_rate_hz", "video_codec", "motion", "word_timings", "alpha")
    AUDIO_CODEC_FIELD_NUMBER: _ClassVar[int]
    AUDIO_SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    VIDEO_CODEC_FIELD_NUMBER: _ClassVar[int]
    MOTION_FIELD_NUMBER: _ClassVar[int]
    WORD_TIMINGS_FIELD_NUMBER: _ClassVar[int]
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    audio_codec: AudioCodec
    audio_sample_rate_hz: int
    video_codec: VideoCodec
    motion: bool
    word_timings: bool
    alpha: bool
    def __init__(self, audio_codec: _Optional[_Union[AudioCodec, str]] = ..., audio_sample_rate_hz: _Optional[int] = ..., video_codec: _Optional[_Union[VideoCodec, str]] = ..., motion: bool = ..., word_timings: bool = ..., alpha: bool = ...) -> None: ...

class AudioChunk(_message.Message):
    __slots__ = ("data", "codec", "sample_rate_hz", "channel_count", "pts_us", "sample_count", "duration_us", "chunk_index", "last", "control_revision", "skip_sample_count")
    DATA_FIELD_NUMBER: _ClassVar[int]
    CODEC_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_COUNT_FIELD_NUMBER: _ClassVar[int]
    PTS_US_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    DURATION_US_FIELD_NUMBER: _ClassVar[int]
    CHUNK_INDEX_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    CONTROL_REVISION_FIELD_NUMBER: _ClassVar[int]
    SKIP_SAMPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    codec: AudioCodec
    sample_rate_hz: int
    channel_count: int
    pts_us: int
    sample_count: int
    duration_us: int
    chunk_index: int
    last: bool
    control_revision: int
    skip_sample_count: int
    def __init__(self, data: _Optional[bytes] = ..., codec: _Optional[_Union[AudioCodec, str]] = ..., sample_rate_hz: _Optional[int] = ..., channel_count: _Optional[int] = ..., pts_us: _Optional[int] = ..., sample_count: _Optional[int] = ..., duration_us: _Optional[int] = ..., chunk_index: _Optional[int] = ..., last: bool = ..., control_revision: _Optional[int] = ..., skip_sample_count: _Optional[int] = ...) -> None: ...

class VideoFrame(_message.Message):
    __slots__ = ("data", "codec", "width_px", "height_px", "pts_us", "duration_us", "frame_index", "keyframe", "kind", "dropped_before_count", "control_revision", "codec_config", "alpha")
    DATA_FIELD_NUMBER: _ClassVar[int]
    CODEC_FIELD_NUMBER: _ClassVar[int]
    WIDTH_PX_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_PX_FIELD_NUMBER: _ClassVar[int]
    PTS_US_FIELD_NUMBER: _ClassVar[int]
    DURATION_US_FIELD_NUMBER: _ClassVar[int]
    FRAME_INDEX_FIELD_NUMBER: _ClassVar[int]
    KEYFRAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    DROPPED_BEFORE_COUNT_FIELD_NUMBER: _ClassVar[int]
    CONTROL_REVISION_FIELD_NUMBER: _ClassVar[int]
    CODEC_CONFIG_FIELD_NUMBER: _ClassVar[int]
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    codec: VideoCodec
    width_px: int
    height_px: int
    pts_us: int
    duration_us: int
    frame_index: int
    keyframe: bool
    kind: FrameKind
    dropped_before_count: int
    control_revision: int
    codec_config: bytes
    alpha: bool
    def __init__(self, data: _Optional[bytes] = ..., codec: _Optional[_Union[VideoCodec, str]] = ..., width_px: _Optional[int] = ..., height_px: _Optional[int] = ..., pts_us: _Optional[int] = ..., duration_us: _Optional[int] = ..., frame_index: _Optional[int] = ..., keyframe: bool = ..., kind: _Optional[_Union[FrameKind, str]] = ..., dropped_before_count: _Optional[int] = ..., control_revision: _Optional[int] = ..., codec_config: _Optional[bytes] = ..., alpha: bool = ...) -> None: ...

class MotionFrame(_message.Message):
    __slots__ = ("pts_us", "blendshapes", "yaw_deg", "pitch_deg", "roll_deg", "breath", "viseme", "kind", "control_revision")
    PTS_US_FIELD_NUMBER: _ClassVar[int]
    BLENDSHAPES_FIELD_NUMBER: _ClassVar[int]
    YAW_DEG_FIELD_NUMBER: _ClassVar[int]
    PITCH_DEG_FIELD_NUMBER: _ClassVar[int]
    ROLL_DEG_FIELD_NUMBER: _ClassVar[int]
    BREATH_FIELD_NUMBER: _ClassVar[int]
    VISEME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CONTROL_REVISION_FIELD_NUMBER: _ClassVar[int]
    pts_us: int
    blendshapes: _containers.RepeatedScalarFieldContainer[float]
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    breath: float
    viseme: str
    kind: FrameKind
    control_revision: int
    def __init__(self, pts_us: _Optional[int] = ..., blendshapes: _Optional[_Iterable[float]] = ..., yaw_deg: _Optional[float] = ..., pitch_deg: _Optional[float] = ..., roll_deg: _Optional[float] = ..., breath: _Optional[float] = ..., viseme: _Optional[str] = ..., kind: _Optional[_Union[FrameKind, str]] = ..., control_revision: _Optional[int] = ...) -> None: ...

class WordTiming(_message.Message):
    __slots__ = ("word", "offset", "pts_us", "duration_us")
    WORD_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    PTS_US_FIELD_NUMBER: _ClassVar[int]
    DURATION_US_FIELD_NUMBER: _ClassVar[int]
    word: str
    offset: int
    pts_us: int
    duration_us: int
    def __init__(self, word: _Optional[str] = ..., offset: _Optional[int] = ..., pts_us: _Optional[int] = ..., duration_us: _Optional[int] = ...) -> None: ...
