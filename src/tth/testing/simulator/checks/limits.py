"""How long a session lasts, and what is told of its end."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tth.server.app import DRAIN_POLL_S, STOP_GRACE_S, SWEEP_S, TTL_SPARE_S
from tth.testing.simulator.checks.order import never_begun
from tth.testing.simulator.recording import TERMINAL, Got, Recording
from tth.testing.simulator.world import DRAIN_S, Limits, World

_SPARE_S = 0.05
_TINY_S = 1e-6
_REASONS = ("SESSION_IDLE", "SESSION_LIFETIME", "SESSION_TURNS")


def told(recording: Recording, world: World) -> Iterator[str]:
    """`go_away` has a reason that is true, is told once, and no turn begins behind it, but that it passes those that
    wait for a slow reader, or for their record; and the stream ends with OK when the turn that runs has ended or had
    its time."""
    late = never_begun(recording, world)
    for number, events in enumerate(recording.of_stream):
        notices = [one for one in events if one.kind == "go_away"]
        if not notices:
            continue
        if len(notices) > 1 and not (recording.ended or recording.drained):
            yield f"stream {number} is told to go {len(notices)} times"
        notice, log = notices[0], recording.streams[number]
        yield from _is_true(recording, world, notice)
        for one in events:
            is_behind = one.seq > notice.seq and one.at_s > notice.at_s + world.record_s - _TINY_S
            if one.kind == "turn_started" and is_behind and one.turn_id not in late and log.is_quick:
                yield f"{one.turn_id} is started behind go_away, at seq {one.seq}"
        is_by_itself = notice.body.reason in _REASONS and not (recording.ended or recording.drained)
        is_by_itself = is_by_itself and log.server not in recording.stopped
        if is_by_itself and log.is_quick and not log.cancelled and log.gone_s is None:
            left_s = notice.body.time_left_ms / 1000 + DRAIN_POLL_S + STOP_GRACE_S + _SPARE_S
            if log.status != "OK" or log.closed_s > notice.at_s + left_s:
                yield f"stream {number}: {log.status or 'nothing'} {log.closed_s - notice.at_s:.2f} s behind go_away"


def _is_true(recording: Recording, world: World, notice: Got) -> Iterator[str]:
    body, limits, reason = notice.body, world.limits, notice.body.reason
    if body.time_left_ms not in (0, int(DRAIN_S * 1000)):
        yield f"go_away leaves {body.time_left_ms} ms"
    rounded_s = 0.001 if recording.forks else 0.0  # in a record
    if reason == "SESSION_LIFETIME" and notice.at_s < recording.created_s + limits.lifetime_s - rounded_s:
        yield f"{reason} after {notice.at_s - recording.created_s:.2f} s"
    elif reason == "SESSION_TURNS":
        begun = _begun_by(recording, world, notice)
        if begun is not None and max((one.body.turn_index for one in begun), default=0) < limits.turns:
            yield f"{reason} after {len(begun)} turns"
    elif reason == "SESSION_IDLE":
        used_s = max((one.at_s for one in recording.sent if one.at_s + limits.idle_s < notice.at_s), default=0.0)
        since = [one for one in recording.sent if used_s < one.at_s < notice.at_s - world.uplink_ms / 1000 - _SPARE_S]
        ended = [one for one in recording.told if one.kind in TERMINAL and _is_within(one, notice, limits.idle_s)]
        is_known = recording.is_prompt(notice) and not recording.streams[notice.stream].fell_silent
        if (since or ended) and is_known:
            last = (since or ended)[-1]
            yield f"{reason}, and {last.kind} was {notice.at_s - last.at_s:.2f} s before"
    elif reason not in (*_REASONS, "SESSION_ENDED", "DRAINING"):
        yield f"go_away for {reason or 'nothing'}"


def _begun_by(recording: Recording, world: World, notice: Got) -> list[Got] | None:
    """The turns that had begun when it was given, also those that it passed while they waited for a slow reader or for
    their record; None when some may be unknown."""
    is_quick = recording.streams[notice.stream].is_quick
    if recording.has_hole(0, notice.seq) or (not is_quick and recording.has_hole(notice.seq)):
        return None
    started, waits_s = recording.of_kind["turn_started"], world.record_s if is_quick else math.inf
    passed = (notice.at_s, notice.at_s + waits_s) if waits_s else (math.inf, -math.inf)
    return [
        one
        for one in started
        if one.seq < notice.seq or (one.stream == notice.stream and passed[0] <= one.at_s <= passed[1] + _TINY_S)
    ]


def _is_within(one: Got, notice: Got, seconds: float) -> bool:
    return not one.is_again and notice.at_s - seconds < one.at_s <= notice.at_s and one.seq < notice.seq


def kept(recording: Recording, world: World) -> Iterator[str]:
    """A session is there until one of its limits is reached, or somebody ends it, and no longer than a sweep takes
    behind that."""
    limits = world.limits
    over_s = recording.created_s + limits.lifetime_s
    alone_s = done_s = recording.created_s  # since when there has been no stream: for certain, and at the latest
    may_be_over = False
    for number, log in enumerate(recording.streams):
        arrived_s = log.opened_s + world.uplink_ms / 1000
        is_due = arrived_s < min(over_s, recording.ended_s) and arrived_s <= alone_s + limits.grace_s
        is_due = is_due and not may_be_over
        if log.status == "SESSION_NOT_FOUND" and is_due:
            yield f"stream {number}: no session {arrived_s - alone_s:.2f} s behind the last stream"
        state = recording.states.get(number)
        if state is not None:
            spare_s = SWEEP_S + _SPARE_S
            if any(fork.stream == number and fork.is_uncertain for fork in recording.forks):
                spare_s += TTL_SPARE_S  # nobody can tell when the other server was lost
            if state.at_s > done_s + limits.grace_s + spare_s and recording.is_prompt(state):
                yield f"stream {number}: a session {state.at_s - done_s:.2f} s behind the last stream"
            is_told = any(one.kind == "go_away" for one in recording.of_stream[number])
            lasted_s = log.closed_s - over_s - SWEEP_S - _SPARE_S
            is_late = log.is_quick and log.status == "OK" and not log.cancelled and lasted_s > 0
            if is_late and not is_told and not may_be_over:
                yield f"stream {number} was there {lasted_s:.2f} s behind the session's lifetime, and was not told"
            may_be_over = may_be_over or is_told or (_is_limited(world) and (log.is_cut_off or log.half_closed))
            alone_s = log.closed_s
        done_s = max(done_s, log.closed_s) if log.status else _FAR_S
    for one in recording.of_kind["turn_started"]:
        if one.body.turn_index > limits.turns:
            yield f"{one.turn_id} is the {one.body.turn_index}th turn, {limits.turns} are allowed"


_FAR_S = 1e9


def _is_limited(world: World) -> bool:
    """It may have been told to go when its stream was lost, or when it had said goodbye itself."""
    return world.limits.turns < Limits().turns or world.limits.idle_s < Limits().idle_s
