from tth.v1 import controls_pb2 as _controls_pb2
from tth.v1 import errors_pb2 as _errors_pb2
from tth.v1 import media_pb2 as _media_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TextMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TEXT_MODE_UNSPECIFIED: _ClassVar[TextMode]
    TEXT_MODE_TALK: _ClassVar[TextMode]
    TEXT_MODE_SAY: _ClassVar[TextMode]

class TurnOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TURN_OUTCOME_UNSPECIFIED: _ClassVar[TurnOutcome]
    TURN_OUTCOME_COMPLETED: _ClassVar[TurnOutcome]
    TURN_OUTCOME_INTERRUPTED: _ClassVar[TurnOutcome]
    TURN_OUTCOME_SUPERSEDED: _ClassVar[TurnOutcome]
    TURN_OUTCOME_FAILED: _ClassVar[TurnOutcome]
    TURN_OUTCOME_CANCELLED: _ClassVar[TurnOutcome]
    TURN_OUTCOME_DRAINED: _ClassVar[TurnOutcome]
    TURN_OUTCOME_EXPIRED: _ClassVar[TurnOutcome]

class GoAwayAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GO_AWAY_ACTION_UNSPECIFIED: _ClassVar[GoAwayAction]
    GO_AWAY_ACTION_DISCONNECT: _ClassVar[GoAwayAction]
    GO_AWAY_ACTION_RESUME: _ClassVar[GoAwayAction]
    GO_AWAY_ACTION_RECONNECT: _ClassVar[GoAwayAction]
TEXT_MODE_UNSPECIFIED: TextMode
TEXT_MODE_TALK: TextMode
TEXT_MODE_SAY: TextMode
TURN_OUTCOME_UNSPECIFIED: TurnOutcome
TURN_OUTCOME_COMPLETED: TurnOutcome
TURN_OUTCOME_INTERRUPTED: TurnOutcome
TURN_OUTCOME_SUPERSEDED: TurnOutcome
TURN_OUTCOME_FAILED: TurnOutcome
TURN_OUTCOME_CANCELLED: TurnOutcome
TURN_OUTCOME_DRAINED: TurnOutcome
TURN_OUTCOME_EXPIRED: TurnOutcome
GO_AWAY_ACTION_UNSPECIFIED: GoAwayAction
GO_AWAY_ACTION_DISCONNECT: GoAwayAction
GO_AWAY_ACTION_RESUME: GoAwayAction
GO_AWAY_ACTION_RECONNECT: GoAwayAction

class ConverseRequest(_message.Message):
    __slots__ = ("schema_version", "session_id", "turn_id", "timestamp_ms", "client_seq", "user_text", "control_update", "interrupt", "end_turn", "playback_report", "ping", "resume", "pause_turn", "resume_turn")
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    TURN_ID_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_MS_FIELD_NUMBER: _ClassVar[int]
    CLIENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    USER_TEXT_FIELD_NUMBER: _ClassVar[int]
    CONTROL_UPDATE_FIELD_NUMBER: _ClassVar[int]
    INTERRUPT_FIELD_NUMBER: _ClassVar[int]
    END_TURN_FIELD_NUMBER: _ClassVar[int]
    PLAYBACK_REPORT_FIELD_NUMBER: _ClassVar[int]
    PING_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    PAUSE_TURN_FIELD_NUMBER: _ClassVar[int]
    RESUME_TURN_FIELD_NUMBER: _ClassVar[int]
    schema_version: str
    session_id: str
    turn_id: str
    timestamp_ms: int
    client_seq: int
    user_text: UserText
    control_update: ControlUpdate
    interrupt: Interrupt
    end_turn: EndTurn
    playback_report: PlaybackReport
    ping: Ping
    resume: Resume
    pause_turn: PauseTurn
    resume_turn: ResumeTurn
    def __init__(self, schema_version: _Optional[str] = ..., session_id: _Optional[str] = ..., turn_id: _Optional[str] = ..., timestamp_ms: _Optional[int] = ..., client_seq: _Optional[int] = ..., user_text: _Optional[_Union[UserText, _Mapping]] = ..., control_update: _Optional[_Union[ControlUpdate, _Mapping]] = ..., interrupt: _Optional[_Union[Interrupt, _Mapping]] = ..., end_turn: _Optional[_Union[EndTurn, _Mapping]] = ..., playback_report: _Optional[_Union[PlaybackReport, _Mapping]] = ..., ping: _Optional[_Union[Ping, _Mapping]] = ..., resume: _Optional[_Union[Resume, _Mapping]] = ..., pause_turn: _Optional[_Union[PauseTurn, _Mapping]] = ..., resume_turn: _Optional[_Union[ResumeTurn, _Mapping]] = ...) -> None: ...

class UserText(_message.Message):
    __slots__ = ("text", "partial", "mode", "language_code", "controls")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    PARTIAL_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_CODE_FIELD_NUMBER: _ClassVar[int]
    CONTROLS_FIELD_NUMBER: _ClassVar[int]
    text: str
    partial: bool
    mode: TextMode
    language_code: str
    controls: _controls_pb2.Controls
    def __init__(self, text: _Optional[str] = ..., partial: bool = ..., mode: _Optional[_Union[TextMode, str]] = ..., language_code: _Optional[str] = ..., controls: _Optional[_Union[_controls_pb2.Controls, _Mapping]] = ...) -> None: ...

class ControlUpdate(_message.Message):
    __slots__ = ("controls", "clear_paths", "ramp_ms")
    CONTROLS_FIELD_NUMBER: _ClassVar[int]
    CLEAR_PATHS_FIELD_NUMBER: _ClassVar[int]
    RAMP_MS_FIELD_NUMBER: _ClassVar[int]
    controls: _controls_pb2.Controls
    clear_paths: _containers.RepeatedScalarFieldContainer[str]
    ramp_ms: int
    def __init__(self, controls: _Optional[_Union[_controls_pb2.Controls, _Mapping]] = ..., clear_paths: _Optional[_Iterable[str]] = ..., ramp_ms: _Optional[int] = ...) -> None: ...

class Interrupt(_message.Message):
    __slots__ = ("reason", "playback")
    REASON_FIELD_NUMBER: _ClassVar[int]
    PLAYBACK_FIELD_NUMBER: _ClassVar[int]
    reason: str
    playback: PlaybackPosition
    def __init__(self, reason: _Optional[str] = ..., playback: _Optional[_Union[PlaybackPosition, _Mapping]] = ...) -> None: ...

class EndTurn(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PlaybackPosition(_message.Message):
    __slots__ = ("turn_id", "audio_pts_us", "video_pts_us", "buffered_ms", "last_seq", "dropped_frame_count")
    TURN_ID_FIELD_NUMBER: _ClassVar[int]
    AUDIO_PTS_US_FIELD_NUMBER: _ClassVar[int]
    VIDEO_PTS_US_FIELD_NUMBER: _ClassVar[int]
    BUFFERED_MS_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQ_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FRAME_COUNT_FIELD_NUMBER: _ClassVar[int]
    turn_id: str
    audio_pts_us: int
    video_pts_us: int
    buffered_ms: int
    last_seq: int
    dropped_frame_count: int
    def __init__(self, turn_id: _Optional[str] = ..., audio_pts_us: _Optional[int] = ..., video_pts_us: _Optional[int] = ..., buffered_ms: _Optional[int] = ..., last_seq: _Optional[int] = ..., dropped_frame_count: _Optional[int] = ...) -> None: ...

class PlaybackReport(_message.Message):
    __slots__ = ("position",)
    POSITION_FIELD_NUMBER: _ClassVar[int]
    position: PlaybackPosition
    def __init__(self, position: _Optional[_Union[PlaybackPosition, _Mapping]] = ...) -> None: ...

class Ping(_message.Message):
    __slots__ = ("client_time_ms",)
    CLIENT_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    client_time_ms: int
    def __init__(self, client_time_ms: _Optional[int] = ...) -> None: ...

class Resume(_message.Message):
    __slots__ = ("resume_handle", "last_seq", "playback")
    RESUME_HANDLE_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQ_FIELD_NUMBER: _ClassVar[int]
    PLAYBACK_FIELD_NUMBER: _ClassVar[int]
    resume_handle: str
    last_seq: int
    playback: PlaybackPosition
    def __init__(self, resume_handle: _Optional[str] = ..., last_seq: _Optional[int] = ..., playback: _Optional[_Union[PlaybackPosition, _Mapping]] = ...) -> None: ...

class PauseTurn(_message.Message):
    __slots__ = ("playback",)
    PLAYBACK_FIELD_NUMBER: _ClassVar[int]
    playback: PlaybackPosition
    def __init__(self, playback: _Optional[_Union[PlaybackPosition, _Mapping]] = ...) -> None: ...

class ResumeTurn(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ConverseResponse(_message.Message):
    __slots__ = ("schema_version", "session_id", "turn_id", "timestamp_ms", "seq", "ack_client_seq", "text_delta", "audio_chunk", "video_frame", "turn_metrics", "turn_complete", "turn_stopped", "degraded_mode", "error", "turn_started", "session_state", "go_away", "pong", "motion_frame", "word_timing", "speaking", "control_ack", "turn_paused", "turn_resumed", "turn_heard", "idle_clip")
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    TURN_ID_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_MS_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    ACK_CLIENT_SEQ_FIELD_NUMBER: _ClassVar[int]
    TEXT_DELTA_FIELD_NUMBER: _ClassVar[int]
    AUDIO_CHUNK_FIELD_NUMBER: _ClassVar[int]
    VIDEO_FRAME_FIELD_NUMBER: _ClassVar[int]
    TURN_METRICS_FIELD_NUMBER: _ClassVar[int]
    TURN_COMPLETE_FIELD_NUMBER: _ClassVar[int]
    TURN_STOPPED_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_MODE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    TURN_STARTED_FIELD_NUMBER: _ClassVar[int]
    SESSION_STATE_FIELD_NUMBER: _ClassVar[int]
    GO_AWAY_FIELD_NUMBER: _ClassVar[int]
    PONG_FIELD_NUMBER: _ClassVar[int]
    MOTION_FRAME_FIELD_NUMBER: _ClassVar[int]
    WORD_TIMING_FIELD_NUMBER: _ClassVar[int]
    SPEAKING_FIELD_NUMBER: _ClassVar[int]
    CONTROL_ACK_FIELD_NUMBER: _ClassVar[int]
    TURN_PAUSED_FIELD_NUMBER: _ClassVar[int]
    TURN_RESUMED_FIELD_NUMBER: _ClassVar[int]
    TURN_HEARD_FIELD_NUMBER: _ClassVar[int]
    IDLE_CLIP_FIELD_NUMBER: _ClassVar[int]
    schema_version: str
    session_id: str
    turn_id: str
    timestamp_ms: int
    seq: int
    ack_client_seq: int
    text_delta: TextDelta
    audio_chunk: _media_pb2.AudioChunk
    video_frame: _media_pb2.VideoFrame
    turn_metrics: TurnMetrics
    turn_complete: TurnComplete
    turn_stopped: TurnStopped
    degraded_mode: DegradedMode
    error: _errors_pb2.Error
    turn_started: TurnStarted
    session_state: SessionState
    go_away: GoAway
    pong: Pong
    motion_frame: _media_pb2.MotionFrame
    word_timing: _media_pb2.WordTiming
    speaking: Speaking
    control_ack: ControlAck
    turn_paused: TurnPaused
    turn_resumed: TurnResumed
    turn_heard: TurnHeard
    idle_clip: IdleClip
    def __init__(self, schema_version: _Optional[str] = ..., session_id: _Optional[str] = ..., turn_id: _Optional[str] = ..., timestamp_ms: _Optional[int] = ..., seq: _Optional[int] = ..., ack_client_seq: _Optional[int] = ..., text_delta: _Optional[_Union[TextDelta, _Mapping]] = ..., audio_chunk: _Optional[_Union[_media_pb2.AudioChunk, _Mapping]] = ..., video_frame: _Optional[_Union[_media_pb2.VideoFrame, _Mapping]] = ..., turn_metrics: _Optional[_Union[TurnMetrics, _Mapping]] = ..., turn_complete: _Optional[_Union[TurnComplete, _Mapping]] = ..., turn_stopped: _Optional[_Union[TurnStopped, _Mapping]] = ..., degraded_mode: _Optional[_Union[DegradedMode, _Mapping]] = ..., error: _Optional[_Union[_errors_pb2.Error, _Mapping]] = ..., turn_started: _Optional[_Union[TurnStarted, _Mapping]] = ..., session_state: _Optional[_Union[SessionState, _Mapping]] = ..., go_away: _Optional[_Union[GoAway, _Mapping]] = ..., pong: _Optional[_Union[Pong, _Mapping]] = ..., motion_frame: _Optional[_Union[_media_pb2.MotionFrame, _Mapping]] = ..., word_timing: _Optional[_Union[_media_pb2.WordTiming, _Mapping]] = ..., speaking: _Optional[_Union[Speaking, _Mapping]] = ..., control_ack: _Optional[_Union[ControlAck, _Mapping]] = ..., turn_paused: _Optional[_Union[TurnPaused, _Mapping]] = ..., turn_resumed: _Optional[_Union[TurnResumed, _Mapping]] = ..., turn_heard: _Optional[_Union[TurnHeard, _Mapping]] = ..., idle_clip: _Optional[_Union[IdleClip, _Mapping]] = ...) -> None: ...

class TextDelta(_message.Message):
    __slots__ = ("text", "offset", "last")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    text: str
    offset: int
    last: bool
    def __init__(self, text: _Optional[str] = ..., offset: _Optional[int] = ..., last: bool = ...) -> None: ...

class TurnStarted(_message.Message):
    __slots__ = ("turn_index", "media_start_pts_us", "control_revision", "synthetic", "adapters", "mode")
    TURN_INDEX_FIELD_NUMBER: _ClassVar[int]
    MEDIA_START_PTS_US_FIELD_NUMBER: _ClassVar[int]
    CONTROL_REVISION_FIELD_NUMBER: _ClassVar[int]
    SYNTHETIC_FIELD_NUMBER: _ClassVar[int]
    ADAPTERS_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    turn_index: int
    media_start_pts_us: int
    control_revision: int
    synthetic: bool
    adapters: _containers.RepeatedScalarFieldContainer[str]
    mode: TextMode
    def __init__(self, turn_index: _Optional[int] = ..., media_start_pts_us: _Optional[int] = ..., control_revision: _Optional[int] = ..., synthetic: bool = ..., adapters: _Optional[_Iterable[str]] = ..., mode: _Optional[_Union[TextMode, str]] = ...) -> None: ...

class Speaking(_message.Message):
    __slots__ = ("phase", "pts_us")
    class Phase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        PHASE_UNSPECIFIED: _ClassVar[Speaking.Phase]
        PHASE_STARTED: _ClassVar[Speaking.Phase]
        PHASE_FINISHED: _ClassVar[Speaking.Phase]
    PHASE_UNSPECIFIED: Speaking.Phase
    PHASE_STARTED: Speaking.Phase
    PHASE_FINISHED: Speaking.Phase
    PHASE_FIELD_NUMBER: _ClassVar[int]
    PTS_US_FIELD_NUMBER: _ClassVar[int]
    phase: Speaking.Phase
    pts_us: int
    def __init__(self, phase: _Optional[_Union[Speaking.Phase, str]] = ..., pts_us: _Optional[int] = ...) -> None: ...

class ControlAck(_message.Message):
    __slots__ = ("report",)
    REPORT_FIELD_NUMBER: _ClassVar[int]
    report: _controls_pb2.ControlReport
    def __init__(self, report: _Optional[_Union[_controls_pb2.ControlReport, _Mapping]] = ...) -> None: ...

class Usage(_message.Message):
    __slots__ = ("spoken_character_count", "input_token_count", "output_token_count", "audio_ms", "video_frame_count", "cost_micro_usd")
    SPOKEN_CHARACTER_COUNT_FIELD_NUMBER: _ClassVar[int]
    INPUT_TOKEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    AUDIO_MS_FIELD_NUMBER: _ClassVar[int]
    VIDEO_FRAME_COUNT_FIELD_NUMBER: _ClassVar[int]
    COST_MICRO_USD_FIELD_NUMBER: _ClassVar[int]
    spoken_character_count: int
    input_token_count: int
    output_token_count: int
    audio_ms: int
    video_frame_count: int
    cost_micro_usd: int
    def __init__(self, spoken_character_count: _Optional[int] = ..., input_token_count: _Optional[int] = ..., output_token_count: _Optional[int] = ..., audio_ms: _Optional[int] = ..., video_frame_count: _Optional[int] = ..., cost_micro_usd: _Optional[int] = ...) -> None: ...

class DriftStats(_message.Message):
    __slots__ = ("mean_ms", "p95_abs_ms", "max_abs_ms", "held_count", "skipped_count")
    MEAN_MS_FIELD_NUMBER: _ClassVar[int]
    P95_ABS_MS_FIELD_NUMBER: _ClassVar[int]
    MAX_ABS_MS_FIELD_NUMBER: _ClassVar[int]
    HELD_COUNT_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_COUNT_FIELD_NUMBER: _ClassVar[int]
    mean_ms: float
    p95_abs_ms: float
    max_abs_ms: float
    held_count: int
    skipped_count: int
    def __init__(self, mean_ms: _Optional[float] = ..., p95_abs_ms: _Optional[float] = ..., max_abs_ms: _Optional[float] = ..., held_count: _Optional[int] = ..., skipped_count: _Optional[int] = ...) -> None: ...

class TurnMetrics(_message.Message):
    __slots__ = ("control_report", "outcome", "first_text_ms", "first_audio_ms", "first_video_ms", "stop_latency_ms", "queue_ms", "achieved_fps", "real_time_factor", "drift", "text_delta_count", "audio_chunk_count", "video_frame_count", "motion_frame_count", "dropped_frame_count", "audio_ms", "total_ms", "usage", "adapters", "degraded_frame_count", "lowest_level")
    CONTROL_REPORT_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    FIRST_TEXT_MS_FIELD_NUMBER: _ClassVar[int]
    FIRST_AUDIO_MS_FIELD_NUMBER: _ClassVar[int]
    FIRST_VIDEO_MS_FIELD_NUMBER: _ClassVar[int]
    STOP_LATENCY_MS_FIELD_NUMBER: _ClassVar[int]
    QUEUE_MS_FIELD_NUMBER: _ClassVar[int]
    ACHIEVED_FPS_FIELD_NUMBER: _ClassVar[int]
    REAL_TIME_FACTOR_FIELD_NUMBER: _ClassVar[int]
    DRIFT_FIELD_NUMBER: _ClassVar[int]
    TEXT_DELTA_COUNT_FIELD_NUMBER: _ClassVar[int]
    AUDIO_CHUNK_COUNT_FIELD_NUMBER: _ClassVar[int]
    VIDEO_FRAME_COUNT_FIELD_NUMBER: _ClassVar[int]
    MOTION_FRAME_COUNT_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FRAME_COUNT_FIELD_NUMBER: _ClassVar[int]
    AUDIO_MS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_MS_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    ADAPTERS_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FRAME_COUNT_FIELD_NUMBER: _ClassVar[int]
    LOWEST_LEVEL_FIELD_NUMBER: _ClassVar[int]
    control_report: _controls_pb2.ControlReport
    outcome: TurnOutcome
    first_text_ms: float
    first_audio_ms: float
    first_video_ms: float
    stop_latency_ms: float
    queue_ms: float
    achieved_fps: float
    real_time_factor: float
    drift: DriftStats
    text_delta_count: int
    audio_chunk_count: int
    video_frame_count: int
    motion_frame_count: int
    dropped_frame_count: int
    audio_ms: int
    total_ms: float
    usage: Usage
    adapters: _containers.RepeatedScalarFieldContainer[str]
    degraded_frame_count: int
    lowest_level: str
    def __init__(self, control_report: _Optional[_Union[_controls_pb2.ControlReport, _Mapping]] = ..., outcome: _Optional[_Union[TurnOutcome, str]] = ..., first_text_ms: _Optional[float] = ..., first_audio_ms: _Optional[float] = ..., first_video_ms: _Optional[float] = ..., stop_latency_ms: _Optional[float] = ..., queue_ms: _Optional[float] = ..., achieved_fps: _Optional[float] = ..., real_time_factor: _Optional[float] = ..., drift: _Optional[_Union[DriftStats, _Mapping]] = ..., text_delta_count: _Optional[int] = ..., audio_chunk_count: _Optional[int] = ..., video_frame_count: _Optional[int] = ..., motion_frame_count: _Optional[int] = ..., dropped_frame_count: _Optional[int] = ..., audio_ms: _Optional[int] = ..., total_ms: _Optional[float] = ..., usage: _Optional[_Union[Usage, _Mapping]] = ..., adapters: _Optional[_Iterable[str]] = ..., degraded_frame_count: _Optional[int] = ..., lowest_level: _Optional[str] = ...) -> None: ...

class TurnComplete(_message.Message):
    __slots__ = ("audio_end_pts_us", "video_end_pts_us", "text")
    AUDIO_END_PTS_US_FIELD_NUMBER: _ClassVar[int]
    VIDEO_END_PTS_US_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    audio_end_pts_us: int
    video_end_pts_us: int
    text: str
    def __init__(self, audio_end_pts_us: _Optional[int] = ..., video_end_pts_us: _Optional[int] = ..., text: _Optional[str] = ...) -> None: ...

class TurnStopped(_message.Message):
    __slots__ = ("outcome", "last_seq", "audio_end_pts_us", "video_end_pts_us", "heard_text", "heard_pts_us", "heard_is_estimate", "error_reason")
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQ_FIELD_NUMBER: _ClassVar[int]
    AUDIO_END_PTS_US_FIELD_NUMBER: _ClassVar[int]
    VIDEO_END_PTS_US_FIELD_NUMBER: _ClassVar[int]
    HEARD_TEXT_FIELD_NUMBER: _ClassVar[int]
    HEARD_PTS_US_FIELD_NUMBER: _ClassVar[int]
    HEARD_IS_ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    ERROR_REASON_FIELD_NUMBER: _ClassVar[int]
    outcome: TurnOutcome
    last_seq: int
    audio_end_pts_us: int
    video_end_pts_us: int
    heard_text: str
    heard_pts_us: int
    heard_is_estimate: bool
    error_reason: str
    def __init__(self, outcome: _Optional[_Union[TurnOutcome, str]] = ..., last_seq: _Optional[int] = ..., audio_end_pts_us: _Optional[int] = ..., video_end_pts_us: _Optional[int] = ..., heard_text: _Optional[str] = ..., heard_pts_us: _Optional[int] = ..., heard_is_estimate: bool = ..., error_reason: _Optional[str] = ...) -> None: ...

class TurnPaused(_message.Message):
    __slots__ = ("pts_us", "is_estimate")
    PTS_US_FIELD_NUMBER: _ClassVar[int]
    IS_ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    pts_us: int
    is_estimate: bool
    def __init__(self, pts_us: _Optional[int] = ..., is_estimate: bool = ...) -> None: ...

class TurnResumed(_message.Message):
    __slots__ = ("pts_us", "paused_ms")
    PTS_US_FIELD_NUMBER: _ClassVar[int]
    PAUSED_MS_FIELD_NUMBER: _ClassVar[int]
    pts_us: int
    paused_ms: int
    def __init__(self, pts_us: _Optional[int] = ..., paused_ms: _Optional[int] = ...) -> None: ...

class TurnHeard(_message.Message):
    __slots__ = ("turn_id", "heard_text", "heard_pts_us", "heard_is_estimate")
    TURN_ID_FIELD_NUMBER: _ClassVar[int]
    HEARD_TEXT_FIELD_NUMBER: _ClassVar[int]
    HEARD_PTS_US_FIELD_NUMBER: _ClassVar[int]
    HEARD_IS_ESTIMATE_FIELD_NUMBER: _ClassVar[int]
    turn_id: str
    heard_text: str
    heard_pts_us: int
    heard_is_estimate: bool
    def __init__(self, turn_id: _Optional[str] = ..., heard_text: _Optional[str] = ..., heard_pts_us: _Optional[int] = ..., heard_is_estimate: bool = ...) -> None: ...

class IdleClip(_message.Message):
    __slots__ = ("pts_us", "duration_us", "frame_count")
    PTS_US_FIELD_NUMBER: _ClassVar[int]
    DURATION_US_FIELD_NUMBER: _ClassVar[int]
    FRAME_COUNT_FIELD_NUMBER: _ClassVar[int]
    pts_us: int
    duration_us: int
    frame_count: int
    def __init__(self, pts_us: _Optional[int] = ..., duration_us: _Optional[int] = ..., frame_count: _Optional[int] = ...) -> None: ...

class DegradedMode(_message.Message):
    __slots__ = ("active", "component", "reason", "action", "level")
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    COMPONENT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    active: bool
    component: str
    reason: str
    action: str
    level: str
    def __init__(self, active: bool = ..., component: _Optional[str] = ..., reason: _Optional[str] = ..., action: _Optional[str] = ..., level: _Optional[str] = ...) -> None: ...

class SessionState(_message.Message):
    __slots__ = ("resume_handle", "resumable", "resumed", "gap", "oldest_replayable_seq", "control_report", "media", "pts_us", "state")
    RESUME_HANDLE_FIELD_NUMBER: _ClassVar[int]
    RESUMABLE_FIELD_NUMBER: _ClassVar[int]
    RESUMED_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    OLDEST_REPLAYABLE_SEQ_FIELD_NUMBER: _ClassVar[int]
    CONTROL_REPORT_FIELD_NUMBER: _ClassVar[int]
    MEDIA_FIELD_NUMBER: _ClassVar[int]
    PTS_US_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    resume_handle: str
    resumable: bool
    resumed: bool
    gap: bool
    oldest_replayable_seq: int
    control_report: _controls_pb2.ControlReport
    media: _media_pb2.MediaPreferences
    pts_us: int
    state: str
    def __init__(self, resume_handle: _Optional[str] = ..., resumable: bool = ..., resumed: bool = ..., gap: bool = ..., oldest_replayable_seq: _Optional[int] = ..., control_report: _Optional[_Union[_controls_pb2.ControlReport, _Mapping]] = ..., media: _Optional[_Union[_media_pb2.MediaPreferences, _Mapping]] = ..., pts_us: _Optional[int] = ..., state: _Optional[str] = ...) -> None: ...

class GoAway(_message.Message):
    __slots__ = ("action", "time_left_ms", "reason")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    TIME_LEFT_MS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    action: GoAwayAction
    time_left_ms: int
    reason: str
    def __init__(self, action: _Optional[_Union[GoAwayAction, str]] = ..., time_left_ms: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class Pong(_message.Message):
    __slots__ = ("client_time_ms", "server_receive_ms", "server_send_ms")
    CLIENT_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    SERVER_RECEIVE_MS_FIELD_NUMBER: _ClassVar[int]
    SERVER_SEND_MS_FIELD_NUMBER: _ClassVar[int]
    client_time_ms: int
    server_receive_ms: int
    server_send_ms: int
    def __init__(self, client_time_ms: _Optional[int] = ..., server_receive_ms: _Optional[int] = ..., server_send_ms: _Optional[int] = ...) -> None: ...
