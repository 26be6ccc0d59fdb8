"""A change of the drawing is seen: everybody is compared with the pictures in tests/face/golden."""

from __future__ import annotations

import numpy as np
import pytest

from tests.face.measured.conftest import PainterOf
from tests.face.measured.golden import FOLDER, SIDE_PX, STATES, changes, draw, golden_path, read
from tth.face.look import list_looks
from tth.face.shot import Shot

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(180)]  # the first run builds heads

HELP = "if that is meant, look at `tth face sheet` and run `python -m tests.face.measured.golden`"
needs_goldens = pytest.mark.skipif(
    not FOLDER.exists(), reason="no golden pictures: python -m tests.face.measured.golden"
)


@needs_goldens
@pytest.mark.parametrize("look", list_looks())
def test_everybody_looks_as_before(look: str, painter_of: PainterOf) -> None:
    """Neutral, happy, in an "ah" and turned away; what has changed is said with look, state and amount."""
    assert golden_path(look).exists(), f"{look} has no golden picture: {HELP}"
    drawn = draw(painter_of(look, Shot(SIDE_PX, SIDE_PX), "#607080"))
    seen = [str(change) for change in changes(look, drawn, read(look)) if change.is_seen]
    assert not seen, "\n".join([*seen, HELP])


def test_a_small_change_of_one_state_is_seen_and_named(painter_of: PainterOf) -> None:
    """A face that is lower by a pixel in one state; noise of two levels is nothing."""
    drawn = draw(painter_of("anna", Shot(SIDE_PX, SIDE_PX), "#607080"))
    moved = drawn.copy()
    second = np.s_[:, SIDE_PX : 2 * SIDE_PX]
    moved[second] = np.roll(drawn[second], 1, axis=0)
    assert [change.state for change in changes("anna", moved, drawn) if change.is_seen] == [list(STATES)[1]]
    noise = np.random.default_rng(1).integers(-2, 3, drawn.shape)
    noisy = np.clip(drawn.astype(int) + noise, 0, 255).astype(np.uint8)
    assert not any(change.is_seen for change in changes("anna", noisy, drawn))
