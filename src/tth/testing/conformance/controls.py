"""Whether an adapter does what its capabilities say of each control, and nothing else.

Tests: tests/testing/conformance/test_llm.py, tests/testing/conformance/test_tts.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from tth.adapters.base import Capabilities, Support
from tth.model.controls import Controls, EmotionLabel

Asked = Callable[[Controls], Awaitable[str]]
"""What a provider is asked for under these controls; of an adapter that asks nobody, what it gives."""
_PLAIN, _SAD = Controls(), Controls(emotion_label=EmotionLabel.SAD)
_MOVED: Mapping[str, tuple[Controls, Controls]] = {
    "emotion.label": (_PLAIN, _SAD),
    "emotion.intensity": (_SAD, replace(_SAD, emotion_intensity=0.9)),
    "emotion.valence": (_SAD, replace(_SAD, emotion_valence=0.3)),
    "emotion.arousal": (_SAD, replace(_SAD, emotion_arousal=0.3)),
    "character.speech_rate": (_PLAIN, replace(_PLAIN, speech_rate=1.5)),
    "character.pitch_shift": (_PLAIN, replace(_PLAIN, pitch_shift=0.4)),
    "character.expressivity": (_PLAIN, replace(_PLAIN, expressivity=0.9)),
    "character.motion_gain": (_PLAIN, replace(_PLAIN, motion_gain=1.5)),
}
"""Controls that words or a voice could heed, each in two values."""


async def each_control_does_what_is_said(capabilities: Capabilities, asked: Asked) -> None:
    """One that is claimed changes what is asked for, and no other one does; where one cannot be had, it is said why."""
    for path, (before, after) in _MOVED.items():
        claimed = capabilities.controls.get(path)
        is_heeded = await asked(before) != await asked(after)
        assert is_heeded == _is_claimed(capabilities, path), f"{path}: {'claimed' if claimed else 'not claimed'}"
        assert claimed is None or claimed.support is not Support.NONE or claimed.reason, f"{path}: why not is not said"


async def each_emotion_is_another(capabilities: Capabilities, asked: Asked, *, by_request: bool) -> None:
    """Where emotions are claimed: seven of them are seven requests.

    by_request: somebody is asked, so that a neutral that was said can differ from nothing said.
    """
    if not _is_claimed(capabilities, "emotion.label"):
        return
    said = {label: Controls(emotion_label=label, emotion_intensity=0.8, emotion_is_said=True) for label in EmotionLabel}
    found = {label: await asked(control) for label, control in said.items()}
    assert len(set(found.values())) == len(EmotionLabel), "two emotions give the same"
    if by_request:
        assert found[EmotionLabel.NEUTRAL] != await asked(_PLAIN), "neutral is the same as nothing said"


def _is_claimed(capabilities: Capabilities, path: str) -> bool:
    claimed = capabilities.controls.get(path)
    return claimed is not None and claimed.support is not Support.NONE
