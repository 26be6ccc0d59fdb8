"""One small real call of an adapter, and what came of it. Used by `tth providers check` and `pytest -m live`.

Tests: tests/cli/test_providers.py.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tth.adapters.base import (
    Adapter,
    AdapterSpec,
    LanguageModel,
    LlmInput,
    Persona,
    RealtimeModel,
    Role,
    SessionContext,
    StyleHint,
    TextPiece,
    TtsInput,
    TtsSession,
    TurnContext,
    Used,
    Voice,
)
from tth.adapters.registry import Registry
from tth.errors import ConfigError
from tth.model.controls import Controls
from tth.model.media import SpeechChunk
from tth.pipeline.deadline import watched

PERSONA = Persona("probe", prompt="You test a connection. Answer in one sentence of at most ten words.")
QUESTION = "Say good morning."
SENTENCE = "Good morning."
FIRST_MS, SILENCE_MS = 60_000, 30_000
"""A model that is loaded when it is asked for may take a minute."""
_STAND_INS = {"roles.llm.adapter": "mock_llm", "roles.tts.adapter": "mock_tts"}
"""Who plays the other roles of the configuration, so that nothing else is asked for."""


@dataclass
class Finding:
    """What an adapter gave."""

    warmup_ms: float = 0.0
    """Connecting and having the key checked."""
    first_ms: float | None = None
    """From the call to its first output."""
    text: str = ""
    samples: int = 0
    """Of sound, at 24 kHz."""
    hints: list[str] = field(default_factory=list)
    used: Used | None = None

    @property
    def summary(self) -> str:
        """What came, in words."""
        parts = [f"{self.samples / 24000:.2f} s of sound"] if self.samples else []
        parts += [f'"{self.text.strip()}"'] if self.text else []
        parts += [f"hint {', '.join(self.hints)}"] if self.hints else []
        return ", ".join(parts) or "nothing"

    @property
    def usage(self) -> str:
        """What the provider counted, in words."""
        if self.used is None:
            return "not told"
        tokens = [
            f"{count} {name}"
            for count, name in ((self.used.input_tokens, "in"), (self.used.output_tokens, "out"))
            if count is not None
        ]
        cost = [] if self.used.cost_micro_usd is None else [f"${self.used.cost_micro_usd / 1e6:.6f}"]
        return ", ".join([*tokens, *cost]) or "not told"


def is_provided(spec: AdapterSpec) -> bool:
    """Somebody outside is asked: the adapter's settings say where. Imports its module."""
    return "base_url" in getattr(spec.settings_type(), "__dataclass_fields__", {})


def built(
    spec: AdapterSpec,
    registry: Registry,
    *,
    file: Path | None = None,
    overrides: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Adapter:
    """The adapter as the configuration has it, whatever plays the roles there. Raises ConfigError."""
    from tth.config.load import load_config

    chosen = {**_STAND_INS, **(overrides or {}), f"roles.{spec.role}.adapter": spec.name}
    config = load_config(
        registry, profile="offline_mock", file=file, overrides=chosen, environ=environ, directory=directory
    )
    return spec.build(config.adapters[spec.role])


def missing(error: ConfigError) -> str | None:
    """The key that is not there, if that is all that is wrong."""
    is_key = [problem.where == "environment" and "is not set" in problem.message for problem in error.problems]
    return error.problems[0].message if is_key and all(is_key) else None


async def probe(adapter: Adapter) -> Finding:
    """One small call. Raises AdapterError; the adapter is closed whatever happens."""
    finding = Finding()
    try:
        begin_s = time.monotonic()
        await adapter.load()
        await adapter.warmup()
        finding.warmup_ms = (time.monotonic() - begin_s) * 1000
        begin_s = time.monotonic()
        stream = watched(_call(adapter), FIRST_MS, SILENCE_MS, adapter.role)
        async with aclosing(stream) as outputs:
            async for output in outputs:
                if finding.first_ms is None:
                    finding.first_ms = (time.monotonic() - begin_s) * 1000
                _take(finding, output)
    finally:
        await adapter.aclose()
    return finding


async def _call(adapter: Adapter) -> AsyncGenerator[Any, None]:
    """All outputs of one conversation with one question, closed at the end."""
    turn = TurnContext("probe", "t_1", 1)
    if not isinstance(adapter, LanguageModel | RealtimeModel | Voice):
        raise NotImplementedError(f"nothing small can be asked of the role {adapter.role}")
    session = adapter.open_session(SessionContext("probe"))
    try:
        stream: AsyncGenerator[Any, None]
        if isinstance(session, TtsSession):
            stream = session.infer_stream(TtsInput(SENTENCE, PERSONA, is_last=True), Controls(), turn)
        else:
            stream = session.infer_stream(LlmInput(QUESTION, persona=PERSONA), Controls(), turn)
        async with aclosing(stream) as outputs:
            async for output in outputs:
                yield output
    finally:
        await session.aclose()


def _take(finding: Finding, output: object) -> None:
    if isinstance(output, TextPiece):
        finding.text += output.text
    elif isinstance(output, SpeechChunk):
        finding.samples += len(output.pcm)
    elif isinstance(output, StyleHint):
        finding.hints.append(str(output.emotion_label))
    elif isinstance(output, Used):
        finding.used = output


PROBED_ROLES = (Role.LLM, Role.TTS, Role.REALTIME)
