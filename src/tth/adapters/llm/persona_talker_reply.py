"""What the persona talker answers: the decisions, in the order in which they are tried.

Pure: the same book, seed, prompt and controls give the same reply. All memory is the history in the prompt.
Tests: tests/adapters/llm/test_persona_talker.py.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tth.adapters.base import LlmInput, Speaker, Utterance
from tth.adapters.llm.persona_talker_book import Asked, Book, Patterns, Rule, Say
from tth.adapters.llm.persona_talker_manner import manner_of, mood_of, opener_for
from tth.adapters.llm.persona_talker_memory import Memory, facts_in, remember
from tth.adapters.llm.persona_talker_sums import sum_in
from tth.adapters.llm.persona_talker_wording import (
    LONGEST_REPLY,
    clean,
    exclaim,
    fill,
    first_upper,
    last_sentence_start,
    pick,
    quote,
    reflect,
    restyle,
    shorten,
    word_count,
)
from tth.core.speakable import has_speakable
from tth.model.controls import Controls

SHORT_WORDS = 3
"""Up to so many words are taken for the answer to a question of ours."""
RECALL_EVERY = 3
"""Every so many turns an idle question comes back to something that was told."""
LEARNED_AT_ONCE = 2
"""New facts that are answered in one reply."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply in the making: chosen words, before manners and measure."""

    says: tuple[str, ...]
    ask: str = ""
    is_plain: bool = False
    is_grave: bool = False


class Talk:
    """One reply to one prompt. Made for it and thrown away."""

    def __init__(self, book: Book, seed: int, prompt: LlmInput, controls: Controls) -> None:
        self._book = book
        self._seed = seed
        self._prompt = prompt
        self._controls = controls
        self._text = clean(prompt.text)
        self._said = [entry.text for entry in prompt.history if entry.speaker is Speaker.PERSON]
        self._heard = [entry.text for entry in prompt.history if entry.speaker is Speaker.USER]
        self._chance = random.Random(f"{seed}/{len(self._heard)}")
        self._style_name, self._style = manner_of(prompt.persona, book)
        self._mood = mood_of(controls)
        self._memory = Memory((*remember(self._heard, book).facts, *facts_in(self._text, book)))
        self._values = {
            **self._memory.latest,
            "me": prompt.persona.display_name or "TTH",
            "before": quote(self._heard[-1]) if self._heard else "",
            "mine": shorten(clean(self._said[-1]), LONGEST_REPLY // 2) if self._said else "",
            "facts": self._all_facts(),
        }

    def reply(self) -> str:
        """The whole reply: speakable, at most `LONGEST_REPLY` characters, never the same as the one before."""
        answer = self._answer()
        text = self._with_manners(answer)
        if self._said and self._said[-1].strip() and text.startswith(self._said[-1].strip()):
            text = shorten(f"{self._pick(self._book.once_more)}{self._book.space}{text}")
        return text

    def _answer(self) -> Answer:
        if not has_speakable(self._text):
            return Answer((self._pick(self._book.unreadable),), is_plain=True)
        return next(answer for answer in self._ideas() if answer is not None)

    def _ideas(self) -> Iterator[Answer | None]:
        """Everything that could be answered, the best first; the last is always something."""
        yield self._rule_answer([rule for rule in self._book.rules if rule.is_urgent])
        yield self._go_on()
        yield self._asked()
        yield self._sum()
        yield self._more()
        yield self._learned()
        yield self._rule_answer(self._book.rules)
        yield self._small_answer()
        if self._text.rstrip().endswith(("?", "？")):
            yield self._from(self._book.questions)
        yield self._from(self._book.statements)

    def _rule_answer(self, rules: Sequence[Rule]) -> Answer | None:
        for rule in rules:
            match = self._rule_match(rule)
            if match is None:
                continue
            values = {**self._values, **self._captured(match)}
            own = rule.moods.get(self._mood.name) or rule.styles.get(self._style_name)
            text = self._pick(own or rule.replies, values)
            if text:
                return Answer((text,), is_plain=rule.is_plain or own is not None, is_grave=rule.is_grave)
        return None

    def _rule_match(self, rule: Rule) -> re.Match[str] | None:
        if rule.is_short and word_count(self._text) > SHORT_WORDS:
            return None
        if rule.needs and not self._values.get(rule.needs):
            return None
        return _search(rule.match, self._text)

    def _captured(self, match: re.Match[str]) -> dict[str, str]:
        """What a rule caught, as it stands and turned round."""
        caught = {key: quote(value) for key, value in match.groupdict().items() if value}
        turned = {f"{key}_reflected": reflect(value, self._book.reflect) for key, value in caught.items()}
        return {**caught, **turned}

    def _go_on(self) -> Answer | None:
        """ "Go on": the rest of what was interrupted."""
        if not _search(self._book.go_on, self._text):
            return None
        rest = self._rest()
        if rest:
            return Answer((self._pick(self._book.resumed, {"rest": rest}),), is_plain=True)
        return self._more_of_the_same() or Answer((self._pick(self._book.lost),), is_plain=True)

    def _more(self) -> Answer | None:
        return self._more_of_the_same() if _search(self._book.more, self._text) else None

    def _more_of_the_same(self) -> Answer | None:
        """The rule that answered last time answers again: another joke, another story."""
        for text in reversed(self._heard):
            if _search(self._book.more, text) or _search(self._book.go_on, text):
                continue
            for rule in self._book.rules:
                if _search(rule.match, clean(text)) and rule.is_plain and len(rule.replies) > 1:
                    return Answer((self._pick(rule.replies),), is_plain=True)
            return None
        return None

    def _asked(self) -> Answer | None:
        for asked in self._book.asked:
            match = _search(asked.match, self._text)
            if match:
                return Answer((self._recalled(asked, match),))
        return None

    def _recalled(self, asked: Asked, match: re.Match[str]) -> str:
        told = self._memory.find(match.groupdict())
        known = "" if told is None else self._pick(asked.known, {**self._values, **told})
        return known or self._pick(asked.unknown)

    def _sum(self) -> Answer | None:
        result = sum_in(self._text, self._book.sums)
        if result is None:
            return None
        if not result:
            return Answer((self._pick(self._book.sums.no_result),))
        replies = self._book.sums.replies
        return Answer((self._pick(replies.say, {"result": result}),), self._pick(replies.ask))

    def _learned(self) -> Answer | None:
        """An answer to what is new, and to a question about us that came with it."""
        facts = facts_in(self._text, self._book)
        learned = [(key, fact) for key in self._book.learned for fact in facts if key in fact][:LEARNED_AT_ONCE]
        if not learned:
            return None
        says = tuple(self._pick(self._book.learned[key].say, {**self._values, **fact}) for key, fact in learned)
        too = self._rule_answer([rule for rule in self._book.rules if rule.joins])
        if too is not None:
            return Answer((*says[:1], *too.says))
        key, fact = learned[-1]
        return Answer(says, self._pick(self._book.learned[key].ask, {**self._values, **fact}))

    def _small_answer(self) -> Answer | None:
        """A few words after a question of ours are its answer."""
        was_asked = bool(self._said) and self._said[-1].rstrip().endswith(("?", "？"))
        said = reflect(quote(self._text), self._book.reflect)
        if not was_asked or not said or word_count(self._text) > SHORT_WORDS or self._text.endswith("?"):
            return None
        return Answer((self._pick(self._book.answers.say, {"said": said}),), self._idle_question())

    def _from(self, say: Say) -> Answer:
        return Answer((self._pick(say.say),), self._pick(say.ask) or self._idle_question())

    def _idle_question(self) -> str:
        """Something to ask when nothing better is at hand; now and then about what was told."""
        if len(self._heard) % RECALL_EVERY == RECALL_EVERY - 1:
            lately = " ".join([*self._heard[-1:], self._text]).casefold()
            known = self._memory.latest
            keys = [key for key in self._book.recalls if key in known and known[key].casefold() not in lately]
            if keys:
                return self._pick([text for key in keys for text in self._book.recalls[key]])
        return self._pick(self._book.asks)

    def _with_manners(self, answer: Answer) -> str:
        """The answer with what comes before and behind it, as far as it fits."""
        book = self._book
        core = book.space.join(part for part in answer.says if part)
        if answer.is_grave or (answer.is_plain and not self._was_interrupted):
            return self._measured([core], answer)
        front = self._nod(answer)
        is_sober = answer.is_plain or _search(book.troubles, self._text) is not None
        openers = () if is_sober or front else opener_for(self._style, self._mood, len(self._heard), book)
        opening = pick(openers, self._said, self._chance)
        if self._style.exclaims and not is_sober:
            core = exclaim(core)
        rest = self._rest() if self._was_interrupted and not _search(book.go_on, self._text) else ""
        resumed = self._pick(book.resumed, {"rest": rest}) if rest and not answer.is_plain else ""
        if resumed and len(core) + len(resumed) < LONGEST_REPLY:
            return self._measured([core, resumed], answer)
        return self._measured([front or opening, core, answer.ask], answer)

    def _measured(self, parts: list[str], answer: Answer) -> str:
        """The parts joined, less of them if that is too long, one more if it is too short."""
        space = self._book.space
        whole = space.join(part for part in parts if part)
        if len(whole) > LONGEST_REPLY:
            whole = space.join(part for part in parts[1:] if part) if len(parts) > 2 else whole
        if len(whole) < self._book.shortest_reply and not answer.is_plain and not answer.is_grave:
            whole = f"{whole}{space}{self._pick(self._book.fillers)}"
        return shorten(first_upper(whole))

    @property
    def _was_interrupted(self) -> bool:
        spoken = [entry for entry in self._prompt.history if entry.speaker is Speaker.PERSON]
        return bool(spoken) and spoken[-1].interrupted

    def _nod(self, answer: Answer) -> str:
        """A word about being interrupted, or about hearing the same again."""
        if answer.is_plain:
            return ""
        if self._was_interrupted:
            return self._pick(self._book.after_interruption)
        same = bool(self._heard) and self._heard[-1].casefold() == self._prompt.text.casefold()
        return self._pick(self._book.said_twice) if same and word_count(self._text) > 1 else ""

    def _rest(self) -> str:
        """Our last reply from the sentence in which it was interrupted; "" if it cannot be known."""
        history = self._prompt.history
        spoken = [index for index, entry in enumerate(history) if entry.speaker is Speaker.PERSON]
        if not spoken or not history[spoken[-1]].interrupted:
            return ""
        last = spoken[-1]
        if last == 0 or history[last - 1].speaker is not Speaker.USER:
            return ""
        before = replace(self._prompt, text=history[last - 1].text, history=_settled(history[: last - 1]))
        whole = Talk(self._book, self._seed, before, self._controls).reply()
        heard = history[last].text.strip()
        return whole[last_sentence_start(heard) :] if whole.startswith(heard) and len(whole) > len(heard) else ""

    def _all_facts(self) -> str:
        """ "your name is Tim, you live in Bonn and you like tea", as far as it fits into a reply."""
        known = self._memory.latest
        parts = [text for template in self._book.known_facts.values() if (text := fill(template, known))]
        while parts and sum(map(len, parts)) > LONGEST_REPLY // 2:
            parts.pop()
        if len(parts) < 2:
            return "".join(parts)
        return ", ".join(parts[:-1]) + self._book.last_and + parts[-1]

    def _pick(self, templates: Sequence[str], values: Mapping[str, str] | None = None) -> str:
        """One of those that can be filled, in this persona's words; "" if none can."""
        own = {**self._values, **(values or {})}
        filled = [fill(restyle(template, self._style.replace), own) for template in templates]
        return pick([text for text in filled if text], self._said, self._chance)


def _search(patterns: Patterns, text: str) -> re.Match[str] | None:
    return next((match for pattern in patterns if (match := pattern.search(text))), None)


def _settled(history: tuple[Utterance, ...]) -> tuple[Utterance, ...]:
    """The history with no interruption in it: what was said then is not told again for the sake of the last one."""
    return tuple(replace(entry, interrupted=False) for entry in history)
