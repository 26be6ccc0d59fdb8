"""ElevenLabs' messages."""

from __future__ import annotations

import pytest

from tth.adapters.tts.elevenlabs_alignment import TimedCharacter
from tth.adapters.tts.elevenlabs_wire import Incoming, dialogue_messages, incoming, is_error, speech_messages

pytestmark = pytest.mark.unit


def test_a_clause_on_a_speech_socket() -> None:
    """One space opens; one space ends the text; the end of input asks for the end of sound."""
    assert speech_messages("c1", "Hi.", {"speed": 1.0}) == (
        {"text": " ", "context_id": "c1", "voice_settings": {"speed": 1.0}},
        {"text": "Hi. ", "context_id": "c1", "flush": True},
        {"context_id": "c1", "close_context": True},
    )


def test_a_clause_of_a_dialogue() -> None:
    """Its voice is registered first."""
    register, text, close = dialogue_messages("c1", "Hi.", {"stability": 0.5}, "v")
    assert register == {"context_id": "c1", "voices": ["v"], "voice_settings": {"stability": 0.5}}
    assert text["inputs"] == [{"text": "Hi. ", "voice_id": "v", "new_turn": True}]
    assert close == {"context_id": "c1", "close_context": True}


def test_what_comes() -> None:
    """In both spellings; absent, null and empty are the same."""
    times = {"chars": ["a"], "charStartTimesMs": [0], "charDurationsMs": [5]}
    read = Incoming("c1", b"\x01\x00", (TimedCharacter("a", 0, 5),), False)
    camel = {"audio": "AQA=", "alignment": times, "normalizedAlignment": None, "contextId": "c1", "isFinal": None}
    snake = {"audio": "AQA=", "normalized_alignment": times, "context_id": "c1"}
    assert incoming(camel) == incoming(snake) == read
    assert incoming({"audio": None, "isFinal": True, "contextId": "c1"}) == Incoming("c1", is_final=True)
    assert incoming({"audio": "", "is_final": True, "context_id": "c1"}) == Incoming("c1", is_final=True)
    assert not incoming({"is_final_audio_for_turn": True, "context_id": "c1"}).is_final
    with pytest.raises(ValueError, match="base64"):
        incoming({"audio": "*"})


def test_errors() -> None:
    """Of sockets and of lines."""
    assert is_error({"message": "…", "error": "quota_exceeded", "code": 1008})
    assert is_error({"detail": {"status": "quota_exceeded"}})
    assert not is_error({"audio": "", "isFinal": None})
