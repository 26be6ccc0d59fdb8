"""Who may speak next is told to the voice before anybody waits for it."""

from __future__ import annotations

import pytest

from tests.session.scene import talking, voice
from tth.adapters.registry import Adapters
from tth.model.commands import UpdateControls
from tth.model.controls import ControlPatch
from tth.model.events import ControlAck, TurnComplete
from tth.testing.scripted import ScriptedModel, every
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline


def test_the_voice_is_told_who_may_speak() -> None:
    """When the session begins, when another persona is chosen, and when a turn brings one of its own."""

    async def main() -> None:
        speaker = voice()
        adapters = Adapters(llm=ScriptedModel([*every(0, "Fine.")], repeat=True), tts=speaker)
        async with talking(adapters) as scene:
            assert speaker.prepared == ["default"]
            await scene.send(UpdateControls(ControlPatch(persona_id="a")))
            await scene.sink.until(ControlAck)
            assert speaker.prepared == ["default", "a"]
            await scene.say("Hello.", controls=ControlPatch(persona_id="b"))
            await scene.sink.until(TurnComplete)
            assert speaker.prepared == ["default", "a", "b"]

    run_virtual(main())
