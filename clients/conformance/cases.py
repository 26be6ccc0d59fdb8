"""What each case demands: a program's answer against the record of the wire. Pure, but for the files of `save`.

A judge yields complaints; none means passed. Tests: tests/clients/test_cases.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

from google.rpc import code_pb2

from clients.conformance.files import complaints_about_files
from clients.conformance.shape import SHAPES, misfits
from clients.conformance.truth import Turn, events_of, only_turn, sent
from clients.conformance.wire import CONVERSE, CREATE_SESSION, MEDIA, Call, Status, Wire, kind
from tth.v1 import controls_pb2, converse_pb2, tth_service_pb2

TURN_TEXT = "One two three four five."
LONG_TEXT = "One two three four five six seven eight nine ten. " * 4
CHUNKS_BEFORE_STOP = 3
_NOT_AGAIN = frozenset({"session_state", "degraded_mode", "go_away", "pong", "idle_clip"})
"""They concern one stream alone: a library may keep them to itself, and they do not come again."""
_PATHS = {
    "emotion.label": "HAPPY",
    "emotion.intensity": 0.8,
    "character.speech_rate": 1.2,
    "character.expressivity": 0.9,
}
_BAD_FIELD = "controls.emotion.intensity"


@dataclass(frozen=True, slots=True)
class Evidence:
    """All there is to judge by."""

    answer: dict[str, Any]
    wire: Wire
    output: Path
    """The folder that the program was given."""


Judge = Callable[[Evidence], Iterator[str]]


def judge(case: str, evidence: Evidence) -> list[str]:
    """What is wrong; empty when the case is passed."""
    wrong = list(misfits(evidence.answer, SHAPES[case]))
    return wrong or list(_JUDGES[case](evidence))


def _turn(evidence: Evidence) -> Iterator[str]:
    yield from _whole_turn(evidence, evidence.answer)


def _whole_turn(evidence: Evidence, answer: dict[str, Any]) -> Iterator[str]:
    turn = only_turn(evidence.wire)
    if isinstance(turn, str):
        yield turn
        return
    yield from _asked(turn, TURN_TEXT)
    yield from _handed_on(answer["events"], turn, evidence.wire)
    mine = [(event["seq"], event["kind"]) for event in answer["events"] if event["turn_id"] == turn.turn_id]
    if mine != turn.pairs:
        yield f"events of the turn: {_difference(mine, turn.pairs)}"
    yield from _same("text", answer["text"], turn.text)
    yield from _same("audio_samples", answer["audio_samples"], sum(chunk.sample_count for chunk in turn.audio))
    yield from _same("frames", answer["frames"], len(turn.frames))
    yield from _same("terminal", answer["terminal"], "turn_complete")
    yield from _ended(turn, "turn_complete")


def _controls(evidence: Evidence) -> Iterator[str]:
    turn = only_turn(evidence.wire)
    if isinstance(turn, str):
        yield turn
        return
    request = tth_service_pb2.CreateSessionRequest.FromString(evidence.wire.of(CREATE_SESSION)[0].raw_up[0].message)
    emotion, character = request.controls.emotion, turn.asked.controls.character
    asked = {
        "emotion.label": controls_pb2.EmotionLabel.Name(emotion.label).removeprefix("EMOTION_LABEL_"),
        "emotion.intensity": round(emotion.intensity, 6),
        "character.speech_rate": round(character.speech_rate, 6),
        "character.expressivity": round(character.expressivity, 6),
    }
    yield from _same("controls as they went over the wire", asked, _PATHS)
    told = [
        {
            "path": item.path,
            "outcome": controls_pb2.ControlOutcome.Name(item.outcome),
            "requested": item.requested,
            "effective": item.effective,
            "reason": item.reason,
            "adapter": item.adapter,
        }
        for item in (turn.metrics.control_report.results if turn.metrics is not None else ())
    ]
    yield from _same("control_report", evidence.answer["control_report"], told)
    missing = set(_PATHS) - {item["path"] for item in evidence.answer["control_report"]}
    if missing:
        yield f"control_report: nothing about {', '.join(sorted(missing))}"


def _interrupt(evidence: Evidence) -> Iterator[str]:
    turn, interrupts = only_turn(evidence.wire), sent(evidence.wire, "interrupt")
    if isinstance(turn, str):
        yield turn
        return
    if len(interrupts) != 1:
        yield f"one interrupt was to be sent; the wire saw {len(interrupts)}"
        return
    answer = evidence.answer
    yield from _asked(turn, LONG_TEXT)
    yield from _handed_on(answer["events"], turn, evidence.wire)
    mine = [event for event in answer["events"] if event["turn_id"] == turn.turn_id]
    media = [event["kind"] for event in mine if event["kind"] in MEDIA]
    yield from _same("audio chunks handed on", media.count("audio_chunk"), CHUNKS_BEFORE_STOP)
    late = _behind_chunk(media, CHUNKS_BEFORE_STOP)
    if late:
        yield f"{len(late)} media handed on behind the third audio chunk, the first is {late[0]}"
    yield from _same("media handed on and stale_dropped", len(media) + answer["stale_dropped"], len(turn.media))
    if not any(item.at > interrupts[0][1].at for item in turn.media):
        yield "nothing stale came in: this run proves nothing"
    others = [(seq, name) for seq, name in turn.pairs if name not in MEDIA]
    mine_of_others = [(event["seq"], event["kind"]) for event in mine if event["kind"] not in MEDIA]
    if mine_of_others != others:
        yield f"events of the turn that are no media: {_difference(mine_of_others, others)}"
    yield from _same("delivered_after_interrupt", answer["delivered_after_interrupt"], [])
    yield from _same("terminal", answer["terminal"], "turn_stopped")
    yield from _ended(turn, "turn_stopped")


def _playback(evidence: Evidence) -> Iterator[str]:
    turn = only_turn(evidence.wire)
    if isinstance(turn, str):
        yield turn
        return
    answer = evidence.answer
    yield from _asked(turn, LONG_TEXT)
    words: list[dict[str, Any]] = [
        {"text": word.word, "pts_us": word.pts_us, "duration_us": word.duration_us} for word in turn.words
    ]
    mine = answer["words"]
    if len(mine) < 3 or mine != words[: len(mine)]:
        yield "words: must be the words of the wire from the first on, three at least"
        return
    end_us = words[2]["pts_us"] + words[2]["duration_us"]
    yield from _same("reported_us", answer["reported_us"], end_us)
    reports, interrupts = sent(evidence.wire, "playback_report"), sent(evidence.wire, "interrupt")
    positions = [item.message.playback_report.position.audio_pts_us for _, item in reports]
    if end_us not in positions:
        yield f"playback reports on the wire: {positions}; {end_us} is due"
    if len(interrupts) != 1 or not reports or reports[-1][1].at > interrupts[0][1].at:
        yield "one interrupt was to be sent, behind the playback report"
    elif interrupts[0][1].message.interrupt.playback.audio_pts_us != end_us:
        yield f"interrupt.playback.audio_pts_us: {end_us} is due"
    yield from _ended(turn, "turn_stopped")
    assert turn.end is not None
    yield from _same("heard_text", answer["heard_text"], turn.end.turn_stopped.heard_text)
    yield from _same("what was heard", " ".join(answer["heard_text"].lower().split()), "one two three")


def _lost(evidence: Evidence) -> Iterator[str]:
    calls, turn = evidence.wire.of(CONVERSE), only_turn(evidence.wire)
    if isinstance(turn, str):
        yield turn
        return
    yield from _asked(turn, LONG_TEXT)
    if len(calls) != 2:
        yield f"two streams were to be opened; the wire saw {len(calls)}"
        return
    old, new = calls
    if old.is_half_closed or old.status is not None:
        yield "the first stream was ended in good order; it was to be broken"
    seqs: list[int] = evidence.answer["seqs"]
    yield from _rising(seqs)
    yield from _resumed(seqs, old, new, evidence.wire)
    everything = events_of(evidence.wire)
    unknown = [seq for seq in seqs if seq not in everything]
    if unknown:
        yield f"seqs: the server never sent {unknown[:5]}"
    must = [seq for seq, item in everything.items() if kind(item.message) not in MEDIA | _NOT_AGAIN]
    lost = [seq for seq in must if seq not in seqs and seq <= turn.events[-1].message.seq]
    if lost:
        yield f"seqs: lost were {', '.join(f'{seq} ({kind(everything[seq].message)})' for seq in lost)}"
    yield from _same("connections", evidence.answer["connections"], len(calls))
    yield from _same("terminal", evidence.answer["terminal"], "turn_stopped")
    yield from _ended(turn, "turn_stopped")


def _resume(evidence: Evidence) -> Iterator[str]:
    yield from _lost(evidence)
    old = evidence.wire.of(CONVERSE)[:1]
    chunks = {item.message.seq for call in old for item in call.down if kind(item.message) == "audio_chunk"}
    if len(chunks.intersection(evidence.answer["seqs"])) != CHUNKS_BEFORE_STOP:
        yield "the first stream was to be broken when three audio chunks had been handed on"
    elif not chunks.difference(evidence.answer["seqs"]):
        yield "no sound waited to be read when the stream was broken: this run proves nothing"


def _resumed(seqs: list[int], old: Call, new: Call, wire: Wire) -> Iterator[str]:
    """The new stream begins where the old one was lost."""
    first = new.up[0].message if new.raw_up else converse_pb2.ConverseRequest()
    if kind(first) != "resume":
        yield f"the second stream begins with {kind(first) or 'nothing'}; resume is due"
        return
    created = tth_service_pb2.CreateSessionResponse.FromString(wire.of(CREATE_SESSION)[0].raw_down[0].message)
    states = [item.message.session_state for item in old.down if kind(item.message) == "session_state"]
    newest = states[-1].resume_handle if states else created.resume_handle
    if first.resume.resume_handle != newest:
        yield "resume.resume_handle is not the newest one"
    taken = [seq for seq in seqs if seq <= first.resume.last_seq]
    in_old, in_new = ({item.message.seq for item in call.down} for call in (old, new))
    claimed = [item.message for item in old.down if item.message.seq <= first.resume.last_seq]
    unread = [message for message in claimed if message.seq not in seqs and kind(message) not in _NOT_AGAIN]
    if unread:
        yield (
            f"resume.last_seq is {first.resume.last_seq}; {len(unread)} events up to there were never handed on, the "
            f"first is {unread[0].seq} ({kind(unread[0])})"
        )
    # What a library took and keeps to itself (a pong, say) counts as taken too.
    if first.resume.last_seq not in in_old:
        yield f"resume.last_seq is {first.resume.last_seq}, which the first stream never had"
    if not set(taken) <= in_old or not set(seqs[len(taken) :]) <= in_new:
        yield f"resume.last_seq is {first.resume.last_seq}, which is not the last number taken"


def _errors(evidence: Evidence) -> Iterator[str]:
    calls = evidence.wire.of(CONVERSE)
    refused = [call.status for call in evidence.wire.of(CREATE_SESSION) if call.status and call.status.code != "OK"]
    unknown = [call.status for call in calls if call.status is not None and call.status.code == "NOT_FOUND"]
    events = [(call, item.message) for call in calls for item in call.down if kind(item.message) == "error"]
    if len(refused) != 1 or len(unknown) != 1 or len(events) != 1:
        yield (
            "the wire was to see one CreateSession refused, one stream ended as NOT_FOUND and one error event; it saw "
            f"{len(refused)}, {len(unknown)} and {len(events)}"
        )
        return
    call, event = events[0][0], events[0][1].error
    live = Status(code_pb2.Code.Name(event.code), event.reason, tuple(item.field for item in event.field_violations))
    told = [(status, status.retryable) for status in (refused[0], unknown[0])] + [(live, event.retryable)]
    due = [
        {"code": status.code, "reason": status.reason, "fields": list(status.fields), "retryable": retryable}
        for status, retryable in told
    ]
    for index, wanted in enumerate(due):
        mine = evidence.answer["errors"]
        yield from _same(f"errors[{index}]", _without_more(mine[index], wanted) if index < len(mine) else None, wanted)
    yield from _same("fields of the first error", list(refused[0].fields), [_BAD_FIELD])
    kinds = [kind(item.message) for item in call.down]
    if "turn_complete" not in kinds[kinds.index("error") :]:
        yield "no turn was completed behind the error, on the same stream"
    yield from _same("alive_after", evidence.answer["alive_after"], True)


def _secure(evidence: Evidence) -> Iterator[str]:
    yield from _whole_turn(evidence, evidence.answer["turn"])
    refused = [call.status for call in evidence.wire.of(CREATE_SESSION) if call.status and call.status.code != "OK"]
    if len(refused) != 1:
        yield f"the wire was to see one CreateSession refused, for want of a token; it saw {len(refused)}"
        return
    due = [("UNAVAILABLE", None, "certificate")] * 2 + [(refused[0].code, refused[0].reason, "token")]
    mine = evidence.answer["refused"]
    if len(mine) != len(due) or evidence.wire.connections < len(due):
        yield f"refused: three are due, over as many connections; {len(mine)}, over {evidence.wire.connections}"
        return
    for index, (error, (code, reason, word)) in enumerate(zip(mine, due, strict=True)):
        yield from _same(f"refused[{index}].code", error["code"], code)
        yield from _same(f"refused[{index}].reason", error["reason"], reason or error["reason"])
        if word not in error["message"].lower():
            yield f"refused[{index}].message: says nothing about a {word}: {error['message']!r}"


def _save(evidence: Evidence) -> Iterator[str]:
    turn = only_turn(evidence.wire)
    if isinstance(turn, str):
        yield turn
        return
    yield from _asked(turn, TURN_TEXT)
    yield from _ended(turn, "turn_complete")
    yield from _same("frames", evidence.answer["frames"], len(turn.frames))
    folder, answer = evidence.output, evidence.answer
    yield from complaints_about_files(folder / answer["wav"], folder / answer["video"], turn)


_JUDGES: Mapping[str, Judge] = MappingProxyType(
    {
        "turn": _turn,
        "controls": _controls,
        "interrupt": _interrupt,
        "playback": _playback,
        "resume": _resume,
        "lost": _lost,
        "errors": _errors,
        "secure": _secure,
        "save": _save,
    }
)
CASES = tuple(_JUDGES)


def _asked(turn: Turn, text: str) -> Iterator[str]:
    if turn.asked.text != text or turn.asked.mode != converse_pb2.TEXT_MODE_SAY:
        yield "the text that was said is not the one of the case, as SAY"


def _ended(turn: Turn, due: str) -> Iterator[str]:
    assert turn.end is not None
    if kind(turn.end) != due:
        yield f"the turn ended with {kind(turn.end)} on the wire; {due} is due"


def _handed_on(events: list[dict[str, Any]], turn: Turn, wire: Wire) -> Iterator[str]:
    """Events are those of the wire, once and in order, and each turn has one generation."""
    yield from _rising([event["seq"] for event in events])
    everything = events_of(wire)
    for event in events:
        found = everything.get(event["seq"])
        if found is None:
            yield f"event {event['seq']}: the server never sent it"
        elif (event["kind"], event["turn_id"]) != (kind(found.message), found.message.turn_id):
            yield f"event {event['seq']}: is {kind(found.message)} of turn {found.message.turn_id!r} on the wire"
    generations = {event["generation"] for event in events if event["turn_id"] == turn.turn_id}
    if generations != {0}:
        yield f"generation: the first turn belongs to 0; its events say {sorted(generations)}"


def _rising(seqs: list[int]) -> Iterator[str]:
    for before, after in pairwise(seqs):
        if after <= before:
            yield f"seq: {after} comes behind {before}"
            return


def _same(name: str, mine: object, due: object) -> Iterator[str]:
    if mine != due:
        yield f"{name}: {_short(mine)}; the wire says {_short(due)}"


def _without_more(value: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    """A program may tell more of an error than is asked for."""
    return {name: value[name] for name in like}


def _behind_chunk(kinds: list[str], number: int) -> list[str]:
    chunks = [index for index, name in enumerate(kinds) if name == "audio_chunk"]
    return kinds[chunks[number - 1] + 1 :] if len(chunks) >= number else []


def _difference(mine: list[tuple[int, str]], due: list[tuple[int, str]]) -> str:
    missing, extra = [item for item in due if item not in mine], [item for item in mine if item not in due]
    if missing:
        return f"{len(missing)} are missing, the first is {missing[0][0]} ({missing[0][1]})"
    if extra:
        return f"{len(extra)} are too many, the first is {extra[0][0]} ({extra[0][1]})"
    return "they are in another order, or some come twice"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 160 else text[:157] + "..."
