"""Every case passes an honest program, and catches each lie in its answer: nothing that is printed is believed."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from clients.conformance.cases import CASES, Evidence, judge
from clients.conformance.truth import events_of
from clients.conformance.wire import CONVERSE, MEDIA, kind

pytestmark = pytest.mark.e2e

Answer = dict[str, Any]
Lie = Callable[[Answer], object]


def _swap_events(answer: Answer) -> None:
    answer["events"][4], answer["events"][5] = answer["events"][5], answer["events"][4]


def _drop_chunk(answer: Answer) -> None:
    answer["events"] = [event for event in answer["events"] if event["kind"] != "audio_chunk"]


def _one_medium_more(answer: Answer) -> None:
    """One that the wire brought, and that was stale."""
    at = next(i for i, event in enumerate(answer["events"]) if event["kind"] == "turn_metrics")
    last_chunk = [event for event in answer["events"] if event["kind"] == "audio_chunk"][-1]
    answer["events"].insert(at, {**last_chunk, "seq": last_chunk["seq"] + 1})


def _without(kind: str) -> Lie:
    def lie(answer: Answer) -> None:
        answer["events"] = [event for event in answer["events"] if event["kind"] != kind]

    return lie


def _set(name: str, value: object) -> Lie:
    return lambda answer: answer.update({name: value})


LIES: dict[str, dict[str, Lie]] = {
    "turn": {
        "an event is left out": lambda answer: answer["events"].pop(5),
        "an event comes twice": lambda answer: answer["events"].insert(5, answer["events"][5]),
        "two events change places": _swap_events,
        "an event has another kind": lambda answer: answer["events"][5].update(kind="video_frame_"),
        "an event has another turn": lambda answer: answer["events"][5].update(turn_id="c_other"),
        "an event has another generation": lambda answer: answer["events"][5].update(generation=1),
        "an event that never was": lambda answer: answer["events"].append(
            {**answer["events"][-1], "seq": answer["events"][-1]["seq"] + 1000}
        ),
        "the text is another one": _set("text", "One two three four."),
        "a sample is missing": lambda answer: answer.update(audio_samples=answer["audio_samples"] - 1),
        "a frame is missing": lambda answer: answer.update(frames=answer["frames"] - 1),
        "the end is another one": _set("terminal", "turn_completed"),
        "a name is missing": lambda answer: answer.pop("text"),
        "a number is a text": _set("frames", "40"),
    },
    "controls": {
        "a path is left out": lambda answer: answer["control_report"].pop(),
        "an outcome is another one": lambda answer: answer["control_report"][0].update(
            outcome="CONTROL_OUTCOME_IGNORED"
        ),
        "a value is another one": lambda answer: answer["control_report"][0].update(effective="9"),
        "nothing is told": _set("control_report", []),
    },
    "interrupt": {
        "a stale medium was handed on": _one_medium_more,
        "the stale are not counted": _set("stale_dropped", 0),
        "chunks are kept quiet about": _without("audio_chunk"),
        "the metrics were swallowed": _without("turn_metrics"),
        "it admits to stale ones": _set("delivered_after_interrupt", ["video_frame"]),
        "it was completed": _set("terminal", "turn_complete"),
    },
    "playback": {
        "another position": lambda answer: answer.update(reported_us=answer["reported_us"] + 1),
        "a word at another time": lambda answer: answer["words"][1].update(pts_us=answer["words"][1]["pts_us"] + 1),
        "a word is left out": lambda answer: answer["words"].pop(0),
        "words are left out": lambda answer: answer.update(words=answer["words"][:2]),
        "more was heard": _set("heard_text", "One two three four"),
    },
    "resume": {
        "a number comes twice": lambda answer: answer["seqs"].insert(3, answer["seqs"][3]),
        "the turn's end is missing": lambda answer: answer.update(seqs=answer["seqs"][:-4]),
        "a number that never was": lambda answer: answer["seqs"].append(answer["seqs"][-1] + 1000),
        "one connection more": _set("connections", 3),
        "it was completed": _set("terminal", "turn_complete"),
        "the old stream brought less": lambda answer: answer.update(
            seqs=answer["seqs"][:6] + [seq for seq in answer["seqs"] if seq > answer["seqs"][-4]]
        ),
    },
    "lost": {
        "a number comes twice": lambda answer: answer["seqs"].insert(3, answer["seqs"][3]),
        "it did not come back": _set("connections", 1),
    },
    "errors": {
        "one is left out": lambda answer: answer["errors"].pop(),
        "another code": lambda answer: answer["errors"][0].update(code="UNKNOWN"),
        "no reason": lambda answer: answer["errors"][1].update(reason=""),
        "no fields": lambda answer: answer["errors"][0].update(fields=[]),
        "no fields of the event": lambda answer: answer["errors"][2].update(fields=[]),
        "try again": lambda answer: answer["errors"][0].update(retryable=True),
        "it was the end": _set("alive_after", False),
    },
    "secure": {
        "the turn lacks an event": lambda answer: answer["turn"]["events"].pop(5),
        "one was let in": lambda answer: answer["refused"].pop(),
        "another code": lambda answer: answer["refused"][0].update(code="UNKNOWN"),
        "another reason for the token": lambda answer: answer["refused"][2].update(reason="UNKNOWN"),
        "nothing is said of the CA": lambda answer: answer["refused"][0].update(message="it failed"),
        "nothing is said of the certificate": lambda answer: answer["refused"][1].update(message="it failed"),
        "nothing is said of the token": lambda answer: answer["refused"][2].update(message="it failed"),
    },
    "save": {
        "a frame less": lambda answer: answer.update(frames=answer["frames"] - 1),
        "no sound": _set("wav", "other.wav"),
        "no pictures": _set("video", "frames"),
        "the folder itself": _set("video", "."),
    },
}


@pytest.mark.parametrize("case", CASES)
def test_an_honest_program_passes(case: str, honest: dict[str, Evidence]) -> None:
    """Nothing to complain about."""
    assert judge(case, honest[case]) == []


@pytest.mark.parametrize(("case", "lie"), [(case, lie) for case in CASES for lie in LIES[case]])
def test_a_lie_is_found(case: str, lie: str, honest: dict[str, Evidence]) -> None:
    """What was really said and done is in the record of the wire."""
    told = copy.deepcopy(honest[case].answer)
    LIES[case][lie](told)
    assert told != honest[case].answer
    assert judge(case, dataclasses.replace(honest[case], answer=told)) != []


@pytest.mark.parametrize("case", ["resume", "lost"])
@pytest.mark.parametrize("what", ["turn_started", "turn_metrics", "turn_stopped"])
def test_a_lost_event_is_found(case: str, what: str, honest: dict[str, Evidence]) -> None:
    """Media may be lost with a stream, and nothing else."""
    told, events = copy.deepcopy(honest[case].answer), events_of(honest[case].wire)
    told["seqs"] = [seq for seq in told["seqs"] if kind(events[seq].message) != what]
    assert judge(case, dataclasses.replace(honest[case], answer=told)) != []


@pytest.mark.parametrize("case", ["resume", "lost"])
def test_what_is_said_to_be_taken_was_handed_on(case: str, honest: dict[str, Evidence]) -> None:
    """Media too, up to the last_seq of the resume; what came behind it may be lost with the stream."""
    told, (old, new) = copy.deepcopy(honest[case].answer), honest[case].wire.of(CONVERSE)
    media = [item.message.seq for item in old.down if kind(item.message) in MEDIA]
    claimed = [seq for seq in media if seq <= new.up[0].message.resume.last_seq]
    told["seqs"] = [seq for seq in told["seqs"] if seq not in media[len(claimed) :]]
    assert judge(case, dataclasses.replace(honest[case], answer=told)) == []
    told["seqs"].remove(claimed[-1])
    complaints = judge(case, dataclasses.replace(honest[case], answer=told))
    assert any("never handed on" in line for line in complaints), complaints
