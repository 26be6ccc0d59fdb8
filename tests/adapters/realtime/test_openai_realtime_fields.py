"""What an update of a session says, and what can be left out of it."""

from __future__ import annotations

import pytest

from tth.adapters.realtime.openai_realtime_fields import OPTIONAL, difference, refused_path, without

pytestmark = pytest.mark.unit


def test_an_update_says_what_changes() -> None:
    """Nested as the fields are."""
    now = {"instructions": "a", "audio": {"input": {"turn_detection": None}, "output": {"voice": "ash", "speed": 1.0}}}
    wanted = {
        "instructions": "a",
        "audio": {"input": {"turn_detection": None}, "output": {"voice": "ash", "speed": 1.2}},
    }
    assert difference(wanted, now) == {"audio": {"output": {"speed": 1.2}}}
    assert difference(wanted, wanted) == {}
    assert difference({"audio": {"input": {"turn_detection": None}}}, {}) == {
        "audio": {"input": {"turn_detection": None}}
    }


def test_fields_that_can_be_left_out() -> None:
    """An error names a field at or below them."""
    assert refused_path("session.reasoning.effort") == "reasoning"
    assert refused_path("session.audio.output.speed") == "audio.output.speed"
    assert refused_path("session.audio.output.voice") == "audio.output.voice"
    assert refused_path("session.audio.input.turn_detection") == "audio.input"
    assert refused_path(None) == refused_path("item.id") == ""
    fields = {"reasoning": {"effort": "low"}, "audio": {"input": {}, "output": {"speed": 1.2, "voice": "ash"}}}
    assert without(fields, OPTIONAL) == {"audio": {"output": {"voice": "ash"}}}
