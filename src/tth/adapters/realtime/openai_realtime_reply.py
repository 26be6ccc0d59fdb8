"""One answer of OpenAI Realtime as it arrives: from the provider's events to text and sound.

Pure. Tests: tests/adapters/realtime/test_openai_realtime_reply.py.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tth.adapters.base import RealtimeOutput, TextPiece
from tth.adapters.realtime.openai_realtime_memory import AudioItem
from tth.model.media import SpeechChunk

_TEXT = ("response.output_audio_transcript.delta", "response.output_text.delta")
_TEXT_BETA = ("response.audio_transcript.delta", "response.text.delta")
_AUDIO = ("response.output_audio.delta", "response.audio.delta")
"""The second name of each is that of the interface before 2026, which some compatible servers still speak."""


@dataclass(slots=True)
class _Message:
    carry: bytes = b""
    """Half a sample: deltas are cut anywhere."""
    samples: int = 0


class Reply:
    """Takes the events of one response. An answer may come in several messages."""

    def __init__(self, turn_id: str) -> None:
        self.turn_id = turn_id
        self.response_id: str | None = None
        self.text = ""
        """All of it so far."""
        self._messages: dict[str, _Message] = {}
        self._speaks_of = ""

    @property
    def items(self) -> tuple[AudioItem, ...]:
        """The messages in which sound or text came, in order."""
        return tuple(AudioItem(item_id, message.samples) for item_id, message in self._messages.items())

    def take(self, event: Mapping[str, Any]) -> RealtimeOutput | None:
        """The text or sound that an event brings. Raises ValueError for sound that is not base64."""
        kind, item_id, delta = event.get("type"), event.get("item_id"), event.get("delta")
        if not isinstance(item_id, str) or not isinstance(delta, str) or not delta:
            return None
        if kind in _AUDIO:
            return self._sound(self._message(item_id), delta)
        if kind in _TEXT or kind in _TEXT_BETA:
            self._message(item_id)
            return self._words(item_id, delta)
        return None

    def _message(self, item_id: str) -> _Message:
        return self._messages.setdefault(item_id, _Message())

    def _sound(self, message: _Message, delta: str) -> SpeechChunk | None:
        try:
            data = message.carry + base64.b64decode(delta, validate=True)
        except binascii.Error:
            raise ValueError("sound that is not base64") from None
        whole = len(data) // 2 * 2
        message.carry = data[whole:]
        if not whole:
            return None
        message.samples += whole // 2
        return SpeechChunk(np.frombuffer(data[:whole], "<i2").astype(np.int16, copy=False))

    def _words(self, item_id: str, delta: str) -> TextPiece:
        """A new message begins a new word."""
        is_joined = not self.text or self.text[-1].isspace() or delta[0].isspace()
        gap = "" if is_joined or item_id == self._speaks_of else " "
        self._speaks_of = item_id
        self.text += gap + delta
        return TextPiece(gap + delta)
