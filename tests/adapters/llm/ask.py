"""Asking a language model's adapter, for tests against emulators."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from aiohttp import web

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
from tth.testing.emulators.event_stream import event
from tth.testing.emulators.server import Emulator


@dataclass
class Scripted(Emulator):
    """Sends this, whatever is asked."""

    path: str = "/"
    script: bytes = b""

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post(self.path, self._answer)

    async def _answer(self, request: web.Request) -> web.Response:
        return web.Response(body=self.script, content_type="text/event-stream")


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


def scripted(
    make: Callable[[str], LanguageModel], path: str, *events: dict[str, Any], named: bool = True
) -> list[LlmOutput]:
    """What the adapter makes of these events. make: from the server's URL. named: as the type in their data."""

    async def main() -> list[LlmOutput]:
        script = b"".join(event(data, data.get("type", "") if named else "") for data in events)
        async with Scripted(path=path, script=script).running() as server:
            return await ask(make(server.url), "Hi")

    return asyncio.run(main())
