"""A provider's key on its way to it, and what to say where it is refused.

Tests: tests/adapters/test_provider_key.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from tth.errors import AdapterAuthFailed, AdapterError
from tth.model.secret import Secret


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key, and the header it travels in."""

    secret: Secret | None = None
    """None: nothing is sent."""
    variable: str = ""
    """The environment variable that it comes from."""
    header: str = "authorization"
    prefix: str = "Bearer "

    @property
    def headers(self) -> dict[str, str]:
        """To be sent, and to be shown to nobody."""
        return {} if self.secret is None else {self.header: self.prefix + self.secret.reveal()}

    def explain(self, error: AdapterError) -> None:
        """Let an error that is about the key say where it comes from."""
        if isinstance(error, AdapterAuthFailed) and self.variable:
            error.message += f"; it does not take the key in {self.variable}"
