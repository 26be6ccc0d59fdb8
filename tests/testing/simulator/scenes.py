"""One conversation in which everything goes well, made by hand: what checks are tried on."""

from __future__ import annotations

from tth.core.budget import Budgets
from tth.model.controls import ControlPatch, Controls, EmotionLabel, IdleMode
from tth.model.media import MediaPreferences, VideoCodec
from tth.session.terms import OverlapPolicy
from tth.testing.simulator.adapters import ModelTraits, VoiceTraits
from tth.testing.simulator.avatar import AvatarTraits
from tth.testing.simulator.steps import (
    AskTime,
    Await,
    Change,
    Intrude,
    LastSeq,
    Misbehave,
    PauseTurn,
    Position,
    Reopen,
    Rest,
    Resume,
    ResumeTurn,
    Say,
    Step,
    StopTurn,
    Until,
)
from tth.testing.simulator.transport import Reading
from tth.testing.simulator.world import SMALL, Limits, World

LONG = "The train to Oslo leaves at nine, and perhaps it is late. I think that we have to wait a while for it."
STEPS: tuple[Step, ...] = (
    AskTime(),
    Change(ControlPatch(emotion_label=EmotionLabel.HAPPY)),
    Misbehave("empty_text"),
    Say((LONG,), "say"),
    Await(Until.END, 20_000),
    Rest(2_000),
    Say(("How are you?",), "talk"),
    Await(Until.END, 20_000),
    Rest(2_000),
    Say((LONG,), "say", controls=ControlPatch(speech_rate=1.2)),
    Await(Until.SOUND, 5_000),
    Rest(1_000),
    StopTurn(Position.EXACT),
    Await(Until.END, 5_000),
    Rest(500),
    Say((LONG,), "say"),
    Await(Until.SOUND, 5_000),
    Rest(1_000),
    StopTurn(Position.NONE),
    Await(Until.END, 5_000),
    Rest(500),
    Say((LONG,), "say"),
    Await(Until.SOUND, 5_000),
    Rest(1_000),
    PauseTurn(Position.EXACT),
    Rest(700),
    ResumeTurn(),
    Await(Until.END, 20_000),
    Rest(2_000),
    Say((LONG,), "say"),
    Await(Until.SOUND, 5_000),
    Rest(1_000),
    PauseTurn(Position.EXACT),
    Rest(500),
    StopTurn(Position.NONE),
    Await(Until.END, 5_000),
)

_HEARD_IN_PART: tuple[Step, ...] = (Say((LONG,), "say"), Await(Until.SOUND, 5_000), Rest(1_000))
LOST_AND_RESUMED: tuple[Step, ...] = (
    *_HEARD_IN_PART,
    Reopen("cancel", 300, Resume(), intruders=(Intrude("wrong"), Intrude("elsewhere"))),
    Rest(300),
    *_HEARD_IN_PART,
    Reopen("silent", 500, Resume(last_seq=LastSeq.BEHIND, repeats=2), meanwhile=(AskTime(), Say(("Again.",), "say"))),
    Await(Until.END, 5_000),
    Rest(1_000),
    Intrude("old"),
    Intrude("unasked"),
    *_HEARD_IN_PART,
    Reopen("takeover", 0, Resume()),
    Say(("How are you?",), "talk"),
    Await(Until.END, 20_000),
    Rest(2_000),
)
"""Streams that are lost in the middle of speech, in three ways, and resumed."""


def world(**changed: object) -> World:
    """A quick client, prompt adapters, words and pictures; some fields may differ."""
    fields: dict[str, object] = {
        "seed": 1,
        "media": MediaPreferences(video_codec=VideoCodec.RAW_RGB24, word_timings=True),
        "overlap": OverlapPolicy.SUPERSEDE,
        "controls": Controls(fps=10, resolution=SMALL, idle_mode=IdleMode.FRAMES),
        "model": ModelTraits(0, 0, 8),
        "voice": VoiceTraits(0, 0.0, 0, 40, 30.0, 1.0, words_first=False),
        "avatar": AvatarTraits(),
        "realtime": False,
        "fault_rate": 0.0,
        "reading": Reading(),
        "report_ms": 0,
        "reports": "exact",
        "uplink_ms": 0,
        "budgets": Budgets(),
        "outbox_events": 512,
        "stalled_ms": 2500,
        "max_ahead_ms": 400,
        "told_again": 512,
        "limits": Limits(),
        "store_ms": None,
        "steps": STEPS,
    }
    return World(**{**fields, **changed})  # type: ignore[arg-type]
