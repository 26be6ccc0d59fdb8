"""Every invariant of streams that resume, and of a session's limits, is shown a conversation that it must not let pass:
a recording that was tampered with, and a server that was broken on purpose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from tests.testing.simulator import scenes
from tests.testing.simulator.test_checks import Tamper, at, check_found, edited, with_got
from tth.core.replay import ReplayRing
from tth.errors import TakenOver, TTHError
from tth.model.commands import Resume
from tth.model.controls import Controls, IdleMode
from tth.model.media import MediaPreferences, VideoCodec
from tth.server.stream import ConverseStream
from tth.session.conversation import Conversation
from tth.session.memory import Memory
from tth.session.resumption import Reopening, Resumption
from tth.session.store import IDLE, MemorySessions
from tth.session.terms import OverlapPolicy
from tth.session.turns import Turns
from tth.testing.simulator.checks import breaches
from tth.testing.simulator.recording import Got, Recording, StreamLog
from tth.testing.simulator.stage import play
from tth.testing.simulator.steps import EndSession, Rest, Say
from tth.testing.simulator.transport import Reading, Reads
from tth.testing.simulator.world import SMALL, Limits, World

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(600)]  # as in test_run.py


@cache
def conversation() -> tuple[Recording, World]:
    world = scenes.world(steps=scenes.LOST_AND_RESUMED)
    return play(world), world


@cache
def short_conversation() -> tuple[Recording, World]:
    world = scenes.world(steps=scenes.LOST_AND_RESUMED, limits=Limits(turns=2))
    return play(world), world


def test_a_good_conversation_passes() -> None:
    """And it holds all that the tampering below needs."""
    recording, world = conversation()
    assert [str(breach) for breach in breaches(recording, world)] == []
    ends = [log.status for log in recording.streams]
    assert ends == ["CANCELLED", "CANCELLED", "SESSION_TAKEN_OVER", "OK", "OK"]
    assert [log.comeback is not None for log in recording.streams] == [False, True, True, True, False]
    assert {one.kind for one in recording.got if one.is_again} >= {"turn_metrics", "turn_stopped", "turn_heard"}
    assert {one.kind for one in recording.lost} >= {"audio_chunk", "word_timing", "video_frame"}
    assert {one.kind for one in recording.repeated} >= {"word_timing"}
    assert recording.sent_again == {"user_text": 3, "ping": 1}  # two of the texts had been taken
    assert [one.how for one in recording.intruders] == ["wrong", "elsewhere", "old", "unasked"]
    assert recording.holes == []


def test_a_short_conversation_passes() -> None:
    """Its limit is two turns."""
    recording, world = short_conversation()
    assert [str(breach) for breach in breaches(recording, world)] == []
    assert [one.body.reason for one in recording.of_kind["go_away"]] == ["SESSION_TURNS"]


@cache
def stalled_conversation() -> tuple[Recording, World]:
    """A client that has not read for a while: two turns wait for it, and go_away passes them."""
    says = (Rest(50), Say(("One.",), "say"), Say(("Two.",), "say"), Rest(3_000))
    reading = Reading(Reads.STALLS, stall_ms=2_500, every_ms=10, window=1)
    world = scenes.world(
        steps=says,
        overlap=OverlapPolicy.QUEUE,
        reading=reading,
        stalled_ms=60_000,
        limits=Limits(turns=2),
        controls=Controls(fps=4, resolution=SMALL, idle_mode=IdleMode.NONE),
        media=MediaPreferences(video_codec=VideoCodec.NONE),
    )
    return play(world), world


def test_a_notice_may_pass_what_waits_for_a_slow_reader() -> None:
    """Turns that had begun are told behind it, and count all the same."""
    recording, world = stalled_conversation()
    assert [str(breach) for breach in breaches(recording, world)] == []
    (away,), begun = recording.of_kind["go_away"], recording.of_kind["turn_started"]
    assert away.body.reason == "SESSION_TURNS"
    assert [one.body.turn_index for one in begun if one.seq > away.seq][-1] == 2
    broken = edited("turn_started", -1, turn_index=1)(recording)
    assert "who has to go is told why" in {breach.invariant for breach in breaches(broken, world)}


def test_a_session_that_somebody_ends_is_not_there_for_a_stream_that_comes_later() -> None:
    """Its first message was on its way when EndSession came; before that it would have had to find it."""
    world = scenes.world(steps=(Rest(20), EndSession()), uplink_ms=40)
    recording = play(world)
    assert [log.status for log in recording.streams] == ["SESSION_NOT_FOUND"]
    assert [str(breach) for breach in breaches(recording, world)] == []
    recording.ended_s += 0.1
    assert {breach.invariant for breach in breaches(recording, world)} == {"a session lasts as long as its limits say"}


def again(kind: str, then: Callable[[str, int], Tamper], number: int = 0) -> Tamper:
    """Something is done to the n-th event of a kind that was told again."""

    def tamper(recording: Recording) -> Recording:
        of_kind = [one for one in recording.got if one.kind == kind]
        place = [at for at, one in enumerate(of_kind) if one.is_again][number]
        return then(kind, place)(recording)

    return tamper


def gone(kind: str, number: int) -> Tamper:
    """One event is lost, and its number with it."""

    def tamper(recording: Recording) -> Recording:
        place = at(recording, kind, number)
        return with_got(recording, [one for p, one in enumerate(recording.got) if p != place])

    return tamper


def erased(kind: str, number: int = 0) -> Tamper:
    """The n-th event of a kind that was told again never was: no copy of it is left, and no gap in the numbers."""

    def tamper(recording: Recording) -> Recording:
        one = [one for one in recording.got if one.kind == kind and one.is_again][number]

        def left(some: list[Got]) -> list[Got]:
            kept = (other for other in some if other.seq != one.seq)
            return [other._replace(seq=other.seq - (other.seq > one.seq)) for other in kept]

        lists = (left(recording.got), left(recording.lost), left(recording.repeated))
        return replace(recording, got=lists[0], lost=lists[1], repeated=lists[2])

    return tamper


def changed_log(number: int, **fields: Any) -> Tamper:
    def tamper(recording: Recording) -> Recording:
        streams = list(recording.streams)
        streams[number] = replace(streams[number], **fields)
        return replace(recording, streams=streams)

    return tamper


def said(number: int, **fields: Any) -> Tamper:
    """The client of this stream said something else when it resumed."""

    def tamper(recording: Recording) -> Recording:
        comeback = recording.streams[number].comeback
        assert comeback is not None
        return changed_log(number, comeback=replace(comeback, **fields))(recording)

    return tamper


def with_handle(stream: int, handle: str | None = None) -> Tamper:
    """The state of this stream brings another handle; None = the session's first."""

    def tamper(recording: Recording) -> Recording:
        states = [one for one in recording.got if one.kind == "session_state"]
        number = next(place for place, one in enumerate(states) if one.stream == stream)
        return edited("session_state", number, resume_handle=handle or recording.handles[0])(recording)

    return tamper


def media_again(recording: Recording) -> Recording:
    """A chunk that was lost comes again."""
    place = next(p for p, one in enumerate(recording.got) if one.is_again)
    lost = next(one for one in recording.lost if one.kind == "audio_chunk")
    new = lost._replace(is_again=True, stream=recording.got[place].stream)
    return with_got(recording, [*recording.got[:place], new, *recording.got[place:]])


def twice(recording: Recording) -> Recording:
    """What was lost comes twice on one stream."""
    one = next(one for one in recording.got if one.is_again)
    return replace(recording, repeated=[*recording.repeated, one])


def others(recording: Recording) -> Recording:
    """The stream that was taken over sees a message of the other one."""
    heir = [one for one in recording.got if one.stream == 3 and not one.is_again][1]
    return replace(recording, lost=[*recording.lost, heir._replace(stream=2)])


def repeated_otherwise(recording: Recording) -> Recording:
    """What comes again is another turn's."""
    first = recording.repeated[0]
    return replace(recording, repeated=[first._replace(turn_id="another"), *recording.repeated[1:]])


def intruder(number: int, **fields: Any) -> Tamper:
    def tamper(recording: Recording) -> Recording:
        found = list(recording.intruders)
        found[number] = replace(found[number], **fields)
        return replace(recording, intruders=found)

    return tamper


def sent_once(recording: Recording) -> Recording:
    """One text was sent and two turns say it."""
    texts = [place for place, one in enumerate(recording.sent) if one.text == scenes.LONG]
    return replace(recording, sent=[one for place, one in enumerate(recording.sent) if place != texts[1]])


def first_picture(**fields: Any) -> Tamper:
    """Of the stream that resumed."""

    def tamper(recording: Recording) -> Recording:
        frames = [one for one in recording.got if one.kind == "video_frame"]
        number = next(place for place, one in enumerate(frames) if one.stream == 1)
        return edited("video_frame", number, **fields)(recording)

    return tamper


def runs_on(recording: Recording) -> Recording:
    """The end of the turn that was lost comes behind the state of the stream that resumed."""
    got = list(recording.got)
    ends = [place for place, one in enumerate(got) if one.is_again and one.stream == 1]
    state = at(recording, "session_state", 1)
    moved = [*got[: ends[0]], got[state], *got[ends[0] : state], *got[state + 1 :]]
    seqs = sorted(one.seq for one in moved)
    return with_got(recording, [one._replace(seq=seq) for one, seq in zip(moved, seqs, strict=True)])


def fallen_ack(recording: Recording) -> Recording:
    """The stream that resumed knows nothing of what had been taken."""
    got = [one._replace(ack=0) if one.stream == 1 and not one.is_again else one for one in recording.got]
    return with_got(recording, got)


def two_pongs(recording: Recording) -> Recording:
    """A ping that was sent again is answered again."""
    pong = next(one for one in recording.got if one.kind == "pong")
    last = max(one.seq for one in recording.got if one.stream == 3)
    got = [one._replace(seq=one.seq + 1) if one.seq > last else one for one in recording.got]
    place = next(p for p, one in enumerate(got) if one.seq > last)
    return with_got(recording, [*got[:place], pong._replace(seq=last + 1, stream=3), *got[place:]])


def late_end(recording: Recording) -> Recording:
    """The stream that was told to go stays."""
    number = recording.of_kind["go_away"][0].stream
    return changed_log(number, closed_s=recording.streams[number].closed_s + 5)(recording)


TAMPERING: list[tuple[str, Tamper]] = [
    ("a stream that resumes begins with what was missed", edited("session_state", 1, resumed=False)),
    ("a stream that resumes begins with what was missed", edited("session_state", 0, resumed=True)),
    ("a stream that resumes begins with what was missed", media_again),
    ("a stream that resumes begins with what was missed", twice),
    ("a stream that resumes begins with what was missed", said(1, last_seq=10**6, taken_seq=10**6)),
    ("nothing but media is lost, or a gap is told", again("turn_metrics", gone)),
    ("nothing but media is lost, or a gap is told", edited("session_state", 1, gap=True)),
    ("nothing but media is lost, or a gap is told", said(2, last_seq=10**6)),
    ("what is told again is what was told", repeated_otherwise),
    ("handles are renewed", with_handle(1)),
    ("handles are renewed", with_handle(4, "a handle for everybody")),
    ("memory is mended to what a client had heard", erased("turn_heard", 1)),
    ("memory is mended to what a client had heard", edited("turn_heard", 0, heard_text=scenes.LONG)),
    ("memory is mended to what a client had heard", said(1, told_sample=0)),
    ("who takes a session over has it alone", changed_log(2, status="OK")),
    ("who takes a session over has it alone", others),
    ("who has no right learns nothing", intruder(0, status="OK")),
    ("who has no right learns nothing", intruder(0, got_count=1)),
    ("who has no right learns nothing", intruder(2, message="the handle is too old")),
    ("who has no right learns nothing", intruder(3, status="SESSION_NOT_FOUND")),
    ("a stream's pictures begin with a key frame", first_picture(keyframe=False)),
    ("a stream's pictures begin with a key frame", first_picture(pts_us=0)),
    ("a session lasts as long as its limits say", changed_log(4, status="SESSION_NOT_FOUND")),
    ("one terminal event for each turn", erased("turn_stopped")),
    ("nothing of a turn behind its end, nothing older behind a newer one", runs_on),
    ("acknowledgements rise and never run ahead", fallen_ack),
    ("the text is what was asked for", sent_once),
    ("every question is answered", two_pongs),
    ("memory holds what was heard", erased("turn_heard")),
]
SHORT_TAMPERING: list[tuple[str, Tamper]] = [
    ("who has to go is told why", edited("go_away", reason="SESSION_LIFETIME")),
    ("who has to go is told why", edited("go_away", reason="BOREDOM")),
    ("who has to go is told why", edited("go_away", time_left_ms=12_345)),
    ("who has to go is told why", edited("turn_started", 1, turn_index=1)),
    ("who has to go is told why", late_end),
    ("a session lasts as long as its limits say", edited("turn_started", 1, turn_index=3)),
]


@pytest.mark.parametrize(("invariant", "tamper"), TAMPERING)
def test_tampering_is_seen(invariant: str, tamper: Tamper) -> None:
    """By the invariant that is about it."""
    recording, world = conversation()
    assert invariant in {breach.invariant for breach in breaches(tamper(recording), world)}


@pytest.mark.parametrize(("invariant", "tamper"), SHORT_TAMPERING)
def test_tampering_with_an_end_is_seen(invariant: str, tamper: Tamper) -> None:
    """The same for a session that ends by itself."""
    recording, world = short_conversation()
    assert invariant in {breach.invariant for breach in breaches(tamper(recording), world)}


def test_copies_are_told_once() -> None:
    """What was lost and came again counts once, at the time of its first sending; the client took it when it came."""
    recording, _ = conversation()
    assert [one.seq for one in recording.told] == list(range(1, len(recording.told) + 1))
    taken_again = {one.seq for one in recording.got if one.is_again}
    first = {one.seq for one in recording.told if not one.is_again}
    assert taken_again & first
    known: dict[int, Got] = {one.seq: one for one in recording.got}
    assert all(one.at_s <= known[one.seq].at_s for one in recording.told if one.seq in known)


def test_a_hole_is_known() -> None:
    """Numbers that nobody told; before the last of them, behind it, and to the end of a stream that was lost."""
    log = StreamLog(0.0, status="CANCELLED")
    recording, _ = conversation()
    some = [recording.got[0]._replace(seq=seq) for seq in (1, 2, 5, 6)]
    cut = Recording(recording.cast, got=some, streams=[log])
    assert cut.holes == [(3, 4)]
    assert [cut.has_hole(2, 5), cut.has_hole(0, 2), cut.has_hole(5, 6)] == [True, False, False]
    assert cut.has_hole(6)
    log.status = "OK"
    assert not cut.has_hole(6)


# ---- servers


def gullible(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages that were taken before are taken again."""
    monkeypatch.setattr(Resumption, "is_repeated", lambda self, client_seq: False)


def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any handle fits."""
    monkeypatch.setattr(Resumption, "admits", lambda self, handle: True)


def lazy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The handle stays what it was."""
    reopen = Resumption.reopen

    def same(self: Resumption, handle: str, last_seq: int) -> Reopening:
        old = self.handle
        found = reopen(self, handle, last_seq)
        self.handle = old
        return found

    monkeypatch.setattr(Resumption, "reopen", same)


def sloppy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last event that was missed is not told."""
    after = ReplayRing.after
    monkeypatch.setattr(ReplayRing, "after", lambda self, seq: after(self, seq)[:-1])


def careless(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waited when a stream was lost is forgotten."""
    monkeypatch.setattr(ConverseStream, "_keep_rest", lambda self, conversation, outbox: outbox.rest())


def secretive(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gap is not told."""
    monkeypatch.setattr(ReplayRing, "misses", lambda self, seq: False)


def stubborn(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a client says that comes back changes nothing."""
    monkeypatch.setattr(Memory, "regain", lambda self, sample: None)


def polite(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that is taken over ends as if its client had wanted it."""
    lose = Conversation.lose

    def quietly(self: Conversation, error: TTHError | None = None) -> None:
        lose(self, None if isinstance(error, TakenOver) else error)

    monkeypatch.setattr(Conversation, "lose", quietly)


def backward(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of a session is set back when it resumes."""
    reopen = Conversation.reopen

    def back(self: Conversation, resume: Resume) -> Reopening:
        self.media_clock._anchor_sample = self.media_clock.end_sample = 0
        return reopen(self, resume)

    monkeypatch.setattr(Conversation, "reopen", back)


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever's time is over for another reason is said to have been idle."""
    why = MemorySessions._why_over
    monkeypatch.setattr(MemorySessions, "_why_over", lambda self, one: why(self, one) and IDLE)


def generous(monkeypatch: pytest.MonkeyPatch) -> None:
    """There may be any number of turns."""
    monkeypatch.setattr(Turns, "are_used_up", property(lambda self: False))


BROKEN_SERVERS: list[tuple[Callable[[pytest.MonkeyPatch], None], str]] = [
    (gullible, "every question is answered"),
    (gullible, "the text is what was asked for"),
    (trusting, "who has no right learns nothing"),
    (lazy, "handles are renewed"),
    (sloppy, "nothing but media is lost, or a gap is told"),
    (careless, "one terminal event for each turn"),
    (secretive, "nothing but media is lost, or a gap is told"),
    (stubborn, "memory is mended to what a client had heard"),
    (polite, "who takes a session over has it alone"),
    (backward, "pts rise in each medium"),
    (impatient, "who has to go is told why"),
    (generous, "a session lasts as long as its limits say"),
]


@pytest.mark.parametrize(("breaks", "invariant"), BROKEN_SERVERS)
def test_a_broken_server_is_found(
    monkeypatch: pytest.MonkeyPatch, breaks: Callable[[pytest.MonkeyPatch], None], invariant: str
) -> None:
    """By chance, within a hundred conversations."""
    breaks(monkeypatch)
    check_found(invariant, 1)
