"""Putting words together: filling gaps, turning a user's words round, choosing what was not said lately, fitting.

Pure; the random source comes in. Tests: tests/adapters/llm/test_persona_talker_wording.py.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

from tth.core.speakable import has_speakable

LONGEST_REPLY = 300
"""Characters: about twenty seconds of speech, as long as anybody wants to listen to a small talker."""
LONGEST_HEARD = 600
"""Code points of one utterance that the talker listens to: more than anybody says in one breath, little to search."""
LONGEST_QUOTE = 60
"""Characters of the user's own words that are given back at once."""
_GAP = re.compile(r"\{(, |，)?(\w+)\}")
_SENTENCE_END = re.compile(r"[.!?。！？](?=\s|$)|[。！？]")
_TOKEN = re.compile(r"\s*(?:[\u2e80-\u9fff\uff00-\uffef]{1,3}|[^\s\u2e80-\u9fff\uff00-\uffef]+)")


def clean(text: str) -> str:
    """A user's words made fit for a sentence: one line, straight apostrophes, printable, `LONGEST_HEARD` at most."""
    printable = "".join(character if character.isprintable() else " " for character in text[:LONGEST_HEARD])
    return " ".join(printable.replace("’", "'").split())


def quote(text: str) -> str:
    """The user's words short enough to give back, without signs at the ends; "" if nothing speakable is left."""
    words = clean(text).strip(" .,;:!?…\"'()[]{}«»“”。，！？、-–—*_#")
    if len(words) > LONGEST_QUOTE:
        words = words[: LONGEST_QUOTE - 1].rpartition(" ")[0] or words[: LONGEST_QUOTE - 1]
    return words if has_speakable(words) else ""


def reflect(words: str, table: Mapping[str, str]) -> str:
    """ "my dog loves me" -> "your dog loves you"."""
    if not table:
        return words
    keys = sorted(table, key=len, reverse=True)
    pattern = rf"(?<![\w'])(?:{'|'.join(map(re.escape, keys))})(?![\w'])"
    return re.sub(pattern, lambda match: table.get(match.group().lower(), match.group()), words, flags=re.IGNORECASE)


def fill(template: str, values: Mapping[str, str]) -> str | None:
    """The template with its gaps filled; None if a value is missing. `{, name}` is left out where there is none."""
    if any(not values.get(key) for comma, key in _GAP.findall(template) if not comma):
        return None
    return _GAP.sub(lambda gap: (gap[1] or "") + values[gap[2]] if values.get(gap[2]) else "", template)


def restyle(template: str, replace: Mapping[str, str]) -> str:
    """Some words of the template exchanged, never those in gaps."""
    if not replace:
        return template
    keys = sorted(replace, key=len, reverse=True)
    pattern = rf"\{{[^}}]*\}}|(?<![\w'])(?:{'|'.join(map(re.escape, keys))})(?!['\w])"
    return re.sub(pattern, lambda match: replace.get(match.group(), match.group()), template)


def pick(candidates: Sequence[str], said: Sequence[str], chance: random.Random) -> str:
    """One of the candidates, by chance among those that were not said for the longest time. "" if there are none.

    said: what was said so far, oldest first.
    """
    if not candidates:
        return ""
    ages = {candidate: _last_said(candidate, said) for candidate in candidates}
    oldest = min(ages.values())
    return chance.choice([candidate for candidate in candidates if ages[candidate] == oldest])


def exclaim(text: str) -> str:
    """The first full stop becomes an exclamation mark."""
    return re.sub(r"(?<!\.)\.(?=\s|$)", "!", text, count=1)


def word_count(text: str) -> int:
    """Words; two Han characters count as one."""
    han = len(re.findall(r"[\u2e80-\u9fff]", text))
    return han // 2 + len(re.sub(r"[\u2e80-\u9fff]", " ", text).split())


def first_upper(text: str) -> str:
    """The first letter in capitals."""
    return text[:1].upper() + text[1:]


def shorten(text: str, limit: int = LONGEST_REPLY) -> str:
    """At most `limit` characters, cut at the end of a sentence where there is one, else of a word."""
    if len(text) <= limit:
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, limit)]
    if ends:
        return text[: ends[-1]]
    return (text[: limit - 1].rpartition(" ")[0] or text[: limit - 1]) + "."


def last_sentence_start(text: str) -> int:
    """Where the sentence begins that the text breaks off in."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text) if match.end() < len(text)]
    start = ends[-1] if ends else 0
    return start + len(text[start:]) - len(text[start:].lstrip())


def tokens(text: str) -> list[str]:
    """The text in pieces as a language model would write it: words with the space before, a few Han characters."""
    return _TOKEN.findall(text)


def _last_said(candidate: str, said: Sequence[str]) -> int:
    """How recently: -1 never, else the index of the newest that holds its beginning."""
    beginning = candidate[:24].casefold()
    return max((index for index, text in enumerate(said) if beginning in text.casefold()), default=-1)
