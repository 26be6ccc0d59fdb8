"""What a message does to the turn that runs, and what a failure costs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import grpc
import numpy as np
import pytest

from tests.server.caller import (
    LONG,
    QUIET,
    TERMINAL,
    check_alive,
    check_order,
    check_turn,
    conversation,
    kind,
    media,
    served,
    with_model,
)
from tth.adapters.avatar import mock_avatar
from tth.adapters.llm import mock_llm
from tth.adapters.registry import Adapters
from tth.adapters.tts import mock_tts
from tth.media.decode import FrameDecoder
from tth.model.media import VideoCodec
from tth.server.app import TthServer
from tth.testing.harness import RunningServer, make_server, mock_adapters
from tth.testing.scripted import ScriptedModel, every
from tth.v1 import media_pb2
from tth.v1.controls_pb2 import (
    EMOTION_LABEL_HAPPY,
    EMOTION_LABEL_SAD,
    Character,
    Controls,
    Emotion,
    Render,
    Resolution,
)
from tth.v1.converse_pb2 import (
    TEXT_MODE_TALK,
    TURN_OUTCOME_INTERRUPTED,
    TURN_OUTCOME_SUPERSEDED,
    ControlUpdate,
    ConverseResponse,
    Ping,
    PlaybackPosition,
    PlaybackReport,
)
from tth.v1.media_pb2 import MediaPreferences
from tth.v1.tth_service_pb2 import OVERLAP_POLICY_QUEUE, OVERLAP_POLICY_REJECT, GetSessionRequest

pytestmark = pytest.mark.server


def pcm_of(events: Sequence[ConverseResponse]) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """All sound of some events."""
    return np.concatenate([np.frombuffer(e.audio_chunk.data, np.int16) for e in events if kind(e) == "audio_chunk"])


def spoken_hz(events: Sequence[ConverseResponse]) -> float:
    """The mock voice's tone."""
    pcm = pcm_of(events)
    return float(np.argmax(np.abs(np.fft.rfft(pcm))) * 24_000 / len(pcm))


@served()
async def test_say_speaks_while_the_text_arrives(server: RunningServer) -> None:
    """The first sentence of a growing SAY text is heard before the second is sent."""
    async with conversation(server) as caller:
        await caller.text("First sentence. And", partial=True, turn_id="mine")
        chunk = await caller.next_of("audio_chunk")
        assert chunk.turn_id == "mine"
        await caller.text(" the second.", partial=True, turn_id="mine")
        await caller.end_turn("mine")
        turn = await caller.turn("mine")
        assert turn[-1].turn_complete.text == "First sentence. And the second."
        offsets = [e.text_delta.offset for e in turn if kind(e) == "text_delta"]
        assert offsets == [0, 19, 31]


@served()
async def test_a_text_without_partial_ends_a_growing_one(server: RunningServer) -> None:
    """The last part needs no end_turn when it says that nothing follows."""
    async with conversation(server) as caller:
        await caller.text("One, ", partial=True)
        await caller.text("two.")
        assert (await caller.turn())[-1].turn_complete.text == "One, two."


@served()
async def test_talk_in_parts_asks_once(server: RunningServer) -> None:
    """A question that comes in parts is asked when it is complete."""
    async with conversation(server) as caller:
        await caller.text("Are you ", TEXT_MODE_TALK, partial=True)
        await caller.text("there?", TEXT_MODE_TALK, partial=True)
        await caller.end_turn()
        turn = await caller.turn()
        assert turn[-1].turn_complete.text == "You said: Are you there?"
        assert turn[0].turn_started.mode == TEXT_MODE_TALK


@served()
async def test_new_text_supersedes_the_running_turn(server: RunningServer) -> None:
    """A second text stops the first turn, then begins its own; nothing of the first comes after its end."""
    async with conversation(server) as caller:
        await caller.text(LONG)
        await caller.next_of("audio_chunk")
        await caller.text("Stop.")
        first = await caller.turn("t_1")
        second = await caller.turn("t_2")
        await caller.finish()
        check_order(caller.events)
        assert first[-1].turn_stopped.outcome == TURN_OUTCOME_SUPERSEDED
        assert second[0].seq > first[-1].seq
        assert second[-1].turn_complete.text == "Stop."


@served()
async def test_a_queued_turn_waits(server: RunningServer) -> None:
    """With QUEUE both are spoken, one after the other; GetSession tells how many wait."""
    async with conversation(server, overlap_policy=OVERLAP_POLICY_QUEUE) as caller:
        await caller.text(LONG)
        await caller.next_of("audio_chunk")
        await caller.text("Two.")
        await caller.send(ping=Ping())
        await caller.next_of("pong")
        state = await server.stub.GetSession(GetSessionRequest(session_id=caller.session_id))
        await caller.interrupt()
        await caller.finish()
        check_order(caller.events)
        assert (state.queued_turn_count, state.overlap_policy) == (1, OVERLAP_POLICY_QUEUE)
        ends = [kind(event) for event in caller.events if kind(event) in TERMINAL]
        assert ends == ["turn_stopped", "turn_complete"]


@served()
async def test_a_rejected_text_is_answered(server: RunningServer) -> None:
    """With REJECT the running turn goes on, and the session is unharmed."""
    async with conversation(server, overlap_policy=OVERLAP_POLICY_REJECT) as caller:
        await caller.text(LONG)
        await caller.next_of("audio_chunk")
        await caller.text("Two.")
        assert (await caller.refusal()).reason == "TURN_RUNNING"
        await caller.interrupt()
        assert (await caller.turn("t_1"))[-1].turn_stopped.outcome == TURN_OUTCOME_INTERRUPTED
        await check_alive(caller)


@served()
async def test_the_rest_of_a_turn_that_was_sent_can_be_cut_off(server: RunningServer) -> None:
    """turn_complete has come, the sound has not been heard: the answer says what was."""
    async with conversation(server) as caller:
        await caller.text("One two three four.")
        done = await caller.turn("t_1")
        sound = [event.audio_chunk for event in done if kind(event) == "audio_chunk"]
        await caller.interrupt(playback=PlaybackPosition(audio_pts_us=sound[0].pts_us))
        heard = (await caller.next_of("turn_heard")).turn_heard
        assert (heard.turn_id, heard.heard_text, heard.heard_is_estimate) == ("t_1", "", False)
        await check_alive(caller)
        await caller.finish()
        check_order(caller.events)


@served()
async def test_a_storm_of_texts_gives_each_its_end(server: RunningServer) -> None:
    """Twenty texts in a row: twenty turns, each begun and ended, the last one spoken."""
    async with conversation(server, media=media(media_pb2.VIDEO_CODEC_JPEG)) as caller:
        for number in range(20):
            await caller.text(f"Number {number}.")
        await caller.turn("t_20")
        await caller.finish()
        check_order(caller.events)
        ends = [event for event in caller.events if kind(event) in TERMINAL]
        assert [event.turn_id for event in ends] == [f"t_{n}" for n in range(1, 21)]
        assert kind(ends[-1]) == "turn_complete"


@served()
async def test_interrupt_stops_at_once(server: RunningServer) -> None:
    """turn_stopped follows with what was heard; nothing of the turn comes after it, the session goes on."""
    async with conversation(server) as caller:
        await caller.text(LONG, turn_id="long")
        await caller.until(lambda e: kind(e) == "word_timing" and e.word_timing.word == "three")
        chunk = (await caller.next_of("audio_chunk")).audio_chunk
        await caller.interrupt("long", playback=PlaybackPosition(audio_pts_us=chunk.pts_us + chunk.duration_us))
        stopped = (await caller.turn("long"))[-1].turn_stopped
        await caller.text("Go on.")
        assert (await caller.turn())[-1].turn_complete.text == "Go on."
        await caller.finish()
        check_order(caller.events)
        assert stopped.outcome == TURN_OUTCOME_INTERRUPTED
        assert stopped.heard_text in ("one two", "one two three")
        assert not stopped.heard_is_estimate
        assert stopped.heard_pts_us == chunk.pts_us + chunk.duration_us


@served()
async def test_heard_position_is_taken_from_reports(server: RunningServer) -> None:
    """An interrupt without a position uses the last playback report, carried on by the clock."""
    async with conversation(server) as caller:
        await caller.text(LONG)
        chunk = (await caller.next_of("audio_chunk")).audio_chunk
        await caller.send(playback_report=PlaybackReport(position=PlaybackPosition(audio_pts_us=chunk.pts_us)))
        await caller.interrupt()
        stopped = (await caller.turn())[-1].turn_stopped
        assert not stopped.heard_is_estimate
        assert stopped.heard_pts_us >= chunk.pts_us


@served(lambda: with_model(list(every(0, LONG)), list(every(0, "Fine."))))
async def test_the_model_remembers_what_was_heard(server: RunningServer) -> None:
    """After an interrupt the history holds the question and the heard part of the answer, marked as interrupted."""
    async with conversation(server) as caller:
        await caller.talk("Count!")
        await caller.until(lambda e: kind(e) == "word_timing" and e.word_timing.word == "four")
        chunk = (await caller.next_of("audio_chunk")).audio_chunk
        await caller.interrupt(playback=PlaybackPosition(audio_pts_us=chunk.pts_us))
        heard = (await caller.turn())[-1].turn_stopped.heard_text
        await caller.talk("And now?")
        await caller.turn()
        model = server.server.engine.adapters.llm
        assert isinstance(model, ScriptedModel)
        prompt = model.player.calls[1].prompt
        assert prompt is not None
        history = prompt.history  # type: ignore[union-attr]
        assert [(str(u.speaker), u.text, u.interrupted) for u in history] == [
            ("user", "Count!", False),
            ("person", heard, True),
        ]
        assert heard.startswith("one two")
        assert len(heard) < len(LONG) / 2


@served()
async def test_control_update_in_the_middle_of_a_turn(server: RunningServer) -> None:
    """The update is acknowledged with its report, and later sound says that it was made with it."""
    async with conversation(server) as caller:
        await caller.text("One. Two. Three. Four. Five. Six. " * 10)
        first = await caller.next_of("audio_chunk")
        await caller.send(control_update=ControlUpdate(controls=Controls(emotion=Emotion(label=EMOTION_LABEL_SAD))))
        ack = (await caller.next_of("control_ack")).control_ack.report
        later = await caller.until(lambda e: e.audio_chunk.control_revision == ack.control_revision)
        assert ack.control_revision > first.audio_chunk.control_revision
        assert ack.effective.emotion.label == EMOTION_LABEL_SAD
        assert [result.path for result in ack.results] == ["emotion.label"]
        assert later.turn_id == "t_1"
        turn = await caller.turn()
        revisions = [e.audio_chunk.control_revision for e in turn if kind(e) == "audio_chunk"]
        assert revisions == sorted(revisions)
        assert turn[-2].turn_metrics.control_report.control_revision == ack.control_revision


@served()
async def test_what_waits_for_the_next_turn_is_said_to_wait(server: RunningServer) -> None:
    """A persona asked for in mid-turn is DEFERRED and speaks in the next turn."""
    async with conversation(server) as caller:
        await caller.text(LONG)
        await caller.next_of("audio_chunk")
        await caller.send(control_update=ControlUpdate(controls=Controls(character=Character(persona_id="other"))))
        report = (await caller.next_of("control_ack")).control_ack.report
        assert [(result.path, result.outcome) for result in report.results] == [("character.persona_id", 5)]
        assert report.effective.character.persona_id == "default"
        await caller.text("Next.")
        await caller.turn("t_1")
        metrics = (await caller.turn("t_2"))[-2].turn_metrics
        assert metrics.control_report.effective.character.persona_id == "other"


@served()
async def test_controls_of_a_turn_hold_for_that_turn(server: RunningServer) -> None:
    """A happy turn is happy, and the one after it is not."""
    async with conversation(server) as caller:
        await caller.text("aaaa", controls=Controls(emotion=Emotion(label=EMOTION_LABEL_HAPPY, intensity=1)))
        happy = await caller.turn()
        await caller.text("aaaa")
        neutral = await caller.turn()
        assert happy[-2].turn_metrics.control_report.effective.emotion.label == EMOTION_LABEL_HAPPY
        assert neutral[-2].turn_metrics.control_report.effective.emotion.label != EMOTION_LABEL_HAPPY
        assert spoken_hz(happy) > spoken_hz(neutral) * 1.1


@served()
async def test_resolution_changes_between_turns(server: RunningServer) -> None:
    """Another size begins with a key frame of that size."""
    async with conversation(server, media=media(media_pb2.VIDEO_CODEC_H264), controls=QUIET) as caller:
        await caller.text("Small.")
        await caller.turn()
        bigger = Render(resolution=Resolution(width_px=96, height_px=80))
        await caller.text("Big.", controls=Controls(render=bigger))
        frames = [event.video_frame for event in await caller.turn() if kind(event) == "video_frame"]
        assert {(frame.width_px, frame.height_px) for frame in frames} == {(96, 80)}
        assert frames[0].keyframe
        picture = FrameDecoder(VideoCodec.H264).decode(frames[0].data, 96, 80)
        assert picture is not None


@served()
async def test_interrupt_and_update_at_once_leave_one_idle(server: RunningServer) -> None:
    """An update that changes the picture while a stopped turn is being taken down starts one idle face, not two."""
    async with conversation(server, media=media(media_pb2.VIDEO_CODEC_JPEG)) as caller:
        await caller.text(LONG)
        await caller.next_of("audio_chunk")
        await caller.interrupt()
        await caller.send(control_update=ControlUpdate(controls=Controls(render=Render(fps=10))))
        await caller.turn()
        for _ in range(5):
            await caller.until(lambda e: e.video_frame.duration_us == 100_000)
        await caller.finish()
        check_order(caller.events)
        assert (await caller.status())[0] is grpc.StatusCode.OK


@served()
async def test_speech_waits_for_its_time(server: RunningServer) -> None:
    """Media runs ahead of its presentation by a bounded time, so an interrupt wastes little."""
    async with conversation(server) as caller:
        await caller.text(LONG)
        await caller.until(lambda e: e.audio_chunk.chunk_index == 60)
        stamps = [(e.timestamp_ms, e.audio_chunk) for e in caller.events if kind(e) == "audio_chunk"]
        start_ms, first = stamps[0]
        ahead = [(chunk.pts_us - first.pts_us) / 1000 - (at_ms - start_ms) for at_ms, chunk in stamps]
        assert max(ahead) < 2000  # of some twenty seconds
        await caller.interrupt()
        await caller.turn()


@served()
async def test_the_servers_names_avoid_the_clients(server: RunningServer) -> None:
    """A client that calls its first turn t_2 does not get a second turn of that name."""
    async with conversation(server) as caller:
        await caller.text("One.", turn_id="t_2")
        await caller.turn()
        await caller.text("Two.")
        assert (await caller.turn("t_3"))[0].turn_started.turn_index == 2


def failing_model() -> TthServer:
    """A language model that breaks after three words."""
    mocks = mock_adapters()
    settings = mock_llm.Settings(reply="I am going to break.", fail_after=3)
    return make_server(Adapters(llm=mock_llm.build(settings), tts=mocks.tts, avatar=mocks.avatar))


@served(failing_model)
async def test_a_failed_turn_costs_the_turn_only(server: RunningServer) -> None:
    """error, metrics, turn_stopped{FAILED}; then the next turn is spoken."""
    async with conversation(server) as caller:
        await caller.talk("Hello?")
        turn = await caller.turn()
        assert [kind(event) for event in turn[-3:]] == ["error", "turn_metrics", "turn_stopped"]
        error = turn[-3].error
        assert (error.reason, error.scope, error.retryable) == ("ADAPTER_UNAVAILABLE", 2, True)
        assert turn[-1].turn_stopped.error_reason == "ADAPTER_UNAVAILABLE"
        await caller.text("Still here.")
        assert (await caller.turn())[-1].turn_complete.text == "Still here."


def sound_only_server() -> TthServer:
    """No avatar at all."""
    return make_server(Adapters(tts=mock_tts.build(mock_tts.Settings(ms_per_character=20))))


@served(sound_only_server)
async def test_a_server_without_avatar_speaks(server: RunningServer) -> None:
    """H.264 is what a session asks for by default; without an avatar it gets the sound alone."""
    async with conversation(server, media=MediaPreferences()) as caller:
        await caller.text("Hello.")
        turn = await caller.turn()
        assert kind(turn[-1]) == "turn_complete"
        assert not any(kind(event) == "video_frame" for event in caller.events)
        await caller.talk("Hello?")
        assert (await caller.refusal()).reason == "NO_LLM"


def slow_avatar() -> TthServer:
    """An avatar that needs longer for a frame than the frame lasts."""
    mocks = mock_adapters()
    avatar = mock_avatar.build(mock_avatar.Settings(frame_delay_ms=60))
    return make_server(Adapters(tts=mocks.tts, avatar=avatar))


@served(slow_avatar)
async def test_a_slow_avatar_does_not_slow_the_speech(server: RunningServer) -> None:
    """Sound is never held back for pictures that do not come in time; frames are left out."""
    async with conversation(server, media=media(media_pb2.VIDEO_CODEC_JPEG), controls=QUIET) as caller:
        await caller.text("A sentence that is longer than its pictures.")
        turn = await caller.turn()
        check_turn([kind(event) for event in turn])
        chunks = [event.audio_chunk for event in turn if kind(event) == "audio_chunk"]
        assert all(a.pts_us + a.duration_us == b.pts_us for a, b in pairwise(chunks))
        assert turn[-2].turn_metrics.dropped_frame_count > 0
