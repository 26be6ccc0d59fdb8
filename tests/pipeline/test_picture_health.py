"""Every state of the pictures is told once, on entry and on exit."""

from __future__ import annotations

import pytest

from tth.model.events import DegradedMode
from tth.model.media import PictureQuality
from tth.pipeline.picture_health import AVATAR_SILENT, AVATAR_TOO_SLOW, MACHINE_TOO_SLOW, PictureHealth

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
        (True, MACHINE_TOO_SLOW, "reduced"),
        None,
        (True, MACHINE_TOO_SLOW, "low"),
        (True, MACHINE_TOO_SLOW, "reduced"),
        (False, "", "full"),
        None,
    ]


def test_lost_pictures_that_come_back_are_told() -> None:
    """With the first that is seen again, whatever its quality."""
    health = PictureHealth()
    assert told(health.lost("WHY", "sound alone")) == (True, "WHY", "")
    assert told(health.shown(FULL)) == (False, "", "full")
    health.lost("WHY", "sound alone")
    assert told(health.shown(LOW)) == (True, MACHINE_TOO_SLOW, "low")


def test_another_client_is_told_anew() -> None:
    """A state, not an event: who comes later knows it too."""
    health = PictureHealth()
    health.shown(LOW)
    health.attach()
    assert told(health.shown(LOW)) == (True, MACHINE_TOO_SLOW, "low")


def test_silence_is_told_once_and_its_end() -> None:
    """Not again while it lasts; losing the pictures altogether is another state."""
    health = PictureHealth()
    assert told(health.silent()) == (True, AVATAR_SILENT, "")
    assert health.silent() is None
    assert told(health.lost("ADAPTER_SILENT", "sound alone")) == (True, "ADAPTER_SILENT", "")
    assert health.lost("ADAPTER_SILENT", "sound alone") is None
    assert told(health.shown(FULL)) == (False, "", "full")


def test_a_lower_rate_is_told_with_the_pictures_that_have_it() -> None:
    """Asked of the avatar or not: less detail is told first, since it was done first."""
    health = PictureHealth()
    late = 0
    while not health.rate.note(0.02 * late, 0.06 * late, is_speaking=True):  # each frame later than the one before
        late += 1
    assert told(health.shown(FULL)) == (True, AVATAR_TOO_SLOW, "half_rate")
    assert told(health.shown(LOW)) == (True, MACHINE_TOO_SLOW, "low")
