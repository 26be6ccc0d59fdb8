"""What a listener hears."""

from __future__ import annotations

import pytest

from tth.model.media import samples_to_us
from tth.testing.simulator.player import Player
from tth.testing.simulator.recording import Got, got
from tth.v1.converse_pb2 import ConverseResponse
from tth.v1.media_pb2 import AudioChunk, MotionFrame

pytestmark = pytest.mark.unit


def sound(at_s: float, start_sample: int, sample_count: int = 2400, turn_id: str = "t_1") -> Got:
    chunk = AudioChunk(pts_us=samples_to_us(start_sample), sample_count=sample_count)
    return got(ConverseResponse(turn_id=turn_id, audio_chunk=chunk), at_s, 0)


def face(at_s: float, start_sample: int) -> Got:
    return got(ConverseResponse(motion_frame=MotionFrame(pts_us=samples_to_us(start_sample))), at_s, 0)


def stopped(at_s: float) -> Got:
    message = ConverseResponse(turn_id="t_1")
    message.turn_stopped.SetInParent()
    return got(message, at_s, 0)


def test_it_starts_with_the_first_sound_and_follows_the_clock() -> None:
    """No further than there is sound."""
    player = Player()
    player.take(sound(1.0, 24_000))
    assert player.position(1.05) == 25_200
    assert player.heard(5.0) == 26_400


def test_it_stands_still_for_sound_that_comes_late() -> None:
    """Sound is never skipped, whoever is late."""
    player = Player()
    player.take(sound(0.0, 0))
    player.take(sound(0.5, 2400))
    assert player.position(0.5) == 2400
    assert player.stalled_count == 1


def test_what_was_thrown_away_holds_nothing_up() -> None:
    """Late sound of a turn that nobody wants to hear."""
    player = Player()
    player.take(sound(0.0, 0))
    player.flush("t_1")
    player.take(sound(0.5, 2400))
    assert player.position(0.5) == 12_000


@pytest.mark.parametrize("has_stopped", [True, False])
def test_what_comes_first_behind_a_stop_is_there_at_once(has_stopped: bool) -> None:
    """Nothing is left to be shown before it: a face as numbers, too, of which nobody said how long it stands."""
    player = Player()
    player.take(sound(0.0, 0))
    player.take(face(0.1, 4800))
    if has_stopped:
        player.take(stopped(0.15))
    player.take(face(0.2, 9600))
    assert player.position(0.2) == (9600 if has_stopped else 4800)


def test_a_stop_jumps_over_what_was_sent_ahead() -> None:
    """As the server's clock does."""
    player = Player()
    player.take(sound(0.0, 0, 24_000))
    player.take(stopped(0.2))
    assert player.position(0.2) == 24_000


def test_a_lost_stream_leaves_nothing_to_wait_for() -> None:
    """The server's clock may have jumped, and nobody could say so."""
    player = Player()
    player.take(sound(0.0, 0, 24_000))
    player.lose()
    player.take(sound(0.2, 60_000))
    assert player.position(0.2) == 60_000
    player.take(sound(0.25, 62_400))
    assert player.position(0.25) == 61_200


def test_who_ceases_to_listen_stays_there_until_something_else_is_heard() -> None:
    """Whatever else of the same turn still comes."""
    player = Player()
    player.take(sound(0.0, 0, 24_000))
    player.leave(0.25)
    player.take(sound(0.3, 24_000, 24_000))
    assert player.listened(0.5) == 6_000
    assert player.heard(0.5) == 12_000
    player.leave(0.75)
    assert player.listened(1.0) == 6_000
    player.take(sound(1.0, 48_000, turn_id="t_2"))
    assert player.listened(1.0) == player.heard(1.0) == 24_000


def test_who_listens_again_is_where_the_player_is() -> None:
    """After a pause that was refused, or is over."""
    player = Player()
    player.take(sound(0.0, 0, 24_000))
    player.leave(0.25)
    player.go_on()
    assert player.listened(0.5) == 12_000
