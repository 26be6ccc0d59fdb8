"""What all of OpenAI's interfaces have in common: where they are and what they call their errors.

Sources: OpenAI's description of its API and error codes (autumn 2026), and those of servers that speak it.
Tests: tests/adapters/llm/test_openai_chat.py, tests/adapters/tts/test_openai_tts.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from tth.adapters.base import Deployment
from tth.adapters.provider_errors import ErrorNames
from tth.adapters.provider_http import HttpProvider
from tth.errors import AdapterRejected

OPENAI_URL = "https://api.openai.com/v1"
OPENAI_KEY = "OPENAI_API_KEY"
"""Environment variable."""

OPENAI_ERRORS = ErrorNames(
    quota=frozenset(
        {
            "insufficient_quota",
            "credit_balance_exhausted",
            "organization_spend_limit_exceeded",
            "project_spend_limit_exceeded",
            "organization_usage_limit_exceeded",
            "billing_hard_limit_reached",
        }
    ),
    auth=frozenset(
        {"invalid_api_key", "authentication_error", "account_deactivated", "unsupported_country_region_territory"}
    ),
    rate=frozenset({"rate_limit_exceeded", "inference_rate_limit_exceeded", "rate_limit_error", "slow_down"}),
    busy=frozenset(
        {"server_error", "server_is_overloaded", "service_unavailable_error", "overloaded_error", "unavailable_error"}
    ),
    refused=frozenset(
        {
            "content_policy_violation",
            "content_filter",
            "invalid_prompt",
            "bio_policy",
            "misalignment_policy_violation",
            "moderation_blocked",
        }
    ),
    rejected=frozenset(
        {
            "context_length_exceeded",
            "exceed_context_size_error",
            "unsupported_parameter",
            "unsupported_value",
            "invalid_value",
            "model_not_found",
            "missing_model",
            "invalid_model",
            "beta_api_shape_disabled",
            "data_residency_mismatch",
            "BadRequestError",
        }
    ),
)
"""Quota comes as 429 like a rate limit, and inside streams with no status at all: the name decides."""


@dataclass(frozen=True, slots=True)
class Server:
    """A name under which servers that speak one of OpenAI's interfaces are known; what differs beyond settings."""

    name: str
    description: str
    deployment: Deployment
    key_variable: str
    errors: ErrorNames = OPENAI_ERRORS

    @property
    def is_openai(self) -> bool:
        """OpenAI itself, with all that its interface has; others have some of it."""
        return self.key_variable == OPENAI_KEY


async def warm(http: HttpProvider, server: Server) -> None:
    """Connect and have the key checked, as far as the server has a page for it. Raises AdapterError."""
    try:
        await http.warm("models")
    except AdapterRejected:
        if server.is_openai:
            raise
