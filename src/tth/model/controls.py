"""What a caller can ask of the person: one table of controls, values with and without presence, and the report.

`FIELDS` is the only place where a path, its range and its default stand; validation, merging, reports, the command
line and the documentation read it. Tests: tests/core/test_blend.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class EmotionLabel(StrEnum):
    NEUTRAL = "neutral"
    HAPPY = "happy"
    SAD = "sad"
    ANGRY = "angry"
    SURPRISED = "surprised"
    FEARFUL = "fearful"
    DISGUSTED = "disgusted"


CIRCUMPLEX: Mapping[EmotionLabel, tuple[float, float]] = {
    EmotionLabel.NEUTRAL: (0.0, 0.0),
    EmotionLabel.HAPPY: (0.8, 0.5),
    EmotionLabel.SAD: (-0.7, -0.4),
    EmotionLabel.ANGRY: (-0.6, 0.7),
    EmotionLabel.SURPRISED: (0.2, 0.8),
    EmotionLabel.FEARFUL: (-0.6, 0.75),
    EmotionLabel.DISGUSTED: (-0.65, 0.3),
}
"""(valence, arousal) of each label at intensity 1, rounded from Russell, "A circumplex model of affect" (1980)."""


class LatencyMode(StrEnum):
    LOW = "low"
    BALANCED = "balanced"
    QUALITY = "quality"


class IdleMode(StrEnum):
    NONE = "none"
    FRAMES = "frames"
    CLIP = "clip"


STUDIO = "studio"
"""The background that a look brings along."""
ROOM = "room"
"""A living room, out of focus."""
GREEN = "green"
"""Chroma green, for programs that key it out."""
GREEN_RGB = (0, 177, 64)
"""sRGB of broadcast chroma green: far from skin, hair and clothes, and not so bright that it spills on them."""
TRANSPARENT = "transparent"
"""Nothing: the picture has an alpha channel."""
BACKGROUNDS = (STUDIO, ROOM, GREEN, TRANSPARENT)
"""Backgrounds that are known everywhere; an avatar may offer pictures by further names."""
BACKGROUND_COLOUR = 'a colour as "#rrggbb"'


class Framing(StrEnum):
    """How much of the person is in the picture."""

    HEAD = "head"
    BUST = "bust"


@dataclass(frozen=True, slots=True)
class Resolution:
    """Pixels; both even."""

    width_px: int
    height_px: int

    def __str__(self) -> str:
        return f"{self.width_px}x{self.height_px}"


@dataclass(frozen=True, slots=True)
class Controls:
    """Every control with a value: what is in effect. Defaults are the product's."""

    emotion_label: EmotionLabel = EmotionLabel.NEUTRAL
    emotion_intensity: float = 0.5
    emotion_valence: float | None = None
    """None: the label's own point."""
    emotion_arousal: float | None = None
    """None: the label's own point."""
    persona_id: str = "default"
    speech_rate: float = 1.0
    pitch_shift: float = 0.0
    expressivity: float = 0.6
    motion_gain: float = 1.0
    fps: int = 25
    resolution: Resolution = Resolution(512, 512)
    latency_mode: LatencyMode = LatencyMode.BALANCED
    idle_mode: IdleMode = IdleMode.FRAMES
    background: str = STUDIO
    framing: Framing = Framing.BUST
    emotion_is_said: bool = False
    """Somebody said how the person feels, if only that it is neutral. Else the label is the product's own, and what
    is asked of a provider says nothing of it."""

    @property
    def has_feeling(self) -> bool:
        """There is a feeling to be told: one that somebody said, or one other than plain neutral."""
        is_refined = self.emotion_valence is not None or self.emotion_arousal is not None
        return self.emotion_is_said or is_refined or self.emotion_label is not EmotionLabel.NEUTRAL

    @property
    def affect(self) -> tuple[float, float]:
        """(valence, arousal), each -1..1: the caller's where set, else the label's point scaled by intensity."""
        valence, arousal = CIRCUMPLEX[self.emotion_label]
        return (
            valence * self.emotion_intensity if self.emotion_valence is None else self.emotion_valence,
            arousal * self.emotion_intensity if self.emotion_arousal is None else self.emotion_arousal,
        )


@dataclass(frozen=True, slots=True)
class ControlPatch:
    """Some controls: None means "not said". The same attributes as `Controls`."""

    emotion_label: EmotionLabel | None = None
    emotion_intensity: float | None = None
    emotion_valence: float | None = None
    emotion_arousal: float | None = None
    persona_id: str | None = None
    speech_rate: float | None = None
    pitch_shift: float | None = None
    expressivity: float | None = None
    motion_gain: float | None = None
    fps: int | None = None
    resolution: Resolution | None = None
    latency_mode: LatencyMode | None = None
    idle_mode: IdleMode | None = None
    background: str | None = None
    framing: Framing | None = None

    def items(self) -> dict[str, Any]:
        """The fields that are set, by attribute name."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class ControlField:
    """One control: its path on the wire, its attribute here, and what is allowed."""

    path: str
    attribute: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    next_turn_only: bool = False
    """A change in the middle of a turn waits for the next one."""
    help: str = ""

    @property
    def allowed(self) -> str:
        """The valid range in words, for error messages and --help."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.minimum is not None:
            return f"{self.minimum:g}..{self.maximum:g}"
        return self.help


MIN_SIDE_PX, MAX_SIDE_PX = 64, 1024

FIELDS: tuple[ControlField, ...] = (
    ControlField("emotion.label", "emotion_label", choices=tuple(EmotionLabel)),
    ControlField("emotion.intensity", "emotion_intensity", 0, 1),
    ControlField("emotion.valence", "emotion_valence", -1, 1),
    ControlField("emotion.arousal", "emotion_arousal", -1, 1),
    ControlField("character.persona_id", "persona_id", next_turn_only=True, help="an id from ListModels.personas"),
    ControlField("character.speech_rate", "speech_rate", 0.25, 4),
    ControlField("character.pitch_shift", "pitch_shift", -1, 1),
    ControlField("character.expressivity", "expressivity", 0, 1),
    ControlField("character.motion_gain", "motion_gain", 0, 2),
    ControlField("render.fps", "fps", 1, 60, next_turn_only=True),
    ControlField(
        "render.resolution",
        "resolution",
        next_turn_only=True,
        help=f"even width_px and height_px, {MIN_SIDE_PX}..{MAX_SIDE_PX}",
    ),
    ControlField("render.latency_mode", "latency_mode", choices=tuple(LatencyMode), next_turn_only=True),
    ControlField("render.idle_mode", "idle_mode", choices=tuple(IdleMode)),
    ControlField(
        "render.background",
        "background",
        next_turn_only=True,
        help=f"one of {', '.join(BACKGROUNDS)}, a picture of the server's, or {BACKGROUND_COLOUR}",
    ),
    ControlField("render.framing", "framing", choices=tuple(Framing), next_turn_only=True),
)
BY_PATH: Mapping[str, ControlField] = {field.path: field for field in FIELDS}
BY_ATTRIBUTE: Mapping[str, ControlField] = {field.attribute: field for field in FIELDS}


class ControlOutcome(StrEnum):
    APPLIED = "applied"
    CLAMPED = "clamped"
    SUBSTITUTED = "substituted"
    EMULATED = "emulated"
    DEFERRED = "deferred"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class ControlResult:
    """What became of one requested path."""

    path: str
    outcome: ControlOutcome
    requested: str
    effective: str
    reason: str = ""
    adapter: str = ""


@dataclass(frozen=True, slots=True)
class ControlReport:
    """One result for each requested path, never fewer."""

    control_revision: int
    effective: Controls
    results: tuple[ControlResult, ...] = ()
