"""What a connection's model is made to remember."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.adapters.base import Speaker
from tth.adapters.provider_prompt import Message
from tth.adapters.realtime.openai_realtime_memory import AudioItem, RemoteMemory

pytestmark = pytest.mark.unit

USER, PERSON = Speaker.USER, Speaker.PERSON
SECOND = 24_000


def talked() -> RemoteMemory:
    """One question and an answer of two messages, a second each."""
    memory = RemoteMemory()
    memory.tell(Message(USER, "How are you?"))
    memory.remember_answer("t_1", "Fine. And you?", [AudioItem("item_1", SECOND), AudioItem("item_2", SECOND)])
    return memory


def short(events: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    """What is done to which item."""
    return [
        (event["type"].rpartition(".")[2], event.get("audio_end_ms") or event.get("item_id") or event["item"]["id"])
        for event in events
    ]


def test_a_fresh_connection_is_told_everything() -> None:
    """As text, each with the content type of its speaker."""
    events = RemoteMemory().agree([Message(USER, "Hello"), Message(PERSON, "Good day")])
    assert [event["item"]["role"] for event in events] == ["user", "assistant"]
    assert [event["item"]["content"][0]["type"] for event in events] == ["input_text", "output_text"]
    assert len({event["item"]["id"] for event in events}) == 2


def test_what_agrees_costs_nothing() -> None:
    """Also when the history has forgotten its beginning."""
    memory = talked()
    assert memory.agree([Message(USER, "How are you?"), Message(PERSON, "Fine. And you?")]) == []
    assert memory.agree([Message(PERSON, "Fine. And you?")]) == []


@pytest.mark.parametrize(
    ("heard_samples", "done"),
    [
        (0, [("delete", "item_1"), ("delete", "item_2")]),
        (23, [("delete", "item_1"), ("delete", "item_2")]),
        (SECOND // 2, [("truncate", 500), ("delete", "item_2")]),
        (SECOND, [("delete", "item_2")]),
        (SECOND + 2400, [("truncate", 100)]),
        (2 * SECOND, []),
        (9 * SECOND, []),
    ],
)
def test_an_answer_ends_where_the_listener_was(heard_samples: int, done: list[tuple[str, Any]]) -> None:
    """Never further than what came; what was not heard at all is gone."""
    memory = talked()
    text = "Fine." if heard_samples > 23 else ""
    assert short(memory.cut("t_1", heard_samples, text)) == done
    heard = [Message(PERSON, "Fine.")] if text else []
    assert memory.agree([Message(USER, "How are you?"), *heard]) == []


def test_cut_again() -> None:
    """Less than before is cut once more; more than was left is told anew, as text."""
    memory = talked()
    memory.cut("t_1", SECOND // 2, "Fine.")
    assert short(memory.cut("t_1", SECOND // 4, "Fi")) == [("truncate", 250)]
    assert memory.cut("t_1", SECOND, "Fine. And") == []
    events = memory.agree([Message(USER, "How are you?"), Message(PERSON, "Fine. And")])
    assert short(events) == [("delete", "item_1"), ("create", "tth_2")]
    assert memory.cut("t_9", SECOND, "unknown here") == []


def test_a_refused_event_is_made_good() -> None:
    """A truncation that came to nothing: the answer is told as text."""
    memory = talked()
    event = memory.cut("t_1", SECOND + 2400, "Fine.")[0]
    memory.doubt(event["event_id"])
    events = memory.agree([Message(USER, "How are you?"), Message(PERSON, "Fine.")])
    assert short(events) == [("delete", "item_1"), ("delete", "item_2"), ("create", "tth_2")]


_MESSAGES = st.lists(st.tuples(st.sampled_from([USER, PERSON]), st.sampled_from("abc")).map(lambda m: Message(*m)))


@given(st.lists(_MESSAGES, min_size=1, max_size=6))
def test_the_end_always_agrees(histories: list[list[Message]]) -> None:
    """Whatever the histories are, the remote items end with the wanted ones; nothing is deleted that is not there."""
    memory, remote = RemoteMemory(), list[tuple[str, str]]()
    for wanted in histories:
        for event in memory.agree(wanted):
            if event["type"] == "conversation.item.create":
                item = event["item"]
                assert item["id"] not in [known for known, _ in remote]
                remote.append((item["id"], item["role"] + item["content"][0]["text"]))
            else:
                assert event["item_id"] in [known for known, _ in remote]
                remote = [entry for entry in remote if entry[0] != event["item_id"]]
        said = [("user" if message.speaker is USER else "assistant") + message.text for message in wanted]
        assert [text for _, text in remote][len(remote) - len(said) :] == said
        if not wanted:
            assert remote == []
