"""States that are told, and what is left behind."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tth.testing.simulator.checks.pauses import pieces_of
from tth.testing.simulator.recording import Recording
from tth.testing.simulator.world import World

EVENTS_PER_S = 60
"""That must not be lost: chunks of 40 ms, and as many words."""


def degraded_paired(recording: Recording, world: World) -> Iterator[str]:
    """Exit follows entry; and when pictures come again after they were said to be lost, that is taken back. A notice
    may pass pictures that wait in the outbox."""
    for number, events in enumerate(recording.of_stream):
        active: dict[str, str] = {}
        lost_s, shown = math.inf, False
        for one in events:
            if one.kind == "degraded_mode":
                body = one.body
                if not body.active and body.component not in active:
                    yield f"{body.component} leaves a degraded mode that it never entered"
                if body.active:
                    active[body.component] = body.reason
                    if not body.reason or not body.action:
                        yield f"{body.component} is degraded without reason or action"
                else:
                    active.pop(body.component, None)
                if body.component == "avatar":
                    lost_s, shown = one.at_s if body.active and not body.level else math.inf, False
            elif one.kind == "video_frame" and one.at_s > lost_s and recording.streams[number].is_quick:
                if shown:
                    yield f"pictures are shown and still said to be lost at seq {one.seq}"
                shown = True


def revisions_rise(recording: Recording, world: World) -> Iterator[str]:
    """From turn to turn, from acknowledgement to acknowledgement, in each medium of a turn; media have none that is
    unknown. An acknowledgement may pass what waits in the outbox."""
    newest = turns = acks = 0
    by_medium: dict[str, int] = {}
    for one in recording.told:
        match one.kind:
            case "turn_started":
                revision = one.body.control_revision
                if revision < turns:
                    yield f"{one.turn_id} starts with revision {revision} after {turns}"
                turns = revision
                newest = max(newest, revision)
            case "control_ack":
                revision = one.body.report.control_revision
                if revision <= acks:
                    yield f"an update is acknowledged as revision {revision} after {acks}"
                acks = revision
                newest = max(newest, revision)
            case "session_state":
                newest = max(newest, one.body.control_report.control_revision)
            case "audio_chunk" | "video_frame" | "motion_frame":
                revision = one.body.control_revision
                last = 0 if one.kind == "audio_chunk" else by_medium.get(one.kind, 0)
                if not revision:  # nobody has named one to an avatar that has seen neither speech nor change
                    continue
                if revision < last and one.turn_id:
                    yield f"{one.kind} of {one.turn_id} has revision {revision} after {last}"
                if revision > newest:
                    yield f"{one.kind} has revision {revision}, {newest} is the newest that was told"
                by_medium[one.kind] = revision if one.turn_id else 0
            case _:
                pass
    yield from _revisions_heard(recording)


def _revisions_heard(recording: Recording) -> Iterator[str]:
    """Sound that a pause made void comes again as it was made, behind newer that is void."""
    last = 0
    for turn_id, events in recording.of_turn.items():
        for piece in pieces_of(events):
            revision = piece.chunk.body.control_revision
            if revision < last:
                yield f"audio_chunk of {turn_id} has revision {revision} after {last}"
            last = revision


def begins_with_state(recording: Recording, world: World) -> Iterator[str]:
    """The first event of each stream is `session_state`, but for what is told again."""
    for number, told in enumerate(recording.of_stream):
        events = [one for one in told if not one.is_again]
        if events and events[0].kind != "session_state":
            yield f"stream {number} begins with {events[0].kind}"


def ends_well(recording: Recording, world: World) -> Iterator[str]:
    """Every stream ends with a status that belongs to what happened."""
    for number, log in enumerate(recording.streams):
        allowed = {"OK"}
        if log.cancelled:
            allowed |= {"CANCELLED"}
        if (log.fell_silent or log.taken_over) and number not in recording.states:  # it never arrived
            allowed |= {"FIRST_MESSAGE_MISSING"}
        if recording.has_strayed(number):
            allowed |= {"INVALID_REQUEST"}
        if log.reads in ("slow", "stalls", "never"):
            allowed |= {"SLOW_CONSUMER"}
        if log.taken_over:  # `who takes a session over has it alone` is stricter
            allowed |= {"SESSION_TAKEN_OVER"}
        if recording.ended or not world.limits.are_usual:
            allowed |= {"SESSION_NOT_FOUND"}
        if recording.drained or log.server in recording.stopped:
            allowed |= {"DRAINING"}
        if log.status not in allowed:
            yield f"stream {number} ({log.reads}) ended with {log.status or 'nothing'}, not {sorted(allowed)}"


def errors_named(recording: Recording, world: World) -> Iterator[str]:
    """An error has a reason, a scope and no text of the user; INTERNAL only where an adapter has a bug."""
    has_bugs = any(what.endswith(" bug") for what in recording.cast.happened)
    for one in recording.of_kind["error"]:
        body = one.body
        if not body.reason or not body.scope or not body.message:
            yield f"an error without reason, scope or message at seq {one.seq}"
        if body.reason == "INTERNAL" and not has_bugs:
            yield f"INTERNAL at seq {one.seq}, and no adapter had a bug"
    for turn_id, events in recording.known_turns.items():
        failed = [one.body.reason for one in events if one.kind == "error" and one.body.scope == 2]
        terminal = events[-1]
        if terminal.kind == "turn_complete" and failed:
            yield f"{turn_id} was completed in spite of {failed}"
        if terminal.kind == "turn_stopped" and events[0].kind == "turn_started":
            reason = terminal.body.error_reason
            if [reason] * bool(reason) != failed:
                yield f"{turn_id} was stopped for {reason or 'nothing'}, its errors are {failed}"


def bounded(recording: Recording, world: World) -> Iterator[str]:
    """No more events wait than the outbox takes, and what a turn makes while a client that stalls is given up."""
    limit = world.outbox_events + round(EVENTS_PER_S * (world.stalled_ms + world.max_ahead_ms) / 1000)
    if recording.most_waiting > limit:
        yield f"{recording.most_waiting} events waited, {limit} are allowed"


def nothing_left(recording: Recording, world: World) -> Iterator[str]:
    """No task outlives the session."""
    if recording.tasks_left:
        yield f"tasks are left: {recording.tasks_left}"


def no_bugs(recording: Recording, world: World) -> Iterator[str]:
    """The server's log has no error but those of adapters with a bug."""
    for line in recording.bugs_logged:
        if "a bug in the simulated" not in line:
            yield line


def usable(recording: Recording, world: World) -> Iterator[str]:
    """What the simulated people found wrong: answers that did not come, streams that did not end."""
    yield from recording.complaints
