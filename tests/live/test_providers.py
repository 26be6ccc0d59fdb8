"""One small real call of every adapter that asks a provider: `pytest -m live`. Costs a fraction of a cent each.

Keys and settings come from the environment and .env as always, so that the same tests run against emulators.
"""

from __future__ import annotations

import asyncio

import pytest

from tth.adapters.base import AdapterSpec, Deployment
from tth.cli.provider_probe import PROBED_ROLES, built, is_provided, missing, probe
from tth.config.wiring import builtin_registry
from tth.errors import AdapterUnavailable, ConfigError

pytestmark = [pytest.mark.live, pytest.mark.timeout(200)]

SPECS = [spec for spec in builtin_registry() if spec.role in PROBED_ROLES and is_provided(spec)]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_small_call(spec: AdapterSpec) -> None:
    """Something comes: words of a language model, sound of a voice, both of a realtime model."""
    try:
        adapter = built(spec, builtin_registry())
    except ConfigError as error:
        pytest.skip(f"{spec.name}: {missing(error) or error}")
    try:
        found = asyncio.run(probe(adapter))
    except AdapterUnavailable as error:
        if adapter.capabilities.deployment is not Deployment.SELF_HOST:
            raise
        pytest.skip(f"{spec.name}: {error.message}")
    assert found.first_ms is not None
    assert found.text or spec.role == "tts"
    assert found.samples > 2400 or spec.role == "llm"
