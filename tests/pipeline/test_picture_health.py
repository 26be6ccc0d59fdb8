"""Every state of the pictures is told once, on entry and on exit."""

from __future__ import annotations

import pytest

from tth.model.events import DegradedMode
from tth.model.media import PictureQuality
from tth.pipeline.picture_health import TOO_SLOW, PictureHealth

pytestmark = pytest.mark.unit

FULL, REDUCED, LOW = PictureQuality.FULL, PictureQuality.REDUCED, PictureQuality.LOW


def told(notice: DegradedMode | None) -> tuple[bool, str, str] | None:
    return None if notice is None else (notice.active, notice.reason, notice.level)


def test_each_change_is_told_once() -> None:
    """With its level; the end as well."""
    health = PictureHealth()
    shown = [told(health.shown(quality)) for quality in (FULL, REDUCED, REDUCED, LOW, REDUCED, FULL, FULL)]
    assert shown == [
        None,
        (True, TOO_SLOW, "reduced"),
        None,
        (True, TOO_SLOW, "low"),
        (True, TOO_SLOW, "reduced"),
        (False, "", "full"),
        None,
    ]


def test_lost_pictures_that_come_back_are_told() -> None:
    """With the first that is seen again, whatever its quality."""
    health = PictureHealth()
    assert told(health.lost("WHY", "sound alone")) == (True, "WHY", "")
    assert told(health.shown(FULL)) == (False, "", "full")
    health.lost("WHY", "sound alone")
    assert told(health.shown(LOW)) == (True, TOO_SLOW, "low")


def test_another_client_is_told_anew() -> None:
    """A state, not an event: who comes later knows it too."""
    health = PictureHealth()
    health.shown(LOW)
    health.attach()
    assert told(health.shown(LOW)) == (True, TOO_SLOW, "low")
