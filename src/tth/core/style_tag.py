"""A tag at the very start of a model's reply, such as `[happy 0.7]`: how the model means what follows. Never spoken.

Pure and incremental: any split of the reply gives the same. What stands in brackets there and looks like a tag is taken
out, also when it says nothing that we know ("[smiles]"); anything else is text. Nothing is held back longer than it
takes to see that it is no tag. Tests: tests/core/test_style_tag.py.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from tth.model.controls import ControlPatch, EmotionLabel

MAX_TAG = 32
"""Characters of a tag with its brackets; more in brackets is text."""
ASK = (
    "Begin every reply with one tag that says how you mean it: [label intensity], where label is one of "
    + ", ".join(EmotionLabel)
    + " and intensity is a number from 0 to 1, as in [happy 0.7]. Then comes the reply itself. The tag is never "
    "spoken, and your earlier replies are shown without it."
)
"""What a system prompt says to get tags."""

_TAG = re.compile(r"\[\s*([a-z]+)(?:[\s:,=]+(0?\.\d+|0|1(?:\.0*)?|0\.))?\s*\]", re.IGNORECASE)
_LIKE_A_TAG = re.compile(r"\[\s*[^\W\d_][\w\s:,.=%'-]*\]")
_BEGINNING = re.compile(r"\[\s*(?:[^\W\d_][\w\s:,.=%'-]*\]?)?")
"""What a tag may still become of."""


class _State(Enum):
    START = auto()
    BEHIND_TAG = auto()
    TEXT = auto()


class StyleTagReader:
    """Reads one reply. White space before its first word is dropped, with a tag and without."""

    def __init__(self) -> None:
        self._state = _State.START
        self._held = ""
        self.hint: ControlPatch | None = None
        """Emotion label and, where it is said, intensity. None: no tag so far, or one that says nothing known."""

    def feed(self, text: str) -> str:
        """Take the next piece; return what of the reply is known to be text, which may be nothing yet.

        `hint` is set before any text is returned.
        """
        if self._state is _State.TEXT:
            return text
        self._held = (self._held + text).lstrip()
        if self._held and self._state is _State.START:
            self._look_for_tag()
        if self._state is _State.START or not self._held:
            return ""
        return self._released()

    def finish(self) -> str:
        """The reply is over: what was held back and is text after all."""
        if self._state is _State.START and _LIKE_A_TAG.fullmatch(self._held):
            self._take_tag(self._held)
        return self._released()

    def _look_for_tag(self) -> None:
        tag = _LIKE_A_TAG.match(self._held)
        behind = self._held[tag.end() :] if tag else ""
        if tag and len(tag.group()) <= MAX_TAG and behind and behind[0] != "(":  # "[this](there)" is a link
            self._take_tag(tag.group())
        elif len(self._held) > MAX_TAG or not _BEGINNING.fullmatch(self._held):
            self._state = _State.TEXT

    def _take_tag(self, tag: str) -> None:
        self.hint = _meaning(tag)
        self._held = self._held[len(tag) :].lstrip()
        self._state = _State.BEHIND_TAG

    def _released(self) -> str:
        self._state = _State.TEXT
        text, self._held = self._held, ""
        return text


def _meaning(tag: str) -> ControlPatch | None:
    """What a tag says; None when it is malformed or names no emotion of ours."""
    found = _TAG.fullmatch(tag)
    if found is None or found[1].lower() not in list(EmotionLabel):
        return None
    intensity = None if found[2] is None else float(found[2])
    return ControlPatch(emotion_label=EmotionLabel(found[1].lower()), emotion_intensity=intensity)
