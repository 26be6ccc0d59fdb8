"""Asking a language model's adapter, for tests against emulators."""

from __future__ import annotations

from contextlib import aclosing

from tth.adapters.base import (
    LanguageModel,
    LlmInput,
    LlmOutput,
    Persona,
    SessionContext,
    TextPiece,
    TurnContext,
    Used,
    Utterance,
)
from tth.model.controls import Controls

ANNA = Persona("anna", prompt="You are Anna.")


async def ask(model: LanguageModel, text: str, *history: Utterance) -> list[LlmOutput]:
    """Everything of one answer. The adapter is closed afterwards."""
    session = model.open_session(SessionContext("s_1"))
    try:
        prompt = LlmInput(text, history, ANNA)
        turn = TurnContext("s_1", "t_1", 1)
        async with aclosing(session.infer_stream(prompt, Controls(), turn)) as stream:
            return [output async for output in stream]
    finally:
        await model.aclose()


def text_of(outputs: list[LlmOutput]) -> str:
    return "".join(output.text for output in outputs if isinstance(output, TextPiece))


def used_of(outputs: list[LlmOutput]) -> Used | None:
    return next((output for output in outputs if isinstance(output, Used)), None)
