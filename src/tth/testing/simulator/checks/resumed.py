"""Streams that go on where another one was lost: what is told again, what is remembered, and who may."""

from __future__ import annotations

from collections.abc import Iterator

from tth.model.media import us_to_samples
from tth.session.keeper import CHECKPOINT_S, RENEW_S, SPACING_S
from tth.session.terms import OverlapPolicy
from tth.testing.simulator.checks.heard import FAR, NEVER_BEGUN, is_near, speech_end_of
from tth.testing.simulator.checks.pauses import held_at_end
from tth.testing.simulator.checks.texts import heard_words, text_of, word_ends
from tth.testing.simulator.recording import (
    OF_THE_MOMENT,
    TERMINAL,
    Comeback,
    Got,
    Pause,
    Recording,
    Stop,
    StreamLog,
    was_server_lost,
)
from tth.testing.simulator.world import World
from tth.v1.converse_pb2 import TurnOutcome


def _comebacks(recording: Recording) -> Iterator[tuple[int, StreamLog, Comeback, Got]]:
    """Streams that resumed: number, log, what was said, and the state that was told."""
    for number, log in enumerate(recording.streams):
        state = recording.states.get(number)
        if log.comeback is not None and state is not None:
            yield number, log, log.comeback, state


def _again(recording: Recording, number: int) -> list[Got]:
    """All that a stream told again, also what the client had already, or never got; as it was sent."""
    copies = (*recording.got, *recording.repeated, *recording.lost)
    return sorted((one for one in copies if one.stream == number and one.is_again), key=lambda one: one.seq)


def begins_with_what_was_missed(recording: Recording, world: World) -> Iterator[str]:
    """What is told again lies behind the client's number, rises, and holds nothing of the moment; then the state says
    that the stream has resumed. A stream that does not resume tells nothing again, and says so."""
    for number, log in enumerate(recording.streams):
        state, again = recording.states.get(number), _again(recording, number)
        if state is not None and state.body.resumed != (log.comeback is not None):
            yield f"stream {number}: resumed is {state.body.resumed}"
        if again and log.comeback is None:
            yield f"stream {number} did not resume, and tells {again[0].kind} again"
        elif log.comeback is not None:
            seqs = [one.seq for one in again]
            if len(set(seqs)) < len(seqs):
                yield f"stream {number} tells the same again twice: {seqs}"
            if state is not None and again and again[-1].seq >= state.seq:
                yield f"stream {number}: seq {again[-1].seq} comes before its state, which has {state.seq}"
            if again and again[0].seq <= log.comeback.last_seq <= log.comeback.taken_seq:
                yield f"stream {number} tells seq {again[0].seq} again, the client had {log.comeback.last_seq}"
            for one in again:
                if one.kind in OF_THE_MOMENT:
                    yield f"stream {number} tells {one.kind} again at seq {one.seq}"


def nothing_lost_untold(recording: Recording, world: World) -> Iterator[str]:
    """All but media that lies behind the client's number comes again; where it does not, or may not for all that the
    server knows, and only there, `gap` is told, and `oldest_replayable_seq` lies behind it."""
    for number, _, comeback, state in _comebacks(recording):
        again = _again(recording, number)
        seqs, last_seq = {one.seq for one in again}, max(0, comeback.last_seq)
        missing = [
            one.seq
            for one in recording.told
            if last_seq < one.seq < state.seq and one.kind not in OF_THE_MOMENT and one.seq not in seqs
        ]
        missing += [last for first, last in recording.holes if last > last_seq and first < state.seq]
        new = sum(one.kind == "turn_heard" for one in again[-1:])  # the answer to what `resume` says
        is_beyond = last_seq > state.seq - 1 - new
        is_near = new and last_seq == state.seq - 1
        is_uncertain = recording.is_uncertain(number)
        if state.body.gap != bool(missing or is_beyond or is_uncertain) and not is_near:
            yield f"stream {number}: gap is {state.body.gap}, the client said {last_seq}, {missing} do not come again"
        if missing and max(missing) >= state.body.oldest_replayable_seq:
            yield f"stream {number}: {max(missing)} is missing, {state.body.oldest_replayable_seq} should not be"


def same_again(recording: Recording, world: World) -> Iterator[str]:
    """What is told again is what was told, to the last field."""
    known: dict[int, Got] = {}
    for one in sorted((*recording.got, *recording.repeated, *recording.lost), key=lambda one: one.stream):
        first = known.setdefault(one.seq, one)
        if (first.turn_id, first.kind, first.body, first.ack) != (one.turn_id, one.kind, one.body, one.ack):
            yield f"seq {one.seq} was {first.kind} of stream {first.stream}, and is {one.kind} of stream {one.stream}"


def handles_renewed(recording: Recording, world: World) -> Iterator[str]:
    """Every stream that resumes has a handle that nobody had before; another one has the session's."""
    known, is_newest_known = recording.handles[:1], True
    for number, log in enumerate(recording.streams):
        state = recording.states.get(number)
        if state is None:
            is_newest_known = is_newest_known and log.comeback is None  # it may have resumed, and nobody got to know
            continue
        handle = state.body.resume_handle
        if log.comeback is None and is_newest_known and handle != known[-1]:
            yield f"stream {number} did not resume, and has another handle"
        elif log.comeback is not None and handle in known:
            yield f"stream {number} has resumed with a handle that was there before"
        known, is_newest_known = [*known, handle], True


def mended(recording: Recording, world: World) -> Iterator[str]:
    """Of the turn that was spoken last when the stream was lost, so much is remembered as the client says that it had
    played, give or take a word: by `turn_stopped`, or by the `turn_heard` that came since."""
    settled: set[str] = set()
    before: StreamLog | None = None
    unanswered: set[int | None] = set()  # what streams said that may have resumed, though no state came of them
    for number, log in enumerate(recording.streams):
        state = recording.states.get(number)
        if state is None:
            unanswered |= {log.comeback.told_sample} if log.comeback is not None else set()
            continue
        last = _last_turn(recording, world, state.seq)
        was_lost = before is not None and (before.cancelled or before.status in _LOST)
        if log.comeback is not None and last is not None and was_lost and last[0].turn_id not in settled:
            assert before is not None
            text, is_open = _remembered(recording, last, before, state)
            if is_open and log.comeback.told_sample is not None and unanswered <= {log.comeback.told_sample}:
                if was_server_lost(last):
                    yield from _as_recorded(recording, last, text, log, before.last_s - OLDEST_S - world.record_s)
                else:
                    yield from _as_told(recording, last, text, log)
            if _is_cut(recording, world, last, state.seq):
                settled.add(last[0].turn_id)
        if not was_lost and last is not None:
            settled.add(last[0].turn_id)
        before, unanswered = log, set()


MAX_UPLINK_S = 0.2
"""Longer than any client's message takes."""
_LOST = frozenset(("SESSION_TAKEN_OVER", "SLOW_CONSUMER", "INVALID_REQUEST"))


def _last_turn(recording: Recording, world: World, before_seq: int) -> list[Got] | None:
    """The turn that ended last; None when its events are not all known."""
    for one in reversed(recording.told):
        if one.seq >= before_seq or one.kind not in TERMINAL:
            continue
        events = [event for event in recording.of_turn[one.turn_id] if event.seq <= one.seq]
        if len(events) <= NEVER_BEGUN and world.overlap is OverlapPolicy.QUEUE:
            return None  # whether it had begun is not known
        is_known = events[0].kind == "turn_started" and not recording.has_hole(events[0].seq, before_seq)
        return events if is_known else None
    return None


def _remembered(recording: Recording, events: list[Got], before: StreamLog, state: Got) -> tuple[str, bool]:
    """What is remembered of a turn when the next stream begins, and whether its client could certainly still say how
    much it had heard: not if it had said so before it was lost, or may have."""
    terminal = events[-1]
    whole, turn_id = terminal.kind == "turn_complete", terminal.turn_id
    text = terminal.body.text if whole else terminal.body.heard_text
    is_open = whole or terminal.body.outcome == TurnOutcome.TURN_OUTCOME_CANCELLED or was_server_lost(events)
    asked: list[Stop | Pause] = [*(stop for stop in recording.stops if not stop.by_text), *recording.pauses]
    may_be_cut = any(events[0].at_s - MAX_UPLINK_S <= one.at_s <= state.at_s for one in asked)
    for one in recording.of_kind["turn_heard"]:
        if one.body.turn_id == turn_id and one.seq < state.seq:
            text = one.body.heard_text
            is_open = is_open and (one.is_again or before.was_going(one.at_s)) and not may_be_cut
    return text, is_open


def _is_cut(recording: Recording, world: World, events: list[Got], until_seq: int) -> bool:
    """Its end was never heard: nothing that comes later changes that."""
    terminal = events[-1]
    heard = [one for one in recording.of_kind["turn_heard"] if one.body.turn_id == terminal.turn_id]
    heard = [one for one in heard if one.seq < until_seq]
    if terminal.kind != "turn_complete" or not heard:
        return terminal.kind != "turn_complete"
    return us_to_samples(heard[-1].body.heard_pts_us) < speech_end_of(terminal, world)


def _as_told(recording: Recording, events: list[Got], text: str, log: StreamLog) -> Iterator[str]:
    comeback, terminal = log.comeback, events[-1]
    assert comeback is not None
    assert comeback.told_sample is not None
    told, played = comeback.told_sample, comeback.played_sample
    held = held_at_end(events)
    if held is not None:  # nothing behind that can have been heard
        told, played = (FAR if told >= us_to_samples(held.body.pts_us) else told), FAR
    elif terminal.kind == "turn_complete" and terminal.is_again and told > played:
        return  # some of its sound waited with its end: how much there would have been to hear is not known
    stop = Stop(terminal.turn_id, False, log.opened_s, played, told, False)
    yield from is_near(recording, events, text, stop, 0)


OLDEST_S = CHECKPOINT_S + 2 * SPACING_S
"""A record of a turn that is spoken is no older."""


def _as_recorded(
    recording: Recording, events: list[Got], text: str, log: StreamLog, recorded_s: float
) -> Iterator[str]:
    """The server that goes on knows no more words than were written down: at least those of the sound that had come by
    then; and never more than were heard."""
    comeback = log.comeback
    said = recording.cast.sounds.get(events[0].turn_id)
    if comeback is None or comeback.told_sample is None or held_at_end(events) is not None:
        return
    if said is not None and not said.is_whole:
        return
    told = sum(end <= len(text) for end in word_ends(recording, events[0].turn_id, text_of(events)))
    least = heard_words(recording, events, comeback.told_sample, recorded_s) - 1
    most = heard_words(recording, events, comeback.told_sample) + 1
    if not least <= told <= most and comeback.told_sample <= comeback.played_sample:
        yield f"{events[0].turn_id}: {told} words are remembered by another server, {least} to {most} would be right"


def taken_over(recording: Recording, world: World) -> Iterator[str]:
    """A stream whose session another one takes ends with SESSION_TAKEN_OVER, and sees nothing of the other's."""
    for number, log in enumerate(recording.streams):
        if not log.taken_over:
            continue
        heir = next((n for n in range(number + 1, len(recording.streams)) if n in recording.states), None)
        is_plain = log.is_quick and not log.cancelled and number in recording.states
        ends = {"SESSION_TAKEN_OVER"}
        if log.server in recording.stopped:
            ends |= {"DRAINING"}
        if recording.ended or recording.drained or not world.limits.are_usual or recording.has_strayed(number):
            ends |= {"OK", "SESSION_NOT_FOUND", "INVALID_REQUEST", "DRAINING"}
        if heir is not None and is_plain and log.status not in ends:
            yield f"stream {number} was taken over by {heir} and ended with {log.status or 'nothing'}"
        if heir is None:
            continue
        first_seq = recording.states[heir].seq
        late = [one for one in (*recording.got, *recording.lost) if one.stream == number and one.seq >= first_seq]
        if late:
            yield f"stream {number} got seq {late[0].seq}, and {heir} had the session from {first_seq} on"
    yield from _let_go(recording)


LETS_GO_S = RENEW_S + 1.0
"""By then a server knows that another one has its session, and its stream has ended."""


def _let_go(recording: Recording) -> Iterator[str]:
    """A server that was only not reached ends the stream that it still has, and says nothing more."""
    for number, log in enumerate(recording.streams):
        forks = recording.forks_behind(number)
        if not forks or number not in recording.states:
            continue
        until_s = max(forks[0].at_s, recording.states[number].at_s) + LETS_GO_S
        if log.closed_s > until_s or not log.status:
            yield f"stream {number} was there {log.closed_s - forks[0].at_s:.1f} s when another server had its session"
        said = [one for one in recording.void if one.stream == number and log.is_quick and one.at_s > until_s]
        if said:
            yield f"stream {number} was told {said[0].kind} {said[0].at_s - forks[0].at_s:.1f} s after another server"


_STATUS = {"unasked": "SESSION_ATTACHED"}


def intruders_learn_nothing(recording: Recording, world: World) -> Iterator[str]:
    """A handle that does not fit looks like a session that is not there; a stream that is not the first is refused."""
    said = {one.message for one in recording.intruders if one.status == "SESSION_NOT_FOUND"}
    if len(said) > 1:
        yield f"what intruders are told differs: {sorted(said)}"
    for one in recording.intruders:
        if one.got_count:
            yield f"an intruder ({one.how}) got {one.got_count} messages"
        if one.status != _STATUS.get(one.how, "SESSION_NOT_FOUND") and not (
            one.status == "SESSION_NOT_FOUND" and not world.limits.are_usual
        ):
            yield f"an intruder ({one.how}) was sent away with {one.status}"


def key_frame_first(recording: Recording, world: World) -> Iterator[str]:
    """The first picture of each stream stands alone, and no medium of it lies before what was sent on another one."""
    for number, events in enumerate(recording.of_stream):
        first = next((one for one in events if one.kind == "video_frame"), None)
        if first is not None and not first.body.keyframe:
            yield f"stream {number}: its first picture, at seq {first.seq}, is no key frame"
        state = recording.states.get(number)
        media = next((one for one in events if one.kind in ("video_frame", "audio_chunk")), None)
        if state is None or media is None:
            continue
        if us_to_samples(media.body.pts_us) < us_to_samples(state.body.pts_us) - 1:
            yield f"stream {number}: its first {media.kind} lies before the clock that its state told"
