"""The session's media clock."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tth.core.media_clock import MediaClock
from tth.model.media import SAMPLE_RATE_HZ

pytestmark = pytest.mark.unit


def running(at_s: float = 100.0) -> MediaClock:
    clock = MediaClock()
    clock.start(at_s)
    return clock


def test_follows_the_wall_from_its_start() -> None:
    """One second is one second of samples, counted from where the clock was started."""
    clock = running()
    assert clock.position(100.0) == 0
    assert clock.position(101.0) == SAMPLE_RATE_HZ


def test_stands_still_before_start() -> None:
    """Nothing passes while nobody listens."""
    assert MediaClock().position(500.0) == 0


def test_start_twice_changes_nothing() -> None:
    """A clock that runs goes on running."""
    clock = running()
    clock.start(105.0)
    assert clock.position(110.0) == 10 * SAMPLE_RATE_HZ


def test_next_media_goes_behind_what_was_sent() -> None:
    """Media sent ahead is not overlapped, and media that begins late begins now."""
    clock = running()
    clock.sent(3 * SAMPLE_RATE_HZ)
    assert clock.next_start(101.0) == 3 * SAMPLE_RATE_HZ
    assert clock.next_start(105.0) == 5 * SAMPLE_RATE_HZ


def test_interrupt_jumps_to_the_end_of_what_was_sent() -> None:
    """What a client has flushed is not waited for; time goes on from there."""
    clock = running()
    clock.sent(2 * SAMPLE_RATE_HZ)
    clock.skip_to_end(101.0)
    assert clock.position(101.0) == 2 * SAMPLE_RATE_HZ
    assert clock.position(102.0) == 3 * SAMPLE_RATE_HZ


def test_pause_between_streams() -> None:
    """Stopped, it holds behind everything sent; started again, it goes on from there."""
    clock = running()
    clock.sent(4 * SAMPLE_RATE_HZ)
    clock.stop(101.0)
    assert clock.position(999.0) == 4 * SAMPLE_RATE_HZ
    clock.start(1000.0)
    assert clock.position(1001.0) == 5 * SAMPLE_RATE_HZ


def test_delay_until_media_may_be_sent() -> None:
    """A sample two seconds away that may go one second early is due in one second; a past one at once."""
    clock = running()
    assert clock.delay_until_s(2 * SAMPLE_RATE_HZ, SAMPLE_RATE_HZ, 100.0) == pytest.approx(1.0)
    assert clock.delay_until_s(0, 0, 105.0) == 0.0


@given(
    st.lists(
        st.tuples(st.sampled_from(["sent", "skip", "stop", "start"]), st.floats(0, 5), st.integers(0, 200_000)),
        max_size=30,
    )
)
def test_never_goes_back(steps: list[tuple[str, float, int]]) -> None:
    """Whatever happens, position and end never decrease."""
    clock, now_s, last = running(), 100.0, 0
    for what, passed_s, ahead in steps:
        now_s += passed_s
        end = clock.end_sample
        match what:
            case "sent":
                clock.sent(clock.position(now_s) + ahead)
            case "skip":
                clock.skip_to_end(now_s)
            case "stop":
                clock.stop(now_s)
            case _:
                clock.start(now_s)
        assert clock.position(now_s) >= last
        assert clock.end_sample >= end
        last = clock.position(now_s)


def test_a_player_begins_with_what_comes_next() -> None:
    """When it comes, when it comes back, and when it has thrown away what it had."""
    clock = MediaClock()
    steps: list[Callable[[], None]] = [
        lambda: clock.start(0.0),
        lambda: clock.sent(2400),
        lambda: clock.start(0.1),  # it runs already
        lambda: clock.skip_to_end(0.2),
        lambda: clock.sent(4800),
        lambda: clock.stop(0.3),
        lambda: clock.start(0.4),
    ]
    awaits = [clock.awaits_media]
    for step in steps:
        step()
        awaits.append(clock.awaits_media)
    assert awaits == [True, True, False, False, True, False, False, True]
