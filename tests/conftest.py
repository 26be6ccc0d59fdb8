"""What holds for all tests: no wall-clock limits on generated examples, and every module names its category."""

from __future__ import annotations

import pytest
from hypothesis import settings

CATEGORIES = {"unit", "pipeline", "server", "embedded", "e2e", "live"}

settings.register_profile("tth", deadline=None)  # a shared machine must not fail a test by being slow
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
