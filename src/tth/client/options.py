"""Short ways to say what a session wants: controls and media, as messages of the contract.

    controls(emotion="happy", intensity=0.8, persona="casual")
    media(video="jpeg", motion=True)

Only what is given is set; the server fills in the rest and refuses what is out of range, naming the field.
Tests: tests/client/test_options.py.
"""

from __future__ import annotations

from tth.v1 import controls_pb2 as pb
from tth.v1 import media_pb2


def controls(
    *,
    emotion: str | None = None,
    intensity: float | None = None,
    valence: float | None = None,
    arousal: float | None = None,
    persona: str | None = None,
    rate: float | None = None,
    pitch: float | None = None,
    expressivity: float | None = None,
    motion: float | None = None,
    fps: int | None = None,
    size: tuple[int, int] | None = None,
    latency: str | None = None,
    idle: str | None = None,
    background: str | None = None,
    framing: str | None = None,
) -> pb.Controls:
    """Controls with the given fields present. Units and ranges are in controls.proto.

    size: (width_px, height_px). Raises ValueError for an emotion, latency, idle or framing word that the contract does
    not have.
    """
    message = pb.Controls()
    labels = {"label": _enum(pb.EmotionLabel, "EMOTION_LABEL", emotion)}
    _set(message.emotion, {**labels, "intensity": intensity, "valence": valence, "arousal": arousal})
    character = {"persona_id": persona, "speech_rate": rate, "pitch_shift": pitch}
    _set(message.character, {**character, "expressivity": expressivity, "motion_gain": motion})
    _set(message.render, {"fps": fps, "background": background})
    _set(message.render, {"latency_mode": _enum(pb.LatencyMode, "LATENCY_MODE", latency)})
    _set(message.render, {"idle_mode": _enum(pb.IdleMode, "IDLE_MODE", idle)})
    _set(message.render, {"framing": _enum(pb.Framing, "FRAMING", framing)})
    if size is not None:
        message.render.resolution.CopyFrom(pb.Resolution(width_px=size[0], height_px=size[1]))
    return message


def media(
    *,
    video: str | None = None,
    motion: bool = False,
    words: bool = True,
    sample_rate_hz: int | None = None,
    alpha: bool = False,
) -> media_pb2.MediaPreferences:
    """What to receive. video: "h264", "jpeg", "png", "webp", "raw_rgb24", "raw_rgba32" or "none". Raises ValueError for
    another word. alpha: the person without a background, where the codec can (png, webp, raw_rgba32)."""
    message = media_pb2.MediaPreferences(motion=motion, word_timings=words, alpha=alpha)
    _set(message, {"video_codec": _enum(media_pb2.VideoCodec, "VIDEO_CODEC", video)})
    _set(message, {"audio_sample_rate_hz": sample_rate_hz})
    return message


def _set(message: object, values: dict[str, str | float | int | None]) -> None:
    """Touch only what is given: a field that is set is present, also at its default."""
    for name, value in values.items():
        if value is not None:
            setattr(message, name, value)


def _enum(kind: object, prefix: str, word: str | None) -> int | None:
    """The number of a word in one enum of the contract."""
    if word is None:
        return None
    names: list[str] = [name for name in kind.keys() if not name.endswith("_UNSPECIFIED")]  # type: ignore[attr-defined]  # noqa: SIM118
    name = f"{prefix}_{word.upper()}"
    if name not in names:
        words = ", ".join(item.removeprefix(prefix + "_").lower() for item in names)
        raise ValueError(f"{word!r} is none of: {words}")
    number: int = kind.Value(name)  # type: ignore[attr-defined]
    return number
