"""The ring of what can be told again: bounds, order, and what it says of its losses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.core.replay import ReplayLimits, ReplayRing

pytestmark = pytest.mark.unit


def filled(*seqs: int, limits: ReplayLimits | None = None, every_s: float = 0.0, size: int = 1) -> ReplayRing:
    ring = ReplayRing(limits)
    for index, seq in enumerate(seqs):
        ring.add(seq, bytes([seq % 256]) * size, index * every_s)
    return ring


def test_it_gives_back_what_is_behind_a_number() -> None:
    """In order; numbers in between may be missing, for media have them."""
    ring = filled(2, 5, 9)
    assert ring.after(2) == [b"\x05", b"\x09"]
    assert ring.after(4) == [b"\x05", b"\x09"]
    assert ring.after(9) == []
    assert not ring.misses(0)


@pytest.mark.parametrize(
    ("limits", "every_s", "size"),
    [
        (ReplayLimits(max_count=3), 0.0, 1),
        (ReplayLimits(max_bytes=30), 0.0, 10),
        (ReplayLimits(max_age_s=2.0), 1.0, 1),
    ],
    ids=["count", "bytes", "age"],
)
def test_each_bound_takes_the_oldest(limits: ReplayLimits, every_s: float, size: int) -> None:
    """And what is gone is known: who had taken up to there has missed nothing."""
    ring = filled(1, 2, 3, 4, 5, limits=limits, every_s=every_s, size=size)
    assert [seq for seq, _ in ring.entries()] == [3, 4, 5]
    assert ring.lost_seq == 2
    assert ring.misses(1)
    assert not ring.misses(2)


def test_a_message_larger_than_all_room_is_lost_and_said_to_be() -> None:
    """Nothing is kept that breaks the bound."""
    ring = filled(1, 2, limits=ReplayLimits(max_bytes=5), size=6)
    assert (len(ring), ring.byte_count, ring.lost_seq) == (0, 0, 2)


def test_nothing_grows_old_while_nobody_is_there() -> None:
    """What is added then carries the moment of the loss."""
    ring = ReplayRing(ReplayLimits(max_age_s=60.0))
    ring.add(1, b"a", 0.0)
    ring.add(2, b"b", 50.0)
    ring.add(3, b"c", 50.0)  # ten minutes later, say
    assert len(ring) == 3


@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 40), st.floats(0, 30)), max_size=60),
    st.integers(0, 300),
)
def test_bounds_hold_and_nothing_is_missing_silently(steps: list[tuple[int, int, float]], last_seq: int) -> None:
    """Whatever comes: a client gets every message behind its number, or is told that some are missing."""
    limits = ReplayLimits(max_count=8, max_bytes=200, max_age_s=60.0)
    ring, told, seq, now_s = ReplayRing(limits), dict[int, bytes](), 0, 0.0
    for step, size, wait_s in steps:
        seq, now_s = seq + step, now_s + wait_s
        told[seq] = bytes(size)
        ring.add(seq, told[seq], now_s)
        assert len(ring) <= 8
        assert ring.byte_count == sum(len(data) for _, data in ring.entries()) <= 200
    wanted = [data for number, data in told.items() if number > last_seq]
    assert ring.misses(last_seq) or ring.after(last_seq) == wanted


def test_what_another_server_told_is_lost() -> None:
    """Up to the number that its client has; what is forgotten later never makes that less."""
    ring = filled(1, 2, limits=ReplayLimits(max_count=2))
    ring.lose(7)
    assert [ring.misses(seq) for seq in (0, 6, 7)] == [True, True, False]
    ring.add(8, b"c", 0.0)
    assert (ring.lost_seq, len(ring.after(0))) == (7, 2)
    ring.lose(3)
    assert ring.lost_seq == 7
