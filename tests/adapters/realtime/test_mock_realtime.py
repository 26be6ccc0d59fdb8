"""The mock realtime model."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from tth.adapters.base import LlmInput, RealtimeOutput, SessionContext, TextPiece, TurnContext
from tth.adapters.realtime.mock_realtime import Settings, build
from tth.model.controls import Controls
from tth.model.media import SpeechChunk
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline


def answer(settings: Settings, controls: Controls | None = None) -> list[tuple[float, RealtimeOutput]]:
    """Everything of one reply to "good day", each with its virtual milliseconds."""

    async def main() -> list[tuple[float, RealtimeOutput]]:
        session = build(settings).open_session(SessionContext("s_1"))
        turn = TurnContext("s_1", "t_0", 0)
        loop = asyncio.get_running_loop()
        async with aclosing(session.infer_stream(LlmInput("good day"), controls or Controls(), turn)) as outputs:
            return [(round(loop.time() * 1000, 3), output) async for output in outputs]

    return run_virtual(main())


def test_text_and_sound_come_in_one_stream() -> None:
    """Each word's text comes before its sound, and the timings count from the start of the reply."""
    outputs = [output for _, output in answer(Settings())]
    assert "".join(output.text for output in outputs if isinstance(output, TextPiece)) == "You said: good day"
    assert isinstance(outputs[0], TextPiece)
    assert isinstance(outputs[1], SpeechChunk)
    words = [word for output in outputs if isinstance(output, SpeechChunk) for word in output.words]
    assert [(word.word, word.offset, word.start_sample) for word in words] == [
        ("You", 0, 0),
        ("said:", 4, 4 * 1440),
        ("good", 10, 10 * 1440),
        ("day", 15, 15 * 1440),
    ]


def test_the_sound_has_no_holes() -> None:
    """All chunks together are as long as the text says."""
    chunks = [output for _, output in answer(Settings(), Controls(speech_rate=2.0)) if isinstance(output, SpeechChunk)]
    assert sum(len(chunk.pcm) for chunk in chunks) == len("You said: good day") * 720


def test_delays_are_kept() -> None:
    """One before the first word, one before each other."""
    texts = [
        at
        for at, output in answer(Settings(first_output_delay_ms=50, word_delay_ms=10))
        if isinstance(output, TextPiece)
    ]
    assert texts == [50.0, 60.0, 70.0, 80.0]
