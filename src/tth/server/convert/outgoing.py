"""To the wire: events, reports and metrics as messages. Media time becomes microseconds here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tth import SCHEMA_VERSION
from tth.model import controls, events, media
from tth.model.controls import ControlReport, Controls
from tth.model.ids import SessionId
from tth.model.media import samples_to_us
from tth.v1 import controls_pb2, converse_pb2, errors_pb2, media_pb2
from tth.v1.converse_pb2 import ConverseResponse

_KIND = {
    media.FrameKind.IDLE: media_pb2.FRAME_KIND_IDLE,
    media.FrameKind.LISTENING: media_pb2.FRAME_KIND_LISTENING,
    media.FrameKind.THINKING: media_pb2.FRAME_KIND_THINKING,
    media.FrameKind.SPEAKING: media_pb2.FRAME_KIND_SPEAKING,
}
_OUTCOME = {outcome: f"TURN_OUTCOME_{outcome.name}" for outcome in events.TurnOutcome}
_SCOPE = {scope: f"ERROR_SCOPE_{scope.name}" for scope in events.ErrorScope}
_RESULT = {outcome: f"CONTROL_OUTCOME_{outcome.name}" for outcome in controls.ControlOutcome}
_EMOTION = {label: f"EMOTION_LABEL_{label.name}" for label in controls.EmotionLabel}
_LATENCY = {mode: f"LATENCY_MODE_{mode.name}" for mode in controls.LatencyMode}
_IDLE = {mode: f"IDLE_MODE_{mode.name}" for mode in controls.IdleMode}
_FRAMING = {framing: f"FRAMING_{framing.name}" for framing in controls.Framing}
_VIDEO = {
    media.VideoCodec.NONE: media_pb2.VIDEO_CODEC_NONE,
    media.VideoCodec.JPEG: media_pb2.VIDEO_CODEC_JPEG,
    media.VideoCodec.H264: media_pb2.VIDEO_CODEC_H264,
    media.VideoCodec.RAW_RGB24: media_pb2.VIDEO_CODEC_RAW_RGB24,
    media.VideoCodec.PNG: media_pb2.VIDEO_CODEC_PNG,
    media.VideoCodec.WEBP: media_pb2.VIDEO_CODEC_WEBP,
    media.VideoCodec.RAW_RGBA32: media_pb2.VIDEO_CODEC_RAW_RGBA32,
}
_AUDIO = {
    media.AudioCodec.PCM_S16LE: media_pb2.AUDIO_CODEC_PCM_S16LE,
    media.AudioCodec.OPUS: media_pb2.AUDIO_CODEC_OPUS,
}
_MODE = {mode: f"TEXT_MODE_{mode.name}" for mode in events.TextMode}


def controls_message(value: Controls) -> controls_pb2.Controls:
    """Every control with its value."""
    emotion = controls_pb2.Emotion(
        label=_EMOTION[value.emotion_label],
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
        latency_mode=_LATENCY[value.latency_mode],
        idle_mode=_IDLE[value.idle_mode],
        background=value.background,
        framing=_FRAMING[value.framing],
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
        audio_codec=_AUDIO[value.audio_codec],
        audio_sample_rate_hz=value.audio_sample_rate_hz,
        video_codec=_VIDEO[value.video_codec],
        motion=value.motion,
        word_timings=value.word_timings,
        alpha=value.alpha and value.video_codec.has_alpha,
    )


def response_of(
    event: events.Event, session_id: SessionId, turn_id: str, seq: int, ack_client_seq: int, now_ms: int
) -> ConverseResponse:
    """One event in its envelope."""
    message = ConverseResponse(
        schema_version=SCHEMA_VERSION,
        session_id=session_id,
        turn_id=turn_id,
        timestamp_ms=now_ms,
        seq=seq,
        ack_client_seq=ack_client_seq,
    )
    _FILL[type(event)](message, event)
    return message


OF_THE_MOMENT: frozenset[type[events.Event]] = frozenset(
    {
        *(events.AudioChunk, events.VideoFrame, events.MotionFrame, events.IdleClip),
        *(events.SessionState, events.DegradedMode, events.GoAway, events.Pong),
    }
)
"""Media, and what is true of one stream only: never told again on another one."""
ON_RECORD: frozenset[type[events.Event]] = frozenset(
    {
        *(events.TurnStarted, events.TurnMetrics, events.TurnComplete, events.TurnStopped, events.TurnHeard),
        *(events.TurnPaused, events.TurnResumed, events.ControlAck, events.ErrorEvent),
    }
)
"""What says how the session has changed, or answers a message: another server that takes the session up has to know it
as well, so it is written down before it is sent. All but media, text and words, which wait for nothing."""


def told_for(data: bytes, seq: int, ack_client_seq: int) -> ConverseResponse:
    """A message that another server had no number for yet, when it was lost."""
    message = ConverseResponse.FromString(data)
    message.seq, message.ack_client_seq = seq, ack_client_seq
    if message.HasField("turn_stopped"):
        message.turn_stopped.last_seq = seq
    return message


def told_again(data: bytes) -> ConverseResponse:
    """A message as it was sent on a stream that is gone."""
    return ConverseResponse.FromString(data)


# The media of every 40 ms are filled in where they stand: to build and copy them costs half as much again.


def _fill_audio(message: ConverseResponse, event: events.AudioChunk) -> None:
    audio = message.audio_chunk
    audio.data = event.data
    audio.codec = _AUDIO[event.codec]
    audio.sample_rate_hz = media.SAMPLE_RATE_HZ
    audio.channel_count = 1
    audio.pts_us = samples_to_us(event.start_sample)
    audio.sample_count = event.sample_count
    audio.duration_us = samples_to_us(event.sample_count)
    audio.chunk_index = event.chunk_index
    audio.last = event.last
    audio.control_revision = event.control_revision
    audio.skip_sample_count = event.skip_sample_count


def _fill_video(message: ConverseResponse, event: events.VideoFrame) -> None:
    video = message.video_frame
    video.data = event.data
    video.codec = _VIDEO[event.codec]
    video.width_px = event.width_px
    video.height_px = event.height_px
    video.pts_us = samples_to_us(event.start_sample)
    video.duration_us = samples_to_us(event.sample_count)
    video.frame_index = event.frame_index
    video.keyframe = event.keyframe
    video.kind = _KIND[event.kind]
    video.dropped_before_count = event.dropped_before_count
    video.control_revision = event.control_revision
    video.codec_config = event.codec_config
    video.alpha = event.alpha


def _fill_motion(message: ConverseResponse, event: events.MotionFrame) -> None:
    motion = message.motion_frame
    face = event.face
    motion.pts_us = samples_to_us(event.start_sample)
    motion.blendshapes.extend(face.weights.tolist())
    motion.yaw_deg = face.yaw_deg
    motion.pitch_deg = face.pitch_deg
    motion.roll_deg = face.roll_deg
    motion.breath = face.breath
    motion.viseme = event.viseme
    motion.kind = _KIND[event.kind]
    motion.control_revision = event.control_revision


def word_message(timing: media.WordTiming) -> media_pb2.WordTiming:
    """One word's time."""
    return media_pb2.WordTiming(
        word=timing.word,
        offset=timing.offset,
        pts_us=samples_to_us(timing.start_sample),
        duration_us=samples_to_us(timing.sample_count),
    )


def _fill_text(message: ConverseResponse, event: events.TextDelta) -> None:
    message.text_delta.text = event.text
    message.text_delta.offset = event.offset
    message.text_delta.last = event.last


def _fill_word(message: ConverseResponse, event: events.WordSpoken) -> None:
    message.word_timing.CopyFrom(word_message(event.timing))


def _fill_speaking(message: ConverseResponse, event: events.Speaking) -> None:
    phases = converse_pb2.Speaking
    message.speaking.phase = phases.PHASE_STARTED if event.started else phases.PHASE_FINISHED
    message.speaking.pts_us = samples_to_us(event.at_sample)


def _fill_turn_started(message: ConverseResponse, event: events.TurnStarted) -> None:
    started = message.turn_started
    started.turn_index = event.turn_index
    started.media_start_pts_us = samples_to_us(event.media_start_sample)
    started.control_revision = event.control_revision
    started.synthetic = True
    started.adapters.extend(event.adapters)
    started.mode = _MODE[event.mode]  # type: ignore[assignment]


def _fill_metrics(message: ConverseResponse, event: events.TurnMetrics) -> None:
    message.turn_metrics.CopyFrom(metrics_message(event))


def _fill_turn_complete(message: ConverseResponse, event: events.TurnComplete) -> None:
    message.turn_complete.audio_end_pts_us = samples_to_us(event.audio_end_sample)
    message.turn_complete.video_end_pts_us = samples_to_us(event.video_end_sample)
    message.turn_complete.text = event.text


def _fill_turn_stopped(message: ConverseResponse, event: events.TurnStopped) -> None:
    message.turn_stopped.CopyFrom(
        converse_pb2.TurnStopped(
            outcome=_OUTCOME[event.outcome],
            last_seq=message.seq,
            audio_end_pts_us=samples_to_us(event.audio_end_sample),
            video_end_pts_us=samples_to_us(event.video_end_sample),
            heard_text=event.heard_text,
            heard_pts_us=samples_to_us(event.heard_sample),
            heard_is_estimate=event.heard_is_estimate,
            error_reason=event.error_reason,
        )
    )


def _fill_turn_paused(message: ConverseResponse, event: events.TurnPaused) -> None:
    message.turn_paused.pts_us = samples_to_us(event.heard_sample)
    message.turn_paused.is_estimate = event.is_estimate


def _fill_turn_resumed(message: ConverseResponse, event: events.TurnResumed) -> None:
    message.turn_resumed.pts_us = samples_to_us(event.start_sample)
    message.turn_resumed.paused_ms = round(event.paused_ms)


def _fill_turn_heard(message: ConverseResponse, event: events.TurnHeard) -> None:
    message.turn_heard.turn_id = event.turn_id
    message.turn_heard.heard_text = event.heard_text
    message.turn_heard.heard_pts_us = samples_to_us(event.heard_sample)
    message.turn_heard.heard_is_estimate = event.is_estimate


def _fill_idle_clip(message: ConverseResponse, event: events.IdleClip) -> None:
    message.idle_clip.pts_us = samples_to_us(event.start_sample)
    message.idle_clip.duration_us = samples_to_us(event.sample_count)
    message.idle_clip.frame_count = event.frame_count


def _fill_degraded(message: ConverseResponse, event: events.DegradedMode) -> None:
    degraded = message.degraded_mode
    degraded.active, degraded.component = event.active, event.component
    degraded.reason, degraded.action, degraded.level = event.reason, event.action, event.level


def _fill_error(message: ConverseResponse, event: events.ErrorEvent) -> None:
    message.error.CopyFrom(error_message(event))


def _fill_session_state(message: ConverseResponse, event: events.SessionState) -> None:
    state = message.session_state
    state.resume_handle, state.resumable = event.resume_handle, bool(event.resume_handle)
    state.resumed, state.gap = event.resumed, event.gap
    state.oldest_replayable_seq = event.oldest_replayable_seq
    state.control_report.CopyFrom(report_message(event.control_report))
    state.media.CopyFrom(media_message(event.media))
    state.pts_us = samples_to_us(event.now_sample)
    state.state = event.state


def _fill_control_ack(message: ConverseResponse, event: events.ControlAck) -> None:
    message.control_ack.report.CopyFrom(report_message(event.report))


def _fill_go_away(message: ConverseResponse, event: events.GoAway) -> None:
    action = f"GO_AWAY_ACTION_{event.action.upper()}"
    notice = converse_pb2.GoAway(action=action, time_left_ms=event.time_left_ms, reason=event.reason)
    message.go_away.CopyFrom(notice)


def _fill_pong(message: ConverseResponse, event: events.Pong) -> None:
    message.pong.client_time_ms = event.client_time_ms
    message.pong.server_receive_ms = event.server_receive_ms
    message.pong.server_send_ms = message.timestamp_ms


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
        degraded_frame_count=event.degraded_frame_count,
        lowest_level=event.lowest_level,
    )
    if event.drift is not None:
        message.drift.mean_ms = event.drift.mean_ms
        message.drift.p95_abs_ms = event.drift.p95_abs_ms
        message.drift.max_abs_ms = event.drift.max_abs_ms
        message.drift.held_count = event.drift.held_count
        message.drift.skipped_count = event.drift.skipped_count
    usage = message.usage
    usage.spoken_character_count = event.spoken_character_count
    usage.input_token_count = event.input_tokens
    usage.output_token_count = event.output_tokens
    if event.cost_micro_usd is not None:
        usage.cost_micro_usd = event.cost_micro_usd
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


# A table, not a match: it is looked up for each event of the stream, media first among them.
_FILL: Mapping[type[events.Event], Callable[[ConverseResponse, Any], None]] = {
    events.AudioChunk: _fill_audio,
    events.VideoFrame: _fill_video,
    events.MotionFrame: _fill_motion,
    events.TextDelta: _fill_text,
    events.WordSpoken: _fill_word,
    events.Speaking: _fill_speaking,
    events.TurnStarted: _fill_turn_started,
    events.TurnMetrics: _fill_metrics,
    events.TurnComplete: _fill_turn_complete,
    events.TurnStopped: _fill_turn_stopped,
    events.TurnPaused: _fill_turn_paused,
    events.TurnResumed: _fill_turn_resumed,
    events.TurnHeard: _fill_turn_heard,
    events.IdleClip: _fill_idle_clip,
    events.DegradedMode: _fill_degraded,
    events.ErrorEvent: _fill_error,
    events.SessionState: _fill_session_state,
    events.ControlAck: _fill_control_ack,
    events.GoAway: _fill_go_away,
    events.Pong: _fill_pong,
}
