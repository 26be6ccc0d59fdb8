"""When each sound and each word is spoken, from espeak's events. Pure; times are samples of espeak's own sound.

Tests: tests/adapters/tts/test_espeak_timing.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from tth.adapters.tts.espeak_library import Event, Raw
from tth.adapters.tts.espeak_text import SpokenText, Word

VOWELS = frozenset("aeiouyɑɐɒæʌɔəɘɚɛɜɝɞɤɨɪɯɵøœɶʉʊʏᵻ")
_VOICELESS_STOPS = frozenset("ptkcqʈ")
_STRESS = {"ˈ": 2, "ˌ": 1}
_NOT_IPA = {"s.": "ʂ", "ts.": "ʈʂ", "ts.h": "ʈʂʰ", "r.": "ɽ", "i.": "ɨ", "o-": "ɤ"}
"""Where espeak's tables give its own letters for IPA (Mandarin, Hindi)."""
FRAME_S, QUIET_DB, MAX_CLOSURE_S = 0.0025, -42.0, 0.14
"""A frame this far below the loudest is silent; a stop is not closed for longer (both measured on 48 languages)."""


@dataclass(frozen=True, slots=True)
class Phone:
    """One speech sound; `ipa` "" is a pause. `word` is its index, -1 before the first."""

    ipa: str
    start: int
    end: int
    stress: int
    word: int


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """When one word of the text is spoken."""

    word: Word
    start: int
    end: int


def phones(raw: Raw, text: SpokenText) -> list[Phone]:
    """The sounds in order, without holes or overlaps, from the first event to the end of the sound.

    Corrected in two ways against espeak: its event for a voiceless stop is the burst, here it starts with the
    silence of the closure, as the lips do; and nameless events inside running speech are no pauses.
    """
    quiet = _quiet_frames(raw.pcm, raw.rate_hz)
    frame = max(1, round(FRAME_S * raw.rate_hz))
    found: list[Phone] = []
    word = -1
    sounds = [event.sample for event in raw.events if event.ipa is not None] + [len(raw.pcm)]
    index = 0
    for event in raw.events:
        if event.ipa is None:
            word = max(word, text.word_at(event.position))
            continue
        index += 1
        phone = _phone(event, sounds[index], word)
        if phone is not None:
            _append(found, phone, quiet, frame, round(MAX_CLOSURE_S * raw.rate_hz))
    return _with_stress(found)


def words(raw: Raw, text: SpokenText, spoken: Sequence[Phone]) -> list[SpokenWord]:
    """When each word is spoken, in order; none is left out, as long as anything was spoken.

    Words that espeak speaks as one ("of the", or the characters of a Chinese word) share the time by their length.
    """
    begins: dict[int, int] = {}
    for event in raw.events:
        if event.ipa is None:
            begins.setdefault(text.word_at(event.position), event.sample)
    spans: dict[int, tuple[int, int]] = {}
    for phone in spoken:
        if phone.ipa and phone.word >= 0:
            start = spans[phone.word][0] if phone.word in spans else min(begins[phone.word], phone.start)
            spans[phone.word] = (start, phone.end)
    for owner, following in pairwise(sorted(spans)):
        start, end = spans[owner]
        spans[owner] = (start, min(end, spans[following][0]))
    return list(_share(text.words, spans)) if spans else []


def clean_ipa(raw: str) -> str:
    """IPA without stress marks and without espeak's own letters; "" for what is no sound."""
    name = raw.strip("ˈˌ \0")
    if name.startswith("("):
        return ""  # "(en)": the voice changes its language
    name = _NOT_IPA.get(name) or re.sub(r"[-.#^?0-9*;|]", "", name)
    if len(name) > 1 and name.endswith("h"):
        name = name[:-1] + "ʰ"
    return name.lower()


def _phone(event: Event, end: int, word: int) -> Phone | None:
    name = event.ipa or ""
    stress = max((_STRESS.get(mark, 0) for mark in name), default=0)
    if end <= event.sample:
        return None
    return Phone(clean_ipa(name), event.sample, end, stress, word)


def _append(found: list[Phone], phone: Phone, quiet: NDArray[np.bool_], frame: int, longest: int) -> None:
    """Add one sound behind the others, moving the border to where the ear has it."""
    if not found:
        found.append(phone)
        return
    last = found[-1]
    sounding = not quiet[phone.start // frame + 1 : max(phone.end // frame - 1, 0)].any()
    if not phone.ipa and (sounding or not last.ipa):
        found[-1] = replace(last, end=phone.end)
        return
    if phone.ipa[:1] in _VOICELESS_STOPS:
        start = _closure_start(phone.start, quiet, frame, longest)
        start = max(start, last.start + 4 * frame)
        if start < phone.start:
            found[-1] = replace(last, end=start)
            phone = replace(phone, start=start)
    found.append(phone)


def _closure_start(burst: int, quiet: NDArray[np.bool_], frame: int, longest: int) -> int:
    """Where the silence before a burst begins; `burst` where there is none."""
    at = min(burst // frame, len(quiet) - 1)
    first = max(at - 4, 0)
    while at > first and not quiet[at]:  # the event can lie a little behind the burst
        at -= 1
    begin = at
    while begin > 0 and quiet[begin - 1] and (at - begin) * frame < longest:
        begin -= 1
    return begin * frame if at - begin >= 3 else burst


def _quiet_frames(pcm: NDArray[np.int16], rate_hz: int) -> NDArray[np.bool_]:
    """Which stretches of FRAME_S are silent; shape (n // frame + 2,), silence behind the end."""
    frame = max(1, round(FRAME_S * rate_hz))
    count = len(pcm) // frame
    power = np.mean(pcm[: count * frame].astype(np.float32).reshape(count, frame) ** 2, axis=1)
    loud = power.max(initial=0.0)
    return np.append(power <= loud * 10 ** (QUIET_DB / 10), [True, True])


def _with_stress(found: list[Phone]) -> list[Phone]:
    """Give each vowel's stress to its syllable: the consonants before it, and those that end the word."""
    out: list[Phone] = []
    for _, group in groupby(found, key=lambda phone: (phone.word, not phone.ipa)):
        members = list(group)
        stress = 0
        for position in range(len(members) - 1, -1, -1):
            phone = members[position]
            if phone.ipa[:1] in VOWELS:
                stress = phone.stress
            elif not any(later.ipa[:1] in VOWELS for later in members[position:]):
                stress = next((p.stress for p in reversed(members[:position]) if p.ipa[:1] in VOWELS), phone.stress)
            members[position] = replace(phone, stress=stress)
        out.extend(members)
    return out


def _share(all_words: Sequence[Word], spans: dict[int, tuple[int, int]]) -> Iterable[SpokenWord]:
    """Give every word its span; words without one share that of the spoken word before them (or the first one)."""
    owners = sorted(spans)
    for number, owner in enumerate(owners):
        first = 0 if number == 0 else owner
        last = owners[number + 1] if number + 1 < len(owners) else len(all_words)
        members = all_words[first:last]
        start, end = spans[owner]
        total = sum(word.end - word.start for word in members)
        before = 0
        for word in members:
            after = before + word.end - word.start
            span = end - start
            yield SpokenWord(word, start + span * before // total, start + span * after // total)
            before = after
