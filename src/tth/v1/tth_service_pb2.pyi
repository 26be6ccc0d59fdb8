import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tth.v1 import controls_pb2 as _controls_pb2
from tth.v1 import converse_pb2 as _converse_pb2
from tth.v1 import errors_pb2 as _errors_pb2
from tth.v1 import media_pb2 as _media_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OverlapPolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OVERLAP_POLICY_UNSPECIFIED: _ClassVar[OverlapPolicy]
    OVERLAP_POLICY_SUPERSEDE: _ClassVar[OverlapPolicy]
    OVERLAP_POLICY_QUEUE: _ClassVar[OverlapPolicy]
    OVERLAP_POLICY_REJECT: _ClassVar[OverlapPolicy]

class ArtifactFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ARTIFACT_FORMAT_UNSPECIFIED: _ClassVar[ArtifactFormat]
    ARTIFACT_FORMAT_MP4: _ClassVar[ArtifactFormat]
    ARTIFACT_FORMAT_WAV: _ClassVar[ArtifactFormat]
    ARTIFACT_FORMAT_MOV: _ClassVar[ArtifactFormat]

class JobState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    JOB_STATE_UNSPECIFIED: _ClassVar[JobState]
    JOB_STATE_QUEUED: _ClassVar[JobState]
    JOB_STATE_RUNNING: _ClassVar[JobState]
    JOB_STATE_SUCCEEDED: _ClassVar[JobState]
    JOB_STATE_FAILED: _ClassVar[JobState]
    JOB_STATE_CANCELLED: _ClassVar[JobState]

class ControlSupport(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONTROL_SUPPORT_UNSPECIFIED: _ClassVar[ControlSupport]
    CONTROL_SUPPORT_NATIVE: _ClassVar[ControlSupport]
    CONTROL_SUPPORT_EMULATED: _ClassVar[ControlSupport]
    CONTROL_SUPPORT_NONE: _ClassVar[ControlSupport]

class HealthStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HEALTH_STATUS_UNSPECIFIED: _ClassVar[HealthStatus]
    HEALTH_STATUS_STARTING: _ClassVar[HealthStatus]
    HEALTH_STATUS_SERVING: _ClassVar[HealthStatus]
    HEALTH_STATUS_DEGRADED: _ClassVar[HealthStatus]
    HEALTH_STATUS_DRAINING: _ClassVar[HealthStatus]
    HEALTH_STATUS_FAILED: _ClassVar[HealthStatus]
OVERLAP_POLICY_UNSPECIFIED: OverlapPolicy
OVERLAP_POLICY_SUPERSEDE: OverlapPolicy
OVERLAP_POLICY_QUEUE: OverlapPolicy
OVERLAP_POLICY_REJECT: OverlapPolicy
ARTIFACT_FORMAT_UNSPECIFIED: ArtifactFormat
ARTIFACT_FORMAT_MP4: ArtifactFormat
ARTIFACT_FORMAT_WAV: ArtifactFormat
ARTIFACT_FORMAT_MOV: ArtifactFormat
JOB_STATE_UNSPECIFIED: JobState
JOB_STATE_QUEUED: JobState
JOB_STATE_RUNNING: JobState
JOB_STATE_SUCCEEDED: JobState
JOB_STATE_FAILED: JobState
JOB_STATE_CANCELLED: JobState
CONTROL_SUPPORT_UNSPECIFIED: ControlSupport
CONTROL_SUPPORT_NATIVE: ControlSupport
CONTROL_SUPPORT_EMULATED: ControlSupport
CONTROL_SUPPORT_NONE: ControlSupport
HEALTH_STATUS_UNSPECIFIED: HealthStatus
HEALTH_STATUS_STARTING: HealthStatus
HEALTH_STATUS_SERVING: HealthStatus
HEALTH_STATUS_DEGRADED: HealthStatus
HEALTH_STATUS_DRAINING: HealthStatus
HEALTH_STATUS_FAILED: HealthStatus

class CreateSessionRequest(_message.Message):
    __slots__ = ("schema_version", "request_id", "controls", "language_code", "media", "overlap_policy")
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CONTROLS_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_CODE_FIELD_NUMBER: _ClassVar[int]
    MEDIA_FIELD_NUMBER: _ClassVar[int]
    OVERLAP_POLICY_FIELD_NUMBER: _ClassVar[int]
    schema_version: str
    request_id: str
    controls: _controls_pb2.Controls
    language_code: str
    media: _media_pb2.MediaPreferences
    overlap_policy: OverlapPolicy
    def __init__(self, schema_version: _Optional[str] = ..., request_id: _Optional[str] = ..., controls: _Optional[_Union[_controls_pb2.Controls, _Mapping]] = ..., language_code: _Optional[str] = ..., media: _Optional[_Union[_media_pb2.MediaPreferences, _Mapping]] = ..., overlap_policy: _Optional[_Union[OverlapPolicy, str]] = ...) -> None: ...

class CreateSessionResponse(_message.Message):
    __slots__ = ("schema_version", "session_id", "expire_time", "control_report", "media", "resume_handle", "blendshape_names")
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    CONTROL_REPORT_FIELD_NUMBER: _ClassVar[int]
    MEDIA_FIELD_NUMBER: _ClassVar[int]
    RESUME_HANDLE_FIELD_NUMBER: _ClassVar[int]
    BLENDSHAPE_NAMES_FIELD_NUMBER: _ClassVar[int]
    schema_version: str
    session_id: str
    expire_time: _timestamp_pb2.Timestamp
    control_report: _controls_pb2.ControlReport
    media: _media_pb2.MediaPreferences
    resume_handle: str
    blendshape_names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, schema_version: _Optional[str] = ..., session_id: _Optional[str] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., control_report: _Optional[_Union[_controls_pb2.ControlReport, _Mapping]] = ..., media: _Optional[_Union[_media_pb2.MediaPreferences, _Mapping]] = ..., resume_handle: _Optional[str] = ..., blendshape_names: _Optional[_Iterable[str]] = ...) -> None: ...

class GetSessionRequest(_message.Message):
    __slots__ = ("session_id",)
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    def __init__(self, session_id: _Optional[str] = ...) -> None: ...

class GetSessionResponse(_message.Message):
    __slots__ = ("session_id", "state", "turn_count", "current_turn_id", "attached", "control_report", "media", "create_time", "expire_time", "queued_turn_count", "overlap_policy")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TURN_COUNT_FIELD_NUMBER: _ClassVar[int]
    CURRENT_TURN_ID_FIELD_NUMBER: _ClassVar[int]
    ATTACHED_FIELD_NUMBER: _ClassVar[int]
    CONTROL_REPORT_FIELD_NUMBER: _ClassVar[int]
    MEDIA_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    QUEUED_TURN_COUNT_FIELD_NUMBER: _ClassVar[int]
    OVERLAP_POLICY_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    state: str
    turn_count: int
    current_turn_id: str
    attached: bool
    control_report: _controls_pb2.ControlReport
    media: _media_pb2.MediaPreferences
    create_time: _timestamp_pb2.Timestamp
    expire_time: _timestamp_pb2.Timestamp
    queued_turn_count: int
    overlap_policy: OverlapPolicy
    def __init__(self, session_id: _Optional[str] = ..., state: _Optional[str] = ..., turn_count: _Optional[int] = ..., current_turn_id: _Optional[str] = ..., attached: bool = ..., control_report: _Optional[_Union[_controls_pb2.ControlReport, _Mapping]] = ..., media: _Optional[_Union[_media_pb2.MediaPreferences, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., queued_turn_count: _Optional[int] = ..., overlap_policy: _Optional[_Union[OverlapPolicy, str]] = ...) -> None: ...

class EndSessionRequest(_message.Message):
    __slots__ = ("session_id",)
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    def __init__(self, session_id: _Optional[str] = ...) -> None: ...

class EndSessionResponse(_message.Message):
    __slots__ = ("turn_count",)
    TURN_COUNT_FIELD_NUMBER: _ClassVar[int]
    turn_count: int
    def __init__(self, turn_count: _Optional[int] = ...) -> None: ...

class GenerateRequest(_message.Message):
    __slots__ = ("schema_version", "request_id", "user_text", "format", "wait_ms")
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    USER_TEXT_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    WAIT_MS_FIELD_NUMBER: _ClassVar[int]
    schema_version: str
    request_id: str
    user_text: _converse_pb2.UserText
    format: ArtifactFormat
    wait_ms: int
    def __init__(self, schema_version: _Optional[str] = ..., request_id: _Optional[str] = ..., user_text: _Optional[_Union[_converse_pb2.UserText, _Mapping]] = ..., format: _Optional[_Union[ArtifactFormat, str]] = ..., wait_ms: _Optional[int] = ...) -> None: ...

class Artifact(_message.Message):
    __slots__ = ("uri", "media_type", "size_bytes", "duration_us")
    URI_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    DURATION_US_FIELD_NUMBER: _ClassVar[int]
    uri: str
    media_type: str
    size_bytes: int
    duration_us: int
    def __init__(self, uri: _Optional[str] = ..., media_type: _Optional[str] = ..., size_bytes: _Optional[int] = ..., duration_us: _Optional[int] = ...) -> None: ...

class Job(_message.Message):
    __slots__ = ("job_id", "state", "artifact", "error", "metrics", "text", "words", "progress_us")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ARTIFACT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_US_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    state: JobState
    artifact: Artifact
    error: _errors_pb2.Error
    metrics: _converse_pb2.TurnMetrics
    text: str
    words: _containers.RepeatedCompositeFieldContainer[_media_pb2.WordTiming]
    progress_us: int
    def __init__(self, job_id: _Optional[str] = ..., state: _Optional[_Union[JobState, str]] = ..., artifact: _Optional[_Union[Artifact, _Mapping]] = ..., error: _Optional[_Union[_errors_pb2.Error, _Mapping]] = ..., metrics: _Optional[_Union[_converse_pb2.TurnMetrics, _Mapping]] = ..., text: _Optional[str] = ..., words: _Optional[_Iterable[_Union[_media_pb2.WordTiming, _Mapping]]] = ..., progress_us: _Optional[int] = ...) -> None: ...

class GenerateResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: Job
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ...) -> None: ...

class GetJobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class GetJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: Job
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ...) -> None: ...

class CancelJobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class CancelJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: Job
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ...) -> None: ...

class DownloadArtifactRequest(_message.Message):
    __slots__ = ("job_id", "offset_bytes")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    OFFSET_BYTES_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    offset_bytes: int
    def __init__(self, job_id: _Optional[str] = ..., offset_bytes: _Optional[int] = ...) -> None: ...

class DownloadArtifactResponse(_message.Message):
    __slots__ = ("data", "offset_bytes", "size_bytes")
    DATA_FIELD_NUMBER: _ClassVar[int]
    OFFSET_BYTES_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    offset_bytes: int
    size_bytes: int
    def __init__(self, data: _Optional[bytes] = ..., offset_bytes: _Optional[int] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class ControlCapability(_message.Message):
    __slots__ = ("path", "support", "min", "max")
    PATH_FIELD_NUMBER: _ClassVar[int]
    SUPPORT_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    path: str
    support: ControlSupport
    min: float
    max: float
    def __init__(self, path: _Optional[str] = ..., support: _Optional[_Union[ControlSupport, str]] = ..., min: _Optional[float] = ..., max: _Optional[float] = ...) -> None: ...

class Model(_message.Message):
    __slots__ = ("role", "name", "description", "active", "deployment", "controls", "language_codes", "video_codecs", "resolutions", "max_fps", "backgrounds", "framings")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    CONTROLS_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_CODES_FIELD_NUMBER: _ClassVar[int]
    VIDEO_CODECS_FIELD_NUMBER: _ClassVar[int]
    RESOLUTIONS_FIELD_NUMBER: _ClassVar[int]
    MAX_FPS_FIELD_NUMBER: _ClassVar[int]
    BACKGROUNDS_FIELD_NUMBER: _ClassVar[int]
    FRAMINGS_FIELD_NUMBER: _ClassVar[int]
    role: str
    name: str
    description: str
    active: bool
    deployment: str
    controls: _containers.RepeatedCompositeFieldContainer[ControlCapability]
    language_codes: _containers.RepeatedScalarFieldContainer[str]
    video_codecs: _containers.RepeatedScalarFieldContainer[_media_pb2.VideoCodec]
    resolutions: _containers.RepeatedCompositeFieldContainer[_controls_pb2.Resolution]
    max_fps: int
    backgrounds: _containers.RepeatedScalarFieldContainer[str]
    framings: _containers.RepeatedScalarFieldContainer[_controls_pb2.Framing]
    def __init__(self, role: _Optional[str] = ..., name: _Optional[str] = ..., description: _Optional[str] = ..., active: bool = ..., deployment: _Optional[str] = ..., controls: _Optional[_Iterable[_Union[ControlCapability, _Mapping]]] = ..., language_codes: _Optional[_Iterable[str]] = ..., video_codecs: _Optional[_Iterable[_Union[_media_pb2.VideoCodec, str]]] = ..., resolutions: _Optional[_Iterable[_Union[_controls_pb2.Resolution, _Mapping]]] = ..., max_fps: _Optional[int] = ..., backgrounds: _Optional[_Iterable[str]] = ..., framings: _Optional[_Iterable[_Union[_controls_pb2.Framing, str]]] = ...) -> None: ...

class Persona(_message.Message):
    __slots__ = ("persona_id", "display_name", "description", "look")
    PERSONA_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    LOOK_FIELD_NUMBER: _ClassVar[int]
    persona_id: str
    display_name: str
    description: str
    look: str
    def __init__(self, persona_id: _Optional[str] = ..., display_name: _Optional[str] = ..., description: _Optional[str] = ..., look: _Optional[str] = ...) -> None: ...

class ListModelsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("models", "next_page_token", "personas", "profile", "blendshape_names")
    MODELS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PERSONAS_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    BLENDSHAPE_NAMES_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[Model]
    next_page_token: str
    personas: _containers.RepeatedCompositeFieldContainer[Persona]
    profile: str
    blendshape_names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, models: _Optional[_Iterable[_Union[Model, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., personas: _Optional[_Iterable[_Union[Persona, _Mapping]]] = ..., profile: _Optional[str] = ..., blendshape_names: _Optional[_Iterable[str]] = ...) -> None: ...

class HealthRequest(_message.Message):
    __slots__ = ("include_components",)
    INCLUDE_COMPONENTS_FIELD_NUMBER: _ClassVar[int]
    include_components: bool
    def __init__(self, include_components: bool = ...) -> None: ...

class ComponentHealth(_message.Message):
    __slots__ = ("component", "status", "detail", "load_ms")
    COMPONENT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    LOAD_MS_FIELD_NUMBER: _ClassVar[int]
    component: str
    status: HealthStatus
    detail: str
    load_ms: float
    def __init__(self, component: _Optional[str] = ..., status: _Optional[_Union[HealthStatus, str]] = ..., detail: _Optional[str] = ..., load_ms: _Optional[float] = ...) -> None: ...

class HealthResponse(_message.Message):
    __slots__ = ("status", "version", "profile", "uptime_s", "session_count", "turn_count", "components")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    UPTIME_S_FIELD_NUMBER: _ClassVar[int]
    SESSION_COUNT_FIELD_NUMBER: _ClassVar[int]
    TURN_COUNT_FIELD_NUMBER: _ClassVar[int]
    COMPONENTS_FIELD_NUMBER: _ClassVar[int]
    status: HealthStatus
    version: str
    profile: str
    uptime_s: float
    session_count: int
    turn_count: int
    components: _containers.RepeatedCompositeFieldContainer[ComponentHealth]
    def __init__(self, status: _Optional[_Union[HealthStatus, str]] = ..., version: _Optional[str] = ..., profile: _Optional[str] = ..., uptime_s: _Optional[float] = ..., session_count: _Optional[int] = ..., turn_count: _Optional[int] = ..., components: _Optional[_Iterable[_Union[ComponentHealth, _Mapping]]] = ...) -> None: ...
