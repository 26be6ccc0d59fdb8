"""Controls to generate tests from."""

from __future__ import annotations

from hypothesis import strategies as st

from tth.model.controls import (
    BACKGROUNDS,
    BY_ATTRIBUTE,
    MAX_SIDE_PX,
    MIN_SIDE_PX,
    ControlPatch,
    EmotionLabel,
    Framing,
    IdleMode,
    LatencyMode,
    Resolution,
)

PERSONAS = ("default", "excited")


def _number(attribute: str) -> st.SearchStrategy[float]:
    field = BY_ATTRIBUTE[attribute]
    return st.floats(field.minimum, field.maximum, width=32)


_side = st.integers(MIN_SIDE_PX // 2, MAX_SIDE_PX // 2).map(lambda half: half * 2)


def patches() -> st.SearchStrategy[ControlPatch]:
    """Any valid patch: every field is set or not."""
    values: dict[str, st.SearchStrategy[object]] = {
        "emotion_label": st.sampled_from(EmotionLabel),
        "persona_id": st.sampled_from(PERSONAS),
        "fps": st.integers(1, 60),
        "resolution": st.builds(Resolution, _side, _side),
        "latency_mode": st.sampled_from(LatencyMode),
        "idle_mode": st.sampled_from(IdleMode),
        "background": st.sampled_from([*BACKGROUNDS, "#102030"]),
        "framing": st.sampled_from(Framing),
    }
    for attribute in BY_ATTRIBUTE:
        values.setdefault(attribute, _number(attribute) if attribute not in values else st.nothing())
    return st.builds(ControlPatch, **{name: st.none() | value for name, value in values.items()})
