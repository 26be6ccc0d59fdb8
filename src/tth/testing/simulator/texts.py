"""Texts by chance, in several scripts, and how a simulated voice takes them apart into words.

Tests: tests/testing/simulator/test_texts.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

WORDS: dict[str, tuple[str, ...]] = {
    "en": ("the", "train", "to", "Oslo", "leaves", "at", "9", "o'clock", "well-known", "I", "think", "perhaps", "3.5"),
    "de": ("der", "Zug", "fährt", "um", "halb", "zehn", "über", "München", "und", "Straße", "z.B.", "Dr.", "größer"),
    "fr": ("l'heure", "où", "ça", "déjà", "être", "élève", "aujourd'hui", "le", "train", "part", "très", "tôt"),
    "ru": ("поезд", "уходит", "в", "девять", "часов", "я", "думаю", "что", "может", "быть", "ещё"),
    "ar": ("القطار", "يغادر", "في", "التاسعة", "صباحا", "ربما", "من", "هنا", "نعم"),
    "hi": ("ट्रेन", "नौ", "बजे", "जाती", "है", "शायद", "मैं", "सोचता", "हूँ"),
    "zh": ("我", "们", "明", "天", "早", "上", "坐", "火", "车", "去", "北", "京"),
    "ja": ("電", "車", "は", "九", "時", "に", "出", "ま", "す", "カ", "ナ"),
    "th": ("รถไฟ", "ออก", "เก้า", "โมง", "เช้า", "ครับ"),
}
"""Language to words; those of the last three are written without spaces."""
UNSPACED = ("zh", "ja", "th")
_STOPS = {"zh": "。！？", "ja": "。！？", "hi": "।?!", "ar": ".؟!", "th": " "}
_PAUSES = {"zh": "，、", "ja": "、", "ar": "،", "th": " "}
_EXTRAS = (" 🙂", " 👩‍👩‍👧", " …", " –", ' "', "\n", "\n\n", "  ", " 🇳🇴")
_SPEAKABLE = re.compile(
    r"[\u2e80-\u9fff\u3040-\u30ff]|[\u0e00-\u0e7f]+|[\u0900-\u0963\u0966-\u097f]+|[^\W_](?:[\w'.:,-]*[^\W_])?",
    re.UNICODE,
)
MUTE = ("…", "?!", "🙂 🙂", "—")
"""Texts in which there is nothing to say."""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word where it stands in the text that it was found in."""

    text: str
    offset: int

    @property
    def end(self) -> int:
        return self.offset + len(self.text)


def words_of(text: str) -> list[SpokenWord]:
    """What a simulated voice says of a text, in order; nothing of signs and pictures."""
    return [
        SpokenWord(found.group(), found.start())
        for found in _SPEAKABLE.finditer(text)
        if any(c.isalnum() for c in found.group())
    ]


def draw_text(random: Random, language: str, word_count: int) -> str:
    """Some sentences; with at least one word in them."""
    between = "" if language in UNSPACED else " "
    parts: list[str] = []
    left_in_sentence = random.randint(1, 9)
    for number in range(max(1, word_count)):
        parts.append(random.choice(WORDS[language]))
        left_in_sentence -= 1
        if left_in_sentence == 0:
            left_in_sentence = random.randint(2, 12)
            parts.append(random.choice(_STOPS.get(language, ".?!")))
        elif random.random() < 0.12:
            parts.append(random.choice(_PAUSES.get(language, ",;:")))
        if random.random() < 0.04:
            parts.append(random.choice(_EXTRAS))
        if number + 1 < word_count:
            parts.append(between)
    return "".join(parts)


def split(random: Random, text: str, most: int) -> list[str]:
    """The text in 1..most parts, cut anywhere; none of them is empty."""
    count = min(random.randint(1, most), len(text))
    cuts = sorted(random.sample(range(1, len(text)), count - 1)) if count > 1 else []
    return [text[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
