"""Every realtime model's adapter does what the role asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from tests.adapters.outcomes import KEY, REFUSALS
from tth.adapters.base import RealtimeModel, Role
from tth.adapters.realtime import mock_realtime, openai_realtime
from tth.config.wiring import builtin_registry
from tth.errors import AdapterProtocolError, AdapterUnavailable, ContentRefused
from tth.model.secret import Secret
from tth.testing.conformance import realtime
from tth.testing.conformance.subject import Check, Ending, Outcome, Subject
from tth.testing.emulators.faults import FaultKind
from tth.testing.emulators.openai import OpenAiEmulator
from tth.testing.emulators.openai_realtime import RealtimeSettings
from tth.testing.emulators.server import Emulator

pytestmark = pytest.mark.server

OUTCOMES: Mapping[FaultKind, Outcome] = {
    **REFUSALS,
    FaultKind.OVERLOADED: Ending.WHOLE,  # met while connecting before the turn, which has an attempt of its own
    FaultKind.HTML_ERROR: Ending.WHOLE,
    FaultKind.REFUSED_CONTENT: ContentRefused,
    FaultKind.SLOW_FIRST_BYTE: Ending.WHOLE,
    FaultKind.SILENT_MIDWAY: Ending.SILENT,
    FaultKind.ERROR_MIDWAY: AdapterUnavailable,
    FaultKind.GARBAGE: AdapterProtocolError,
    FaultKind.HALF_EVENT: AdapterUnavailable,
    FaultKind.DISCONNECT: AdapterUnavailable,
    FaultKind.EARLY_END: AdapterUnavailable,
    FaultKind.EXPIRED: AdapterUnavailable,
    FaultKind.WRONG_ORDER: Ending.WHOLE,
    FaultKind.EMPTY_ANSWER: AdapterUnavailable,
    FaultKind.SPLIT_BYTES: Ending.WHOLE,
}


def _emulator() -> Emulator:
    return OpenAiEmulator(key=KEY, realtime=RealtimeSettings(message_count=2, has_strange_events=True))


def _openai(emulator: Emulator | None) -> RealtimeModel:
    assert isinstance(emulator, OpenAiEmulator)
    return openai_realtime.build(openai_realtime.Settings(api_key=Secret(KEY), base_url=emulator.base_url))


def _mock(emulator: Emulator | None) -> RealtimeModel:
    return mock_realtime.build(mock_realtime.Settings())


SUBJECTS: tuple[Subject[RealtimeModel], ...] = (
    Subject("mock_realtime", _mock),
    Subject("openai_realtime", _openai, _emulator, OUTCOMES),
)


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
@pytest.mark.parametrize("check", realtime.CHECKS, ids=lambda check: check.__name__)
def test_it_conforms(check: Check[RealtimeModel], subject: Subject[RealtimeModel]) -> None:
    """One check of the suite on one adapter."""
    asyncio.run(check(subject))


def test_none_is_left_out() -> None:
    """Whoever adds an adapter has it checked."""
    assert {subject.name for subject in SUBJECTS} == set(builtin_registry().names(Role.REALTIME))
