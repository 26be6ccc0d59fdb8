"""The small talker made of rules, as a conversation partner."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tth.adapters.base import LlmInput, Persona, SessionContext, Speaker, TextPiece, TurnContext, Utterance
from tth.adapters.llm.persona_talker import Settings, build
from tth.adapters.llm.persona_talker_book import LANGUAGES, Book, load_book
from tth.adapters.llm.persona_talker_reply import Talk
from tth.adapters.llm.persona_talker_wording import LONGEST_REPLY
from tth.core.speakable import has_speakable
from tth.errors import AdapterUnavailable
from tth.model.controls import Controls, EmotionLabel
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.unit

BOOKS: Mapping[str, Book] = {language: load_book(language) for language in LANGUAGES}
ANNA = Persona("default", "Anna")
STYLES = ("default", "professional", "casual", "excited")


class Chat:
    """A conversation with the talker."""

    def __init__(self, language: str = "en", persona: Persona = ANNA, seed: int = 1) -> None:
        self._book = BOOKS[language]
        self._persona = persona
        self._seed = seed
        self.controls = Controls()
        self.history: tuple[Utterance, ...] = ()

    def say(self, text: str, heard_characters: int | None = None) -> str:
        """The reply; heard_characters: where the user interrupts it."""
        prompt = LlmInput(text, self.history, self._persona)
        reply = Talk(self._book, self._seed, prompt, self.controls).reply()
        heard = Utterance(Speaker.PERSON, reply[:heard_characters], heard_characters is not None)
        self.history = (*self.history, Utterance(Speaker.USER, text), heard)
        return reply


def test_a_conversation_keeps_the_thread() -> None:
    """Name, dog, home and likes are remembered, used and given back."""
    chat = Chat()
    assert has_speakable(chat.say("Hello!"))
    assert "Tim" in chat.say("My name is Tim and I live in Bonn.")
    assert "Rex" in chat.say("I have a dog called Rex")
    assert "Rex" in chat.say("He is very lazy and sleeps all day.")
    assert "jazz" in chat.say("I really like old jazz records")
    assert "Rex" in chat.say("What is my dog's name?")
    assert "Bonn" in chat.say("Where do I live?")
    everything = chat.say("What do you know about me?")
    assert all(word in everything for word in ("Tim", "Bonn", "Rex", "old jazz records"))
    assert "what do you know about me" in chat.say("What did I just say?").lower()
    assert "Tim" in chat.say("I have to go, goodbye")


def test_what_was_never_told_is_not_invented() -> None:
    """It says so and asks."""
    chat = Chat()
    assert "name" in chat.say("What is my name?")
    chat.say("I have a cat called Mia.")
    assert "Mia" not in chat.say("What is my dog's name?")
    assert "Mia" in chat.say("What is my cat's name?")


def test_a_resumed_conversation_knows_the_same() -> None:
    """All memory is the history: another object with the same history answers the same."""
    first, second = Chat(), Chat()
    first.say("My name is Tim.")
    second.history = first.history
    assert first.say("What is my name?") == second.say("What is my name?")


def test_the_same_seed_gives_the_same_conversation() -> None:
    """And another seed another one."""
    lines = ["Hello", "I like tea", "Tell me a joke", "And a story", "I went to the sea"]

    def talk(seed: int) -> list[str]:
        chat = Chat(seed=seed)
        return [chat.say(line) for line in lines]

    assert talk(1) == talk(1)
    assert len({tuple(talk(seed)) for seed in range(8)}) > 4


@pytest.mark.parametrize(
    "line", ["Hello", "Who are you?", "Thank you", "Goodbye", "I went to the cinema yesterday", "What is a quark?"]
)
def test_personas_differ_in_their_words(line: str) -> None:
    """Four personas, four replies to the same words."""
    assert len({Chat(persona=Persona(style, "Kim")).say(line) for style in STYLES}) == len(STYLES)


@pytest.mark.parametrize(
    ("persona", "like"),
    [
        (Persona("x", "Kim", description="Calm and precise; a professional."), "professional"),
        (Persona("x", "Kim", prompt="You are relaxed, as with an old friend."), "casual"),
        (Persona("x", "Kim", prompt="You are full of energy."), "excited"),
        (Persona("x", "Kim"), "default"),
    ],
)
def test_an_unknown_persona_speaks_as_its_prompt_says(persona: Persona, like: str) -> None:
    """Its description or prompt decides the manner."""
    assert Chat(persona=persona).say("Hello") == Chat(persona=Persona(like, "Kim")).say("Hello")


@pytest.mark.parametrize("line", ["How are you?", "I went to the cinema yesterday", "What is a quark?"])
def test_emotions_shade_the_words(line: str) -> None:
    """Seven labels, seven replies; strong ones differ from mild ones; valence and arousal count as well."""

    def reply(controls: Controls) -> str:
        chat = Chat()
        chat.controls = controls
        return chat.say(line)

    by_label = {label: reply(Controls(emotion_label=label)) for label in EmotionLabel}
    if line != "How are you?":
        assert len(set(by_label.values())) == len(EmotionLabel)
        assert reply(Controls(emotion_label=EmotionLabel.SAD, emotion_intensity=1.0)) != by_label[EmotionLabel.SAD]
    sad = reply(Controls(emotion_valence=-0.7, emotion_arousal=-0.4))
    assert sad not in (by_label[EmotionLabel.NEUTRAL], by_label[EmotionLabel.HAPPY])
    assert by_label[EmotionLabel.HAPPY] != by_label[EmotionLabel.SAD]


def test_grief_is_met_without_manners() -> None:
    """No cheerful opener where somebody died, whatever the persona and the mood."""
    chat = Chat(persona=Persona("excited", "Amara"))
    chat.controls = Controls(emotion_label=EmotionLabel.HAPPY, emotion_intensity=1.0)
    assert "sorry" in chat.say("My dog died last night.")
    assert "!" not in chat.say("My grandmother died too.")


def test_it_picks_up_where_it_was_interrupted() -> None:
    """ "Go on" brings the sentence that was cut off and all that follows."""
    chat = Chat()
    whole = chat.say("Tell me a story", heard_characters=60)
    resumed = chat.say("Sorry, go on")
    assert "As I was saying" in resumed
    assert resumed.endswith(whole[60:])


def test_an_interruption_is_noticed() -> None:
    """A question thrown in is answered, and the thread taken up or let go in so many words."""
    chat = Chat()
    chat.say("What is TTH?", heard_characters=30)
    reply = chat.say("I went to the sea in spring")
    book = BOOKS["en"]
    assert "As I was saying" in reply or any(reply.startswith(nod) for nod in book.after_interruption)


def test_go_on_after_something_else_says_so() -> None:
    """It does not invent a thread that it cannot know."""
    chat = Chat()
    chat.history = (Utterance(Speaker.PERSON, "A text of the caller's own, cut", interrupted=True),)
    assert chat.say("go on") in {text[:LONGEST_REPLY] for text in BOOKS["en"].lost}


def test_another_one_is_another_one() -> None:
    """Jokes do not repeat before all have been told."""
    chat = Chat()
    jokes = [chat.say("Tell me a joke"), *(chat.say("another one") for _ in range(6))]
    assert len(set(jokes)) == 7


@pytest.mark.parametrize("line", ["Hello", "ok", "I see", "Goodbye", "stop", "Tell me a joke", "What is love?", "..."])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_reply_comes_twice_in_a_row(line: str, language: str) -> None:
    """However often the same is said."""
    chat = Chat(language)
    replies = [chat.say(line) for _ in range(12)]
    assert all(first != second for first, second in pairwise(replies))


def test_it_says_what_it_is() -> None:
    """A small talker made of rules, in every persona."""
    for style in STYLES:
        for question in ("Who are you?", "Are you a robot?", "Are you ChatGPT?", "What's your name?"):
            assert "small talker made of rules" in Chat(persona=Persona(style, "Kim")).say(question)


@pytest.mark.parametrize(
    ("language", "hello", "name", "ask", "who", "rules", "bye"),
    [
        ("de", "Hallo", "Ich heiße Lena", "Wie heiße ich?", "Wer bist du?", "Regeln", "Tschüss"),
        ("fr", "Bonjour", "Je m'appelle Lena", "Comment je m'appelle ?", "Qui es-tu ?", "règles", "Au revoir"),
        ("es", "Hola", "Me llamo Lena", "¿Cómo me llamo?", "¿Quién eres?", "reglas", "Adiós"),
        ("zh", "你好", "我叫Lena。", "我叫什么？", "你是谁？", "规则", "再见"),
    ],
)
def test_other_languages(language: str, hello: str, name: str, ask: str, who: str, rules: str, bye: str) -> None:
    """Greeting, name, identity, fallback and farewell in each of them."""
    book = BOOKS[language]
    chat = Chat(language)
    greeting = next(rule for rule in book.rules if rule.rule_id == "greeting")
    assert chat.say(hello).startswith(tuple(reply[:2] for reply in greeting.replies))
    assert "Lena" in chat.say(name)
    assert "Lena" in chat.say(ask)
    assert rules in chat.say(who)
    assert has_speakable(chat.say("Xyzzy plugh"))
    assert chat.say(bye)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400), st.sampled_from(LANGUAGES), st.sampled_from(STYLES), st.integers(0, 9))
def test_any_text_gets_a_speakable_reply(text: str, language: str, style: str, seed: int) -> None:
    """Never empty, never too long, no gap left open, whatever comes in and whatever came before."""
    chat = Chat(language, Persona(style, "Kim"), seed)
    for line in (text, "Hello", text):
        reply = chat.say(line)
        assert has_speakable(reply)
        assert len(reply) <= LONGEST_REPLY
        assert reply == reply.strip()


@pytest.mark.parametrize("line", ["{name}", "{0}", "my name is {me}", "I like {like}", "%s %(name)s"])
def test_a_users_braces_are_only_signs(line: str) -> None:
    """Nothing that a user writes is taken for a gap."""
    assert has_speakable(Chat().say(line))


@pytest.mark.parametrize(
    "text", ["a " * 2000, "my name is " * 400, "I have a dog " * 300, "(" * 4000, "because " * 500, "我" * 4000]
)
def test_long_texts_are_answered(text: str) -> None:
    """4,000 characters of anything: no pattern runs away."""
    assert has_speakable(Chat().say(text))


def read(settings: Settings, language: str = "en") -> list[tuple[float, str]]:
    """The pieces of one reply, each with its virtual milliseconds."""

    async def main() -> list[tuple[float, str]]:
        talker = build(settings)
        await talker.load()
        session = talker.open_session(SessionContext("s_1", seed=1))
        turn = TurnContext("s_1", "t_0", 0, language)
        loop = asyncio.get_running_loop()
        async with aclosing(session.infer_stream(LlmInput("Hello"), Controls(), turn)) as pieces:
            timed = [(round(loop.time() * 1000, 3), piece) async for piece in pieces]
            return [(at_ms, piece.text) for at_ms, piece in timed if isinstance(piece, TextPiece)]

    return run_virtual(main())


def test_the_reply_streams_word_by_word() -> None:
    """The pieces together are the reply; none is empty; by default no time passes."""
    pieces = read(Settings())
    assert len(pieces) > 5
    assert "".join(text for _, text in pieces) == Talk(BOOKS["en"], 1, LlmInput("Hello"), Controls()).reply()
    assert {at for at, _ in pieces} == {0.0}


def test_words_can_be_delayed() -> None:
    """One delay before each."""
    pieces = read(Settings(token_delay_ms=20))
    assert [at for at, _ in pieces] == [20.0 * (index + 1) for index in range(len(pieces))]


@pytest.mark.parametrize(
    ("code", "language"), [("de-AT", "de"), ("zh_CN", "zh"), ("FR", "fr"), ("tlh", "en"), ("", "en")]
)
def test_the_turns_language_decides(code: str, language: str) -> None:
    """Regions do not matter; an unknown language is answered in English."""
    assert read(Settings(), code) == read(Settings(), language)


def test_it_must_be_loaded() -> None:
    """A session of a talker without its books is refused."""
    with pytest.raises(AdapterUnavailable):
        build(Settings()).open_session(SessionContext("s_1"))
