"""How long there must be room before something that stepped down by itself steps up again: longer each time that a step
up did not last, so that nothing flaps. Pure; time is passed in. Tests: tests/core/test_patience.py.
"""

from __future__ import annotations

HOLD_S = 4.0
"""There must have been room for so long before a step up; doubled for every one that did not last..."""
LONGEST_HOLD_S = 120.0
LASTING_S = 30.0
"""...so long."""


class Patience:
    """Of one ladder."""

    def __init__(self) -> None:
        self.hold_s = HOLD_S
        """How long there must be room now."""
        self._went_up_s: float | None = None

    def went_up(self, now_s: float) -> None:
        """A better step is tried."""
        self._went_up_s = now_s

    def went_down(self, now_s: float) -> None:
        """A worse step was needed."""
        if self._went_up_s is not None:
            lasted = now_s - self._went_up_s >= LASTING_S
            self.hold_s = HOLD_S if lasted else min(2 * self.hold_s, LONGEST_HOLD_S)
            self._went_up_s = None
