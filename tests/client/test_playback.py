"""Where a player would be, with time passed in."""

from __future__ import annotations

import pytest

from tests.client.server import audio, video
from tth.client import PlaybackClock
from tth.v1.converse_pb2 import ConverseResponse, TurnPaused, TurnStopped

pytestmark = pytest.mark.unit

ONE_S = 1_000_000
ONE_S_OF_SOUND = bytes(48_000)


def test_nothing_plays_before_the_first_media() -> None:
    """There is nothing to report."""
    clock = PlaybackClock()
    clock.take(ConverseResponse(seq=1), 0.0)
    assert clock.position_us(5.0) is None
    assert clock.report(5.0) is None


def test_it_starts_with_the_first_media_and_follows_the_clock() -> None:
    """Wherever the session's media clock stands then."""
    clock = PlaybackClock()
    clock.take(audio("t_1", 7 * ONE_S, ONE_S_OF_SOUND), 100.0)
    assert clock.position_us(100.25) == 7_250_000
    assert clock.buffered_ms(100.25) == 750


def test_a_buffer_delays_the_start() -> None:
    """The first sample is heard when the buffer's time is over."""
    clock = PlaybackClock(buffer_ms=200)
    clock.take(audio("t_1", ONE_S, ONE_S_OF_SOUND), 0.0)
    assert clock.position_us(0.2) == ONE_S


def test_late_media_make_it_wait() -> None:
    """It stands where they begin, and goes on from there."""
    clock = PlaybackClock()
    clock.take(audio("t_1", 0, ONE_S_OF_SOUND), 0.0)
    clock.take(audio("t_1", ONE_S, ONE_S_OF_SOUND), 1.5)
    assert clock.position_us(1.5) == ONE_S
    assert clock.position_us(2.0) == 1_500_000


def test_media_that_come_early_change_nothing() -> None:
    """They wait in the buffer."""
    clock = PlaybackClock()
    clock.take(video("t_1", 0), 0.0)
    clock.take(audio("t_1", 0, ONE_S_OF_SOUND), 0.0)
    clock.take(video("t_1", 40_000), 0.01)
    assert clock.position_us(0.5) == 500_000


def test_a_stopped_turn_empties_the_buffer() -> None:
    """The present jumps to the end of what had come."""
    clock = PlaybackClock()
    clock.take(audio("t_1", 0, ONE_S_OF_SOUND), 0.0)
    clock.take(ConverseResponse(turn_id="t_1", turn_stopped=TurnStopped()), 0.3)
    assert clock.position_us(0.3) == ONE_S
    assert clock.buffered_ms(0.3) == 0


def test_a_stop_never_goes_back() -> None:
    """Everything had been played already."""
    clock = PlaybackClock()
    clock.take(audio("t_1", 0, ONE_S_OF_SOUND), 0.0)
    clock.take(ConverseResponse(turn_id="t_1", turn_stopped=TurnStopped()), 3.0)
    assert clock.position_us(3.0) == 3 * ONE_S


def test_a_report_claims_only_what_has_arrived() -> None:
    """The position of sound and picture, each cut at its end; the turn and the last seq."""
    clock = PlaybackClock()
    clock.take(audio("t_1", 0, ONE_S_OF_SOUND), 0.0)
    frame = video("t_1", 0)
    frame.seq = 9
    clock.take(frame, 0.0)
    early, late = clock.report(0.02), clock.report(5.0)
    assert early is not None
    assert late is not None
    assert (early.audio_pts_us, early.video_pts_us, early.buffered_ms) == (20_000, 20_000, 980)
    assert (late.audio_pts_us, late.video_pts_us, late.buffered_ms) == (ONE_S, 40_000, 0)
    assert (late.turn_id, late.last_seq) == ("t_1", 9)


def test_a_pause_flushes() -> None:
    """The player jumps to the end of what it got; what comes next is played at once, also behind media that were
    dropped on their way. From there it follows the clock."""
    clock = PlaybackClock()
    clock.take(audio("t_1", 0, ONE_S_OF_SOUND), 0.0)
    clock.take(ConverseResponse(turn_id="t_1", turn_paused=TurnPaused(pts_us=300_000)), 0.3)
    assert clock.position_us(0.3) == ONE_S
    clock.take(video("t_1", 1_200_000), 0.35)
    assert clock.position_us(0.35) == 1_200_000
    clock.take(video("t_1", 1_240_000), 0.36)
    assert clock.position_us(0.45) == 1_300_000
    report = clock.report(0.45)
    assert report is not None
    assert report.audio_pts_us == ONE_S
