"""Every voice does what the role asks for."""

from __future__ import annotations

import asyncio

import pytest

from tests.adapters.tts.subjects import SUBJECTS
from tth.adapters.base import Role, Voice
from tth.config.wiring import builtin_registry
from tth.testing.conformance import tts
from tth.testing.conformance.subject import Check, Subject

pytestmark = pytest.mark.server


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
@pytest.mark.parametrize("check", tts.CHECKS, ids=lambda check: check.__name__)
def test_it_conforms(check: Check[Voice], subject: Subject[Voice]) -> None:
    """One check of the suite on one adapter."""
    asyncio.run(check(subject))


def test_none_is_left_out() -> None:
    """Whoever adds a voice has it checked."""
    assert set(builtin_registry().names(Role.TTS)) <= {subject.name for subject in SUBJECTS}
