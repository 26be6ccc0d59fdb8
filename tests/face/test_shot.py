"""Shots: what sizes are allowed."""

from __future__ import annotations

import pytest

from tth.face.shot import Shot

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("width", "height"), [(511, 512), (512, 62), (1026, 512)])
def test_a_size_that_cannot_be_encoded_is_refused(width: int, height: int) -> None:
    """Odd, too small or too large: the message names the side and the range."""
    with pytest.raises(ValueError, match=r"(width|height)_px must be even and in 64\.\.1024"):
        Shot(width, height)
