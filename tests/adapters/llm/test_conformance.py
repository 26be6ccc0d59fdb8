"""Every language model's adapter does what the role asks for."""

from __future__ import annotations

import asyncio

import pytest

from tests.adapters.llm.subjects import SUBJECTS
from tth.adapters.base import LanguageModel, Role
from tth.config.wiring import builtin_registry
from tth.testing.conformance import llm
from tth.testing.conformance.subject import Check, Subject

pytestmark = pytest.mark.server


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
@pytest.mark.parametrize("check", llm.CHECKS, ids=lambda check: check.__name__)
def test_it_conforms(check: Check[LanguageModel], subject: Subject[LanguageModel]) -> None:
    """One check of the suite on one adapter."""
    asyncio.run(check(subject))


def test_none_is_left_out() -> None:
    """Whoever adds an adapter has it checked; one that is another's settings is checked with that."""
    settings_of_others = {"openai_compatible"}
    names = set(builtin_registry().names(Role.LLM))
    assert names - {subject.name for subject in SUBJECTS} == settings_of_others & names
