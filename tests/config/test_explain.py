"""Tests of tth.config.explain."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.fakes import REGISTRY
from tth.config.explain import Row, explain
from tth.config.load import load_config

pytestmark = pytest.mark.unit


def rows(tmp_path: Path) -> list[Row]:
    overrides = {"roles.llm": "null", "roles.tts.adapter": "parrot", "roles.avatar": "null"}
    environ = {"PARROT_API_KEY": "sk-hidden", "TTH_SERVER__PORT": "6000"}
    return explain(load_config(REGISTRY, overrides=overrides, environ=environ, directory=tmp_path))


def test_each_row_says_value_and_origin(tmp_path: Path) -> None:
    """What holds and where it was said."""
    found = rows(tmp_path)
    assert Row("server.port", "6000", "TTH_SERVER__PORT") in found
    assert Row("roles.avatar", "null", "command line") in found
    assert Row("profile", "offline", "default") == found[0]
    assert Row("adapters.tts.parrot.beaks", "1", "default") in found


def test_secrets_are_masked(tmp_path: Path) -> None:
    """A key's place is shown, the key is not."""
    found = rows(tmp_path)
    assert Row("adapters.tts.parrot.key", "***", "PARROT_API_KEY") in found
    assert "sk-hidden" not in str(found)


def test_no_key_twice(tmp_path: Path) -> None:
    """Each setting is one row."""
    keys = [row.key for row in rows(tmp_path)]
    assert len(keys) == len(set(keys))
