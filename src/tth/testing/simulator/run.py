"""Many conversations, on several processes, with a summary of what happened in them.

Tests: tests/testing/simulator/test_run.py.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from tth.testing.simulator.checks import breaches
from tth.testing.simulator.recording import Recording
from tth.testing.simulator.stage import play
from tth.testing.simulator.trace import trace
from tth.testing.simulator.world import World, draw_world
from tth.v1.converse_pb2 import TurnOutcome

BATCH = 25
"""Conversations that a process works through before it reports."""
SHOWN = 3
"""Failures that are shown with their trace; the others by their seeds."""
SAID_EVERY_S = 5.0
_GROUPS = (
    *("sent", "again", "event", "stopped", "stream", "client"),
    *("resume", "intruder", "go_away", "error", "degraded", "fault"),
)


@dataclass(slots=True)
class Failure:
    """One conversation in which something was wrong."""

    seed: int
    what: list[str]
    trace: list[str]


@dataclass(slots=True)
class Outcome:
    """What came of some conversations."""

    count: int = 0
    virtual_s: float = 0.0
    happened: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        """Take over what came of some more."""
        self.count += other.count
        self.virtual_s += other.virtual_s
        self.happened.update(other.happened)
        self.failures += other.failures


def simulate(seeds: Sequence[int]) -> Outcome:
    """Play and check the conversations of these seeds."""
    outcome = Outcome()
    for seed in seeds:
        world = draw_world(seed)
        outcome.count += 1
        try:
            recording = play(world)
        except Exception as error:  # the conversation never ended, or the simulator broke: the seed is what counts
            outcome.failures.append(Failure(seed, [f"it does not come to an end: {error!r}"], []))
            continue
        wrong = [str(breach) for breach in breaches(recording, world)]
        if wrong:
            outcome.failures.append(Failure(seed, wrong, list(trace(recording, world))))
        outcome.happened.update(_happened(recording))
        outcome.virtual_s += max((log.closed_s for log in recording.streams), default=0.0)
    return outcome


def _happened(recording: Recording) -> Iterator[str]:
    yield from (f"event {one.kind}" for one in recording.got)
    yield from (f"sent {one.kind}" for one in recording.sent)
    yield from (f"stream {log.status}" for log in recording.streams)
    yield from (f"client reads {log.reads}" for log in recording.streams)
    yield from _resumed(recording)
    yield from (f"error {one.body.reason}" for one in recording.of_kind["error"])
    yield from (f"degraded {one.body.component} {one.body.reason}" for one in recording.of_kind["degraded_mode"])
    for kind in ("turn_stopped",):
        yield from (f"stopped {TurnOutcome.Name(one.body.outcome)}" for one in recording.of_kind[kind])
    yield from (f"fault {name}" for name in recording.cast.happened.elements())


def _resumed(recording: Recording) -> Iterator[str]:
    for number, log in enumerate(recording.streams):
        state = recording.states.get(number)
        if log.comeback is not None:
            yield "resume " + ("unanswered" if state is None else "with a gap" if state.body.gap else "without a gap")
            if log.comeback.last_seq != log.comeback.taken_seq:
                yield "resume with a wrong last_seq"
        if log.taken_over:
            yield "resume of a stream that was there"
    yield from (f"resume tells {one.kind}" for one in recording.told if one.is_again)
    yield from (f"again {kind}" for kind in recording.sent_again.elements())
    yield from (f"intruder {one.how}" for one in recording.intruders)
    yield from (f"go_away {one.body.reason}" for one in recording.of_kind["go_away"])


def run(first_seed: int, count: int, processes: int) -> Outcome:
    """Play `count` conversations from `first_seed` on; says how far it is on standard error."""
    batches = [range(at, min(at + BATCH, first_seed + count)) for at in range(first_seed, first_seed + count, BATCH)]
    outcome, said_s = Outcome(), time.monotonic()
    for part in _parts(batches, processes):
        outcome.add(part)
        if time.monotonic() - said_s > SAID_EVERY_S:
            said_s = time.monotonic()
            _say(f"{outcome.count}/{count} conversations, {len(outcome.failures)} failures")
    return outcome


def _parts(batches: Sequence[Sequence[int]], processes: int) -> Iterator[Outcome]:
    if processes == 1:
        yield from map(simulate, batches)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(simulate, batches)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def summary(outcome: Outcome) -> Iterator[str]:
    """What happened, so that one sees that everything really occurred."""
    by_group: dict[str, list[str]] = {}
    for name, count in sorted(outcome.happened.items(), key=lambda item: -item[1]):
        group, _, rest = name.partition(" ")
        by_group.setdefault(group, []).append(f"{rest or 'none'} {count}")
    for group in _GROUPS:
        yield f"{group}: " + ", ".join(by_group.get(group, ["none"]))


def report(outcome: Outcome) -> Iterator[str]:
    """The failures, the first ones with all that is known of them."""
    for failure in sorted(outcome.failures, key=lambda failure: failure.seed)[:SHOWN]:
        yield f"\nseed {failure.seed}:"
        yield from failure.trace
        yield from (f"BROKEN {what}" for what in failure.what)
        yield f"again: python -m tth.testing.simulator --seed {failure.seed} --count 1"
    if len(outcome.failures) > SHOWN:
        yield "\nall failures: " + " ".join(str(failure.seed) for failure in outcome.failures)
        names = Counter(what.partition(":")[0] for failure in outcome.failures for what in set(failure.what))
        yield from (f"  {count} x {name}" for name, count in names.most_common())


def describe(seed: int) -> Iterator[str]:
    """One conversation, whatever came of it."""
    world: World = draw_world(seed)
    yield from trace(play(world), world)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. 0 = every conversation was in order."""
    parser = argparse.ArgumentParser(prog="python -m tth.testing.simulator", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="conversations (default 1000)")
    parser.add_argument("--seed", type=int, default=1, help="of the first one; the next ones count up")
    parser.add_argument("--processes", type=int, default=1, help="to share the work")
    parser.add_argument("--trace", action="store_true", help="show the conversation of --seed, right or wrong")
    given = parser.parse_args(arguments)
    if given.trace:
        print("\n".join(describe(given.seed)))
        return 0
    began_s = time.monotonic()
    outcome = run(given.seed, given.count, given.processes)
    took_s = time.monotonic() - began_s
    print("\n".join(summary(outcome)))
    print("\n".join(report(outcome)))
    turns = outcome.happened["event turn_started"]
    print(
        f"{outcome.count} conversations (seeds {given.seed}..{given.seed + given.count - 1}), {turns} turns, "
        f"{outcome.virtual_s / 3600:.1f} h of talk in {took_s:.0f} s on {given.processes} processes: "
        + (f"{len(outcome.failures)} FAILED" if outcome.failures else "all in order")
    )
    return 1 if outcome.failures else 0
