"""What one connection's model remembers, and the events that make it remember what the engine does.

The engine's history is what was heard, so it is the truth. A model remembers its answers as sound, which is better than
text and cannot be given to it: an answer stays as it is as long as the history agrees, is cut where the listener was,
and is told anew as text where neither is enough. What the history has forgotten at its beginning the model may keep:
to delete there would cost the provider's cache with every turn, and no connection is kept for long.
Pure. Tests: tests/adapters/realtime/test_openai_realtime_memory.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tth.adapters.base import Speaker
from tth.adapters.provider_prompt import Message

ClientEvent: TypeAlias = dict[str, Any]

SAMPLES_PER_MS = 24
TELL, TRUNCATE = "tell:", "truncate:"
"""How the ids of our events begin; the item's id follows."""


@dataclass(frozen=True, slots=True)
class AudioItem:
    """One message of an answer, and how much sound of it came."""

    item_id: str
    samples: int


@dataclass(slots=True)
class _Entry:
    speaker: Speaker
    text: str | None
    """As the model remembers it; None: nobody knows, tell it anew."""
    item_ids: list[str]
    turn_id: str = ""
    audio: tuple[AudioItem, ...] = ()
    heard_samples: int | None = field(default=None)
    """Where it was cut."""


class RemoteMemory:
    """One connection's conversation."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._last_id = 0
        self.has_audio = False
        """The model has been heard on this connection: its voice is fixed."""

    def remember_answer(self, turn_id: str, text: str, audio: Iterable[AudioItem]) -> None:
        """The model has answered; its items are there already."""
        items = tuple(audio)
        self.has_audio = self.has_audio or any(item.samples for item in items)
        if items:
            self._entries.append(_Entry(Speaker.PERSON, text, [item.item_id for item in items], turn_id, items))

    def cut(self, turn_id: str, heard_samples: int, heard_text: str) -> list[ClientEvent]:
        """End the answer of this turn where the listener was. Nothing for a turn that this connection does not know."""
        entry = next((entry for entry in self._entries if entry.turn_id == turn_id), None)
        if entry is None:
            return []
        if not heard_text.strip():
            return self._delete(entry)
        if entry.heard_samples is not None and heard_samples > entry.heard_samples:
            entry.text = None  # more than was left of it
            return []
        entry.text, entry.heard_samples = heard_text, heard_samples
        return self._cut_items(entry, heard_samples)

    def doubt(self, event_id: str) -> None:
        """An event was refused. If it told or cut something, that is told anew as text before the next answer."""
        item_id = event_id.removeprefix(TELL).removeprefix(TRUNCATE)
        for entry in self._entries:
            if item_id in entry.item_ids:
                entry.text = None

    def agree(self, wanted: Sequence[Message]) -> list[ClientEvent]:
        """What makes the model remember these messages: the end that it has too much, and the end that it lacks."""
        first, count = self._overlap(wanted)
        events = [event for entry in self._entries[first + count :] for event in self._delete(entry)]
        for message in wanted[count:]:
            events.append(self.tell(message))
        return events

    def tell(self, message: Message) -> ClientEvent:
        """Add a message behind all others, as text."""
        self._last_id += 1
        item_id = f"tth_{self._last_id}"
        self._entries.append(_Entry(message.speaker, message.text, [item_id]))
        is_user = message.speaker is Speaker.USER
        content = [{"type": "input_text" if is_user else "output_text", "text": message.text}]
        item = {"id": item_id, "type": "message", "role": "user" if is_user else "assistant", "content": content}
        return {"type": "conversation.item.create", "event_id": TELL + item_id, "item": item}

    def _overlap(self, wanted: Sequence[Message]) -> tuple[int, int]:
        """(first, count): so many entries from `first` on are the first messages that are wanted. The most, and of two
        places the later one: the history forgets its beginning."""
        best = (0, 0)
        for first in range(len(self._entries)):
            count = 0
            for entry, message in zip(self._entries[first:], wanted, strict=False):
                if (entry.speaker, entry.text) != (message.speaker, message.text):
                    break
                count += 1
            if count and count >= best[1]:
                best = (first, count)
        return best

    def _cut_items(self, entry: _Entry, heard_samples: int) -> list[ClientEvent]:
        events: list[ClientEvent] = []
        at, kept = 0, []
        for item in entry.audio:
            heard_ms = min(max(heard_samples - at, 0), item.samples) // SAMPLES_PER_MS
            if heard_ms == 0:
                events.append(_delete(item.item_id))
                entry.item_ids.remove(item.item_id)
            else:
                kept.append(item)
                if heard_samples - at < item.samples:
                    events.append(_truncate(item.item_id, heard_ms))
            at += item.samples
        entry.audio = tuple(kept)
        return events

    def _delete(self, entry: _Entry) -> list[ClientEvent]:
        self._entries = [other for other in self._entries if other is not entry]
        return [_delete(item_id) for item_id in entry.item_ids]


def _delete(item_id: str) -> ClientEvent:
    return {"type": "conversation.item.delete", "event_id": f"delete:{item_id}", "item_id": item_id}


def _truncate(item_id: str, heard_ms: int) -> ClientEvent:
    place = {"item_id": item_id, "content_index": 0, "audio_end_ms": heard_ms}
    return {"type": "conversation.item.truncate", "event_id": TRUNCATE + item_id, **place}
