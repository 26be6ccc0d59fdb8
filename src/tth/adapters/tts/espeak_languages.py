"""Which languages the embedded voice speaks, in which scripts it reads them, and which espeak voice that is.

Left out on purpose, though espeak-ng has them: Japanese (it reads no kanji), Thai, Burmese, Shan and Hakka (ordinary
text comes out as letter names or loose consonants; tried with espeak-ng 1.52), Faroese (no dictionary in the wheel),
and invented languages of fiction.
Tests: tests/adapters/tts/test_espeak_languages.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_LATIN = (
    "af an az bs ca cs cy da de en en-029 en-gb en-gb-scotland en-gb-x-rp en-us eo es es-419 et eu fi fr fr-be "
    "fr-ch ga gd gn haw hr ht hu ia id io is it kl la lb lfn lt ltg lv mi ms mt nb nl om pap pl pt pt-br qu quc ro sk "
    "sl smj sq sv sw tk tn tr uz vi vi-vn-x-central vi-vn-x-south"
)
_OTHER = {
    "CYRILLIC": "ba be bg cv kk ky mk nog ru sr tt uk",
    "ARABIC": "ar fa sd ug ur",
    "ARMENIAN": "hy hyw",
    "BENGALI": "as bn bpy",
    "CJK": "cmn yue",
    "DEVANAGARI": "hi kok mr ne",
    "ETHIOPIC": "am ti",
    "GEORGIAN": "ka",
    "GREEK": "el grc",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "HANGUL": "ko",
    "HEBREW": "he",
    "KANNADA": "kn",
    "MALAYALAM": "ml",
    "ORIYA": "or",
    "SINHALA": "si",
    "TAMIL": "ta",
    "TELUGU": "te",
}
SCRIPTS: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(_LATIN.split(), "LATIN")
    | {language: script for script, languages in _OTHER.items() for language in languages.split()}
    | {"ku": "LATIN"}
)
"""espeak language -> the script it is written in, by the first word of its letters' Unicode names. Every language
also reads Latin letters, as espeak does (mostly with English sounds)."""

_ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "en": "en-us",
        "en-au": "en-gb",
        "en-ie": "en-gb",
        "en-in": "en-gb",
        "en-nz": "en-gb",
        "en-za": "en-gb",
        "es-mx": "es-419",
        "es-ar": "es-419",
        "es-co": "es-419",
        "es-cl": "es-419",
        "es-us": "es-419",
        "zh": "cmn",
        "zh-hk": "yue",
        "zh-yue": "yue",
        "zh-mo": "yue",
        "no": "nb",
        "nn": "nb",
        "iw": "he",
        "in": "id",
    }
)
"""BCP 47 in lower case -> espeak. Bare "en" is American: what most speech systems mean by it."""

LANGUAGES: tuple[str, ...] = tuple(sorted({*SCRIPTS, "zh", "no"}))
"""What the adapter says it speaks; BCP 47 in lower case."""

_TONAL = frozenset({"cmn", "yue", "vi", "vi-vn-x-central", "vi-vn-x-south"})


def espeak_language(language_code: str) -> str | None:
    """The espeak language for a BCP 47 code: itself or an alias, else the same with subtags cut from the end.

    "de-AT" -> "de", "zh-Hans-CN" -> "cmn"; None: espeak does not speak it.
    """
    parts = language_code.lower().replace("_", "-").split("-")
    while parts:
        code = "-".join(parts)
        found = _ALIASES.get(code, code)
        if found in SCRIPTS:
            return found
        parts.pop()
    return None


def scripts_of(language: str) -> frozenset[str]:
    """The scripts that an espeak language reads."""
    return frozenset({"LATIN", SCRIPTS.get(language, "LATIN")})


def is_tonal(language: str) -> bool:
    """Whether pitch tells words apart, so that its range must not be flattened."""
    return language in _TONAL
