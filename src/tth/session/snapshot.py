"""All that another server needs to go on with a session, as one value, and as JSON with a version number.

It holds what people said, so it belongs where conversations may be kept; of the handles it holds hashes only.
Tests: tests/session/test_record.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from tth.adapters.base import Utterance
from tth.model.controls import ControlPatch
from tth.pipeline.turn_record import TurnRecord
from tth.session.plain import from_plain, to_plain
from tth.session.terms import SessionTerms

VERSION = 1
"""Of the JSON. Raised by every change that an older server would misread; such a snapshot is not taken up."""


class SnapshotUnreadable(ValueError):
    """Written by another version, or damaged. The text names what is wrong and holds nothing of the content."""


@dataclass(frozen=True, slots=True)
class ReplayRecord:
    """Numbers, handles and what can be told again."""

    last_seq: int
    lost_seq: int
    client_seq: int
    handle_hashes: tuple[str, ...]
    messages: tuple[tuple[int, bytes], ...] = ()
    uncertain_seq: int = -1
    """See `Resumption.uncertain_seq`."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One session at one moment."""

    terms: SessionTerms
    created_ms: int
    """Unix time, as all `_ms` here."""
    saved_ms: int
    is_attached: bool
    """A stream was there, so more may have been sent since."""
    session_controls: ControlPatch
    updated_controls: ControlPatch
    control_revision: int
    history: tuple[Utterance, ...]
    turn_ids: tuple[str, ...]
    turn_count: int
    media_end_sample: int
    """End of what was sent and of what was heard."""
    replay: ReplayRecord
    turns: tuple[TurnRecord, ...] = ()
    """See `Turns.records`."""
    unsent: tuple[tuple[str, bytes], ...] = ()
    """See `Handover.unsent`."""

    def to_json(self) -> bytes:
        """As it is kept."""
        plain = {"version": VERSION, "session": to_plain(self)}
        return json.dumps(plain, separators=(",", ":")).encode("ascii")


def read_snapshot(data: bytes) -> Snapshot:
    """The value behind `to_json`. Raises SnapshotUnreadable."""
    try:
        plain = json.loads(data)
        version = plain["version"]
    except (ValueError, KeyError, TypeError):
        raise SnapshotUnreadable("not a snapshot") from None
    if version != VERSION:
        raise SnapshotUnreadable(f"not of version {VERSION}, which this server reads")
    try:
        return from_plain(Snapshot, plain.get("session"))
    except ValueError as error:
        raise SnapshotUnreadable(str(error)) from None
