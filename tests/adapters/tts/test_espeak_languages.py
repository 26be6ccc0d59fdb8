"""Languages of the embedded voice."""

from __future__ import annotations

import pytest

from tth.adapters.tts.espeak_languages import LANGUAGES, espeak_language, is_tonal, scripts_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("code", "espeak"),
    [
        ("en", "en-us"),
        ("en-US", "en-us"),
        ("en-GB", "en-gb"),
        ("en_AU", "en-gb"),
        ("de-AT", "de"),
        ("fr", "fr"),
        ("fr-CA", "fr"),
        ("es-MX", "es-419"),
        ("zh", "cmn"),
        ("zh-CN", "cmn"),
        ("zh-Hans-CN", "cmn"),
        ("zh-HK", "yue"),
        ("pt-BR", "pt-br"),
        ("no", "nb"),
    ],
)
def test_codes_find_their_voice(code: str, espeak: str) -> None:
    """A code stands for itself, its alias or the language that is left when subtags are cut from its end."""
    assert espeak_language(code) == espeak


@pytest.mark.parametrize("code", ["", "xx", "ja", "tlh", "zz-ZZ", "../etc", "-"])
def test_other_codes_find_none(code: str) -> None:
    """What espeak does not speak well is not spoken at all."""
    assert espeak_language(code) is None


def test_every_listed_language_is_spoken() -> None:
    """The list in the capabilities promises nothing that is then refused."""
    assert all(espeak_language(code) for code in LANGUAGES)


def test_scripts_and_tones() -> None:
    """Every language reads Latin letters and its own; Mandarin and Vietnamese are tonal, German is not."""
    assert scripts_of("ru") == {"LATIN", "CYRILLIC"}
    assert scripts_of("de") == {"LATIN"}
    assert [is_tonal(language) for language in ("cmn", "vi", "de")] == [True, True, False]
