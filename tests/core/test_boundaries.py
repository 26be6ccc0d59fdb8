"""The grammar of breaks."""

from __future__ import annotations

import pytest

from tth.core.boundaries import MARKS, Boundary, Grammar, Strength, Wait

pytestmark = pytest.mark.unit


def sentences(text: str, language: str = "en") -> list[str]:
    """The whole text cut at every sentence end and line, and nowhere else."""
    grammar = Grammar(language)
    parts: list[str] = []
    start = position = 0
    while position < len(text):
        if text[position].isspace():
            found = grammar.at_space(text, position, is_whole=True)
        elif text[position] in MARKS:
            found = grammar.at_mark(text, start, position, is_whole=True)
        else:
            position += 1
            continue
        assert isinstance(found, Boundary)
        position = found.resume
        if found.strength >= Strength.SENTENCE:
            parts.append(text[start : found.end].strip())
            start = position = found.end
            position += len(text[start:]) - len(text[start:].lstrip())
    return [*parts, text[start:].strip()]


CASES = [
    # plain
    ("en", "Hello there. How are you? Fine!", ["Hello there.", "How are you?", "Fine!"]),
    ("en", "Really?! Yes!!! No…", ["Really?!", "Yes!!!", "No…"]),
    # abbreviations
    ("en", "Mr. Smith met Dr. Jones. They spoke.", ["Mr. Smith met Dr. Jones.", "They spoke."]),
    ("en", "Fruit, e.g. apples, i.e. food. Good.", ["Fruit, e.g. apples, i.e. food.", "Good."]),
    ("en", "It is on Fifth Ave. in town.", ["It is on Fifth Ave. in town."]),
    ("en", "Cats, dogs, etc. The end.", ["Cats, dogs, etc.", "The end."]),
    ("en", "Cats, dogs, etc. are here.", ["Cats, dogs, etc. are here."]),
    ("en", "At 5 p.m. He left.", ["At 5 p.m.", "He left."]),
    ("en", "At 5 p.m. on Monday.", ["At 5 p.m. on Monday."]),
    ("en", "See No. 5 and Fig. 3. No. I won't.", ["See No. 5 and Fig. 3.", "No.", "I won't."]),
    ("en", "On Jan. 5 it rained.", ["On Jan. 5 it rained."]),
    (
        "en",
        "The U.S. Army came. I live in the U.S. It is big.",
        ["The U.S. Army came.", "I live in the U.S.", "It is big."],
    ),
    ("de", "Das ist z. B. ein Haus. Ja.", ["Das ist z. B. ein Haus.", "Ja."]),
    ("de", "Das ist z.B. Käse, d. h. Milch.", ["Das ist z.B. Käse, d. h. Milch."]),
    (
        "de",
        "Herr Dr. Müller und Hr. Prof. Weiß kommen bzw. gehen.",
        ["Herr Dr. Müller und Hr. Prof. Weiß kommen bzw. gehen."],
    ),
    ("de", "Äpfel, Birnen usw. Das ist alles.", ["Äpfel, Birnen usw.", "Das ist alles."]),
    ("fr", "M. Dupont et Mme. Durand. Bonjour !", ["M. Dupont et Mme. Durand.", "Bonjour !"]),
    ("fr", "M. Le Pen parle. Il pleut.", ["M. Le Pen parle.", "Il pleut."]),
    ("es", "El Sr. García y la Sra. López. ¿Qué tal?", ["El Sr. García y la Sra. López.", "¿Qué tal?"]),
    ("es", "Está en la Avda. Central. ¡Hola! Sí.", ["Está en la Avda. Central.", "¡Hola!", "Sí."]),
    # initials
    ("en", "J. R. R. Tolkien wrote. He did.", ["J. R. R. Tolkien wrote.", "He did."]),
    ("en", "George W. Bush spoke.", ["George W. Bush spoke."]),
    ("en", "Plan B. Then we go.", ["Plan B.", "Then we go."]),
    ("en", "So am I. Good.", ["So am I.", "Good."]),
    # numbers
    ("en", "Pi is 3.14 or 1,000.50 today. Ok.", ["Pi is 3.14 or 1,000.50 today.", "Ok."]),
    ("de", "Es kostet 1.000,50 Euro um 10.30 Uhr.", ["Es kostet 1.000,50 Euro um 10.30 Uhr."]),
    ("de", "Am 3. Mai im 19. Jahrhundert.", ["Am 3. Mai im 19. Jahrhundert."]),
    ("de", "Am 3.5.2024 um 8 Uhr. Gut.", ["Am 3.5.2024 um 8 Uhr.", "Gut."]),
    ("de", "Sie ist 42. Danach ging sie.", ["Sie ist 42.", "Danach ging sie."]),
    ("de", "Das war 1999. Mir gefiel es.", ["Das war 1999.", "Mir gefiel es."]),
    ("en", "It was 1999. Music was good.", ["It was 1999.", "Music was good."]),
    ("en", "Use version 1.2.3. Then v2.0 works.", ["Use version 1.2.3.", "Then v2.0 works."]),
    # addresses
    ("en", "See https://a.example/b?c=d.e!f now. Bye.", ["See https://a.example/b?c=d.e!f now.", "Bye."]),
    ("en", "Write to me@mail.example. Thanks.", ["Write to me@mail.example.", "Thanks."]),
    # ellipses
    ("en", "Wait... what? Well… I see.", ["Wait... what?", "Well…", "I see."]),
    # quotes and brackets
    ("en", 'He said "Go!" Then he left.', ['He said "Go!"', "Then he left."]),
    ("en", '"No." she said. “Yes.” He ran.', ['"No." she said.', "“Yes.”", "He ran."]),
    ("en", "(He left.) She stayed.", ["(He left.)", "She stayed."]),
    ("en", "**Bold.** Plain.", ["**Bold.**", "Plain."]),
    ("de", "Er rief: „Halt!“ Dann lief er. »Gut.« Ja.", ["Er rief: „Halt!“", "Dann lief er.", "»Gut.«", "Ja."]),
    ("fr", "« Oui. » Elle part.", ["« Oui. »", "Elle part."]),
    # other scripts
    ("zh", "你好。我很好！你呢？好的", ["你好。", "我很好！", "你呢？", "好的"]),
    ("ja", "「はい。」と言った。元気？", ["「はい。」", "と言った。", "元気？"]),
    ("zh", "他说。“走吧。”然后走了。", ["他说。", "“走吧。”", "然后走了。"]),
    ("hi", "नमस्ते। आप कैसे हैं? ठीक।", ["नमस्ते।", "आप कैसे हैं?", "ठीक।"]),
    ("ar", "مرحبا. كيف حالك؟ بخير.", ["مرحبا.", "كيف حالك؟", "بخير."]),
    ("ko", "안녕하세요. 반갑습니다.", ["안녕하세요.", "반갑습니다."]),
    # emoji
    ("en", "Great! 👍🏽 Next. 🎉 Party!", ["Great! 👍🏽", "Next. 🎉", "Party!"]),
    ("en", "Great!👍 Next.", ["Great!👍", "Next."]),
    ("zh", "好。👍再见。", ["好。👍", "再见。"]),
    # lines
    ("en", "A list:\n- one\n- two\n1. First\n2. Second", ["A list:", "- one", "- two", "1. First", "2. Second"]),
    ("en", "Title\n\na paragraph\nthat is wrapped. End", ["Title", "a paragraph\nthat is wrapped.", "End"]),
    ("en", "One.\n- Two", ["One.", "- Two"]),
    ("en", "One" + " " * 40 + "two", ["One", "two"]),
]


@pytest.mark.parametrize(("language", "text", "want"), CASES, ids=[text[:30] for _, text, _ in CASES])
def test_sentences(language: str, text: str, want: list[str]) -> None:
    """Sentences end where a reader says so."""
    assert sentences(text, language) == want


@pytest.mark.parametrize(
    ("text", "position", "strength"),
    [
        ("one, two", 3, Strength.SOFT),
        ("1,000", 1, Strength.NONE),
        ("one - two", 4, Strength.SOFT),
        ("well-known", 4, Strength.NONE),
        ("a -3 b", 2, Strength.NONE),
        ("one—two", 3, Strength.SOFT),
        ("10–20", 2, Strength.NONE),
        ("hey. what", 3, Strength.SOFT),
        ("ca. five", 2, Strength.NONE),
        ("你，好", 1, Strength.SOFT),
        ("１，０００", 1, Strength.NONE),
        ("10:30", 2, Strength.NONE),
        ("so: yes", 2, Strength.SOFT),
    ],
)
def test_lesser_signs(text: str, position: int, strength: Strength) -> None:
    """Commas and dashes are pauses where they stand between words, and nothing within one."""
    found = Grammar("en").at_mark(text, 0, position, is_whole=True)
    assert isinstance(found, Boundary)
    assert found.strength is strength


@pytest.mark.parametrize("text", ["Yes.", "Yes. ", 'Yes." ', "Yes. 👍", "Plan B. The", "Yes!! ?"])
def test_it_waits_for_what_it_must_know(text: str) -> None:
    """No answer while more text could change it; always one for a whole text."""
    position = text.index("!" if "!" in text else ".")
    assert isinstance(Grammar("en").at_mark(text.rstrip(), 0, position, is_whole=False), Wait)
    assert isinstance(Grammar("en").at_mark(text.rstrip(), 0, position, is_whole=True), Boundary)


def test_an_unknown_language_is_read_as_english() -> None:
    """And a region does not matter."""
    assert sentences("Mr. Smith. Yes.", "tlh") == sentences("Mr. Smith. Yes.", "en-GB") == ["Mr. Smith.", "Yes."]
