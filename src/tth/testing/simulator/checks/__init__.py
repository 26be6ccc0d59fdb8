"""What must be true of every conversation. Each check yields what is wrong, in words; none yields nothing.

Tests: tests/testing/simulator/test_checks.py, where each is shown a recording that it must not let pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tth.testing.simulator.checks import heard, limits, order, pauses, resumed, sound, states, texts, truncated
from tth.testing.simulator.recording import Recording
from tth.testing.simulator.world import World

Check = Callable[[Recording, World], Iterator[str]]

INVARIANTS: Mapping[str, Check] = MappingProxyType(
    {
        "a turn's events are in order": order.turns_in_order,
        "one terminal event for each turn": order.one_terminal_event,
        "nothing of a turn behind its end, nothing older behind a newer one": order.nothing_stale,
        "seq without gaps": order.seq_without_gaps,
        "acknowledgements rise and never run ahead": order.acknowledged,
        "turns are counted": order.turns_counted,
        "metrics count what came": order.metrics_count,
        "every question is answered": order.answered,
        "pts rise in each medium": sound.pts_rise,
        "sound is contiguous": sound.contiguous,
        "runs of packets are whole": sound.runs_are_whole,
        "the sound is the voice's": sound.is_the_voices,
        "ends are where the media end": sound.ends,
        "speaking events are paired": sound.speaking_paired,
        "pause and resume alternate": pauses.alternate,
        "a held turn is silent": pauses.silent,
        "a turn is held where the client was": pauses.held_where_told,
        "a held turn goes on where it is told": pauses.goes_on,
        "words lie where they are heard at last": pauses.heard_once,
        "text is whole and in place": texts.whole,
        "the text is what was asked for": texts.asked_for,
        "words are in their sound": texts.words_in_sound,
        "what was heard is what was played": heard.as_played,
        "an estimate is called one": heard.estimates,
        "memory holds what was heard": heard.remembered,
        "a realtime model is told what was heard": truncated.as_told,
        "a realtime model is cut where its words end": truncated.in_its_sound,
        "a stop is prompt": heard.prompt,
        "a stream that resumes begins with what was missed": resumed.begins_with_what_was_missed,
        "nothing but media is lost, or a gap is told": resumed.nothing_lost_untold,
        "what is told again is what was told": resumed.same_again,
        "handles are renewed": resumed.handles_renewed,
        "memory is mended to what a client had heard": resumed.mended,
        "who takes a session over has it alone": resumed.taken_over,
        "who has no right learns nothing": resumed.intruders_learn_nothing,
        "a stream's pictures begin with a key frame": resumed.key_frame_first,
        "a session lasts as long as its limits say": limits.kept,
        "who has to go is told why": limits.told,
        "degraded mode is told on entry and exit": states.degraded_paired,
        "revisions of controls rise": states.revisions_rise,
        "a stream begins with its state": states.begins_with_state,
        "streams end as they should": states.ends_well,
        "errors are named": states.errors_named,
        "memory is bounded": states.bounded,
        "nothing is left": states.nothing_left,
        "no bugs": states.no_bugs,
        "the session is usable after anything": states.usable,
    }
)


@dataclass(frozen=True, slots=True)
class Breach:
    """An invariant that does not hold."""

    invariant: str
    what: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.what}"


def breaches(recording: Recording, world: World) -> list[Breach]:
    """Everything that is wrong; empty when all is well."""
    return [Breach(name, what) for name, check in INVARIANTS.items() for what in check(recording, world)]
