"""Programs that are killed without a word: a client in the middle of a write, a server in the middle of a turn.

Real processes, a real Redis, SIGKILL.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest

from tests.cli.waiting import until
from tests.redis_server import RedisProcess, running_redis
from tests.server.caller import SOUND_ONLY, Caller, kind
from tth.session.redis_store import RedisStore
from tth.session.snapshot import Snapshot, read_snapshot
from tth.v1.converse_pb2 import TEXT_MODE_TALK, PlaybackPosition, Resume
from tth.v1.tth_service_pb2 import (
    HEALTH_STATUS_SERVING,
    CreateSessionRequest,
    CreateSessionResponse,
    HealthRequest,
)
from tth.v1.tth_service_pb2_grpc import TthServiceStub

if TYPE_CHECKING:
    from tth.v1.tth_service_pb2_grpc import TthServiceAsyncStub

pytestmark = pytest.mark.e2e

LIMIT_S = 40.0
QUESTION = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen?"
ANSWER = f"You said: {QUESTION}"


@contextmanager
def serving(folder: Path, name: str, redis: RedisProcess) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`tth serve` on that Redis; gives the process and its address."""
    port_path, log_path = folder / f"{name}.port", folder / f"{name}.log"
    command = (sys.executable, "-m", "tth.cli.main", "serve", "--profile", "offline_mock", "--port", "0")
    options = ("--port-file", str(port_path), "--set", "sessions.store=redis")
    environ = {**os.environ, "TTH_REDIS_URL": redis.url}
    with (
        log_path.open("wb") as log,
        subprocess.Popen((*command, *options), cwd=folder, env=environ, stderr=log) as process,
    ):
        try:
            until(port_path.exists)
            yield process, f"127.0.0.1:{port_path.read_text().strip()}"
        finally:
            process.kill()


async def ready(stub: TthServiceAsyncStub) -> None:
    """Wait until the server takes sessions."""
    while (await stub.Health(HealthRequest(), wait_for_ready=True)).status != HEALTH_STATUS_SERVING:
        pass


async def record(redis: RedisProcess, session_id: str) -> Snapshot:
    """What Redis holds of the session when its stream has ended and all is written down."""
    store = RedisStore(redis.secret_url, "tth:session:", deadline_s=5.0)
    while True:
        kept = await store.load(session_id)
        assert kept is not None
        snapshot = read_snapshot(kept.data)
        if not snapshot.is_attached:
            await store.aclose()
            return snapshot


def test_a_session_outlives_its_server(tmp_path: Path) -> None:
    """SIGKILL in mid-turn: another server goes on with the history, the numbers and the words that were heard."""

    async def main(redis: RedisProcess, first: tuple[subprocess.Popen[bytes], str], second: str) -> None:
        process, address = first
        async with asyncio.timeout(LIMIT_S):
            async with grpc.aio.insecure_channel(address) as channel:
                made, caller, heard = await talk(TthServiceStub(channel))
                process.kill()
                assert (await caller.status())[0] is grpc.StatusCode.UNAVAILABLE
            async with grpc.aio.insecure_channel(second) as channel:
                await go_on(TthServiceStub(channel), made, caller, heard)
            snapshot = await record(redis, made.session_id)
        texts = [utterance.text for utterance in snapshot.history]
        assert texts[:3] == ["Hello?", "You said: Hello?", QUESTION]
        assert ANSWER.startswith(texts[3])
        assert abs(len(texts[3].split()) - len(heard)) <= 1
        assert snapshot.history[3].interrupted
        assert texts[4:] == ["And?", "You said: And?"]

    async def talk(stub: TthServiceAsyncStub) -> tuple[CreateSessionResponse, Caller, list[str]]:
        """One whole exchange, then half of another: what was heard of it, to the last word."""
        await ready(stub)
        made = await stub.CreateSession(CreateSessionRequest(media=SOUND_ONLY))
        caller = Caller(stub.Converse(), made.session_id)
        readers.append(asyncio.create_task(caller.read_all()))
        await caller.text("Hello?", TEXT_MODE_TALK, turn_id="a", client_seq=1)
        await caller.turn("a")
        await caller.text(QUESTION, TEXT_MODE_TALK, turn_id="b", client_seq=2)
        heard = [(await caller.next_of("word_timing")).word_timing.word for _ in range(12)]
        return made, caller, heard

    async def go_on(stub: TthServiceAsyncStub, made: CreateSessionResponse, old: Caller, heard: list[str]) -> None:
        await ready(stub)
        words = [e.word_timing for e in old.events if e.turn_id == "b" and kind(e) == "word_timing"]
        last = words[len(heard) - 1]
        stood = PlaybackPosition(audio_pts_us=last.pts_us + last.duration_us)
        new = Caller(stub.Converse(), made.session_id)
        readers.append(asyncio.create_task(new.read_all()))
        last_seq = old.events[-1].seq
        await new.send(resume=Resume(resume_handle=made.resume_handle, last_seq=last_seq, playback=stood))
        state = await new.next_of("session_state")
        assert state.session_state.resumed
        assert state.ack_client_seq == 2
        seqs = [event.seq for event in new.events]
        assert seqs == sorted(set(seqs))
        assert seqs[0] > last_seq
        assert [kind(event) for event in new.events if event.turn_id == "b"][-1] == "turn_stopped"
        await new.text(QUESTION, TEXT_MODE_TALK, turn_id="b", client_seq=2)  # repeated: it was taken before
        await new.text("And?", TEXT_MODE_TALK, turn_id="c", client_seq=3)
        await new.turn("c")
        assert "error" not in [kind(event) for event in new.events if event.seq > state.seq]
        await new.finish()

    readers: list[asyncio.Task[None]] = []
    with running_redis() as redis, serving(tmp_path, "one", redis) as first, serving(tmp_path, "two", redis) as second:
        asyncio.run(main(redis, first, second[1]))
    assert "session taken up" in (tmp_path / "two.log").read_text()
    assert "Traceback" not in (tmp_path / "two.log").read_text()


CLIENT = """
import asyncio, sys
from tth.client import TthClient, media

async def main():
    async with TthClient(sys.argv[1]) as client:
        session = await client.create_session(media=media(video="none"))
        async with client.converse(session.session_id) as conversation:
            await conversation.say("one two three four five six. " * 40, turn_id="a", mode=2)
            async for event in conversation.events():
                if event.WhichOneof("payload") == "audio_chunk":
                    break
            print(session.session_id, session.resume_handle, event.seq, flush=True)
            while True:  # never stops writing, and is killed in the middle of it
                await conversation.update(ramp_ms=1)
                await asyncio.sleep(0)

asyncio.run(main())
"""


def test_a_client_that_is_killed_while_it_writes_leaves_a_session(tmp_path: Path) -> None:
    """Its turn is stopped; another client goes on with the session, and is told the end of the turn."""

    async def main(address: str, session_id: str, handle: str, last_seq: int) -> None:
        async with asyncio.timeout(LIMIT_S), grpc.aio.insecure_channel(address) as channel:
            stub = TthServiceStub(channel)
            caller = Caller(stub.Converse(), session_id)
            reader = asyncio.create_task(caller.read_all())
            await caller.send(resume=Resume(resume_handle=handle, last_seq=last_seq))
            assert (await caller.next_of("session_state")).session_state.resumed
            ends = [event for event in caller.events if event.turn_id == "a" and kind(event) == "turn_stopped"]
            assert len(ends) == 1
            await caller.text("Here I am.", turn_id="b")
            assert (await caller.turn("b"))[-1].turn_complete.text == "Here I am."
            await caller.finish()
            await reader

    with running_redis() as redis, serving(tmp_path, "server", redis) as (_, address):
        command = (sys.executable, "-c", CLIENT, address)
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as client:
            assert client.stdout is not None
            session_id, handle, seq = client.stdout.readline().split()
            client.kill()
        asyncio.run(main(address, session_id, handle, int(seq)))
    assert "Traceback" not in (tmp_path / "server.log").read_text()
