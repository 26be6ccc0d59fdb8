"""Every invariant is shown a conversation that it must not let pass: a recording that was tampered with, and a server
that was broken on purpose. A check that cannot fail proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from tests.testing.simulator import scenes
from tth.adapters.base import Utterance
from tth.core.ledger import SpeechLedger
from tth.core.media_clock import MediaClock
from tth.core.timeline import Timeline
from tth.model.events import Event, TurnComplete, TurnHeard, TurnStopped
from tth.model.media import AudioCodec, SpeechChunk, SpeechSpan, ms_to_samples
from tth.pipeline import turn_runner
from tth.pipeline.tally import Tally
from tth.pipeline.turn_runner import TurnRunner
from tth.server.outbox import Outbox
from tth.session.history import History
from tth.session.memory import Memory
from tth.testing.simulator.cast import Notes, Truncation
from tth.testing.simulator.checks import INVARIANTS, breaches
from tth.testing.simulator.recording import TERMINAL, Got, Recording
from tth.testing.simulator.stage import play
from tth.testing.simulator.world import World, draw_world
from tth.v1 import media_pb2
from tth.v1.converse_pb2 import DegradedMode

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(600)]  # as in test_run.py

Tamper = Callable[[Recording], Recording]


@cache
def conversation() -> tuple[Recording, World]:
    world = scenes.world()
    return play(world), world


def test_a_good_conversation_passes() -> None:
    """And it holds all that the tampering below needs."""
    recording, world = conversation()
    assert [str(breach) for breach in breaches(recording, world)] == []
    outcomes = [events[-1].kind for events in recording.of_turn.values()]
    completed, stopped = "turn_complete", "turn_stopped"
    assert outcomes == [completed, completed, stopped, stopped, completed, stopped, completed]
    assert len(recording.of_kind["turn_paused"]) == 2


@cache
def in_packets() -> tuple[Recording, World]:
    """The same conversation with Opus."""
    world = scenes.world()
    world = replace(world, media=replace(world.media, audio_codec=AudioCodec.OPUS))
    return play(world), world


def test_a_good_conversation_in_packets_passes() -> None:
    """As one in PCM: the listener hears the same."""
    recording, world = in_packets()
    assert [str(breach) for breach in breaches(recording, world)] == []
    assert [events[-1].kind for events in recording.of_turn.values()] == [
        events[-1].kind for events in conversation()[0].of_turn.values()
    ]


def at(recording: Recording, kind: str, number: int = 0) -> int:
    """Where the n-th event of a kind is."""
    return [place for place, one in enumerate(recording.got) if one.kind == kind][number]


def with_got(recording: Recording, got: Sequence[Got]) -> Recording:
    return replace(recording, got=list(got))


def without(kind: str, number: int = 0) -> Tamper:
    """Lose one event; the others are numbered anew, so that nothing else shows it."""

    def tamper(recording: Recording) -> Recording:
        place = at(recording, kind, number)
        left = [*recording.got[:place], *recording.got[place + 1 :]]
        return with_got(recording, [one._replace(seq=seq) for seq, one in enumerate(left, 1)])

    return tamper


def edited(kind: str, number: int = 0, **fields: Any) -> Tamper:
    """Another value in one event; a callable gets the old one."""

    def tamper(recording: Recording) -> Recording:
        got = list(recording.got)
        place = at(recording, kind, number)
        body = type(got[place].body)()
        body.CopyFrom(got[place].body)
        for name, value in fields.items():
            setattr(body, name, value(getattr(body, name)) if callable(value) else value)
        got[place] = got[place]._replace(body=body)
        return with_got(recording, got)

    return tamper


def moved(kind: str, number: int, behind: str, behind_number: int = 0) -> Tamper:
    """One event in another place; all are numbered anew."""

    def tamper(recording: Recording) -> Recording:
        got = list(recording.got)
        one = got.pop(at(recording, kind, number))
        place = [p for p, other in enumerate(got) if other.kind == behind][behind_number]
        got.insert(place + 1, one)
        return with_got(recording, [other._replace(seq=seq) for seq, other in enumerate(got, 1)])

    return tamper


def replaced(**fields: Any) -> Tamper:
    return lambda recording: replace(recording, **fields)


def late_stop(recording: Recording) -> Recording:
    place = at(recording, "turn_stopped")
    got = [one._replace(at_s=one.at_s + 0.5) if p >= place else one for p, one in enumerate(recording.got)]
    return with_got(recording, got)


def lost_number(recording: Recording) -> Recording:
    return with_got(recording, [one for place, one in enumerate(recording.got) if place != 20])


def left_degraded_unasked(recording: Recording) -> Recording:
    got = list(recording.got)
    got.insert(3, got[3]._replace(kind="degraded_mode", turn_id="", body=DegradedMode(component="avatar")))
    return with_got(recording, [one._replace(seq=seq) for seq, one in enumerate(got, 1)])


def doubled(kind: str, number: int = 0) -> Tamper:
    """One event twice."""

    def tamper(recording: Recording) -> Recording:
        place = at(recording, kind, number)
        got = [*recording.got[: place + 1], *recording.got[place:]]
        return with_got(recording, [one._replace(seq=seq) for seq, one in enumerate(got, 1)])

    return tamper


def behind(kind: str, number: int, other: str, then: Callable[[str, int], Tamper]) -> Tamper:
    """Something is done to the first `other` behind the n-th `kind`."""

    def tamper(recording: Recording) -> Recording:
        before = sum(one.kind == other for one in recording.got[: at(recording, kind, number)])
        return then(other, before)(recording)

    return tamper


def blurred(kind: str, number: int) -> Tamper:
    return edited(kind, number, keyframe=False)


def forgetful(recording: Recording) -> Recording:
    cast = recording.cast
    asked = cast.asked[-1]
    changed = replace(asked, history=(*asked.history[:-1], Utterance(asked.history[-1].speaker, "something else")))
    other = type(cast)(cast.random, 0.0)
    other.words = cast.words
    other.notes = [Notes(dict(cast.sounds), dict(cast.replies), [*cast.asked[:-1], changed])]
    return replace(recording, cast=other)


def truncated(heard_text: str) -> Tamper:
    """A realtime model is told something of the answer, all of which was heard."""

    def tamper(recording: Recording) -> Recording:
        cast = recording.cast
        other = type(cast)(cast.random, 0.0)
        other.words = cast.words
        cut = Truncation(cast.asked[0].turn_id, 0, heard_text)
        other.notes = [Notes(dict(cast.sounds), dict(cast.replies), cast.asked, [cut])]
        return replace(recording, cast=other)

    return tamper


def misheard(recording: Recording) -> Recording:
    sent = [replace(one, text="Nobody said this.") if one.kind == "user_text" else one for one in recording.sent]
    return replace(recording, sent=sent)


def ended_badly(recording: Recording) -> Recording:
    return replace(recording, streams=[replace(log, status="INTERNAL") for log in recording.streams])


TAMPERING: list[tuple[str, Tamper]] = [
    ("a turn's events are in order", moved("turn_metrics", 0, "turn_complete")),
    ("a turn's events are in order", moved("text_delta", 0, "turn_metrics")),
    ("one terminal event for each turn", without("turn_complete")),
    ("nothing of a turn behind its end, nothing older behind a newer one", moved("audio_chunk", 3, "turn_complete")),
    ("nothing of a turn behind its end, nothing older behind a newer one", moved("turn_started", 0, "text_delta")),
    ("seq without gaps", lost_number),
    ("acknowledgements rise and never run ahead", lambda r: with_got(r, [g._replace(ack=10**6) for g in r.got])),
    ("turns are counted", edited("turn_started", 1, turn_index=1)),
    ("metrics count what came", edited("turn_metrics", audio_chunk_count=lambda count: count + 1)),
    ("metrics count what came", without("audio_chunk", 5)),
    ("every question is answered", without("pong")),
    ("every question is answered", without("control_ack")),
    ("every question is answered", without("error")),
    ("pts rise in each medium", edited("audio_chunk", 3, pts_us=lambda pts: pts - 1000)),
    ("pts rise in each medium", edited("video_frame", 3, pts_us=lambda pts: pts - 50_000)),
    ("sound is contiguous", edited("audio_chunk", 3, pts_us=lambda pts: pts + 1000)),
    ("sound is contiguous", edited("audio_chunk", 3, chunk_index=7)),
    ("runs of packets are whole", edited("audio_chunk", 3, codec=media_pb2.AUDIO_CODEC_OPUS)),
    ("runs of packets are whole", edited("audio_chunk", 3, skip_sample_count=60)),
    ("the sound is the voice's", edited("audio_chunk", 3, data=lambda data: data[:-2] + b"\x01\x01")),
    ("the sound is the voice's", without("audio_chunk", 3)),
    ("ends are where the media end", edited("turn_stopped", audio_end_pts_us=lambda pts: pts + 40_000)),
    ("ends are where the media end", edited("turn_started", media_start_pts_us=lambda pts: pts + 10**6)),
    ("speaking events are paired", without("speaking", 1)),
    ("speaking events are paired", edited("speaking", 0, pts_us=lambda pts: pts + 10_000)),
    ("pause and resume alternate", without("turn_paused")),
    ("pause and resume alternate", doubled("turn_paused")),
    ("pause and resume alternate", edited("turn_resumed", paused_ms=5)),
    ("a held turn is silent", without("turn_resumed")),
    ("a held turn is silent", behind("turn_paused", 0, "video_frame", blurred)),
    ("a turn is held where the client was", edited("turn_paused", pts_us=lambda pts: pts + 10_000)),
    ("a turn is held where the client was", edited("turn_paused", pts_us=0)),
    ("a turn is held where the client was", edited("turn_paused", is_estimate=True)),
    ("a turn is held where the client was", replaced(pauses=[])),
    ("a held turn goes on where it is told", edited("turn_resumed", pts_us=lambda pts: pts + 10_000)),
    ("a held turn goes on where it is told", edited("turn_resumed", pts_us=lambda pts: pts - 10_000)),
    ("words lie where they are heard at last", behind("turn_resumed", 0, "word_timing", without)),
    ("every question is answered", without("turn_paused", 1)),
    ("every question is answered", without("turn_resumed")),
    ("the sound is the voice's", edited("turn_paused", pts_us=lambda pts: pts - 10_000)),
    ("speaking events are paired", behind("turn_resumed", 0, "speaking", without)),
    ("what was heard is what was played", edited("turn_stopped", 2, heard_pts_us=lambda pts: pts + 10_000)),
    ("what was heard is what was played", edited("turn_stopped", 2, heard_is_estimate=True)),
    ("what was heard is what was played", edited("turn_stopped", 2, heard_text="")),
    ("text is whole and in place", edited("text_delta", 0, offset=1)),
    ("text is whole and in place", edited("turn_complete", 0, text="another")),
    ("the text is what was asked for", misheard),
    ("words are in their sound", edited("word_timing", 2, pts_us=lambda pts: pts + 500_000)),
    ("words are in their sound", edited("word_timing", 2, offset=lambda offset: offset + 1)),
    ("what was heard is what was played", edited("turn_stopped", 0, heard_text=scenes.LONG)),
    ("what was heard is what was played", edited("turn_stopped", 0, heard_text="")),
    ("an estimate is called one", edited("turn_stopped", 0, heard_is_estimate=True)),
    ("an estimate is called one", edited("turn_stopped", 1, heard_is_estimate=False)),
    ("an estimate is called one", edited("turn_stopped", 1, heard_text="")),
    ("memory holds what was heard", forgetful),
    ("a realtime model is told what was heard", truncated("")),
    ("a realtime model is cut where its words end", truncated("some words that were not in these samples " * 9)),
    ("a stop is prompt", late_stop),
    ("degraded mode is told on entry and exit", left_degraded_unasked),
    ("revisions of controls rise", edited("turn_started", 2, control_revision=1)),
    ("revisions of controls rise", edited("audio_chunk", 3, control_revision=99)),
    ("a stream begins with its state", without("session_state")),
    ("streams end as they should", ended_badly),
    ("errors are named", edited("error", reason="")),
    ("errors are named", edited("error", reason="INTERNAL")),
    ("memory is bounded", replaced(most_waiting=10_000)),
    ("nothing is left", replaced(tasks_left=["turn t_1"])),
    ("no bugs", replaced(bugs_logged=["turn failed: KeyError()"])),
    ("the session is usable after anything", replaced(complaints=["the last turn was not completed"])),
]


@pytest.mark.parametrize(("invariant", "tamper"), TAMPERING)
def test_tampering_is_seen(invariant: str, tamper: Tamper) -> None:
    """By the invariant that is about it."""
    recording, world = conversation()
    assert invariant in {breach.invariant for breach in breaches(tamper(recording), world)}


@pytest.mark.parametrize(
    ("invariant", "tamper"),
    [
        ("runs of packets are whole", without("audio_chunk", 3)),
        ("runs of packets are whole", edited("audio_chunk", 0, skip_sample_count=0)),
        ("runs of packets are whole", edited("audio_chunk", 3, skip_sample_count=60)),
        ("runs of packets are whole", edited("audio_chunk", 3, pts_us=lambda pts: pts + 100)),
        ("runs of packets are whole", edited("audio_chunk", 3, codec=media_pb2.AUDIO_CODEC_PCM_S16LE)),
        ("the sound is the voice's", edited("audio_chunk", 0, skip_sample_count=61)),
        ("the sound is the voice's", edited("audio_chunk", 3, sample_count=479)),
    ],
)
def test_tampering_with_packets_is_seen(invariant: str, tamper: Tamper) -> None:
    """As with everything else."""
    recording, world = in_packets()
    assert invariant in {breach.invariant for breach in breaches(tamper(recording), world)}


def test_every_invariant_can_fail() -> None:
    """None is left out above, or in test_resumed.py."""
    from tests.testing.simulator import test_resumed as others

    tried = (*TAMPERING, *others.TAMPERING, *others.SHORT_TAMPERING)
    assert {invariant for invariant, _ in tried} == set(INVARIANTS)


def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn's end overtakes what waits to be sent."""
    emit = Outbox.emit

    def overtaking(self: Outbox, event: Event, turn_id: str = "") -> None:
        emit(self, event, turn_id)
        if isinstance(event, TurnComplete | TurnStopped):
            self._lane.rotate(1)

    monkeypatch.setattr(Outbox, "emit", overtaking)


def uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was never sent stays in the figures."""
    monkeypatch.setattr(Tally, "take_back", lambda self, unsent: None)


def optimistic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was said counts as heard."""
    monkeypatch.setattr(SpeechLedger, "heard_code_points", lambda self, sample: 10_000)


def flattering(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupted answer is remembered as if it had been heard to its end."""
    add = History.add_person
    monkeypatch.setattr(History, "add_person", lambda self, text, cut: add(self, text + " and more", False))


def clipping(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last sample of every chunk is lost."""
    place = Timeline.place

    def clipped(self: Timeline, chunk: SpeechChunk, *more: Any, **named: Any) -> SpeechSpan:
        return place(self, replace(chunk, pcm=chunk.pcm[:-1]), *more, **named)

    monkeypatch.setattr(Timeline, "place", clipped)


def slow_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The media clock stands, so nothing is known of what is heard by now."""
    monkeypatch.setattr(MediaClock, "position", lambda self, now_s: self._anchor_sample)


def stuttering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Held speech goes on ten milliseconds before the sample at which it was held."""
    rewind = Timeline.rewind
    early = ms_to_samples(10)
    monkeypatch.setattr(Timeline, "rewind", lambda self, heard, *more: rewind(self, max(0, heard - early), *more))


def unanswering(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop takes back that the turn was held, if that waits to be sent."""
    monkeypatch.setattr(turn_runner, "take_back_at_stop", lambda turn, unsent: turn.tally.take_back(unsent))


def forgetful_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """What turns out later to have been heard is mended in our own memory alone."""
    mend = Memory._mend

    def alone(self: Memory, last: Any, *more: Any, **named: Any) -> TurnHeard:
        was, last.is_ours = last.is_ours, False
        try:
            return mend(self, last, *more, **named)
        finally:
            last.is_ours = was

    monkeypatch.setattr(Memory, "_mend", alone)


def counting_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time for which the voice was waited for counts as speech."""
    monkeypatch.setattr(TurnRunner, "speech_samples_until", lambda self, sample: sample - self.start_sample)


def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Motion frames do not count as seen."""
    without = property(lambda self: max(self.audio_end_sample, self.video_end_sample))
    monkeypatch.setattr(Tally, "sent_end_sample", without)


BROKEN_SERVERS: list[tuple[Callable[[pytest.MonkeyPatch], None], str, int]] = [
    (hasty, "nothing of a turn behind its end, nothing older behind a newer one", 1),
    (hasty, "a turn's events are in order", 1),
    (uncounted, "metrics count what came", 1),
    (optimistic, "what was heard is what was played", 1),
    (flattering, "memory holds what was heard", 1),
    (clipping, "the sound is the voice's", 1),
    (slow_clock, "an estimate is called one", 101),
    (forgetful_of_others, "a realtime model is told what was heard", 1),
    (counting_silence, "a realtime model is cut where its words end", 1),
    (stuttering, "the sound is the voice's", 1),
    (unanswering, "every question is answered", 801),
    (blind, "a turn is held where the client was", 2501),
]


@pytest.mark.parametrize(("breaks", "invariant", "first_seed"), BROKEN_SERVERS)
def test_a_broken_server_is_found(
    monkeypatch: pytest.MonkeyPatch, breaks: Callable[[pytest.MonkeyPatch], None], invariant: str, first_seed: int
) -> None:
    """By chance, within a hundred conversations from a seed on."""
    breaks(monkeypatch)
    check_found(invariant, first_seed)


def check_found(invariant: str, first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 100):
        world = draw_world(seed)
        if invariant in {breach.invariant for breach in breaches(play(world), world)}:
            return
    pytest.fail(f"nobody noticed: {invariant}")


def test_terminal_kinds() -> None:
    """The checks look for these two."""
    assert {"turn_complete", "turn_stopped"} == TERMINAL
