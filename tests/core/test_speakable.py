"""What counts as speakable."""

from __future__ import annotations

import pytest

from tth.core.speakable import has_speakable

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("text", ["a", "7", "...é", "你", "हि", "؟م", "Ω", "½", "①", "👍🏽 ok", "٣"])
def test_letters_and_numbers_of_any_script_are_speakable(text: str) -> None:
    """One is enough."""
    assert has_speakable(text)


@pytest.mark.parametrize("text", ["", " \n\t", "?!…", "👨‍👩‍👧", "—", "。", "\x00\x07", "🇩🇪", "$€", "\u200d\ufe0f"])
def test_signs_emoji_and_controls_are_not(text: str) -> None:
    """However many."""
    assert not has_speakable(text)
