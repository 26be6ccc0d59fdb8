"""Order and number of events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tth.model.media import samples_to_us
from tth.session.terms import OverlapPolicy
from tth.testing.simulator.recording import TERMINAL, Got, Recording
from tth.testing.simulator.world import World


def turns_in_order(recording: Recording, world: World) -> Iterator[str]:
    """`turn_started` first; `turn_metrics` right before the terminal event; the terminal event last."""
    for turn_id, events in recording.of_turn.items():
        if events[0].kind != "turn_started":
            yield f"{turn_id} begins with {events[0].kind}"
        kinds = [one.kind for one in events]
        if "turn_started" in kinds[1:]:
            yield f"{turn_id} is started twice"
        for at, kind in enumerate(kinds):
            if kind in TERMINAL and (at == 0 or kinds[at - 1] != "turn_metrics"):
                yield f"{turn_id}: {kind} comes behind {kinds[at - 1] if at else 'nothing'}"
            if kind == "turn_metrics" and (at + 1 < len(kinds) and kinds[at + 1] not in TERMINAL):
                yield f"{turn_id}: turn_metrics come before {kinds[at + 1]}"


def one_terminal_event(recording: Recording, world: World) -> Iterator[str]:
    """Exactly one, unless the stream was lost before it could come."""
    for turn_id, events in recording.of_turn.items():
        ends = [one.kind for one in events if one.kind in TERMINAL]
        if len(ends) > 1:
            yield f"{turn_id} ended {len(ends)} times"
        if not ends and recording.streams[events[-1].stream].is_whole:
            yield f"{turn_id} never ended"


def nothing_stale(recording: Recording, world: World) -> Iterator[str]:
    """Behind its terminal event nothing carries a turn's id; behind a `turn_started` nothing carries an older one's."""
    never_begun = _never_begun(recording, world)
    over: set[str] = set()
    running: set[str] = set()
    stream = 0
    for one in recording.got:
        if one.stream != stream:
            stream = one.stream
            running.clear()
        if one.turn_id in over:
            yield f"{one.kind} of {one.turn_id} at seq {one.seq} is stale"
        elif one.kind == "turn_started":
            others = running - never_begun
            if others and one.turn_id not in never_begun:
                yield f"{one.turn_id} is started while {others} runs"
            running.add(one.turn_id)
        elif one.turn_id and one.turn_id not in running:
            yield f"{one.kind} of {one.turn_id} came before its start"
        if one.kind in TERMINAL:
            over.add(one.turn_id)
            running.discard(one.turn_id)


def _never_begun(recording: Recording, world: World) -> set[str]:
    """Turns that were stopped while they waited behind another: seen to begin and to end all the same."""
    if world.overlap is not OverlapPolicy.QUEUE:
        return set()
    kinds = {turn_id: [one.kind for one in events] for turn_id, events in recording.of_turn.items()}
    return {turn_id for turn_id, of in kinds.items() if of == ["turn_started", "turn_metrics", "turn_stopped"]}


def seq_without_gaps(recording: Recording, world: World) -> Iterator[str]:
    """Within a stream +1 from message to message; over streams it only rises."""
    last: Got | None = None
    for one in recording.got:
        if last is None:
            if one.seq != 1 and one.stream == 0:
                yield f"the first seq is {one.seq}"
        elif one.stream == last.stream and one.seq != last.seq + 1:
            yield f"seq {one.seq} came behind {last.seq}"
        elif one.seq <= last.seq:
            yield f"a stream begins with seq {one.seq} after {last.seq}"
        last = one


def acknowledged(recording: Recording, world: World) -> Iterator[str]:
    """`ack_client_seq` never falls within a stream and never names what was not sent yet."""
    for events in recording.of_stream:
        highest = 0
        sent = iter(recording.sent)
        sent_until, upcoming = 0, next(sent, None)
        for one in events:
            while upcoming is not None and upcoming.at_s <= one.at_s:
                sent_until, upcoming = upcoming.client_seq, next(sent, None)
            if one.ack < highest:
                yield f"ack_client_seq fell from {highest} to {one.ack}"
            if one.ack > sent_until:
                yield f"ack_client_seq {one.ack} before that message was sent"
            highest = max(highest, one.ack)


def turns_counted(recording: Recording, world: World) -> Iterator[str]:
    """`turn_index` rises from turn to turn, by one where none was lost with its stream."""
    last: Got | None = None
    for one in recording.of_kind["turn_started"]:
        if last is not None and world.overlap is not OverlapPolicy.QUEUE:
            step = one.body.turn_index - last.body.turn_index
            if step < 1 or (step > 1 and one.stream == last.stream and recording.streams[one.stream].is_whole):
                yield f"turn_index {one.body.turn_index} behind {last.body.turn_index}"
        last = one
        if not one.body.synthetic:
            yield f"{one.turn_id} is not marked as synthetic"
    indices = [one.body.turn_index for one in recording.of_kind["turn_started"]]
    if len(set(indices)) < len(indices):
        yield f"turns have the same turn_index: {indices}"


def metrics_count(recording: Recording, world: World) -> Iterator[str]:
    """The figures of a turn are what came of it."""
    for turn_id, events in recording.of_turn.items():
        metrics = next((one.body for one in events if one.kind == "turn_metrics"), None)
        if metrics is None or events[0].kind != "turn_started":
            continue
        came = Counter(one.kind for one in events)
        samples = sum(one.body.sample_count for one in events if one.kind == "audio_chunk")
        for what, told, found in (
            ("text_delta_count", metrics.text_delta_count, came["text_delta"]),
            ("audio_chunk_count", metrics.audio_chunk_count, came["audio_chunk"]),
            ("audio_ms", metrics.audio_ms, samples_to_us(samples) // 1000),
        ):
            if told != found:
                yield f"{turn_id}: {what} is {told}, but {found} came"
        for what, told, found in (  # the outbox may have dropped some
            ("video_frame_count", metrics.video_frame_count, came["video_frame"]),
            ("motion_frame_count", metrics.motion_frame_count, came["motion_frame"]),
        ):
            if told < found:
                yield f"{turn_id}: {what} is {told}, but {found} came"


def answered(recording: Recording, world: World) -> Iterator[str]:
    """Every ping, update and message that cannot be used has its answer, where the stream was worked off to its end."""
    for number, log in enumerate(recording.streams):
        if not (log.half_closed and log.is_whole and log.status == "OK"):
            continue
        if (recording.ended or recording.drained) and number == len(recording.streams) - 1:
            continue  # the server ended it, whatever was still on its way
        events = recording.of_stream[number]
        asked = [one for one in recording.sent if one.stream == number]
        refused = {one.body.client_seq for one in events if one.kind == "error"}
        pings = sum(one.kind == "ping" for one in asked)
        pongs = sum(one.kind == "pong" for one in events)
        if pings != pongs:
            yield f"{pings} pings, {pongs} pongs"
        changes = [one for one in asked if one.kind == "control_update" and one.client_seq not in refused]
        acks = sum(one.kind == "control_ack" for one in events)
        if len(changes) != acks:
            yield f"{len(changes)} updates, {acks} acknowledgements"
        pauses = [one for one in asked if one.kind == "pause_turn" and one.client_seq not in refused]
        held = sum(one.kind == "turn_paused" for one in events)
        if len(pauses) != held:
            yield f"{len(pauses)} pauses, turns were held {held} times"
        resumes = [one for one in asked if one.kind == "resume_turn" and one.client_seq not in refused]
        let_go = sum(one.kind == "turn_resumed" for one in events)
        if let_go - len(resumes) not in (0, 1):  # the half-close lets a held turn go on
            yield f"{len(resumes)} resumes, turns went on {let_go} times"
        for one in asked:
            if not one.is_good and one.client_seq not in refused and one.kind != "end_turn":
                yield f"{one.kind} (client_seq {one.client_seq}) was not refused"
