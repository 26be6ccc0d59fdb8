"""From what is asked to a turn's plan."""

from __future__ import annotations

import pytest

from tests.session.scene import PERSONAS, SOUND_ONLY, engine
from tth.adapters.base import Speaker, TurnContext, Utterance
from tth.model.controls import ControlReport, Controls, LatencyMode
from tth.model.events import TextMode
from tth.model.media import ms_to_samples
from tth.pipeline.plan import TurnPlan
from tth.session.control_layers import Decided
from tth.session.planning import TurnOrder, plan_turn
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline

HISTORY = (Utterance(Speaker.USER, "Hello?"),)


def plan(mode: LatencyMode = LatencyMode.BALANCED, *, live: bool = True) -> TurnPlan:
    controls = Controls(latency_mode=mode)
    decided = Decided(PERSONAS["a"].persona, controls, ControlReport(4, controls))
    order = TurnOrder("s_1", "t_7", 7, TextMode.TALK, "de", SOUND_ONLY, 12.5, live)

    async def main() -> TurnPlan:
        return plan_turn(engine(), order, decided, HISTORY)

    return run_virtual(main())


def test_everything_that_was_decided_is_in_the_plan() -> None:
    """Controls, persona, history, adapters, and who asked when for which turn."""
    made = plan()
    assert made.context == TurnContext("s_1", "t_7", 7, "de", live=True)
    assert (made.turn_index, made.mode, made.taken_s) == (7, TextMode.TALK, 12.5)
    assert made.persona.persona_id == "a"
    assert made.report.control_revision == 4
    assert made.history == HISTORY
    assert made.adapters == ("llm=scripted", "tts=scripted")
    assert made.media == SOUND_ONLY


@pytest.mark.parametrize(
    ("mode", "ahead_ms"), [(LatencyMode.LOW, 400), (LatencyMode.BALANCED, 1000), (LatencyMode.QUALITY, 3000)]
)
def test_latency_mode_sets_the_pace(mode: LatencyMode, ahead_ms: int) -> None:
    """How far media may run ahead of the listener."""
    assert plan(mode).pace.ahead_samples == ms_to_samples(ahead_ms)


def test_a_batch_has_no_pace() -> None:
    """Nobody listens, so nothing waits, and adapters are told."""
    made = plan(live=False)
    assert not made.pace.live
    assert not made.context.live
