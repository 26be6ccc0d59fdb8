"""The messages of a simulated client."""

from __future__ import annotations

from tth.model.controls import ControlPatch
from tth.model.media import MediaPreferences, samples_to_us
from tth.testing.simulator.steps import Change, Say
from tth.testing.simulator.world import World
from tth.v1 import controls_pb2, converse_pb2, media_pb2, tth_service_pb2
from tth.v1.converse_pb2 import ConverseRequest

TOO_LONG = "a" * 4001


def create_session(world: World) -> tth_service_pb2.CreateSessionRequest:
    """A session as this world wants it."""
    return tth_service_pb2.CreateSessionRequest(
        media=_media(world.media),
        overlap_policy=f"OVERLAP_POLICY_{world.overlap.name}",
    )


def _media(wanted: MediaPreferences) -> media_pb2.MediaPreferences:
    return media_pb2.MediaPreferences(
        audio_codec=f"AUDIO_CODEC_{wanted.audio_codec.name}",
        video_codec=f"VIDEO_CODEC_{wanted.video_codec.name}",
        motion=wanted.motion,
        word_timings=wanted.word_timings,
    )


def controls(patch: ControlPatch) -> controls_pb2.Controls:
    """What a patch sets."""
    message = controls_pb2.Controls()
    for name, value in patch.items().items():
        match name:
            case "emotion_label":
                message.emotion.label = controls_pb2.EmotionLabel.Value(f"EMOTION_LABEL_{value.name}")  # type: ignore[assignment]
            case "emotion_intensity":
                message.emotion.intensity = value
            case "fps":
                message.render.fps = value
            case _:
                setattr(message.character, name, value)
    return message


def user_text(step: Say, part: str, *, partial: bool, is_first: bool) -> ConverseRequest:
    """One part of a text; the first brings the turn's controls."""
    text = converse_pb2.UserText(
        text=part,
        partial=partial,
        mode=f"TEXT_MODE_{step.mode.upper()}",
        language_code=step.language,
    )
    if is_first and step.controls.items():
        text.controls.CopyFrom(controls(step.controls))
    return ConverseRequest(turn_id=step.turn_id, user_text=text)


def change(step: Change) -> ConverseRequest:
    """An update of the controls."""
    update = converse_pb2.ControlUpdate(
        controls=controls(step.controls), clear_paths=step.clear_paths, ramp_ms=step.ramp_ms
    )
    return ConverseRequest(control_update=update)


def interrupt(turn_id: str, told_sample: int | None) -> ConverseRequest:
    """Stop, and where the player was; None = it does not say."""
    message = ConverseRequest(turn_id=turn_id, interrupt=converse_pb2.Interrupt(reason="simulated"))
    if told_sample is not None:
        message.interrupt.playback.audio_pts_us = samples_to_us(told_sample)
    return message


def pause(turn_id: str, told_sample: int | None) -> ConverseRequest:
    """Hold the turn, and where the player was; None = it does not say."""
    message = ConverseRequest(turn_id=turn_id, pause_turn=converse_pb2.PauseTurn())
    if told_sample is not None:
        message.pause_turn.playback.audio_pts_us = samples_to_us(told_sample)
    return message


def resume(turn_id: str) -> ConverseRequest:
    """Let the turn go on."""
    return ConverseRequest(turn_id=turn_id, resume_turn=converse_pb2.ResumeTurn())


def report(sample: int, turn_id: str) -> ConverseRequest:
    """Where the player is."""
    position = converse_pb2.PlaybackPosition(turn_id=turn_id, audio_pts_us=samples_to_us(sample))
    return ConverseRequest(playback_report=converse_pb2.PlaybackReport(position=position))


def resume_session(session_id: str, handle: str, last_seq: int, told_sample: int | None) -> ConverseRequest:
    """Go on where a stream was lost; None = it does not say where the player was."""
    resume = converse_pb2.Resume(resume_handle=handle, last_seq=last_seq)
    if told_sample is not None:
        resume.playback.audio_pts_us = samples_to_us(told_sample)
    return ConverseRequest(session_id=session_id, resume=resume)


def end_turn(turn_id: str) -> ConverseRequest:
    """No more parts."""
    return ConverseRequest(turn_id=turn_id, end_turn=converse_pb2.EndTurn())


def ping(client_time_ms: int) -> ConverseRequest:
    """What time is it?"""
    return ConverseRequest(ping=converse_pb2.Ping(client_time_ms=client_time_ms))


def misdeed(how: str) -> ConverseRequest:
    """What the contract does not allow."""
    match how:
        case "empty_text":
            return ConverseRequest(user_text=converse_pb2.UserText(text=""))
        case "long_text":
            return ConverseRequest(user_text=converse_pb2.UserText(text=TOO_LONG))
        case "other_session":
            return ConverseRequest(session_id="s_somebody_elses")
        case "end_turn":
            return ConverseRequest(end_turn=converse_pb2.EndTurn())
        case "late_resume":
            return ConverseRequest(resume=converse_pb2.Resume())
        case _:
            return ConverseRequest()
