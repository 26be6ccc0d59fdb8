"""What an emulated Realtime conversation holds: its items, in order, and how they are cut.

Tests: tests/testing/emulators/test_openai_realtime.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tth.model.media import WordTiming, samples_to_ms
from tth.testing.emulators.openai_common import Problem
from tth.testing.emulators.openai_realtime_rules import Rejected


@dataclass
class Item:
    """One message. What the model said in sound keeps its sound's length."""

    item_id: str
    role: str
    text: str = ""
    """What the model knows to have been said; of a cut item as far as it was heard."""
    is_audio: bool = False
    audio_samples: int = 0
    words: tuple[WordTiming, ...] = ()
    status: str = "completed"
    is_cut: bool = False

    def shown(self) -> dict[str, Any]:
        """As events show it."""
        part: dict[str, Any]
        if self.is_audio:
            part = {"type": "output_audio", "transcript": None if self.is_cut else self.text}
        else:
            part = {"type": "output_text" if self.role == "assistant" else "input_text", "text": self.text}
        content = [] if self.status == "in_progress" else [part]
        shown = {"id": self.item_id, "object": "realtime.item", "type": "message", "status": self.status}
        return {**shown, "role": self.role, "content": content}


class Memory:
    """The default conversation."""

    def __init__(self) -> None:
        self.items: list[Item] = []

    @property
    def has_audio(self) -> bool:
        """The model has been heard: its voice is fixed."""
        return any(item.is_audio for item in self.items)

    def add(self, item: Item, behind: str | None = None) -> str | None:
        """Add an item; behind: an id, "root" for the beginning, None for the end. Returns the id before it.

        Raises Rejected.
        """
        if any(known.item_id == item.item_id for known in self.items):
            message = f"An item with id '{item.item_id}' already exists."
            raise Rejected(Problem(message, "item.id", "item_create_duplicate_item_id"))
        at = len(self.items) if behind is None else 0 if behind == "root" else self.place(behind) + 1
        self.items.insert(at, item)
        return self.items[at - 1].item_id if at else None

    def before(self, item: Item) -> str | None:
        """The id of the item before this one."""
        at = self.items.index(item) if item in self.items else 0
        return self.items[at - 1].item_id if at else None

    def place(self, item_id: str) -> int:
        """Where an item stands. Raises Rejected."""
        for at, item in enumerate(self.items):
            if item.item_id == item_id:
                return at
        raise Rejected(Problem(f"Item with item_id '{item_id}' not found.", "item_id", "item_not_found"))

    def delete(self, item_id: str) -> None:
        """Forget an item. Raises Rejected."""
        del self.items[self.place(item_id)]

    def truncate(self, item_id: str, audio_end_ms: int) -> None:
        """Cut an answer's sound, and with it what is known of its words. Raises Rejected."""
        item = self.items[self.place(item_id)]
        if not item.is_audio or audio_end_ms <= 0:
            message = "Only model output audio messages can be truncated"
            raise Rejected(Problem(message, None, "unsupported_content_type"))
        length_ms = int(samples_to_ms(item.audio_samples))
        if audio_end_ms > length_ms:
            message = f"Audio content of {length_ms}ms is already shorter than {audio_end_ms}ms"
            raise Rejected(Problem(message, "audio_end_ms", "invalid_value"))
        heard = [word for word in item.words if samples_to_ms(word.start_sample) < audio_end_ms]
        item.text = item.text[: heard[-1].offset + len(heard[-1].word)] if heard else ""
        item.audio_samples = audio_end_ms * 24
        item.is_cut = True
