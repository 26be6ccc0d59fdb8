"""What is told to who comes behind a `go_away`."""

from __future__ import annotations

import pytest

from tests.session.scene import engine, new_conversation
from tth.errors import Conflict, Draining, SessionNotFound
from tth.model.events import GoAway
from tth.session.leaving import too_late_for_stream, too_late_for_turn
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.unit

OVER = GoAway("disconnect", 0, "SESSION_IDLE")
SERVER_GOES = (GoAway("reconnect", 1000, "DRAINING"), GoAway("resume", 1000, "DRAINING"))


def test_a_session_that_is_over_is_over_for_good() -> None:
    """A text hears the reason of the go_away, a stream what it would hear a moment later. Trying again is no
    use."""
    turn, stream = too_late_for_turn(OVER), too_late_for_stream(OVER)
    assert isinstance(turn, Conflict)
    assert isinstance(stream, SessionNotFound)
    assert turn.reason == "SESSION_IDLE"
    assert str(stream) == str(SessionNotFound())
    assert not turn.retryable
    assert not stream.retryable


@pytest.mark.parametrize("notice", SERVER_GOES)
def test_where_the_server_goes_another_one_may_be_tried(notice: GoAway) -> None:
    """Soon."""
    for error in (too_late_for_turn(notice), too_late_for_stream(notice)):
        assert isinstance(error, Draining)
        assert error.retryable
        assert error.retry_after_ms == 1000


def test_a_session_that_leaves_takes_no_stream() -> None:
    """Nothing of it has changed then."""

    async def main() -> None:
        conversation = new_conversation(engine())
        with conversation.attached():
            pass
        conversation.go_away(OVER)
        with pytest.raises(SessionNotFound), conversation.attached():
            pass
        assert not conversation.is_attached
        await conversation.aclose()

    run_virtual(main())
