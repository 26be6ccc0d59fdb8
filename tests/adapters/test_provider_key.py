"""How a key travels, and what its refusal says."""

from __future__ import annotations

import pytest

from tth.adapters.provider_key import ApiKey
from tth.errors import AdapterAuthFailed, AdapterUnavailable
from tth.model.secret import Secret

pytestmark = pytest.mark.unit

KEY = "sk-a-key-that-nobody-may-see"


def test_the_header_is_the_providers() -> None:
    """A bearer token unless told otherwise; nothing at all without a key."""
    assert ApiKey(Secret(KEY), "SOME_KEY").headers == {"authorization": f"Bearer {KEY}"}
    assert ApiKey(Secret(KEY), "SOME_KEY", "xi-api-key", prefix="").headers == {"xi-api-key": KEY}
    assert ApiKey().headers == {}


def test_it_is_not_shown() -> None:
    """Whoever prints it or what holds it."""
    assert KEY not in repr(ApiKey(Secret(KEY), "SOME_KEY"))


def test_a_refusal_names_the_variable() -> None:
    """Of the key, where one is known; other errors are about something else."""
    refused, busy, nameless = AdapterAuthFailed("no"), AdapterUnavailable("busy"), AdapterAuthFailed("no")
    ApiKey(Secret(KEY), "SOME_KEY").explain(refused)
    ApiKey(Secret(KEY), "SOME_KEY").explain(busy)
    ApiKey(Secret(KEY)).explain(nameless)
    assert refused.message == "no; it does not take the key in SOME_KEY"
    assert (busy.message, nameless.message) == ("busy", "no")
