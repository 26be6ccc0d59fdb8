"""One conversation as text, for whoever has to find out what went wrong.

Tests: tests/testing/simulator/test_run.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from tth.model.media import us_to_samples
from tth.testing.simulator.recording import MEDIA, Got, Recording
from tth.testing.simulator.world import World

WIDTH = 170


def trace(recording: Recording, world: World) -> Iterator[str]:
    """The world, what the client did and what it was told, in order of time; media that follow each other in one line.
    ~ marks what was lost on its way, " what had happened before its stream began."""
    for name in world.__dataclass_fields__:
        if name != "steps":
            yield f"  {name}: {getattr(world, name)}"[:WIDTH]
    yield from (f"  step {number}: {step}"[:WIDTH] for number, step in enumerate(world.steps, 1))
    lines = [
        (sent.at_s, 1, f"-> #{sent.client_seq} {sent.kind} {sent.turn_id} {sent.text!r}") for sent in recording.sent
    ]
    for number, log in enumerate(recording.streams):
        lines.append((log.opened_s, 0, f"== stream {number} opened, reads {log.reads}, {log.comeback or 'new'}"))
        lines.append((log.closed_s, 3, f"== stream {number} ended: {log.status}"))
    lines += [(stop.at_s, 1, f"-- {stop}") for stop in recording.stops]
    lines += [(one.at_s, 1, f"-- {one}") for one in recording.intruders]
    taken = {one.seq for one in recording.got}
    lines += _received(recording.told, taken)
    lines.sort(key=lambda line: line[:2])
    yield from (f"{at_s:9.3f} {line}"[:WIDTH] for at_s, _, line in lines)
    yield f"  faults: {dict(recording.cast.happened)}"


def _received(told: list[Got], taken: set[int]) -> Iterator[tuple[float, int, str]]:
    run: list[Got] = []
    for one in told:
        if run and (one.kind, one.turn_id, one.at_s) != (run[0].kind, run[0].turn_id, run[0].at_s):
            yield run[0].at_s, 2, _media(run)
            run = []
        if one.kind in MEDIA:
            run.append(one)
            continue
        body = " ".join(str(one.body).split()) if one.kind not in ("session_state", "turn_metrics") else ""
        mark = ("" if one.seq in taken else "~") + ('"' if one.is_again else "")
        yield one.at_s, 2, f"{mark}{one.seq} {one.turn_id} {one.kind} {body}"
    if run:
        yield run[0].at_s, 2, _media(run)


def _media(run: list[Got]) -> str:
    first, last = run[0], run[-1]
    samples = f"{us_to_samples(first.body.pts_us)}..{us_to_samples(last.body.pts_us)}"
    return f"{first.seq} {first.turn_id} {first.kind} x{len(run)} at samples {samples}"
