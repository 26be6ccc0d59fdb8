"""Everything that can leave a turn or a session, as one closed union. The server turns these into protobuf.

Media time is in samples of the media clock here and in microseconds on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from tth.errors import FieldViolation
from tth.face.parameters import FaceState
from tth.model.controls import ControlReport
from tth.model.media import AudioCodec, FrameKind, MediaPreferences, PictureQuality, VideoCodec, WordTiming


class TextMode(StrEnum):
    TALK = "talk"
    SAY = "say"


class TurnOutcome(StrEnum):
    COMPLETED = "completed"
    INTERRUPTED = "interrupted"
    SUPERSEDED = "superseded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DRAINED = "drained"
    EXPIRED = "expired"


class ErrorScope(StrEnum):
    MESSAGE = "message"
    TURN = "turn"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class TurnStarted:
    turn_index: int
    media_start_sample: int
    control_revision: int
    adapters: tuple[str, ...]
    mode: TextMode


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str
    offset: int
    last: bool = False


@dataclass(frozen=True, slots=True)
class AudioChunk:
    data: bytes
    start_sample: int
    sample_count: int
    chunk_index: int
    last: bool = False
    control_revision: int = 0
    codec: AudioCodec = AudioCodec.PCM_S16LE
    skip_sample_count: int = 0
    """Of a codec that works in packets: decoded samples before the first one. Not 0: decoding begins anew."""


@dataclass(frozen=True, slots=True)
class VideoFrame:
    data: bytes
    codec: VideoCodec
    width_px: int
    height_px: int
    start_sample: int
    sample_count: int
    frame_index: int
    keyframe: bool
    kind: FrameKind
    dropped_before_count: int = 0
    control_revision: int = 0
    codec_config: bytes = b""
    alpha: bool = False
    quality: PictureQuality = PictureQuality.FULL
    """What it was drawn with; told by `DegradedMode` and `TurnMetrics`."""


@dataclass(frozen=True, slots=True)
class MotionFrame:
    start_sample: int
    sample_count: int
    face: FaceState
    viseme: str
    kind: FrameKind
    control_revision: int = 0


@dataclass(frozen=True, slots=True)
class WordSpoken:
    timing: WordTiming


@dataclass(frozen=True, slots=True)
class Speaking:
    started: bool
    at_sample: int


@dataclass(frozen=True, slots=True)
class DriftStats:
    """Video against audio; positive = the picture is late."""

    mean_ms: float = 0.0
    p95_abs_ms: float = 0.0
    max_abs_ms: float = 0.0
    held_count: int = 0
    skipped_count: int = 0


@dataclass(frozen=True, slots=True)
class TurnMetrics:
    """One record per turn; None is "did not happen", which is not 0."""

    control_report: ControlReport
    outcome: TurnOutcome
    first_text_ms: float | None = None
    first_audio_ms: float | None = None
    first_video_ms: float | None = None
    stop_latency_ms: float | None = None
    queue_ms: float | None = None
    achieved_fps: float | None = None
    real_time_factor: float | None = None
    drift: DriftStats | None = None
    text_delta_count: int = 0
    audio_chunk_count: int = 0
    video_frame_count: int = 0
    motion_frame_count: int = 0
    dropped_frame_count: int = 0
    audio_samples: int = 0
    total_ms: float = 0.0
    spoken_character_count: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micro_usd: int | None = None
    adapters: tuple[str, ...] = ()
    degraded_frame_count: int = 0
    """Frames drawn below full quality."""
    lowest_level: str = ""
    """The lowest `PictureQuality` of the turn; empty when all was drawn in full."""


@dataclass(frozen=True, slots=True)
class TurnComplete:
    audio_end_sample: int
    video_end_sample: int
    text: str


@dataclass(frozen=True, slots=True)
class TurnStopped:
    outcome: TurnOutcome
    audio_end_sample: int
    video_end_sample: int
    heard_text: str
    heard_sample: int
    heard_is_estimate: bool
    error_reason: str = ""


@dataclass(frozen=True, slots=True)
class TurnPaused:
    """The turn is held; its media behind `heard_sample` is void and comes again."""

    heard_sample: int
    is_estimate: bool


@dataclass(frozen=True, slots=True)
class TurnResumed:
    """The turn goes on: the sample after the one where it was held is heard at `start_sample` now."""

    start_sample: int
    paused_ms: float


@dataclass(frozen=True, slots=True)
class TurnHeard:
    """What was really heard of a turn that had been sent completely before it was interrupted."""

    turn_id: str
    heard_text: str
    heard_sample: int
    is_estimate: bool


@dataclass(frozen=True, slots=True)
class IdleClip:
    """The next `frame_count` idle frames are to be shown forwards and backwards until another picture comes."""

    start_sample: int
    sample_count: int
    frame_count: int


@dataclass(frozen=True, slots=True)
class DegradedMode:
    active: bool
    component: str
    reason: str
    action: str
    level: str = ""
    """How far it goes, where there are steps: of the avatar a `PictureQuality`."""


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    code: int
    reason: str
    message: str
    scope: ErrorScope
    retryable: bool = False
    retry_after_ms: int | None = None
    client_seq: int = 0
    violations: tuple[FieldViolation, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SessionState:
    control_report: ControlReport
    media: MediaPreferences
    now_sample: int
    state: str
    resume_handle: str = ""
    """ "" = the session cannot be resumed."""
    resumed: bool = False
    gap: bool = False
    """Events other than media were lost before this stream."""
    oldest_replayable_seq: int = 0


@dataclass(frozen=True, slots=True)
class ControlAck:
    report: ControlReport


@dataclass(frozen=True, slots=True)
class GoAway:
    action: str
    time_left_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Pong:
    client_time_ms: int
    server_receive_ms: int


TurnEvent: TypeAlias = (
    TurnStarted
    | TextDelta
    | AudioChunk
    | VideoFrame
    | MotionFrame
    | WordSpoken
    | Speaking
    | TurnMetrics
    | TurnComplete
    | TurnStopped
    | TurnPaused
    | TurnResumed
    | ErrorEvent
)
SessionEvent: TypeAlias = SessionState | DegradedMode | ControlAck | GoAway | Pong | TurnHeard | IdleClip
Event: TypeAlias = TurnEvent | SessionEvent
