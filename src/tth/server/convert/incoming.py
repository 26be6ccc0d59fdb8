"""From the wire: what a client asks for, as values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

from google.protobuf.unknown_fields import UnknownFieldSet

from tth import SCHEMA_VERSION
from tth.errors import FieldViolation, InvalidRequest, SchemaUnsupported, invalid_field
from tth.model import commands
from tth.model.controls import ControlPatch, EmotionLabel, Framing, IdleMode, LatencyMode, Resolution
from tth.model.events import TextMode
from tth.model.media import SAMPLE_RATE_HZ, AudioCodec, MediaPreferences, VideoCodec, us_to_samples
from tth.model.secret import Secret
from tth.session.terms import OverlapPolicy
from tth.v1 import controls_pb2, converse_pb2, media_pb2, tth_service_pb2

E = TypeVar("E", bound=Enum)

_EMOTION: Mapping[int, EmotionLabel] = {
    controls_pb2.EmotionLabel.Value(f"EMOTION_LABEL_{label.name}"): label for label in EmotionLabel
}
_LATENCY: Mapping[int, LatencyMode] = {
    controls_pb2.LatencyMode.Value(f"LATENCY_MODE_{mode.name}"): mode for mode in LatencyMode
}
_IDLE: Mapping[int, IdleMode] = {controls_pb2.IdleMode.Value(f"IDLE_MODE_{mode.name}"): mode for mode in IdleMode}
_FRAMING: Mapping[int, Framing] = {
    controls_pb2.Framing.Value(f"FRAMING_{framing.name}"): framing for framing in Framing
}
_VIDEO: Mapping[int, VideoCodec] = {
    media_pb2.VideoCodec.Value(f"VIDEO_CODEC_{codec.name}"): codec for codec in VideoCodec
}
_AUDIO: Mapping[int, AudioCodec] = {
    media_pb2.AudioCodec.Value(f"AUDIO_CODEC_{codec.name}"): codec for codec in AudioCodec
}
_MODE: Mapping[int, TextMode] = {converse_pb2.TextMode.Value(f"TEXT_MODE_{mode.name}"): mode for mode in TextMode}
_OVERLAP: Mapping[int, OverlapPolicy] = {
    tth_service_pb2.OVERLAP_POLICY_UNSPECIFIED: OverlapPolicy.SUPERSEDE,
    **{tth_service_pb2.OverlapPolicy.Value(f"OVERLAP_POLICY_{policy.name}"): policy for policy in OverlapPolicy},
}
_FIRST_PAYLOAD = 10
"""Field numbers below are the envelope's (converse.proto)."""


def check_schema(schema_version: str) -> None:
    """Raises SchemaUnsupported for another major version; "" means 1.0."""
    if schema_version and schema_version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        raise SchemaUnsupported(f"schema_version: this server speaks {SCHEMA_VERSION}; use a 1.x contract")


def overlap_of(number: int) -> OverlapPolicy:
    """SUPERSEDE where nothing is said. Raises InvalidRequest for a policy that nobody knows."""
    if number not in _OVERLAP:
        raise invalid_field("overlap_policy", "OVERLAP_POLICY_SUPERSEDE, OVERLAP_POLICY_QUEUE or OVERLAP_POLICY_REJECT")
    return _OVERLAP[number]


def patch_of(message: controls_pb2.Controls, path: str = "controls") -> ControlPatch:
    """The controls that are set. Raises InvalidRequest that names every enum value this version does not know."""
    if not message.ListFields():
        return ControlPatch()  # as nearly always
    emotion, character, render = message.emotion, message.character, message.render
    unknown: list[FieldViolation] = []
    patch = ControlPatch(
        emotion_label=_enum(emotion, "label", _EMOTION, f"{path}.emotion.label", unknown),
        emotion_intensity=_number(emotion, "intensity"),
        emotion_valence=_number(emotion, "valence"),
        emotion_arousal=_number(emotion, "arousal"),
        persona_id=character.persona_id if character.HasField("persona_id") else None,
        speech_rate=_number(character, "speech_rate"),
        pitch_shift=_number(character, "pitch_shift"),
        expressivity=_number(character, "expressivity"),
        motion_gain=_number(character, "motion_gain"),
        fps=render.fps if render.HasField("fps") else None,
        resolution=(
            Resolution(render.resolution.width_px, render.resolution.height_px)
            if render.HasField("resolution")
            else None
        ),
        latency_mode=_enum(render, "latency_mode", _LATENCY, f"{path}.render.latency_mode", unknown),
        idle_mode=_enum(render, "idle_mode", _IDLE, f"{path}.render.idle_mode", unknown),
        background=render.background if render.HasField("background") else None,
        framing=_enum(render, "framing", _FRAMING, f"{path}.render.framing", unknown),
    )
    if unknown:
        text = "; ".join(f"{violation.field}: must be {violation.allowed}" for violation in unknown)
        raise InvalidRequest(text, "CONTROL_INVALID", tuple(unknown))
    return patch


def _number(message: controls_pb2.Emotion | controls_pb2.Character, name: str) -> float | None:
    return float(getattr(message, name)) if message.HasField(name) else None


def _enum(
    message: controls_pb2.Emotion | controls_pb2.Render,
    name: str,
    known: Mapping[int, E],
    path: str,
    unknown: list[FieldViolation],
) -> E | None:
    """0 (UNSPECIFIED) is "not said", as is absence; a number that nobody knows goes into `unknown`."""
    number: int = getattr(message, name)
    if number and number not in known:
        unknown.append(FieldViolation(path, _one_of(known)))
    return known.get(number)


def media_of(message: media_pb2.MediaPreferences, default: MediaPreferences) -> MediaPreferences:
    """What a session asks to receive; what it leaves out is `default`. Raises InvalidRequest."""
    rate_hz = message.audio_sample_rate_hz or default.audio_sample_rate_hz
    if rate_hz != SAMPLE_RATE_HZ:
        raise invalid_field("media.audio_sample_rate_hz", f"{SAMPLE_RATE_HZ}, or 0 for the default")
    return MediaPreferences(
        audio_codec=_known(message.audio_codec, _AUDIO, "media.audio_codec", default.audio_codec),
        audio_sample_rate_hz=rate_hz,
        video_codec=_known(message.video_codec, _VIDEO, "media.video_codec", default.video_codec),
        motion=message.motion if message.HasField("motion") else default.motion,
        word_timings=message.word_timings if message.HasField("word_timings") else default.word_timings,
        alpha=message.alpha or default.alpha,
    )


def mode_of(number: int) -> TextMode:
    """TALK unless said otherwise. Raises InvalidRequest for an unknown one."""
    return _known(number, _MODE, "user_text.mode", TextMode.TALK)


def _known(number: int, known: Mapping[int, E], path: str, default: E) -> E:
    if number and number not in known:
        raise invalid_field(path, _one_of(known))
    return known.get(number, default)


def _one_of(known: Mapping[int, Enum]) -> str:
    return "one of " + ", ".join(value.name for value in known.values())


def user_text_of(message: converse_pb2.UserText, turn_id: str = "", client_seq: int = 0) -> commands.UserText:
    """A text, from a stream or for a batch. Raises InvalidRequest for enum values that are not known."""
    return commands.UserText(
        text=message.text,
        mode=mode_of(message.mode),
        partial=message.partial,
        language_code=message.language_code,
        controls=patch_of(message.controls, "user_text.controls"),
        turn_id=turn_id,
        client_seq=client_seq,
    )


def command_of(message: converse_pb2.ConverseRequest, now_ms: int, *, is_first: bool) -> commands.Command:
    """What the client asks for. Raises InvalidRequest or Unsupported; the stream goes on then.

    A first message without a payload attaches to the session; without one that we know it is of a newer contract.
    """
    seq = message.client_seq
    match message.WhichOneof("payload"):
        case "user_text":
            return user_text_of(message.user_text, message.turn_id, seq)
        case "control_update":
            update = message.control_update
            ramp_ms = update.ramp_ms if update.HasField("ramp_ms") else commands.DEFAULT_RAMP_MS
            patch = patch_of(update.controls, "control_update.controls")
            return commands.UpdateControls(patch, tuple(update.clear_paths), ramp_ms, seq)
        case "interrupt":
            heard = _heard_sample(message.interrupt.playback)
            return commands.Interrupt(message.turn_id, message.interrupt.reason, heard, seq)
        case "end_turn":
            return commands.EndTurn(message.turn_id, seq)
        case "playback_report":
            position = message.playback_report.position
            return commands.PlaybackReport(_heard_sample(position), max(0, position.last_seq), seq)
        case "ping":
            return commands.Ping(message.ping.client_time_ms, now_ms, seq)
        case "pause_turn":
            return commands.PauseTurn(message.turn_id, _heard_sample(message.pause_turn.playback), seq)
        case "resume_turn":
            return commands.ResumeTurn(message.turn_id, seq)
        case "resume":
            raise InvalidRequest("resume: only as the first message of a stream")
        case None if is_first and not _has_unknown_payload(message):
            return commands.Attach(seq)
        case _:
            raise InvalidRequest(
                "payload: none that this server knows; expected one of user_text, control_update, interrupt, "
                "pause_turn, resume_turn, end_turn, playback_report, ping",
                "UNKNOWN_PAYLOAD",
            )


def resume_of(message: converse_pb2.ConverseRequest) -> commands.Resume | None:
    """How a stream with this first message resumes; None when it does not."""
    if message.WhichOneof("payload") != "resume":
        return None
    resume = message.resume
    return commands.Resume(Secret(resume.resume_handle), resume.last_seq, _heard_sample(resume.playback))


def _has_unknown_payload(message: converse_pb2.ConverseRequest) -> bool:
    return any(field.field_number >= _FIRST_PAYLOAD for field in UnknownFieldSet(message))  # type: ignore[attr-defined]


def _heard_sample(position: converse_pb2.PlaybackPosition) -> int | None:
    return us_to_samples(position.audio_pts_us) if position.HasField("audio_pts_us") else None
