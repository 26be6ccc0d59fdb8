"""The language models that the conformance checks are run on, and what each provider's faults lead to."""

from __future__ import annotations

from collections.abc import Mapping

from tests.adapters.outcomes import KEY, REFUSALS
from tth.adapters.base import LanguageModel
from tth.adapters.llm import anthropic_claude, mock_llm, openai_chat, openai_responses, persona_talker
from tth.errors import AdapterProtocolError, AdapterUnavailable, ContentRefused
from tth.model.secret import Secret
from tth.testing.conformance.subject import Ending, Outcome, Subject
from tth.testing.emulators.anthropic import AnthropicEmulator
from tth.testing.emulators.faults import FaultKind
from tth.testing.emulators.openai import OpenAiEmulator
from tth.testing.emulators.openai_dialect import VLLM
from tth.testing.emulators.server import Emulator

OUTCOMES: Mapping[FaultKind, Outcome] = {
    **REFUSALS,
    FaultKind.REFUSED_CONTENT: ContentRefused,
    FaultKind.SLOW_FIRST_BYTE: Ending.WHOLE,
    FaultKind.SILENT_MIDWAY: Ending.SILENT,
    FaultKind.ERROR_MIDWAY: AdapterUnavailable,
    FaultKind.GARBAGE: AdapterProtocolError,
    FaultKind.HALF_EVENT: AdapterUnavailable,
    FaultKind.DISCONNECT: AdapterUnavailable,
    FaultKind.EARLY_END: AdapterUnavailable,
    FaultKind.WRONG_ORDER: Ending.WHOLE,
    FaultKind.EMPTY_ANSWER: Ending.EMPTY,
    FaultKind.SPLIT_BYTES: Ending.WHOLE,
}
"""The same at every provider of a language model."""


def _url(emulator: Emulator | None) -> str:
    assert isinstance(emulator, OpenAiEmulator | AnthropicEmulator)
    return emulator.base_url


def _chat(emulator: Emulator | None) -> LanguageModel:
    settings = openai_chat.Settings(api_key=Secret(KEY), base_url=_url(emulator))
    return openai_chat.build(settings)


def _vllm(emulator: Emulator | None) -> LanguageModel:
    settings = openai_chat.VllmSettings(api_key=Secret(KEY), base_url=_url(emulator))
    return openai_chat.build_vllm(settings)


def _responses(emulator: Emulator | None) -> LanguageModel:
    return openai_responses.build(openai_responses.Settings(api_key=Secret(KEY), base_url=_url(emulator)))


def _claude(emulator: Emulator | None) -> LanguageModel:
    return anthropic_claude.build(anthropic_claude.Settings(api_key=Secret(KEY), base_url=_url(emulator)))


SUBJECTS: tuple[Subject[LanguageModel], ...] = (
    Subject("openai_chat", _chat, lambda: OpenAiEmulator(key=KEY), OUTCOMES),
    Subject("vllm_local", _vllm, lambda: OpenAiEmulator(key=KEY, dialect=VLLM), OUTCOMES),
    Subject("openai_responses", _responses, lambda: OpenAiEmulator(key=KEY), OUTCOMES),
    Subject("anthropic_claude", _claude, lambda: AnthropicEmulator(key=KEY), OUTCOMES),
    Subject("mock_llm", lambda _: mock_llm.build(mock_llm.Settings())),
    Subject("persona_talker", lambda _: persona_talker.build(persona_talker.Settings()), echoes=False),
)
