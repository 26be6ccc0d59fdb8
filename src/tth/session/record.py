"""From a session to its snapshot and back: what goes on with another server, and what ends with the first.

A turn that ran when its server was lost is ended by the one that takes the session up: it failed, with SERVER_LOST, and
what was heard of it is what was known last, until the client says more. So do those that waited for their time.
Tests: tests/session/test_record.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tth.core.error_event import error_event
from tth.errors import ServerLost
from tth.model.events import (
    ErrorScope,
    Event,
    Speaking,
    TextMode,
    TurnMetrics,
    TurnOutcome,
    TurnStarted,
    TurnStopped,
)
from tth.model.media import ms_to_samples
from tth.pipeline.turn_record import TurnRecord
from tth.session.conversation import Conversation
from tth.session.engine import Engine
from tth.session.snapshot import ReplayRecord, Snapshot

LONGEST_CHUNK_MS = 1000
"""What is sent ahead is counted to the start of a chunk. Providers give their sound in pieces of 20 to 500 ms."""


def snapshot_of(conversation: Conversation) -> Snapshot:
    """The session now."""
    resumption, turns, clock = conversation.resumption, conversation.turns, conversation.engine.clock
    asked, unsent = conversation.layers.asked, conversation.handover.unsent()
    return Snapshot(
        terms=conversation.terms,
        created_ms=conversation.created_ms,
        saved_ms=clock.wall_ms(),
        is_attached=conversation.is_attached,
        session_controls=asked.session,
        updated_controls=asked.updated,
        control_revision=asked.revision,
        history=conversation.heard.memory.history.snapshot(),
        turn_ids=turns.ids.used,
        turn_count=turns.count,
        media_end_sample=conversation.media_clock.next_start(clock.now_s()),
        replay=ReplayRecord(
            resumption.last_seq,
            resumption.ring.lost_seq,
            resumption.taken_client_seq,
            resumption.handle_hashes,
            resumption.ring.entries(),
            resumption.uncertain_seq,
        ),
        turns=turns.records({resumption.told_turn_id, *(turn_id for turn_id, _ in unsent)}),
        unsent=tuple(unsent),
    )


def restored(snapshot: Snapshot, engine: Engine) -> Conversation:
    """The session on this server, without a stream; its unfinished turns have ended, and `untold` says so.

    Raises InvalidRequest when it asks for what this server has not, AdapterError when an adapter takes no session.
    """
    conversation = Conversation(snapshot.terms, engine, snapshot.session_controls)
    conversation.created_ms = snapshot.created_ms
    conversation.created_s = engine.clock.now_s() - max(0, engine.clock.wall_ms() - snapshot.created_ms) / 1000
    conversation.layers.restore(snapshot.updated_controls, snapshot.control_revision)
    conversation.media_clock.set_forward(_media_end(snapshot, engine))
    turns = conversation.turns
    turns.count = snapshot.turn_count
    for turn_id in snapshot.turn_ids:
        turns.ids.use(turn_id)
    conversation.heard.memory.history.restore(snapshot.history)
    conversation.resumption.restore(
        snapshot.replay.last_seq,
        snapshot.replay.client_seq,
        snapshot.replay.handle_hashes,
        is_uncertain=snapshot.is_attached,
    )
    conversation.resumption.uncertain_seq = snapshot.replay.uncertain_seq
    conversation.resumption.ring.restore(snapshot.replay.messages, snapshot.replay.lost_seq)
    conversation.handover.left_unsent = list(snapshot.unsent)
    for record in snapshot.turns:
        _end(record, conversation)
    return conversation


def _media_end(snapshot: Snapshot, engine: Engine) -> int:
    """Behind everything that can have been sent: while a stream was there, media ran on with the clock, and ahead of it
    by as much as the slowest mode allows."""
    if not snapshot.is_attached:
        return snapshot.media_end_sample
    since_ms = max(0, engine.clock.wall_ms() - snapshot.saved_ms)
    ahead_ms = max(engine.max_ahead_ms.values()) + LONGEST_CHUNK_MS
    return snapshot.media_end_sample + ms_to_samples(since_ms + ahead_ms)


def _end(record: TurnRecord, conversation: Conversation) -> None:
    """Of one turn that the first server had not brought to its end, or whose end may not have been heard."""
    memory = conversation.heard.memory
    if record.outcome is not None:
        memory.restore(record, record.heard_text)
        return
    heard_sample = max(record.start_sample, min(record.heard_sample, record.speech_end_sample))
    if record.held_sample is not None:
        heard_sample = record.held_sample
    heard_text = record.heard_until(heard_sample)
    if record.mode is TextMode.TALK and (record.is_told or record.text):
        memory.history.add_user(record.user_text)
    memory.history.add_person(heard_text, interrupted=True)
    memory.restore(replace(record, outcome=TurnOutcome.FAILED), heard_text)
    has_begun = record.is_told and all(turn_id != record.turn_id for turn_id, _ in conversation.handover.left_unsent)
    events = _ending(record, conversation, heard_text, heard_sample, has_begun=has_begun)
    conversation.untold += [(event, record.turn_id) for event in events]


def _ending(
    record: TurnRecord, conversation: Conversation, heard_text: str, heard_sample: int, *, has_begun: bool
) -> Iterator[Event]:
    """What its client is told, in the order of every turn's end. has_begun: it knows already that it began."""
    report, adapters = conversation.layers.now().report, conversation.engine.adapter_names
    if not record.is_told:
        yield TurnStarted(record.turn_index, record.start_sample, report.control_revision, adapters, record.mode)
    if has_begun and record.held_sample is None:  # whether it began to speak since, or ceased, nobody knows
        yield Speaking(False, heard_sample)
    error = ServerLost()
    yield error_event(error, ErrorScope.TURN)
    yield TurnMetrics(report, TurnOutcome.FAILED, adapters=adapters)
    ends = (max(record.audio_end_sample, heard_sample), record.video_end_sample)
    is_estimate = record.held_sample is None or record.held_is_estimate
    yield TurnStopped(TurnOutcome.FAILED, *ends, heard_text, heard_sample, is_estimate, error.reason)
