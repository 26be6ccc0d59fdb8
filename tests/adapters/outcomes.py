"""What every provider's adapter makes of a provider that refuses: the same tree of errors, whoever it is."""

from __future__ import annotations

from collections.abc import Mapping

from tth.errors import (
    AdapterAuthFailed,
    AdapterQuotaExceeded,
    AdapterRateLimited,
    AdapterRejected,
    AdapterUnavailable,
)
from tth.testing.conformance.subject import Outcome
from tth.testing.emulators.faults import FaultKind

KEY = "sk-a-key-that-nobody-may-see"
REFUSALS: Mapping[FaultKind, Outcome] = {
    FaultKind.REFUSED_KEY: AdapterAuthFailed,
    FaultKind.NO_PERMISSION: AdapterAuthFailed,
    FaultKind.NO_QUOTA: AdapterQuotaExceeded,
    FaultKind.RATE_LIMITED: AdapterRateLimited,
    FaultKind.MODEL_NOT_FOUND: AdapterRejected,
    FaultKind.SERVER_ERROR: AdapterUnavailable,
    FaultKind.OVERLOADED: AdapterUnavailable,
    FaultKind.HTML_ERROR: AdapterUnavailable,
}
