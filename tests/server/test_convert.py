"""Between the wire and our values: nothing known is lost, nothing unknown gets in."""

from __future__ import annotations

import dataclasses
import typing

import numpy as np
import pytest
from google.protobuf.descriptor import EnumDescriptor

from tth.errors import FieldViolation, InvalidRequest, SchemaUnsupported
from tth.face.parameters import FaceState
from tth.model import commands, events
from tth.model.controls import (
    FIELDS,
    ControlOutcome,
    ControlPatch,
    ControlReport,
    ControlResult,
    Controls,
    EmotionLabel,
    Framing,
    IdleMode,
    LatencyMode,
    Resolution,
)
from tth.model.events import ErrorEvent, ErrorScope, Event, TextMode, TurnOutcome
from tth.model.ids import SessionId
from tth.model.media import AudioCodec, FrameKind, MediaPreferences, VideoCodec, WordTiming
from tth.model.secret import Secret
from tth.server.convert import incoming, outgoing
from tth.v1 import controls_pb2, converse_pb2, errors_pb2, media_pb2
from tth.v1.converse_pb2 import ConverseRequest, ConverseResponse

pytestmark = pytest.mark.unit

FULL = Controls(
    emotion_label=EmotionLabel.HAPPY,
    emotion_intensity=0.25,
    emotion_valence=0.5,
    emotion_arousal=-0.5,
    persona_id="somebody",
    speech_rate=1.5,
    pitch_shift=-0.25,
    expressivity=0.75,
    motion_gain=0.0,
    fps=30,
    resolution=Resolution(320, 240),
    latency_mode=LatencyMode.LOW,
    idle_mode=IdleMode.NONE,
    background="#102030",
    framing=Framing.HEAD,
)
REPORT = ControlReport(3, FULL, (ControlResult("render.fps", ControlOutcome.DEFERRED, "30", "25", "later", "face"),))


def test_every_control_goes_there_and_back() -> None:
    """What a server says is in effect, a client can ask for again, field by field."""
    patch = incoming.patch_of(outgoing.controls_message(FULL))
    assert patch == ControlPatch(**{field.attribute: getattr(FULL, field.attribute) for field in FIELDS})


def test_absent_is_not_said() -> None:
    """No field set, nothing in the patch; UNSPECIFIED counts as absent, zero and neutral do not."""
    assert incoming.patch_of(controls_pb2.Controls()).items() == {}
    unspecified = controls_pb2.Controls(emotion=controls_pb2.Emotion(label=controls_pb2.EMOTION_LABEL_UNSPECIFIED))
    assert incoming.patch_of(unspecified).items() == {}
    zero = controls_pb2.Controls(
        emotion=controls_pb2.Emotion(label=controls_pb2.EMOTION_LABEL_NEUTRAL, intensity=0),
        character=controls_pb2.Character(motion_gain=0),
    )
    assert incoming.patch_of(zero).items() == {
        "emotion_label": EmotionLabel.NEUTRAL,
        "emotion_intensity": 0.0,
        "motion_gain": 0.0,
    }


def test_unknown_enum_values_are_all_named() -> None:
    """Two numbers nobody knows, two violations."""
    wrong = controls_pb2.Controls.FromString(b"\x0a\x02\x08\x63\x1a\x02\x18\x63")  # label = 99, latency_mode = 99
    with pytest.raises(InvalidRequest) as refused:
        incoming.patch_of(wrong, "here")
    assert [violation.field for violation in refused.value.violations] == [
        "here.emotion.label",
        "here.render.latency_mode",
    ]


ENUMS: list[tuple[EnumDescriptor, str, type]] = [
    (controls_pb2.EmotionLabel.DESCRIPTOR, "EMOTION_LABEL_", EmotionLabel),
    (controls_pb2.LatencyMode.DESCRIPTOR, "LATENCY_MODE_", LatencyMode),
    (controls_pb2.IdleMode.DESCRIPTOR, "IDLE_MODE_", IdleMode),
    (controls_pb2.ControlOutcome.DESCRIPTOR, "CONTROL_OUTCOME_", ControlOutcome),
    (media_pb2.VideoCodec.DESCRIPTOR, "VIDEO_CODEC_", VideoCodec),
    (media_pb2.FrameKind.DESCRIPTOR, "FRAME_KIND_", FrameKind),
    (converse_pb2.TextMode.DESCRIPTOR, "TEXT_MODE_", TextMode),
    (converse_pb2.TurnOutcome.DESCRIPTOR, "TURN_OUTCOME_", TurnOutcome),
    (errors_pb2.ErrorScope.DESCRIPTOR, "ERROR_SCOPE_", ErrorScope),
]


@pytest.mark.parametrize(("descriptor", "prefix", "ours"), ENUMS, ids=[row[1] for row in ENUMS])
def test_enums_are_the_same_on_both_sides(descriptor: EnumDescriptor, prefix: str, ours: type) -> None:
    """No value of the contract without one of ours, and none of ours without one on the wire."""
    wire = {value.name.removeprefix(prefix) for value in descriptor.values} - {"UNSPECIFIED"}
    assert wire == {member.name for member in ours}  # type: ignore[attr-defined]


def test_media_defaults_and_refusals() -> None:
    """What is left out is the server's default; what cannot be had is refused by name."""
    default = MediaPreferences(video_codec=VideoCodec.JPEG, motion=True)
    assert incoming.media_of(media_pb2.MediaPreferences(), default) == default
    asked = media_pb2.MediaPreferences(
        audio_codec=media_pb2.AUDIO_CODEC_PCM_S16LE,
        audio_sample_rate_hz=24_000,
        video_codec=media_pb2.VIDEO_CODEC_NONE,
        motion=False,
        word_timings=False,
    )
    assert incoming.media_of(asked, default) == MediaPreferences(
        AudioCodec.PCM_S16LE, 24_000, VideoCodec.NONE, False, False
    )
    assert outgoing.media_message(incoming.media_of(asked, MediaPreferences())) == asked
    with pytest.raises(InvalidRequest, match="24000"):
        incoming.media_of(media_pb2.MediaPreferences(audio_sample_rate_hz=-1), default)


@pytest.mark.parametrize("version", ["", "1.0", "1.7", "1"])
def test_a_minor_version_does_not_matter(version: str) -> None:
    """Empty means 1.0."""
    incoming.check_schema(version)


@pytest.mark.parametrize("version", ["2.0", "0.9", "one", "10.0", " 1.0"])
def test_another_major_version_is_refused(version: str) -> None:
    """The answer says what is spoken here, not what was asked."""
    with pytest.raises(SchemaUnsupported) as refused:
        incoming.check_schema(version)
    assert "1.0" in refused.value.message


def command(message: ConverseRequest, *, is_first: bool = False) -> commands.Command:
    return incoming.command_of(message, 99, is_first=is_first)


def test_commands() -> None:
    """Every payload that is built, with everything it says."""
    position = converse_pb2.PlaybackPosition(audio_pts_us=1_000_000)
    assert command(
        ConverseRequest(
            turn_id="t",
            client_seq=4,
            user_text=converse_pb2.UserText(
                text="Hi", partial=True, mode=converse_pb2.TEXT_MODE_SAY, language_code="de"
            ),
        )
    ) == commands.UserText("Hi", TextMode.SAY, True, "de", ControlPatch(), "t", 4)
    assert command(
        ConverseRequest(client_seq=5, control_update=converse_pb2.ControlUpdate(clear_paths=["a"], ramp_ms=0))
    ) == commands.UpdateControls(ControlPatch(), ("a",), 0, 5)
    assert command(ConverseRequest(control_update=converse_pb2.ControlUpdate())) == commands.UpdateControls(
        ControlPatch(), (), commands.DEFAULT_RAMP_MS
    )
    assert command(
        ConverseRequest(turn_id="t", interrupt=converse_pb2.Interrupt(reason="r", playback=position))
    ) == commands.Interrupt("t", "r", 24_000)
    assert command(ConverseRequest(interrupt=converse_pb2.Interrupt())) == commands.Interrupt()
    assert command(
        ConverseRequest(turn_id="t", pause_turn=converse_pb2.PauseTurn(playback=position))
    ) == commands.PauseTurn("t", 24_000)
    assert command(ConverseRequest(client_seq=6, pause_turn=converse_pb2.PauseTurn())) == commands.PauseTurn(
        "", None, 6
    )
    assert command(ConverseRequest(turn_id="t", resume_turn=converse_pb2.ResumeTurn())) == commands.ResumeTurn("t")
    assert command(ConverseRequest(turn_id="t", end_turn=converse_pb2.EndTurn())) == commands.EndTurn("t")
    assert command(
        ConverseRequest(playback_report=converse_pb2.PlaybackReport(position=position))
    ) == commands.PlaybackReport(24_000)
    assert command(ConverseRequest(ping=converse_pb2.Ping(client_time_ms=7))) == commands.Ping(7, 99)
    assert command(ConverseRequest(client_seq=1), is_first=True) == commands.Attach(1)


def test_a_stream_resumes_with_its_first_message() -> None:
    """And only there; a position is the sample that was heard last."""
    position = converse_pb2.PlaybackPosition(audio_pts_us=1_000_000)
    resume = ConverseRequest(resume=converse_pb2.Resume(resume_handle="h", last_seq=7, playback=position))
    assert incoming.resume_of(resume) == commands.Resume(Secret("h"), 7, 24_000)
    bare = ConverseRequest(resume=converse_pb2.Resume())
    assert incoming.resume_of(bare) == commands.Resume(Secret(""), 0, None)
    assert incoming.resume_of(ConverseRequest()) is None
    for is_first in (True, False):
        with pytest.raises(InvalidRequest):
            command(resume, is_first=is_first)


def test_nothing_at_all_is_no_later_message() -> None:
    """It may be of a newer contract."""
    with pytest.raises(InvalidRequest) as refused:
        command(ConverseRequest())
    assert refused.value.reason == "UNKNOWN_PAYLOAD"


FACE = FaceState(np.full(52, 0.5, np.float32), yaw_deg=1.5)
METRICS = events.TurnMetrics(REPORT, TurnOutcome.COMPLETED, first_text_ms=0.0, audio_samples=24_000)
EVENTS: list[tuple[Event, str]] = [
    (events.TurnStarted(1, 24_000, 2, ("tts=x",), TextMode.SAY), "turn_started"),
    (events.TextDelta("a", 3, True), "text_delta"),
    (events.AudioChunk(b"\0\0", 24_000, 12, 4, True, 2), "audio_chunk"),
    (
        events.VideoFrame(b"x", VideoCodec.H264, 64, 48, 960, 960, 7, True, FrameKind.THINKING, 2, 5, b"cfg"),
        "video_frame",
    ),
    (events.MotionFrame(24_000, 960, FACE, "aa", FrameKind.SPEAKING, 3), "motion_frame"),
    (events.WordSpoken(WordTiming("word", 5, 24_000, 12_000)), "word_timing"),
    (events.Speaking(True, 24_000), "speaking"),
    (METRICS, "turn_metrics"),
    (events.TurnComplete(24_000, 48_000, "all"), "turn_complete"),
    (events.TurnStopped(TurnOutcome.DRAINED, 24_000, 48_000, "heard", 12_000, True, "WHY"), "turn_stopped"),
    (events.TurnPaused(24_000, True), "turn_paused"),
    (events.TurnResumed(48_000, 250.4), "turn_resumed"),
    (events.TurnHeard("t_0", "heard", 24_000, True), "turn_heard"),
    (events.IdleClip(24_000, 96_000, 100), "idle_clip"),
    (events.DegradedMode(True, "avatar", "WHY", "sound alone"), "degraded_mode"),
    (ErrorEvent(3, "WHY", "what", ErrorScope.TURN, True, 5, 6, (FieldViolation("f", "a"),), {"k": "v"}), "error"),
    (events.SessionState(REPORT, MediaPreferences(), 24_000, "idle", "h_1", True, True, 7), "session_state"),
    (events.ControlAck(REPORT), "control_ack"),
    (events.GoAway("reconnect", 1000, "DRAINING"), "go_away"),
    (events.Pong(1, 2), "pong"),
]


def response(event: Event) -> ConverseResponse:
    return outgoing.response_of(event, SessionId("s_1"), "t_1", 8, 9, 10)


@pytest.mark.parametrize(("event", "payload"), EVENTS, ids=[row[1] for row in EVENTS])
def test_every_event_has_its_payload(event: Event, payload: str) -> None:
    """In its envelope, and it survives the wire."""
    message = ConverseResponse.FromString(response(event).SerializeToString())
    assert message.WhichOneof("payload") == payload
    assert (message.session_id, message.turn_id, message.seq) == ("s_1", "t_1", 8)
    assert (message.ack_client_seq, message.timestamp_ms, message.schema_version) == (9, 10, "1.0")


def test_no_event_is_forgotten() -> None:
    """The table above holds every member of the union and every payload of the contract."""
    assert {type(event) for event, _ in EVENTS} == set(typing.get_args(Event))
    payloads = {field.name for field in ConverseResponse.DESCRIPTOR.oneofs_by_name["payload"].fields}
    assert {payload for _, payload in EVENTS} == payloads


def test_media_time_is_microseconds() -> None:
    """24,000 samples are one second; durations are never 0."""
    by_name = {payload: response(event) for event, payload in EVENTS}
    chunk = by_name["audio_chunk"].audio_chunk
    assert (chunk.pts_us, chunk.sample_count, chunk.duration_us, chunk.sample_rate_hz) == (1_000_000, 12, 500, 24_000)
    assert by_name["video_frame"].video_frame.duration_us == 40_000
    assert by_name["motion_frame"].motion_frame.pts_us == 1_000_000
    assert by_name["word_timing"].word_timing.duration_us == 500_000
    assert by_name["turn_started"].turn_started.media_start_pts_us == 1_000_000
    assert by_name["turn_stopped"].turn_stopped.heard_pts_us == 500_000
    assert by_name["session_state"].session_state.pts_us == 1_000_000
    state = by_name["session_state"].session_state
    assert (state.resume_handle, state.resumable, state.resumed, state.gap) == ("h_1", True, True, True)
    assert state.oldest_replayable_seq == 7
    assert by_name["turn_paused"].turn_paused.pts_us == 1_000_000
    assert by_name["turn_resumed"].turn_resumed.pts_us == 2_000_000
    assert by_name["turn_resumed"].turn_resumed.paused_ms == 250
    assert by_name["turn_heard"].turn_heard.heard_text == "heard"
    assert by_name["idle_clip"].idle_clip.frame_count == 100
    assert by_name["pong"].pong.server_send_ms == 10


def test_absent_figures_stay_absent() -> None:
    """Did not happen is not 0, and 0 is not absent."""
    metrics = outgoing.metrics_message(METRICS)
    assert metrics.HasField("first_text_ms")
    assert metrics.first_text_ms == 0.0
    assert not metrics.HasField("first_audio_ms")
    assert not metrics.HasField("stop_latency_ms")
    assert not metrics.HasField("drift")
    assert metrics.audio_ms == metrics.usage.audio_ms == 1000


def test_every_figure_of_a_turn_is_sent() -> None:
    """What the record holds stands in the message under the same name."""
    own = {"control_report", "outcome", "audio_samples"}
    used = {"spoken_character_count", "input_tokens", "output_tokens", "cost_micro_usd"}
    names = {field.name for field in dataclasses.fields(events.TurnMetrics)} - own - used
    assert names <= {field.name for field in converse_pb2.TurnMetrics.DESCRIPTOR.fields}


def test_what_a_turn_used_is_sent() -> None:
    """Characters, tokens, and money where a price is known."""
    usage = outgoing.metrics_message(
        dataclasses.replace(METRICS, spoken_character_count=5, input_tokens=7, output_tokens=8, cost_micro_usd=9)
    ).usage
    counted = (usage.spoken_character_count, usage.input_token_count, usage.output_token_count, usage.cost_micro_usd)
    assert counted == (5, 7, 8, 9)
    assert not outgoing.metrics_message(METRICS).usage.HasField("cost_micro_usd")


@pytest.mark.parametrize("codec", VideoCodec)
def test_alpha_is_promised_only_where_the_codec_has_it(codec: VideoCodec) -> None:
    """What a client is told that it gets, it gets."""
    wanted = media_pb2.MediaPreferences(alpha=True)
    taken = incoming.media_of(wanted, MediaPreferences(video_codec=codec))
    assert taken.alpha
    assert outgoing.media_message(taken).alpha is codec.has_alpha
