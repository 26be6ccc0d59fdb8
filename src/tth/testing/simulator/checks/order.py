"""Order and number of events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from tth.model.media import samples_to_us
from tth.session.terms import OverlapPolicy
from tth.testing.simulator.recording import TERMINAL, Got, Recording, was_server_lost
from tth.testing.simulator.world import World


def turns_in_order(recording: Recording, world: World) -> Iterator[str]:
    """`turn_started` first; `turn_metrics` right before the terminal event; the terminal event last. What was lost with
    a stream, and told by none, may be missing."""
    for turn_id, events in recording.of_turn.items():
        if events[0].kind != "turn_started" and not recording.has_hole(0, events[0].seq):
            yield f"{turn_id} begins with {events[0].kind}"
        kinds = [one.kind for one in events]
        if "turn_started" in kinds[1:]:
            yield f"{turn_id} is started twice"
        for before, one in pairwise([None, *events]):
            assert one is not None
            kind = before.kind if before is not None else "nothing"
            if recording.has_hole(before.seq if before is not None else 0, one.seq):
                continue
            if one.kind in TERMINAL and kind != "turn_metrics":
                yield f"{turn_id}: {one.kind} comes behind {kind}"
            if kind == "turn_metrics" and one.kind not in TERMINAL:
                yield f"{turn_id}: turn_metrics come before {one.kind}"


def one_terminal_event(recording: Recording, world: World) -> Iterator[str]:
    """Exactly one over all streams, unless one was lost before it could come and none has told it since."""
    for turn_id, events in recording.of_turn.items():
        ends = [one.kind for one in events if one.kind in TERMINAL]
        if len(ends) > 1:
            yield f"{turn_id} ended {len(ends)} times"
        if not ends and not recording.has_hole(events[-1].seq):
            yield f"{turn_id} never ended"


def nothing_stale(recording: Recording, world: World) -> Iterator[str]:
    """Behind its terminal event nothing carries a turn's id; behind a `turn_started` nothing carries an older one's;
    and no turn runs when a stream begins."""
    idle = never_begun(recording, world)
    over: set[str] = set()
    running: dict[str, int] = {}
    begins = {one.seq for one in recording.states.values()}
    for one in recording.told:
        if recording.holes or recording.forks:
            running = {turn_id: seq for turn_id, seq in running.items() if not recording.has_hole(seq, one.seq)}
        if one.seq in begins and running:
            yield f"stream {one.stream} begins at seq {one.seq} while {set(running)} runs"
        if one.turn_id in over:
            yield f"{one.kind} of {one.turn_id} at seq {one.seq} is stale"
        elif one.kind == "turn_started":
            others = set(running) - idle
            if others and one.turn_id not in idle:
                yield f"{one.turn_id} is started while {others} runs"
            running[one.turn_id] = one.seq
        elif one.turn_id and one.turn_id not in running and not recording.has_hole(0, one.seq):
            yield f"{one.kind} of {one.turn_id} came before its start"
        if one.kind in TERMINAL:
            over.add(one.turn_id)
            running.pop(one.turn_id, None)


def never_begun(recording: Recording, world: World) -> set[str]:
    """Turns that were stopped while they waited behind another: seen to begin and to end all the same."""
    if world.overlap is not OverlapPolicy.QUEUE:
        return set()
    kinds = {turn_id: [one.kind for one in events] for turn_id, events in recording.of_turn.items()}
    return {turn_id for turn_id, of in kinds.items() if of == ["turn_started", "turn_metrics", "turn_stopped"]}


def seq_without_gaps(recording: Recording, world: World) -> Iterator[str]:
    """Within a stream +1 from message to message, but for media missing from what is told again; over streams it only
    rises."""
    last: Got | None = None
    for one in recording.got:
        if last is None:
            if one.seq != 1 and one.stream == 0:
                yield f"the first seq is {one.seq}"
        elif one.stream == last.stream and one.seq != last.seq + 1 and not last.is_again:
            yield f"seq {one.seq} came behind {last.seq}"
        elif one.seq <= last.seq:
            yield f"seq {one.seq} came after {last.seq}"
        last = one


def acknowledged(recording: Recording, world: World) -> Iterator[str]:
    """`ack_client_seq` never falls while the client's numbers go on, and never names what was not sent yet. Another
    server may know nothing of messages that change nothing."""
    forks = [(fork.stream, fork.last_seq) for fork in recording.forks]
    firsts = {log.numbering for log in recording.streams}
    for numbering in firsts:
        highest = 0
        sent = iter([one for one in recording.sent if recording.streams[one.stream].numbering == numbering])
        sent_until, upcoming = 0, next(sent, None)
        for one in recording.told:
            if recording.numbering_of(one) != numbering:
                continue
            while upcoming is not None and upcoming.at_s <= one.at_s:
                sent_until, upcoming = upcoming.client_seq, next(sent, None)
            while forks and forks[0][0] <= one.stream and (not one.is_again or one.seq > forks[0][1]):
                highest = _last_change(recording, numbering, highest)
                forks.pop(0)
            if one.ack < highest:
                yield f"ack_client_seq fell from {highest} to {one.ack} at seq {one.seq}"
            if one.ack > sent_until:
                yield f"ack_client_seq {one.ack} before that message was sent"
            highest = max(highest, one.ack)


_UNRECORDED = frozenset(("ping", "playback_report", "attach"))


def _last_change(recording: Recording, numbering: int, until: int) -> int:
    """The last message up to this number that changed something."""
    sent = [one for one in recording.sent if recording.streams[one.stream].numbering == numbering]
    return max((one.client_seq for one in sent if one.client_seq <= until and one.kind not in _UNRECORDED), default=0)


def turns_counted(recording: Recording, world: World) -> Iterator[str]:
    """`turn_index` rises from turn to turn, by one where none was lost with its stream."""
    last: Got | None = None
    for one in recording.of_kind["turn_started"]:
        if last is not None and world.overlap is not OverlapPolicy.QUEUE:
            step = one.body.turn_index - last.body.turn_index
            if step < 1 or (step > 1 and not recording.has_hole(last.seq, one.seq)):
                yield f"turn_index {one.body.turn_index} behind {last.body.turn_index}"
        last = one
        if not one.body.synthetic:
            yield f"{one.turn_id} is not marked as synthetic"
    indices = [one.body.turn_index for one in recording.of_kind["turn_started"]]
    if len(set(indices)) < len(indices):
        yield f"turns have the same turn_index: {indices}"


def metrics_count(recording: Recording, world: World) -> Iterator[str]:
    """The figures of a turn are what came of it, or was on its way when the stream was lost. Of one whose server was
    lost there are none."""
    for turn_id, events in recording.of_turn.items():
        metrics = next((one for one in events if one.kind == "turn_metrics"), None)
        if metrics is None or events[0].kind != "turn_started" or was_server_lost(events):
            continue
        is_known = turn_id in recording.known_turns
        media_known = is_known and not metrics.is_again  # its media may have waited with it, and never come again
        body, came = metrics.body, Counter(one.kind for one in events)
        samples = sum(one.body.sample_count for one in events if one.kind == "audio_chunk")
        for what, told, found, is_exact in (
            ("text_delta_count", body.text_delta_count, came["text_delta"], is_known),
            ("audio_chunk_count", body.audio_chunk_count, came["audio_chunk"], media_known),
            ("audio_ms", body.audio_ms, samples_to_us(samples) // 1000, media_known),
            ("video_frame_count", body.video_frame_count, came["video_frame"], False),  # the outbox may have
            ("motion_frame_count", body.motion_frame_count, came["motion_frame"], False),  # dropped some
        ):
            if told < found or (is_exact and told != found):
                yield f"{turn_id}: {what} is {told}, but {found} came"


def answered(recording: Recording, world: World) -> Iterator[str]:
    """Every ping, update and message that cannot be used has its answer, once, where the last of the streams on which
    the client's numbers went on was worked off to its end, however many of them had been lost before."""
    for number, log in enumerate(recording.streams):
        is_last = all(later.numbering != log.numbering for later in recording.streams[number + 1 :])
        if not (is_last and log.half_closed and log.status == "OK"):
            continue
        if (recording.ended or recording.drained) and number == len(recording.streams) - 1:
            continue  # the server ended it, whatever was still on its way
        yield from _answered(recording, log.numbering, number)


def _answered(recording: Recording, numbering: int, last_stream: int) -> Iterator[str]:
    streams = {number for number, log in enumerate(recording.streams) if log.numbering == numbering}
    events = [one for one in recording.told if recording.numbering_of(one) == numbering]
    if any(one.kind == "go_away" for one in events) or recording.has_hole(*_ends_of(recording, events)):
        return
    asked = [one for one in recording.sent if one.stream in streams]
    refused = {seq for of, seq in recording.refused if of == numbering}
    pongs = Counter(one.body.client_time_ms for one in events if one.kind == "pong")
    for one in asked:
        count = pongs.pop(one.ping_ms, 0) if one.kind == "ping" else 1
        is_doubled = count > 1 and not recording.forks  # another server may be asked again what nobody wrote down
        if is_doubled or (not count and one.stream == last_stream):  # an answer may be lost with its stream
            yield f"{count} pongs for the ping with client_seq {one.client_seq}"
        if not one.is_good and one.client_seq not in refused and one.kind != "end_turn":
            yield f"{one.kind} (client_seq {one.client_seq}) was not refused"
    if pongs:
        yield f"pongs that nobody asked for: {sorted(pongs)}"
    done = Counter(one.kind for one in asked if one.client_seq not in refused)
    came = Counter(one.kind for one in events)
    if done["control_update"] != came["control_ack"]:
        yield f"{done['control_update']} updates, {came['control_ack']} acknowledgements"
    if done["pause_turn"] != came["turn_paused"]:
        yield f"{done['pause_turn']} pauses, turns were held {came['turn_paused']} times"
    goodbyes = sum(recording.streams[number].half_closed for number in streams)  # each lets a held turn go on
    if not 0 <= came["turn_resumed"] - done["resume_turn"] <= goodbyes:
        yield f"{done['resume_turn']} resumes, turns went on {came['turn_resumed']} times"
    errors = Counter(one.body.client_seq for one in events if one.kind == "error" and one.body.client_seq)
    for seq, count in errors.items():
        if count > 1:
            yield f"client_seq {seq} was answered with {count} errors"


def _ends_of(recording: Recording, events: list[Got]) -> tuple[int, int]:
    """The numbers between which events of these streams lie; also what was left when the one before them was lost."""
    return (events[0].seq, events[-1].seq) if events else (0, 0)
