"""What the server's log says of turns. On virtual time."""

from __future__ import annotations

import logging

import pytest

from tests.session.scene import talking
from tth.model.commands import Interrupt
from tth.model.events import AudioChunk, TurnMetrics
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline


def test_each_turn_is_logged_once_with_the_figures_that_were_sent(caplog: pytest.LogCaptureFixture) -> None:
    """Stopped or completed; nothing of what was said is in it."""

    async def main() -> list[TurnMetrics]:
        async with talking() as scene:
            await scene.say("Geheim one two three. " * 30)
            await scene.sink.until(AudioChunk)
            await scene.send(Interrupt())
            await scene.sink.ends(1)
            await scene.say("Geheim.")
            await scene.finish()
            return scene.sink.of(TurnMetrics)

    with caplog.at_level(logging.INFO, "tth.session.turns"):
        sent = run_virtual(main())
    logged = [record for record in caplog.records if record.getMessage() == "turn ended"]
    assert [vars(record)["outcome"] for record in logged] == ["interrupted", "completed"]
    assert [vars(record)["first_audio_ms"] for record in logged] == [
        None if metrics.first_audio_ms is None else round(metrics.first_audio_ms, 1) for metrics in sent
    ]
    assert not any("Geheim" in str(vars(record)) for record in logged)
