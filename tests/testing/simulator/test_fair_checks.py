"""Conversations in which all is well though it does not look so: checks hold nothing against them, and still see what
is wrong in them.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.testing.simulator import scenes
from tests.testing.simulator.test_checks import doubled, edited, moved, with_got
from tests.testing.simulator.test_resumed import changed_log, gone
from tth.model.media import VideoCodec, us_to_samples
from tth.testing.simulator.adapters import ModelTraits, VoiceTraits
from tth.testing.simulator.checks import breaches
from tth.testing.simulator.checks.heard import as_played, estimates, remembered
from tth.testing.simulator.checks.pauses import held_where_told
from tth.testing.simulator.checks.sound import end_of, start_of
from tth.testing.simulator.checks.texts import whole
from tth.testing.simulator.recording import Recording
from tth.testing.simulator.stage import play
from tth.testing.simulator.steps import Await, PauseTurn, Position, Reopen, Rest, Resume, Say, Step, StopTurn, Until
from tth.testing.simulator.transport import Reading, Reads
from tth.testing.simulator.world import World

pytestmark = pytest.mark.pipeline

SHORT = "The train to Oslo."
LONG = "The train to Oslo leaves at nine in the morning, and the next one is not there before ten."


def played(*steps: Step, **world: object) -> tuple[Recording, World]:
    """A conversation in which nothing is wrong."""
    made = scenes.world(steps=steps, **world)
    recording = play(made)
    assert [str(breach) for breach in breaches(recording, made)] == []
    return recording, made


def test_who_knows_whether_a_turn_was_sent_completely() -> None:
    """Its end was lost and its client has heard all that came: it may be remembered as interrupted or not, but as that
    text; and as interrupted for certain when less was heard."""
    recording, world = played(
        Say((SHORT,), "say"),
        Await(Until.END, 5000),
        Reopen("cancel", 1500, Resume()),
        Say(("How are you?",), "talk"),
        Await(Until.END, 5000),
        max_ahead_ms=3000,
    )
    assert [one.body.heard_text for one in recording.of_kind["turn_heard"]] == ["", SHORT]
    lost = gone("turn_complete", 0)(recording)
    assert lost.holes
    assert [*remembered(lost, world)] == []
    assert [*remembered(edited("turn_heard", 1, heard_text="The train")(lost), world)]
    assert [*remembered(edited("turn_heard", 1, heard_pts_us=lambda pts: pts - 10_000)(lost), world)]


def test_held_where_the_sound_ends_that_has_come() -> None:
    """A picture lies further ahead than the chunk behind it: who is at the end of the sound has heard all of it. The
    turn is held there or behind it, among the pictures, and not before."""
    recording, world = played(Say((SHORT,), "say"), Await(Until.SOUND, 5000), Rest(300), PauseTurn(Position.EXACT))
    (paused,), (asked,) = recording.of_kind["turn_paused"], recording.pauses
    sound_end = us_to_samples(paused.body.pts_us)
    last = max(n for n, one in enumerate(recording.of_kind["audio_chunk"]) if one.seq < paused.seq)
    picture = max(n for n, one in enumerate(recording.of_kind["video_frame"]) if one.seq < paused.seq)
    cut = edited("audio_chunk", last, sample_count=sound_end - start_of(recording.of_kind["audio_chunk"][last]))
    ahead = moved("video_frame", picture, "audio_chunk", last - 1)(cut(recording))
    assert asked.told_sample == sound_end < max(end_of(one) for one in ahead.of_kind["video_frame"])
    assert [*held_where_told(ahead, world)] == []
    later = edited("turn_paused", pts_us=lambda pts: pts + 5_000)(ahead)
    assert [*held_where_told(later, world)] == []
    assert [*held_where_told(edited("turn_paused", pts_us=lambda pts: pts - 5_000)(ahead), world)]


def test_each_goodbye_lets_a_held_turn_go_on() -> None:
    """A stream that half-closes, and one that resumes behind it and half-closes, too."""
    held: tuple[Step, ...] = (Say((SHORT,), "say"), Await(Until.SOUND, 5000), PauseTurn(Position.EXACT))
    recording, world = played(*held, Reopen("half_close", 500, Resume()), *held)
    assert len(recording.of_kind["turn_resumed"]) == 2
    assert not [one for one in recording.sent if one.kind == "resume_turn"]
    wrong = {breach.invariant for breach in breaches(doubled("turn_resumed")(recording), world)}
    assert "every question is answered" in wrong


def test_a_text_says_nothing_of_a_position() -> None:
    """Two texts and an interrupt at once, while a turn is still being heard that was sent before: the first stop that
    finds it is that of the first text's turn, and not the interrupt, which tells a position."""
    recording, world = played(
        Say((SHORT,), "say"),
        Await(Until.END, 5000),
        Rest(400),
        Say(("How are you?",), "say", ends="end_turn"),
        Say(("And now?",), "say", ends="end_turn"),
        StopTurn(Position.FAR_BEHIND),
        report_ms=100,
        max_ahead_ms=3000,
        uplink_ms=5,
        media=replace(scenes.world().media, video_codec=VideoCodec.NONE),
        avatar=None,
    )
    (heard,) = recording.of_kind["turn_heard"]
    assert heard.body.heard_text
    assert not heard.body.heard_is_estimate
    ended = [one.body.outcome for one in recording.of_kind["turn_stopped"]]
    by_interrupt = edited("turn_stopped", outcome=ended[-1])(recording)
    assert [*as_played(recording, world)] == []
    assert [*as_played(by_interrupt, world)]


def test_text_may_wait_behind_its_sound() -> None:
    """A realtime model gave it with the sound. A slow reader that stops the turn has not got all of the text that it
    has heard, and is told what that was; a quick one would have."""
    recording, world = played(
        Say(("How are you?",), "talk"),
        Await(Until.SOUND, 5000),
        Rest(600),
        StopTurn(Position.NONE),
        realtime=True,
        model=ModelTraits(0, 0, 20),
        voice=VoiceTraits(0, 1.0, 0, 40, 30.0, 0.0, words_first=False),
    )
    first = next(one for one in recording.got if one.kind == "text_delta")
    left = [one for one in recording.got if one.kind != "text_delta" or one.turn_id != first.turn_id or one is first]
    waited = with_got(recording, [one._replace(seq=seq) for seq, one in enumerate(left, 1)])
    assert waited.of_kind["turn_stopped"][0].body.heard_text not in first.body.text
    assert [*whole(waited, world)]
    slow = changed_log(0, reads="slow")(waited)
    assert [*whole(slow, world)] == []
    assert [*whole(edited("turn_stopped", heard_text=lambda text: text + "!")(slow), world)]


def test_a_text_that_is_spoken_as_it_stands_waits_for_no_model() -> None:
    """Where one would answer, too: it is known before its sound, and all of it may have been heard."""
    recording, world = played(
        Say((SHORT,), "say"), Await(Until.SOUND, 5000), Rest(200), StopTurn(Position.NONE), realtime=True
    )
    slow = changed_log(0, reads="slow")(edited("turn_stopped", heard_text=SHORT)(recording))
    assert [*whole(slow, world)] == []
    assert [*whole(edited("turn_stopped", heard_text=SHORT + "!")(slow), world)]


def test_what_was_sent_before_a_hold_may_come_behind_it() -> None:
    """A slow reader says to be ahead and takes nothing back, so the turn is held where its sound ends; a text stops it
    before much of that sound has come."""
    recording, world = played(
        Say((LONG,), "say", ends="last_part"),
        Await(Until.SOUND, 5000),
        PauseTurn(Position.AHEAD),
        Rest(900),
        Say(("And now?",), "say"),
        Await(Until.END, 5000),
        reading=Reading(Reads.SLOW, 60, 200_000, window=64),
        media=replace(scenes.world().media, video_codec=VideoCodec.NONE),
        avatar=None,
        max_ahead_ms=1000,
    )
    (stopped,) = recording.of_kind["turn_stopped"]
    (stop,) = [one for one in recording.stops if one.turn_id == stopped.turn_id]
    assert any(one.at_s > stop.at_s for one in recording.of_kind["audio_chunk"] if one.turn_id == stopped.turn_id)
    assert [*as_played(recording, world)] == []
    assert [*as_played(edited("turn_stopped", heard_text="")(recording), world)]


def test_a_turn_is_not_played_before_its_beginning() -> None:
    """The media clock runs on between turns, a player that has nothing does not: who stops a turn in the moment in
    which it comes is at its beginning, not where the sound before it ended."""
    recording, world = played(
        Rest(2000),
        Say((LONG,), "say"),
        Await(Until.STARTED, 5000),
        StopTurn(Position.NONE),
        uplink_ms=150,
        voice=VoiceTraits(0, 0.0, 0, 40, 10.0, 1.0, words_first=False),
        media=replace(scenes.world().media, video_codec=VideoCodec.NONE),
        avatar=None,
    )
    assert recording.of_kind["turn_stopped"][0].body.heard_text
    assert [*estimates(recording, world)] == []
    assert [*estimates(edited("turn_stopped", heard_text=LONG)(recording), world)]
