"""One session's decisions, on virtual time: what each command does to what runs."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.session.scene import Recording, attach, engine, new_conversation, seen, talking, voice
from tth.adapters.avatar import mock_avatar
from tth.adapters.registry import Adapters
from tth.errors import Draining, SessionNotFound
from tth.model.commands import (
    Attach,
    Command,
    EndTurn,
    Interrupt,
    Ping,
    PlaybackReport,
    UpdateControls,
    UserText,
)
from tth.model.controls import ControlPatch, EmotionLabel, IdleMode
from tth.model.events import (
    AudioChunk,
    ControlAck,
    Event,
    GoAway,
    MotionFrame,
    Pong,
    SessionState,
    TextMode,
    TurnComplete,
    TurnMetrics,
    TurnOutcome,
    TurnStarted,
    TurnStopped,
    VideoFrame,
)
from tth.model.media import MediaPreferences, VideoCodec
from tth.testing.scripted import ScriptedAvatar, ScriptedModel, ScriptedVoice, every, fail, hang, tone
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline

PICTURES = MediaPreferences(video_codec=VideoCodec.RAW_RGB24)
LONG = "One two three four five six. " * 30


def test_the_first_event_is_the_state() -> None:
    """A stream begins with what holds."""

    async def main() -> Recording:
        async with talking() as scene:
            await scene.send(Attach())
            await scene.finish()
            return scene.sink

    first = run_virtual(main()).entries[0][1]
    assert isinstance(first, SessionState)
    assert first.state == "idle"


def test_states_of_a_turn() -> None:
    """idle, then what runs, then idle again."""

    async def main() -> list[str]:
        async with talking() as scene:
            states = [scene.conversation.state]
            await scene.talk("Hello?")
            await scene.sink.until(AudioChunk)
            states.append(scene.conversation.state)
            await scene.sink.ends(1)
            states.append(scene.conversation.state)
            return states

    assert run_virtual(main()) == ["idle", "streaming", "idle"]


def test_interrupt_then_update_in_one_go() -> None:
    """Two commands without a pause between them, while the turn is being taken down: one idle face follows."""
    avatar = ScriptedAvatar()

    async def main() -> None:
        async with talking(seen(avatar), PICTURES) as scene:
            await scene.say(LONG)
            await scene.sink.until(AudioChunk)
            await scene.send(Interrupt(), UpdateControls(ControlPatch(fps=10)), UpdateControls(ControlPatch(fps=20)))
            await scene.sink.ends(1)
            frames = len(scene.sink.of(VideoFrame))
            await scene.sink.until(VideoFrame, frames + 10)
            times = [frame.start_sample for frame in scene.sink.of(VideoFrame)]
            assert times == sorted(set(times))
            assert scene.sink.of(VideoFrame)[-1].sample_count == 1200
            await scene.finish()

    run_virtual(main())


def test_the_face_is_never_used_by_two() -> None:
    """Three turns in a row, the second stopped before it had the face: streams of the avatar never overlap."""

    class Watched(ScriptedAvatar):
        pass

    avatar = Watched()
    open_streams = 0
    most = 0
    play = avatar.player.play

    async def watched(call):  # type: ignore[no-untyped-def]
        nonlocal open_streams, most
        open_streams += 1
        most = max(most, open_streams)
        try:
            async for value in play(call):
                yield value
        finally:
            await asyncio.sleep(0.03)  # an avatar that needs its 50 ms to let go
            open_streams -= 1

    avatar.player.play = watched  # type: ignore[method-assign]

    async def main() -> None:
        async with talking(seen(avatar), PICTURES) as scene:
            await scene.sink.until(VideoFrame)
            await scene.say("One two three.")
            await scene.sink.until(AudioChunk)
            await scene.say("Second.")
            await scene.sink.until(TurnStarted, 2)
            await scene.say("Third one.")
            await scene.sink.ends(3)
            await scene.finish()

    run_virtual(main())
    assert most == 1


def test_a_stopped_turn_that_never_began_has_a_beginning_and_an_end() -> None:
    """Two texts in one go: the first is seen to begin and to be superseded."""

    async def main() -> list[tuple[str, Event]]:
        async with talking() as scene:
            await scene.send(UserText("One.", TextMode.SAY), UserText("Two.", TextMode.SAY))
            await scene.sink.ends(2)
            return [entry for entry in scene.sink.entries if entry[0] == "t_1"]

    kinds = [type(event) for _, event in run_virtual(main())]
    assert kinds == [TurnStarted, TurnMetrics, TurnStopped]


def test_half_close_waits_for_the_turn_only() -> None:
    """Also when idle frames began behind an earlier turn."""

    async def main() -> Recording:
        async with talking(seen(), PICTURES) as scene:
            await scene.say("One.")
            await scene.sink.ends(1)
            await scene.sink.until(VideoFrame, len(scene.sink.of(VideoFrame)) + 3)
            await scene.say("Two.")
            await scene.finish()
            return scene.sink

    assert len(run_virtual(main()).of(TurnComplete)) == 2


def test_go_away_lets_finish_and_begins_nothing() -> None:
    """The running turn ends by itself, the next text is refused."""

    async def main() -> Recording:
        async with talking() as scene:
            await scene.say("One two three.")
            await scene.sink.until(TurnStarted)
            scene.conversation.go_away(GoAway("reconnect", 1, "DRAINING"))
            await scene.say("Four.")
            await scene.sink.ends(1)
            await scene.finish()
            return scene.sink

    sink = run_virtual(main())
    assert sink.reasons == ["DRAINING"]
    assert len(sink.of(TurnComplete)) == 1


def test_end_stops_the_turn_and_the_stream() -> None:
    """With the outcome and the status that it is given; a second end changes neither."""

    async def main() -> tuple[Recording, object]:
        async with talking() as scene:
            await scene.say(LONG)
            await scene.sink.until(AudioChunk)
            error = Draining("away")
            scene.conversation.end(TurnOutcome.DRAINED, error)
            scene.conversation.end(TurnOutcome.CANCELLED, SessionNotFound("x"))
            await scene.running
            assert scene.conversation.end_error is error
            return scene.sink, error

    sink, _ = run_virtual(main())
    assert [stopped.outcome for stopped in sink.of(TurnStopped)] == [TurnOutcome.DRAINED]


def test_end_in_the_middle_of_half_close() -> None:
    """A client that has finished its part is sent away all the same."""

    async def main() -> Recording:
        async with talking(Adapters(tts=voice([hang()]))) as scene:
            await scene.say("Never spoken.")
            scene.inbox.finish()
            await scene.sink.until(TurnStarted)
            scene.conversation.end(TurnOutcome.EXPIRED)
            await scene.running
            return scene.sink

    assert [stopped.outcome for stopped in run_virtual(main()).of(TurnStopped)] == [TurnOutcome.EXPIRED]


def test_aclose_waits_for_the_turn_and_gives_back() -> None:
    """The adapters' sessions are closed when nothing of them is in use any more; twice does no harm."""
    mute = voice([hang()])

    async def main() -> None:
        async with talking(Adapters(tts=mute)) as scene:
            await scene.say("Never spoken.")
            await scene.sink.until(TurnStarted)
            assert mute.player.open_sessions == 1
            await scene.conversation.aclose()
            await scene.conversation.aclose()
            assert scene.running.done() or scene.sink.of(TurnStopped)

    run_virtual(main())
    assert mute.player.open_sessions == 0


def test_an_update_between_turns_moves_the_face() -> None:
    """An emotion is shown at once by the idle face, which goes on; another persona gets a face of its own."""
    avatar = ScriptedAvatar()

    async def main() -> None:
        async with talking(seen(avatar), PICTURES) as scene:
            await scene.sink.until(VideoFrame)
            await scene.send(UpdateControls(ControlPatch(emotion_label=EmotionLabel.SAD)))
            revision = (await scene.sink.until(ControlAck)).report.control_revision
            while scene.sink.of(VideoFrame)[-1].control_revision != revision:
                await scene.sink.until(VideoFrame, len(scene.sink.of(VideoFrame)) + 1)
            assert len(avatar.player.calls) == 1
            await scene.send(UpdateControls(ControlPatch(persona_id="b")))
            await scene.sink.until(ControlAck, 2)
            await scene.sink.until(VideoFrame, len(scene.sink.of(VideoFrame)) + 3)
            assert len(avatar.player.calls) == 2
            assert avatar.player.open_sessions == 2
            await scene.finish()

    run_virtual(main())


def test_idle_frames_can_be_switched_off_and_on() -> None:
    """idle_mode is taken between turns at once, also by giving it back."""
    avatar = ScriptedAvatar()

    async def main() -> None:
        async with talking(seen(avatar), PICTURES) as scene:
            await scene.sink.until(VideoFrame)
            await scene.send(UpdateControls(ControlPatch(idle_mode=IdleMode.NONE)))
            await scene.sink.until(ControlAck)
            before = len(scene.sink.of(VideoFrame))
            await asyncio.sleep(1)
            assert len(scene.sink.of(VideoFrame)) == before
            await scene.send(UpdateControls(ControlPatch(), ("render.idle_mode",)))
            await scene.sink.until(VideoFrame, before + 1)
            await scene.finish()

    run_virtual(main())


def test_an_avatar_that_takes_no_session_refuses_the_turn() -> None:
    """Nothing has been stopped or begun for it."""

    class Full(ScriptedAvatar):
        def open_session(self, context, persona, draw):  # type: ignore[no-untyped-def]
            if persona.persona_id == "b":
                raise Draining("full", "AVATAR_FULL")
            return super().open_session(context, persona, draw)

    async def main() -> Recording:
        async with talking(seen(Full()), PICTURES) as scene:
            await scene.say(LONG, turn_id="first")
            await scene.sink.until(AudioChunk)
            await scene.say("Second.", controls=ControlPatch(persona_id="b"))
            while not scene.sink.reasons:
                await scene.sink.until(AudioChunk, len(scene.sink.of(AudioChunk)) + 1)
            assert scene.conversation.current_turn_id == "first"
            return scene.sink

    assert run_virtual(main()).reasons == ["AVATAR_FULL"]


def test_use_counts_from_the_end_of_a_turn() -> None:
    """A session is not idle for as long as its last turn took."""

    async def main() -> tuple[float, float]:
        async with talking(Adapters(tts=voice([*every(500, *[tone(500)] * 20)]))) as scene:
            await scene.say("A speech of ten seconds.")
            await scene.sink.ends(1)
            await asyncio.sleep(0)
            return scene.conversation.last_used_s, asyncio.get_running_loop().time()

    used_s, now_s = run_virtual(main())
    assert now_s > 9
    assert used_s == pytest.approx(now_s, abs=0.1)


def test_the_second_stream_finds_memory_and_clock() -> None:
    """History and media clock go on; a half-typed text and a heard position do not."""
    model = ScriptedModel([*every(0, "Answer.")], repeat=True)

    async def main() -> tuple[int, int]:
        conversation = new_conversation(engine(Adapters(llm=model, tts=voice())))
        first = attach(conversation)
        await first.talk("One?")
        await first.sink.ends(1)
        await asyncio.sleep(1)  # it is heard
        await first.talk("Half", partial=True)
        await asyncio.sleep(0)
        first.running.cancel()
        await asyncio.wait([first.running])
        second = attach(conversation)
        await second.talk("Two?")
        await second.finish()
        await conversation.aclose()
        return first.sink.of(AudioChunk)[-1].start_sample, second.sink.of(AudioChunk)[0].start_sample

    end, start = run_virtual(main())
    assert start > end
    prompt = model.player.calls[1].prompt
    assert prompt is not None
    assert prompt.text == "Two?"
    assert [utterance.text for utterance in prompt.history] == ["One?", "Answer."]  # type: ignore[union-attr]


def test_a_failing_voice_fails_the_turn_and_no_more() -> None:
    """A bug in an adapter is an incident, never its words."""
    broken = ScriptedVoice([fail(ValueError("SECRETWORD"))], [*every(0, tone(100))])

    async def main() -> Recording:
        async with talking(Adapters(tts=broken)) as scene:
            await scene.say("One.")
            await scene.sink.ends(1)
            await scene.say("Two.")
            await scene.finish()
            return scene.sink

    sink = run_virtual(main())
    assert sink.reasons == ["INTERNAL"]
    assert "SECRETWORD" not in str(sink.entries)
    assert len(sink.of(TurnComplete)) == 1


COMMANDS = st.sampled_from(
    [
        UserText("Hello there. How are you?", TextMode.SAY),
        UserText("What?", TextMode.TALK),
        UserText("A part, ", TextMode.SAY, partial=True),
        UserText("a part, ", TextMode.TALK, partial=True),
        UserText("", TextMode.SAY),
        UserText("Mine.", TextMode.SAY, turn_id="mine"),
        UserText("No.", TextMode.SAY, controls=ControlPatch(fps=0)),
        UserText("Other.", TextMode.SAY, controls=ControlPatch(persona_id="b")),
        EndTurn(),
        EndTurn("mine"),
        Interrupt(),
        Interrupt("nobody"),
        Interrupt(heard_sample=-5),
        Interrupt(heard_sample=10**15),
        PlaybackReport(12_000),
        Ping(1, 2),
        UpdateControls(ControlPatch(emotion_label=EmotionLabel.ANGRY)),
        UpdateControls(ControlPatch(fps=10)),
        UpdateControls(ControlPatch(idle_mode=IdleMode.NONE), ("render.fps",)),
        UpdateControls(ControlPatch(), ("no.such",)),
    ]
)
PAUSES_MS = st.sampled_from([0, 0, 1, 40, 300, 2000])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(COMMANDS, PAUSES_MS), max_size=12), st.booleans())
def test_any_conversation_keeps_its_order(steps: list[tuple[Command, int]], pictures: bool) -> None:
    """Whatever is asked in whatever rhythm: turns are whole, media never go back, the end comes, nothing is left."""

    async def main() -> Recording:
        media = PICTURES if pictures else MediaPreferences(video_codec=VideoCodec.NONE, motion=True)
        async with talking(seen(mock_avatar.build(mock_avatar.Settings())), media) as scene:
            for command, pause_ms in steps:
                await scene.send(command)
                await asyncio.sleep(pause_ms / 1000)
            await scene.finish()
            return scene.sink

    sink = run_virtual(main(), limit_s=3600)
    turns: dict[str, list[Event]] = {}
    for turn_id, event in sink.entries:
        if turn_id:
            turns.setdefault(turn_id, []).append(event)
    for events in turns.values():
        kinds = [type(event) for event in events]
        assert kinds[0] is TurnStarted
        assert kinds[-2] is TurnMetrics
        assert [kind for kind in kinds if kind in (TurnComplete, TurnStopped)] == kinds[-1:]
    starts: dict[type, list[int]] = {}
    for _, event in sink.entries:
        if isinstance(event, AudioChunk | VideoFrame | MotionFrame):
            starts.setdefault(type(event), []).append(event.start_sample)
    assert all(found == sorted(set(found)) for found in starts.values())
    assert len(sink.of(Pong)) == sum(isinstance(command, Ping) for command, _ in steps)
