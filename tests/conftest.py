"""What holds for all tests: generated examples are the same in every run, without wall-clock limits, and every module
names its category."""

from __future__ import annotations

import pytest
from hypothesis import settings

CATEGORIES = {"unit", "pipeline", "server", "embedded", "e2e", "live"}

settings.register_profile("tth", deadline=None, derandomize=True)  # neither a slow machine nor chance fails a test
settings.register_profile("explore", deadline=None, print_blob=True)  # other examples: --hypothesis-profile=explore
settings.load_profile("tth")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test without a category fails at collection: nobody could tell what it needs. Live tests cost money and run
    only when they are asked for: `-m live`."""
    for item in items:
        if not CATEGORIES & {mark.name for mark in item.iter_markers()}:
            raise pytest.UsageError(f"{item.nodeid}: mark it with one of {sorted(CATEGORIES)}")
    if "live" not in config.option.markexpr:
        live = [item for item in items if item.get_closest_marker("live") is not None]
        config.hook.pytest_deselected(items=live)
        items[:] = [item for item in items if item not in live]
