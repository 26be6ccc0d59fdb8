"""What arrives between a pause being asked for and being answered: kept back until it is known what of it is void.

Pure. Tests: tests/client/test_pauses.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tth.v1 import errors_pb2, media_pb2
from tth.v1.converse_pb2 import ConverseResponse

_VOIDABLE = frozenset({"audio_chunk", "video_frame", "motion_frame", "word_timing"})


@dataclass(slots=True)
class _Asked:
    turn_id: str
    client_seq: int
    kept: list[ConverseResponse] = field(default_factory=list)


class Pauses:
    """Of one conversation, which holds one turn at a time."""

    def __init__(self) -> None:
        self._asked: _Asked | None = None
        self.void_count = 0
        """Events that were dropped."""

    def ask(self, turn_id: str, client_seq: int) -> None:
        """A pause of this turn was sent in the message of this number."""
        if self._asked is not None and self._asked.turn_id == turn_id:
            self._asked.client_seq = client_seq
        else:
            self._asked = _Asked(turn_id, client_seq)

    def take(self, event: ConverseResponse) -> list[ConverseResponse]:
        """What to hand on now, in order; of sound that is void in part, the rest of it."""
        asked, payload = self._asked, event.WhichOneof("payload")
        if asked is None:
            return [event]
        is_its = event.turn_id == asked.turn_id
        if is_its and payload in _VOIDABLE:
            asked.kept.append(event)
            return []
        if is_its and payload == "turn_paused":
            return [*self._before(event.turn_paused.pts_us), event]
        if is_its and payload == "turn_stopped":
            return [*self._before(event.turn_stopped.heard_pts_us), event]
        is_refused = (
            payload == "error"
            and event.error.scope == errors_pb2.ERROR_SCOPE_MESSAGE
            and event.error.client_seq == asked.client_seq
        )
        if is_refused or (is_its and payload == "turn_complete"):
            return [*self.give_up(), event]
        return [event]

    def give_up(self) -> list[ConverseResponse]:
        """There will be no answer: all that was kept back."""
        asked, self._asked = self._asked, None
        return asked.kept if asked is not None else []

    def _before(self, end_us: int) -> list[ConverseResponse]:
        kept = self.give_up()
        heard = [part for event in kept if (part := _before(event, end_us)) is not None]
        self.void_count += len(kept) - len(heard)
        return heard


def _before(event: ConverseResponse, end_us: int) -> ConverseResponse | None:
    """What of it lies before this moment of the media clock."""
    payload = event.WhichOneof("payload")
    assert payload is not None
    media = getattr(event, payload)
    if media.pts_us >= end_us:
        return None
    if payload == "audio_chunk":
        count = round((end_us - media.pts_us) * media.sample_rate_hz / 1_000_000)
        if count < media.sample_count:
            if media.codec == media_pb2.AUDIO_CODEC_PCM_S16LE:  # of a packet less is taken when it is decoded
                event.audio_chunk.data = media.data[: 2 * media.channel_count * count]
            event.audio_chunk.sample_count = count
            event.audio_chunk.duration_us = end_us - media.pts_us
            event.audio_chunk.last = False
    return event
