"""Where characters of several code points may not be cut."""

from __future__ import annotations

import pytest

from tth.core.graphemes import border_at_or_before, is_border

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "cluster",
    [
        "👨‍👩‍👧",
        "👍🏽",
        "🇩🇪",
        "e\u0301",
        "1\ufe0f\u20e3",
        "❤\ufe0f",
        "\r\n",
        "नि",
        "\u1112\u1161\u11ab",
        "🏴\U000e0067\U000e0062\U000e007f",
        "🏳️‍🌈",
    ],
)
def test_a_cluster_has_no_border_inside(cluster: str) -> None:
    """Only its two ends are borders, also between neighbours."""
    text = f"a{cluster}b"
    assert [position for position in range(len(text) + 1) if is_border(text, position)] == [
        0,
        1,
        1 + len(cluster),
        len(text),
    ]


def test_flags_are_cut_in_pairs() -> None:
    """Between two flags, never inside one; counted from the start that was given."""
    text = "🇩🇪🇫🇷🇪🇸"
    assert [position for position in range(len(text) + 1) if is_border(text, position)] == [0, 2, 4, 6]
    assert is_border(text, 3, start=1)


def test_letters_are_cut_anywhere() -> None:
    """Plain text has a border at each code point."""
    assert all(is_border("abc你好ة", position) for position in range(7))


def test_the_last_border_before_a_place() -> None:
    """Steps back out of a cluster; gives the place itself where there is no border at all."""
    assert border_at_or_before("ab👍🏽c", 3, 0) == 2
    assert border_at_or_before("ab👍🏽c", 4, 0) == 4
    assert border_at_or_before("a" + "\u0301" * 9, 5, 0) == 5
