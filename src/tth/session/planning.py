"""From what is asked and what is decided to a turn's plan. Pure. Tests: tests/session/test_planning.py."""

from __future__ import annotations

from dataclasses import dataclass

from tth.adapters.base import TurnContext, Utterance
from tth.core.pacing import batch_pace, live_pace
from tth.model.events import TextMode
from tth.model.media import MediaPreferences
from tth.pipeline.plan import TurnPlan
from tth.session.control_layers import Decided
from tth.session.engine import Engine


@dataclass(frozen=True, slots=True)
class TurnOrder:
    """A turn as it was asked for."""

    session_id: str
    turn_id: str
    turn_index: int
    mode: TextMode
    language_code: str
    media: MediaPreferences
    taken_s: float
    """Clock time at which its text was taken."""
    live: bool = True


def plan_turn(engine: Engine, order: TurnOrder, decided: Decided, history: tuple[Utterance, ...]) -> TurnPlan:
    """The plan of one turn."""
    context = TurnContext(order.session_id, order.turn_id, order.turn_index, order.language_code, order.live)
    pace = live_pace(engine.max_ahead_ms[decided.controls.latency_mode]) if order.live else batch_pace()
    return TurnPlan(
        context=context,
        turn_index=order.turn_index,
        mode=order.mode,
        controls=decided.controls,
        report=decided.report,
        asked=decided.asked,
        persona=decided.persona,
        history=history,
        adapters=engine.adapter_names,
        pace=pace,
        media=order.media,
        taken_s=order.taken_s,
    )
