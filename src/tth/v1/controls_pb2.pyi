from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EmotionLabel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EMOTION_LABEL_UNSPECIFIED: _ClassVar[EmotionLabel]
    EMOTION_LABEL_NEUTRAL: _ClassVar[EmotionLabel]
    EMOTION_LABEL_HAPPY: _ClassVar[EmotionLabel]
    EMOTION_LABEL_SAD: _ClassVar[EmotionLabel]
    EMOTION_LABEL_ANGRY: _ClassVar[EmotionLabel]
    EMOTION_LABEL_SURPRISED: _ClassVar[EmotionLabel]
    EMOTION_LABEL_FEARFUL: _ClassVar[EmotionLabel]
    EMOTION_LABEL_DISGUSTED: _ClassVar[EmotionLabel]

class LatencyMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LATENCY_MODE_UNSPECIFIED: _ClassVar[LatencyMode]
    LATENCY_MODE_LOW: _ClassVar[LatencyMode]
    LATENCY_MODE_BALANCED: _ClassVar[LatencyMode]
    LATENCY_MODE_QUALITY: _ClassVar[LatencyMode]

class IdleMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IDLE_MODE_UNSPECIFIED: _ClassVar[IdleMode]
    IDLE_MODE_NONE: _ClassVar[IdleMode]
    IDLE_MODE_FRAMES: _ClassVar[IdleMode]
    IDLE_MODE_CLIP: _ClassVar[IdleMode]

class Framing(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FRAMING_UNSPECIFIED: _ClassVar[Framing]
    FRAMING_HEAD: _ClassVar[Framing]
    FRAMING_BUST: _ClassVar[Framing]

class ControlOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONTROL_OUTCOME_UNSPECIFIED: _ClassVar[ControlOutcome]
    CONTROL_OUTCOME_APPLIED: _ClassVar[ControlOutcome]
    CONTROL_OUTCOME_CLAMPED: _ClassVar[ControlOutcome]
    CONTROL_OUTCOME_SUBSTITUTED: _ClassVar[ControlOutcome]
    CONTROL_OUTCOME_EMULATED: _ClassVar[ControlOutcome]
    CONTROL_OUTCOME_DEFERRED: _ClassVar[ControlOutcome]
    CONTROL_OUTCOME_IGNORED: _ClassVar[ControlOutcome]
EMOTION_LABEL_UNSPECIFIED: EmotionLabel
EMOTION_LABEL_NEUTRAL: EmotionLabel
EMOTION_LABEL_HAPPY: EmotionLabel
EMOTION_LABEL_SAD: EmotionLabel
EMOTION_LABEL_ANGRY: EmotionLabel
EMOTION_LABEL_SURPRISED: EmotionLabel
EMOTION_LABEL_FEARFUL: EmotionLabel
EMOTION_LABEL_DISGUSTED: EmotionLabel
LATENCY_MODE_UNSPECIFIED: LatencyMode
LATENCY_MODE_LOW: LatencyMode
LATENCY_MODE_BALANCED: LatencyMode
LATENCY_MODE_QUALITY: LatencyMode
IDLE_MODE_UNSPECIFIED: IdleMode
IDLE_MODE_NONE: IdleMode
IDLE_MODE_FRAMES: IdleMode
IDLE_MODE_CLIP: IdleMode
FRAMING_UNSPECIFIED: Framing
FRAMING_HEAD: Framing
FRAMING_BUST: Framing
CONTROL_OUTCOME_UNSPECIFIED: ControlOutcome
CONTROL_OUTCOME_APPLIED: ControlOutcome
CONTROL_OUTCOME_CLAMPED: ControlOutcome
CONTROL_OUTCOME_SUBSTITUTED: ControlOutcome
CONTROL_OUTCOME_EMULATED: ControlOutcome
CONTROL_OUTCOME_DEFERRED: ControlOutcome
CONTROL_OUTCOME_IGNORED: ControlOutcome

class Emotion(_message.Message):
    __slots__ = ("label", "intensity", "valence", "arousal")
    LABEL_FIELD_NUMBER: _ClassVar[int]
    INTENSITY_FIELD_NUMBER: _ClassVar[int]
    VALENCE_FIELD_NUMBER: _ClassVar[int]
    AROUSAL_FIELD_NUMBER: _ClassVar[int]
    label: EmotionLabel
    intensity: float
    valence: float
    arousal: float
    def __init__(self, label: _Optional[_Union[EmotionLabel, str]] = ..., intensity: _Optional[float] = ..., valence: _Optional[float] = ..., arousal: _Optional[float] = ...) -> None: ...

class Character(_message.Message):
    __slots__ = ("persona_id", "speech_rate", "pitch_shift", "expressivity", "motion_gain")
    PERSONA_ID_FIELD_NUMBER: _ClassVar[int]
    SPEECH_RATE_FIELD_NUMBER: _ClassVar[int]
    PITCH_SHIFT_FIELD_NUMBER: _ClassVar[int]
    EXPRESSIVITY_FIELD_NUMBER: _ClassVar[int]
    MOTION_GAIN_FIELD_NUMBER: _ClassVar[int]
    persona_id: str
    speech_rate: float
    pitch_shift: float
    expressivity: float
    motion_gain: float
    def __init__(self, persona_id: _Optional[str] = ..., speech_rate: _Optional[float] = ..., pitch_shift: _Optional[float] = ..., expressivity: _Optional[float] = ..., motion_gain: _Optional[float] = ...) -> None: ...

class Resolution(_message.Message):
    __slots__ = ("width_px", "height_px")
    WIDTH_PX_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_PX_FIELD_NUMBER: _ClassVar[int]
    width_px: int
    height_px: int
    def __init__(self, width_px: _Optional[int] = ..., height_px: _Optional[int] = ...) -> None: ...

class Render(_message.Message):
    __slots__ = ("fps", "resolution", "latency_mode", "idle_mode", "background", "framing")
    FPS_FIELD_NUMBER: _ClassVar[int]
    RESOLUTION_FIELD_NUMBER: _ClassVar[int]
    LATENCY_MODE_FIELD_NUMBER: _ClassVar[int]
    IDLE_MODE_FIELD_NUMBER: _ClassVar[int]
    BACKGROUND_FIELD_NUMBER: _ClassVar[int]
    FRAMING_FIELD_NUMBER: _ClassVar[int]
    fps: int
    resolution: Resolution
    latency_mode: LatencyMode
    idle_mode: IdleMode
    background: str
    framing: Framing
    def __init__(self, fps: _Optional[int] = ..., resolution: _Optional[_Union[Resolution, _Mapping]] = ..., latency_mode: _Optional[_Union[LatencyMode, str]] = ..., idle_mode: _Optional[_Union[IdleMode, str]] = ..., background: _Optional[str] = ..., framing: _Optional[_Union[Framing, str]] = ...) -> None: ...

class Controls(_message.Message):
    __slots__ = ("emotion", "character", "render")
    EMOTION_FIELD_NUMBER: _ClassVar[int]
    CHARACTER_FIELD_NUMBER: _ClassVar[int]
    RENDER_FIELD_NUMBER: _ClassVar[int]
    emotion: Emotion
    character: Character
    render: Render
    def __init__(self, emotion: _Optional[_Union[Emotion, _Mapping]] = ..., character: _Optional[_Union[Character, _Mapping]] = ..., render: _Optional[_Union[Render, _Mapping]] = ...) -> None: ...

class ControlResult(_message.Message):
    __slots__ = ("path", "outcome", "requested", "effective", "reason", "adapter")
    PATH_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ADAPTER_FIELD_NUMBER: _ClassVar[int]
    path: str
    outcome: ControlOutcome
    requested: str
    effective: str
    reason: str
    adapter: str
    def __init__(self, path: _Optional[str] = ..., outcome: _Optional[_Union[ControlOutcome, str]] = ..., requested: _Optional[str] = ..., effective: _Optional[str] = ..., reason: _Optional[str] = ..., adapter: _Optional[str] = ...) -> None: ...

class ControlReport(_message.Message):
    __slots__ = ("control_revision", "effective", "results")
    CONTROL_REVISION_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    control_revision: int
    effective: Controls
    results: _containers.RepeatedCompositeFieldContainer[ControlResult]
    def __init__(self, control_revision: _Optional[int] = ..., effective: _Optional[_Union[Controls, _Mapping]] = ..., results: _Optional[_Iterable[_Union[ControlResult, _Mapping]]] = ...) -> None: ...
