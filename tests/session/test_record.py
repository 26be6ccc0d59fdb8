"""From a session to its snapshot, through JSON, and to a session on another engine. Virtual time."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from tests.session.scene import SOUND_ONLY, Scene, attach, engine, new_conversation, voice
from tth.adapters.base import Speaker, Utterance
from tth.adapters.registry import Adapters
from tth.errors import InvalidRequest
from tth.model.commands import Interrupt, PauseTurn, Resume, UpdateControls, UserText
from tth.model.controls import ControlPatch, EmotionLabel, Resolution
from tth.model.events import ErrorEvent, Event, TextMode, TurnMetrics, TurnOutcome, TurnStarted, TurnStopped
from tth.model.media import MediaPreferences, SpeechChunk, VideoCodec, ms_to_samples
from tth.model.secret import Secret
from tth.session.conversation import Conversation
from tth.session.engine import Engine
from tth.session.history import History
from tth.session.record import LONGEST_CHUNK_MS, restored, snapshot_of
from tth.session.snapshot import VERSION, Snapshot, SnapshotUnreadable, read_snapshot
from tth.session.terms import OverlapPolicy
from tth.testing.scripted import Script, ScriptedModel, every, tone
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline


def stored(conversation: Conversation) -> Snapshot:
    """Its snapshot as a store gives it back."""
    return read_snapshot(snapshot_of(conversation).to_json())


def elsewhere(snapshot: Snapshot, shared: Engine | None = None) -> Conversation:
    """The session on another server."""
    return restored(snapshot, shared or engine())


async def leave(scene: Scene) -> None:
    """The client is gone."""
    scene.running.cancel()
    await asyncio.wait([scene.running])


async def close(scene: Scene, *conversations: Conversation) -> None:
    """The end of a test: nobody is left, and no session."""
    await leave(scene)
    for one in conversations:
        await one.aclose()


def test_what_a_session_is_survives() -> None:
    """Terms, controls of all layers, memory, names and number of turns, the media clock."""

    async def main() -> None:
        media = MediaPreferences(video_codec=VideoCodec.NONE, word_timings=False)
        first = new_conversation(engine(), media, OverlapPolicy.REJECT, emotion_label=EmotionLabel.SAD)
        scene = attach(first)
        patch = ControlPatch(speech_rate=1.5, resolution=Resolution(128, 64), persona_id="b")
        await scene.send(UpdateControls(patch))
        await scene.talk("Hello?", turn_id="mine")
        await scene.sink.ends(1)
        await scene.finish()
        second = elsewhere(stored(first))
        assert second.terms == first.terms
        assert second.layers.now() == first.layers.now()
        assert second.layers.asked == first.layers.asked
        assert second.heard.memory.history.snapshot() == first.heard.memory.history.snapshot() != ()
        assert (second.turns.count, second.turns.ids.used) == (1, ("mine",))
        assert second.media_clock.position(0.0) == first.media_clock.position(0.0) > 0
        assert second.created_ms == first.created_ms
        assert second.untold == []
        for one in (first, second):
            await one.aclose()

    run_virtual(main())


def test_media_time_never_goes_back() -> None:
    """While a stream was there it ran on; nobody knows for how long, so it goes on behind all that is possible."""

    async def main() -> None:
        first = new_conversation(engine())
        with first.attached():
            scene = attach(first)
            await scene.say("Hello.")
            await asyncio.sleep(1)
            snapshot = stored(first)
            await asyncio.sleep(7)
            sent_end = first.media_clock.next_start(8.0)
            second = elsewhere(snapshot)
            assert sent_end < second.media_clock.position(0.0) <= sent_end + ms_to_samples(3000 + LONGEST_CHUNK_MS)
            assert second.resumption.is_uncertain
            await close(scene, first, second)

    run_virtual(main())


LONG_WORDS = "Somebody speaks for a long while here and nobody stops it."


def test_a_running_turn_ends_with_its_server() -> None:
    """It failed, what was heard is remembered as interrupted, and it ends once, in the order of every turn's end."""

    async def main() -> list[tuple[Event, str]]:
        adapters = Adapters(llm=ScriptedModel([*every(0, LONG_WORDS)], repeat=True), tts=voice(slow()))
        first = new_conversation(engine(adapters))
        scene = attach(first)
        await scene.talk("Well?", turn_id="a")
        await scene.sink.until(TurnStarted)
        first.resumption.told_turn_id = "a"
        await asyncio.sleep(1.5)
        second = elsewhere(stored(first))
        heard = second.heard.memory.history.snapshot()
        assert heard[0] == Utterance(Speaker.USER, "Well?")
        assert LONG_WORDS.startswith(heard[1].text)
        assert heard[1].interrupted
        await leave(scene)
        assert first.heard.memory.history.snapshot() == heard  # the estimate of both is the same at the same moment
        untold = list(second.untold)
        for one in (first, second):
            await one.aclose()
        return untold

    untold = run_virtual(main())
    assert {turn_id for _, turn_id in untold} == {"a"}
    kinds = [type(event) for event, _ in untold]
    assert kinds[-3:] == [ErrorEvent, TurnMetrics, TurnStopped]
    assert TurnStarted not in kinds
    stopped = untold[-1][0]
    assert isinstance(stopped, TurnStopped)
    assert (stopped.outcome, stopped.error_reason) == (TurnOutcome.FAILED, "SERVER_LOST")
    assert stopped.heard_is_estimate


def slow() -> Script[SpeechChunk]:
    """A voice that speaks three seconds."""
    return [*every(0, tone(3000))]


def test_the_client_says_more_than_the_record_knew() -> None:
    """It comes back with a position: the memory has what it heard, and is told so."""

    async def main() -> None:
        adapters = Adapters(llm=ScriptedModel([*every(0, LONG_WORDS)], repeat=True), tts=voice(slow()))
        first = new_conversation(engine(adapters))
        scene = attach(first)
        await scene.talk("Well?", turn_id="a")
        await asyncio.sleep(2.9)
        snapshot = stored(first)
        handle = first.resumption.handle.reveal()
        await leave(scene)
        for position_ms in (700, 2000):
            second = elsewhere(snapshot)
            second.reopen(Resume(Secret(handle), 0, ms_to_samples(position_ms)))
            text = second.heard.memory.history.snapshot()[1].text
            assert LONG_WORDS.startswith(text)
            assert abs(len(text) / len(LONG_WORDS) - position_ms / 3000) < 0.1
            await second.aclose()
        await first.aclose()

    run_virtual(main())


def test_a_turn_that_nobody_was_told_of_is_seen_to_begin() -> None:
    """Then it ends; nothing of it was heard."""

    async def main() -> None:
        first = new_conversation(engine())
        scene = attach(first)
        await scene.talk("Well?", turn_id="a")
        await scene.sink.until(TurnStarted)
        second = elsewhere(stored(first))
        assert [type(event) for event, _ in second.untold] == [TurnStarted, ErrorEvent, TurnMetrics, TurnStopped]
        await close(scene, first, second)

    run_virtual(main())


def test_the_end_of_a_turn_that_was_sent_may_not_have_been_heard() -> None:
    """The server dies while its client still plays: what the client says then mends the memory."""

    async def main() -> None:
        adapters = Adapters(
            llm=ScriptedModel([*every(0, "One two three.")], repeat=True), tts=voice([*every(0, tone(900))])
        )
        first = new_conversation(engine(adapters))
        scene = attach(first)
        await scene.talk("Well?", turn_id="a")
        await scene.sink.ends(1)
        second = elsewhere(stored(first))
        assert second.heard.memory.history.snapshot()[1] == Utterance(Speaker.PERSON, "One two three.")
        second.reopen(Resume(Secret(first.resumption.handle.reveal()), 0, ms_to_samples(500)))
        heard = second.heard.memory.history.snapshot()[1]
        assert heard == Utterance(Speaker.PERSON, "One two", interrupted=True)
        await close(scene, first, second)

    run_virtual(main())


def test_an_interrupted_turn_is_settled() -> None:
    """Nothing of it waits for the client's word."""

    async def main() -> None:
        adapters = Adapters(tts=voice(slow()))
        first = new_conversation(engine(adapters))
        scene = attach(first)
        await scene.send(UserText(LONG_WORDS, TextMode.SAY, turn_id="a"))
        await asyncio.sleep(1)
        await scene.send(Interrupt())
        await scene.sink.ends(1)
        assert stored(first).turns == ()
        await leave(scene)
        await first.aclose()

    run_virtual(main())


def test_a_session_that_this_server_cannot_have_is_refused() -> None:
    """A persona that is only there."""

    async def main() -> None:
        first = new_conversation(engine(), SOUND_ONLY, persona_id="a")
        snapshot = stored(first)
        strange = replace(snapshot, session_controls=ControlPatch(persona_id="nobody"))
        with pytest.raises(InvalidRequest):
            elsewhere(strange)
        await first.aclose()

    run_virtual(main())


def test_another_version_is_not_read() -> None:
    """Nor what is damaged; the text says what is wrong and nothing of what people said."""

    async def main() -> None:
        first = new_conversation(engine())
        first.heard.memory.history.add_user("geheim")
        good = snapshot_of(first).to_json()
        plain = json.loads(good)
        newer = json.dumps(plain | {"version": VERSION + 1}).encode()
        wrong = json.dumps({"version": VERSION, "session": plain["session"] | {"history": ["geheim"]}}).encode()
        for data in (newer, wrong, good[:-9], b"", b"[]", b"\xff", json.dumps({"version": VERSION}).encode()):
            with pytest.raises(SnapshotUnreadable) as refused:
                read_snapshot(data)
            assert "geheim" not in str(refused.value)
        assert read_snapshot(good) == snapshot_of(first)
        await first.aclose()

    run_virtual(main())


def test_no_handle_is_written_down() -> None:
    """Only what proves one."""

    async def main() -> None:
        first = new_conversation(engine())
        data = snapshot_of(first).to_json()
        assert first.resumption.handle.reveal().encode() not in data
        assert elsewhere(read_snapshot(data)).resumption.admits(first.resumption.handle.reveal())
        await first.aclose()

    run_virtual(main())


def test_memory_keeps_its_bound() -> None:
    """Also for what another server, with more room, remembered."""
    history = History(max_tokens=10)
    history.restore(tuple(Utterance(Speaker.USER, "word " * 8) for _ in range(5)))
    assert len(history.snapshot()) == 1


def test_a_turn_that_was_held_was_heard_to_its_pause() -> None:
    """Wherever the media clock has gone since; and nobody is told a second time that the person does not speak."""

    async def main() -> None:
        adapters = Adapters(tts=voice(slow()))
        first = new_conversation(engine(adapters))
        scene = attach(first)
        await scene.send(UserText(LONG_WORDS, TextMode.SAY, turn_id="a"))
        await asyncio.sleep(1)
        await scene.send(PauseTurn(heard_sample=ms_to_samples(700)))
        first.resumption.keep(1, "a", b"", 0.0)
        await asyncio.sleep(5)
        second = elsewhere(stored(first))
        told = [event for event, _ in second.untold]
        assert [type(event) for event in told] == [ErrorEvent, TurnMetrics, TurnStopped]
        stopped = told[-1]
        assert isinstance(stopped, TurnStopped)
        assert (stopped.heard_sample, stopped.heard_is_estimate) == (ms_to_samples(700), False)
        await close(scene, first, second)

    run_virtual(main())


def test_what_waited_to_be_sent_is_left_to_the_next_server() -> None:
    """A turn of whose beginning it tells is not told of twice, and has not begun to speak."""

    async def main() -> None:
        first = new_conversation(engine())
        scene = attach(first)
        await scene.talk("Well?", turn_id="a")
        await scene.sink.until(TurnStarted)
        first.handover.unsent = lambda: [("a", b"turn_started")]
        second = elsewhere(stored(first))
        assert second.handover.left_unsent == [("a", b"turn_started")]
        assert [type(event) for event, _ in second.untold] == [ErrorEvent, TurnMetrics, TurnStopped]
        await close(scene, first, second)

    run_virtual(main())
