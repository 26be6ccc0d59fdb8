"""A simulated client's streams: what it says when it comes back, and what it sends again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random

import pytest

from tests.testing.simulator import scenes
from tth.testing.simulator import wire
from tth.testing.simulator.cast import Cast
from tth.testing.simulator.line import SimulatedLine
from tth.testing.simulator.recording import Recording
from tth.testing.simulator.servers import Servers
from tth.testing.simulator.steps import LastSeq, Resume
from tth.testing.simulator.transport import Reading
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline

Scene = Callable[[SimulatedLine, Recording], Awaitable[None]]


def played(scene: Scene) -> Recording:
    """With a session of a real server."""

    async def main() -> Recording:
        world = scenes.world()
        cast = Cast(Random(1), 0.0)
        recording = Recording(cast)
        servers = Servers(world, cast, recording)
        await servers.start()
        line = SimulatedLine(servers, world, recording, Random(2), lambda one: None)
        created = await servers.here.service.CreateSession(wire.create_session(world), None)  # type: ignore[arg-type]
        line.session_id = created.session_id
        recording.handles.append(created.resume_handle)
        await line.open(Reading())
        await scene(line, recording)
        await line.close()
        await line.finish()
        await servers.finish(line.session_id)
        return recording

    return run_virtual(main())


def test_numbers_go_on_where_a_stream_resumes_and_begin_anew_elsewhere() -> None:
    """What was sent into the void is what is to be sent again; `attach` never is."""

    async def scene(line: SimulatedLine, recording: Recording) -> None:
        line.send(wire.ping(1), "ping")
        line.fall_silent()
        line.send(wire.ping(2), "ping")
        await line.lose(is_broken=False)
        await line.resume(Reading(), Resume(), None, 0)
        assert [(number, kind) for number, kind, _ in line.unacknowledged(0)] == [(2, "ping"), (3, "ping")]
        assert [number for number, _, _ in line.unacknowledged(9)] == [2, 3]
        line.send(wire.ping(3), "ping")
        await line.lose(is_broken=True)
        await line.open(Reading())
        line.send(wire.ping(4), "ping")

    recording = played(scene)
    assert [(one.stream, one.client_seq) for one in recording.sent] == [(0, 1), (0, 2), (0, 3), (1, 4), (2, 1), (2, 2)]
    assert [log.numbering for log in recording.streams] == [0, 0, 2]


@pytest.mark.parametrize(
    ("how", "off"),
    [(LastSeq.RIGHT, range(1)), (LastSeq.BEHIND, range(-200, 1)), (LastSeq.AHEAD, range(1, 31))],
)
def test_what_a_client_says_to_have_taken(how: LastSeq, off: range) -> None:
    """And what it really took is on record beside it."""

    async def scene(line: SimulatedLine, recording: Recording) -> None:
        while not line.has_state:
            await line.news.wait()
        await line.lose(is_broken=False)
        await line.resume(Reading(), Resume(last_seq=how), 480, 240)

    recording = played(scene)
    comeback = recording.streams[1].comeback
    assert comeback is not None
    assert comeback.taken_seq == max(one.seq for one in recording.got if one.stream == 0)
    assert comeback.last_seq - comeback.taken_seq in off
    assert (comeback.told_sample, comeback.played_sample) == (480, 240)


def test_the_handle_is_the_newest_that_is_good() -> None:
    """The one that was shown last is good, too; one from before is not, and neither is the newest that is known when
    an older one was shown since and the answer was lost."""

    async def scene(line: SimulatedLine, recording: Recording) -> None:
        await line.lose(is_broken=False)
        await line.resume(Reading(), Resume(), None, 0)
        assert line.old_handle() is None
        await line.lose(is_broken=False)
        await line.resume(Reading(), Resume(), None, 0)
        assert line.old_handle() == recording.handles[0]
        await line.lose(is_broken=False)
        await line.resume(Reading(), Resume(shows_last=True, waits=False), None, 0)
        await line.lose(is_broken=False)
        await line.resume(Reading(), Resume(), None, 0)

    recording = played(scene)
    shown = [log.comeback.handle for log in recording.streams if log.comeback is not None]
    first, second, third, *_ = recording.handles
    assert shown == [first, second, second, second]
    assert third not in shown
    assert [log.status for log in recording.streams][-1] == "OK"


def test_a_stream_that_is_taken_over_is_no_longer_the_clients() -> None:
    """What still comes on it is lost; the new one has the session."""

    async def scene(line: SimulatedLine, recording: Recording) -> None:
        await line.resume(Reading(), Resume(), None, 0)
        assert line.has_state
        line.send(wire.ping(7), "ping")

    recording = played(scene)
    assert [log.status for log in recording.streams] == ["SESSION_TAKEN_OVER", "OK"]
    assert recording.streams[0].taken_over
    assert [(one.stream, one.body.client_time_ms) for one in recording.of_kind["pong"]] == [(1, 7)]
