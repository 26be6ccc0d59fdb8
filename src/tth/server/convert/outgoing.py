"""Between protobuf and our values: the only file that sees both. Checks what the wire format cannot: that enums are
known. Ranges are the session's business. Tests: tests/server/test_convert.py."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar, assert_never

from tth import SCHEMA_VERSION
from tth.adapters.base import AdapterSpec, Capabilities, Support
from tth.errors import InvalidRequest, SchemaUnsupported, Unsupported, invalid_field
from tth.model import commands, controls, events, media
from tth.model.controls import ControlPatch, ControlReport, Controls
from tth.model.ids import SessionId
from tth.model.media import samples_to_us, us_to_samples
from tth.v1 import controls_pb2, converse_pb2, errors_pb2, media_pb2, tth_service_pb2

E = TypeVar("E", bound=Enum)

_EMOTION: Mapping[int, controls.EmotionLabel] = {
    controls_pb2.EMOTION_LABEL_NEUTRAL: controls.EmotionLabel.NEUTRAL,
    controls_pb2.EMOTION_LABEL_HAPPY: controls.EmotionLabel.HAPPY,
    controls_pb2.EMOTION_LABEL_SAD: controls.EmotionLabel.SAD,
    controls_pb2.EMOTION_LABEL_ANGRY: controls.EmotionLabel.ANGRY,
    controls_pb2.EMOTION_LABEL_SURPRISED: controls.EmotionLabel.SURPRISED,
    controls_pb2.EMOTION_LABEL_FEARFUL: controls.EmotionLabel.FEARFUL,
    controls_pb2.EMOTION_LABEL_DISGUSTED: controls.EmotionLabel.DISGUSTED,
}
_LATENCY: Mapping[int, controls.LatencyMode] = {
    controls_pb2.LATENCY_MODE_LOW: controls.LatencyMode.LOW,
    controls_pb2.LATENCY_MODE_BALANCED: controls.LatencyMode.BALANCED,
    controls_pb2.LATENCY_MODE_QUALITY: controls.LatencyMode.QUALITY,
}
_IDLE: Mapping[int, controls.IdleMode] = {
    controls_pb2.IDLE_MODE_NONE: controls.IdleMode.NONE,
    controls_pb2.IDLE_MODE_FRAMES: controls.IdleMode.FRAMES,
    controls_pb2.IDLE_MODE_CLIP: controls.IdleMode.CLIP,
}
_VIDEO: Mapping[int, media.VideoCodec] = {
    media_pb2.VIDEO_CODEC_NONE: media.VideoCodec.NONE,
    media_pb2.VIDEO_CODEC_JPEG: media.VideoCodec.JPEG,
    media_pb2.VIDEO_CODEC_H264: media.VideoCodec.H264,
    media_pb2.VIDEO_CODEC_RAW_RGB24: media.VideoCodec.RAW_RGB24,
}
_AUDIO: Mapping[int, media.AudioCodec] = {media_pb2.AUDIO_CODEC_PCM_S16LE: media.AudioCodec.PCM_S16LE}
_MODE: Mapping[int, events.TextMode] = {
    converse_pb2.TEXT_MODE_TALK: events.TextMode.TALK,
    converse_pb2.TEXT_MODE_SAY: events.TextMode.SAY,
}
_KIND = {
    media.FrameKind.IDLE: media_pb2.FRAME_KIND_IDLE,
    media.FrameKind.LISTENING: media_pb2.FRAME_KIND_LISTENING,
    media.FrameKind.THINKING: media_pb2.FRAME_KIND_THINKING,
    media.FrameKind.SPEAKING: media_pb2.FRAME_KIND_SPEAKING,
}
_OUTCOME = {outcome: f"TURN_OUTCOME_{outcome.name}" for outcome in events.TurnOutcome}
_SCOPE = {scope: f"ERROR_SCOPE_{scope.name}" for scope in events.ErrorScope}
_RESULT = {outcome: f"CONTROL_OUTCOME_{outcome.name}" for outcome in controls.ControlOutcome}
_SUPPORT = {
    Support.NATIVE: tth_service_pb2.CONTROL_SUPPORT_NATIVE,
    Support.EMULATED: tth_service_pb2.CONTROL_SUPPORT_EMULATED,
    Support.NONE: tth_service_pb2.CONTROL_SUPPORT_NONE,
}
_EMOTION_OUT = {label: f"EMOTION_LABEL_{label.name}" for label in controls.EmotionLabel}
_LATENCY_OUT = {mode: f"LATENCY_MODE_{mode.name}" for mode in controls.LatencyMode}
_IDLE_OUT = {mode: f"IDLE_MODE_{mode.name}" for mode in controls.IdleMode}
_VIDEO_OUT = {codec: f"VIDEO_CODEC_{codec.name}" for codec in media.VideoCodec}
_AUDIO_OUT = {codec: f"AUDIO_CODEC_{codec.name}" for codec in media.AudioCodec}
_MODE_OUT = {mode: f"TEXT_MODE_{mode.name}" for mode in events.TextMode}


# ---- from the wire


def check_schema(schema_version: str) -> None:
    """Raises SchemaUnsupported for another major version; "" means 1.0."""
    if schema_version and schema_version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        raise SchemaUnsupported(f"schema_version: this server speaks {SCHEMA_VERSION}; use a 1.x contract")


def patch_of(message: controls_pb2.Controls, path: str = "controls") -> ControlPatch:
    """The controls that are set. Raises InvalidRequest for an enum value that this version does not know."""
    emotion, character, render = message.emotion, message.character, message.render
    return ControlPatch(
        emotion_label=_enum(emotion, "label", _EMOTION, f"{path}.emotion.label"),
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
            controls.Resolution(render.resolution.width_px, render.resolution.height_px)
            if render.HasField("resolution")
            else None
        ),
        latency_mode=_enum(render, "latency_mode", _LATENCY, f"{path}.render.latency_mode"),
        idle_mode=_enum(render, "idle_mode", _IDLE, f"{path}.render.idle_mode"),
        background=render.background if render.HasField("background") else None,
    )


def _number(message: controls_pb2.Emotion | controls_pb2.Character, name: str) -> float | None:
    return float(getattr(message, name)) if message.HasField(name) else None


def _enum(
    message: controls_pb2.Emotion | controls_pb2.Render, name: str, known: Mapping[int, E], path: str
) -> E | None:
    if not message.HasField(name):
        return None
    return _known(getattr(message, name), known, path)


def _known(number: int, known: Mapping[int, E], path: str, default: E | None = None) -> E | None:
    """0 (UNSPECIFIED) is "not said"; a number nobody knows is the caller's mistake."""
    if number == 0:
        return default
    if number not in known:
        raise invalid_field(path, "one of " + ", ".join(value.name for value in known.values()))
    return known[number]


def media_of(message: media_pb2.MediaPreferences, default: media.MediaPreferences) -> media.MediaPreferences:
    """What a session asks to receive; what it leaves out is `default`. Raises InvalidRequest."""
    audio = _known(message.audio_codec, _AUDIO, "media.audio_codec", default.audio_codec)
    video = _known(message.video_codec, _VIDEO, "media.video_codec", default.video_codec)
    rate = message.audio_sample_rate_hz or default.audio_sample_rate_hz
    if rate != media.SAMPLE_RATE_HZ:
        raise invalid_field("media.audio_sample_rate_hz", f"{media.SAMPLE_RATE_HZ}, or 0 for the default")
    if message.alpha:
        raise invalid_field("media.alpha", "false: no codec of this server has an alpha channel")
    assert audio is not None
    assert video is not None
    motion = message.motion or default.motion
    word_timings = message.word_timings or default.word_timings
    return media.MediaPreferences(audio, rate, video, motion, word_timings)


def mode_of(number: int) -> events.TextMode:
    """TALK unless said otherwise. Raises InvalidRequest for an unknown one."""
    mode = _known(number, _MODE, "user_text.mode", events.TextMode.TALK)
    assert mode is not None
    return mode


def command_of(message: converse_pb2.ConverseRequest, now_ms: int, *, is_first: bool) -> commands.Command:
    """What the client asks for. Raises InvalidRequest or Unsupported; the stream goes on then.

    A first message without a payload attaches to the session; later ones are of a newer contract.
    """
    seq = message.client_seq
    match message.WhichOneof("payload"):
        case "user_text":
            text = message.user_text
            return commands.UserText(
                text.text,
                mode_of(text.mode),
                text.partial,
                text.language_code,
                patch_of(text.controls),
                message.turn_id,
                seq,
            )
        case "control_update":
            update = message.control_update
            ramp_ms = update.ramp_ms if update.HasField("ramp_ms") else commands.DEFAULT_RAMP_MS
            return commands.UpdateControls(patch_of(update.controls), tuple(update.clear_paths), ramp_ms, seq)
        case "interrupt":
            heard = _heard_sample(message.interrupt.playback)
            return commands.Interrupt(message.turn_id, message.interrupt.reason, heard, seq)
        case "end_turn":
            return commands.EndTurn(message.turn_id, seq)
        case "playback_report":
            return commands.PlaybackReport(_heard_sample(message.playback_report.position), seq)
        case "ping":
            return commands.Ping(message.ping.client_time_ms, now_ms, seq)
        case "resume" | "pause_turn" | "resume_turn" as name:
            raise Unsupported(f"{name}: not built yet; the field is reserved for it")
        case None if is_first:
            return commands.Attach(seq)
        case _:
            raise InvalidRequest(
                "payload: none that this server knows; expected one of user_text, control_update, interrupt, "
                "end_turn, playback_report, ping",
                "UNKNOWN_PAYLOAD",
            )


def _heard_sample(position: converse_pb2.PlaybackPosition) -> int | None:
    return us_to_samples(position.audio_pts_us) if position.HasField("audio_pts_us") else None


# ---- to the wire


def controls_message(value: Controls) -> controls_pb2.Controls:
    """Every control with its value."""
    emotion = controls_pb2.Emotion(
        label=_EMOTION_OUT[value.emotion_label],
        intensity=value.emotion_intensity,
        valence=value.affect[0],
        arousal=value.affect[1],
    )
    character = controls_pb2.Character(
        persona_id=value.persona_id,
        speech_rate=value.speech_rate,
        pitch_shift=value.pitch_shift,
        expressivity=value.expressivity,
        motion_gain=value.motion_gain,
    )
    render = controls_pb2.Render(
        fps=value.fps,
        resolution=controls_pb2.Resolution(width_px=value.resolution.width_px, height_px=value.resolution.height_px),
        latency_mode=_LATENCY_OUT[value.latency_mode],
        idle_mode=_IDLE_OUT[value.idle_mode],
        background=value.background,
    )
    return controls_pb2.Controls(emotion=emotion, character=character, render=render)


def report_message(report: ControlReport) -> controls_pb2.ControlReport:
    """The report, one result per requested path."""
    results = [
        controls_pb2.ControlResult(
            path=r.path,
            outcome=_RESULT[r.outcome],
            requested=r.requested,
            effective=r.effective,
            reason=r.reason,
            adapter=r.adapter,
        )
        for r in report.results
    ]
    return controls_pb2.ControlReport(
        control_revision=report.control_revision, effective=controls_message(report.effective), results=results
    )


def media_message(value: media.MediaPreferences) -> media_pb2.MediaPreferences:
    """What a session receives."""
    return media_pb2.MediaPreferences(
        audio_codec=_AUDIO_OUT[value.audio_codec],
        audio_sample_rate_hz=value.audio_sample_rate_hz,
        video_codec=_VIDEO_OUT[value.video_codec],
        motion=value.motion,
        word_timings=value.word_timings,
    )


def response_of(
    event: events.Event, session_id: SessionId, turn_id: str, seq: int, ack_client_seq: int, now_ms: int
) -> converse_pb2.ConverseResponse:
    """One event in its envelope."""
    message = converse_pb2.ConverseResponse(
        schema_version=SCHEMA_VERSION,
        session_id=session_id,
        turn_id=turn_id,
        timestamp_ms=now_ms,
        seq=seq,
        ack_client_seq=ack_client_seq,
    )
    match event:
        case events.AudioChunk():
            message.audio_chunk.CopyFrom(_audio(event))
        case events.VideoFrame():
            message.video_frame.CopyFrom(_video(event))
        case events.MotionFrame():
            message.motion_frame.CopyFrom(_motion(event))
        case events.TextDelta():
            message.text_delta.text = event.text
            message.text_delta.offset = event.offset
            message.text_delta.last = event.last
        case events.WordSpoken():
            message.word_timing.CopyFrom(word_message(event.timing))
        case events.Speaking():
            phases = converse_pb2.Speaking
            message.speaking.phase = phases.PHASE_STARTED if event.started else phases.PHASE_FINISHED
            message.speaking.pts_us = samples_to_us(event.at_sample)
        case events.TurnStarted():
            message.turn_started.CopyFrom(_turn_started(event))
        case events.TurnMetrics():
            message.turn_metrics.CopyFrom(metrics_message(event))
        case events.TurnComplete():
            message.turn_complete.audio_end_pts_us = samples_to_us(event.audio_end_sample)
            message.turn_complete.video_end_pts_us = samples_to_us(event.video_end_sample)
            message.turn_complete.text = event.text
        case events.TurnStopped():
            message.turn_stopped.CopyFrom(_turn_stopped(event, seq))
        case events.DegradedMode():
            degraded = message.degraded_mode
            degraded.active, degraded.component = event.active, event.component
            degraded.reason, degraded.action = event.reason, event.action
        case events.ErrorEvent():
            message.error.CopyFrom(error_message(event))
        case events.SessionState():
            message.session_state.control_report.CopyFrom(report_message(event.control_report))
            message.session_state.media.CopyFrom(media_message(event.media))
            message.session_state.pts_us = samples_to_us(event.now_sample)
            message.session_state.state = event.state
        case events.ControlAck():
            message.control_ack.report.CopyFrom(report_message(event.report))
        case events.GoAway():
            message.go_away.CopyFrom(_go_away(event))
        case events.Pong():
            message.pong.client_time_ms = event.client_time_ms
            message.pong.server_receive_ms = event.server_receive_ms
            message.pong.server_send_ms = now_ms
        case _:
            assert_never(event)
    return message


def _audio(event: events.AudioChunk) -> media_pb2.AudioChunk:
    return media_pb2.AudioChunk(
        data=event.data,
        codec=_AUDIO_OUT[event.codec],
        sample_rate_hz=media.SAMPLE_RATE_HZ,
        channel_count=1,
        pts_us=samples_to_us(event.start_sample),
        sample_count=event.sample_count,
        duration_us=samples_to_us(event.sample_count),
        chunk_index=event.chunk_index,
        last=event.last,
        control_revision=event.control_revision,
    )


def _video(event: events.VideoFrame) -> media_pb2.VideoFrame:
    return media_pb2.VideoFrame(
        data=event.data,
        codec=_VIDEO_OUT[event.codec],
        width_px=event.width_px,
        height_px=event.height_px,
        pts_us=samples_to_us(event.start_sample),
        duration_us=samples_to_us(event.sample_count),
        frame_index=event.frame_index,
        keyframe=event.keyframe,
        kind=_KIND[event.kind],
        dropped_before_count=event.dropped_before_count,
        control_revision=event.control_revision,
        codec_config=event.codec_config,
    )


def _motion(event: events.MotionFrame) -> media_pb2.MotionFrame:
    return media_pb2.MotionFrame(
        pts_us=samples_to_us(event.start_sample),
        blendshapes=event.face.weights.tolist(),
        yaw_deg=event.face.yaw_deg,
        pitch_deg=event.face.pitch_deg,
        roll_deg=event.face.roll_deg,
        breath=event.face.breath,
        viseme=event.viseme,
        kind=_KIND[event.kind],
        control_revision=event.control_revision,
    )


def word_message(timing: media.WordTiming) -> media_pb2.WordTiming:
    """One word's time."""
    return media_pb2.WordTiming(
        word=timing.word,
        offset=timing.offset,
        pts_us=samples_to_us(timing.start_sample),
        duration_us=samples_to_us(timing.sample_count),
    )


def _turn_started(event: events.TurnStarted) -> converse_pb2.TurnStarted:
    return converse_pb2.TurnStarted(
        turn_index=event.turn_index,
        media_start_pts_us=samples_to_us(event.media_start_sample),
        control_revision=event.control_revision,
        synthetic=True,
        adapters=event.adapters,
        mode=_MODE_OUT[event.mode],
    )


def _go_away(event: events.GoAway) -> converse_pb2.GoAway:
    return converse_pb2.GoAway(
        action=f"GO_AWAY_ACTION_{event.action.upper()}", time_left_ms=event.time_left_ms, reason=event.reason
    )


def _turn_stopped(event: events.TurnStopped, seq: int) -> converse_pb2.TurnStopped:
    return converse_pb2.TurnStopped(
        outcome=_OUTCOME[event.outcome],
        last_seq=seq,
        audio_end_pts_us=samples_to_us(event.audio_end_sample),
        video_end_pts_us=samples_to_us(event.video_end_sample),
        heard_text=event.heard_text,
        heard_pts_us=samples_to_us(event.heard_sample),
        heard_is_estimate=event.heard_is_estimate,
        error_reason=event.error_reason,
    )


def metrics_message(event: events.TurnMetrics) -> converse_pb2.TurnMetrics:
    """The turn's record; what did not happen stays absent."""
    message = converse_pb2.TurnMetrics(
        control_report=report_message(event.control_report),
        outcome=_OUTCOME[event.outcome],
        first_text_ms=event.first_text_ms,
        first_audio_ms=event.first_audio_ms,
        first_video_ms=event.first_video_ms,
        stop_latency_ms=event.stop_latency_ms,
        queue_ms=event.queue_ms,
        achieved_fps=event.achieved_fps,
        real_time_factor=event.real_time_factor,
        text_delta_count=event.text_delta_count,
        audio_chunk_count=event.audio_chunk_count,
        video_frame_count=event.video_frame_count,
        motion_frame_count=event.motion_frame_count,
        dropped_frame_count=event.dropped_frame_count,
        audio_ms=samples_to_us(event.audio_samples) // 1000,
        total_ms=event.total_ms,
        adapters=event.adapters,
    )
    if event.drift is not None:
        message.drift.mean_ms = event.drift.mean_ms
        message.drift.p95_abs_ms = event.drift.p95_abs_ms
        message.drift.max_abs_ms = event.drift.max_abs_ms
        message.drift.held_count = event.drift.held_count
        message.drift.skipped_count = event.drift.skipped_count
    usage = message.usage
    usage.spoken_character_count = event.spoken_character_count
    usage.audio_ms = message.audio_ms
    usage.video_frame_count = event.video_frame_count
    return message


def error_message(event: events.ErrorEvent) -> errors_pb2.Error:
    """An error inside a stream or a job."""
    return errors_pb2.Error(
        code=event.code,
        reason=event.reason,
        domain="tth",
        message=event.message,
        metadata=event.metadata,
        scope=_SCOPE[event.scope],
        retryable=event.retryable,
        retry_after_ms=event.retry_after_ms,
        client_seq=event.client_seq,
        field_violations=[errors_pb2.FieldViolation(field=v.field, description=v.allowed) for v in event.violations],
    )


def model_message(spec: AdapterSpec, capabilities: Capabilities, *, active: bool) -> tth_service_pb2.Model:
    """One adapter as ListModels shows it."""
    supports = [
        tth_service_pb2.ControlCapability(path=path, support=_SUPPORT[s.support], min=s.minimum, max=s.maximum)
        for path, s in capabilities.controls.items()
    ]
    return tth_service_pb2.Model(
        role=spec.role,
        name=spec.name,
        description=capabilities.description,
        active=active,
        deployment=capabilities.deployment,
        controls=supports,
        language_codes=capabilities.languages,
        video_codecs=[_VIDEO_OUT[codec] for codec in capabilities.video_codecs],
        resolutions=[
            controls_pb2.Resolution(width_px=r.width_px, height_px=r.height_px) for r in capabilities.resolutions
        ],
        max_fps=capabilities.max_fps,
    )
