"""Conversations through a real gateway: the same messages, in order, both ways, and an end that says why."""

from __future__ import annotations

import pytest

from tests.gateway.house import JSON, PROTO, House, gateway_before, housed
from tests.server.caller import LONG, SOUND_ONLY, calling
from tth.v1.converse_pb2 import ConverseResponse, Interrupt, Ping, Resume

pytestmark = pytest.mark.server


def kinds(events: list[ConverseResponse]) -> list[str]:
    return [str(event.WhichOneof("payload")) for event in events]


def texts(events: list[ConverseResponse]) -> list[str]:
    return [event.text_delta.text for event in events if event.HasField("text_delta")]


def words(events: list[ConverseResponse]) -> list[str]:
    return [event.word_timing.word for event in events if event.HasField("word_timing")]


def samples(events: list[ConverseResponse]) -> bytes:
    return b"".join(event.audio_chunk.data for event in events)


@pytest.mark.parametrize("protocol", [PROTO, JSON, None])
def test_a_turn_comes_whole_and_in_order(protocol: str | None) -> None:
    """In both subprotocols, and in the binary one where none is asked for."""

    async def test(house: House) -> None:
        session = await house.session(media=SOUND_ONLY)
        async with house.socket(session.session_id, protocol) as line:
            assert line.connection.subprotocol == protocol
            await line.say("One two three.")
            turn = await line.turn()
        assert kinds(turn)[0] == "turn_started"
        assert kinds(turn)[-2:] == ["turn_metrics", "turn_complete"]
        assert [event.seq for event in line.events] == list(range(1, len(line.events) + 1))
        assert sum(event.audio_chunk.sample_count for event in turn) > 0

    housed()(test)()


@housed()
async def test_it_brings_what_a_stream_without_a_gateway_brings(house: House) -> None:
    """The same words, asked for by gRPC and by WebSocket: the same text and the same samples."""
    first, second = await house.session(media=SOUND_ONLY), await house.session(media=SOUND_ONLY)
    async with calling(house.server, first.session_id) as caller:
        await caller.text("One two three.")
        plain = await caller.turn()
    async with house.socket(second.session_id) as line:
        await line.send()
        await line.say("One two three.")
        through = await line.turn()
    for part in (texts, words, samples):
        assert part(through) == part(plain)
        assert part(through)


@housed()
async def test_an_interrupt_passes_what_is_sent(house: House) -> None:
    """The turn ends as interrupted, long before its text has."""
    session = await house.session(media=SOUND_ONLY)
    async with house.socket(session.session_id) as line:
        await line.say(LONG)
        await line.next_of("audio_chunk")
        await line.send(interrupt=Interrupt())
        assert (await line.next_of("turn_stopped", "turn_complete")).HasField("turn_stopped")


@housed()
async def test_a_lost_connection_is_resumed(house: House) -> None:
    """The socket is cut in a turn; another one takes the session up by handle and number."""
    session = await house.session(media=SOUND_ONLY)
    async with house.socket(session.session_id) as line:
        await line.say(LONG)
        await line.next_of("audio_chunk")
        handle = next(e for e in line.events if e.HasField("session_state")).session_state.resume_handle
        line.connection.transport.abort()
    last_seq = line.events[-1].seq
    async with house.socket(session.session_id) as line:
        await line.send(resume=Resume(resume_handle=handle, last_seq=last_seq))
        state = (await line.next_of("session_state")).session_state
        assert state.resumed
        assert not state.gap
        await line.say("Again.")
        await line.next_of("turn_complete")
    assert min(event.seq for event in line.events) > last_seq


@housed()
async def test_a_client_that_leaves_takes_its_stream_along(house: House) -> None:
    """A normal close: the session waits for somebody to resume it, and nothing runs on."""
    session = await house.session(media=SOUND_ONLY)
    async with house.socket(session.session_id) as line:
        await line.say(LONG)
        await line.next_of("audio_chunk")
    await house.attached(session.session_id, False)
    answer = (await house.http.get(f"/v1/sessions/{session.session_id}")).json()
    assert answer["state"] == "idle"


@housed()
async def test_a_session_that_ends_closes_with_1000(house: House) -> None:
    """The stream ended with OK."""
    session = await house.session(media=SOUND_ONLY)
    async with house.socket(session.session_id) as line:
        await line.send(ping=Ping(client_time_ms=1))
        await line.next_of("pong")
        assert (await house.http.delete(f"/v1/sessions/{session.session_id}")).status_code == 200
        assert await line.ending() == (1000, "")
    assert line.events[-1].go_away.reason == "SESSION_ENDED"


@housed()
async def test_two_sockets_of_one_session_take_turns(house: House) -> None:
    """The second one is told that the session is attached; the first one goes on."""
    session = await house.session(media=SOUND_ONLY)
    async with house.socket(session.session_id) as first, house.socket(session.session_id) as second:
        await first.say(LONG)
        await first.next_of("turn_started")
        await second.say("Me too.")
        code, reason = await second.ending()
        assert (code, reason.partition(":")[0]) == (4009, "SESSION_ATTACHED")
        await first.next_of("audio_chunk")


@housed()
async def test_a_gateway_that_goes_away_lets_the_turn_end(house: House) -> None:
    """Its clients get the whole turn, then 1001; another gateway takes the session up."""
    session = await house.session(media=SOUND_ONLY)
    async with gateway_before(house.server.target) as leaving:
        other = House(house.server, leaving, house.http)
        async with other.socket(session.session_id) as line:
            await line.say("One two three four five six.")
            await line.next_of("audio_chunk")
            leaving.request_stop()
            code, reason = await line.ending()
    assert (code, reason.partition(":")[0]) == (1001, "DRAINING")
    assert [event for event in line.events if event.HasField("turn_complete")]
    handle = next(e for e in line.events if e.HasField("session_state")).session_state.resume_handle
    async with house.socket(session.session_id) as line:
        await line.send(resume=Resume(resume_handle=handle, last_seq=99_999))
        assert (await line.next_of("session_state")).session_state.resumed


@housed(drain_s=1.0)
async def test_a_turn_that_does_not_end_is_left_behind(house: House) -> None:
    """1001 as well, after the time that turns have."""
    session = await house.session(media=SOUND_ONLY)
    async with house.socket(session.session_id) as line:
        await line.say(LONG)
        await line.next_of("audio_chunk")
        house.gateway.request_stop()
        code, _ = await line.ending()
    assert code == 1001
    assert not [event for event in line.events if event.HasField("turn_complete")]
